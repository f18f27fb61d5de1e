# SPDX-License-Identifier: LGPL-2.1-or-later
"""The CRI plugin of containerd drives ctrrun: what a kubelet does, by a small client
over gRPC."""

import contextlib
import importlib
import itertools
import os
import pathlib
import sys
import tempfile

import grpc

import engines
from engines import CGROUP, REGISTRY, expect, has, run, same, wait_for, whole

HERE = pathlib.Path(__file__).parent
THINGS = engines.containerd_things
SOCKET = 'unix:///run/containerd/containerd.sock'
BUSYBOX = REGISTRY + '/busybox'
READY, RUNNING, EXITED = 0, 1, 2
numbers = itertools.count(1)
cri = None


def call(method, request, answer=None, service='RuntimeService'):
    stub = channel.unary_unary('/runtime.v1.%s/%s' % (service, method), request_serializer=lambda m: m.SerializeToString(),
                               response_deserializer=(answer or cri.Empty).FromString)
    return stub(request, timeout=engines.TIMEOUT)


def setup():
    global cri, channel
    generated = tempfile.mkdtemp(prefix='engines-cri.')
    run('protoc', '--proto_path=%s' % HERE, '--python_out=' + generated, 'cri.proto')
    sys.path.insert(0, generated)
    cri = importlib.import_module('cri_pb2')
    channel = grpc.insecure_channel(SOCKET)
    for image in BUSYBOX, REGISTRY + '/pause':
        call('PullImage', cri.PullImageRequest(image=cri.ImageSpec(image=image)), cri.PullImageResponse, 'ImageService')
    # The bridge stays when it has been there once.
    with sandbox():
        pass


def sandbox_config(name, cgroup_parent='/kubepods-engines', **linux):
    # As kubelet: who is on the host's network has its name.
    on_host = 'security_context' in linux and linux['security_context'].namespace_options.network == cri.NODE
    return cri.SandboxConfig(metadata=cri.SandboxMetadata(name=name, uid='uid-' + name, namespace='tests'),
                             hostname='' if on_host else name,
                             log_directory=str(LOGS), linux=cri.SandboxLinux(cgroup_parent=cgroup_parent, **linux))


LOGS = pathlib.Path(tempfile.mkdtemp(prefix='engines-logs.'))


class Sandbox:
    def __init__(self, config, id):
        self.config, self.id = config, id

    def status(self):
        return call('PodSandboxStatus', cri.SandboxId(pod_sandbox_id=self.id), cri.SandboxStatusResponse).status

    def create(self, *command, security=None, resources=None, **more):
        name = 'c%d' % next(numbers)
        config = cri.ContainerConfig(
            metadata=cri.ContainerMetadata(name=name), image=cri.ImageSpec(image=BUSYBOX), command=command or ['sleep', '1000'],
            log_path=name + '.log', linux=cri.ContainerLinux(resources=resources, security_context=security), **more)
        id = call('CreateContainer', cri.CreateContainerRequest(pod_sandbox_id=self.id, config=config,
                                                                sandbox_config=self.config), cri.ContainerId).container_id
        return Container(id, LOGS / config.log_path)

    def run(self, *command, **more):
        c = self.create(*command, **more)
        c.start()
        return c


class Container:
    def __init__(self, id, log):
        self.id, self.log = id, log

    def start(self):
        call('StartContainer', cri.ContainerId(container_id=self.id))

    def status(self):
        return call('ContainerStatus', cri.ContainerId(container_id=self.id), cri.ContainerStatusResponse).status

    def exec(self, *command, status=0):
        r = call('ExecSync', cri.ExecSyncRequest(container_id=self.id, cmd=command), cri.ExecSyncResponse)
        same((r.exit_code, r.stderr), (status, r.stderr))
        return r.stdout.decode()

    def stop(self, timeout=0):
        call('StopContainer', cri.StopContainerRequest(container_id=self.id, timeout=timeout))

    def remove(self):
        call('RemoveContainer', cri.ContainerId(container_id=self.id))

    def said(self):
        """Lines of "TIME STREAM TAG text"."""
        return [line.split(' ', 3)[1:] for line in self.log.read_text().splitlines()]

    def wait(self):
        wait_for(lambda: self.status().state == EXITED, 'the container does not end')
        return self.status().exit_code


@contextlib.contextmanager
def sandbox(handler='ctrrun', **linux):
    config = sandbox_config('pod%d' % next(numbers), **linux)
    id = call('RunPodSandbox', cri.RunPodSandboxRequest(config=config, runtime_handler=handler), cri.SandboxId).pod_sandbox_id
    try:
        yield Sandbox(config, id)
    finally:
        call('StopPodSandbox', cri.SandboxId(pod_sandbox_id=id))
        call('RemovePodSandbox', cri.SandboxId(pod_sandbox_id=id))


def test_sandbox_and_container():
    same(call('Version', cri.VersionRequest(), cri.VersionResponse).runtime_name, 'containerd')
    with sandbox() as pod:
        status = pod.status()
        same(status.state, READY)
        has(run(engines.RUNTIME, '--root=/run/containerd/runc/k8s.io', 'list'), pod.id)
        c = pod.run('sh', '-c', 'echo out; echo err >&2; sleep 1000')
        same(c.status().state, RUNNING)
        same(c.exec('hostname'), pod.config.hostname + '\n')
        has(c.exec('ip', '-4', 'addr', 'show', 'eth0'), status.network.ip)
        wait_for(lambda: len(c.said()) == 2)
        same(sorted(c.said()), [['stderr', 'F', 'err'], ['stdout', 'F', 'out']])
        c.stop()
        same((c.status().state, c.status().exit_code), (EXITED, 137))
        c.remove()
    expect(not (CGROUP / 'kubepods-engines').exists() or not list((CGROUP / 'kubepods-engines').glob('*/')), 'cgroups are left')


def test_exec_sync():
    with sandbox() as pod:
        c = pod.run()
        same(c.exec('sh', '-c', 'echo out; exit 3', status=3), 'out\n')
        same(c.exec('sh', '-c', 'kill -9 $$', status=137), '')
        try:
            c.exec('no-such-program')
        except grpc.RpcError as error:
            has(error.details(), 'executable file not found in $PATH')
        else:
            expect(False, 'what is not there was executed')


def test_containers_of_a_pod_share():
    with sandbox() as pod:
        own = cri.ContainerSecurity(namespace_options=cri.NamespaceOption(pid=cri.CONTAINER))
        one, two = pod.run(security=own), pod.run(security=own)
        for kind in 'net', 'ipc', 'uts':
            same(one.exec('readlink', '/proc/self/ns/' + kind), two.exec('readlink', '/proc/self/ns/' + kind))
        expect(one.exec('readlink', '/proc/self/ns/mnt') != two.exec('readlink', '/proc/self/ns/mnt'))
        expect(one.exec('readlink', '/proc/self/ns/pid') != two.exec('readlink', '/proc/self/ns/pid'))
        has(pod.run().exec('ps'), '/pause')
    with sandbox(security_context=cri.SandboxSecurity(namespace_options=cri.NamespaceOption(
            network=cri.NODE, pid=cri.NODE, ipc=cri.NODE))) as pod:
        c = pod.run(security=cri.ContainerSecurity(namespace_options=cri.NamespaceOption(
            network=cri.NODE, pid=cri.NODE, ipc=cri.NODE)))
        for kind in 'net', 'pid', 'ipc':
            same(c.exec('readlink', '/proc/self/ns/' + kind).strip(), os.readlink('/proc/1/ns/' + kind))


def test_security_contexts():
    with sandbox(sysctls={'net.ipv4.ip_default_ttl': '61'}) as pod:
        c = pod.run(security=cri.ContainerSecurity(
            run_as_user=cri.Int64(value=1000), readonly_rootfs=True, no_new_privs=True, supplemental_groups=[1234],
            capabilities=cri.Capability(drop_capabilities=['ALL'], add_capabilities=['NET_BIND_SERVICE']),
            masked_paths=['/etc/plain'], readonly_paths=['/proc/sys'], seccomp=cri.SecurityProfile(profile_type=0)))
        has(c.exec('id'), 'uid=1000(web)')
        has(c.exec('id', '-G'), '1234')
        status = dict(line.split(':\t') for line in c.exec('cat', '/proc/self/status').splitlines() if ':\t' in line)
        same((status['NoNewPrivs'], status['Seccomp'], int(status['CapBnd'], 16), status['CapInh']), ('1', '2', 1 << 10, '0' * 16))
        same(c.exec('cat', '/etc/plain', '/proc/sys/net/ipv4/ip_default_ttl'), '61\n')
        c.exec('sh', '-c', ': >/tmp/x', status=1)
    with sandbox(security_context=cri.SandboxSecurity(privileged=True)) as pod:
        c = pod.run(security=cri.ContainerSecurity(privileged=True))
        c.exec('mount', '-t', 'tmpfs', 'none', '/tmp')
        c.exec('test', '-c', '/dev/fuse')


@whole
def test_mounts_and_environment():
    with sandbox() as pod, tempfile.TemporaryDirectory() as directory:
        engines.write(directory + '/file', 'host\n')
        c = pod.run('sh', '-c', 'cat /v/file; echo $A; pwd; read x </dev/null; exit 4', envs=[cri.KeyValue(key='A', value='b')],
                    working_dir='/tmp', mounts=[cri.Mount(container_path='/v', host_path=directory, readonly=True)])
        same(c.wait(), 4)
        same([words[2] for words in c.said()], ['host', 'b', '/tmp'])


def test_what_cannot_be_started():
    with sandbox() as pod:
        for program, words in (('no-such-program', 'executable file not found in $PATH'), ('/etc/plain', 'permission denied')):
            c = pod.create(program)
            try:
                c.start()
            except grpc.RpcError as error:
                has(error.details().lower(), words.lower())
            else:
                expect(False, 'what cannot be run was started')
            same(c.status().state, EXITED)
            c.remove()


def test_stop_asks_first():
    with sandbox() as pod:
        c = pod.run('sh', '-c', 'trap "exit 9" TERM; while :; do sleep 0.1; done')
        c.stop(timeout=engines.TIMEOUT)
        same(c.status().exit_code, 9)
        c = pod.run('sh', '-c', 'sleep 1000 & trap "" TERM; while :; do sleep 1; done')
        c.stop(timeout=1)
        same(c.status().exit_code, 137)


def test_stats_and_update():
    engines.need_controllers()
    with sandbox() as pod:
        c = pod.run(resources=cri.Resources(memory_limit_in_bytes=64 << 20, cpu_quota=50000, cpu_period=100000, cpu_shares=512))
        same(c.exec('cat', '/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/cpu.max').split(), [str(64 << 20), '50000', '100000'])
        stats = call('ContainerStats', cri.ContainerId(container_id=c.id), cri.ContainerStatsResponse).stats
        expect(stats.cpu.usage_core_nano_seconds.value > 0)
        expect(0 < stats.memory.working_set_bytes.value < 64 << 20)
        call('UpdateContainerResources', cri.UpdateResourcesRequest(container_id=c.id, linux=cri.Resources(
            memory_limit_in_bytes=96 << 20)))
        same(c.exec('cat', '/sys/fs/cgroup/memory.max').strip(), str(96 << 20))


def test_stats_with_systemd():
    engines.need_controllers()
    with sandbox(handler='ctrrun-systemd', cgroup_parent='kubepods-engines.slice') as pod:
        c = pod.run(resources=cri.Resources(memory_limit_in_bytes=64 << 20, cpu_quota=50000, cpu_period=100000))
        unit = 'cri-containerd-%s.scope' % c.id
        same(run('systemctl', 'show', '--property=MemoryMax', '--value', unit).strip(), str(64 << 20))
        same(c.exec('cat', '/sys/fs/cgroup/memory.max').strip(), str(64 << 20))
        expect((CGROUP / 'kubepods.slice/kubepods-engines.slice' / unit).exists())
        expect(call('ContainerStats', cri.ContainerId(container_id=c.id), cri.ContainerStatsResponse).stats.memory.working_set_bytes.value)
    # Who names a slice has it as long as it likes: kubelet does so.
    run('systemctl', 'stop', 'kubepods.slice')


@whole
def test_sandbox_is_killed():
    """What a kubelet finds after the pause process was killed."""
    with sandbox() as pod:
        c = pod.run()
        for line in run('pgrep', '-f', '^/pause').split():
            os.kill(int(line), 9)
        wait_for(lambda: pod.status().state != READY)
        c.stop()
