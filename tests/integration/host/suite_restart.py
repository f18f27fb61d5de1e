# SPDX-License-Identifier: LGPL-2.1-or-later
# Containers that are started again after their end: Restart= and what belongs to it.

import random
import subprocess

from ctrd import *
from suite_bus import Signals, container_path, get
from suite_reload import said

INTERFACE = 'org.ctrd1.Container'
# Ends as it is told: 0 when it is asked to stop, 3 at SIGUSR1.
INIT = 'Command=/bin/sh -c "trap \'exit 0\' TERM; trap \'exit 3\' USR1; while :; do sleep 0.02; done"'
FAILING = 'Command=/bin/sh -c "exit 7"'


def box(name, *settings, init=INIT, start=True):
    return container(name, BUSYBOX, init, 'StopSignal=SIGTERM', 'StopTimeoutSec=20s', *settings, start=start)


def is_to_be_up(name):
    return os.path.exists('/var/lib/ctrd/containers/%s/up' % name)


def restarts(name):
    p = show(name)
    return int(p['Restarts'])


def end(name, how):
    """Ends it, and waits until ctrd knows; None where it is up again already."""
    leader = show(name)['Leader']
    if how == 'kill':
        ctl('kill', name)
    else:
        ctl('kill', '-S', {'failure': 'USR1', 'power-off': 'TERM'}[how], name)
    wait_until(lambda: show(name)['Leader'] != leader, what='the end of %s' % name)


def test_which_ends_are_followed_by_a_start():
    wanted = {'no': (), 'on-failure': ('failure', 'kill'), 'on-abnormal': ('kill',), 'always': ('failure', 'kill', 'power-off')}
    with box('web', 'RestartSec=0', 'StartLimitIntervalSec=0', start=False):
        for policy, ends in wanted.items():
            out = run('ctrctl', 'set', 'web', 'Restart=%s' % policy)
            assert (out.status, out.err) == (0, '') and show('web')['RestartPolicy'] == policy, out
            for how in ('failure', 'kill', 'power-off'):
                if state('web') != 'running':
                    ctl('start', 'web')
                end('web', how)
                if how in ends:
                    wait_until(lambda: state('web') == 'running', what='a start after %s with %s' % (how, policy))
                    assert restarts('web') >= 1 and is_to_be_up('web')
                else:
                    wait_until(lambda: state('web') == ('stopped' if how != 'failure' else 'failed'))
                    assert not is_to_be_up('web') and show('web')['NextStartAt'] == '0', (policy, how)


def test_what_was_asked_to_stop_stays_down():
    with box('web', 'Restart=always', 'RestartSec=0', 'StartLimitIntervalSec=0'):
        for stop in (('ctrctl', 'stop', 'web'), ('systemctl', 'stop', 'ctr-web.scope'), ('systemctl', 'stop', 'ctr@web.target'),
                     ('ctrctl', 'stop', '-t', '1us', 'web')):
            run(*stop, check=True)
            wait_until(lambda: state('web') == 'stopped', what='the stop by %r' % (stop,))
            time.sleep(0.2)
            assert state('web') == 'stopped' and not is_to_be_up('web'), stop
            ctl('start', 'web')
        # by somebody: no count
        ctl('restart', 'web')
        assert restarts('web') == 0 and state('web') == 'running'


def test_a_stop_that_meets_an_end():
    rnd = random.Random(1)
    with box('web', 'Restart=always', 'RestartSec=0', 'StartLimitIntervalSec=0', init=FAILING):
        for _ in range(12):
            run('ctrctl', 'start', 'web')
            time.sleep(rnd.uniform(0, 0.1))
            # it may be down, up, on its way, or in between
            run('ctrctl', 'stop', 'web')
            wait_until(lambda: not is_to_be_up('web'), 5)
            wait_until(lambda: state('web') in ('stopped', 'failed'), 5)
            time.sleep(0.1)
            assert state('web') in ('stopped', 'failed') and show('web')['NextStartAt'] == '0'


def test_the_pause_is_seen_and_can_be_ended():
    with box('web', 'Restart=on-failure', 'RestartSec=1h'):
        path = container_path('web')
        with Signals() as signals:
            end('web', 'failure')

            def told(seen):
                return [p[1] for _, _, s, p in seen if s == 'PropertiesChanged' and p[0] == INTERFACE and 'NextStartAt' in p[1]]
            signals.until(told)
            at = told(signals.seen)[-1]['NextStartAt']
            assert abs(at - (time.time() + 3600) * 1e6) < 5e6 * PATIENCE, at
            signals.until(lambda seen: any('Restarts' in p[1] and p[1]['Restarts'] == 1
                                           for _, _, s, p in seen if s == 'PropertiesChanged'))
        assert (get(path, INTERFACE, 'NextStartAt'), get(path, INTERFACE, 'Restarts'), get(path, INTERFACE, 'State')) == (at, 1, 'failed')
        status = run('ctrctl', 'status', 'web')
        assert status.status == 3 and re.search(r'Restarts: 1, started again on ', status.out), status
        # over the death of ctrd
        for _ in range(2):
            kill_ctrd()
            run('systemctl', 'reset-failed', 'ctrd')
            wait_until(lambda: run('ctrctl', 'show', 'web').status == 0)
            assert abs(int(show('web')['NextStartAt']) - at) < 1e6 and restarts('web') == 1
        ctl('stop', 'web')
        assert show('web')['NextStartAt'] == '0' and not is_to_be_up('web')
        fails('stop', 'web', word='not running')
        # by hand, it begins anew
        ctl('start', 'web')
        assert restarts('web') == 0
        end('web', 'failure')
        wait_until(lambda: restarts('web') == 1)
        ctl('start', 'web')
        assert state('web') == 'running' and restarts('web') == 0 and show('web')['NextStartAt'] == '0'
        # the policy is another one
        end('web', 'failure')
        wait_until(lambda: show('web')['NextStartAt'] != '0')
        ctl('set', 'web', 'Restart=no')
        assert show('web')['NextStartAt'] == '0' and not is_to_be_up('web')
        ctl('set', 'web', 'Restart=always')
        ctl('start', 'web')
        end('web', 'power-off')
        wait_until(lambda: show('web')['NextStartAt'] != '0')
        # and it can be removed meanwhile: see the end of this test


def test_the_pause_grows():
    with box('web', 'Restart=on-failure', 'RestartSec=50ms', 'RestartSteps=2', 'RestartMaxDelaySec=200ms', 'StartLimitIntervalSec=1min',
             init=FAILING, start=False):
        since = time.time()
        run('ctrctl', 'start', 'web')
        wait_until(lambda: restarts('web') == 5 and not is_to_be_up('web'))
        pauses = wait_until(lambda: (p := [int(x) for x in re.findall(r'Container web is started again in (\d+) ms', said(since))])[4:] and p)
        assert len(pauses) == 5 and all(abs(a - b) <= 1 for a, b in zip(pauses, (50, 100, 200, 200, 200))), pauses


def test_so_often_and_no_more():
    with box('web', 'Restart=always', 'RestartSec=0', 'StartLimitIntervalSec=1min', 'StartLimitBurst=3', init=FAILING, start=False):
        since = time.time()
        for _ in range(2):
            run('ctrctl', 'start', 'web')
            wait_until(lambda: restarts('web') == 3 and state('web') == 'failed' and not is_to_be_up('web'))
            time.sleep(0.2)
            assert restarts('web') == 3 and state('web') == 'failed' and show('web')['NextStartAt'] == '0'
        wait_until(lambda: said(since).count('stays down') == 2)


def test_a_run_that_held_begins_anew():
    with box('web', 'Restart=always', 'RestartSec=0', 'StartLimitIntervalSec=200ms', 'StartLimitBurst=3'):
        for _ in range(5):
            wait_until(lambda: state('web') == 'running')
            time.sleep(0.25)
            end('web', 'kill')
            wait_until(lambda: state('web') == 'running')
            assert restarts('web') == 1


def test_a_start_that_fails():
    with box('web', 'Restart=on-failure', 'RestartSec=0', 'StartLimitBurst=2', 'StartLimitIntervalSec=1min'):
        # Not even begun, with settings that cannot be read.
        with open('/etc/ctrd/containers/web.conf', 'a') as f:
            f.write('NoSuchKey=1\n')
        end('web', 'kill')
        wait_until(lambda: restarts('web') == 2 and not is_to_be_up('web'))
        assert state('web') in ('failed', 'stopped')
        ctl('remove', 'web')
        create('web', BUSYBOX, 'Command=/no/such/init', 'Restart=on-failure', 'RestartSec=0', 'StartLimitBurst=2')
        fails('start', 'web')
        wait_until(lambda: restarts('web') == 2 and not is_to_be_up('web'))
        assert show('web')['ExitReason'] == 'start-failed'
        create('other', BUSYBOX, 'Command=/no/such/init')
        fails('start', 'other')
        assert restarts('other') == 0 and not is_to_be_up('other')
        remove('other')


def test_reboot_is_no_end():
    with container('web', BUSYBOX, 'Restart=always', 'RestartSec=1h') as name:
        leader = show(name)['Leader']
        run('ctrctl', 'exec', name, '--', 'reboot')
        wait_until(lambda: state(name) == 'running' and show(name)['Leader'] not in ('0', leader))
        assert restarts(name) == 0 and show(name)['NextStartAt'] == '0'


def test_ctrd_is_killed_meanwhile():
    rnd = random.Random(2)
    with box('web', 'Restart=always', 'RestartSec=20ms', 'StartLimitIntervalSec=0'):
        for i in range(8):
            wait_until(lambda: run('ctrctl', 'show', 'web').status == 0 and state('web') == 'running')
            os.kill(int(show('web')['Leader']), 9)
            time.sleep(rnd.uniform(0, 0.08))
            kill_ctrd()
            run('systemctl', 'reset-failed', 'ctrd')
        wait_until(lambda: run('ctrctl', 'show', 'web').status == 0 and state('web') == 'running')
        # What nobody has written down, as a ctrd of before: it runs, so it is to.
        os.unlink('/var/lib/ctrd/containers/web/up')
        kill_ctrd()
        run('systemctl', 'reset-failed', 'ctrd')
        wait_until(lambda: run('ctrctl', 'show', 'web').status == 0)
        assert is_to_be_up('web') and state('web') == 'running'
        # A stop holds, too.
        for i in range(4):
            p = subprocess.Popen(['ctrctl', '-q', 'stop', 'web'], stderr=subprocess.DEVNULL)
            wait_until(lambda: not is_to_be_up('web'), 10)
            kill_ctrd()
            run('systemctl', 'reset-failed', 'ctrd')
            p.wait(60 * PATIENCE)
            wait_until(lambda: run('ctrctl', 'show', 'web').status == 0 and state('web') == 'stopped')
            time.sleep(0.1)
            assert state('web') == 'stopped'
            ctl('start', 'web')


def test_a_restart_is_finished_or_undone():
    rnd = random.Random(3)
    with box('web'):
        for i in range(6):
            p = subprocess.Popen(['ctrctl', '-q', 'restart', 'web'], stderr=subprocess.DEVNULL)
            time.sleep(rnd.uniform(0, 0.12))
            kill_ctrd()
            run('systemctl', 'reset-failed', 'ctrd')
            p.wait(60 * PATIENCE)
            wait_until(lambda: run('ctrctl', 'show', 'web').status == 0)
            # Where its end came when nobody knew of the restart, it is an end as any other; and a
            # start that had not come to anything is undone.
            wait_until(lambda: state('web') in ('running', 'stopped', 'failed'))
            assert is_to_be_up('web') == (state('web') == 'running')
            ctl('start', '--needed', 'web')


def test_bad_settings():
    with container('web', start=False) as name:
        for bad, word in (('Restart=yes', 'on-failure'), ('RestartSec=infinity', '7d'), ('RestartSteps=3', 'RestartMaxDelaySec'),
                          ('RestartMaxDelaySec=1min', 'RestartSteps'), ('StartLimitBurst=0', 'at least 1'), ('RestartSteps=2000', '1000')):
            fails('set', name, bad, word=word)
        fails('set', name, 'RestartSec=10s', 'RestartSteps=3', 'RestartMaxDelaySec=5s', word='longer')
        ctl('set', name, 'RestartSec=10s', 'RestartSteps=3', 'RestartMaxDelaySec=50s')
        assert ctl('get', name, 'RestartSteps', 'RestartMaxDelaySec').split() == ['3', '50s']
