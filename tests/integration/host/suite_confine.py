# SPDX-License-Identifier: LGPL-2.1-or-later
# What confines a container: which system calls it has.

import errno
import os
import platform
import stat

from ctrd import *

SHARED = ['deb']
# Numbers are the kernel's: asm/unistd.h.
CALLS = {
    'x86_64': {'init_module': 175, 'clock_settime': 227, 'swapon': 167, 'bpf': 321, 'keyctl': 250, 'syslog': 103, 'perf_event_open': 298,
               'io_uring_setup': 425, 'kexec_load': 246, 'open_by_handle_at': 304, 'ioctl': 16, 'unshare': 272, 'clone3': 435,
               'getpid': 39, 'ptrace': 101},
    'aarch64': {'init_module': 105, 'clock_settime': 112, 'swapon': 224, 'bpf': 280, 'keyctl': 219, 'syslog': 116, 'perf_event_open': 241,
                'io_uring_setup': 425, 'kexec_load': 104, 'open_by_handle_at': 265, 'ioctl': 29, 'unshare': 97, 'clone3': 435,
                'getpid': 172, 'ptrace': 117},
}.get(platform.machine())
TIOCSTI, TIOCLINUX, TIOCGWINSZ, CLONE_NEWUSER = 0x5412, 0x541c, 0x5413, 0x10000000


def setup():
    create('deb', DEBIAN, start=True)


def teardown():
    remove('deb')


def call(name, *arguments, container='deb'):
    """What a system call comes to inside: 0, or the number of an error."""
    number = CALLS[name] if isinstance(name, str) else name
    words = ', '.join(str(a) for a in (number, *arguments))
    r = run('ctrctl', 'exec', container, '--', 'perl', '-e', 'my $r = syscall(%s); print $r == -1 ? $!+0 : 0' % words, check=True)
    return int(r.out)


def test_every_process_is_filtered():
    out = ctl('exec', 'deb', '--', 'grep', '-h', '^Seccomp:', '/proc/1/status', '/proc/self/status')
    assert out.split() == ['Seccomp:', '2'] * 2, out


def test_a_filter_is_compiled_once():
    cache = '/run/ctrd/seccomp'
    before = {(e.name, e.inode()) for e in os.scandir(cache)}
    assert before and os.stat(cache).st_mode & 0o777 == 0o700, oct(os.stat(cache).st_mode)
    ctl('restart', 'deb')
    assert {(e.name, e.inode()) for e in os.scandir(cache)} == before


def test_what_is_the_hosts_is_refused():
    for name in ('init_module', 'clock_settime', 'swapon', 'bpf', 'syslog', 'perf_event_open', 'io_uring_setup', 'kexec_load',
                 'open_by_handle_at'):
        assert call(name, 0, 0, 0, 0, 0) == errno.EPERM, name


def test_what_is_unknown_is_not_there():
    assert call('keyctl', 0, 0) == errno.ENOSYS
    assert call(1000, 0) == errno.ENOSYS
    assert call('getpid') == 0


def test_terminals_cannot_be_written_into():
    for request in (TIOCSTI, TIOCLINUX):
        assert call('ioctl', 0, request, 0) == errno.EPERM
        assert call('ioctl', 0, request | 1 << 32, 0) == errno.EPERM   # the kernel looks at the lower half
    assert call('ioctl', 0, TIOCGWINSZ, 0) in (errno.ENOTTY, errno.EFAULT)


def test_sockets_to_the_machine_below_are_refused():
    script = 'use Socket; print socket(my $s, %s, SOCK_STREAM, 0) ? 0 : $!+0'
    assert ctl('exec', 'deb', '--', 'perl', '-e', script % 40) == str(errno.EAFNOSUPPORT)   # AF_VSOCK
    assert ctl('exec', 'deb', '--', 'perl', '-e', script % 'AF_UNIX') == '0'


def test_services_are_confined_by_their_manager_still():
    ctl('exec', 'deb', '--', 'systemd-run', '--wait', '-q', '-p', 'PrivateTmp=yes', '-p', 'ProtectSystem=strict', '-p', 'PrivateDevices=yes',
        '-p', 'ProtectHostname=yes', '-p', 'DynamicUser=yes', '-p', 'LockPersonality=yes', '-p', 'SystemCallFilter=@system-service',
        '-p', 'RestrictNamespaces=yes', '-p', 'MemoryDenyWriteExecute=yes', 'true')
    wait_until(lambda: ctl('exec', 'deb', '--', 'sh', '-c', 'systemctl --failed --no-legend').strip() == '')


def with_settings(*settings):
    """The shared container, started again with these."""
    ctl('stop', 'deb')
    with open('/etc/ctrd/containers/deb.conf.d/confine.conf', 'w') as f:
        f.write('[Security]\n' + ''.join(s + '\n' for s in settings))
    ctl('start', 'deb')


def test_profiles_and_the_filter():
    os.makedirs('/etc/ctrd/containers/deb.conf.d', exist_ok=True)
    try:
        with_settings('SeccompProfile=strict', 'SystemCallFilter=@keyring', 'SystemCallFilter=~ptrace:EACCES')
        assert call('unshare', CLONE_NEWUSER) == errno.EPERM
        assert call('unshare', 0) == 0
        assert call('clone3', 0, 0) == errno.ENOSYS
        assert call('ptrace', 0, 0, 0, 0) == errno.EACCES
        assert call('keyctl', 0, 0) != errno.ENOSYS
        wait_until(lambda: ctl('exec', 'deb', '--', 'systemctl', '--failed', '--no-legend').strip() == '')
        with_settings('SeccompProfile=unconfined')
        assert ctl('exec', 'deb', '--', 'grep', '^Seccomp:', '/proc/1/status').split() == ['Seccomp:', '0']
    finally:
        os.unlink('/etc/ctrd/containers/deb.conf.d/confine.conf')
        os.rmdir('/etc/ctrd/containers/deb.conf.d')
        ctl('restart', 'deb')


def test_bad_settings_are_refused():
    for setting in ('SystemCallFilter=@moutn', 'SystemCallFilter=reed', 'SystemCallFilter=read:EPERM', 'SystemCallFilter=~',
                    'SeccompProfile=none'):
        fails('create', 'bad', DEBIAN, '-s', setting, word=setting.split('=')[0])
    assert 'bad' not in ctl('list')


def test_security_tells_what_applies():
    rows = {row['layer']: row for row in json.loads(ctl('--json', 'security', 'deb'))}
    assert rows['Privileged']['value'] == 'no' and rows['Privileged']['source'] == 'default', rows
    assert rows['UserIDs']['source'] == 'chosen at creation', rows
    assert set(rows['Namespaces']['value'].split()) == {'pid', 'mount', 'uts', 'ipc', 'cgroup', 'network', 'user'}, rows
    assert rows['SystemCalls']['value'].startswith('default: '), rows
    assert 'CAP_SYS_ADMIN' in rows['Capabilities']['value'] and 'CAP_SYS_MODULE' not in rows['Capabilities']['value']
    # What the kernel says is what was asked for.
    assert rows['RunningSystemCalls']['value'] == '1 filter(s)', rows
    assert set(rows['RunningCapabilities']['value'].split()) == set(rows['Capabilities']['value'].split()), rows
    ctl('create', 'bare', BUSYBOX, '-s', 'UserNamespace=no', '-s', 'SeccompProfile=unconfined', '-s', 'Capability=CAP_SYS_TIME')
    try:
        rows = {row['layer']: row for row in json.loads(ctl('--json', 'security', 'bare'))}
        assert rows['Privileged']['value'].startswith('yes'), rows
        assert rows['Privileged']['source'] == '/etc/ctrd/containers/bare.conf', rows
        assert rows['SystemCalls']['value'] == 'unconfined: no filter', rows
        assert rows['CapabilitiesAdded']['value'] == 'CAP_SYS_TIME', rows
        assert 'RunningLabel' not in rows and 'UserIDs' not in rows, rows
        assert 'Privileged' in ctl('security', 'bare')
        listing = {c['name']: c['privileged'] for c in json.loads(ctl('list', '--json'))}
        assert listing == {'deb': False, 'bare': True}, listing
        assert 'privileged' in run('ctrctl', 'status', 'bare').out
    finally:
        remove('bare')
    fails('security', 'nobody', word='nobody')


def test_ids_of_others_are_not_taken():
    # A process of somebody's, a tree of systemd-nspawn's, subordinate ids.
    process = subprocess.Popen(['setpriv', '--reuid=1048577', '--regid=1048577', '--clear-groups', 'sleep', '600'])
    os.makedirs('/var/lib/machines/other')
    os.chown('/var/lib/machines/other', 1114112, 1114112)
    with open('/etc/subuid', 'a') as f:
        f.write('nobody:1179648:65536\n')
    try:
        wait_until(lambda: os.stat('/proc/%d' % process.pid).st_uid == 1048577)
        for base in ('1048576', '1114112', '1179648'):
            fails('create', 'taken', BUSYBOX, '-s', 'UIDBase=' + base, word=base)
        ctl('create', 'free', BUSYBOX, '-s', 'UIDBase=1245184')
        remove('free')
    finally:
        process.kill()
        process.wait()
        os.rmdir('/var/lib/machines/other')
        with open('/etc/subuid') as f:
            lines = f.readlines()
        with open('/etc/subuid', 'w') as f:
            f.writelines(line for line in lines if line != 'nobody:1179648:65536\n')


def test_devices_are_given_by_one_key():
    status = "stat -c '%u %F %t:%T' /dev/fuse /dev/other; (: </dev/fuse) && echo opened;" \
        ' dd if=/dev/other of=/dev/null count=1 2>&1; mknod /dev/own c 1 11 2>&1; true'
    try:
        ctl('create', 'dev', DEBIAN, '-s', 'Device=/dev/fuse', '-s', 'Device=/dev/zero:/dev/other:r', '-s', 'Mode=private')
        ctl('start', 'dev')
        out = ctl('exec', 'dev', '--', 'sh', '-c', status)
        assert out.splitlines()[0] == '0 character special file a:e5', out
        assert out.splitlines()[1] == '0 character special file 1:5', out
        assert 'opened' in out and '512 bytes' in out and 'Operation not permitted' in out, out
        rows = {row['layer']: row for row in json.loads(ctl('--json', 'security', 'dev'))}
        assert rows['DevicesAdded']['value'] == '/dev/fuse /dev/zero:/dev/other:r', rows
        allowed = run('systemctl', 'show', '-p', 'DeviceAllow', 'ctr-dev.scope', check=True).out
        assert '/dev/fuse rwm' in allowed and 'DevicePolicy=closed' in run('systemctl', 'show', '-p', 'DevicePolicy', 'ctr-dev.scope').out, allowed
        # The host may use the device still, and its node is as it was.
        assert os.stat('/dev/fuse').st_uid == 0
        ctl('stop', 'dev')
        for setting, word in (('/dev/nothing', '/dev/nothing'), ('/dev/shm', 'no device')):
            with open('/etc/ctrd/containers/dev.conf', 'a') as f:
                f.write('[Files]\nDevice=\nDevice=%s\n' % setting)
            fails('start', 'dev', word=word)
    finally:
        remove('dev')


def test_devices_that_were_not_given_cannot_be_opened():
    # Without a user namespace nodes can be made: the control group is what is left.
    ctl('create', 'bare', DEBIAN, '-s', 'UserNamespace=no', '-s', 'Mode=private')
    try:
        ctl('start', 'bare')
        out = ctl('exec', 'bare', '--', 'sh', '-c', 'mknod /root/kmsg c 1 11; mknod /root/zero c 1 5;'
                                                    ' (: </root/kmsg) && echo kmsg; (: </root/zero) && echo zero; true')
        assert out.split() == ['zero'], out
    finally:
        remove('bare')


def test_privileged_containers_are_an_action_of_their_own():
    with visitor('org.ctrd1.manage') as prefix:
        # polkit reads its rules anew by itself, in its own time.
        wait_until(lambda: run(*prefix, 'ctrctl', 'create', 'own', BUSYBOX).status == 0)
        r = run(*prefix, 'ctrctl', 'create', 'bare', BUSYBOX, '-s', 'UserNamespace=no')
        assert r.status == 1 and 'authorisation' in r.err, r
        assert 'bare' not in ctl('list')
        run(*prefix, 'ctrctl', 'remove', 'own', check=True)
