# SPDX-License-Identifier: LGPL-2.1-or-later
# SELinux: each container has categories of its own, and is kept from what has others,
# whoever its root is. Needs a host that enforces a policy: tests/vm/tests-selinux.sh.

import contextlib

from ctrd import *

SHARED = ['one', 'two']
PAIR = re.compile(r':s0:c(\d+),c(\d+)$')


def active():
    return os.path.exists('/sys/fs/selinux/enforce')


def needs_selinux():
    if not active():
        raise Skip('this host has no SELinux')


def setup():
    if active():
        for name in SHARED:
            create(name, DEBIAN, start=True)


def teardown():
    if active():
        remove(*SHARED)
        run('rm', '-rf', '/srv/shared')


def sh(name, script, **kw):
    return run('ctrctl', 'exec', name, '--', 'sh', '-c', script, **kw)


def context_of(pid):
    with open('/proc/%s/attr/current' % pid) as f:
        return f.read().rstrip('\0\n')


def context(name):
    return context_of(show(name)['Leader'])


def pair(name):
    return tuple(map(int, PAIR.search(context(name)).groups()))


def denials():
    """What has been denied since the host booted, in the words of the kernel."""
    return [line for line in run('journalctl', '--boot', '--no-pager', '--output=cat', '--grep=avc: +denied').out.splitlines()]


def test_the_host_enforces():
    needs_selinux()
    assert run('getenforce').out.strip() == 'Enforcing'


def test_the_daemons_have_a_domain():
    needs_selinux()
    monitor = run('pgrep', '-x', 'ctr-monitor').out.split()[0]
    launcher = run('systemctl', 'show', 'ctr-launcher', '-p', 'MainPID', '--value').out.strip()
    for pid in (ctrd_pid(), launcher, monitor):
        assert context_of(pid) == 'system_u:system_r:ctrd_t:s0', context_of(pid)


def test_a_distribution_boots_with_a_pair_of_its_own():
    needs_selinux()
    for name in SHARED:
        assert re.match(r'system_u:system_r:\w+_t:s0:c\d+,c\d+$', context(name)), context(name)
        wait_until(lambda: sh(name, 'systemctl is-system-running').out.strip() in ('running', 'degraded'), timeout=60)
        assert sh(name, 'systemctl --failed --no-legend').out.strip() == '', sh(name, 'systemctl --failed; journalctl -b -p warning --no-pager')
        low, high = pair(name)
        assert low < high < 1024
        # A command beside init is labelled as init is, and so is every service.
        labels = set()
        for pid in processes(name):
            with contextlib.suppress(OSError):      # it has ended meanwhile
                labels.add(context_of(pid))
        assert labels == {context(name)}, labels
    assert pair('one') != pair('two')


def processes(name):
    """Of a container, all that are there still when they are looked at."""
    found = []
    for directory, _, files in os.walk('/sys/fs/cgroup/machine.slice/ctr-%s.scope/payload' % name):
        with contextlib.suppress(OSError), open(directory + '/cgroup.procs') as f:
            found += f.read().split()
    return [p for p in found if os.path.exists('/proc/%s/attr/current' % p)]


def test_sandboxed_services_run_inside():
    needs_selinux()
    r = run('ctrctl', 'exec', 'one', '--', 'systemd-run', '--wait', '--pipe', '--quiet', *('--property=' + p for p in (
        'PrivateTmp=yes', 'ProtectSystem=strict', 'PrivateDevices=yes', 'DynamicUser=yes', 'StateDirectory=thing')),
        '--', 'sh', '-c', 'touch /var/lib/thing/x /tmp/x; ! touch /etc/x; ls /dev/null; id -u')
    assert r.status == 0 and int(r.out.split()[-1]) > 0, r


def test_files_have_the_containers_label():
    needs_selinux()
    want = PAIR.search(context('one')).group()
    script = 'import os; print(os.getxattr("%s", "security.selinux").decode().rstrip("\\0"))'
    root = '/proc/%s/root' % show('one')['Leader']
    for path in ('/etc/passwd', '/run', '/tmp', '/dev/shm', '/dev/pts/0', '/run/host', '/run/host/container-manager'):
        label = os.getxattr(root + path, 'security.selinux').decode().rstrip('\0')
        assert label.endswith(want), (path, label)
    # On disk nothing of it is to be seen, as images are for all.
    for store in ('/var/lib/ctrd/containers/one/fs/upper', '/var/lib/ctrd/images/debian-bookworm/rootfs/etc'):
        label = os.getxattr(store, 'security.selinux').decode().rstrip('\0')
        assert not PAIR.search(label), (store, label)


def mount_context(name):
    return re.search(r'SELinuxMountContext: (\S+)', ctl('security', name)).group(1)


def test_the_other_containers_files_are_out_of_reach():
    """One directory, given to both by binds that make it root's in each, so that modes and
    ids let both: whose categories it has reads and writes it, and the other does not."""
    needs_selinux()
    os.makedirs('/srv/shared', exist_ok=True)
    with open('/srv/shared/secret', 'w') as f:
        f.write('secret\n')
    run('chmod', '-R', 'a+rwX', '/srv/shared', check=True)
    for name in SHARED:
        ctl('stop', name)
        with open('/etc/ctrd/containers/%s.conf' % name, 'a') as f:
            f.write('\n[Files]\nBind=/srv/shared\n')
        ctl('start', name)
    attempts = ['cat /srv/shared/secret', 'echo x >>/srv/shared/secret', 'echo x >/srv/shared/new', 'ls /srv/shared', 'rm /srv/shared/secret',
                'chmod 0 /srv/shared/secret', 'mount --bind /srv/shared /mnt && cat /mnt/secret']
    for owner, other in (SHARED, SHARED[::-1]):
        run('chcon', '-R', mount_context(owner), '/srv/shared', check=True)
        before = len(denials())
        r = sh(owner, 'id -u; stat -c %u /srv/shared/secret; head -1 /srv/shared/secret')
        assert r.out.split() == ['0', '0', 'secret'], (r, run('ls', '-lZ', '/srv/shared').out, denials()[-3:])
        for attempt in attempts:
            r = sh(other, attempt)
            assert r.status != 0 and 'Permission denied' in r.err, (other, attempt, r)
        wait_until(lambda: len(denials()) > before, what='nothing of it was told as denied')
        sh(owner, 'echo more >>/srv/shared/secret && echo x >/srv/shared/new && rm /srv/shared/new', check=True)
    with open('/srv/shared/secret') as f:
        assert f.read() == 'secret\nmore\nmore\n'


def test_the_same_ids_do_not_help():
    """A container to which another's store is given, id-mapped so that its root owns it: modes
    let it. What lies there on disk has no label that a container's type may read."""
    needs_selinux()
    sh('two', 'umask 0; echo secret >/srv/mine', check=True)
    store = '/var/lib/ctrd/containers/two/fs/upper'
    create('thief', DEBIAN, 'BindReadOnly=%s:/stolen' % store, start=True)
    try:
        assert sh('thief', 'id -u', check=True).out == '0\n'
        for attempt in ('cat /stolen/srv/mine', 'ls /stolen/etc', 'ls /stolen'):
            r = sh('thief', attempt)
            assert r.status != 0 and 'Permission denied' in r.err, (attempt, r)
    finally:
        remove('thief')


def test_what_is_the_hosts_is_out_of_reach():
    """Even where it is bound into a container in which root is root of the host."""
    needs_selinux()
    with container('bare', DEBIAN, 'UserNamespace=no', 'Bind=/etc:/mnt/etc', 'Bind=/root:/mnt/root') as name:
        assert sh(name, 'head -1 /proc/self/uid_map', check=True).out.split() == ['0', '0', '4294967295']
        for attempt in ('cat /mnt/etc/shadow', 'cat /mnt/etc/passwd', 'ls /mnt/root', 'touch /mnt/etc/x', 'rm /mnt/etc/hostname'):
            r = sh(name, attempt)
            assert r.status != 0 and 'Permission denied' in r.err, (attempt, r)


def test_the_pair_is_remembered():
    needs_selinux()
    before = context('one'), context('two')
    run('systemctl', 'restart', 'ctrd', check=True)
    ctl('restart', 'one')
    sh('two', 'systemctl reboot')
    wait_until(lambda: show('two')['State'] == 'running' and sh('two', 'true').status == 0, timeout=90)
    assert (context('one'), context('two')) == before
    assert context_of(processes('one')[0]) == before[0]


def test_security_tells_the_contexts():
    needs_selinux()
    layers = ctl('security', 'one')
    assert re.search(r'SELinuxContext: %s ' % re.escape(context('one')), layers), layers
    assert re.search(r'SELinuxMountContext: system_u:object_r:\w+_t:s0:c%d,c%d' % pair('one'), layers), layers


def test_settings():
    needs_selinux()
    for value in ('none', 'a:b', 'a:b:c d'):
        fails('create', '-s', 'SELinuxContext=' + value, 'bad', BUSYBOX, word='SELinuxContext')
    with container('odd', BUSYBOX, 'SELinuxContext=system_u:system_r:no_such_t', start=False):
        fails('start', 'odd', word='SELinuxContext')
    process, mount = (context('one').rsplit(':', 2)[0] + ':s0:c5,c6', re.search(r'SELinuxMountContext: (\S+?):s0', ctl('security', 'one')).group(1))
    with container('own', BUSYBOX, 'SELinuxContext=' + process, 'SELinuxMountContext=%s:s0:c5,c6' % mount):
        assert context('own') == process, context('own')


def test_a_host_without_selinux_says_so():
    if active():
        raise Skip('this host has SELinux')
    create('none', BUSYBOX, 'SELinuxContext=system_u:system_r:container_t')
    assert 'SELinux is not active' in fails('start', 'none', word='SELinuxContext')
    remove('none')
