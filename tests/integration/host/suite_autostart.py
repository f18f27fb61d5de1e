# SPDX-License-Identifier: LGPL-2.1-or-later
# What is started when the host is booted, in which order, and with what else. A host
# that goes down and comes up is in tests/integration/test-reboot.

import random
import shutil
import subprocess

from ctrd import *
from suite_bus import GLib, call, container_path, get

INTERFACE = 'org.ctrd1.Container'
UNITS = '/run/systemd/system/'


def is_to_be_up(name):
    return os.path.exists('/var/lib/ctrd/containers/%s/up' % name)


def power_cut(*running):
    """All goes without a word to ctrd, and what a boot leaves empty is empty."""
    run('systemctl', 'stop', 'ctrd', check=True)
    for name in running:
        run('systemctl', 'kill', '-s', 'KILL', 'ctr-%s.scope' % name, check=True)
        wait_until(lambda: active('ctr-%s.scope' % name) in ('inactive', 'failed'))
    for path in glob.glob('/run/ctrd/containers/*'):
        shutil.rmtree(path)
    # The word that all were started comes after the last of them.
    if os.path.exists('/run/ctrd/autostarted'):
        os.unlink('/run/ctrd/autostarted')
    run('systemctl', 'reset-failed', 'ctrd')
    begun = time.time()
    run('systemctl', 'start', 'ctrd', check=True)
    return begun


def usec(name, key):
    return int(show(name)[key])


class unit:
    """with unit('x', …lines of [Service]): a unit of the host."""

    def __init__(self, name, *lines):
        self.name, self.lines = name, lines

    def __enter__(self):
        with open(UNITS + self.name, 'w') as f:
            f.write('[Service]\n' + '\n'.join(self.lines) + '\n')
        run('systemctl', 'daemon-reload', check=True)

    def __exit__(self, *exc):
        run('systemctl', 'stop', self.name)
        os.unlink(UNITS + self.name)
        run('systemctl', 'daemon-reload', check=True)


def active(name):
    return run('systemctl', 'is-active', name).out.strip()


def test_which_are_started_after_a_boot():
    cases = {  # Autostart=, whether it was up, whether it is started
        'yes-up': ('yes', True, True), 'yes-down': ('yes', False, True), 'no-up': ('no', True, False), 'no-down': ('no', False, False),
        'last-up': ('last', True, True), 'last-down': ('last', False, False),
    }
    for name, (autostart, up, _) in cases.items():
        create(name, BUSYBOX, 'Autostart=' + autostart, start=up)
        assert is_to_be_up(name) == up and show(name)['Autostart'] == autostart
    # somebody stopped it, or it ended by itself: that is down
    create('stopped', BUSYBOX, start=True)
    ctl('stop', 'stopped')
    create('ended', BUSYBOX, start=True)
    run('ctrctl', 'exec', 'ended', '--', 'poweroff')
    wait_until(lambda: state('ended') == 'stopped' and not is_to_be_up('ended'))
    # it was about to be started again
    create('pending', BUSYBOX, 'Restart=always', 'RestartSec=1h', start=True)
    ctl('kill', 'pending')
    wait_until(lambda: show('pending')['NextStartAt'] != '0')
    power_cut(*[n for n, (_, up, _) in cases.items() if up])
    for name, (_, _, started) in list(cases.items()) + [('pending', ('', '', True)), ('stopped', ('', '', False)), ('ended', ('', '', False))]:
        if started:
            wait_until(lambda: state(name) == 'running', what='the start of %s' % name)
        else:
            assert state(name) in ('stopped', 'failed') and not is_to_be_up(name), (name, show(name))
        assert show(name)['NextStartAt'] == '0' and show(name)['Restarts'] == '0'
    # once for each boot
    wait_until(lambda: os.path.exists('/run/ctrd/autostarted'))
    ctl('kill', 'yes-up')
    wait_until(lambda: state('yes-up') != 'running')
    run('systemctl', 'restart', 'ctrd', check=True)
    time.sleep(0.2)
    assert state('yes-up') in ('stopped', 'failed') and state('yes-down') == 'running'
    remove(*names())


def test_in_order_after_a_boot():
    # alphabetically the other way round; deb takes its time
    with container('deb', DEBIAN, 'Autostart=yes', start=False), container('app', BUSYBOX, 'Autostart=yes', 'After=mid deb', start=False), \
            container('mid', BUSYBOX, 'Autostart=yes', 'After=deb', start=False):
        power_cut()
        wait_until(lambda: state('app') == 'running')
        assert usec('deb', 'ReadyAt') <= usec('mid', 'StartedAt') and usec('mid', 'ReadyAt') <= usec('app', 'StartedAt')
        assert usec('deb', 'ReadyAt') - usec('deb', 'StartedAt') > 50000


def test_many_in_order():
    # more than are started at a time, and each before the one that it comes after
    many = ['m%02d' % i for i in range(34)]
    for name, after in zip(many, many[1:] + [None]):
        create(name, BUSYBOX, 'Autostart=yes', 'Mode=private', *(['After=' + after] if after else []))
    power_cut()
    wait_until(lambda: state('m00') == 'running', 60)
    p = [show(name) for name in many]
    assert all(x['State'] == 'running' for x in p)
    for later, earlier in zip(p, p[1:]):
        assert int(earlier['ReadyAt']) <= int(later['StartedAt']), (earlier['Name'], later['Name'])
    wait_until(lambda: os.path.exists('/run/ctrd/autostarted'))
    ctl('remove', '--force', *many)


def test_what_it_requires_is_started():
    with container('deb', DEBIAN, start=False), container('web', BUSYBOX, 'Requires=deb', 'After=deb', 'StartTimeoutSec=90s', start=False):
        ctl('start', 'web')
        assert state('deb') == 'running' and usec('deb', 'ReadyAt') <= usec('web', 'StartedAt')
        # one that is up stays as it is
        leader = show('deb')['Leader']
        ctl('restart', 'web')
        assert show('deb')['Leader'] == leader
        # it goes, and does not take the other with it
        ctl('stop', 'deb')
        assert state('web') == 'running'
        # systemd's names for the two
        wait_until(lambda: (active('ctr@web.target'), active('ctr@deb.target'), active('ctr-start@deb.service')) ==
                   ('active', 'inactive', 'inactive'))
        ctl('stop', 'web')
        run('systemctl', 'start', 'ctr-start@web.service', check=True)
        assert (state('web'), state('deb'), active('ctr@web.target'), active('ctr@deb.target')) == ('running', 'running', 'active', 'active')
        run('systemctl', 'start', 'ctr-start@web.service', check=True)
        # it is wanted and there: whoever starts the target by hand is refused
        assert run('systemctl', 'start', 'ctr@web.target').status != 0
        run('systemctl', 'stop', 'ctr@web.target', check=True)
        wait_until(lambda: state('web') == 'stopped')
        assert state('deb') == 'running' and active('ctr@web.target') == 'inactive'


def test_what_it_requires_does_not_start():
    with container('bad', BUSYBOX, 'Command=/no/such/init', start=False), container('web', start=False):
        for other in ('bad', 'nobody', 'no-such.service'):
            ctl('set', 'web', 'Requires=' + other, 'After=' + other)
            fails('start', 'web', word='no-such.service' if '.' in other else 'requires')
            p = show('web')
            assert (p['State'], p['ExitReason'], is_to_be_up('web')) == ('failed', 'start-failed', False), p
            # what is only wanted is no matter
            ctl('set', 'web', 'Requires=', 'Wants=' + other, 'After=' + other)
            ctl('start', 'web')
            ctl('stop', 'web')
            ctl('set', 'web', 'Wants=')


def test_units_of_the_host():
    with unit('first.service', 'Type=oneshot', 'RemainAfterExit=yes', 'ExecStart=/bin/sh -c "sleep 0.5; date +%%s%%6N > /run/first"'), \
            container('web', BUSYBOX, 'Requires=first.service', 'After=first.service', start=False):
        ctl('start', 'web')
        assert int(open('/run/first').read()) <= usec('web', 'StartedAt')
        os.unlink('/run/first')


def test_who_waits_can_be_stopped():
    with unit('never.service', 'Type=oneshot', 'ExecStart=sleep 1000'), \
            container('web', BUSYBOX, 'Requires=never.service', 'After=never.service', 'StartTimeoutSec=1s', start=False):
        for how in ('stop', 'cancel', 'kill-ctrd', 'remove'):
            job = ctl('start', '--no-wait', 'web').strip()
            wait_until(lambda: 'Waiting' in ctl('job', 'show', job))
            # no time of its own has begun
            time.sleep(1.2 if how == 'stop' else 0.1)
            assert state('web') == 'starting', how
            begun = time.monotonic()
            if how == 'stop':
                ctl('stop', 'web')
            elif how == 'cancel':
                ctl('job', 'cancel', job)
            elif how == 'kill-ctrd':
                kill_ctrd()
                run('systemctl', 'reset-failed', 'ctrd')
                # Nothing of the start had come about: the next ctrd does it, under the same number.
                wait_until(lambda: 'Waiting' in run('ctrctl', 'job', 'show', job).out)
                assert state('web') == 'starting'
                ctl('job', 'cancel', job)
            else:
                remove('web')
                create('web', BUSYBOX)
            wait_until(lambda: state('web') in ('stopped', 'failed'), what='the end of what waits')
            assert time.monotonic() - begun < 10 * PATIENCE and not is_to_be_up('web')
            run('systemctl', 'stop', 'never.service')
            wait_until(lambda: not [x for x in leftovers() if 'web' in x])


def test_circles_are_refused():
    with container('a', start=False), container('b', BUSYBOX, 'After=a', start=False), container('c', BUSYBOX, 'After=b', start=False):
        for key in ('After', 'Requires', 'Wants'):
            fails('set', 'a', key + '=a', word='itself')
        ctl('set', 'a', 'After=nobody c')
        for name in 'abc':
            fails('start', name, word='wait for itself')
            assert state(name) == 'stopped'
        ctl('set', 'b', 'After=')
        ctl('start', 'a', 'b', 'c')


def test_requirements_in_a_circle():
    with container('a', BUSYBOX, 'Requires=b', start=False), container('b', BUSYBOX, 'Requires=a', 'After=a', start=False):
        ctl('start', 'a', timeout=30)
        wait_until(lambda: state('b') == 'running')
        ctl('stop', 'a', 'b')
        ctl('start', 'b', timeout=30)
        assert state('a') == 'running'


def test_a_start_that_is_held_back():
    with container('web', BUSYBOX, 'Autostart=yes', 'StartDelaySec=1h', start=False), container('soon', BUSYBOX, 'StartDelaySec=1s'):
        begun = power_cut('soon')
        at = usec('web', 'NextStartAt')
        assert begun <= at / 1e6 - 3600 <= time.time() and state('web') == 'stopped'
        kill_ctrd()
        run('systemctl', 'reset-failed', 'ctrd')
        wait_until(lambda: run('ctrctl', 'show', 'web').status == 0)
        assert abs(usec('web', 'NextStartAt') - at) < 1e6
        wait_until(lambda: state('soon') == 'running')
        assert usec('soon', 'StartedAt') / 1e6 >= begun + 1
        ctl('stop', 'web')
        assert usec('web', 'NextStartAt') == 0 and state('web') == 'stopped'
        # nobody is held back by hand
        ctl('start', 'web')


def test_enable_and_disable():
    with container('a', start=False), container('b', start=False):
        ctl('enable', 'a', 'b')
        assert [show(n)['Autostart'] for n in 'ab'] == ['yes', 'yes'] and ctl('get', 'a', 'Autostart') == 'yes\n'
        assert state('a') == 'stopped'
        ctl('enable', '--now', 'a', 'b')
        ctl('enable', '--now', 'a')
        assert state('a') == state('b') == 'running'
        ctl('disable', '--now', 'a')
        ctl('disable', '--now', 'a')
        assert (state('a'), show('a')['Autostart'], state('b'), show('b')['Autostart']) == ('stopped', 'no', 'running', 'yes')
        fails('enable', 'nobody', word='nobody')
        fails('enable', status=2)
        fails('enable', '--now', '--no-wait', 'a', status=2)
        r = run('ctrctl', 'disable', 'nobody', 'b')
        assert r.status == 1 and 'nobody' in r.err and show('b')['Autostart'] == 'no', r
        with visitor('org.ctrd1.inspect') as prefix:
            r = run(*prefix, 'ctrctl', 'enable', 'a')
            assert r.status != 0 and show('a')['Autostart'] == 'no', r


def test_start_what_is_needed():
    with container('deb', DEBIAN, start=False), container('bad', BUSYBOX, 'Command=/no/such/init', start=False):
        ctl('start', '--no-wait', 'deb')
        p = [subprocess.Popen(['ctrctl', 'start', '--needed', 'deb'], stdout=subprocess.PIPE, stderr=subprocess.STDOUT) for _ in range(3)]
        for x in p:
            out = x.communicate(timeout=60)[0]
            assert x.returncode == 0 and state('deb') == 'running', out
        ctl('freeze', 'deb')
        ctl('start', '--needed', 'deb', 'deb')
        ctl('thaw', 'deb')
        ctl('stop', '--no-wait', 'deb')
        ctl('start', '--needed', 'deb')
        assert state('deb') == 'running'
        fails('start', '--needed', 'bad')
        fails('start', '--needed', 'nobody', word='nobody')
        r = run('ctrctl', 'start', '--needed', 'nobody', 'deb')
        assert r.status == 1 and len(r.err.splitlines()) == 1 and 'nobody' in r.err, r


def test_by_a_client_of_the_bus():
    with container('db', start=False), container('web', start=False):
        path = container_path('web')

        def set_to(*pairs):
            return call(path, INTERFACE, 'SetSettings', GLib.Variant('(a(ss)b)', (list(pairs), False)))[0][0]
        assert set_to(('Autostart', 'yes'), ('Requires', 'db'), ('After', 'db network.target')) == []
        assert get(path, INTERFACE, 'Autostart') == 'yes' and get(path, INTERFACE, 'RestartPolicy') == 'no'
        call(path, INTERFACE, 'Start')
        wait_until(lambda: get(path, INTERFACE, 'State') == 'running')
        assert state('db') == 'running'
        # of one that runs: at once, or not
        assert set_to(('Autostart', 'no'), ('Restart', 'always'), ('After', '')) == ['After']
        assert get(path, INTERFACE, 'Autostart') == 'no' and get(path, INTERFACE, 'RestartPolicy') == 'always'
        for bad in (('After', 'ctr-db.scope'), ('After', 'web'), ('Autostart', 'maybe'), ('Requires', 'a/b.service'), ('After', 'x\n[Security]')):
            try:
                set_to(bad)
            except GLib.Error as e:
                assert 'InvalidSettings' in e.message, e.message
            else:
                raise AssertionError(bad)


def test_ctrd_is_killed_while_it_starts_all():
    rnd = random.Random(4)
    many = ['many%d' % i for i in range(6)]
    for i, name in enumerate(many):
        create(name, BUSYBOX, 'Autostart=yes', *(['After=' + many[i - 1]] if i else []))
    for _ in range(3):
        power_cut(*[n for n in many if state(n) == 'running'])
        time.sleep(rnd.uniform(0, 0.05))
        kill_ctrd()
        run('systemctl', 'reset-failed', 'ctrd')
        for name in many:
            wait_until(lambda: run('ctrctl', 'show', name).status == 0 and state(name) == 'running', what=name)
    remove(*many)
