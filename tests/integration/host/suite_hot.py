# SPDX-License-Identifier: LGPL-2.1-or-later
# What a container that runs is given, and what is taken from it.

import random
import struct
import threading

from ctrd import *

HOST = '/var/lib/ctrd/hot'     # where containers are: on a file system that can be id-mapped
LIVE = '/run/ctrd/containers/%s/live.conf'
KEYS = ('Bind', 'BindReadOnly', 'TemporaryFileSystem', 'Device', 'Credential')
SHARED = ['deb']


def setup():
    teardown_files()
    for d in ('a', 'b', 'a/below', 'below'):
        os.makedirs(HOST + '/' + d)
    for name, text in (('a/file', 'a\n'), ('b/file', 'b\n'), ('secret', 'word')):
        with open(HOST + '/' + name, 'w') as f:
            f.write(text)
    os.chown(HOST + '/b/file', 1000, 1000)
    run('mount', '--bind', HOST + '/below', HOST + '/a/below', check=True)
    create('deb', DEBIAN, start=True)


def teardown_files():
    run('umount', HOST + '/a/below')
    run('rm', '-rf', '--one-file-system', HOST)


def teardown():
    remove('deb')
    teardown_files()


def bus(name, method, *args, prefix=()):
    return run(*prefix, 'busctl', 'call', 'org.ctrd1', '/org/ctrd1/container/' + name, 'org.ctrd1.Container', method, *args)


def sh(name, script):
    return run('ctrctl', 'exec', name, '--', 'sh', '-c', script)


def mounted(name):
    """Mount point to the rest of its line, of all that is mounted inside."""
    return {line.split()[4]: line for line in inside(name, 'cat', '/proc/1/mountinfo').splitlines()}


def get(name, *keys):
    return ctl('get', name, *(keys or KEYS)).split('\n')[:-1]


class nothing_outside:
    """What is mounted on the host is what was."""

    def __enter__(self):
        self.before = open('/proc/self/mountinfo').read()

    def __exit__(self, *exc):
        if exc[0] is None:
            assert open('/proc/self/mountinfo').read() == self.before


def test_a_directory_comes_and_goes():
    with container('x') as name, nothing_outside():
        before = mounted(name)
        ctl('bind', name, HOST + '/b:/srv/b')
        assert get(name) == [HOST + '/b:/srv/b']
        assert sh(name, 'cat /srv/b/file; stat -c %u /srv/b/file; touch /srv/b/new').out == 'b\n1000\n'
        assert os.stat(HOST + '/b/new').st_uid == 0
        line = mounted(name)['/srv/b']
        assert 'nosuid,nodev' in line and 'idmapped' in line, line
        fails('bind', name, HOST + '/a:/srv/b', word='remove that first')
        # Who uses it is in nobody's way.
        user = subprocess.Popen(['ctrctl', 'exec', name, '--', 'sh', '-c', 'exec 3</srv/b/file; cd /srv/b; echo on; read x; cat <&3'],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert user.stdout.readline() == 'on\n'
        ctl('unbind', name, '/srv/b')
        assert mounted(name).keys() == before.keys() and get(name) == []
        assert sh(name, 'ls -A /srv/b').out == ''
        assert user.communicate('\n', timeout=20)[0] == 'b\n'
        fails('unbind', name, '/srv/b', word='given nothing')
        os.unlink(HOST + '/b/new')


def test_root_inside_cannot_undo_what_it_forbids():
    with container('x') as name:
        ctl('bind', '--read-only', name, HOST + '/a:/mnt/a')
        assert get(name, 'BindReadOnly') == [HOST + '/a:/mnt/a']
        out = sh(name, 'mount -o remount,bind,rw /mnt/a; touch /mnt/a/x; touch /mnt/a/below/x; umount /mnt/a/below; ls /mnt/a')
        assert out.out.split() == ['below', 'file'] and out.err.count('Read-only') == 2, out
        assert '/mnt/a/below' in mounted(name)
        # Nor what it must not have: set-user-id programs and devices.
        ctl('bind', name, HOST + '/b:/mnt/b:norbind')
        assert sh(name, 'mount -o remount,bind,suid,dev /mnt/b').out == '' and 'nosuid,nodev' in mounted(name)['/mnt/b']
        # It may have no use for it; then there is nothing to take off.
        sh(name, 'umount -l /mnt/a')
        assert '/mnt/a' not in mounted(name)
        ctl('unbind', name, '/mnt/a')
        assert get(name) == [HOST + '/b:/mnt/b:norbind']


def test_a_file_and_what_is_mounted_below():
    with container('x') as name:
        ctl('bind', name, HOST + '/b/file:/opt/deep/down/file')
        ctl('bind', name, HOST + '/a:/mnt/with')
        ctl('bind', name, HOST + '/a:/mnt/without:norbind')
        assert inside(name, 'cat', '/opt/deep/down/file') == 'b\n'
        assert '/mnt/with/below' in mounted(name) and '/mnt/without/below' not in mounted(name)
        ctl('detach', name, '/mnt/with', '/mnt/without', '/opt/deep/down/file')
        assert not [m for m in mounted(name) if 'mnt' in m or 'opt' in m]


def test_a_tmpfs():
    with container('x') as name:
        ctl('attach', name, 'TemporaryFileSystem=/scratch:size=64k,mode=1777', 'TemporaryFileSystem=/other')
        out = sh(name, 'stat -c %a:%u /scratch /other; dd if=/dev/zero of=/scratch/x bs=1k count=100')
        assert out.out == '1777:0\n755:0\n' and 'No space' in out.err, out
        fails('attach', name, 'TemporaryFileSystem=/third:size=lots', word='size')
        assert get(name, 'TemporaryFileSystem') == ['/scratch:size=64k,mode=1777', '/other']
        ctl('detach', name, '/scratch', '/other')
        assert get(name) == [] and '/scratch' not in mounted(name)


def test_devices():
    with container('x') as name:
        scope = lambda: run('systemctl', 'show', '-P', 'DeviceAllow', 'ctr-x.scope', check=True).out
        before = scope(), set(os.listdir(os.path.dirname(LIVE % name)))
        assert sh(name, 'test -e /dev/fuse').status != 0
        ctl('device', 'add', name, '/dev/fuse', '/dev/loop0:/dev/disk/mine:r')
        assert get(name, 'Device') == ['/dev/fuse', '/dev/loop0:/dev/disk/mine:r'] and '/dev/fuse' in scope()
        assert sh(name, 'exec 3<>/dev/fuse && stat -c %u:%t:%T /dev/fuse').out == '0:a:e5\n'
        assert sh(name, 'head -c 1 /dev/disk/mine').status == 0
        assert sh(name, 'exec 3<>/dev/disk/mine').status != 0
        # All of it is there after a reboot from inside, and nothing of it after a stop.
        leader = show(name)['Leader']
        run('ctrctl', 'exec', name, '--', 'reboot')     # which may end with all else
        wait_until(lambda: show(name)['Leader'] not in ('0', leader) and state(name) == 'running')
        assert sh(name, 'exec 3<>/dev/fuse && head -c 1 /dev/disk/mine').status == 0
        ctl('device', 'remove', name, '/dev/fuse', '/dev/disk/mine')
        assert sh(name, 'ls /dev/fuse /dev/disk/mine').out == ''
        assert scope() == before[0]
        left = set(os.listdir(os.path.dirname(LIVE % name))) - before[1]
        assert not [n for n in left if n.startswith('device')], left
        fails('device', 'add', name, HOST + '/b/file', word='write /dev')
        fails('device', 'add', name, '/dev/shm', word='no device')
        fails('device', 'add', name, '/dev/nowhere', word='/dev/nowhere')
        assert get(name) == []


def test_the_control_group_is_asked_too():
    # Root of a container without a user namespace may make nodes where systemd and its own
    # control group let it, and open them by whatever name.
    with container('x', BUSYBOX, 'UserNamespace=no') as name:
        assert 'not permitted' in sh(name, 'mknod /own b 7 0').err
        ctl('device', 'add', name, '/dev/loop0')
        assert sh(name, 'mknod /own b 7 0 && head -c 1 /own').err == ''
        ctl('device', 'remove', name, '/dev/loop0')
        out = sh(name, 'ls /own; head -c 1 /own')
        assert out.out == '/own\n' and 'not permitted' in out.err, out


def test_credentials_are_for_new_services():
    load = ('systemd-run', '-q', '--pipe', '--wait', '-p', 'LoadCredential=hot', 'sh', '-c', 'cat $CREDENTIALS_DIRECTORY/hot')
    assert inside('deb', 'ls', '/run/host/credentials') == ''
    ctl('attach', 'deb', 'Credential=hot:%s/secret' % HOST)
    assert inside('deb', *load) == 'word'
    assert inside('deb', 'stat', '-c', '%a:%u', '/run/host/credentials/hot') == '400:0\n'
    fails('attach', 'deb', 'Credential=hot:/etc/hostname', word='remove that first')
    # What it says is nowhere but there.
    assert 'word' not in ctl('show', 'deb') and 'word' not in open(LIVE % 'deb').read()
    ctl('detach', 'deb', 'hot')
    assert inside('deb', 'ls', '/run/host/credentials') == ''
    assert run('ctrctl', 'exec', 'deb', '--', *load).status != 0
    fails('attach', 'deb', 'Credential=hot:/nowhere', word='/nowhere')
    assert get('deb') == []


def test_services_with_their_own_mounts_see_it():
    inside('deb', 'systemd-run', '--unit=own', '-p', 'PrivateTmp=yes', '-p', 'ProtectSystem=yes', 'sleep', 'infinity')
    pid = inside('deb', 'systemctl', 'show', '-P', 'MainPID', 'own').strip()
    seen = lambda: ' /mnt/here ' in inside('deb', 'cat', '/proc/%s/mountinfo' % pid)
    assert not seen()
    ctl('bind', 'deb', HOST + '/b:/mnt/here')
    assert seen()
    ctl('unbind', 'deb', '/mnt/here')
    assert not seen()
    inside('deb', 'systemctl', 'stop', 'own')


def test_until_the_stop_or_for_ever():
    with container('x', BUSYBOX, 'Bind=%s/a:/first' % HOST) as name:
        ctl('bind', name, HOST + '/b:/second')
        ctl('bind', '--permanent', '--read-only', name, HOST + '/b:/third')
        ctl('attach', name, 'TemporaryFileSystem=/fourth')
        assert get(name) == [HOST + '/a:/first', HOST + '/b:/second', HOST + '/b:/third', '/fourth']
        assert LIVE % name in ctl('show', '--settings', name)
        leader = show(name)['Leader']
        run('ctrctl', 'exec', name, '--', 'reboot')     # which may end with all else
        wait_until(lambda: show(name)['Leader'] not in ('0', leader) and state(name) == 'running')
        assert {'/first', '/second', '/third', '/fourth'} <= mounted(name).keys()
        # What was there for the time being may come to stay, what is of the settings may go.
        ctl('bind', '--permanent', name, HOST + '/b:/second')
        ctl('detach', name, '/first')
        assert get(name) == [HOST + '/b:/second', HOST + '/b:/third', '/fourth'] and '/first' not in mounted(name)
        ctl('restart', name)
        there = [HOST + '/a:/first', HOST + '/b:/second', HOST + '/b:/third']
        assert get(name) == there and '/fourth' not in mounted(name) and {'/first', '/second', '/third'} <= mounted(name).keys()
        ctl('detach', '--permanent', name, '/first', '/third')
        ctl('stop', name)
        assert get(name) == [HOST + '/b:/second']
        # Settings alone need no run.
        fails('bind', name, HOST + '/a:/first', word='not running')
        fails('detach', name, '/second', word='not running')
        ctl('bind', '--permanent', name, HOST + '/a:/first')
        ctl('detach', '--permanent', name, '/second')
        fails('detach', '--permanent', name, '/second', word='given nothing')
        ctl('start', name)
        assert get(name) == [HOST + '/a:/first'] and '/first' in mounted(name) and '/second' not in mounted(name)


def test_set_takes_effect_at_once_and_as_a_whole():
    with container('x') as name:
        out = run('ctrctl', 'set', name, 'Bind=%s/a:/one' % HOST, 'Bind=%s/b:/two' % HOST, 'Device=/dev/fuse', 'MemoryMax=300M')
        assert (out.status, out.out, out.err) == (0, '', ''), out
        assert {'/one', '/two', '/dev/fuse'} <= mounted(name).keys()
        before = sorted(mounted(name)), get(name, *KEYS, 'MemoryMax')
        # The first would be fine, and what is not named any more would go.
        fails('set', name, 'MemoryMax=400M', 'Bind=%s/b:/two' % HOST, 'Bind=%s/b:/three' % HOST, 'Bind=/nowhere:/four', word='/nowhere')
        assert (sorted(mounted(name)), get(name, *KEYS, 'MemoryMax')) == before
        assert sh(name, 'exec 3<>/dev/fuse').status == 0
        ctl('set', name, 'Bind=', 'Device=')
        assert not {'/one', '/two', '/dev/fuse'} & mounted(name).keys() and get(name) == []


def test_what_cannot_be_mapped_is_named():
    with container('x') as name:
        fails('bind', name, '/etc:/mnt/etc', word='of type overlay')
        fails('bind', name, '/proc:/mnt/proc', word='of type proc')
        assert get(name) == [] and '/mnt/etc' not in mounted(name)
    with container('y', BUSYBOX, 'UserNamespace=no') as name:
        ctl('bind', name, '/etc:/mnt/etc')
        assert inside(name, 'cat', '/mnt/etc/hostname') == open('/etc/hostname').read()
        ctl('unbind', name, '/mnt/etc')
        assert '/mnt/etc' not in mounted(name)


def test_links_lead_nowhere_but_inside():
    with container('x') as name, nothing_outside():
        sh(name, 'mkdir -p %(host)s /deep; ln -s %(host)s /deep/abs; ln -s ../../../../..%(host)s /deep/rel; ln -s / /deep/root; '
                 'ln -s /proc/self/root /deep/magic; ln -s /proc/self/fd /deep/fd; ln -s /proc/sys/kernel /deep/proc; ln -s /deep/loop /deep/loop' % {'host': HOST})
        for link in ('abs', 'rel'):
            ctl('bind', name, HOST + '/b:/deep/' + link)
            assert HOST in mounted(name)
            ctl('unbind', name, '/deep/' + link)
            assert HOST not in mounted(name)
        for target, word in (('/deep/root', 'root directory'), ('/deep/magic/x', ''), ('/deep/fd/0', ''), ('/deep/proc', 'kernel'),
                             ('/proc', 'kernel'), ('/proc/1', 'kernel'), ('/sys/kernel', 'kernel'), ('/sys/fs/cgroup', 'kernel'),
                             ('/proc/new', ''), ('/deep/loop', 'symbolic links'), ('/dev/null', 'no directory'), ('/bin/sh/x', 'directory')):
            fails('bind', name, HOST + '/b:' + target, word=word)
        fails('bind', name, HOST + '/b/file:/proc/sys/kernel/hostname', word='kernel')
        fails('bind', name, HOST + '/b/file:/deep', word='is a directory')
        for bad in (HOST + '/b:/', HOST + '/b:/a/../b', HOST + '/b:b', 'b:/b', HOST + '/b:/b:x'):
            fails('bind', name, bad, word='write /SOURCE')
        assert get(name) == []


def test_a_target_that_is_exchanged_all_the_time():
    with container('x') as name, nothing_outside():
        churn = subprocess.Popen(['ctrctl', 'exec', name, '--', 'sh', '-c',
                                  'mkdir -p /swap/dir /swap/other; cd /swap; while :; do mv dir away; ln -s /proc/self/root/run dir; rm dir; '
                                  'ln -s ../../../../..%s dir; rm dir; mv away dir; done' % HOST], stderr=subprocess.DEVNULL)
        try:
            for _ in range(25):
                r = run('ctrctl', 'bind', name, HOST + '/b:/swap/dir/x')
                assert r.status == 0 or len(r.err.splitlines()) == 1, r
                if r.status == 0:
                    r = run('ctrctl', 'unbind', name, '/swap/dir/x')
                    assert r.status == 0 or len(r.err.splitlines()) == 1, r
                    if r.status:
                        break
        finally:
            churn.kill()
            churn.wait()
        assert not os.path.exists(HOST + '/x') and not os.path.exists(HOST + '/b/x')


def test_what_the_containers_user_namespace_gets_is_no_mount_of_the_hosts():
    # Root inside may list mount namespaces of its user namespace (NS_MNT_GET_NEXT) and go
    # there: also to the one that ctr-mount makes for a moment. So it is stopped in it.
    with container('x') as name:
        users = lambda pid: os.readlink('/proc/%s/ns/user' % pid)
        pid = int(show(name)['Leader'])
        theirs, leader = users(pid), os.pidfd_open(pid)
        mount = subprocess.Popen(['sh', '-c', 'exec strace -o /dev/null -e trace=unshare -e inject=unshare:delay_exit=%d:when=2 "$@" 3<&%d' %
                                  (1000000 * PATIENCE, leader),
                                  'sh', '/usr/lib/ctrd/ctr-mount', 'mount', 'bind', HOST + '/b', '/m', 'rw', '/run/ctrd/containers/x'],
                                 pass_fds=[leader])
        os.close(leader)
        children = lambda: open('/proc/%d/task/%d/children' % (mount.pid, mount.pid)).read().split()
        there = wait_until(lambda: [pid for pid in children() if users(pid) == theirs])
        seen = open('/proc/%s/mountinfo' % there[0]).read()
        assert mount.wait(30 * PATIENCE) == 0 and '/m' in mounted(name)
        assert [line.split()[4] for line in seen.splitlines()] == ['/', '/0'], seen


def test_a_first_process_that_maps_ids_as_it_likes():
    with container('x', BUSYBOX, 'Command=/bin/unshare -U -r /bin/sleep 1000', 'NotifyReady=no') as name:
        for argv in (('bind', name, HOST + '/b:/m'), ('device', 'add', name, '/dev/fuse'), ('attach', name, 'TemporaryFileSystem=/t')):
            fails(*argv, word='left the container')
        assert get(name) == []


def test_one_within_another():
    with container('x') as name:
        ctl('bind', name, HOST + '/a:/m')
        ctl('bind', name, HOST + '/b:/m/below/')
        for argv in (('unbind', name, '/m'), ('attach', name, 'TemporaryFileSystem=/./'), ('set', name, 'Bind=%s/b:/m/below/' % HOST)):
            fails(*argv, word='detach that first')
        fails('bind', name, HOST + '/b://m/below', word='remove that first')
        assert '/m/below' in mounted(name) and '/m' in mounted(name)
        # Together they may go, and come back.
        ctl('set', name, 'Bind=')
        assert not [m for m in mounted(name) if m.startswith('/m')]
        ctl('set', name, 'Bind=%s/a:/m' % HOST, 'Bind=%s/b:/m/below' % HOST)
        assert inside(name, 'cat', '/m/below/file') == 'b\n'
        ctl('unbind', name, '//m/below/', '/m/.')
        assert get(name) == [] and not [m for m in mounted(name) if m.startswith('/m')]


def test_what_root_inside_has_put_over_it():
    with container('x') as name:
        ctl('bind', name, HOST + '/b:/mnt/b')
        sh(name, 'mount --bind /etc /mnt/b')
        fails('unbind', name, '/mnt/b', word='something else')
        assert get(name) == [HOST + '/b:/mnt/b']
        sh(name, 'umount /mnt/b')
        ctl('unbind', name, '/mnt/b')
        assert '/mnt/b' not in mounted(name)


def test_a_frozen_container():
    with container('x') as name:
        ctl('freeze', name)
        ctl('bind', name, HOST + '/b:/mnt/b')
        ctl('device', 'add', name, '/dev/fuse')
        ctl('device', 'remove', name, '/dev/fuse')
        assert state(name) == 'frozen' and get(name) == [HOST + '/b:/mnt/b']
        ctl('thaw', name)
        assert inside(name, 'cat', '/mnt/b/file') == 'b\n'
        ctl('freeze', name)
        ctl('unbind', name, '/mnt/b')
        ctl('thaw', name)
        assert '/mnt/b' not in mounted(name)


def test_over_the_bus():
    with container('x') as name:
        for key, value, target in (('Bind', HOST + '/b:/b', '/b'), ('BindReadOnly', HOST + '/b:/b', '/b'),
                                   ('TemporaryFileSystem', '/t', '/t'), ('Device', '/dev/fuse', '/dev/fuse'),
                                   ('Credential', 'n:%s/secret' % HOST, 'n')):
            r = bus(name, 'Attach', 'ssb', key, value, 'false')
            assert (r.status, r.out) == (0, ''), r
            assert '"%s" "%s"' % (key, value) in bus(name, 'GetSettings').out
            r = bus(name, 'Attach', 'ssb', key, value, 'false')
            assert r.status != 0 and 'already' in r.err, r
            r = bus(name, 'Detach', 'sb', target, 'false')
            assert (r.status, r.out) == (0, ''), r
            assert '"%s"' % key not in bus(name, 'GetSettings').out
        for args, word in ((('MemoryMax', '1G'), 'cannot be attached'), (('', ''), 'cannot be attached'), (('bind', '/a'), 'cannot be attached'),
                           (('Bind', ''), 'one value'), (('Bind', '/a /b'), 'one value'), (('Bind', '/a\\'), ''), (('Bind', '/a\n/b'), ''),
                           (('Device', '/etc/passwd'), '/dev/'), (('Credential', '../x:/etc/passwd'), 'NAME:'), (('Bind', '/' + 'x' * 5000), '')):
            r = bus(name, 'Attach', 'ssb', *args, 'false')
            assert r.status != 0 and word in r.err, (args, r)
        for target in ('', '/', 'x', '/proc', '/b\n/c', 'x' * 9000):
            r = bus(name, 'Detach', 'sb', target, 'true')
            assert r.status != 0 and 'given nothing' in r.err, (target[:20], r)
        nobody = ('setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups')
        for method, args in (('Attach', ('ssb', 'Bind', HOST + '/b:/b', 'false')), ('Detach', ('sb', '/b', 'false'))):
            assert bus(name, method, *args, prefix=nobody).status != 0
        with visitor('org.ctrd1.manage') as prefix:
            assert bus(name, 'Attach', 'ssb', 'Bind', HOST + '/b:/b', 'false', prefix=prefix).status == 0
            assert bus(name, 'Detach', 'sb', '/b', 'false', prefix=prefix).status == 0
        assert get(name) == []


def test_usage():
    with container('x') as name:
        for argv in (('bind', name), ('bind', name, '/a', '/b'), ('unbind', name), ('attach', name), ('attach', name, 'Bind'), ('detach',),
                     ('device', 'add', name), ('device', 'remove'), ('bind', '--mkdir', name, '/a')):
            fails(*argv, status=2)
        for argv in (('bind', 'nobody', '/a'), ('detach', 'nobody', '/a'), ('device', 'add', 'nobody', '/dev/fuse')):
            fails(*argv, word='nobody')
        fails('attach', name, 'MemoryMax=1G', word='cannot be attached')
        fails('bind', name, '/nowhere', word='/nowhere')


def test_many_at_once():
    with container('x') as name:
        results = []
        threads = [threading.Thread(target=lambda i=i: results.append(run('ctrctl', 'bind', name, '%s/b:/m/%d' % (HOST, i)))) for i in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        # One at a time; who came too early is told to try again.
        good = sum(r.status == 0 for r in results)
        assert good >= 1 and all(r.status == 0 or 'try again' in r.err for r in results), results
        assert len(get(name)) == good == len([m for m in mounted(name) if m.startswith('/m/')])


def test_ctrd_is_killed_meanwhile():
    rnd = random.Random(7)
    with container('x') as name:
        for i in range(14):
            there = set(get(name, 'Bind'))
            if i % 4 == 3:
                p = subprocess.Popen(['ctrctl', '-q', 'set', name, 'Bind=%s/a:/k/a' % HOST, 'Bind=%s/b:/k/b' % HOST], stderr=subprocess.DEVNULL)
            elif i % 2 == 0:
                p = subprocess.Popen(['ctrctl', '-q', 'bind', name, '%s/b:/k/%d' % (HOST, i)], stderr=subprocess.DEVNULL)
            else:
                gone = sorted(there)[0].split(':')[1] if there else '/none'
                p = subprocess.Popen(['ctrctl', '-q', 'detach', name, gone], stderr=subprocess.DEVNULL)
            time.sleep(rnd.uniform(0.003, 0.03))
            kill_ctrd()
            p.wait(60)
            run('systemctl', 'reset-failed', 'ctrd')
            wait_until(lambda: run('ctrctl', 'show', name).status == 0)
            wait_until(lambda: state(name) == 'running')
            wait_until(lambda: not os.path.exists('/run/ctrd/containers/x/live.next'), what='the change to be finished')
            said = {b.split(':')[1] for b in get(name, 'Bind')}
            found = {m for m in mounted(name) if re.fullmatch('/k/[^/]+', m)}
            assert said == found, (i, said, found)
        ctl('set', name, 'Bind=')
        assert not [m for m in mounted(name) if m.startswith('/k/')] and get(name) == []


def test_what_a_killed_ctrd_has_begun_is_finished():
    live, after = LIVE % 'x', '/run/ctrd/containers/x/live.next'
    points = lambda: sorted(m for m in (line.split()[4] for line in inside('x', 'cat', '/proc/1/mountinfo').splitlines()) if m.startswith('/k/'))

    def leave(text):
        with open(after, 'w') as f:
            f.write(text)
        run('systemctl', 'start', 'ctrd', check=True)
        wait_until(lambda: state('x') == 'running' and not os.path.exists(after))

    with container('x') as name:
        ctl('bind', name, HOST + '/a:/k/a')
        before = open(live).read()
        ctl('bind', name, HOST + '/b:/k/b')
        # Nothing of it was done: one more, one less, a credential.
        run('systemctl', 'stop', 'ctrd', check=True)
        leave('[Exec]\nCredential=new:%s/secret\n[Files]\nBind=%s/b:/k/b\nBindReadOnly=%s/b:/k/c\n' % (HOST, HOST, HOST))
        assert points() == ['/k/b', '/k/c'] and get(name) == [HOST + '/b:/k/b', HOST + '/b:/k/c', 'new:' + HOST + '/secret']
        assert inside(name, 'ls', '/run/host/credentials') == 'new\n'
        # All of it was, but for the last word.
        run('systemctl', 'stop', 'ctrd', check=True)
        text = open(live).read()
        with open(live, 'w') as f:
            f.write(before)
        leave(text)
        assert points() == ['/k/b', '/k/c'] and get(name)[:2] == [HOST + '/b:/k/b', HOST + '/b:/k/c']
        # What cannot be done any more is in nobody's way.
        run('systemctl', 'stop', 'ctrd', check=True)
        leave('[Files]\nBind=%s/b:/k/b /nowhere:/k/d\n' % HOST)
        assert points() == ['/k/b'] and inside(name, 'ls', '/run/host/credentials') == ''
        ctl('detach', name, '/k/d', '/k/b')
        assert points() == [] and get(name) == []


def fuse_message(body, *, unique, error=0):
    return struct.pack('=IiQ', 16 + len(body), error, unique) + body


def test_a_file_system_that_hangs():
    # A server of FUSE that reads a request and does not answer: who waits for that can no
    # more be killed. It might be one of the container's as well.
    where = HOST + '/hung'
    os.mkdir(where)
    fuse = os.open('/dev/fuse', os.O_RDWR)
    try:
        subprocess.run(['mount', '-i', '-t', 'fuse', '-o', 'fd=%d,rootmode=40000,user_id=0,group_id=0' % fuse, 'hung', where],
                       pass_fds=[fuse], check=True)
        first = os.read(fuse, 1 << 17)
        os.write(fuse, fuse_message(struct.pack('=IIIIHHII', 7, 31, 0, 0, 1, 1, 4096, 1) + bytes(32), unique=struct.unpack_from('=IIQ', first)[2]))
        with container('x') as name:
            waits = subprocess.Popen(['ctrctl', 'bind', name, where + '/sub:/h'], stderr=subprocess.PIPE, text=True)
            while struct.unpack_from('=II', os.read(fuse, 1 << 17))[1] != 1:
                pass    # LOOKUP
            # It is in nobody's way but that of other changes, and of no end.
            assert inside(name, 'hostname') == 'x\n' and waits.poll() is None
            fails('bind', name, HOST + '/b:/b', word='try again')
            kill_ctrd()
            waits.wait(60)
            run('systemctl', 'reset-failed', 'ctrd')
            wait_until(lambda: run('ctrctl', 'show', name).status == 0 and state(name) == 'running')
            # The next one cannot end it, and says so.
            wait_until(lambda: not os.path.exists('/run/ctrd/containers/x/live.next'))
            fails('bind', name, HOST + '/b:/b', word='does not answer')
            assert inside(name, 'hostname') == 'x\n'
            # The monitor waits for nothing; what hangs holds the scope, and with it the name.
            begun = time.monotonic()
            ctl('kill', name)
            wait_until(lambda: not os.path.exists('/run/ctrd/containers/x/control'))
            assert time.monotonic() - begun < 8 * PATIENCE
            fuse = os.close(fuse)
            wait_until(lambda: state(name) == 'stopped')
    finally:
        if fuse is not None:
            os.close(fuse)
        run('umount', '-l', where)
        os.rmdir(where)


def test_the_run_ends_meanwhile():
    rnd = random.Random(11)
    with container('x') as name:
        for i in range(8):
            before = show(name)['Leader']
            end = subprocess.Popen(['ctrctl', 'exec', name, '--', 'reboot'] if i % 2 else ['ctrctl', 'kill', name],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(rnd.uniform(0, 0.03))
            r = run('ctrctl', 'attach', name, 'Bind=%s/b:/b' % HOST, 'Device=/dev/fuse')
            assert r.status == 0 or len(r.err.splitlines()) == 1, r
            end.wait(60)
            if i % 2:
                wait_until(lambda: show(name)['Leader'] not in ('0', before) and state(name) == 'running')
            else:
                wait_until(lambda: state(name) == 'stopped')
                assert get(name) == []
                ctl('start', name)
            assert ('/b' in mounted(name)) == ('/b' in ' '.join(get(name, 'Bind')))
            if get(name):
                ctl('detach', name, *[v.split(':')[-1] for v in get(name)])
            assert not {'/b', '/dev/fuse'} & mounted(name).keys() and get(name) == []
