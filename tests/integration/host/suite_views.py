# SPDX-License-Identifier: LGPL-2.1-or-later
# /proc inside as lxcfs has it, and what becomes of that when lxcfs goes and comes.

from ctrd import *

FILES = {'/proc/cpuinfo', '/proc/diskstats', '/proc/loadavg', '/proc/meminfo', '/proc/stat', '/proc/swaps', '/proc/uptime'}


def mounted():
    with open('/proc/mounts') as f:
        return any(line.split()[1] == '/var/lib/lxcfs' for line in f)


def lxcfs(on):
    if on:
        if mounted():
            return
        os.makedirs('/var/lib/lxcfs', exist_ok=True)
        run('systemctl', 'reset-failed', 'lxcfs-test')
        # The unit of the package does not start where the host looks like a container.
        run('systemd-run', '--quiet', '--unit=lxcfs-test', '--property=Delegate=yes',
            '--property=ExecStopPost=-/bin/umount -l /var/lib/lxcfs', '/usr/bin/lxcfs', '/var/lib/lxcfs', check=True)
    else:
        run('systemctl', 'stop', 'lxcfs-test')
        # It ends with 1 when it is asked to; no unit of the host's shall have failed for that.
        run('systemctl', 'reset-failed', 'lxcfs-test')
    wait_until(lambda: mounted() == on, 10, 'lxcfs %s' % on)


def setup():
    if not os.path.exists('/dev/fuse') or not os.path.exists('/usr/bin/lxcfs'):
        raise Skip('no /dev/fuse, or no lxcfs')
    # As systemd has it on a machine: what is mounted later reaches monitors.
    run('mount', '--make-rshared', '/', check=True)


def teardown():
    lxcfs(False)


def views(name):
    """What of lxcfs is mounted inside, and can be read."""
    found = set()
    for line in inside(name, 'cat', '/proc/self/mountinfo').splitlines():
        if ' - fuse.lxcfs ' in line:
            found.add(line.split()[4])
            assert 'ro' in line.split()[5].split(','), line
    for path in FILES & found:
        inside(name, 'cat', path)
    return found


def has(name, wanted):
    def check():
        try:
            found = views(name)
        except AssertionError:
            return False    # the file system behind them has just ended
        return FILES <= found if wanted else not found
    try:
        wait_until(check, 15, name)
    except AssertionError:
        raise AssertionError('%s of %s, wanted: %s' % (views(name), name, wanted))


def uptime(name):
    return float(inside(name, 'cat', '/proc/uptime').split()[0])


def test_what_is_inside_is_the_containers():
    lxcfs(True)
    with container('v') as name, container('priv', BUSYBOX, 'UserNamespace=no') as other:
        for c in (name, other):
            assert FILES <= views(c), views(c)
            assert uptime(c) < 60 * PATIENCE, uptime(c)
            assert inside(c, 'cat', '/proc/meminfo').startswith('MemTotal:')
            assert 'cpu ' in inside(c, 'cat', '/proc/stat')


def test_debian_boots_with_them():
    with container('deb', DEBIAN) as name:
        assert FILES <= views(name)
        assert inside(name, 'systemctl', 'is-system-running', '--wait').strip() == 'running'
        # A reboot has them again, without a ctrd too.
        leader = show(name)['Leader']
        inside(name, 'systemd-run', '--on-active=500ms', '--timer-property=AccuracySec=10ms', 'systemctl', 'reboot')
        run('systemctl', 'stop', 'ctrd')
        wait_until(lambda: not os.path.exists('/proc/' + leader))
        wait_until(lambda: state(name) == 'running')
        assert FILES <= views(name) and show(name)['Leader'] != leader


def test_lxcfs_that_is_killed_and_comes_back():
    with container('v') as name, container('w', BUSYBOX) as other:
        pid = run('systemctl', 'show', 'lxcfs-test', '-P', 'MainPID').out.strip()
        os.kill(int(pid), signal.SIGKILL)
        wait_until(lambda: not mounted(), 10)
        # Meanwhile they see what the kernel says.
        for c in (name, other):
            has(c, False)
            assert inside(c, 'cat', '/proc/meminfo')
        lxcfs(True)
        for c in (name, other):
            has(c, True)
        # While no ctrd was there.
        run('systemctl', 'stop', 'ctrd')
        lxcfs(False)
        lxcfs(True)
        for c in (name, other):
            has(c, True)
        assert len([l for l in inside(name, 'cat', '/proc/self/mountinfo').splitlines() if '/proc/meminfo' in l]) == 1


def test_settings_say_whether():
    with container('no', BUSYBOX, 'LXCFS=no') as name:
        assert views(name) == set()
        lxcfs(False)
        lxcfs(True)
        assert views(name) == set()
    with container('yes', BUSYBOX, 'LXCFS=yes') as name:
        assert FILES <= views(name)
        ctl('stop', name)
        lxcfs(False)
        fails('start', name, word='lxcfs.service')
        ctl('set', name, 'LXCFS=auto')
        ctl('start', name)
        assert views(name) == set()
        lxcfs(True)
        has(name, True)
    fails('create', 'bad', BUSYBOX, '-s', 'LXCFS=perhaps', word='LXCFS')


def test_root_inside_cannot_turn_it_on_others():
    """Whatever is in the place of the files: nothing of it is followed."""
    with container('evil') as name:
        inside(name, 'sh', '-c', 'umount /proc/meminfo; mount -t tmpfs none /proc/sys/fs 2>/dev/null; '
               'mkdir -p /x; mount -t tmpfs none /x; ln -s /etc/passwd /x/meminfo; mount --move /x /proc 2>/dev/null || mount --bind /x /proc')
        before = open('/etc/passwd').read()
        lxcfs(False)
        lxcfs(True)
        wait_until(lambda: run('ctrctl', 'exec', name, '--', 'true').status == 0, 10)
        assert open('/etc/passwd').read() == before
        assert not any('lxcfs' in line and '/x' in line for line in open('/proc/mounts'))
    lxcfs(False)
