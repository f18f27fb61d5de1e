#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many containers, and nothing of them is left: see tests/endurance/run, which brings
the host for it."""

import argparse
import ctypes
import os
import random
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../integration'))
import oci
from oci import Bundle, ConsoleSocket, expect, same, test
import traces

options = argparse.Namespace()


# --- bundles ----------------------------------------------------------------------

def plain(*args):
    return Bundle(*args)


def with_users(*args):
    return Bundle(*args, userns=True)


def with_mounts(*args):
    b = Bundle(*args)
    b.config['root']['readonly'] = True
    b.mount('/tmp', 'tmpfs', options=['nosuid', 'size=64k', 'tmpcopyup'])
    b.mount('/etc', source=b.rootfs + '/bin', options=['rbind', 'rro', 'rslave'])
    b.mount('/sys/fs/cgroup', 'cgroup', options=['ro', 'nosuid'])
    b.mount('/dev/mqueue', 'mqueue')
    b.linux['maskedPaths'] = ['/proc/kcore', '/proc/acpi', '/proc/keys']
    b.linux['readonlyPaths'] = ['/proc/sys', '/proc/bus']
    return b


def with_rules(*args):
    b = Bundle(*args)
    b.process['noNewPrivileges'] = True
    b.process['rlimits'] = [{'type': 'RLIMIT_NOFILE', 'soft': 64, 'hard': 64}]
    b.linux['resources'] = {'devices': [{'allow': False, 'access': 'rwm'}]}
    b.linux['sysctl'] = {'kernel.shmmni': '100'}
    b.linux['seccomp'] = {'defaultAction': 'SCMP_ACT_ALLOW', 'syscalls': [
        {'names': ['kexec_load', 'bpf'], 'action': 'SCMP_ACT_ERRNO', 'errnoRet': 1}]}
    return b


def with_hooks(*args):
    b = Bundle(*args)
    hook = [{'path': '/bin/true'}]
    b.config['hooks'] = {k: hook for k in ('createRuntime', 'createContainer', 'startContainer', 'poststart', 'poststop')}
    return b


def with_time(*args):
    b = Bundle(*args)
    b.linux['namespaces'].append({'type': 'time'})
    b.linux['timeOffsets'] = {'boottime': {'secs': 1000}}
    return b


KINDS = (plain, with_users, with_mounts, with_rules, with_hooks, with_time)


def bundles(*args, kinds=KINDS):
    made = [kind(*args) for kind in kinds]
    for b in made:
        b.write()
    return made


# --- the command, as cheap as it gets -------------------------------------------------

class Command:
    """A ctrrun that runs. What it says is in a file that all share."""

    said = os.path.join(oci.WORK, 'said')

    def __init__(self, *args):
        self.args = args
        null = os.open('/dev/null', os.O_RDONLY | os.O_CLOEXEC)
        out = os.open(self.said, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self.pid = os.posix_spawn(oci.CTRRUN, ['ctrrun', '--root', oci.ROOT, *args], os.environ,
                                  file_actions=[(os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_DUP2, out, 1),
                                                (os.POSIX_SPAWN_DUP2, out, 2)])
        os.close(null)
        os.close(out)

    def wait(self, status=0):
        got = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        if status is not None:
            text = traces.read(self.said)[-1000:]
            expect(got == status, 'ctrrun %s: status %d, not %d: %s' % (' '.join(self.args), got, status, text))
        return got


def ctrrun(*args, status=0):
    return Command(*args).wait(status)


def show_pace(what, n, begun):
    print('# %d %s in %.1f s' % (n, what, time.monotonic() - begun), flush=True)


# --- the tests ------------------------------------------------------------------------

@test
def one_after_the_other():
    made, begun = bundles(), time.monotonic()
    for i in range(options.sequential):
        b = made[i % len(made)]
        ctrrun('run', '-b', b.dir, 'seq-%d' % i)
    show_pace('runs', options.sequential, begun)
    return options.sequential


@test
def many_at_once():
    made, begun, failures = bundles(), time.monotonic(), []
    numbers, lock = iter(range(options.concurrent)), threading.Lock()

    def work():
        try:
            while not failures:
                with lock:
                    i = next(numbers, None)
                if i is None:
                    return
                # one cgroup for each: what a bundle names is shared by all that use it
                ctrrun('run', '-b', made[i % len(made)].dir, 'con-%d' % i)
        except Exception as e:
            failures.append(e)

    for b in made:
        del b.linux['cgroupsPath']
        b.linux['cgroupsPath'] = ''
        b.write()
    workers = [threading.Thread(target=work) for _ in range(options.jobs)]
    for w in workers:
        w.start()
    for w in workers:
        w.join()
    if failures:
        raise failures[0]
    show_pace('runs, %d at once,' % options.jobs, options.concurrent, begun)
    return options.concurrent


@test
def create_start_kill_delete():
    n, begun = max(20, options.sequential // 20), time.monotonic()
    made = bundles('/bin/sleep', '1000')
    for i in range(n):
        b, name = made[i % len(made)], 'cycle-%d' % i
        ctrrun('create', '-b', b.dir, name)
        if i % 3:
            ctrrun('start', name)
        if i % 4 == 0:
            ctrrun('delete', '--force', name)
        else:
            ctrrun('kill', name, 'KILL')
            end = time.monotonic() + oci.TIMEOUT
            while ctrrun('delete', name, status=None) != 0:
                expect(time.monotonic() < end, 'it does not end')
    show_pace('cycles', n, begun)
    return n


@test
def a_console_each():
    n = max(10, options.sequential // 100)
    b = bundles('/bin/sleep', '1000', kinds=[plain])[0]
    b.process['terminal'] = True
    b.write()
    console = ConsoleSocket(b.dir + '/console')
    for i in range(n):
        ctrrun('create', '-b', b.dir, '--console-socket', console.path, 'console-%d' % i)
        os.close(console.master())
        ctrrun('delete', '--force', 'console-%d' % i)
    console.sock.close()
    os.unlink(console.path)
    return n


@test
def exec_in_one_container():
    n, begun = max(30, options.sequential // 10), time.monotonic()
    made = bundles('/bin/sleep', '1000')
    for b in made:
        ctrrun('create', '-b', b.dir, b.id)
        ctrrun('start', b.id)
    before = traces.Traces()
    for i in range(n):
        same(ctrrun('exec', made[i % len(made)].id, '/bin/sh', '-c', 'exit 7', status=None), 7)
    show_pace('execs', n, begun)
    traces.expect_none_left(before)
    for b in made:
        ctrrun('delete', '--force', b.id)
    return n


def kill_in_the_middle(n, verb, made, last, *globals):
    """Starts `verb`, and kills the runtime at a moment that nobody chose."""
    rand = random.Random(options.seed)
    died = 0
    for i in range(n):
        b, name = made[i % len(made)], '%s-cut-%d' % (verb, i)
        c = Command(*globals, verb, '-b', b.dir, name) if verb != 'exec' else Command(verb, b.id, '/bin/sleep', '0.01')
        moment = time.monotonic() + rand.random() * last
        while time.monotonic() < moment:
            pass
        os.kill(c.pid, signal.SIGKILL)
        died += c.wait(status=None) < 0
        if verb != 'exec':
            ctrrun('delete', '--force', name)
            expect(not os.path.exists(os.path.join(oci.ROOT, name)), 'the state of %s is left' % name)
    print('# %d of %d were killed before they ended' % (died, n))
    return n


def duration(verb, made):
    """How long a whole create takes here, in the middle of some."""
    took = []
    for i, b in enumerate(made * 2):
        begun = time.monotonic()
        ctrrun(verb, '-b', b.dir, 'time-%d' % i)
        took.append(time.monotonic() - begun)
        ctrrun('delete', '--force', 'time-%d' % i)
    return sorted(took)[len(took) // 2]


@test
def create_is_killed():
    made = bundles('/bin/sleep', '1000')
    return kill_in_the_middle(options.kills, 'create', made, 1.2 * duration('create', made))


@test
def run_is_killed():
    made = bundles('/bin/sleep', '1000')
    return kill_in_the_middle(options.kills, 'run', made, 2 * duration('create', made))


def units():
    return oci.subprocess.run(['systemctl', 'list-units', '--all', '--plain', '--no-legend', 'endurance-*'],
                              capture_output=True, text=True).stdout.splitlines()


@test
def create_is_killed_while_systemd_is_asked():
    if not os.path.isdir('/run/systemd/system'):
        raise oci.Skip('no systemd')
    made = bundles('/bin/sleep', '1000', kinds=[plain, with_rules])
    for b in made:
        b.linux['cgroupsPath'] = 'machine.slice:endurance:' + b.id
        b.write()
    n = kill_in_the_middle(max(10, options.kills // 4), 'create', made, 0.03, '--systemd-cgroup')
    oci.wait_for(lambda: not units())
    return n


@test
def exec_is_killed():
    made = bundles('/bin/sleep', '1000')
    last = duration('create', made)
    for b in made:
        ctrrun('create', '-b', b.dir, b.id)
        ctrrun('start', b.id)
    n = kill_in_the_middle(options.kills, 'exec', made, last)
    for b in made:
        ctrrun('delete', '--force', b.id)
    return n


def once(function):
    """Runs the test. Returns what the machine has more of since; what is left is a failure."""
    before = traces.Traces()
    known = set(os.listdir(oci.WORK))
    try:
        n = function()
    finally:
        # what is kept for all containers has a name that none can have
        state = [name for name in os.listdir(oci.ROOT) if not name.startswith('.')]
        for name in state[:20]:
            print('# the state of %s is left' % name)
    expect(not state, 'the state of %d containers is left' % len(state))
    for name in set(os.listdir(oci.WORK)) - known:
        oci.shutil.rmtree(os.path.join(oci.WORK, name))
    traces.expect_none_left(before)
    return traces.grown(before, n)


def leaving_nothing(function):
    """The test, and that nothing of it is left."""
    def whole():
        # Who loses its runtime is the host's to wait for: we would be late, and a
        # pid namespace does not end before all that came by exec were waited for.
        ctypes.CDLL(None).prctl(36, 0, 0, 0, 0)     # PR_SET_CHILD_SUBREAPER
        os.makedirs(oci.ROOT, exist_ok=True)
        open(Command.said, 'w').close()
        ctrrun('list')
        for _ in range(3):
            grown = once(function)
            if not grown:
                return
            print('# again, to see whether it grows each time: ' + '; '.join(grown), flush=True)
        raise AssertionError('with each repetition more is left:\n' + '\n'.join(grown))
    whole.__name__ = function.__name__
    return whole


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--sequential', type=int, default=10000)
    parser.add_argument('--concurrent', type=int, default=2000)
    parser.add_argument('--jobs', type=int, default=16)
    parser.add_argument('--kills', type=int, default=1000)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('words', nargs='*', help='only the tests that have one of these in their names')
    parser.parse_args(namespace=options)
    oci.tests[:] = [leaving_nothing(f) for f in oci.tests]
    sys.argv[1:] = options.words
    return oci.main()


sys.exit(main())
