# SPDX-License-Identifier: LGPL-2.1-or-later
# Bad input: one sentence, the right status, nothing left behind.

import os

from ctrd import *


def test_names_that_are_no_host_name():
    for name in ('', '-a', 'a-', 'A', 'a.b', 'a_b', '../x', 'a/b', 'x' * 64, 'ä', 'a b', 'a\nb'):
        fails('create', '--', name, BUSYBOX, word='name')


def test_template_that_does_not_exist():
    message = fails('create', 'web', 'gentoo', word='gentoo')
    assert 'debian' in message, 'the sentence names those there are: ' + message
    fails('create', 'web', '../../etc', word='template')
    fails('create', 'web', 'busybox/../..', word='template')


def test_variant_that_the_mirror_does_not_have():
    fails('create', 'web', 'debian/nosuchsuite', word='nosuchsuite', timeout=120)


def test_container_that_exists():
    with container('web', start=False):
        fails('create', 'web', BUSYBOX, word='already')


def test_start_of_a_running_one():
    with container('web'):
        fails('start', 'web', word='already')
        assert state('web') == 'running'


def test_stop_of_a_stopped_one():
    with container('web', start=False):
        fails('stop', 'web', word='not running')
        fails('kill', 'web', word='not running')
        r = run('ctrctl', 'exec', 'web', '--', 'true')
        assert r.status in (1, 125) and 'not running' in r.err, r


def test_container_that_does_not_exist():
    for verb in ('start', 'stop', 'restart', 'show', 'remove', 'kill', 'logs', 'console'):
        fails(verb, 'nobody', word='nobody')
    fails('status', 'nobody', word='nobody', status=4)      # as systemctl status has it


def test_misspelt_setting_on_the_command_line():
    message = fails('create', '-s', 'MemryMax=1G', 'web', BUSYBOX, word='MemryMax')
    assert 'MemoryMax' in message, message


def test_bad_values_of_settings():
    for setting in ('MemoryMax=lots', 'Mode=bridge9', 'UserNamespace=maybe', 'StopSignal=SIGNOPE', 'Address=10.0.0.1',
                    'Bind=relative', 'Capability=CAP_NOPE', 'Credential=../../x:/etc/passwd', 'MACAddress=01:00:00:00:00:00',
                    'Environment=no-assignment', 'UIDBase=5'):
        fails('create', '-s', setting, 'web', BUSYBOX, word=setting.split('=')[0])


def test_settings_that_contradict_each_other():
    fails('create', '-s', 'Mode=private', '-s', 'Address=10.1.1.2/24', 'web', BUSYBOX, word='Mode')


def test_misspelt_key_in_the_file_names_file_and_line():
    with container('web', start=False):
        with open('/etc/ctrd/containers/web.conf', 'a') as f:
            f.write('[Exec]\nHostnam=x\n')
        message = fails('start', 'web', word='/etc/ctrd/containers/web.conf:')
        assert 'Hostname' in message, message


def test_rootfs_without_an_init():
    create('web')
    ctl('start', 'web')
    inside('web', 'sh', '-c', 'rm /sbin/init')
    ctl('stop', 'web')
    fails('start', 'web', word='init')
    assert state('web') == 'failed'
    remove('web')


def test_runtime_that_does_not_exist():
    with container('web', BUSYBOX, 'Runtime=/usr/bin/no-such-runtime', start=False):
        fails('start', 'web', word='no-such-runtime')


def test_bind_source_that_does_not_exist():
    with container('web', BUSYBOX, 'Bind=/no/such/dir:/mnt', start=False):
        fails('start', 'web', word='/no/such/dir')
        assert show('web')['ExitReason'] == 'start-failed'


def test_credential_that_does_not_exist():
    with container('web', BUSYBOX, 'Credential=key:/no/such/file', start=False):
        fails('start', 'web', word='/no/such/file')


def test_what_is_no_file_is_not_waited_for():
    fifo = '/etc/ctrd/fifo'
    os.mkfifo(fifo)
    drop_in = '/etc/ctrd/containers/web.conf.d'
    try:
        with container('web', BUSYBOX, 'Credential=key:' + fifo, start=False):
            fails('start', 'web', word=fifo, timeout=20)
            ctl('set', 'web', 'Credential=')
            os.makedirs(drop_in, exist_ok=True)
            os.rename(fifo, drop_in + '/10-fifo.conf')
            fails('start', 'web', word='10-fifo.conf', timeout=20)
            fails('set', 'web', 'Description=x', word='10-fifo.conf', timeout=20)
            assert state('web') == 'stopped'
    finally:
        if os.path.exists(fifo):
            os.unlink(fifo)


def test_id_range_that_is_taken():
    with container('one', BUSYBOX, 'UIDBase=786432', start=False):
        fails('create', '-s', 'UIDBase=786432', 'two', BUSYBOX, word='UIDBase')


def test_start_that_is_never_ready():
    with container('web', BUSYBOX, 'NotifyReady=yes', 'StartTimeoutSec=1s', start=False):
        fails('start', 'web', word='ready')
        assert state('web') == 'failed'


def test_init_that_ends_at_once():
    with container('web', BUSYBOX, 'Command=/bin/false', start=False):
        r = run('ctrctl', 'start', 'web')      # it did start, or it ended before that was seen
        assert r.status in (0, 1), r
        wait_until(lambda: state('web') == 'failed')
        assert show('web')['ExitStatus'] == '1', show('web')


def test_template_that_fails_half_way():
    path = template('broken', 'mkdir -p $CTRD_TARGET/rootfs/usr\necho "STATUS=half way"\n'
                                     'echo "the mirror said no" >&2\nexit 1\n')
    fails('create', 'web', 'broken', word='the mirror said no')
    os.unlink(path)


def test_template_that_makes_nothing():
    path = template('broken', 'exit 0\n')
    fails('create', 'web', 'broken', word='rootfs')
    os.unlink(path)


def test_template_cannot_write_elsewhere():
    path = template('broken', 'touch /etc/from-template 2>/dev/null && echo wrote >&2 || echo "walls hold" >&2\nexit 1\n')
    fails('create', 'web', 'broken', word='walls hold')
    assert not os.path.exists('/etc/from-template')
    os.unlink(path)


def test_full_disk_while_a_template_is_built():
    # a disk of its own for the images, with no room
    run('systemctl', 'stop', 'ctrd', check=True)
    run('mount', '-t', 'tmpfs', '-o', 'size=1m,mode=700', 'tmpfs', '/var/lib/ctrd/images', check=True)
    try:
        message = fails('create', 'web', BUSYBOX)
        assert 'space' in message or 'full' in message, message
        wait_until(lambda: not os.listdir('/var/lib/ctrd/images'), 10, 'what was half built goes')
    finally:
        run('systemctl', 'stop', 'ctrd', check=True)
        run('umount', '-l', '/var/lib/ctrd/images', check=True)


def test_creation_canceled_half_way():
    path = template('slow', 'mkdir $CTRD_TARGET/rootfs\necho PROGRESS=10\nexec sleep 1000\n')
    job = ctl('create', '--no-wait', 'web', 'slow').split()[-1]
    wait_until(lambda: run('systemctl', 'is-active', 'ctr-template-slow-one.service').out.strip() == 'activating')
    ctl('job', 'cancel', job)
    wait_until(lambda: run('systemctl', 'is-active', 'ctr-template-slow-one.service').out.strip() != 'activating')
    assert 'web' not in names()
    os.unlink(path)


def test_usage_errors_end_with_2():
    for argv in (['nosuchverb'], ['start'], ['create', 'web'], ['start', '--nosuchoption', 'x'], ['kill', '-S', 'NOPE', 'x']):
        r = run('ctrctl', *argv)
        assert r.status == 2 and r.err, (argv, r)


def test_an_unprivileged_user_may_look_but_not_touch():
    with container('web', start=False):
        run('useradd', '--system', 'visitor')
        asvisitor = ['setpriv', '--reuid', 'visitor', '--clear-groups', 'ctrctl']
        r = run(*asvisitor, 'list')
        assert r.status == 0 and 'web' in r.out, r
        for argv in (['start', 'web'], ['remove', 'web'], ['exec', 'web', '--', 'id'], ['console', 'web'], ['logs', 'web'],
                     ['create', 'x', BUSYBOX], ['show', '--settings', 'web']):
            r = run(*asvisitor, *argv)
            assert r.status != 0 and r.err, (argv, r)
        assert state('web') == 'stopped' and names() == ['web']
        run('userdel', 'visitor')
