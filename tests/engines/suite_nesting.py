# SPDX-License-Identifier: LGPL-2.1-or-later
"""podman in a container of ctrd's that has Nesting=yes, with crun and with ctrrun as its
runtime there. Its programs are those of the host, which is the guest's distribution
too, with what they want; its images come from the host's podman as an archive."""

import os
import pathlib
import re
import shutil

import engines
from engines import expect, has, run, same
from podman import BUSYBOX, podman

THINGS = engines.podman_things
PACKAGES = ('podman', 'conmon', 'crun', 'netavark', 'aardvark-dns', 'catatonit', 'golang-github-containers-common',
            'golang-github-containers-image', 'nftables', 'iptables', 'uidmap')
STATE = pathlib.Path('/var/lib/ctrd/containers/outer')


def put(path):
    # /lib and /bin are links, there as here.
    real = pathlib.Path(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
    to = STATE / 'fs/upper' / str(real).lstrip('/')
    to.parent.mkdir(parents=True, exist_ok=True)
    if real.is_file() and not to.is_symlink() and not to.exists():
        shutil.copy2(real, to, follow_symlinks=False) if real.is_symlink() else run('cp', '-a', real, to)


def put_packages():
    files = []
    for package in PACKAGES:
        found = run('dpkg-query', '-L', package, status=None)
        files += [f for f in found.stdout.splitlines() if not f.startswith(('/usr/share/doc', '/usr/share/man'))]
    files += ['/etc/alternatives/' + name for name in os.listdir('/etc/alternatives') if 'tables' in name]
    files += ['/usr/sbin/' + name for name in os.listdir('/usr/sbin') if 'tables' in name] + ['/usr/bin/ctrrun']
    # What the hosts of these tests are told: of their registry, and that they lack controllers.
    files += [str(f) for f in pathlib.Path('/etc/containers').rglob('*') if f.is_file()]
    for path in list(files):
        if os.path.isfile(path) and os.access(path, os.X_OK):
            files += re.findall(r'=> (/\S+)', run('ldd', path, status=None).stdout)
    for path in sorted(set(files)):
        if os.path.lexists(path):
            put(path)
        if os.path.islink(path):
            put(os.path.realpath(path))


def setup():
    podman('pull', '--quiet', BUSYBOX)
    run('ctrctl', 'create', 'outer', 'debian/bookworm', '-s', 'Nesting=yes')
    put_packages()
    (STATE / 'fs/upper/srv').mkdir(exist_ok=True)
    podman('save', '--quiet', '--output', STATE / 'fs/upper/srv/busybox.tar', BUSYBOX)
    run('ctrctl', 'start', 'outer')
    inner('podman', 'load', '--quiet', '--input', '/srv/busybox.tar')


def inner(*command, **kw):
    """A service in the outer container, with control groups of its own."""
    return run('ctrctl', 'exec', 'outer', '--', 'systemd-run', '--wait', '--pipe', '--quiet', '--property=Delegate=yes',
               '--setenv=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', '--', *command, **kw)


def each_runtime(*words, **kw):
    for runtime in '/usr/bin/crun', '/usr/bin/ctrrun':
        yield inner('podman', '--runtime', runtime, '--cgroup-manager=cgroupfs', *words, **kw)


def test_storage_is_an_overlay_of_the_kernels():
    same(inner('podman', 'info', '--format', '{{.Store.GraphDriverName}} {{index .Store.GraphStatus "Native Overlay Diff"}}').split()[0],
         'overlay')
    same(inner('podman', 'info', '--format', '{{.Host.Security.Rootless}}').strip(), 'false')


def test_run():
    for out in each_runtime('run', '--rm', '--network=none', BUSYBOX, 'sh', '-c', 'echo $(id -u) >/x; cat /x; cat /proc/1/comm; :'):
        same(out, '0\nsh\n')


def test_run_in_a_user_namespace():
    """With ids out of those that the outer container has."""
    options = '--uidmap=0:200000:65536', '--gidmap=0:200000:65536'
    for out in each_runtime('run', '--rm', '--network=none', *options, BUSYBOX, 'cat', '/proc/self/uid_map'):
        same(out.split(), ['0', '200000', '65536'])


def test_network():
    for out in each_runtime('run', '--rm', '--network=podman', BUSYBOX, 'ip', '-o', '-4', 'address'):
        has(out, 'eth0')


def test_build():
    has(inner('sh', '-c', 'printf "FROM %s\\nRUN echo built >/made\\n" | podman build --network=none -q -t made - && '
              'podman --cgroup-manager=cgroupfs run --rm --network=none made cat /made' % BUSYBOX), 'built')


def test_the_outer_container_is_whole_afterwards():
    same(run('ctrctl', 'exec', 'outer', '--', 'systemctl', 'is-system-running').strip(), 'running')
    run('ctrctl', 'remove', '--force', 'outer')
    expect(not STATE.exists(), 'left behind: %s' % STATE)
