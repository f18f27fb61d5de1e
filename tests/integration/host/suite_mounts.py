# SPDX-License-Identifier: LGPL-2.1-or-later
# InterceptSystemCalls=mount:TYPE: file systems on block devices, mounted for a container
# from outside. Needs loop devices.

import errno
import platform

from ctrd import *

SHARED = ['deb']
IMAGES = '/var/tmp/ctrd-mounts'
FSOPEN, FSPICK = 430, 433     # asm-generic/unistd.h, the same everywhere
MOUNT = {'x86_64': 165, 'aarch64': 40}.get(platform.machine())
DEVICE = None


def setup():
    """An image that its author means ill by: a device node, a set-user-id program, and
    a superblock that wants the kernel to panic."""
    global DEVICE
    teardown_device()
    if run('losetup', '-f').status != 0:
        return
    os.makedirs(IMAGES + '/on')
    run('truncate', '-s', '32M', IMAGES + '/disk', check=True)
    run('mkfs.ext4', '-q', IMAGES + '/disk', check=True)
    run('mount', '-o', 'loop', IMAGES + '/disk', IMAGES + '/on', check=True)
    os.mknod(IMAGES + '/on/null', 0o666 | 0o020000, os.makedev(1, 3))
    run('cp', '/usr/bin/id', IMAGES + '/on/id', check=True)
    os.chmod(IMAGES + '/on/id', 0o4755)
    os.mkdir(IMAGES + '/on/his')
    os.chown(IMAGES + '/on/his', 1000, 1000)
    run('umount', IMAGES + '/on', check=True)
    run('tune2fs', '-e', 'panic', IMAGES + '/disk', check=True)
    DEVICE = run('losetup', '-f', '--show', IMAGES + '/disk', check=True).out.strip()
    create('deb', DEBIAN, 'InterceptSystemCalls=mount:ext4 mount:vfat mount:debugfs', 'Device=' + DEVICE, start=True)


def teardown_device():
    global DEVICE
    if DEVICE:
        run('losetup', '-d', DEVICE)
        DEVICE = None
    run('umount', IMAGES + '/on')
    run('rm', '-rf', '--one-file-system', IMAGES)


def teardown():
    if DEVICE:
        remove('deb')
    teardown_device()


def sh(script, **kw):
    if not DEVICE:
        raise Skip('this host has no loop devices')
    return run('ctrctl', 'exec', 'deb', '--', 'sh', '-c', script.replace('DEVICE', DEVICE), **kw)


def mount(source, kind, flags=0, data=0, before=''):
    """0, or the number of an error: of mount(2), with no mount(8) before it."""
    if not DEVICE:
        raise Skip('this host has no loop devices')
    words = ['"%s"' % w if isinstance(w, str) else str(w) for w in (source, '/mnt', kind)]
    script = '%s my @a = (%s, %d, %s); my $r = syscall(%d, $a[0], $a[1], $a[2], $a[3], $a[4]); print $r == -1 ? $!+0 : 0' % (
        before, ', '.join(words), flags, '"%s"' % data if data else 0, MOUNT)
    r = int(run('ctrctl', 'exec', 'deb', '--', 'perl', '-e', script, check=True).out)
    if r == 0:
        sh('umount /mnt', check=True)
    return r


def test_a_file_system_is_mounted_and_the_ids_are_its_own():
    out = sh('mount DEVICE /mnt && grep " /mnt " /proc/self/mountinfo && echo mine >/mnt/root && chown 1000:1000 /mnt/root && '
             'setpriv --reuid=1000 --regid=1000 --clear-groups sh -c "echo his >/mnt/his/file" && '
             'stat -c "%u %g" /mnt/root /mnt/his/file /mnt/id && umount /mnt', check=True)
    line = out.out.splitlines()[0]
    # Named as it was named, with its devices off and its panic.
    assert ' - ext4 %s ' % DEVICE in line and 'nodev' in line and 'idmapped' in line and 'errors=remount-ro' in line, line
    assert out.out.split()[-6:] == ['1000', '1000', '1000', '1000', '0', '0'], out
    # On the disk they are what they were inside.
    run('mount', '-o', 'ro', DEVICE, IMAGES + '/on', check=True)
    try:
        assert [os.stat(IMAGES + '/on/' + n).st_uid for n in ('root', 'his/file', 'id')] == [1000, 1000, 0]
    finally:
        run('umount', IMAGES + '/on', check=True)


def test_an_image_gives_no_more_than_root_inside_has():
    out = sh('mount DEVICE /mnt; cat /mnt/null; setpriv --reuid=1000 --regid=1000 --clear-groups /mnt/id -u; cat /proc/self/uid_map; '
             'umount /mnt')
    assert 'Permission denied' in out.err, out
    assert out.out.split()[:2] == ['0', '0'] and out.out.split()[2] != '0', out
    out = sh('mount -o nosuid,noexec,ro DEVICE /mnt; grep -o " /mnt ro,nosuid,nodev,noexec" /proc/self/mountinfo; touch /mnt/x; umount /mnt')
    assert out.out == ' /mnt ro,nosuid,nodev,noexec\n' and 'Read-only' in out.err, out


def test_what_is_not_listed_is_the_kernels_to_refuse():
    # A type that is not listed, and one that is and has no device.
    for kind in ('xfs', 'iso9660', 'debugfs', 'no-such-type', 'ext4x'):
        assert mount(DEVICE, kind) in (errno.EPERM, errno.ENODEV), kind
    # The kernel reads options before it asks for rights.
    for option in ('errors=panic', 'journal_path=/dev/vda', 'journal_dev=2049', 'usrjquota=x', 'ro,errors=panic', 'x' * 5000):
        r = mount(DEVICE, 'ext4', data=option)
        assert r in (errno.EPERM, errno.EINVAL, errno.ENOENT, errno.ENAMETOOLONG), (option, r)
    assert mount(DEVICE, 'ext4', data='noload,errors=continue', flags=1) == 0
    # The old magic number in the upper half.
    assert mount(DEVICE, 'ext4', flags=0xC0ED0000) == 0


def test_only_devices_that_were_given():
    assert mount('/dev/null', 'ext4') == errno.ENOTBLK
    assert mount('/etc/passwd', 'ext4') == errno.ENOTBLK
    assert mount('/nowhere', 'ext4') == errno.ENOENT
    assert mount('/dev/loop99', 'ext4') == errno.ENOENT
    assert mount('/proc/self/fd/0', 'ext4') in (errno.ELOOP, errno.ENOENT)
    assert mount('..' + DEVICE, 'ext4') == errno.EINVAL
    assert mount('/dev/..' + DEVICE, 'ext4') in (errno.EINVAL, errno.EEXIST)
    # Not a file system of that type.
    assert mount(DEVICE, 'vfat') in (errno.EINVAL, errno.ENODEV)
    # Links lead where they lead inside.
    sh('ln -s DEVICE /srv/link; ln -s /etc/passwd /srv/other', check=True)
    assert (mount('/srv/link', 'ext4'), mount('/srv/other', 'ext4')) == (0, errno.ENOTBLK)
    sh('rm /srv/link /srv/other', check=True)


def test_only_for_root_of_the_container():
    out = sh('setpriv --reuid=1000 --regid=1000 --clear-groups --inh-caps=-all perl -e \'my @a = ("DEVICE", "/mnt", "ext4"); '
             'print syscall(%d, $a[0], $a[1], $a[2], 0, 0) == -1 ? $!+0 : 0\'' % MOUNT)
    assert out.out == str(errno.EPERM), out
    out = sh('unshare -Urm perl -e \'my @a = ("DEVICE", "/mnt", "ext4"); print syscall(%d, $a[0], $a[1], $a[2], 0, 0) == -1 ? $!+0 : 0\'' % MOUNT)
    assert out.out == str(errno.EPERM), out


def test_it_is_mounted_where_the_caller_is():
    out = sh('unshare -m sh -c "mount DEVICE /mnt && ls /mnt"; ls -A /mnt', check=True)
    assert 'lost+found' in out.out and out.out.count('lost+found') == 1, out
    out = sh('mkdir -p /srv/root/dev /srv/root/mnt && mount --bind / /srv/root && chroot /srv/root mount DEVICE /mnt 2>&1; ls /mnt /srv/root/mnt; '
             'umount /srv/root/mnt /srv/root; rm -r /srv/root')
    assert 'lost+found' not in out.out.split('/srv/root/mnt')[0], out


def test_other_mounts_are_as_before():
    sh('mount -t tmpfs x /mnt && mount -o remount,bind,ro /mnt && mount --make-private /mnt && umount /mnt', check=True)
    sh('mount --bind /srv /mnt && umount /mnt', check=True)
    # libmount does with mount(2) what it cannot do with these.
    for number in (FSOPEN, FSPICK):
        out = sh('perl -e \'my $t = "tmpfs"; print syscall(%d, $t, 0) == -1 ? $!+0 : 0\'' % number, check=True)
        assert out.out == str(errno.ENOSYS), (number, out)
    assert sh('systemctl --failed --no-legend', check=True).out == ''


def test_a_file_system_that_was_in_use_goes_with_the_container():
    sh('mount DEVICE /mnt && sleep 1000 </mnt/id >/dev/null 2>&1 &', check=True)
    wait_until(lambda: os.path.isdir('/proc/fs/ext4/' + os.path.basename(DEVICE)))
    ctl('restart', 'deb')
    wait_until(lambda: not os.path.isdir('/proc/fs/ext4/' + os.path.basename(DEVICE)))


def test_words_name_a_type():
    if not DEVICE:
        raise Skip('this host has no loop devices')
    for word in ('mount', 'mount:', 'mount:a,b', 'mount:../x'):
        fails('create', 'x', BUSYBOX, '-s', 'InterceptSystemCalls=' + word, word='mount:TYPE')
