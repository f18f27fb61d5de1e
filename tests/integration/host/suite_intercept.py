# SPDX-License-Identifier: LGPL-2.1-or-later
# InterceptSystemCalls=: what a process of the host's does for a container, and what it
# does not.

import errno
import platform
import stat

from ctrd import *

SHARED = ['deb']
# Numbers are the kernel's: asm/unistd.h.
CALLS = {
    'x86_64': {'mknod': 133, 'mknodat': 259, 'setxattr': 188, 'lsetxattr': 189, 'fsetxattr': 190, 'sysinfo': 99, 'shmat': 30},
    'aarch64': {'mknodat': 33, 'setxattr': 5, 'lsetxattr': 6, 'fsetxattr': 7, 'sysinfo': 179, 'shmat': 196},
}.get(platform.machine())
AT_FDCWD = -100
OPAQUE = 'trusted.overlay.opaque'


def setup():
    create('deb', DEBIAN, 'InterceptSystemCalls=mknod setxattr sysinfo', 'Nesting=yes', start=True)


def teardown():
    remove('deb')


def sh(script, name='deb', **kw):
    return run('ctrctl', 'exec', name, '--', 'sh', '-c', script, **kw)


def perl(script, name='deb', **kw):
    return run('ctrctl', 'exec', name, '--', 'perl', '-e', script, **kw)


def mknod(path, mode, major, minor, name='deb', before=''):
    """0, or the number of an error."""
    device = (minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)
    r = perl('%s my $p = "%s"; my $r = syscall(%d, %d, $p, %d, %d); print $r == -1 ? $!+0 : 0' %
             (before, path, CALLS['mknodat'], AT_FDCWD, mode, device), name=name, check=True)
    return int(r.out)


def setxattr(path, key, value, call='setxattr', name='deb', before=''):
    r = perl('%s my ($p, $k, $v) = ("%s", "%s", "%s"); my $r = syscall(%d, $p, $k, $v, length $v, 0); print $r == -1 ? $!+0 : 0' %
             (before, path, key, value, CALLS[call]), name=name, check=True)
    return int(r.out)


def interceptors():
    return run('pgrep', '-x', 'ctr-intercept').out.split()


def test_harmless_devices_are_made_and_work():
    for name, major, minor in (('null', 1, 3), ('zero', 1, 5), ('full', 1, 7), ('random', 1, 8), ('urandom', 1, 9), ('tty', 5, 0)):
        assert mknod('/srv/' + name, stat.S_IFCHR | 0o666, major, minor) == 0, name
    out = sh('stat -c "%F %t %T %u %g %a" /srv/null; echo x >/srv/null; head -c 4 /srv/zero | od -An -c; echo x 2>/dev/null >/srv/full || echo full', check=True).out
    # The mode is as the caller's umask has it.
    assert out.split() == ['character', 'special', 'file', '1', '3', '0', '0', '644', '\\0', '\\0', '\\0', '\\0', 'full'], out
    # On disk it is root's, as everything of root's is.
    st = os.lstat('/var/lib/ctrd/containers/deb/fs/upper/srv/null')
    assert (st.st_uid, st.st_gid, os.major(st.st_rdev), os.minor(st.st_rdev)) == (0, 0, 1, 3), st
    sh('rm /srv/null /srv/zero /srv/full /srv/random /srv/urandom /srv/tty', check=True)


def test_whiteouts():
    # An overlay, as the root is, lets nobody make what it hides files by (ovl_mknod()).
    assert mknod('/srv/whiteout', stat.S_IFCHR, 0, 0) == errno.EPERM
    assert mknod('/var/lib/containers/whiteout', stat.S_IFCHR, 0, 0) == 0
    assert sh('stat -c "%t %T" /var/lib/containers/whiteout; rm /var/lib/containers/whiteout', check=True).out.split() == ['0', '0']


def test_other_devices_are_not():
    for mode, major, minor in ((stat.S_IFBLK, 8, 0), (stat.S_IFCHR, 1, 1), (stat.S_IFCHR, 1, 4), (stat.S_IFCHR, 1, 11), (stat.S_IFBLK, 1, 3),
                               (stat.S_IFCHR, 5, 1), (stat.S_IFCHR, 10, 229), (stat.S_IFBLK, 7, 0), (stat.S_IFCHR, 1, 0x103)):
        assert mknod('/srv/bad', mode | 0o666, major, minor) == errno.EPERM, (mode, major, minor)
    assert sh('ls /srv').out == ''
    # What is no device needs nobody.
    sh('mkfifo /srv/fifo && rm /srv/fifo', check=True)


def test_the_callers_own_rights_decide():
    sh('useradd -m alice 2>/dev/null; mkdir -p /srv/hers /srv/roots; chown alice /srv/hers', check=True)
    alice = 'use POSIX; my ($u, $g) = (getpwnam("alice"))[2, 3]; POSIX::setgid($g); POSIX::setuid($u);'
    assert mknod('/srv/hers/null', stat.S_IFCHR | 0o666, 1, 3, before=alice) == errno.EPERM
    # Nor as root of a user namespace of her own, where she has every capability.
    unshare = 'su -s /bin/sh alice -c "unshare --user --map-root-user %s"'
    assert sh(unshare % 'mknod /srv/hers/null c 1 3').status != 0
    assert sh('ls /srv/hers').out == ''
    # Errors are those of the call itself.
    assert mknod('/srv/no/such', stat.S_IFCHR, 1, 3) == errno.ENOENT
    assert mknod('/etc/passwd/x', stat.S_IFCHR, 1, 3) == errno.ENOTDIR
    assert mknod('/srv/hers', stat.S_IFCHR, 1, 3) == errno.EEXIST
    assert mknod('/proc/sys/kernel/x', stat.S_IFCHR, 1, 3) in (errno.ENOENT, errno.EROFS, errno.EPERM, errno.EACCES)
    sh('rm -r /srv/hers /srv/roots', check=True)


def test_paths_are_the_callers():
    # Relative to where it is, through its own chroot and links, and never outside.
    sh('mkdir -p /srv/jail/dev /srv/jail/x; ln -s /dev /srv/jail/x/abs', check=True)
    assert mknod('../dev/null', stat.S_IFCHR | 0o600, 1, 3, before='chroot "/srv/jail"; chdir "/x";') == 0
    assert mknod('abs/zero', stat.S_IFCHR | 0o600, 1, 5, before='chroot "/srv/jail"; chdir "/x";') == 0
    assert sorted(sh('ls /srv/jail/dev').out.split()) == ['null', 'zero']
    # Links of /proc lead where a path does not.
    assert mknod('/proc/1/root/srv/null', stat.S_IFCHR, 1, 3) in (errno.ELOOP, errno.ENOENT, errno.EACCES)
    assert mknod('/proc/self/cwd/null', stat.S_IFCHR, 1, 3) in (errno.ELOOP, errno.ENOENT)
    sh('rm -r /srv/jail', check=True)


def test_opaque_directories():
    sh('mkdir -p /var/lib/containers/d /var/lib/containers/e', check=True)
    assert setxattr('/var/lib/containers/d', OPAQUE, 'y') == 0
    assert setxattr('/var/lib/containers/e', OPAQUE, 'y', call='lsetxattr') == 0
    real = '/var/lib/ctrd/containers/deb/storage/containers/'
    assert os.getxattr(real + 'd', OPAQUE) == os.getxattr(real + 'e', OPAQUE) == b'y'
    for key, value in ((OPAQUE, 'x'), (OPAQUE, 'yy'), ('trusted.overlay.origin', 'y'), ('trusted.other', 'y'), ('security.capability', 'y')):
        assert setxattr('/var/lib/containers/d', key, value) != 0, (key, value)
    # Of users' it is the kernel that decides, as ever; on what is no directory it means nothing.
    assert setxattr('/var/lib/containers/d', 'user.mine', 'y') == 0
    sh('touch /var/lib/containers/f', check=True)
    assert setxattr('/var/lib/containers/f', OPAQUE, 'y') == errno.ENOTDIR
    alice = 'use POSIX; POSIX::setuid(65534);'
    assert setxattr('/var/lib/containers/d', OPAQUE, 'y', before=alice) in (errno.EPERM, errno.EACCES)
    # By a descriptor too. AT_FDCWD is none: newer kernels take it, but set nothing of this.
    by_fd = ('mkdir "/var/lib/containers/g"; chdir "/var/lib/containers/g"; opendir my $h, "."; my ($k, $v) = ("%s", "y");'
             'for (%d, fileno $h) { print syscall(%d, $_, $k, $v, 1, 0) == -1 ? $!+0 : 0, " " }')
    out = perl(by_fd % (OPAQUE, AT_FDCWD, CALLS['fsetxattr']), check=True).out
    assert out.split() in ([str(errno.EBADF), '0'], [str(errno.EPERM), '0']), out
    assert os.getxattr(real + 'g', OPAQUE) == b'y'
    sh('cd /var/lib/containers; rm -r d e f g', check=True)


def sysinfo(name='deb'):
    """uptime, loads, totalram … of struct sysinfo."""
    r = perl('my $b = "\\0" x 128; syscall(%d, $b) == 0 or die $!; print join " ", unpack("q Q3 Q6 S", $b)' % CALLS['sysinfo'], name=name, check=True)
    return [int(w) for w in r.out.split()]


def test_sysinfo_is_the_containers():
    with open('/proc/uptime') as f:
        machine = float(f.read().split()[0])
    began = int(show('deb')['StartedAt'])
    up = sysinfo()[0]
    alive = time.time() - began / 1e6 if began > 1e12 else None
    assert up < machine - 5 or machine < 60, (up, machine)
    assert alive is None or abs(up - alive) < 5 * PATIENCE, (up, alive)
    assert sysinfo()[1:4] == [0, 0, 0]
    # Programs ask this way.
    assert sh('test -x /usr/bin/uptime || exit 0; uptime', check=True).status == 0


def test_sysinfo_has_the_limits():
    with open('/sys/fs/cgroup/cgroup.controllers') as f:
        if 'memory' not in f.read().split():
            raise Skip('this host has no memory controller')
    with container('small', DEBIAN, 'InterceptSystemCalls=sysinfo', 'MemoryMax=256M', 'MemorySwapMax=16M') as name:
        _, _, _, _, total, free, shared, buffers, swap, free_swap, tasks = sysinfo(name)
        assert (total, shared, buffers) == (256 << 20, 0, 0), (total, shared, buffers)
        assert 0 < free < total, free
        # Where the host has less swap than that, there is no more of it.
        assert swap <= 16 << 20 and free_swap <= swap, (swap, free_swap)
        assert 1 < tasks < 100, tasks


def test_paths_that_change_meanwhile():
    """A link leads elsewhere from one moment to the next: a node may come to lie elsewhere in
    the container, and is never another device."""
    sh('mkdir -p /srv/a /srv/b', check=True)
    flip = subprocess.Popen(['ctrctl', 'exec', 'deb', '--', 'sh', '-c',
                             'while :; do ln -sfn /srv/a /srv/l; ln -sfn /srv/b /srv/l; ln -sfn /dev /srv/l; done'],
                            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        perl('for my $i (1 .. 1000) { my ($n, $d) = ("/srv/l/node$i", "/srv/l/disk$i"); '
             'syscall(%d, %d, $n, %d, 0x103); syscall(%d, %d, $d, %d, 0x800) }' %
             (CALLS['mknodat'], AT_FDCWD, stat.S_IFCHR | 0o600, CALLS['mknodat'], AT_FDCWD, stat.S_IFBLK | 0o600), check=True)
    finally:
        flip.kill()
        flip.wait()
        sh('pkill -f "while :"')
    made = sh('find / -xdev \\( -name "node*" -o -name "disk*" \\) \\( -type c -o -type b \\) -printf "%p %y "; cd /dev; stat -c "%t:%T" node* 2>/dev/null | sort -u').out
    assert 'node' in made and 'disk' not in made and ' b ' not in made, made
    sh('rm -rf /srv/* /dev/node*')


# Another process writes one string, then the other, to where the arguments of calls lie.
# Where that is has to be known beforehand: perl has no pointers.
FLIPPED = 0x10000000
FLIP = ('my $id = shmget(0, 4096, 0600) // die $!; syscall(%d, $id, %d, 0) != -1 or die $!;'
        'my @words = ("%s\\0", "%s\\0"); shmwrite($id, $words[0], 0, length $words[0]);'
        'my $child = fork // die $!; if (!$child) { while (getppid != 1) { shmwrite($id, $_, 0, length $_) for @words } } my %%seen; %s;'
        'kill 9, $child; waitpid $child, 0; shmctl($id, 0, 0); print join " ", map { "$_=$seen{$_}" } sort keys %%seen')


def flip(one, other, calls):
    """How many calls had which result: 0 or the number of an error."""
    r = perl(FLIP % (CALLS['shmat'], FLIPPED, one, other, calls), check=True, timeout=300)
    return {int(k): int(v) for k, v in (w.split('=') for w in r.out.split())}


def test_memory_that_changes_meanwhile():
    """What was checked is what is done: nothing is read a second time."""
    sh('mkdir -p /srv/a /var/lib/containers/d', check=True)
    seen = flip('/srv/a/one', '/srv/a/two',
                # Names that are half of each are made too.
                'for (1 .. 5000) { for (%d, %d) { $seen{syscall(%d, %d, %d, $_ >> 16, $_ & 0xffff) == -1 ? $!+0 : 0}++ }'
                'for (glob "/srv/a/*") { -c $_ && (lstat $_)[6] == 0x103 or die $_; unlink $_ } }' %
                ((stat.S_IFCHR | 0o600) << 16 | 0x103, (stat.S_IFBLK | 0o600) << 16 | 0x800, CALLS['mknodat'], AT_FDCWD, FLIPPED))
    assert set(seen) <= {0, errno.EPERM, errno.EEXIST} and seen[0] == 5000, seen

    # The attribute's name, of which only one is allowed.
    seen = flip(OPAQUE, 'trusted.overlay.origin',
                'my ($p, $v) = ("/var/lib/containers/d", "y"); for (1 .. 5000) {'
                '$seen{syscall(%d, $p, %d, $v, 1, 0) == -1 ? $!+0 : 0}++ }' % (CALLS['setxattr'], FLIPPED))
    assert set(seen) == {0, errno.EPERM}, seen
    names = os.listxattr('/var/lib/ctrd/containers/deb/storage/containers/d')
    assert [n for n in names if n.startswith('trusted.')] == [OPAQUE], names
    sh('rm -r /srv/a /var/lib/containers/d', check=True)


def test_callers_that_end_meanwhile():
    for i in range(20):
        p = subprocess.Popen(['ctrctl', 'exec', 'deb', '--', 'perl', '-e', 'my $p = "/srv/x"; while (1) { syscall(%d, %d, $p, %d, 0x103); unlink $p }' %
                              (CALLS['mknodat'], AT_FDCWD, stat.S_IFCHR)], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.02)
        # Where it has not begun yet there is nothing to kill.
        sh('until pkill -9 perl; do sleep 0.05; done', check=True)
        p.wait()
    assert mknod('/srv/after', stat.S_IFCHR, 1, 3) == 0
    sh('rm -f /srv/after /srv/x')
    # No process stays of those that answered, and there is one that asks for more.
    wait_until(lambda: len(interceptors()) == 1, what='the end of all but one of %s' % interceptors())


# A page that never comes: a file system whose server answers all but reads (fuse(4);
# linux/fuse.h), mapped, with the path of a call at that address.
STALL = r"""
sub attr { my ($ino, $mode) = @_; pack 'Q6 L10', $ino, 1 << 20, 0, 0, 0, 0, 0, 0, 0, $mode, 1, 0, 0, 0, 4096, 0 }
open my $f, '+<', '/dev/fuse' or die $!; $^F = 100;
my ($source, $target, $type, $data) = ('slow', '/mnt', 'fuse', 'fd=' . fileno($f) . ',rootmode=40000,user_id=0,group_id=0');
syscall(%(mount)d, $source, $target, $type, 0, $data) == 0 or die "mount: $!";
if (!fork) {
    for my $i (1 .. 20) {
        next if fork;
        open my $file, '<', '/mnt/file' or die "open: $!";
        my $at = syscall(%(mmap)d, 0, 4096, 1, 1, fileno $file, 4096 * $i);
        my $r = syscall(%(mknodat)d, -100, $at, 0x2180, 0x103);
        print $r == -1 ? $!+0 : 0, "\n"; exit;
    }
    1 while wait != -1;
    print "done\n"; exit;
}
$SIG{CHLD} = sub { exit };
while (sysread $f, my $request, 1 << 17) {
    my ($length, $code, $unique, $node) = unpack 'L2 Q2', $request;
    my ($error, $answer) = (-38, '');
    if ($code == 26) { ($error, $answer) = (0, pack 'L4 S2 L', 7, 22, 0, 0, 0, 0, 4096) }
    elsif ($code == 1) { ($error, $answer) = (0, pack('Q4 L2', 2, 0, 1000, 1000, 0, 0) . attr(2, 0100644)) }
    elsif ($code == 3) { ($error, $answer) = (0, pack('Q L2', 1000, 0, 0) . attr($node, $node == 1 ? 040755 : 0100644)) }
    elsif ($code == 14) { ($error, $answer) = (0, pack 'Q L2', 0, 0, 0) }
    next if $code == 15 || $code == 2 || $code == 36;
    syswrite $f, pack('L l Q', 16 + length $answer, $error, $unique) . $answer;
}
""" % {'mount': {'x86_64': 165, 'aarch64': 40}.get(platform.machine(), 0), 'mmap': {'x86_64': 9, 'aarch64': 222}.get(platform.machine(), 0),
       'mknodat': CALLS['mknodat']}


def test_memory_that_never_comes():
    """The kernel asks no file system of a user namespace on behalf of an id that it has
    not (fuse(4)): who answers is told EFAULT at once and waits for nobody."""
    if not os.path.exists('/dev/fuse'):
        raise Skip('this host has no /dev/fuse')
    create('stall', DEBIAN, 'InterceptSystemCalls=mknod', 'Device=/dev/fuse', start=True)
    try:
        r = run('ctrctl', 'exec', 'stall', '--', 'perl', '-e', STALL)
        # After its deadline it would be EIO.
        assert r.out.split() == [str(errno.EFAULT)] * 20 + ['done'], r
        assert mknod('/srv/after', stat.S_IFCHR, 1, 3, name='stall') == 0
    finally:
        remove('stall')


def test_a_command_and_a_reboot_are_served_too():
    before = show('deb')['Leader']
    sh('systemctl reboot')
    wait_until(lambda: show('deb')['State'] == 'running' and show('deb')['Leader'] not in (before, '0') and sh('true').status == 0, timeout=60)
    assert mknod('/srv/null', stat.S_IFCHR, 1, 3) == 0
    assert sysinfo()[0] < 60 * PATIENCE
    # What systemd starts, and what comes beside it.
    r = run('ctrctl', 'exec', 'deb', '--', 'systemd-run', '--wait', '--pipe', '--quiet', 'mknod', '/srv/zero', 'c', '1', '5')
    assert r.status == 0, r
    sh('rm /srv/null /srv/zero', check=True)


def test_without_who_answers():
    """It is gone: calls of what runs fail as if they were not there, and the container goes
    on. There is another for what comes."""
    before = interceptors()
    os.kill(int(before[0]), signal.SIGKILL)
    wait_until(lambda: interceptors() and interceptors() != before)
    r = run('ctrctl', 'exec', 'deb', '--', 'systemd-run', '--wait', '--pipe', '--quiet', 'mknod', '/srv/null', 'c', '1', '3')
    assert r.status != 0, r
    assert mknod('/srv/null', stat.S_IFCHR, 1, 3) == 0
    assert show('deb')['State'] == 'running'
    ctl('restart', 'deb')
    r = run('ctrctl', 'exec', 'deb', '--', 'systemd-run', '--wait', '--pipe', '--quiet', 'mknod', '/srv/zero', 'c', '1', '5')
    assert r.status == 0, r
    sh('rm /srv/null /srv/zero', check=True)


def test_it_is_no_more_than_it_must_be():
    pid = int(interceptors()[0])
    with open('/proc/%d/status' % pid) as f:
        status = dict(line.rstrip('\n').split(':\t', 1) for line in f)
    assert status['NoNewPrivs'] == '1', status
    # CAP_SYS_ADMIN is among what is left; modules, raw I/O, time, the network are not.
    assert int(status['CapEff'], 16) & (1 << 16 | 1 << 17 | 1 << 25 | 1 << 12 | 1 << 22) == 0, status
    assert open('/proc/%d/cgroup' % pid).read().strip().endswith('/ctr-deb.scope/monitor')


def test_security_and_settings():
    assert re.search(r'InterceptSystemCalls: mknod setxattr sysinfo', ctl('security', 'deb'))
    for bad in ('mount', 'bpf', 'mknod,sysinfo', '~mknod'):
        fails('create', '-s', 'InterceptSystemCalls=' + bad, 'bad', BUSYBOX, word='InterceptSystemCalls')
    for with_what in ('UserNamespace=no', 'UserNamespace=identity', 'SeccompProfile=unconfined'):
        fails('create', '-s', 'InterceptSystemCalls=mknod', '-s', with_what, 'bad', BUSYBOX, word='InterceptSystemCalls')
    # Without it nothing of all this is there.
    with container('plain', DEBIAN) as name:
        assert mknod('/srv/null', stat.S_IFCHR, 1, 3, name=name) == errno.EPERM
        assert len(interceptors()) == 1
        ctl('stop', 'deb')
        wait_until(lambda: not interceptors())
    ctl('start', 'deb')
