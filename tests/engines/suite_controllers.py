# SPDX-License-Identifier: LGPL-2.1-or-later
"""podman drives ctrrun on a complete host: limits, figures, checkpoints."""

import json
import pathlib
import tempfile

import engines
from engines import CGROUP, expect, has, same, wait_for
from podman import BUSYBOX, MANAGER, clean_up, container, pid, podman, sh, state

THINGS = engines.podman_things


def setup():
    engines.need_controllers()
    podman('pull', '--quiet', BUSYBOX)


def cgroup_of(name):
    path = pathlib.Path('/proc/%d/cgroup' % pid(name)).read_text().split('::')[1].strip()
    has(path, '.scope' if MANAGER == 'systemd' else 'libpod_parent')
    return CGROUP / path.lstrip('/')


def limit(name, file):
    directory = cgroup_of(name)
    # crun and podman have the container one level deeper with systemd.
    while not (directory / file).exists() or (directory.name == 'container' and directory.parent.name.endswith('.scope')):
        directory = directory.parent
    return (directory / file).read_text().strip()


def test_limits():
    with container('--memory=64m', '--memory-swap=96m', '--memory-reservation=32m', '--cpus=0.5', '--cpu-shares=512',
                   '--pids-limit=33', '--cpuset-cpus=0') as c:
        same(limit(c, 'memory.max'), str(64 << 20))
        same(limit(c, 'memory.swap.max'), str(32 << 20))
        same(limit(c, 'memory.low'), str(32 << 20))
        same(limit(c, 'cpu.max'), '50000 100000')
        same(limit(c, 'cpu.weight'), '20')
        same(limit(c, 'pids.max'), '33')
        same(limit(c, 'cpuset.cpus'), '0')
        # The container sees its own.
        same(podman('exec', c, 'cat', '/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/pids.max').split(), [str(64 << 20), '33'])


def test_a_limit_holds():
    sh('tail -c 100m /dev/zero', '--memory=16m', '--memory-swap=16m', status=137)
    has(sh('for i in 1 2 3 4 5 6 7 8; do sleep 1 & done', '--pids-limit=5', both=True, status=None).stdout, "can't fork")


def test_update():
    with container('--memory=64m', '--memory-swap=64m') as c:
        podman('update', '--memory=96m', '--memory-swap=96m', '--cpus=0.25', c)
        same((limit(c, 'memory.max'), limit(c, 'cpu.max')), (str(96 << 20), '25000 100000'))


def test_stats():
    with container('--memory=64m', command=('sh', '-c', 'while :; do :; done')) as c:
        figures = json.loads(podman('stats', '--no-stream', '--format=json', c))[0]
        same(figures['pids'], '1')
        has(figures['mem_usage'], '67.1')
        expect(figures['cpu_time'] != '0s', figures)


def test_pause_of_the_manager():
    with container() as c:
        podman('pause', c)
        has((cgroup_of(c) / 'cgroup.events').read_text(), 'frozen 1')
        podman('unpause', c)
        has((cgroup_of(c) / 'cgroup.events').read_text(), 'frozen 0')


def test_apparmor():
    has(sh('cat /proc/self/attr/current'), 'containers-default')
    has(sh('cat /proc/self/attr/current', '--security-opt=apparmor=unconfined'), 'unconfined')


def test_hard_limits_are_raised():
    same(sh('ulimit -Hn', '--ulimit=nofile=1048000:1048000'), '1048000\n')


COUNT = 'i=0; while :; do echo $i >/tmp/count.new; mv /tmp/count.new /tmp/count; i=$((i + 1)); sleep 0.1; done'


def counted(name):
    return int(podman('exec', name, 'cat', '/tmp/count', status=None).stdout or -1)


def test_checkpoint_and_restore():
    with container(command=('sh', '-c', COUNT)) as c:
        wait_for(lambda: counted(c) > 3)
        podman('container', 'checkpoint', c)
        same(state(c), 'exited')
        podman('container', 'restore', c)
        same(state(c), 'running')
        restored = counted(c)
        expect(restored > 3, 'it began again')
        wait_for(lambda: counted(c) > restored)


def test_checkpoint_leaves_running_and_is_exported():
    with tempfile.TemporaryDirectory() as directory, container(command=('sh', '-c', COUNT)) as c:
        wait_for(lambda: counted(c) > 3)
        archive = directory + '/checkpoint.tar.gz'
        podman('container', 'checkpoint', '--leave-running', '--export=' + archive, c)
        same(state(c), 'running')
        podman('rm', '--force', '--time=0', c)
        podman('container', 'restore', '--import=' + archive)
        expect(counted(c) > 3)
