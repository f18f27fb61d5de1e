# SPDX-License-Identifier: LGPL-2.1-or-later
# A container that stands still, and everything that may happen to it meanwhile.

import os
import random
import signal
import subprocess

from ctrd import *

COUNTER = 'Command=/bin/sh -c "trap \'echo got-stop; exit 0\' TERM; trap \'echo got-usr1\' USR1; ' \
          'i=0; while :; do i=$((i+1)); echo $i > /count; sleep 0.02; done"'


class counter(container):
    """Which minds signals, when it counts: until then what is sent to a first process is lost."""

    def __init__(self, name):
        super().__init__(name, BUSYBOX, COUNTER, 'StopSignal=SIGTERM', 'StopTimeoutSec=%ds' % (20 * PATIENCE))

    def __enter__(self):
        super().__enter__()
        moves(self.name)
        return self.name


def counted(name):
    try:
        with open('/var/lib/ctrd/containers/%s/fs/upper/count' % name) as f:
            return f.read().strip()
    except FileNotFoundError:
        return ''


def moves(name):
    before = counted(name)
    wait_until(lambda: counted(name) not in ('', before), what='%s to go on' % name)


def stands_still(name):
    group = '/sys/fs/cgroup/machine.slice/ctr-%s.scope/' % name
    assert 'frozen 1' in open(group + 'payload/cgroup.events').read()
    assert 'frozen 0' in open(group + 'monitor/cgroup.events').read()
    before = counted(name)
    time.sleep(0.2)
    assert counted(name) == before, '%s runs' % name


def test_freeze_and_thaw():
    with counter('web'):
        moves('web')
        before = show('web')
        ctl('freeze', 'web')
        stands_still('web')
        p = show('web')
        assert p.pop('State') == 'frozen' and before.pop('State') == 'running', p
        assert p == before, 'more than the state has changed'
        assert [c['state'] for c in json.loads(ctl('list', '--json'))] == ['frozen']
        status = run('ctrctl', 'status', 'web')
        assert status.status == 0 and 'State: frozen\n' in status.out, status
        ctl('thaw', 'web')
        assert state('web') == 'running'
        moves('web')
        assert inside('web', 'hostname').strip() == 'web'


def test_what_is_so_already_is_no_error():
    with counter('web'):
        for verb, now in (('thaw', 'running'), ('freeze', 'frozen'), ('freeze', 'frozen'), ('thaw', 'running'), ('thaw', 'running')):
            ctl(verb, 'web')
            assert state('web') == now
        moves('web')


def test_commands_are_refused_at_once():
    with counter('web'):
        ctl('freeze', 'web')
        for argv in (('exec', 'web', '--', 'true'), ('exec', '-t', 'web', 'true'), ('shell', 'web')):
            begun = time.monotonic()
            fails(*argv, status=125, word='thaw it first', timeout=20)
            assert time.monotonic() - begun < 5 * PATIENCE
        r = run('busctl', 'call', 'org.ctrd1', '/org/ctrd1/container/web', 'org.ctrd1.Container', 'Exec', 'asa{sv}ah',
                '1', 'true', '1', 'Terminal', 'b', 'true', '0')
        assert r.status != 0 and 'thaw it first' in r.err, r
        stands_still('web')
        # what was begun before stands still like the rest, and goes on with it
        ctl('thaw', 'web')
        p = subprocess.Popen(['ctrctl', 'exec', 'web', '--', 'sh', '-c', 'echo on; read x; echo $x'], text=True,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert p.stdout.readline() == 'on\n'
        ctl('freeze', 'web')
        p.stdin.write('word\n')
        p.stdin.flush()
        time.sleep(0.2)
        assert p.poll() is None
        ctl('thaw', 'web')
        assert p.communicate(timeout=20)[0] == 'word\n' and p.returncode == 0


def test_what_does_not_run_cannot_be_frozen():
    with counter('web'):
        ctl('stop', 'web')
        for verb in ('freeze', 'thaw'):
            fails(verb, 'web', word='start it first')
            fails(verb, 'nobody', word='nobody')
            fails(verb, status=2, word='name')
        ctl('start', 'web')
        r = run('ctrctl', 'freeze', 'nobody', 'web')
        assert r.status == 1 and 'nobody' in r.err and state('web') == 'frozen', r


def test_what_starts_cannot_be_frozen():
    with container('web', BUSYBOX, 'Command=/bin/sh -c "while :; do sleep 1; done"', 'NotifyReady=yes', start=False):
        ctl('start', '--no-wait', 'web')
        wait_until(lambda: int(show('web')['StartedAt']) > 0)
        fails('freeze', 'web', word='starting')
        assert state('web') == 'starting'


def test_it_stays_frozen_when_ctrd_is_restarted_or_killed():
    with counter('web'):
        ctl('freeze', 'web')
        before = show('web')
        run('systemctl', 'restart', 'ctrd', check=True)
        assert show('web') == before
        for _ in range(3):
            kill_ctrd()
            wait_until(lambda: run('ctrctl', 'show', 'web').status == 0)
            assert show('web') == before
            run('systemctl', 'reset-failed', 'ctrd')
        stands_still('web')
        fails('exec', 'web', '--', 'true', status=125, word='thaw it first')
        ctl('thaw', 'web')
        moves('web')


def test_kill_of_ctrd_during_freezes():
    rnd = random.Random(5)
    with counter('web'):
        for i in range(10):
            p = subprocess.Popen(['ctrctl', 'freeze' if i % 2 == 0 else 'thaw', 'web'], stderr=subprocess.DEVNULL)
            time.sleep(rnd.uniform(0, 0.03))
            kill_ctrd()
            p.wait(60)
            run('systemctl', 'reset-failed', 'ctrd')
            wait_until(lambda: run('ctrctl', 'show', 'web').status == 0)
            s = wait_until(lambda: state('web') in ('running', 'frozen') and state('web'))
            stands_still('web') if s == 'frozen' else moves('web')


def test_stop_thaws_and_is_graceful():
    with counter('web'):
        ctl('freeze', 'web')
        begun = time.monotonic()
        ctl('stop', 'web')
        assert time.monotonic() - begun < 15 * PATIENCE
        assert show('web')['ExitReason'] == 'poweroff' and state('web') == 'stopped', show('web')
        assert 'got-stop' in ctl('logs', 'web')
        ctl('start', 'web')
        moves('web')
        ctl('freeze', 'web')
        leader = show('web')['Leader']
        ctl('restart', 'web')
        assert state('web') == 'running' and show('web')['Leader'] != leader
        moves('web')


def test_kill_works_at_once_and_other_signals_wait():
    with counter('web'):
        ctl('freeze', 'web')
        ctl('kill', '-S', 'USR1', 'web')
        stands_still('web')
        assert 'got-usr1' not in ctl('logs', 'web')
        ctl('thaw', 'web')
        wait_until(lambda: 'got-usr1' in ctl('logs', 'web'))
        for argv in (('kill', 'web'), ('kill', '--whom=all', 'web')):
            ctl('freeze', 'web')
            ctl(*argv)
            wait_until(lambda: state('web') == 'stopped', what='the end of what was killed')
            p = show('web')
            assert (p['ExitReason'], p['ExitStatus']) == ('killed', '9'), p
            assert not pids_of_payload('web')
            ctl('start', 'web')


def test_forced_removal():
    create('web', BUSYBOX, COUNTER, start=True)
    ctl('freeze', 'web')
    fails('remove', 'web', word='stop it first')
    begun = time.monotonic()
    ctl('remove', '--force', 'web')
    assert time.monotonic() - begun < 15 * PATIENCE and 'web' not in names()


def test_systemctl_stop_of_the_scope():
    with counter('web'):
        for ctrd in (True, False):
            if state('web') == 'stopped':
                ctl('start', 'web')
                moves('web')
            ctl('freeze', 'web')
            if not ctrd:
                run('systemctl', 'stop', 'ctrd', check=True)
            run('systemctl', 'stop', 'ctr-web.scope', check=True)
            wait_until(lambda: state('web') == 'stopped')
            assert show('web')['ExitReason'] == 'poweroff', show('web')


def test_kill_of_the_monitor():
    with counter('web'):
        ctl('freeze', 'web')
        leader = int(show('web')['Leader'])
        os.kill(monitor_pid('web'), signal.SIGKILL)
        wait_until(lambda: state('web') == 'failed')
        assert show('web')['ExitReason'] == 'monitor-lost', show('web')
        assert not pids_of_payload('web')
        wait_until(lambda: not os.path.exists('/proc/%d' % leader))     # it is systemd's to collect
        ctl('start', 'web')
        moves('web')


def test_reboot_and_exit_while_freezing():
    rnd = random.Random(3)
    with container('web'):
        for i in range(12):
            before = show('web')['Leader']
            end = ['ctrctl', 'exec', 'web', '--', 'reboot' if i % 3 else 'poweroff']
            p = subprocess.Popen(end, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            time.sleep(rnd.uniform(0, 0.1))
            r = run('ctrctl', 'freeze', 'web')
            assert r.status == 0 or len(r.err.splitlines()) == 1, r
            if r.status == 0:
                run('ctrctl', 'thaw', 'web')
            if 'thaw it first' in p.communicate(timeout=60 * PATIENCE)[1]:
                run(*end)       # it came too late, and nothing has ended
            if i % 3:
                wait_until(lambda: show('web')['Leader'] not in ('0', before) and state('web') == 'running')
            else:
                wait_until(lambda: state('web') == 'stopped')
                ctl('start', 'web')
            ctl('freeze', 'web')
            ctl('thaw', 'web')


def test_groups_of_the_guest_are_frozen_too():
    with container('web', BUSYBOX, 'Nesting=yes'):
        inside('web', 'sh', '-c', 'mkdir -p /sys/fs/cgroup/a/b; '
               '(while :; do date +%s%N > /count; sleep 0.02; done) > /dev/null 2>&1 < /dev/null & '
               'echo $! > /sys/fs/cgroup/a/b/cgroup.procs; '
               'echo 1 > /sys/fs/cgroup/a/cgroup.freeze; echo 0 > /sys/fs/cgroup/a/cgroup.freeze')
        moves('web')
        ctl('freeze', 'web')
        stands_still('web')
        assert 'frozen 1' in open('/sys/fs/cgroup/machine.slice/ctr-web.scope/payload/a/b/cgroup.events').read()
        ctl('thaw', 'web')
        moves('web')


def test_debian():
    with container('deb', DEBIAN):
        ctl('freeze', 'deb')
        group = '/sys/fs/cgroup/machine.slice/ctr-deb.scope/payload/'
        for path in glob.glob(group + '**/cgroup.events', recursive=True):
            assert 'frozen 1' in open(path).read(), path
        kill_ctrd()
        wait_until(lambda: run('ctrctl', 'show', 'deb').status == 0)
        assert state('deb') == 'frozen'
        ctl('thaw', 'deb')
        inside('deb', 'systemctl', 'list-units')
        ctl('freeze', 'deb')
        ctl('stop', 'deb', timeout=120)
        assert show('deb')['ExitReason'] == 'poweroff', show('deb')


def test_only_who_may_manage():
    with counter('web'):
        for method in ('Freeze', 'Thaw'):
            r = run('setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', 'busctl', 'call', 'org.ctrd1',
                    '/org/ctrd1/container/web', 'org.ctrd1.Container', method)
            assert r.status != 0, r
        moves('web')


def test_many_at_once():
    many = ['many%02d' % i for i in range(8)]
    for name in many:
        create(name, BUSYBOX, COUNTER)
    ctl('start', *many)
    ctl('freeze', *many)
    assert all(state(n) == 'frozen' for n in many)
    for n in many:
        stands_still(n)
    ctl('thaw', *many)
    for n in many:
        moves(n)
    ctl('freeze', *many)
    remove(*many)


def test_limits_change_meanwhile():
    with container('x') as name:
        ctl('freeze', name)
        ctl('set', name, 'MemoryMax=300M')
        assert run('systemctl', 'show', '-P', 'MemoryMax', 'ctr-x.scope', check=True).out.strip() == '314572800'
        assert ctl('get', name, 'MemoryMax').strip() == '314572800' and state(name) == 'frozen'
        ctl('thaw', name)
