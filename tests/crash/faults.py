# SPDX-License-Identifier: LGPL-2.1-or-later
"""Calls of ctrd fail one after the other, first, second, third …, until an operation is
through without: it must say so or do it, and leave nothing that the next is hindered by."""

import mmap
import struct

from bus import *
from ctrd import *

KINDS = {'descriptor': 1, 'space': 2, 'memory': 4, 'process': 8}
FILE = '/run/ctrd/fault'
DROPIN = '/run/systemd/system/ctrd.service.d/fault.conf'
NAME = 'f0'


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
        """Of the container, or None where there is none; with all faults over."""
        return self.containers().get(NAME, {}).get('State')

    def settled(self):
        return wait_until(lambda: [s for s in [self.state()] if not self.jobs() and s in (None, 'running', 'stopped', 'failed')], 30,
                          'a state that stays')[0]

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

    def stop(self):
        self.finish(self.ask(lambda: self.container(NAME, 'Stop', GLib.Variant('(t)', (0,)))[0]))

    def remove(self):
        self.finish(self.ask(lambda: self.container(NAME, 'Remove', GLib.Variant('(b)', (True,)))[0]))

    def bring_to(self, wanted):
        """Without faults, whatever the last one left: nothing hinders it."""
        now = self.settled()
        if wanted is None:
            if now:
                self.remove()
            return
        if now is None:
            self.create_it()
            now = 'stopped'
        if wanted == 'running' and now != 'running':
            self.start()
        elif wanted == 'stopped' and now == 'running':
            self.stop()


class Refused(Exception):
    """With a sentence."""


class NoAnswer(Exception):
    """None at all."""


# What, from where, and where it leads to where it succeeds.
OPERATIONS = (
    ('create_it', None, 'stopped'), ('start', 'stopped', 'running'), ('exec', 'running', 'running'), ('set', 'running', 'running'),
    ('look', 'running', 'running'), ('stop', 'running', 'stopped'), ('remove', 'stopped', None),
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
    """Every step-th call of each kind fails in each operation (or this one), of the first `most`. Returns how many did.
    Where the first is another, the journal has where each was."""
    order = setup(library, first > 1)
    client = Operator()
    wait_until(lambda: run('ctrctl', 'list').status == 0)
    pid, total, refused, ended, told = ctrd_pid(), 0, 0, 0, []
    for operation, before, after in OPERATIONS:
        if only and operation != only:
            continue
        for kind, bit in KINDS.items():
            for n in range(first, most, step):
                client.bring_to(before)
                order.arm(bit, n)
                try:
                    getattr(client, operation)()
                    done = True
                except Refused:
                    done, refused = False, refused + 1
                except NoAnswer as error:
                    # Without memory for a message libsystemd closes the bus, and ctrd ends and comes
                    # again. It may not for less.
                    assert kind == 'memory', '%s, %s %d: no answer: %s' % (operation, kind, n, error)
                    done = False
                except AssertionError as error:
                    raise AssertionError('%s, %s %d: %s' % (operation, kind, n, error)) from None
                hits = order.hits()
                assert hits or done, '%s was refused without a fault (%s %d)' % (operation, kind, n)
                total += hits
                where = '%s, %s %d of %s' % (operation, kind, n, 'done' if done else 'refused')
                if kind == 'memory':
                    wait_until(lambda: run('ctrctl', 'list').status == 0)
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
            told.append('%s/%s %d' % (operation, kind, n))
        # The last removal may have found no process for its tree: the next takes it along.
        client.bring_to('stopped')
        client.bring_to(None)
        left = settle_leftovers()
        assert not left, 'left behind after %s: %s' % (operation, ', '.join(left))
    print('# %d calls failed, %d operations were refused, ctrd came again %d times' % (total, refused, ended), flush=True)
    print('# calls there were: ' + ', '.join(told), flush=True)
    return total
