# SPDX-License-Identifier: LGPL-2.1-or-later
# ctrd and the monitor are killed; containers, records and objects must not care.

import json
import os
import random
import signal
import subprocess

from ctrd import *


def setup():
    run('systemctl', 'reset-failed', 'ctrd')
    # many restarts in a row are what this is about
    os.makedirs('/run/systemd/system/ctrd.service.d', exist_ok=True)
    with open('/run/systemd/system/ctrd.service.d/limit.conf', 'w') as f:
        f.write('[Unit]\nStartLimitIntervalSec=0\n[Service]\nRestartSec=10ms\n')
    run('systemctl', 'daemon-reload', check=True)


def test_restart_of_ctrd_touches_nothing():
    with container('web'):
        before = show('web')
        run('systemctl', 'restart', 'ctrd', check=True)
        after = show('web')
        for key in ('State', 'Leader', 'StartedAt', 'ReadyAt', 'MachineID', 'UIDBase'):
            assert before[key] == after[key], (key, before[key], after[key])
        assert inside('web', 'hostname').strip() == 'web'


def test_kill_of_ctrd_while_a_container_runs():
    with container('web'):
        before = show('web')
        for _ in range(5):
            kill_ctrd()
            wait_until(lambda: run('ctrctl', 'show', 'web').status == 0)
            after = show('web')
            assert before['Leader'] == after['Leader'] and after['State'] == 'running', after
        assert 'web' in ctl('list')


def test_exit_while_ctrd_is_away_is_known_afterwards():
    create('web', BUSYBOX, 'Command=/bin/sh -c "while [ ! -e /go ]; do sleep 0.1; done; exit 23"', start=True)
    leader = int(show('web')['Leader'])
    run('systemctl', 'stop', 'ctrd', check=True)
    run('nsenter', '-t', leader, '-a', '--', '/bin/touch', '/go', check=True)
    wait_until(lambda: not os.path.exists('/proc/%d' % leader))
    wait_until(lambda: run('systemctl', 'is-active', 'ctr-web.scope').out.strip() != 'active')
    p = show('web')
    assert (p['State'], p['ExitReason'], p['ExitStatus']) == ('failed', 'exited', '23'), p
    remove('web')


def test_reboot_while_ctrd_is_away():
    with container('web'):
        leader = show('web')['Leader']
        run('systemctl', 'stop', 'ctrd', check=True)
        # It may be killed with the rest of its namespace before it has ended.
        run('nsenter', '-t', leader, '-a', '--', '/sbin/reboot')
        pids = wait_until(lambda: [p for p in pids_of_payload('web') if str(p) != leader and not os.path.exists('/proc/' + leader)])
        assert pids
        # It may be on its way up when ctrd looks.
        wait_until(lambda: state('web') == 'running')
        p = show('web')
        assert p['Leader'] != leader, p
        assert inside('web', 'hostname').strip() == 'web'
        wait_until(lambda: run('machinectl', 'show', 'web', '-p', 'Leader', '--value').out.strip() == p['Leader'], 10,
                   'machined to know the new leader')


def test_starts_after_ends_that_ctrd_did_not_see():
    # machined stops the scope of a machine whose leader it finds dead, by name: the
    # next run must not meet that.
    with container('web', start=False):
        for _ in range(25):
            ctl('start', 'web')
            run('systemctl', 'stop', 'ctrd', check=True)
            run('systemctl', 'stop', 'ctr-web.scope', check=True)


def settled(name):
    return wait_until(lambda: run('ctrctl', 'show', name).status == 0 and
                      state(name) in ('running', 'stopped', 'failed') and state(name), 30)


def test_kill_of_ctrd_during_starts():
    rnd = random.Random(7)
    create('web')
    for i in range(15):
        p = subprocess.Popen(['ctrctl', 'start', 'web'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(rnd.uniform(0, 0.06))
        kill_ctrd()
        p.wait(60 * PATIENCE)
        s = settled('web')
        if s == 'running':
            assert inside('web', 'hostname').strip() == 'web'
            ctl('stop', 'web')
        else:
            assert not run('systemctl', 'is-active', 'ctr-web.scope').out.startswith('active'), s
            assert not pids_of_payload('web')
    ctl('start', 'web')
    remove('web')


def test_kill_of_ctrd_during_stops():
    rnd = random.Random(11)
    create('web')
    for i in range(10):
        ctl('start', 'web')
        p = subprocess.Popen(['ctrctl', 'stop', 'web'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(rnd.uniform(0, 0.06))
        kill_ctrd()
        p.wait(60 * PATIENCE)
        s = settled('web')
        if s == 'running':      # killed before the stop was told, or just then
            r = run('ctrctl', 'stop', 'web')
            assert r.status == 0 or 'not running' in r.err or 'ending' in r.err, r
            s = settled('web')
        assert s == 'stopped', (s, show('web'))
    remove('web')


def test_kill_of_ctrd_during_creation_and_removal():
    rnd = random.Random(13)
    for i in range(10):
        p = subprocess.Popen(['ctrctl', 'create', 'web', BUSYBOX], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(rnd.uniform(0, 0.03))
        kill_ctrd()
        p.wait(60 * PATIENCE)
        wait_until(lambda: run('ctrctl', 'list').status == 0)
        if 'web' not in names():
            create('web')                   # nothing half made is in the way
        p = subprocess.Popen(['ctrctl', 'remove', 'web'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(rnd.uniform(0, 0.03))
        kill_ctrd()
        p.wait(60 * PATIENCE)
        wait_until(lambda: run('ctrctl', 'list').status == 0)
        if 'web' in names():
            ctl('remove', 'web')


def restart_ctrd():
    run('systemctl', 'reset-failed', 'ctrd')
    run('systemctl', 'restart', 'ctrd', check=True)


def test_what_a_removal_left_takes_nothing_from_another():
    left = '/var/lib/ctrd/containers/.%s-web'
    with container('web', BUSYBOX, 'Description=mine', start=False):
        for kind in ('gone', 'new'):
            os.makedirs(left % kind + '/fs/upper')
            restart_ctrd()
            assert show('web')['Description'] == 'mine' and 'Description=mine' in settings_text('web')
            assert not os.path.exists(left % kind)
    # What cannot be put aside would take them at the next start.
    os.mkdir(left % 'gone')
    run('chattr', '+i', left % 'gone', check=True)
    try:
        fails('create', 'web', BUSYBOX, word='earlier container')
        assert names() == [] and not os.path.exists('/etc/ctrd/containers/web.conf')
    finally:
        run('chattr', '-i', left % 'gone', check=True)
    with container('web', start=False):
        assert not os.path.exists(left % 'gone')


def test_kill_of_the_monitor_takes_the_container_along():
    with container('web'):
        leader = int(show('web')['Leader'])
        os.kill(monitor_pid('web'), signal.SIGKILL)
        wait_until(lambda: state('web') == 'failed')
        p = show('web')
        assert p['ExitReason'] == 'monitor-lost', p
        assert not pids_of_payload('web')
        wait_until(lambda: not os.path.exists('/proc/%d' % leader))     # who is dead is still to be reaped
        ctl('start', 'web')


def test_removal_while_the_monitor_ends():
    """It has gone when it is to be told to stop, and ctrd has not heard of it yet."""
    for _ in range(5):
        create('web', BUSYBOX, start=True)
        pid, manager = monitor_pid('web'), ctrd_pid()
        os.kill(manager, signal.SIGSTOP)
        try:
            removal = subprocess.Popen(['ctrctl', 'remove', '--force', 'web'], stderr=subprocess.PIPE, text=True)
            # Its question lies at ctrd's door.
            wait_until(lambda: b'ctrctl' in open('/proc/%d/cmdline' % removal.pid, 'rb').read() and
                       open('/proc/%d/wchan' % removal.pid).read() not in ('', '0'))
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda: not os.path.exists('/proc/%d' % pid))
        finally:
            os.kill(manager, signal.SIGCONT)
        error = removal.communicate(timeout=60 * PATIENCE)[1]
        assert removal.returncode == 0, error


def test_kill_of_monitor_and_ctrd_leaves_no_orphan():
    with container('web'):
        leader = int(show('web')['Leader'])
        pid = monitor_pid('web')
        run('systemctl', 'stop', 'ctrd', check=True)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not os.path.exists('/proc/%d' % leader), what='the container to die with its monitor')
        wait_until(lambda: not pids_of_payload('web'))
        p = show('web')
        assert (p['State'], p['ExitReason']) == ('failed', 'monitor-lost'), p


def test_console_log_and_attached_console_go_on():
    with container('web', BUSYBOX, 'Command=/bin/sh -c "i=0; while :; do i=$((i+1)); echo line $i; sleep 0.1; done"'):
        watcher = subprocess.Popen(['ctrctl', 'console', '--read-only', 'web'], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, text=True, errors='replace')
        first = int([watcher.stdout.readline() for _ in range(3)][-1].split()[-1])
        kill_ctrd()
        run('systemctl', 'stop', 'ctrd')
        last = first
        while last < first + 10:
            last = int(watcher.stdout.readline().split()[-1])
        watcher.kill()
        watcher.wait()
        assert 'line %d\n' % last in ctl('logs', 'web').replace('\r', '')


def teardown():
    os.unlink('/run/systemd/system/ctrd.service.d/limit.conf')
    run('systemctl', 'daemon-reload', check=True)
