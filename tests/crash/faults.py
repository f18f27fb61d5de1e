# SPDX-License-Identifier: LGPL-2.1-or-later
"""Calls of ctrd fail one after the other, first, second, third …, until an operation is
through without: it must say so or do it, and leave nothing that the next is hindered by."""

import io
import mmap
import os
import struct
import tarfile
import time

from bus import *
from ctrd import *

KINDS = {'descriptor': 1, 'space': 2, 'memory': 4, 'process': 8}
FILE = '/run/ctrd/fault'
DROPIN = '/run/systemd/system/ctrd.service.d/fault.conf'
NAME, OTHER = 'f0', 'f1'


class Order:
    """uint32 kind, uint32 hits, int64 countdown: see fault.c."""

    def __init__(self):
        with open(FILE, 'wb') as f:
            f.write(b'\0' * 16)
        self.file = open(FILE, 'r+b')
        self.map = mmap.mmap(self.file.fileno(), 16)

    def arm(self, kind, countdown):
        self.map[0:16] = struct.pack('IIq', 0, 0, countdown)
        self.map[0:4] = struct.pack('I', kind)

    def hits(self):
        """Ends it. Whether a call failed."""
        self.map[0:4] = struct.pack('I', 0)
        return struct.unpack('I', self.map[4:8])[0]


class Operator(Client):
    def finish(self, job):
        def ended():
            p = self.ask(lambda: self.call(job, 'org.freedesktop.DBus.Properties', 'GetAll', GLib.Variant('(s)', ('org.ctrd1.Job',))))[0]
            return None if p['State'] in ('queued', 'running') else p
        p = wait_until(ended, 30, 'the end of ' + job)
        if p['State'] != 'done':
            assert p['ErrorMessage'] and p['ErrorName'], 'it failed, and does not say why: %s' % p
            raise Refused(p['ErrorMessage'])

    def ask(self, function):
        """The answer, or a refusal with a sentence. No answer at all is neither."""
        try:
            return function()
        except GLib.Error as error:
            name = remote_error(error) or ''
            if not name or name.endswith(('NoReply', 'ServiceUnknown', 'Disconnected')):
                raise NoAnswer(error.message) from None
            raise Refused(error.message) from None

    def state(self):
        """Of the container, None where there is none, or what became of the other name; with
        all faults over."""
        containers = self.containers()
        found = {name: p['State'] for name, p in containers.items()}
        if OTHER in found:
            assert found[OTHER] == 'stopped' or found[OTHER] in UNSETTLED, found
            return found[OTHER] if found[OTHER] in UNSETTLED else 'cloned' if NAME in found else 'renamed'
        if found.get(NAME) == 'running':
            attached = any(value == '/mnt' for _, _, value, _ in self.container(NAME, 'GetSettings')[0])
            with open('/proc/%d/mountinfo' % containers[NAME]['Leader']) as f:
                there = sum(line.split()[4] == '/mnt' for line in f)
            return 'attached' if attached and there == 1 else 'running' if not attached and there == 0 else 'changing'
        return found.get(NAME)

    def settled(self):
        return wait_until(lambda: [s for s in [self.state()] if not self.jobs() and s not in UNSETTLED], 30, 'a state that stays')[0]

    # Each from whatever is there to what its name says.

    def create_it(self):
        self.finish(self.ask(lambda: self.create(NAME, BUSYBOX, [('StopTimeoutSec', '3s')])))

    def start(self):
        self.finish(self.ask(lambda: self.container(NAME, 'Start')[0]))

    def set(self):
        self.ask(lambda: self.container(NAME, 'SetSettings', GLib.Variant('(a(ss)b)', ([('Description', 'x')], False))))

    def exec(self):
        null = os.open('/dev/null', os.O_RDWR)
        try:
            self.ask(lambda: self.container(NAME, 'Exec', GLib.Variant('(asa{sv}ah)', (['true'], {}, [0, 1, 2])), [null] * 3))
        finally:
            os.close(null)

    def look(self):
        self.ask(self.managed)

    def freeze(self):
        self.ask(lambda: self.container(NAME, 'Freeze'))

    def thaw(self):
        self.ask(lambda: self.container(NAME, 'Thaw'))

    def attach(self):
        self.ask(lambda: self.container(NAME, 'Attach', GLib.Variant('(ssb)', ('TemporaryFileSystem', '/mnt', False))))

    def detach(self):
        self.ask(lambda: self.container(NAME, 'Detach', GLib.Variant('(sb)', ('/mnt', False))))

    def copy_to(self):
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode='w') as tar:
            tar.addfile(tarfile.TarInfo('copied'))
        read, write = os.pipe()
        try:
            os.write(write, archive.getvalue())     # there is room
            os.close(write)
            job = self.ask(lambda: self.container(NAME, 'CopyTo', GLib.Variant('(sa{sv}h)', ('/tmp', {}, 0)), [read]))[0]
        finally:
            os.close(read)
        self.finish(job)

    def copy_from(self):
        read, write = os.pipe()
        try:
            job = self.ask(lambda: self.container(NAME, 'CopyFrom', GLib.Variant('(sa{sv}h)', ('/etc/passwd', {}, 0)), [write]))[0]
            os.close(write)
            write = -1
            got = b''
            while chunk := os.read(read, 65536):
                got += chunk
        finally:
            os.close(read)
            if write >= 0:
                os.close(write)
        self.finish(job)
        assert b'root:' in got, 'a copy that is done has not what was to be copied'

    def rename(self):
        self.ask(lambda: self.container(NAME, 'Rename', GLib.Variant('(s)', (OTHER,))))

    def clone(self):
        self.finish(self.ask(lambda: self.call('/org/ctrd1', 'org.ctrd1.Manager', 'CloneContainer',
                                               GLib.Variant('(ssa(ss)a{sv})', (NAME, OTHER, [], {}))))[0])

    def stop(self):
        self.finish(self.ask(lambda: self.container(NAME, 'Stop', GLib.Variant('(t)', (0,)))[0]))

    def remove(self, name=NAME):
        self.finish(self.ask(lambda: self.container(name, 'Remove', GLib.Variant('(b)', (True,)))[0]))

    def bring_to(self, wanted):
        """Without faults, whatever the last one left: nothing hinders it."""
        now = self.settled()
        if now == wanted:
            return
        if now in ('cloned', 'renamed'):
            self.remove(OTHER)
            now = 'stopped' if now == 'cloned' else None
        if now in ('frozen', 'attached'):
            self.thaw() if now == 'frozen' else self.detach()
            now = self.settled()
        if wanted is None:
            if now:
                self.remove()
            return
        if now is None:
            self.create_it()
            now = 'stopped'
        if wanted in ('running', 'frozen', 'attached') and now != 'running':
            self.start()
        elif wanted not in ('running', 'frozen', 'attached') and now == 'running':
            self.stop()
        if wanted in ('frozen', 'attached', 'renamed', 'cloned'):
            {'frozen': self.freeze, 'attached': self.attach, 'renamed': self.rename, 'cloned': self.clone}[wanted]()


class Refused(Exception):
    """With a sentence."""


class NoAnswer(Exception):
    """None at all."""


UNSETTLED = ('creating', 'changing', 'starting', 'rebooting', 'stopping', 'removing')
# What, from where, and where it leads to where it succeeds.
OPERATIONS = (
    ('create_it', None, 'stopped'), ('start', 'stopped', 'running'), ('exec', 'running', 'running'), ('set', 'running', 'running'),
    ('look', 'running', 'running'), ('attach', 'running', 'attached'), ('detach', 'attached', 'running'),
    ('copy_to', 'running', 'running'), ('copy_from', 'running', 'running'), ('freeze', 'running', 'frozen'),
    ('thaw', 'frozen', 'running'), ('stop', 'running', 'stopped'), ('clone', 'stopped', 'cloned'), ('rename', 'stopped', 'renamed'),
    ('remove', 'stopped', None),
)


def setup(library, trace):
    run('systemctl', 'start', 'ctrd', check=True)       # which makes the directory
    with open(DROPIN, 'w') as f:
        f.write('[Service]\nEnvironment=LD_PRELOAD=%s%s\n' % (library, ' FAULT_TRACE=1' if trace else ''))
    run('systemctl', 'daemon-reload', check=True)
    order = Order()
    run('systemctl', 'restart', 'ctrd', check=True)
    with open('/proc/%d/maps' % ctrd_pid()) as f:
        assert library in f.read(), 'ctrd does not have ' + library
    return order


def teardown():
    if os.path.exists(DROPIN):
        os.unlink(DROPIN)
        run('systemctl', 'daemon-reload', check=True)
        run('systemctl', 'restart', 'ctrd', check=True)
    if os.path.exists(FILE):
        os.unlink(FILE)


def faults(library, step, most, only=None, first=1):
    """Every step-th call of each kind fails in each operation (or these), of the first `most`. Returns how many did.
    Where the first is another, the journal has where each was."""
    order = setup(library, first > 1)
    client = Operator()
    wait_until(lambda: run('ctrctl', 'list').status == 0)
    pid, total, refused, ended, begun, where = ctrd_pid(), 0, 0, 0, time.monotonic(), 'nothing'
    for operation, before, after in OPERATIONS:
        if only and operation not in only:
            continue
        for kind, bit in KINDS.items():
            for n in range(first, most, step):
                try:
                    client.bring_to(before)
                except (AssertionError, Refused) as error:
                    raise AssertionError('%s, after %s' % (error, where)) from None
                order.arm(bit, n)
                silent = False
                try:
                    getattr(client, operation)()
                    done = True
                except Refused as error:
                    done, refused, words = False, refused + 1, error
                except NoAnswer as error:
                    # Without memory for a message libsystemd closes the bus, and ctrd ends and comes
                    # again. It may not for less.
                    assert kind == 'memory', '%s, %s %d: no answer: %s' % (operation, kind, n, error)
                    done, silent = False, True
                except AssertionError as error:
                    raise AssertionError('%s, %s %d: %s' % (operation, kind, n, error)) from None
                hits = order.hits()
                assert hits or done, '%s was refused without a fault (%s %d): %s' % (operation, kind, n, words)
                total += hits
                where = '%s, %s %d of %s' % (operation, kind, n, 'done' if done else 'refused')
                if kind == 'memory':
                    wait_until(lambda: run('ctrctl', 'list').status == 0)
                    assert not silent or pid != ctrd_pid(), where + ': no answer came, from a ctrd that goes on'
                    if pid != ctrd_pid():
                        ended += 1
                        pid = ctrd_pid()
                        words = run('journalctl', '-u', 'ctrd', '-n', '40', '-o', 'cat', '--no-pager').out
                        words = words.rpartition('Main process exited')[2].split('\n')[0], words
                        assert 'code=exited' in words[0], '%s: ctrd died\n%s' % (where, words[1])
                assert ctrd_pid() == pid, where + ': ctrd died'
                try:
                    state = client.settled()
                    assert not done or state == after, 'it is said to be done, but is ' + str(state)
                    client.bring_to(after)
                except (AssertionError, Refused) as error:
                    raise AssertionError('%s: %s' % (where, error)) from None
                if not hits:
                    break
            print('# %s: the first %d calls that need %s failed, %.0f s' % (operation, n - 1, kind, time.monotonic() - begun), flush=True)
        # The last removal may have found no process for its tree: the next takes it along.
        client.bring_to('stopped')
        client.bring_to(None)
        left = settle_leftovers()
        assert not left, 'left behind after %s: %s' % (operation, ', '.join(left))
    print('# %d calls failed, %d operations were refused, ctrd came again %d times' % (total, refused, ended), flush=True)
    return total
