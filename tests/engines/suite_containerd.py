# SPDX-License-Identifier: LGPL-2.1-or-later
"""containerd's runc shim drives ctrrun, by the hand of ctr."""

import contextlib
import itertools
import json
import os
import subprocess
import tempfile

import engines
from engines import REGISTRY, RUNTIME, expect, has, run, same, wait_for, whole
from podman import Terminal

THINGS = engines.containerd_things
BUSYBOX = REGISTRY + '/busybox:latest'
STATE = '/run/containerd/runc/default'
numbers = itertools.count(1)


def ctr(*words, **kw):
    return run('ctr', *words, **kw)


def setup():
    ctr('image', 'pull', '--plain-http', BUSYBOX)


def command(*options, id, program):
    # What ctr gives of processors unasked wants a controller.
    cpu = [] if engines.in_vm() else ['--cpu-shares=0']
    return ['run', '--runc-binary', RUNTIME, *cpu, *options, BUSYBOX, id, *program]


def once(*program, options=(), **kw):
    return ctr(*command('--rm', *options, id='once%d' % next(numbers), program=program), **kw)


def clean_up():
    for name in ctr('task', 'list', '--quiet').split():
        ctr('task', 'delete', '--force', name, status=None)
    for name in ctr('container', 'list', '--quiet').split():
        ctr('container', 'delete', name, status=None)


@contextlib.contextmanager
def container(*options, program=('sleep', '1000')):
    name = 'c%d' % next(numbers)
    ctr(*command('--detach', *options, id=name, program=program))
    try:
        yield name
    finally:
        ctr('task', 'delete', '--force', name, status=None)
        ctr('container', 'delete', name)


def status(name):
    for line in ctr('task', 'list').splitlines()[1:]:
        words = line.split()
        if words[0] == name:
            return words[2]
    return None


def pid(name):
    return int(next(line.split()[1] for line in ctr('task', 'list').splitlines() if line.split()[0] == name))


def exec(name, *words, options=(), **kw):
    return ctr('task', 'exec', '--exec-id', 'e%d' % next(numbers), *options, name, *words, **kw)


def test_run_and_its_status():
    same(once('sh', '-c', 'echo out; exit 7', status=7), 'out\n')
    # A line: of the end of its input ctr may not tell the shim, with runc neither.
    same(once('head', '-n1', input='through\n'), 'through\n')
    once('sh', '-c', 'sh -c "kill -9 \\$\\$"; exit $?', status=137)
    same(once('sh', '-c', 'pwd; echo $A', options=('--cwd=/tmp', '--env=A=b')), '/tmp\nb\n')


def test_run_what_cannot_be_run():
    done = once('no-such-program', status=None)
    expect(done.returncode != 0)
    has(done.stderr, 'executable file not found in $PATH')
    has(once('/etc/plain', status=None).stderr.lower(), 'permission denied')
    # It is not left half made.
    for name in ctr('container', 'list', '--quiet').split():
        ctr('container', 'delete', name)


def test_run_with_a_terminal():
    t = Terminal('ctr', *command('--rm', '--tty', id='terminal', program=('sh',)))
    t.until('# ')
    t.type('tty; echo $((6 * 7))\n')
    t.until('/dev/pts/0')
    t.until('42')
    t.type('exit 5\n')
    same(t.end(), 5)


def test_exec():
    with container() as c:
        same(exec(c, 'sh', '-c', 'echo out; exit 3', status=3), 'out\n')
        same(exec(c, 'cat', input='through\n'), 'through\n')
        same(exec(c, 'sh', '-c', 'id -u; pwd', options=('--user=1000', '--cwd=/tmp')), '1000\n/tmp\n')
        has(exec(c, 'no-such-program', status=None).stderr, 'executable file not found in $PATH')
        t = Terminal('ctr', 'task', 'exec', '--exec-id', 'tty', '--tty', c, 'sh', '-c', 'tty; exit 6')
        t.until('/dev/pts/0')
        same(t.end(), 6)
        exec(c, 'sh', '-c', 'sleep 1000', options=('--detach',))
        wait_for(lambda: len(ctr('task', 'ps', c).splitlines()) == 3, 'the detached process is not there')


def test_life():
    with container('--env=FROM=run') as c:
        same(status(c), 'RUNNING')
        has(run(RUNTIME, '--root', STATE, 'list', '--quiet'), c)
        same(json.loads(run(RUNTIME, '--root', STATE, 'state', c))['status'], 'running')
        same(int(ctr('task', 'ps', c).splitlines()[1].split()[0]), pid(c))
        ctr('task', 'pause', c)
        same(status(c), 'PAUSED')
        ctr('task', 'resume', c)
        same(status(c), 'RUNNING')
        ctr('task', 'kill', '--signal=SIGKILL', c)
        wait_for(lambda: status(c) == 'STOPPED')
        # ctr ends as the task did.
        expect(ctr('task', 'delete', c, status=None).returncode in (0, 137))


def test_kill_all():
    with container(program=('sh', '-c', 'sleep 1001 & sleep 1002 & wait')) as c:
        wait_for(lambda: len(ctr('task', 'ps', c).splitlines()) == 4)
        ctr('task', 'kill', '--all', '--signal=SIGKILL', c)
        wait_for(lambda: status(c) == 'STOPPED')


@whole
def test_pid_namespace_of_the_host():
    """Without a pid namespace of its own the end of init ends nobody else."""
    left = '/proc/%s' % os.getpid()
    with container('--with-ns=pid:%s/ns/pid' % left, program=('sh', '-c', 'sleep 1003 & exec sleep 1004')) as c:
        wait_for(lambda: run('pgrep', '-fx', 'sleep 1003', status=None).stdout)
        ctr('task', 'kill', '--signal=SIGKILL', c)
        wait_for(lambda: status(c) == 'STOPPED')
        ctr('task', 'delete', c, status=None)
        wait_for(lambda: not run('pgrep', '-fx', 'sleep 1003', status=None).stdout, 'a process outlives its container')


@whole
def test_mounts_and_options():
    with tempfile.TemporaryDirectory() as directory:
        engines.write(directory + '/file', 'host\n')
        same(once('cat', '/v/file', options=('--mount=type=bind,src=%s,dst=/v,options=rbind:ro' % directory,)), 'host\n')
        has(once('sh', '-c', ': >/v/x', status=1, options=('--mount=type=bind,src=%s,dst=/v,options=rbind:ro' % directory,),
                 both=True), 'Read-only')
    has(once('sh', '-c', ': >/x', status=1, options=('--read-only',), both=True), 'Read-only')
    same(once('readlink', '/proc/self/ns/net', options=('--net-host',)).strip(), os.readlink('/proc/1/ns/net'))
    same(once('grep', 'Seccomp:', '/proc/self/status', options=('--seccomp',)).split()[1], '2')
    once('mount', '-t', 'tmpfs', 'none', '/tmp', options=('--privileged',))


def test_cgroup_of_systemd():
    with container('--runc-systemd-cgroup', '--cgroup=engines.slice:ctr:mine') as c:
        has(open('/proc/%d/cgroup' % pid(c)).read(), '/engines.slice/ctr-mine.scope')
        same(run('systemctl', 'is-active', 'ctr-mine.scope'), 'active\n')
        ctr('task', 'pause', c)
        ctr('task', 'resume', c)
        exec(c, 'true')
    same(run('systemctl', 'show', '--property=LoadState', '--value', 'ctr-mine.scope'), 'not-found\n')


def test_limits_and_metrics():
    engines.need_controllers()
    with container('--memory-limit=67108864', '--cpus=0.5') as c:
        with open('/proc/%d/cgroup' % pid(c)) as file:
            group = '/sys/fs/cgroup' + file.read().strip().split('::')[1]
        for name, value in ('memory.max', '67108864'), ('cpu.max', '50000 100000'):
            with open(group + '/' + name) as file:
                same(file.read().strip(), value)
        has(ctr('task', 'metrics', c), 'memory.usage')


def test_checkpoint_within_limits():
    engines.need_controllers()
    with container() as c, tempfile.TemporaryDirectory() as directory:
        ctr('task', 'checkpoint', '--image-path', directory, c)
        expect(os.path.exists(directory + '/inventory.img'), os.listdir(directory))
        same(status(c), 'RUNNING')


def test_the_shim_is_killed():
    with container() as c:
        init = pid(c)
        with open('/proc/%d/stat' % init) as file:
            shim = int(file.read().rsplit(')', 1)[1].split()[1])
        has(open('/proc/%d/comm' % shim).read(), 'containerd-shim')
        os.kill(shim, 9)
        wait_for(lambda: status(c) in (None, 'STOPPED', 'UNKNOWN'))
        wait_for(lambda: not os.path.exists('/proc/%d' % init), 'its init outlives it')


@whole
def test_many_at_once():
    many = [subprocess.Popen(['ctr', *command('--rm', id='many%d' % i, program=('sh', '-c', 'exit %d' % i))],
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for i in range(8)]
    for i, process in enumerate(many):
        error = process.communicate(timeout=engines.TIMEOUT)[1]
        same((process.returncode, error), (i, b''))
