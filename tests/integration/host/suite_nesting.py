# SPDX-License-Identifier: LGPL-2.1-or-later
# Containers in a container: Nesting=, and how many and which ids there are inside.

from ctrd import *

SHARED = ['outer']
STORAGE = ('containerd', 'containers', 'ctrd', 'docker', 'machines')
# The programs of the host, which is the guest's distribution too.
PROGRAMS = ['/usr/bin/crun', '/usr/sbin/runc', '/usr/bin/systemd-nspawn', '/usr/lib/ctrd', '/usr/bin/ctrctl', '/usr/bin/ctrrun']
CTRD_FILES = ['/usr/lib/systemd/system/' + u for u in ('ctrd.service', 'ctr-launcher.socket', 'ctr-launcher.service')] + \
    ['/usr/share/dbus-1/system.d/org.ctrd1.conf', '/usr/bin/busybox', '/usr/lib/systemd/system/machine.slice']


def root_of(name):
    return '/var/lib/ctrd/containers/%s/fs/upper' % name


def put(name, paths):
    """Copies files of the host to the same place in a container that does not run, and
    the libraries that they want."""
    wanted = list(paths)
    for path in paths:
        for program in ([path] if os.path.isfile(path) else glob.glob(path + '/*')):
            wanted += re.findall(r'=> (/\S+)', run('ldd', program).out)
    for path in sorted(set(wanted)):
        # /lib and /bin are links, there as here.
        real = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
        os.makedirs(root_of(name) + os.path.dirname(real), exist_ok=True)
        run('cp', '-aL', real, root_of(name) + os.path.dirname(real), check=True)


def setup():
    create('outer', DEBIAN, 'Nesting=yes')
    put('outer', PROGRAMS + CTRD_FILES)
    images = '/var/lib/ctrd/containers/outer/storage/ctrd/images'
    os.makedirs(images)
    run('cp', '-a', '/var/lib/ctrd/images/busybox-default', '/var/lib/ctrd/images/debian-bookworm', images, check=True)
    ctl('start', 'outer')
    # A root file system for others, with the ids of a container inside.
    sh('cp -a /var/lib/ctrd/images/busybox-default/rootfs /srv/root && cp -a /srv/root /srv/mapped && chown -R 524288:524288 /srv/mapped',
       check=True)


def teardown():
    remove('outer')


def sh(script, name='outer', **kw):
    return run('ctrctl', 'exec', name, '--', 'sh', '-c', script, **kw)


def inside(*argv, properties=(), **kw):
    """A service inside, which may have control groups of its own."""
    return run('ctrctl', 'exec', 'outer', '--', 'systemd-run', '--wait', '--pipe', '--quiet', '--property=Delegate=yes',
               *('--setenv=' + p for p in properties), '--', *argv, **kw)


def test_it_has_more_ids_and_system_calls():
    p = show('outer')
    assert int(p['UIDCount']) == 1048576 and int(p['UIDBase']) >= 524288, p
    with open('/proc/%s/uid_map' % p['Leader']) as f:
        assert f.read().split() == ['0', p['UIDBase'], '1048576']
    assert sh('touch /srv/f && chown 1048575:1048575 /srv/f && stat -c %u:%g /srv/f').out.strip() == '1048575:1048575'
    assert sh('chown 1048576 /srv/f').status != 0
    layers = ctl('security', 'outer')
    assert re.search(r'SystemCalls: nesting:', layers) and re.search(r'UserIDs: 0-1048575 are', layers), layers
    assert sh('systemctl --failed --no-legend').out.strip() == ''


def test_proc_and_sys_may_be_mounted_in_user_namespaces():
    script = 'unshare --user --map-root-user --fork --pid --mount %s sh -c "%s"'
    mounts = 'mount -t proc proc /proc && mount -t sysfs -o ro sys /mnt && ls /proc/self/comm /mnt/class'
    assert 'comm' in sh(script % ('--net', mounts), check=True).out
    # The instances that make it so are not to be seen, by root neither.
    assert sh('ls -A /run/host/nesting').out.strip() == ''
    r = sh('find /run/host/nesting; su -s /bin/sh -c "ls /run/host/nesting" daemon')
    assert r.out.split() == ['/run/host/nesting'] and 'Permission denied' in r.err, r
    # Without Nesting= there are none.
    with container('plain', DEBIAN) as name:
        assert run('ctrctl', 'exec', name, '--', 'sh', '-c', script % ('--net', mounts)).status != 0
        assert run('ctrctl', 'exec', name, '--', 'ls', '/run/host/nesting').status != 0


def test_engines_have_a_file_system_of_the_hosts():
    for name in STORAGE:
        kind = sh('stat -f -c %%T /var/lib/%s' % name, check=True).out.strip()
        assert kind != 'overlayfs', (name, kind)
        assert os.stat('/var/lib/ctrd/containers/outer/storage/' + name).st_uid == 0
    sh('set -e; cd /var/lib/containers; mkdir -p l u w m; touch l/of-the-image; mount -t overlay o -o lowerdir=l,upperdir=u,workdir=w m;'
       'rm m/of-the-image; touch m/new; ls m; umount m; rm -r l u w m', check=True)
    # Programs that are set-user-id gain what they should.
    assert 'nosuid' not in sh('findmnt -no OPTIONS /var/lib/containers', check=True).out


def test_what_was_there_before_is_not_covered():
    create('late', DEBIAN, start=True)
    sh('mkdir -p /var/lib/docker && echo mine >/var/lib/docker/data', name='late', check=True)
    base = show('late')['UIDBase']
    ctl('stop', 'late')
    with open('/etc/ctrd/containers/late.conf', 'a') as f:
        f.write('\n[Security]\nNesting=yes\n')
    ctl('start', 'late')
    assert sh('cat /var/lib/docker/data', name='late').out == 'mine\n'
    assert sh('stat -f -c %T /var/lib/containers', name='late').out.strip() != 'overlayfs'
    # It has other ids now, and owns its files still.
    p = show('late')
    assert p['UIDCount'] == '1048576', p
    assert sh('stat -c %u:%g /var/lib/docker/data', name='late').out.strip() == '0:0'
    # And back: the ids, the number of them.
    ctl('stop', 'late')
    with open('/etc/ctrd/containers/late.conf', 'a') as f:
        f.write('Nesting=no\nUIDBase=%s\n' % base)
    ctl('start', 'late')
    assert (show('late')['UIDBase'], show('late')['UIDCount']) == (base, '65536'), show('late')
    remove('late')


def test_nspawn_inside():
    r = inside('systemd-nspawn', '--quiet', '--register=no', '--keep-unit', '-D', '/srv/root', '/bin/busybox', 'echo', 'nested',
               properties=['SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1'])
    assert r.out == 'nested\n' and r.status == 0, r


def test_oci_runtimes_inside():
    bundle = {
        'ociVersion': '1.0.2',
        'process': {'user': {'uid': 0, 'gid': 0}, 'args': ['/bin/busybox', 'cat', '/proc/self/uid_map'], 'cwd': '/', 'env': ['PATH=/bin']},
        'root': {'path': '/srv/mapped'},
        'mounts': [{'destination': '/proc', 'type': 'proc', 'source': 'proc'},
                   {'destination': '/sys', 'type': 'sysfs', 'source': 'sysfs', 'options': ['ro', 'nosuid', 'noexec', 'nodev']},
                   {'destination': '/dev', 'type': 'tmpfs', 'source': 'tmpfs'}],
        'linux': {'namespaces': [{'type': t} for t in ('user', 'pid', 'mount', 'network', 'ipc', 'uts', 'cgroup')],
                  'uidMappings': [{'containerID': 0, 'hostID': 524288, 'size': 65536}],
                  'gidMappings': [{'containerID': 0, 'hostID': 524288, 'size': 65536}],
                  'maskedPaths': ['/proc/kcore'], 'readonlyPaths': ['/proc/sys']},
    }
    run('ctrctl', 'exec', 'outer', '--', 'sh', '-c', 'mkdir -p /srv/bundle; cat >/srv/bundle/config.json', input=json.dumps(bundle), check=True)
    for runtime in ('crun', '/usr/sbin/runc', 'ctrrun'):
        r = inside(runtime, 'run', '--bundle', '/srv/bundle', 'nested')
        assert r.status == 0 and r.out.split() == ['0', '524288', '65536'], (runtime, r)


def test_ctrd_inside_boots_a_distribution():
    inner = 'ctrctl %s'
    sh('systemctl start ctrd.service', check=True)
    r = sh(inner % 'create mapped busybox')
    assert r.status == 0, r
    # Its file systems are not its own, so that it cannot map ids for another.
    r = sh(inner % 'start mapped')
    assert r.status != 0 and 'UserNamespace=no' in r.err, r
    sh(inner % 'create inner debian/bookworm -s UserNamespace=no', check=True)
    sh(inner % 'start inner', check=True)
    in_inner = inner % 'exec inner -- sh -c "%s"'
    assert sh(in_inner % 'systemctl is-system-running; systemctl --failed --no-legend').out.strip() == 'running'
    # Files of the image are changed and removed.
    sh(in_inner % 'rm -rf /etc/apt && mkdir /etc/apt && touch /etc/apt/x /etc/hostname', check=True)
    sh(inner % 'restart inner', check=True)
    assert sh(in_inner % 'ls /etc/apt').out.strip() == 'x'
    # The host sees one container, and nothing of those in it.
    assert names() == ['outer'], names()
    sh(inner % 'remove --force inner mapped', check=True)
    sh('systemctl stop ctrd.service ctr-launcher.socket ctr-launcher.service', check=True)


def test_identity():
    create('same', DEBIAN, 'UserNamespace=identity', start=True)
    p = show('same')
    assert (p['UIDBase'], p['UIDCount'], p['Privileged']) == ('0', '65536', 'yes'), p
    with open('/proc/%s/uid_map' % p['Leader']) as f:
        assert f.read().split() == ['0', '0', '65536']
    assert sh('systemctl --failed --no-legend; touch /etc/x', name='same', check=True).out.strip() == ''
    assert os.stat(root_of('same') + '/etc/x').st_uid == 0
    # Capabilities are the namespace's: what is the host's is refused to this root too.
    assert sh('date -s @0', name='same').status != 0
    assert sh('mount -o remount,rw /proc/sys && echo core >/proc/sys/kernel/core_pattern', name='same').status != 0
    row = next(line for line in ctl('list').splitlines() if line.startswith('same '))
    assert row.split()[-1] == 'yes', row
    assert 'root inside owns what root of the host owns' in ctl('security', 'same')
    remove('same')
    fails('create', '-s', 'UserNamespace=identity', '-s', 'UIDBase=524288', 'other', BUSYBOX, word='UIDBase')


def test_counts():
    with container('two', BUSYBOX, 'UIDCount=131072') as name:
        p = show(name)
        assert p['UIDCount'] == '131072', p
        # Another is given none of these.
        fails('create', '-s', 'UIDBase=%d' % (int(p['UIDBase']) + 65536), 'three', BUSYBOX, word='UIDBase')
