# SPDX-License-Identifier: LGPL-2.1-or-later
"""podman with ctrrun as its runtime."""

import contextlib
import itertools
import os
import pty
import select
import subprocess
import time

from engines import REGISTRY, RUNTIME, TIMEOUT, expect, run, wait_for

BUSYBOX = REGISTRY + '/busybox'
# Which of podman's managers of cgroups; a suite may choose.
MANAGER = os.environ.get('CGROUP_MANAGER', 'cgroupfs')
numbers = itertools.count(1)


def command(*words, manager=None):
    return ['podman', '--runtime', 'ctrrun', '--cgroup-manager', manager or MANAGER, *map(str, words)]


def podman(*words, manager=None, **kw):
    return run(*command(*words, manager=manager), **kw)


def once(*words, **kw):
    """A container that is gone with its command."""
    return podman('run', '--rm', *words, **kw)


def sh(script, *options, **kw):
    return once('--network=none', *options, BUSYBOX, 'sh', '-c', script, **kw)


@contextlib.contextmanager
def container(*options, command=('sleep', '1000'), image=BUSYBOX, network='none'):
    """A running container, removed afterwards whatever happens."""
    name = 'c%d' % next(numbers)
    try:
        podman('run', '--detach', '--name', name, *(['--network=' + network] if network else []), *options, image,
               *command)
        yield name
    finally:
        podman('rm', '--force', '--time=0', name, status=None)


def inspect(name, format):
    return podman('inspect', '--format', format, name).strip()


def state(name):
    return inspect(name, '{{.State.Status}}')


def exit_status(name):
    return int(inspect(name, '{{.State.ExitCode}}'))


def pid(name):
    return int(inspect(name, '{{.State.Pid}}'))


class Terminal:
    """A command whose standard streams are a terminal, with somebody at it."""

    def __init__(self, *words):
        master, slave = pty.openpty()
        self.master, self.said = master, ''
        self.process = subprocess.Popen([str(w) for w in words], stdin=slave, stdout=slave, stderr=slave,
                                        start_new_session=True)
        os.close(slave)

    def read(self, seconds):
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.master, 4096)
        except OSError:         # nobody has the other side any more
            return False
        self.said += data.decode(errors='replace')
        return bool(data)

    def until(self, text):
        end = time.monotonic() + TIMEOUT
        while text not in self.said:
            expect(time.monotonic() < end, 'the terminal never said %r but %r' % (text, self.said))
            self.read(0.2)

    def type(self, text):
        os.write(self.master, text.encode())

    def end(self):
        """Its status, when all it said has been read."""
        end = time.monotonic() + TIMEOUT
        while self.process.poll() is None:
            expect(time.monotonic() < end, 'the command at the terminal does not end; it said %r' % self.said)
            self.read(0.05)
        while self.read(0):
            pass
        os.close(self.master)
        return self.process.returncode


def clean_up():
    """After a failed test; podman finds nothing to do after others."""
    for words in (('pod', 'rm', '--all', '--force'), ('rm', '--all', '--force', '--time=0'),
                  ('volume', 'prune', '--force')):
        podman(*words, status=None)
    # What a runtime was never told to delete: conmon that was killed, a test of ours.
    for entry in os.listdir('/run/ctrrun') if os.path.isdir('/run/ctrrun') else ():
        run(RUNTIME, 'delete', '--force', entry, status=None)
