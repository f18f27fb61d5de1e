# SPDX-License-Identifier: LGPL-2.1-or-later
"""podman of a user without privileges drives ctrrun. Where crun cannot do it here
either, it is not tried."""

import os
import pathlib
import pwd
import subprocess

import engines
from engines import DATA, expect, has, run, same, wait_for, whole
from podman import BUSYBOX

USER, UID = 'rootless', 1500
HOME = pathlib.Path('/home') / USER
RUNTIME_DIR = pathlib.Path('/run/user/%d' % UID)
MANAGERS = 'cgroupfs', 'systemd'


def command(*words, runtime='ctrrun', manager='cgroupfs'):
    return ['systemd-run', '--quiet', '--pipe', '--wait', '--collect', '--uid=' + USER, '--property=Delegate=yes',
            '--setenv=XDG_RUNTIME_DIR=%s' % RUNTIME_DIR, '--setenv=HOME=%s' % HOME, '--working-directory=%s' % HOME,
            '--setenv=DBUS_SESSION_BUS_ADDRESS=unix:path=%s/bus' % RUNTIME_DIR,
            'podman', '--log-level=error', '--runtime', runtime, '--cgroup-manager', manager, *map(str, words)]


def podman(*words, runtime='ctrrun', manager='cgroupfs', **kw):
    return run(*command(*words, runtime=runtime, manager=manager), **kw)


def things():
    for entry in (RUNTIME_DIR / 'ctrrun').glob('*'):
        yield 'file %s' % entry
    for name in podman('ps', '--all', '--quiet').split():
        yield 'container ' + name


THINGS = things


def setup():
    try:
        pwd.getpwnam(USER)
    except KeyError:
        run('useradd', '--create-home', '--uid', UID, USER)
        run('loginctl', 'enable-linger', USER)
    wait_for(lambda: (RUNTIME_DIR / 'bus').exists(), 'the user has no bus')
    # Native overlays in a user namespace, on the disk's file system as for root.
    (DATA / USER).mkdir(mode=0o700, exist_ok=True)
    engines.write(HOME / '.config/containers/storage.conf', engines.STORAGE_CONF.replace('%s/podman', str(DATA / USER)).replace(
        '/run/engines', str(RUNTIME_DIR)))
    run('chown', '-R', USER, DATA / USER, HOME)
    podman('pull', '--quiet', BUSYBOX)
    # podman's process that keeps the user's namespaces stays until the user goes.
    podman('run', '--rm', '--network=none', BUSYBOX, 'true')
    for manager in MANAGERS:
        crun = podman('run', '--rm', '--network=none', BUSYBOX, 'true', runtime='crun', manager=manager, status=None)
        if crun.returncode != 0:
            without[manager] = crun.stderr


without = {}


def sh(script, *options, manager='cgroupfs', **kw):
    if manager in without:
        raise engines.Skip('crun cannot be run rootless with %s here: %s' % (manager, without[manager]))
    return podman('run', '--rm', '--network=none', *options, BUSYBOX, 'sh', '-c', script, manager=manager, **kw)


def clean_up():
    podman('rm', '--all', '--force', '--time=0', status=None)


def test_run():
    for manager in MANAGERS:
        same(sh('id -u; exit 7', manager=manager, status=7), '0\n')
    same(sh('cat /proc/self/uid_map').split()[:3], ['0', str(UID), '1'])
    same(sh('id -u', '--user=web'), '1000\n')
    same(sh('cat', '-i', input='through\n'), 'through\n')
    has(sh('cat /proc/self/uid_map', '--userns=keep-id').replace(' ', ''), '%d01\n' % UID)


def test_life_of_a_container():
    podman('run', '--detach', '--name=c', '--network=none', BUSYBOX, 'sleep', '1000')
    same(podman('exec', c := 'c', 'id', '-u'), '0\n')
    same(podman('exec', '-t', c, 'tty'), '/dev/pts/0\n')
    podman('exec', c, 'sh', '-c', 'exit 4', status=4)
    same(podman('exec', c, 'no-such-program', status=None).returncode, 127)
    has(podman('top', c, 'args'), 'sleep 1000')
    podman('stop', '--time=0', c)
    same(podman('inspect', '--format', '{{.State.ExitCode}}', c), '137\n')
    podman('start', c)
    podman('rm', '--force', '--time=0', c)


def test_pause_with_a_cgroup_of_the_user():
    sh('true', manager='systemd')
    podman('run', '--detach', '--name=p', '--network=none', BUSYBOX, 'sleep', '1000', manager='systemd')
    podman('pause', 'p', manager='systemd')
    same(podman('inspect', '--format', '{{.State.Status}}', 'p'), 'paused\n')
    podman('unpause', 'p', manager='systemd')
    podman('rm', '--force', '--time=0', 'p', manager='systemd')


@whole
def test_network_by_slirp():
    done = podman('run', '--rm', BUSYBOX, 'ip', 'addr', 'show', 'tap0', status=None)
    if done.returncode != 0:
        crun = podman('run', '--rm', BUSYBOX, 'ip', 'addr', 'show', 'tap0', runtime='crun', status=None)
        if crun.returncode != 0:
            raise engines.Skip('crun cannot do it here either: ' + crun.stderr.splitlines()[-1])
    has(done.stdout, '10.0.2.100')
    same(done.returncode, 0)


@whole
def test_options():
    same(sh('hostname', '--hostname=mine'), 'mine\n')
    has(sh('echo x >/etc/x', '--read-only', status=1, both=True), 'Read-only file system')
    same(sh('cat /v/passwd | head -1', '--volume=/etc/passwd:/v/passwd:ro'), open('/etc/passwd').readline())
    same(sh('[ -c /dev/null ] && echo x >/dev/null && stat -c %t:%T /dev/zero'), '1:5\n')
    same(sh('grep Seccomp: /proc/self/status').split()[1], '2')
    same(sh('cat /proc/sys/kernel/msgmax', '--sysctl=kernel.msgmax=9000'), '9000\n')
    sh('mount -t tmpfs none /tmp', '--privileged')
    same(sh('cat /proc/1/comm', '--init'), 'podman-init\n')


def test_privileges_are_not_raised():
    """Nothing of root's is reached by what a user may give."""
    expect(sh('cat /v/shadow', '--volume=/etc/shadow:/v/shadow', status=None).returncode != 0)
    expect(not os.path.exists('/run/ctrrun') or set(os.listdir('/run/ctrrun')) <= {'.seccomp'})
    done = subprocess.run(command('run', '--rm', '--network=host', BUSYBOX, 'ip', 'link', 'add', 'x0', 'type', 'dummy'),
                          capture_output=True)
    expect(done.returncode != 0)
