# SPDX-License-Identifier: LGPL-2.1-or-later
# What confines the daemons themselves, and what they keep while a container runs.

import re
import signal
import socket
import stat

from ctrd import *

SHARED = ['deb']


def setup():
    create('deb', DEBIAN, start=True)


def teardown():
    remove('deb')


def descriptors(pid):
    """Where the descriptors of a process lead, with what is only a number taken away."""
    found = []
    for fd in os.listdir('/proc/%d/fd' % pid):
        try:
            found.append(re.sub(r'\[\d+\]', '', os.readlink('/proc/%d/fd/%s' % (pid, fd))))
        except FileNotFoundError:
            pass
    return sorted(found)


def test_what_the_daemons_keep_while_a_container_runs():
    group = '/sys/fs/cgroup/machine.slice/ctr-deb.scope'
    monitor = int(open(group + '/monitor/cgroup.procs').read())
    # Its own console, log, notify and control sockets, two of netlink for its addresses, clocks
    # and children; no directory
    # of the root file system, no other container's anything.
    assert set(descriptors(monitor)) <= {
        '/dev/null', '/dev/pts/ptmx', '/var/lib/ctrd/containers/deb/console.log', 'anon_inode:[eventpoll]', 'anon_inode:[pidfd]',
        'anon_inode:[signalfd]', 'anon_inode:[timerfd]', group, group + '/payload', 'socket:'}, descriptors(monitor)
    assert descriptors(monitor).count('socket:') <= 6, descriptors(monitor)
    # The runtime does not stay: what runs inside is the container's own.
    assert not run('pgrep', '-x', 'ctrrun').out
    for pid in open(group + '/payload/init.scope/cgroup.procs').read().split():
        assert os.readlink('/proc/%s/exe' % pid).endswith('/systemd'), pid
    # It makes every reboot, with all that a start needs: as root, but with no more than
    # ctrd was given, and unable to get more by a program that it runs.
    status = dict(line.rstrip('\n').split(':\t', 1) for line in open('/proc/%d/status' % monitor))
    assert status['CapInh'].strip('0') == status['CapAmb'].strip('0') == '', status
    # The only mount of its own is the root file system of its container.
    def mounts(pid):
        with open('/proc/%s/mountinfo' % pid) as f:
            return {line.split()[4] for line in f}
    assert mounts(monitor) - mounts('self') == {'/run/ctrd/containers/deb/rootfs'}
    assert '/run/ctrd/containers/deb/rootfs' not in mounts('self')


def process_status(pid):
    with open('/proc/%d/status' % pid) as f:
        return dict(line.rstrip('\n').split(':\t', 1) for line in f)


def test_ctrd_is_confined_and_what_starts_monitors_is_not():
    # systemd's own measure, of 0 to 10: what is exempt is explained in the unit.
    run('systemd-analyze', 'security', '--threshold=50', '--no-pager', 'ctrd.service', check=True)
    daemon = process_status(ctrd_pid())
    assert (daemon['NoNewPrivs'], daemon['Seccomp']) == ('1', '2'), daemon
    assert int(daemon['CapBnd'], 16) & (1 << 21) == 0, daemon  # CAP_SYS_ADMIN
    # Nothing of it is inherited by a container, whose services have their own.
    group = '/sys/fs/cgroup/machine.slice/ctr-deb.scope'
    launcher = int(run('systemctl', 'show', 'ctr-launcher', '-p', 'MainPID', '--value').out)
    for pid in (launcher, int(open(group + '/monitor/cgroup.procs').read())):
        status = process_status(pid)
        assert (status['NoNewPrivs'], status['Seccomp']) == ('0', '0'), status
        assert status['CapBnd'] == process_status(1)['CapBnd'], status
    # What starts them has its socket and where its words go, and nobody else may ask it.
    assert set(descriptors(launcher)) <= {'/dev/null', 'socket:'}, descriptors(launcher)
    assert len(descriptors(launcher)) == 4, descriptors(launcher)
    assert stat.S_IMODE(os.stat('/run/ctrd/launcher').st_mode) == 0o600
    assert run('systemctl', 'show', 'ctr-launcher', '-p', 'ControlGroup', '--value').out.strip().endswith('ctr-launcher.service')
    assert open('/sys/fs/cgroup/system.slice/ctr-launcher.service/cgroup.procs').read().split() == [str(launcher)]


def ask_launcher(data, fds=()):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        s.settimeout(10 * PATIENCE)
        s.connect('/run/ctrd/launcher')
        socket.send_fds(s, [data], list(fds))
        try:
            return s.recv(256)
        except ConnectionResetError:
            return b''


def test_the_launcher_starts_monitors_and_nothing_else():
    # Names that are none, a missing and a second descriptor, no lines at all.
    a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with a, b:
        for name in (b'../x', b'/run', b'', b'A', b'x' * 100, b'x/../deb'):
            assert ask_launcher(b'NAME=' + name + b'\n', [b.fileno()]) == b'ERRNO=22\n', name
        assert ask_launcher(b'nonsense', [b.fileno()]) == b'ERRNO=74\n'
        assert ask_launcher(b'NAME=nobody\n') == b'ERRNO=74\n'
        assert ask_launcher(b'NAME=nobody\n', [b.fileno(), b.fileno()]) == b''
    # Who asked and has gone gets none.
    a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    a.close()
    with b:
        assert ask_launcher(b'NAME=nobody\n', [b.fileno()]) == b'ERRNO=104\n'
    # One that is killed is started again, by the next start of a container.
    launcher = int(run('systemctl', 'show', 'ctr-launcher', '-p', 'MainPID', '--value').out)
    os.kill(launcher, signal.SIGKILL)
    run('ctrctl', 'restart', 'deb', check=True)
    assert run('ctrctl', 'exec', 'deb', 'true').status == 0


def test_state_is_nobody_elses():
    for path, mode in (('/var/lib/ctrd', 0o700), ('/var/lib/ctrd/containers', 0o700), ('/run/ctrd/containers/deb/bundle', 0o700),
                       ('/run/ctrd/containers/deb/runtime', 0o700), ('/run/ctrd/containers/deb/layers', 0o700)):
        st = os.stat(path)
        assert (st.st_mode & 0o777, st.st_uid) == (mode, 0), (path, oct(st.st_mode), st.st_uid)
    # What others can reach below /run/ctrd they cannot write.
    for directory, _, files in os.walk('/run/ctrd'):
        for name in files + ['.']:
            st = os.lstat(os.path.join(directory, name))
            assert st.st_mode & 0o022 == 0 or stat.S_ISSOCK(st.st_mode) or stat.S_ISLNK(st.st_mode), (directory, name)
