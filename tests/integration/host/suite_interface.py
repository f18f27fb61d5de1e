# SPDX-License-Identifier: LGPL-2.1-or-later
# What a booted system container is owed, seen from inside a Debian one. The list
# is docs/container-interface.md; each test names its line there.

import os
import re
import stat
import socket
import subprocess

from ctrd import *

SHARED = ['deb']


def setup():
    create('deb', DEBIAN, 'Credential=secret:/etc/hostname', 'Environment=EXTRA=1')
    ctl('start', 'deb')


def teardown():
    remove('deb')


def sh(script):
    return inside('deb', 'sh', '-c', script)


def refused(script):
    r = run('ctrctl', 'exec', 'deb', '--', 'sh', '-c', script)
    assert r.status != 0, '"%s" was allowed: %r' % (script, r)


def mounts():
    found = {}
    for line in sh('cat /proc/1/mountinfo').splitlines():
        left, right = line.split(' - ')
        f = left.split()
        found[f[4]] = (right.split()[0], set(f[5].split(',')), f[6:])
    return found


def files_limit(pid):
    return re.search(r'^Max open files +(\d+) +(\d+)', open('/proc/%s/limits' % pid).read(), re.M).groups()


def environment():
    data = open('/proc/%s/environ' % show('deb')['Leader']).read()
    return dict(e.split('=', 1) for e in data.split('\0') if e)


def test_system_is_running_and_nothing_failed():
    assert wait_until(lambda: run('ctrctl', 'exec', 'deb', '--', 'systemctl', 'is-system-running').out.strip() == 'running')
    assert sh('systemctl --failed --no-legend').strip() == ''


def test_start_returned_when_ready():
    p = show('deb')
    assert int(p['ReadyAt']) > int(p['StartedAt']), p
    assert p['StatusText'], p


def test_proc_is_its_own_and_sysctls_of_the_host_are_read_only():
    m = mounts()
    assert m['/proc'][0] == 'proc'
    assert 'ro' in m['/proc/sys'][1]
    assert 'rw' in m['/proc/sys/net'][1]
    for path in ('kernel/core_pattern', 'vm/swappiness', 'kernel/panic', 'fs/file-max', 'kernel/modprobe'):
        refused('cat /proc/sys/%s >/dev/null && echo 1 > /proc/sys/%s' % (path, path))
    sh('echo 1 > /proc/sys/net/ipv4/ip_forward')
    assert sh('cat /proc/sys/net/ipv4/ip_forward').strip() == '1'
    assert len(sh('ls -d /proc/[0-9]*').split()) < 60


def test_host_interfaces_of_proc_are_masked():
    for path in ('kallsyms', 'keys', 'timer_list'):
        assert sh('cat /proc/%s 2>/dev/null | head -c 100' % path) == '', path
    for path in ('kcore', 'sysrq-trigger'):
        refused('head -c 1 /proc/%s | grep -q .' % path)
        refused('echo b > /proc/%s && test ! -c /proc/%s' % (path, path))
    m = mounts()
    for path in ('acpi', 'bus', 'fs', 'irq', 'scsi'):
        if os.path.exists('/proc/' + path):
            assert 'ro' in m['/proc/' + path][1], path


def test_sys_is_read_only_and_shows_its_own_network():
    assert 'ro' in mounts()['/sys'][1]
    assert sorted(sh('ls /sys/class/net').split()) == ['host0', 'lo']


def test_dev():
    m = mounts()
    assert m['/dev'][0] == 'tmpfs' and m['/dev/pts'][0] == 'devpts' and m['/dev/mqueue'][0] == 'mqueue' and '/dev/shm' in m
    nodes = set(sh('ls /dev').split())
    for node in ('null', 'zero', 'full', 'random', 'urandom', 'tty', 'ptmx', 'pts', 'shm', 'mqueue', 'console', 'fd', 'stdin'):
        assert node in nodes, node
    assert not nodes & {'kmsg', 'mem', 'tty0', 'tty1', 'sda', 'loop0', 'fuse'}, nodes
    assert sh('readlink /dev/ptmx').strip() == 'pts/ptmx'
    sh('echo x > /dev/null; head -c 8 /dev/urandom > /dev/null; head -c 8 /dev/zero >/dev/null')
    assert sh('stat -c %F /dev/null').strip() == 'character special file'


def test_console_is_a_pty_of_its_own_devpts():
    assert mounts()['/dev/console'][0] == 'devpts'
    m = sh('stat -c %t:%T /dev/console').strip()
    assert m.startswith('88:'), m       # major 136


def test_run_and_tmp_are_tmpfs():
    m = mounts()
    assert m['/run'][0] == 'tmpfs' and m['/tmp'][0] == 'tmpfs'
    assert sh('stat -c %a /tmp').strip() == '1777'


def test_mounts_do_not_reach_the_host_and_services_have_namespaces():
    before = open('/proc/self/mountinfo').read()
    sh('mkdir -p /mnt/x && mount -t tmpfs tmpfs /mnt/x')
    assert open('/proc/self/mountinfo').read() == before
    assert any(t.startswith('shared:') for t in mounts()['/'][2]), mounts()['/']
    out = sh('systemd-run -q --pipe --wait -p PrivateTmp=yes -p ProtectSystem=strict -p PrivateDevices=yes -p ProtectHostname=yes '
             '-p DynamicUser=yes sh -c "touch /tmp/x && ! touch /usr/x 2>/dev/null && id -u"')
    assert 61184 <= int(out) <= 65519, out          # a dynamic user
    sh('umount /mnt/x')


def test_cgroup_namespace_and_delegation():
    assert sh('cat /proc/1/cgroup').strip().splitlines()[-1] == '0::/init.scope'
    assert mounts()['/sys/fs/cgroup'][0] == 'cgroup2' and 'rw' in mounts()['/sys/fs/cgroup'][1]
    sh('mkdir /sys/fs/cgroup/x && rmdir /sys/fs/cgroup/x')
    base = '/sys/fs/cgroup/machine.slice/ctr-deb.scope'
    uid = int(show('deb')['UIDBase'])
    assert os.stat(base).st_uid == 0 and os.stat(base + '/monitor').st_uid == 0
    assert os.stat(base + '/payload').st_uid == uid
    owned = {f for f in os.listdir(base + '/payload')
             if os.path.isfile(base + '/payload/' + f) and os.stat(base + '/payload/' + f).st_uid == uid}
    allowed = {'cgroup.procs', 'cgroup.subtree_control', 'cgroup.threads', 'memory.oom.group', 'memory.reclaim'}
    delegate = set(open('/sys/kernel/cgroup/delegate').read().split()) | allowed
    assert {'cgroup.procs', 'cgroup.subtree_control'} <= owned <= delegate, owned
    assert not [d for d in os.listdir(base) if os.path.isdir(base + '/' + d) and d not in ('monitor', 'payload')]


def test_boot_id_is_its_own():
    inner = sh('cat /proc/sys/kernel/random/boot_id')
    assert inner != open('/proc/sys/kernel/random/boot_id').read() and re.match(r'[0-9a-f-]{36}$', inner.strip()), inner


def test_init_starts_clean():
    leader = show('deb')['Leader']
    status = dict(line.split(':\t', 1) for line in open('/proc/%s/status' % leader).read().splitlines() if ':\t' in line)
    assert sh('cat /proc/1/loginuid 2>/dev/null || echo 4294967295').strip() == '4294967295'
    assert sh('hostname').strip() == 'deb'
    # What systemd gives its PID 1, unless ctrd itself may have less.
    hard = [int(files_limit(pid)[1]) for pid in (leader, ctrd_pid())]
    assert hard[0] == min(524288, hard[1]), hard
    caps = int(status['CapBnd'], 16)
    for dropped in (16, 17, 25, 30, 34, 35, 36, 37):     # modules rawio time audit_control syslog wake_alarm block_suspend audit_read
        assert not caps & (1 << dropped), dropped
    for kept in (21, 27, 12):                            # sys_admin mknod net_admin
        assert caps & (1 << kept), kept
    assert int(status['CapInh'], 16) == 0 == int(status['CapAmb'], 16)


def test_environment_of_init():
    e = environment()
    p = show('deb')
    assert e['container'] == 'ctrd', e
    assert e['container_uuid'].replace('-', '') == p['MachineID'], e
    assert e['container_host_id'] == 'debian' and e['container_host_version_id'], e
    assert e['NOTIFY_SOCKET'] == '/run/host/notify' and e['CREDENTIALS_DIRECTORY'] == '/run/host/credentials', e
    assert {'TERM', 'PATH', 'HOME', 'USER', 'LOGNAME'} <= set(e) and e['EXTRA'] == '1', e


def test_run_host():
    flags = mounts()['/run/host'][1]
    assert {'ro', 'nosuid', 'noexec', 'nodev'} <= flags, flags
    assert sh('cat /run/host/container-manager') == 'ctrd'
    assert sh('cat /run/host/container-uuid').strip().replace('-', '') == show('deb')['MachineID']
    assert 'ID=debian' in sh('cat /run/host/os-release')
    assert {'reg', 'dir', 'fifo', 'sock'} <= set(sh('ls /run/host/inaccessible').split())
    assert sh('test -S /run/host/notify && test -d /run/host/incoming && test -d /run/host/unix-export && echo yes').strip() == 'yes'
    refused('touch /run/host/x')


def test_credentials():
    assert sh('cat /run/host/credentials/secret') == open('/etc/hostname').read()
    assert sh('stat -c %a:%u /run/host/credentials/secret').strip() == '400:0'
    out = sh('systemd-run -q --pipe --wait -p LoadCredential=secret sh -c \'cat $CREDENTIALS_DIRECTORY/secret\'')
    assert out == open('/etc/hostname').read()


def test_machine_id_is_everywhere_the_same():
    mine = show('deb')['MachineID']
    assert sh('cat /etc/machine-id').strip() == mine
    out = run('busctl', 'get-property', 'org.freedesktop.machine1', '/org/freedesktop/machine1/machine/deb',
              'org.freedesktop.machine1.Machine', 'Id', check=True).out
    assert out.split()[1:] == ['16'] + [str(b) for b in bytes.fromhex(mine)], out


def test_two_containers_of_an_image_differ():
    create('deb2', DEBIAN)
    assert show('deb2')['MachineID'] != show('deb')['MachineID']
    assert show('deb2')['UIDBase'] != show('deb')['UIDBase']
    remove('deb2')


def test_notify_socket_takes_nobody_but_pid_1():
    before = show('deb')['StatusText']
    sh('python3 -c "" 2>/dev/null; printf "STATUS=forged\\nREADY=1" | '
       'perl -MSocket -e \'socket(S,AF_UNIX,SOCK_DGRAM,0); connect(S,sockaddr_un("/run/host/notify")) or die; local $/; send(S,<STDIN>,0) or die\'')
    # The next word of PID 1 comes after it.
    sh('systemctl daemon-reload')
    assert 'forged' not in show('deb')['StatusText'], show('deb')


def test_machined_and_its_tools():
    leader = show('deb')['Leader']
    assert 'deb' in run('machinectl', 'list', check=True).out
    status = run('machinectl', 'status', 'deb', '--no-pager', check=True).out
    assert leader in status and 'ctr-deb.scope' in status, status
    assert run('systemctl', '-M', 'deb', 'is-system-running', check=True).out.strip() == 'running'
    assert run('systemd-run', '-q', '-M', 'deb', '--pipe', '--wait', 'hostname', check=True).out.strip() == 'deb'


def test_journal_from_the_host():
    sh('logger --journald < /dev/null 2>/dev/null; echo MESSAGE=marker-from-inside | systemd-cat; journalctl --sync')
    wait_until(lambda: 'marker-from-inside' in run('journalctl', '-M', 'deb', '--no-pager').out)
    if os.path.isdir('/var/log/journal'):
        mine = show('deb')['MachineID']
        ctl('set', 'deb', 'LinkJournal=guest')
        assert 'marker-from-inside' in run('journalctl', '--no-pager', '-D', '/var/log/journal/' + mine).out


def test_console_log():
    # The boot is on it, for ctrctl logs.
    wait_until(lambda: 'login:' in ctl('logs', 'deb'))


def test_names_of_the_interfaces():
    assert os.path.exists('/sys/class/net/ve-deb')


def test_user_namespace_and_owners():
    p = show('deb')
    uid_map = open('/proc/%s/uid_map' % p['Leader']).read().split()
    assert uid_map == ['0', p['UIDBase'], '65536'], uid_map
    assert int(p['UIDBase']) % 65536 == 0 and 524288 <= int(p['UIDBase']) <= 1878982656
    assert sh('stat -c %u /etc/passwd /').split() == ['0', '0']
    sh('touch /root/made-inside')
    on_disk = os.stat('/var/lib/ctrd/containers/deb/fs/upper/root/made-inside')
    assert on_disk.st_uid == 0, 'id-mapped, not chowned'
    assert os.stat('/var/lib/ctrd/images/debian-bookworm/rootfs/etc/passwd').st_uid == 0


def test_resources_are_unit_properties():
    create('lim', BUSYBOX, 'TasksMax=77', 'MemoryMax=200M', 'CPUQuota=50%', 'CPUWeight=50', start=True)
    out = run('systemctl', 'show', 'ctr-lim.scope', '-p', 'TasksMax', '-p', 'MemoryMax', '-p', 'CPUQuotaPerSecUSec', '-p', 'CPUWeight',
              '-p', 'Delegate', '-p', 'Slice').out
    for expected in ('TasksMax=77', 'MemoryMax=209715200', 'CPUQuotaPerSecUSec=500ms', 'CPUWeight=50', 'Delegate=yes',
                     'Slice=machine.slice'):
        assert expected in out, out
    remove('lim')


def test_reboot_from_inside():
    before = show('deb')
    boot = sh('cat /proc/sys/kernel/random/boot_id')
    run('ctrctl', 'exec', 'deb', '--', 'systemctl', 'reboot')
    wait_until(lambda: show('deb')['Leader'] not in ('0', before['Leader']) and state('deb') == 'running', 60)
    assert sh('hostname').strip() == 'deb' and show('deb')['MachineID'] == before['MachineID']
    assert sh('cat /proc/sys/kernel/random/boot_id') != boot
    wait_until(lambda: run('ctrctl', 'exec', 'deb', '--', 'systemctl', 'is-system-running').out.strip() == 'running')
    assert run('machinectl', 'show', 'deb', '-p', 'Leader', '--value', check=True).out.strip() == show('deb')['Leader']


def test_shutdown_from_inside_and_start_again():
    run('ctrctl', 'exec', 'deb', '--', 'systemctl', 'poweroff')
    wait_until(lambda: state('deb') == 'stopped', 60)
    assert show('deb')['ExitReason'] == 'poweroff', show('deb')
    ctl('start', 'deb')


def test_memory_of_the_daemons():
    def kib(pid, *fields):
        text = open('/proc/%d/smaps_rollup' % pid).read()
        return sum(int(m) for f in fields for m in re.findall(f + r':\s+(\d+) kB', text))
    def private_of_monitor():
        return kib(monitor_pid('deb'), 'Private_Clean', 'Private_Dirty')

    # At rest: it gives its pages back when nothing has happened for a second.
    wait_until(lambda: private_of_monitor() <= 300, what='ctr-monitor has %d KiB of private memory' % private_of_monitor())
    private = private_of_monitor()
    rss = kib(ctrd_pid(), 'Rss')
    print('# ctr-monitor private %d KiB, ctrd RSS %d KiB' % (private, rss))
    assert rss <= 6 * 1024, 'ctrd has %d KiB' % rss
