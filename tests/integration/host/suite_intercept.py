# SPDX-License-Identifier: LGPL-2.1-or-later
# System calls that are done from outside: InterceptSystemCalls=.

import errno
import platform

from ctrd import *

SHARED = ['icp']
CALLS = {'x86_64': {'mknodat': 259, 'setxattr': 188, 'sysinfo': 99}, 'aarch64': {'mknodat': 33, 'setxattr': 5, 'sysinfo': 179}}.get(
    platform.machine())
S_IFCHR, S_IFBLK, AT_FDCWD = 0o020000, 0o060000, -100


def setup():
    create('icp', DEBIAN, 'InterceptSystemCalls=mknod sysinfo setxattr', start=True)


def teardown():
    remove('icp')


def perl(script):
    return ctl('exec', 'icp', '--', 'perl', '-e', script).strip()


def call(name, *arguments):
    # a string must be a variable: perl gives none of its constants away
    words = ', '.join('my $v%d = %s' % (i, a) if str(a).startswith('"') else str(a) for i, a in enumerate((CALLS[name], *arguments)))
    return int(perl('my $r = syscall(%s); print $r == -1 ? $!+0 : 0' % words))


def mknod(path, mode, major, minor):
    return call('mknodat', AT_FDCWD, '"%s"' % path, mode, major << 8 | minor)


def interceptors():
    pid = monitor_pid('icp')
    return [int(p) for p in open('/proc/%d/task/%d/children' % (pid, pid)).read().split()
            if open('/proc/%s/comm' % p).read().strip() == 'ctr-intercept']


def test_harmless_nodes_are_made_and_work():
    r = mknod('/srv/null', S_IFCHR | 0o666, 1, 3)
    assert r == 0, r
    inside('icp', 'sh', '-c', 'cd /srv && echo x > null && test ! -s null && test -c null && stat -c %u:%g null | grep -qx 0:0')
    assert mknod('/srv/null', S_IFCHR | 0o666, 1, 3) == errno.EEXIST
    assert mknod('/dev/shm/whiteout', S_IFCHR, 0, 0) == 0     # not on an overlay: the kernel's word
    inside('icp', 'sh', '-c', 'cd /srv && mknod ./zero c 1 5 && head -c 3 zero | wc -c | grep -qx 3; mkfifo f && rm f zero null /dev/shm/whiteout')


def test_other_nodes_are_refused():
    for mode, major, minor in ((S_IFBLK, 8, 0), (S_IFCHR, 1, 1), (S_IFCHR, 1, 2), (S_IFCHR, 10, 229), (S_IFBLK, 1, 3), (S_IFBLK, 7, 0)):
        assert mknod('/srv/bad', mode | 0o600, major, minor) == errno.EPERM, (mode, major, minor)
    inside('icp', 'test', '!', '-e', '/srv/bad')


def test_a_user_inside_gains_nothing():
    script = 'my $r = syscall(%d, -100, my $p = "/tmp/n", %d, 259); print $r == -1 ? $!+0 : 0' % (CALLS['mknodat'], S_IFCHR | 0o666)
    assert ctl('exec', '--user', 'nobody', 'icp', '--', 'perl', '-e', script).strip() == str(errno.EPERM)
    # nor root of a namespace of its own
    r = run('ctrctl', 'exec', '--user', 'nobody', 'icp', '--', 'unshare', '-r', 'perl', '-e', script)
    assert r.out.strip() in ('', str(errno.EPERM)), r.out


def test_links_stay_within():
    inside('icp', 'sh', '-c', 'ln -sfn /srv /tmp/there && ln -sfn /proc/1/cwd/srv /tmp/magic && ln -sfn ../../../../../../srv /tmp/up')
    assert mknod('/tmp/there/a', S_IFCHR | 0o666, 1, 3) == 0
    assert mknod('/tmp/up/b', S_IFCHR | 0o666, 1, 3) == 0
    assert mknod('/tmp/magic/c', S_IFCHR | 0o666, 1, 3) == errno.ELOOP
    inside('icp', 'sh', '-c', 'test -c /srv/a && test -c /srv/b && rm /srv/a /srv/b')
    assert not os.path.exists('/srv/a') and not os.path.exists('/srv/b')


def test_a_path_that_changes_meanwhile():
    """The device is of a register, the path is read once: two thousand times, with
    links that change under it, and never on the host, nor another device."""
    script = r'''
my $pid = fork; if (!$pid) { while (1) { unlink "/tmp/l"; symlink "/srv/d", "/tmp/l"; unlink "/tmp/l"; symlink "/proc/1/cwd/../etc", "/tmp/l" } }
mkdir "/srv/d"; my $made = 0; my $p = "/tmp/l/raced";
for (1 .. 2000) { $made += syscall(%d, -100, $p, %d, $_ %% 2 ? 259 : 2048) == 0; die "block" if -b "/srv/d/raced"; unlink "/srv/d/raced" }
kill 9, $pid; print $made''' % (CALLS['mknodat'], S_IFCHR | 0o666)
    r = run('timeout', '-s', 'KILL', '200', 'ctrctl', 'exec', 'icp', '--', 'perl', '-e', script, check=True, timeout=210)
    assert not os.path.exists('/etc/raced')
    print('# made', r.out.strip())


def test_sysinfo_is_the_containers():
    out = perl(r'my $b = "\0" x 128; syscall(%d, $b) == 0 or die; print join " ", (unpack("q10S", $b))' % CALLS['sysinfo'])
    words = [int(w) for w in out.split()]
    with open('/proc/uptime') as f:
        host = float(f.read().split()[0])
    assert 0 <= words[0] < min(host, 3600), words
    assert words[1:4] == [0, 0, 0], words
    assert 0 < words[10] < 200, words


def test_the_opaque_mark_and_no_other():
    inside('icp', 'sh', '-c', 'mkdir -p /dev/shm/d')
    path = '"/dev/shm/d"'
    assert call('setxattr', path, '"trusted.overlay.opaque"', '"y"', 1, 0) == 0
    leader = pids_of_payload('icp')[0]
    assert os.getxattr('/proc/%d/root/dev/shm/d' % leader, 'trusted.overlay.opaque') == b'y'
    assert call('setxattr', path, '"trusted.overlay.opaque"', '"x"', 1, 0) == errno.EPERM
    assert call('setxattr', path, '"trusted.foo"', '"y"', 1, 0) == errno.EPERM
    inside('icp', 'sh', '-c', 'rmdir /dev/shm/d')


def test_a_killed_interceptor_is_replaced():
    first = interceptors()
    assert len(first) == 1, first
    os.kill(first[0], signal.SIGKILL)
    wait_until(lambda: interceptors() and interceptors() != first)
    assert mknod('/srv/again', S_IFCHR | 0o666, 1, 3) == 0     # a new session
    inside('icp', 'rm', '/srv/again')
    assert ctl('exec', 'icp', '--', 'true') == ''


def test_it_is_shown():
    out = ctl('security', 'icp')
    assert 'InterceptSystemCalls' in out and 'mknod sysinfo setxattr' in out, out


def test_it_needs_a_user_namespace():
    r = run('ctrctl', 'create', 'icq', BUSYBOX, '-s', 'UserNamespace=no', '-s', 'InterceptSystemCalls=mknod')
    assert r.status != 0 and 'UserNamespace=no' in r.err, r
