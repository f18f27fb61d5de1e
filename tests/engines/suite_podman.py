# SPDX-License-Identifier: LGPL-2.1-or-later
"""podman drives ctrrun: what a user of one container does."""

import json
import os
import pathlib
import signal
import subprocess
import tempfile

import engines
from engines import expect, has, run, same, wait_for, whole
from podman import (BUSYBOX, RUNTIME, Terminal, clean_up, command, container, exit_status, inspect, once, pid, podman,
                    sh, state)

THINGS = engines.podman_things


def setup():
    podman('pull', '--quiet', BUSYBOX)
    # The bridge and the parent cgroup stay when they have been there once.
    podman('run', '--rm', '--network=bridge', BUSYBOX, 'true')


def test_info_names_the_runtime():
    info = json.loads(podman('info', '--format', 'json'))['host']['ociRuntime']
    same(info['path'], RUNTIME)
    has(info['version'], 'ctrrun version')
    has(info['version'], 'spec: 1.')


# --- run

def test_run_and_its_status():
    same(sh('echo out; echo err >&2; exit 7', status=7), 'out\n')
    same(sh('echo out; echo err >&2', both=True).split(), ['out', 'err'])
    sh('sh -c "kill -9 \\$\\$"; exit $?', status=137)
    sh('kill -15 $$; sleep 1000', '--init', status=143)


def test_run_what_cannot_be_run():
    done = once('--network=none', BUSYBOX, 'no-such-program', status=None)
    same(done.returncode, 127)
    has(done.stderr, 'executable file not found in $PATH')
    has(done.stderr, 'no-such-program')
    has(done.stderr, 'OCI runtime attempted to invoke a command that was not found')
    done = once('--network=none', BUSYBOX, '/no/such', status=None)
    same(done.returncode, 127)
    has(done.stderr.lower(), 'no such file or directory')
    for program in '/etc', '/etc/plain':
        done = once('--network=none', BUSYBOX, program, status=None)
        same(done.returncode, 126)
        has(done.stderr, 'OCI permission denied')
    done = once('--network=none', '--workdir=/etc/plain', BUSYBOX, 'true', status=None)
    expect(done.returncode in (126, 127), done.stderr)


def test_runtime_that_podman_does_not_know():
    """Named by its path it is asked for no JSON: its words come as text, by conmon."""
    done = run('podman', '--runtime', RUNTIME, '--cgroup-manager=cgroupfs', 'run', '--rm', '--network=none', BUSYBOX,
               'no-such-program', status=None)
    same(done.returncode, 127)
    has(done.stderr, 'executable file not found in $PATH')
    same(run('podman', '--runtime', RUNTIME, '--cgroup-manager=cgroupfs', 'run', '--rm', '--network=none', BUSYBOX,
             'echo', 'fine'), 'fine\n')


def test_run_with_stdin():
    text = 'a line of some length, and many of them\n' * 50000
    same(once('--network=none', '-i', BUSYBOX, 'cat', input=text), text)
    same(once('--network=none', BUSYBOX, 'cat', input=text), '')


def test_run_with_a_terminal():
    t = Terminal(*command('run', '--rm', '--network=none', '-it', BUSYBOX, 'sh'))
    t.until('# ')
    t.type('tty; stty -a | head -1; ls -l /dev/console\n')
    t.until('/dev/pts/0')
    t.until('crw')
    t.type('exit 9\n')
    same(t.end(), 9)
    same(once('--network=none', '-t', BUSYBOX, 'tty'), '/dev/pts/0\n')
    same(once('--network=none', '-t', '--user=web', BUSYBOX, 'sh', '-c', 'echo x >/dev/tty'), 'x\n')


def test_run_detached_and_wait():
    with container(command=('sh', '-c', 'exit 3')) as c:
        same(podman('wait', c).strip(), '3')
        same(state(c), 'exited')
    with container('--rm', command=('sleep', '1000')) as c:
        has(podman('ps', '--format', '{{.Names}}'), c)
        podman('kill', c)
        wait_for(lambda: c not in podman('ps', '--all', '--format', '{{.Names}}'), 'it was not removed')


@whole
def test_create_start_and_restart():
    podman('create', '--name', 'made', '--network=none', BUSYBOX, 'sh', '-c', 'echo again')
    same(podman('start', '--attach', 'made'), 'again\n')
    same(podman('start', '--attach', 'made'), 'again\n')
    same(podman('logs', 'made'), 'again\nagain\n')
    podman('rm', 'made')
    with container() as c:
        before = pid(c)
        podman('restart', '--time=0', c)
        same(state(c), 'running')
        expect(pid(c) != before)


@whole
def test_init_and_start_later():
    """podman init is the runtime's create without a start."""
    podman('create', '--name', 'ready', '--network=none', BUSYBOX, 'sh', '-c', 'echo started')
    podman('init', 'ready')
    same(state('ready'), 'initialized')
    has(run(RUNTIME, 'list'), 'created')
    same(podman('start', '--attach', 'ready'), 'started\n')
    podman('rm', 'ready')
    podman('create', '--name', 'never', '--network=none', BUSYBOX, 'true')
    podman('init', 'never')
    podman('rm', '--force', 'never')


# --- exec

def test_exec_and_its_status():
    with container('--env=FROM=run') as c:
        podman('exec', c, 'sh', '-c', 'exit 5', status=5)
        podman('exec', c, 'sh', '-c', 'kill -9 $$', status=137)
        same(podman('exec', '--env=MORE=exec', c, 'sh', '-c', 'echo $FROM $MORE'), 'run exec\n')
        same(podman('exec', '--workdir=/etc', c, 'pwd'), '/etc\n')
        same(podman('exec', '-i', c, 'cat', input='through\n'), 'through\n')
        done = podman('exec', c, 'sh', '-c', 'echo out; echo err >&2', status=None)
        same((done.stdout, done.stderr), ('out\n', 'err\n'))
        podman('exec', '--latest', 'true')


def test_exec_as_somebody():
    with container() as c:
        same(podman('exec', '--user=web', c, 'id'), 'uid=1000(web) gid=1000(web) groups=1001(extra)\n')
        has(podman('exec', '--user=7:8', c, 'id'), 'uid=7 gid=8')
        same(podman('exec', '--user=web', c, 'grep', 'CapEff', '/proc/self/status').split()[1], '0' * 16)
        same(int(podman('exec', '--privileged', c, 'grep', 'CapEff', '/proc/self/status').split()[1], 16),
             int(pathlib.Path('/proc/1/status').read_text().split('CapBnd:')[1].split()[0], 16))


def test_exec_what_cannot_be_run():
    with container() as c:
        done = podman('exec', c, 'no-such-program', status=None)
        same(done.returncode, 127)
        has(done.stderr, 'executable file not found in $PATH')
        same(podman('exec', c, '/etc', status=None).returncode, 126)
        same(podman('exec', c, '/etc/plain', status=None).returncode, 126)
        same(podman('exec', c, '/no/such', status=None).returncode, 127)
        same(podman('exec', '--workdir=/no/such', c, 'true', status=None).returncode, 127)
        podman('kill', c)
        podman('wait', c)
        expect('running' in podman('exec', c, 'true', status=None).stderr)


def test_exec_with_a_terminal():
    with container() as c:
        same(podman('exec', '-t', c, 'tty'), '/dev/pts/0\n')
        t = Terminal(*command('exec', '-it', c, 'sh'))
        t.until('# ')
        t.type('echo $((6 * 7)); [ -t 0 ] && [ -t 2 ] && exit 4\n')
        t.until('42')
        same(t.end(), 4)


def test_exec_detached():
    with container() as c:
        podman('exec', '--detach', c, 'sh', '-c', 'echo done >/tmp/detached')
        wait_for(lambda: podman('exec', c, 'cat', '/tmp/detached', status=None).stdout == 'done\n')


def test_exec_with_descriptors():
    with container() as c, tempfile.TemporaryFile() as file:
        file.write(b'handed on\n')
        file.seek(0)
        out = run('sh', '-c', 'exec 3<&0 </dev/null; exec "$@"', 'sh',
                  *command('exec', '--preserve-fds=1', c, 'sh', '-c', 'cat <&3; ls /proc/self/fd'), stdin=file)
        has(out, 'handed on\n')
        same(once('--network=none', BUSYBOX, 'ls', '/proc/self/fd').split(), ['0', '1', '2', '3'])


@whole
def test_run_with_descriptors():
    with tempfile.TemporaryFile() as file:
        file.write(b'handed on\n')
        file.seek(0)
        same(run('sh', '-c', 'exec 3<&0 </dev/null; exec "$@"', 'sh', *command(
            'run', '--rm', '--network=none', '--preserve-fds=1', BUSYBOX, 'sh', '-c', 'cat <&3'), stdin=file), 'handed on\n')


# --- the life of a container

@whole
def test_logs():
    for driver in 'k8s-file', 'journald':
        with container('--log-driver=' + driver,
                       command=('sh', '-c', 'echo one; echo two >&2; echo three; sleep 1000')) as c:
            wait_for(lambda: len(podman('logs', c, both=True).split()) == 3)
            same(len(podman('logs', '--tail=1', c, both=True).split()), 1)
            done = podman('logs', c, status=None)
            has(done.stdout, 'one')
            has(done.stderr, 'two')


def test_stop_asks_first():
    with container(command=('sh', '-c', 'trap "echo asked; exit 0" TERM; while :; do sleep 0.1; done')) as c:
        podman('stop', '--time=%d' % engines.TIMEOUT, c)
        same((state(c), exit_status(c)), ('exited', 0))
        has(podman('logs', c), 'asked')
    with container('--stop-signal=USR1', command=('sh', '-c', 'trap "exit 8" USR1; while :; do sleep 0.1; done')) as c:
        podman('stop', '--time=%d' % engines.TIMEOUT, c)
        same(exit_status(c), 8)


def test_stop_kills_then():
    with container(command=('sh', '-c', 'sleep 1000 & trap "" TERM; wait; while :; do sleep 1; done')) as c:
        podman('stop', '--time=1', c)
        same((state(c), exit_status(c)), ('exited', 137))
        podman('start', c)      # and it can be had again
        same(state(c), 'running')


def test_kill_sends_signals():
    with container(command=('sh', '-c', 'trap "echo got" USR2; echo ready; while :; do sleep 0.1; done')) as c:
        wait_for(lambda: 'ready' in podman('logs', c))
        podman('kill', '--signal=USR2', c)
        wait_for(lambda: 'got' in podman('logs', c))
        podman('kill', '--signal=9', c)
        same(podman('wait', c).strip(), '137')


def test_pause_and_unpause():
    with container() as c:
        podman('pause', c)
        same(state(c), 'paused')
        has(run('cat', '/proc/%d/cgroup' % pid(c)), 'libpod')
        expect(podman('exec', c, 'true', status=None).returncode != 0)
        podman('unpause', c)
        same(state(c), 'running')
        podman('exec', c, 'true')
        podman('pause', c)
        podman('rm', '--force', '--time=0', c)


def test_top():
    with container('--user=web') as c:
        lines = podman('top', c, 'pid', 'user', 'args', 'seccomp', 'capeff').splitlines()
        same(lines[1].split()[:4], ['1', 'web', 'sleep', '1000'])
        has(lines[1], 'filter')
        has(podman('top', c, '-o', 'pid,args'), 'sleep 1000')


def test_cp_both_ways():
    with container() as c, tempfile.TemporaryDirectory() as directory:
        here = pathlib.Path(directory)
        (here / 'file').write_text('contents\n')
        (here / 'folder').mkdir()
        (here / 'folder/inner').write_text('more\n')
        podman('cp', here / 'file', c + ':/tmp/')
        podman('cp', here / 'folder', c + ':/tmp/copied')
        same(podman('exec', c, 'cat', '/tmp/file', '/tmp/copied/inner'), 'contents\nmore\n')
        podman('exec', c, 'sh', '-c', 'echo inside >/tmp/back')
        podman('cp', c + ':/tmp/back', here / 'back')
        same((here / 'back').read_text(), 'inside\n')
        same(state(c), 'running')


@whole
def test_commit_export_and_diff():
    with container() as c:
        podman('exec', c, 'sh', '-c', 'echo kept >/etc/kept')
        has(podman('diff', c), 'A /etc/kept')
        podman('commit', '--quiet', '--pause', c, 'localhost/kept')
        same(state(c), 'running')
    same(once('--network=none', 'localhost/kept', 'cat', '/etc/kept'), 'kept\n')
    podman('rmi', 'localhost/kept')


def test_health_check():
    with container('--health-cmd=test -e /tmp/well', '--health-interval=disable') as c:
        podman('healthcheck', 'run', c, status=1)
        podman('exec', c, 'touch', '/tmp/well')
        same(podman('healthcheck', 'run', c), '')
        same(inspect(c, '{{.State.Healthcheck.Status}}'), 'healthy')


@whole
def test_attach():
    with container('-i', command=('sh', '-c', 'read word; echo got $word')) as c:
        has(podman('attach', c, input='this\n'), 'got this\n')


@whole
def test_restart_policy():
    with container('--restart=on-failure:2', command=('false',)) as c:
        wait_for(lambda: state(c) == 'exited' and inspect(c, '{{.RestartCount}}') == '2', 'it was not restarted twice')


# --- the options of a container

@whole
def test_identity():
    same(sh('hostname; id -u; pwd; echo $A', '--hostname=web.example', '--user=web', '--workdir=/tmp', '--env=A=b'),
         'web.example\n1000\n/tmp\nb\n')
    same(sh('umask', '--umask=0027'), '0027\n')
    same(sh('id -G', '--user=web', '--group-add=55'), '1000 55 1001\n')
    same(sh('cat /proc/self/oom_score_adj', '--oom-score-adj=321'), '321\n')


def test_capabilities():
    def effective(*options):
        return int(sh('grep CapEff /proc/self/status', *options).split()[1], 16)

    def bit(n):
        return 1 << n

    plain = effective()
    same(effective('--cap-add=NET_ADMIN') & ~plain, bit(12))
    same(plain & ~effective('--cap-drop=chown'), bit(0))
    same(effective('--cap-drop=all'), 0)
    same(effective('--cap-drop=all', '--cap-add=sys_time'), bit(25))
    same(sh('grep -E "CapInh|CapAmb" /proc/self/status').split(), ['CapInh:', '0' * 16, 'CapAmb:', '0' * 16])
    # An unprivileged user gets what was asked for, by ambient capabilities.
    same(effective('--user=web'), 0)
    same(effective('--user=web', '--cap-add=NET_RAW'), bit(13))


def test_security_options():
    same(sh('grep Seccomp: /proc/self/status').split()[1], '2')
    same(sh('grep Seccomp: /proc/self/status', '--security-opt=seccomp=unconfined').split()[1], '0')
    same(sh('grep NoNewPrivs /proc/self/status', '--security-opt=no-new-privileges').split()[1], '1')
    with tempfile.NamedTemporaryFile('w', suffix='.json') as profile:
        json.dump({'defaultAction': 'SCMP_ACT_ALLOW', 'syscalls': [
            {'names': ['mkdir', 'mkdirat'], 'action': 'SCMP_ACT_ERRNO', 'errnoRet': 95}]}, profile)
        profile.flush()
        has(sh('mkdir /tmp/x', '--security-opt=seccomp=' + profile.name, status=1, both=True), 'not supported')
    has(sh('ls /proc/acpi /sys/firmware; cat /proc/timer_list | wc -c'), '0')
    masked = ['--security-opt=mask=/etc/plain:/srv']
    same(sh('cat /etc/plain; ls /srv', *masked), '')
    has(sh('cat /proc/sys/kernel/hostname; echo x >/proc/sys/kernel/hostname', status=1, both=True), 'Read-only')
    sh('echo other >/proc/sys/kernel/hostname; [ $(hostname) = other ]', '--security-opt=unmask=/proc/sys',
       '--cap-add=sys_admin')


@whole
def test_options_of_proc():
    has(sh('grep "^proc /proc " /proc/mounts', '--security-opt=proc-opts=hidepid=2'), 'hidepid')


def test_hooks():
    with tempfile.TemporaryDirectory() as directory:
        engines.write(directory + '/hook', '#!/bin/sh\ncat >>%s/said\necho " $1" >>%s/said\n' % (directory, directory))
        os.chmod(directory + '/hook', 0o755)
        for stage in 'prestart', 'createRuntime', 'poststart', 'poststop':
            engines.write('%s/d/%s.json' % (directory, stage), json.dumps({
                'version': '1.0.0', 'hook': {'path': directory + '/hook', 'args': ['hook', stage]},
                'when': {'always': True}, 'stages': [stage]}))
        run('podman', '--hooks-dir=' + directory + '/d', *command('run', '--rm', '--network=none', BUSYBOX, 'true')[1:])
        wait_for(lambda: 'poststop' in pathlib.Path(directory, 'said').read_text())
        lines = pathlib.Path(directory, 'said').read_text().splitlines()
        same([line.rsplit(' ', 1)[1] for line in lines], ['prestart', 'createRuntime', 'poststart', 'poststop'])
        states = [json.loads(line.rsplit(' ', 1)[0]) for line in lines]
        same([(state['status'], state.get('pid', 0) > 0) for state in states],
             [('creating', True), ('creating', True), ('running', True), ('stopped', False)])


def test_privileged():
    full = int(pathlib.Path('/proc/1/status').read_text().split('CapBnd:')[1].split()[0], 16)
    script = '''grep -E "CapEff|Seccomp:" /proc/self/status; mount -t tmpfs t /tmp && umount /tmp && echo mounted
                grep -E " /(sys|proc/sys|proc) " /proc/mounts | cut -d" " -f2,4 | cut -d, -f1; [ -c /dev/fuse ] && echo fuse'''
    words = sh(script, '--privileged').split()
    same((int(words[1], 16), words[3], words[4]), (full, '0', 'mounted'))
    same(words[5:], ['/proc', 'rw', '/sys', 'rw', 'fuse'])


def test_read_only_and_tmpfs():
    has(sh('echo x >/etc/x', '--read-only', status=1, both=True), 'Read-only file system')
    same(sh('echo x >/tmp/x && echo x >/run/x && cat /tmp/x', '--read-only'), 'x\n')
    has(sh('echo x >/tmp/x', '--read-only', '--read-only-tmpfs=false', status=1, both=True), 'Read-only file system')
    has(sh('grep " /scratch " /proc/mounts; stat -c %a /scratch', '--tmpfs=/scratch:size=64k,mode=1770,noexec'), 'size=64k')


@whole
def test_tmpfs_over_what_is_there():
    same(sh('cat /etc/plain; grep -c " /etc tmpfs" /proc/mounts', '--tmpfs=/etc'), 'no program\n1\n')
    same(sh('ls /etc | grep plain', '--mount=type=tmpfs,dst=/etc,notmpcopyup', status=1), '')


def test_volumes():
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        (pathlib.Path(directory) / 'from').write_text('host\n')
        same(sh('cat /v/from; echo inside >/v/to', '--volume=%s:/v' % directory), 'host\n')
        same((pathlib.Path(directory) / 'to').read_text(), 'inside\n')
        has(sh('echo no >/v/to', '--volume=%s:/v:ro' % directory, status=1, both=True), 'Read-only file system')
        same(sh('cat /a/file', '--volume=%s/from:/a/file:ro' % directory), 'host\n')
    podman('volume', 'create', 'keep')
    sh('echo kept >/data/file', '--volume=keep:/data')
    same(sh('cat /data/file', '--volume=keep:/data:ro'), 'kept\n')
    same(sh('echo over >/data/file; cat /data/file', '--volume=keep:/data:O'), 'over\n')
    same(sh('cat /data/file', '--volume=keep:/data'), 'kept\n')
    podman('volume', 'rm', 'keep')
    same(sh('ls /img/bin/busybox', '--mount=type=image,src=%s,dst=/img' % BUSYBOX), '/img/bin/busybox\n')


@whole
def test_propagation_of_volumes():
    with tempfile.TemporaryDirectory() as directory:
        run('mount', '-t', 'tmpfs', 'engines', directory)
        try:
            run('mount', '--make-shared', directory)
            os.mkdir(directory + '/below')
            for how, there in (('rslave', True), ('rshared', True), ('rprivate', False)):
                with container('--mount=type=bind,src=%s,dst=/v,bind-propagation=%s' % (directory, how)) as c:
                    run('mount', '-t', 'tmpfs', 'engines', directory + '/below')
                    same('/v/below' in podman('exec', c, 'cat', '/proc/mounts'), there)
                    run('umount', directory + '/below')
        finally:
            run('umount', '--recursive', directory)


def test_devices():
    same(sh('ls -l /dev/fuse', status=1), '')
    has(sh('ls -l /dev/fuse', '--device=/dev/fuse'), '10, 229')
    has(sh('ls -l /dev/other; head -c 0 /dev/other && echo read', '--device=/dev/fuse:/dev/other:r'), '\nread\n')
    has(sh(': >/dev/other', '--device=/dev/fuse:/dev/other:r', status=1, both=True), 'not permitted')
    has(sh('mknod /tmp/fuse c 10 229 && cat /tmp/fuse', '--cap-add=mknod', status=1, both=True), 'not permitted')


def test_limits_of_a_process():
    same(sh('ulimit -n; ulimit -Hn; ulimit -c', '--ulimit=nofile=123:456', '--ulimit=nproc=1000:1000', '--ulimit=core=0'), '123\n456\n0\n')


@whole
def test_sysctl():
    same(sh('cat /proc/sys/kernel/msgmax /proc/sys/net/ipv4/ip_default_ttl', '--sysctl=kernel.msgmax=9000',
            '--sysctl=net.ipv4.ip_default_ttl=61'), '9000\n61\n')


def test_init_process():
    same(sh('cat /proc/1/comm; echo $$', '--init').split()[0], 'podman-init')
    sh('exit 6', '--init', status=6)


@whole
def test_namespaces_of_others():
    same(sh('readlink /proc/self/ns/pid', '--pid=host').strip(), os.readlink('/proc/1/ns/pid'))
    same(sh('readlink /proc/self/ns/ipc', '--ipc=host').strip(), os.readlink('/proc/1/ns/ipc'))
    same(sh('readlink /proc/self/ns/uts', '--uts=host').strip(), os.readlink('/proc/1/ns/uts'))
    same(sh('readlink /proc/self/ns/cgroup', '--cgroupns=host').strip(), os.readlink('/proc/1/ns/cgroup'))
    with container() as c:
        for kind in 'pid', 'ipc', 'uts':
            same(sh('readlink /proc/self/ns/' + kind, '--%s=container:%s' % (kind, c)).strip(),
                 os.readlink('/proc/%d/ns/%s' % (pid(c), kind)))


def test_cgroups_are_not_wanted():
    """The runtime is told --cgroup-manager=disabled."""
    before = set(engines.cgroups())
    with container('--cgroups=disabled') as c:
        same(set(engines.cgroups()), before)
        podman('exec', c, 'true')
    with container('--cgroups=no-conmon') as c:
        has(pathlib.Path('/proc/%d/cgroup' % pid(c)).read_text(), 'libpod')


@whole
def test_cgroup_is_split():
    """As a unit of systemd has it that runs a container."""
    out = run('systemd-run', '--quiet', '--pipe', '--wait', '--collect', '--unit=engines-split', '--property=Delegate=yes',
              *command('run', '--rm', '--network=none', '--cgroups=split', '--cgroupns=host', BUSYBOX, 'cat', '/proc/self/cgroup'))
    has(out, '/engines-split.service/libpod-payload-')


@whole
def test_root_that_is_no_image():
    with tempfile.TemporaryDirectory(dir=engines.DATA) as directory:
        run('cp', '-a', engines.DATA / 'roots/busybox', directory + '/root')
        same(podman('run', '--rm', '--network=none', '--rootfs', directory + '/root', 'sh', '-c', 'echo in >/made; cat /made'), 'in\n')
        same(pathlib.Path(directory, 'root/made').read_text(), 'in\n')


# --- networks

def test_network_modes():
    same(sh('ls /sys/class/net'), 'lo\n')
    same(once('--network=host', BUSYBOX, 'readlink', '/proc/self/ns/net').strip(), os.readlink('/proc/1/ns/net'))
    with container(network='bridge') as c:
        address = inspect(c, '{{.NetworkSettings.IPAddress}}')
        has(podman('exec', c, 'ip', '-4', 'addr', 'show', 'eth0'), address)
        has(once('--network=bridge', '--cap-add=NET_RAW', BUSYBOX, 'ping', '-c1', '-W5', address), '1 packets received')
        has(once('--network=container:' + c, BUSYBOX, 'ip', '-4', 'addr', 'show', 'eth0'), address)


@whole
def test_a_published_port():
    with container('--publish=127.0.0.1:18080:80', network='bridge',
                   command=('sh', '-c', 'mkdir /www; echo served >/www/index.html; exec httpd -f -p 80 -h /www')) as c:
        address = inspect(c, '{{.NetworkSettings.IPAddress}}')
        wait_for(lambda: run('busybox', 'wget', '-q', '-O-', 'http://%s/' % address, status=None).stdout == 'served\n')


# --- pods

# podman 4.3 forbids all devices, even to make their nodes, to a cgroup that it has made
# for a pod itself; runc fails in it as well. So pods have none here, or systemd's.
def test_pod_shares_its_namespaces():
    podman('pod', 'create', '--name', 'pod', '--hostname', 'shared', '--share-parent=false')
    for name in 'one', 'two':
        podman('run', '--detach', '--pod=pod', '--name=' + name, BUSYBOX, 'sleep', '1000')
    for kind in 'net', 'ipc', 'uts':
        same(podman('exec', 'one', 'readlink', '/proc/self/ns/' + kind), podman('exec', 'two', 'readlink', '/proc/self/ns/' + kind))
    expect(podman('exec', 'one', 'readlink', '/proc/self/ns/pid') != podman('exec', 'two', 'readlink', '/proc/self/ns/pid'))
    same(podman('exec', 'two', 'hostname'), 'shared\n')
    podman('exec', '--detach', 'one', 'sh', '-c', 'echo over loopback | nc -l -p 7777')
    wait_for(lambda: podman('exec', 'two', 'nc', '127.0.0.1', '7777', status=None).stdout == 'over loopback\n')
    podman('pod', 'pause', 'pod')
    same(state('one'), 'paused')
    podman('pod', 'unpause', 'pod')
    has(podman('pod', 'top', 'pod', 'args'), 'sleep 1000')
    podman('pod', 'stop', '--time=0', 'pod')
    same(state('two'), 'exited')
    podman('pod', 'rm', 'pod')


def test_pod_of_a_kubernetes_file():
    pod = {'apiVersion': 'v1', 'kind': 'Pod', 'metadata': {'name': 'kube'},
           'spec': {'restartPolicy': 'Never', 'containers': [
               {'name': 'a', 'image': BUSYBOX, 'command': ['sleep', '1000'],
                'volumeMounts': [{'name': 'scratch', 'mountPath': '/scratch'}],
                'securityContext': {'readOnlyRootFilesystem': True, 'runAsUser': 1000, 'capabilities': {'drop': ['ALL']}}}],
               'volumes': [{'name': 'scratch', 'emptyDir': {}}]}}
    with tempfile.NamedTemporaryFile('w', suffix='.yaml') as file:
        json.dump(pod, file)
        file.flush()
        podman('play', 'kube', '--network=none', file.name, manager='systemd')
        same(podman('exec', 'kube-a', 'id', '-u', manager='systemd'), '1000\n')
        has(podman('exec', 'kube-a', 'cat', '/proc/self/status', manager='systemd'), 'CapBnd:\t' + '0' * 16)
        podman('play', 'kube', '--down', file.name, manager='systemd')


# --- user namespaces, systemd, building, accidents

def test_user_namespace_auto():
    with container('--userns=auto') as c:
        inside, outside, size = podman('exec', c, 'cat', '/proc/self/uid_map').split()[:3]
        same(inside, '0')
        expect(2000000 <= int(outside) < 3000000 and int(size) >= 1024, outside)
        same(os.stat('/proc/%d' % pid(c)).st_uid, int(outside))
        podman('exec', c, 'sh', '-c', 'touch /etc/mine && chown web /etc/mine && [ $(stat -c %U /etc/mine) = web ]')
        with container('--userns=auto:size=2000') as other:
            expect(podman('exec', other, 'cat', '/proc/self/uid_map').split()[1] != outside)
    same(sh('cat /proc/self/uid_map', '--uidmap=0:300000:1000', '--gidmap=0:400000:1000').split(), ['0', '300000', '1000'])


@whole
def test_user_namespace_with_a_volume():
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        same(sh('stat -c %u /v; touch /v/new', '--uidmap=0:300000:1000', '--volume=%s:/v:U' % directory), '0\n')
        same(os.stat(directory + '/new').st_uid, 300000)
    with tempfile.TemporaryDirectory(dir=engines.DATA) as directory:
        os.chmod(directory, 0o755)
        same(sh('stat -c %u /v; touch /v/new', '--uidmap=0:300000:1000', '--volume=%s:/v:idmap' % directory), '0\n')
        same(os.stat(directory + '/new').st_uid, 0)


def test_systemd_inside():
    engines.have_debian()
    with container('--systemd=always', '--stop-timeout=%d' % engines.TIMEOUT, image=engines.REGISTRY + '/debian', command=()) as c:
        wait_for(lambda: podman('exec', c, 'systemctl', 'is-system-running', '--wait', status=None).stdout in ('running\n', 'degraded\n'))
        same(podman('exec', c, 'systemctl', 'is-system-running', status=None).stdout +
             podman('exec', c, 'systemctl', '--failed', '--no-legend', '--plain'), 'running\n')
        has(podman('exec', c, 'systemctl', 'show', '--property=ControlGroup', 'dbus.service'), '/system.slice/dbus.service')
        podman('exec', c, 'systemd-run', '--wait', '--quiet', 'true')
        podman('exec', '-t', c, 'tty')
        podman('stop', c)
        expect(exit_status(c) in (0, 130, 143), 'it ended with %d' % exit_status(c))


def test_build_runs_commands():
    with tempfile.TemporaryDirectory() as directory:
        engines.write(directory + '/Dockerfile', 'FROM %s\nRUN echo built >/etc/built && id -u\nUSER web\nRUN id -u\n' % BUSYBOX)
        out = podman('build', '--isolation=oci', '--network=none', '--no-cache', '--tag=localhost/built', directory, both=True)
        has(out, '1000')
        same(once('--network=none', 'localhost/built', 'cat', '/etc/built'), 'built\n')
        engines.write(directory + '/Dockerfile', 'FROM %s\nRUN exit 3\n' % BUSYBOX)
        has(podman('build', '--isolation=oci', '--network=none', directory, status=3, both=True), 'exit status 3')
    podman('rmi', 'localhost/built')


def test_conmon_crashes():
    with container() as c:
        conmon = int(inspect(c, '{{.State.ConmonPid}}'))
        init = pid(c)
        os.kill(conmon, signal.SIGKILL)
        has(podman('ps', '--all', '--format', '{{.Names}}'), c)
        os.kill(init, 0)
        podman('rm', '--force', '--time=0', c)
        wait_for(lambda: not os.path.exists('/proc/%d' % init), 'its init outlives it')


@whole
def test_init_is_killed_from_outside():
    with container() as c:
        os.kill(pid(c), signal.SIGKILL)
        same(podman('wait', c).strip(), '137')
        same(state(c), 'exited')


@whole
def test_many_at_once():
    many = [subprocess.Popen(command('run', '--rm', '--network=none', BUSYBOX, 'sh', '-c', 'exit %d' % i),
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for i in range(12)]
    for i, process in enumerate(many):
        error = process.communicate(timeout=engines.TIMEOUT)[1]
        same((process.returncode, error), (i, b''))
