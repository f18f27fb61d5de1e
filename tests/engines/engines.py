# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of engines share: commands and what is expected of them, the
images and the registry that they come from, and what of a container is left."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import time

RUNTIME = os.environ.get('RUNTIME', '/usr/bin/ctrrun')
PATIENCE = int(os.environ.get('PATIENCE', '1'))
# An overlay's upper cannot lie on an overlay, which the root of the namespaced host
# is; this folder is of the disk's own file system there.
DATA = pathlib.Path('/var/lib/ctrd/engines')
REGISTRY = '127.0.0.1:5000'
CGROUP = pathlib.Path('/sys/fs/cgroup')
DEBIAN = pathlib.Path('/var/lib/ctrd/images/debian-bookworm/rootfs')
# Long enough for whatever works, on a machine that does other things too.
TIMEOUT = 60 * PATIENCE


class Skip(Exception):
    pass


def whole(test):
    """Tells little more than the other tests do: for who has the time."""
    test.whole = True
    return test


def expect(condition, text='not as expected'):
    if not condition:
        raise AssertionError(text)


def same(got, wanted):
    expect(got == wanted, 'got %r, wanted %r' % (got, wanted))


def has(text, part):
    expect(part in text, '%r is not in %r' % (part, text))


def wait_for(condition, what='waited in vain', seconds=TIMEOUT):
    end = time.monotonic() + seconds
    while not condition():
        expect(time.monotonic() < end, what)
        time.sleep(0.02)


def run(*command, status=0, input=None, both=False, **kw):
    """Standard output of a command that has to end with this status (None: with any;
    then what comes back is the finished process). both: standard error with it."""
    done = subprocess.run([str(word) for word in command], text=True, input=input, timeout=TIMEOUT,
                          stdin=None if input is not None else kw.pop('stdin', subprocess.DEVNULL),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT if both else subprocess.PIPE, **kw)
    if status is None:
        return done
    expect(done.returncode == status, '%s: status %d, not %d: %s%s' %
           (' '.join(map(str, command)), done.returncode, status, done.stdout, done.stderr or ''))
    return done.stdout


def in_vm():
    """On a complete host, that is: with all controllers, AppArmor, and a criu that works."""
    return 'memory' in (CGROUP / 'cgroup.controllers').read_text().split()


def need_controllers():
    if not in_vm():
        raise Skip('this host has no cgroup controllers: see tests/engines/vm.sh')


# --- configuration of the engines, registry, images

REGISTRY_CONFIG = '''\
version: 0.1
log: {level: warn, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: /var/lib/docker-registry}}
http: {addr: %s}
'''

# Not /run/containers: what the unit podman.service finds out about the default store at boot
# is kept there, and believed of others.
STORAGE_CONF = '''\
[storage]
driver = "overlay"
graphroot = "%s/podman"
runroot = "/run/engines/podman"
'''

# podman 4.3 fails at reading a log in the journal that has no line yet.
# What podman has to be told of a runtime that it does not know: its name, that its
# log can be JSON, and that it does without cgroups (4.3 reads "…nocgroup", whatever its
# manual says). Without controllers a limit of processes, which podman gives to all,
# cannot be set.
CONTAINERS_CONF = '''\
[containers]
log_driver = "k8s-file"
%s
[engine]
events_logger = "file"
runtime_supports_json = ["crun", "ctrrun", "runc"]
runtime_supports_nocgroup = ["crun", "ctrrun"]
[engine.runtimes]
ctrrun = ["%s"]
'''

REGISTRIES_CONF = '''\
[[registry]]
location = "%s"
insecure = true
'''

CONTAINERD_CONF = '''\
version = 2
root = "%(data)s/containerd"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "%(registry)s/pause"
  restrict_oom_score_adj = true
  disable_cgroup = %(without_cgroups)s
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "/etc/cni/engines.d"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    default_runtime_name = "ctrrun"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.ctrrun]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.ctrrun.options]
        BinaryName = "%(runtime)s"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.ctrrun-systemd]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.ctrrun-systemd.options]
        BinaryName = "%(runtime)s"
        SystemdCgroup = true
  [plugins."io.containerd.grpc.v1.cri".registry.mirrors."%(registry)s"]
    endpoint = ["http://%(registry)s"]
'''

CNI_CONFLIST = {
    'cniVersion': '0.4.0', 'name': 'engines', 'plugins': [
        {'type': 'bridge', 'bridge': 'engines0', 'isGateway': True,
         'ipam': {'type': 'host-local', 'ranges': [[{'subnet': '10.89.77.0/24'}]]}},
        {'type': 'loopback'}]}

PASSWD = 'root:x:0:0:root:/root:/bin/sh\nweb:x:1000:1000:web:/srv/web:/bin/sh\n'
GROUP = 'root:x:0:\nweb:x:1000:\nextra:x:1001:web\n'


def write(path, text):
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def build_image(name, root, *config):
    """From a root file system into the registry: umoci makes the layer, skopeo pushes."""
    layout = DATA / 'layout'
    if not layout.exists():
        run('umoci', 'init', '--layout', layout)
    image = '%s:%s' % (layout, name)
    run('umoci', 'new', '--image', image)
    run('umoci', 'insert', '--image', image, root, '/')
    run('umoci', 'config', '--image', image, *config)
    run('skopeo', 'copy', '--quiet', '--dest-tls-verify=false', 'oci:' + image,
        'docker://%s/%s' % (REGISTRY, name))


def build_busybox():
    root = DATA / 'roots/busybox'
    for name in 'bin dev etc proc root run srv/web sys tmp var'.split():
        (root / name).mkdir(parents=True)
    shutil.copy('/bin/busybox', root / 'bin/busybox')
    for applet in run('/bin/busybox', '--list').split():
        if applet != 'busybox':
            (root / 'bin' / applet).symlink_to('busybox')
    write(root / 'etc/passwd', PASSWD)
    write(root / 'etc/group', GROUP)
    write(root / 'etc/plain', 'no program\n')
    os.chown(root / 'srv/web', 1000, 1000)
    os.chmod(root / 'tmp', 0o1777)
    build_image('busybox', root, '--config.cmd', '/bin/sh', '--config.env', 'PATH=/usr/bin:/bin')


def build_pause():
    root = DATA / 'roots/pause'
    root.mkdir(parents=True)
    shutil.copy('/usr/bin/catatonit', root / 'pause')
    build_image('pause', root, '--config.entrypoint', '/pause', '--config.entrypoint', '-P')


def have_debian():
    """The image that runs systemd, in the registry from its first use on."""
    if not DEBIAN.exists():
        raise Skip('there is no image of Debian in %s: tests/engines/run makes it' % DEBIAN)
    if not (DATA / 'debian').exists():
        build_image('debian', DEBIAN, '--config.cmd', '/sbin/init', '--config.stopsignal', 'SIGRTMIN+3')
        (DATA / 'debian').touch()


def prepare():
    """Once in the life of a host."""
    if DATA.exists():
        return
    DATA.mkdir(parents=True)
    os.chmod(DATA, 0o755)
    write('/etc/docker/registry/config.yml', REGISTRY_CONFIG % REGISTRY)
    write('/etc/containers/storage.conf', STORAGE_CONF % DATA)
    write('/etc/containers/containers.conf', CONTAINERS_CONF % ('' if in_vm() else 'pids_limit = 0', RUNTIME))
    write('/etc/containers/registries.conf', REGISTRIES_CONF % REGISTRY)
    write('/etc/containerd/config.toml', CONTAINERD_CONF % {'data': DATA, 'registry': REGISTRY, 'runtime': RUNTIME,
                                                            'without_cgroups': 'false' if in_vm() else 'true'})
    write('/etc/cni/engines.d/10-engines.conflist', json.dumps(CNI_CONFLIST))
    for name in ('subuid', 'subgid'):
        with open('/etc/' + name, 'a') as file:
            file.write('containers:2000000:1000000\n')
    run('systemctl', 'restart', 'docker-registry', 'containerd')
    wait_for(lambda: subprocess.run(['skopeo', 'list-tags', '--tls-verify=false', 'docker://%s/none' % REGISTRY],
                                    capture_output=True, text=True).stderr.find('refused') < 0, 'the registry does not answer')
    build_busybox()
    build_pause()


# --- what is there, to compare with later

def mounts():
    """Of the host's own mount namespace, without what systemd makes for its services."""
    for line in pathlib.Path('/proc/1/mountinfo').read_text().splitlines():
        target = line.split()[4]
        if not re.match(r'/run/(user|credentials)/|/proc/sys/fs/binfmt_misc', target):
            yield 'mount ' + target


def links():
    for name in os.listdir('/sys/class/net'):
        if name.startswith('veth'):
            yield 'link ' + name


def cgroups():
    """Those that engines and containers make; what systemd has for itself comes and goes."""
    own = re.compile(r'libpod|k8s|kubepods|/engines.slice/.|/engines-|machine\.slice/.|ctr\.exec|crio|/default/')
    for path, _, _ in os.walk(CGROUP):
        # podman's own parent stays, or not.
        if own.search(path) and not re.search(r'/libpod_parent(/conmon)?$', path):
            yield 'cgroup ' + path


def processes():
    # Not conmon's "podman container cleanup": it has gone when what it cleans has.
    own = re.compile(r'conmon|containerd-shim|ctrrun|catatonit|busybox|slirp4netns|aardvark|fuse-overlayfs')
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try:
            words = pathlib.Path('/proc/%s/cmdline' % pid).read_bytes().split(b'\0')
            program = os.readlink('/proc/%s/exe' % pid)
        except OSError:
            continue
        program = program.replace(' (deleted)', '')
        if own.search(program) or (b'podman' in words[0] and b'cleanup' in words):
            yield 'process %s %s' % (pid, b' '.join(words).decode(errors='replace')[:120])


STATE = [pathlib.Path(p) for p in ('/run/ctrrun', '/run/containerd/runc/default', '/run/containerd/runc/k8s.io')]


def folders():
    for state in STATE + [pathlib.Path('/run/netns'), pathlib.Path('/run/containerd/io.containerd.runtime.v2.task/default'),
                          pathlib.Path('/run/containerd/io.containerd.runtime.v2.task/k8s.io')]:
        if state.exists():
            for entry in state.iterdir():
                if entry.name != '.seccomp':    # the filters that ctrrun keeps
                    yield 'file %s' % entry


def podman_things():
    if not (DATA / 'podman').exists():
        return
    # A pod without a container is none.
    for name in run('podman', 'ps', '--all', '--external', '--pod', '--format', '{{.Names}} {{.PodName}}').splitlines():
        yield 'container %s' % name
    for volume in (DATA / 'podman/volumes').glob('*'):
        if volume.is_dir():     # podman keeps a device node beside them
            yield 'file %s' % volume


def containerd_things():
    for namespace in ('default', 'k8s.io'):
        for kind in ('task', 'container'):
            for name in run('ctr', '--namespace', namespace, kind, 'list', '--quiet').split():
                yield '%s %s of %s' % (kind, name, namespace)


def everything(of_engine):
    return {thing for source in (mounts, links, cgroups, processes, folders, of_engine) for thing in source()}


class Traces:
    """What of containers is there when nobody runs one."""

    def __init__(self, of_engine):
        self.of_engine = of_engine
        self.before = everything(of_engine)

    def left(self, seconds=15 * PATIENCE):
        """What is there now and was not; engines clean up some time after the end."""
        end = time.monotonic() + seconds
        while True:
            left = everything(self.of_engine) - self.before
            if not left or time.monotonic() > end:
                return sorted(left)
            time.sleep(0.1)

    def forget(self):
        """After a test that failed: what it left is not the next one's fault."""
        self.before = everything(self.of_engine)
