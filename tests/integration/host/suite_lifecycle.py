# SPDX-License-Identifier: LGPL-2.1-or-later
# Every verb on a container of busybox, and what it leaves behind.

import json
import os
import re

from ctrd import *


def test_create_list_show_remove():
    create('web')
    assert 'web' in names()
    p = show('web')
    assert p['State'] == 'stopped' and p['Name'] == 'web' and p['Leader'] == '0', p
    assert p['Image'] == 'busybox-default' and p['UserNamespace'] in ('yes', 'true'), p
    assert re.fullmatch('[0-9a-f]{32}', p['MachineID']), p
    assert 'web' in ctl('list')
    ctl('remove', 'web')
    assert 'web' not in names()


def test_start_status_stop():
    with container('web', start=False):
        ctl('start', 'web')
        p = show('web')
        assert p['State'] == 'running' and int(p['Leader']) > 1, p
        assert int(p['StartedAt']) > 0 and int(p['ReadyAt']) >= int(p['StartedAt']), p
        status = ctl('status', 'web')
        assert 'running' in status and 'ctr-web.scope' in status and p['Leader'] in status, status
        assert run('systemctl', 'is-active', 'ctr-web.scope').out.strip() == 'active'
        ctl('stop', 'web')
        p = show('web')
        assert p['State'] == 'stopped' and p['Leader'] == '0' and p['ExitReason'] == 'poweroff', p
        assert int(p['ExitedAt']) > 0, p


def test_restart_makes_a_new_leader():
    with container('web'):
        before = show('web')['Leader']
        ctl('restart', 'web')
        p = show('web')
        assert p['State'] == 'running' and p['Leader'] != before, p


def test_several_at_once_and_all_failures_are_told():
    create('one')
    create('two')
    ctl('start', 'one', 'two')
    assert state('one') == state('two') == 'running'
    r = run('ctrctl', 'stop', 'one', 'nobody', 'two')
    assert r.status == 1 and 'nobody' in r.err, r
    assert state('one') == state('two') == 'stopped'
    remove('one', 'two')


def test_stop_right_after_start_is_not_lost():
    # incus#4041: a stop that comes before init listens hangs for the whole timeout
    with container('web', BUSYBOX, 'StopTimeoutSec=%ds' % (20 * PATIENCE), start=False):
        for _ in range(5):
            ctl('start', 'web')
            begun = time.monotonic()
            ctl('stop', 'web')
            assert time.monotonic() - begun < 10 * PATIENCE, 'the stop was lost'
            assert show('web')['ExitReason'] == 'poweroff', show('web')


def test_kill_init_and_all():
    with container('web'):
        ctl('kill', '-S', 'SIGKILL', 'web')
        wait_until(lambda: state('web') == 'stopped', what='the end of a killed init')
        p = show('web')
        assert (p['ExitReason'], p['ExitStatus']) == ('killed', '9'), p
        ctl('start', 'web')
        ctl('kill', '--whom=all', '-S', 'KILL', 'web')
        wait_until(lambda: state('web') == 'stopped', what='the end of all')


def test_an_init_that_crashes_has_failed():
    with container('web', BUSYBOX, 'Command=/bin/sh -c "kill -SEGV $$ & sleep 0.1; exit 3"', start=False):
        run('ctrctl', 'start', 'web')
        wait_until(lambda: state('web') == 'failed')
        assert show('web')['ExitStatus'] == '3', show('web')


def test_kill_delivers_the_signal():
    with container('web', BUSYBOX, 'Command=/bin/sh -c "trap \'echo caught > /caught; exit 7\' USR1; touch /up; while :; do sleep 1; done"'):
        minds_signals('web')
        ctl('kill', '-S', 'USR1', 'web')
        wait_until(lambda: state('web') == 'failed', what='exit status 7')
        p = show('web')
        assert (p['ExitReason'], p['ExitStatus']) == ('exited', '7'), p


def test_remove_running_needs_force():
    with container('web'):
        fails('remove', 'web', word='stop it first')
        assert state('web') == 'running'


def test_reboot_from_inside():
    with container('web'):
        before = show('web')
        run('ctrctl', 'exec', 'web', '--', 'reboot')
        wait_until(lambda: show('web')['Leader'] not in ('0', before['Leader']) and state('web') == 'running',
                   what='up again after a reboot')
        assert run('systemctl', 'is-active', 'ctr-web.scope').out.strip() == 'active'
        assert inside('web', 'hostname').strip() == 'web'


def test_poweroff_from_inside():
    with container('web'):
        run('ctrctl', 'exec', 'web', '--', 'poweroff')
        wait_until(lambda: state('web') == 'stopped', what='powered off')
        assert show('web')['ExitReason'] == 'poweroff'


def test_systemctl_stop_of_the_scope_is_graceful():
    with container('web'):
        run('systemctl', 'stop', 'ctr-web.scope', check=True)
        wait_until(lambda: state('web') == 'stopped')
        assert show('web')['ExitReason'] == 'poweroff', show('web')


def test_systemctl_stop_of_the_scope_is_graceful_without_ctrd():
    with container('web'):
        run('systemctl', 'stop', 'ctrd', check=True)
        run('systemctl', 'stop', 'ctr-web.scope', check=True)
        assert state('web') == 'stopped'
        assert show('web')['ExitReason'] == 'poweroff', show('web')


def test_stop_escalates_at_the_timeout():
    deaf = 'Command=/bin/sh -c "trap \'\' TERM; while :; do sleep 1; done"'
    with container('web', BUSYBOX, deaf, 'StopTimeoutSec=1s'):
        ctl('stop', 'web', timeout=30)
        assert show('web')['ExitReason'] == 'killed', show('web')


def test_second_container_from_an_image_copies_nothing():
    create('one')
    create('two')
    for name in ('one', 'two'):
        used = int(run('du', '-s', '--block-size=1', '/var/lib/ctrd/containers/' + name, check=True).out.split()[0])
        assert used < 128 * 1024, used
    ctl('start', 'one', 'two')
    inside('one', 'sh', '-c', 'echo mine > /mark')
    r = run('ctrctl', 'exec', 'two', '--', 'cat', '/mark')
    assert r.status == 1, r
    ctl('restart', 'one')
    assert inside('one', 'cat', '/mark') == 'mine\n'
    remove('one', 'two')


def test_image_and_template_lists():
    with container('web', start=False):
        assert 'debian' in ctl('template', 'list') and 'busybox' in ctl('template', 'list')
        images = json.loads(ctl('image', 'list', '--json'))
        assert 'busybox-default' in json.dumps(images), images
        fails('image', 'remove', 'busybox-default', word='web')


def test_image_can_be_removed_and_is_made_again():
    create('web')
    ctl('remove', 'web')
    ctl('image', 'remove', 'busybox-default')
    assert not os.path.exists('/var/lib/ctrd/images/busybox-default')
    create('web')
    remove('web')


def test_logs_keep_the_console():
    with container('web', BUSYBOX, 'Command=/bin/sh -c "echo hello-from-init; sleep 1000"', 'StopTimeoutSec=1s'):
        wait_until(lambda: 'hello-from-init' in ctl('logs', 'web'))
        ctl('stop', 'web')
        assert 'hello-from-init' in ctl('logs', 'web')


def test_settings_of_create_reach_the_file_and_the_container():
    create('web', BUSYBOX, 'Hostname=other', 'Environment=GREETING="hello world"', 'Description=A test', start=True)
    assert 'Hostname=other' in settings_text('web')
    assert inside('web', 'hostname').strip() == 'other'
    env = open('/proc/%s/environ' % show('web')['Leader']).read().split('\0')
    assert 'GREETING=hello world' in env, env
    assert show('web')['Description'] == 'A test'
    assert 'Hostname' in ctl('show', '--settings', 'web')
    remove('web')


def test_drop_ins_override_at_the_next_start():
    create('web', BUSYBOX, 'Hostname=first')
    os.makedirs('/etc/ctrd/containers/web.conf.d')
    with open('/etc/ctrd/containers/web.conf.d/50-name.conf', 'w') as f:
        f.write('[Exec]\nHostname=second\n')
    ctl('start', 'web')
    assert inside('web', 'hostname').strip() == 'second'
    remove('web')
    assert not os.path.exists('/etc/ctrd/containers/web.conf.d')


def test_read_only_root_and_binds_and_tmpfs():
    os.makedirs('/var/lib/machines/share', exist_ok=True)
    with open('/var/lib/machines/share/file', 'w') as f:
        f.write('from the host\n')
    create('web', BUSYBOX, 'ReadOnly=yes', 'Bind=/var/lib/machines/share:/mnt/share', 'BindReadOnly=/var/lib/machines/share:/mnt/ro',
           'TemporaryFileSystem=/scratch:size=1m')
    ctl('start', 'web')
    assert inside('web', 'cat', '/mnt/share/file') == 'from the host\n'
    assert run('ctrctl', 'exec', 'web', '--', 'touch', '/etc/x').status != 0
    inside('web', 'touch', '/scratch/x')
    assert run('ctrctl', 'exec', 'web', '--', 'touch', '/mnt/ro/x').status != 0
    inside('web', 'touch', '/mnt/share/new')
    st = os.stat('/var/lib/machines/share/new')
    assert st.st_uid == 0, 'a bind is id-mapped: what root inside makes is root\'s, not %d\'s' % st.st_uid
    assert inside('web', 'stat', '-c', '%u', '/mnt/share/file').strip() == '0'
    remove('web')
    run('rm', '-r', '/var/lib/machines/share')


def test_twenty_at_once():
    many = ['many%02d' % i for i in range(20)]
    for name in many:
        create(name)
    ctl('start', *many, timeout=120)
    assert all(state(n) == 'running' for n in many)
    ranges = [show(n)['UIDBase'] for n in many]
    assert len(set(ranges)) == 20, ranges
    ctl('stop', *many, timeout=120)
    assert all(state(n) == 'stopped' for n in many)
    remove(*many)
