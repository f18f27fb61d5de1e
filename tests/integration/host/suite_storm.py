# SPDX-License-Identifier: LGPL-2.1-or-later
# Many clients at once that know no order: whatever they do, ctrd stays, every job
# ends, no container is left half-way, and nothing piles up. STORM_SECONDS= and
# STORM_SEED= make it longer and repeat it.

import os
import random
import signal
import sys
import threading
import xml.etree.ElementTree as ElementTree

from bus import *
from ctrd import *

SECONDS = float(os.environ.get('STORM_SECONDS', '15'))
SEED = int(os.environ.get('STORM_SEED', '1'))
CONTAINERS = ['s%d' % i for i in range(6)]
CLIENTS = 10
TRANSIENT = ('starting', 'stopping', 'rebooting', 'removing')


class Visitor(Client):
    """One that knows what it may ask for, and no order."""

    also = ('UnknownObject',)       # errors that are none of ctrd's, and are fine

    def __init__(self, seed):
        super().__init__()
        self.random = random.Random(seed)

    def cancel(self):
        jobs = self.jobs()
        if jobs:
            self.call(self.random.choice(jobs), 'org.ctrd1.Job', 'Cancel')

    def exec(self, name):
        null = os.open('/dev/null', os.O_RDWR)
        try:
            terminal = self.random.random() < 0.3
            command = self.random.choice((['true'], ['sleep', '0.2'], ['sh', '-c', 'kill -HUP 1'], ['reboot'], ['nothing']))
            self.container(name, 'Exec',
                           GLib.Variant('(asa{sv}ah)', (command, {'Terminal': GLib.Variant('b', terminal)},
                                                        [] if terminal else [0, 1, 2])),
                           None if terminal else [null] * 3)
        finally:
            os.close(null)

    def leave(self, name):
        """Asks, and is gone before the answer comes."""
        bus = connect()
        method = self.random.choice(('Start', 'Restart', 'GetUsage'))
        bus.call('org.ctrd1', '/org/ctrd1/container/' + name, 'org.ctrd1.Container', method, None, None,
                 Gio.DBusCallFlags.NONE, -1, None, None)
        bus.flush_sync()
        bus.close_sync()

    def verbs(self, name):
        """Each with how often it is done."""
        return {
            'start': (10, lambda: self.container(name, 'Start')),
            'stop': (1, lambda: self.container(name, 'Stop', GLib.Variant('(t)', (0,)))),
            'force': (1, lambda: self.container(name, 'Stop', GLib.Variant('(t)', (1,)))),
            'restart': (1, lambda: self.container(name, 'Restart')),
            'kill': (2, lambda: self.container(name, 'Kill', GLib.Variant('(si)', self.random.choice(
                (('init', 9), ('all', 9), ('init', 1), ('all', 15)))))),
            'remove': (1, lambda: self.container(name, 'Remove', GLib.Variant('(b)', (self.random.random() < 0.6,)))),
            'create': (6, lambda: self.create(name, BUSYBOX, [('StopTimeoutSec', '3s')])),
            'cancel': (1, self.cancel),
            'exec': (12, lambda: self.exec(name)),
            'freeze': (2, lambda: self.container(name, 'Freeze')),
            'thaw': (2, lambda: self.container(name, 'Thaw')),
            'console': (4, lambda: self.container(name, 'OpenConsole', GLib.Variant('(a{sv})', ({},)))),
            'log': (1, lambda: self.container(name, 'GetLog')),
            'look': (2, self.managed),
            'leave': (2, lambda: self.leave(name)),
        }

    def act(self):
        name = self.random.choice(CONTAINERS)
        verbs = self.verbs(name)
        # at times a moment of quiet, in which things get further
        time.sleep(self.random.choice((0, 0, 0.01, 0.05)))
        verb = self.random.choices(list(verbs), [weight for weight, _ in verbs.values()])[0]
        try:
            verbs[verb][1]()
            return verb
        except GLib.Error as error:
            # a sentence of ctrd's is fine; that it vanished, or did not answer, is not
            remote = remote_error(error) or ''
            assert remote.startswith('org.ctrd1.') or remote.endswith(self.also), (verb, name, error.message)
            return None


class OwnerVisitor(Visitor):
    """One who owns some of them, and tries for more."""

    also = ('UnknownObject', 'AccessDenied', 'InteractiveAuthorizationRequired')

    def verbs(self, name):
        pairs = (('Description', 'x'), ('Environment', 'A=1'), ('Owner', '0'), ('Bind', '/etc'), ('UserNamespace', 'no'), ('TasksMax', ''))
        return super().verbs(name) | {
            'set': (3, lambda: self.container(name, 'SetSettings', GLib.Variant('(a(ss)b)', (self.random.sample(pairs, 2), False)))),
            'attach': (1, lambda: self.container(name, 'Attach', GLib.Variant('(ssb)', ('Bind', '/etc:/mnt', False)))),
        }


class Storm:
    """Threads that run until the storm is over; the first failure of any is the test's."""

    def __init__(self, seconds):
        self.seconds = seconds
        self.failures = []
        self.threads = []
        self.done = {}

    def thread(self, function):
        def run_it():
            try:
                while time.monotonic() < self.end and not self.failures:
                    verb = function()
                    self.done[verb] = self.done.get(verb, 0) + 1
            except BaseException as error:     # noqa: it is told where it is seen
                self.failures.append(error)
        self.threads.append(threading.Thread(target=run_it, daemon=True))

    def run(self):
        self.end = time.monotonic() + self.seconds     # now that all are ready
        for t in self.threads:
            t.start()
        for t in self.threads:
            t.join(max(1, self.end - time.monotonic()) + 90 * PATIENCE)
            assert not t.is_alive(), 'a client hangs'
        assert any(self.done.values()), 'nobody came to do anything'
        print('# ' + ', '.join('%s %d' % (k, n) for k, n in sorted(self.done.items(), key=str)), flush=True)
        assert not self.failures, repr(self.failures[0])


def descriptors():
    return len(os.listdir('/proc/%d/fd' % ctrd_pid()))


def states(client):
    return {name: properties['State'] for name, properties in client.containers().items()}


def honest(client):
    """What is said to run does; what is not has left nothing."""
    for name, s in states(client).items():
        if s in TRANSIENT:
            return False
        if s == 'frozen':
            try:
                client.container(name, 'Thaw')
            except GLib.Error:
                pass        # it was stopped meanwhile
            return False
        if s == 'running' and run('ctrctl', 'exec', name, '--', 'hostname').out.strip() != name:
            return False
        if s != 'running' and os.path.exists('/run/ctrd/containers/' + name):
            return False
    return True


def settle(client):
    """Every job ends, and what is on its way arrives."""
    wait_until(lambda: not client.jobs(), 40, 'jobs that end')
    wait_until(lambda: honest(client), 40, 'containers that are as they are said to be')


def kill_a_monitor(rnd):
    time.sleep(rnd.uniform(0.1, 0.6))
    pids = []
    for path in glob.glob('/sys/fs/cgroup/machine.slice/ctr-s*.scope/**/cgroup.procs', recursive=True):
        try:
            pids += [int(p) for p in open(path).read().split()]
        except OSError:
            pass
    rnd.shuffle(pids)
    for pid in pids:
        try:
            if open('/proc/%d/comm' % pid).read().strip() == 'ctr-monitor':
                os.kill(pid, signal.SIGKILL)
                return 'kill -9'
        except OSError:
            pass


def ask_systemd(rnd):
    time.sleep(rnd.uniform(0.1, 0.6))
    if rnd.random() < 0.2:
        run('systemctl', 'daemon-reload')
        return 'daemon-reload'
    run('systemctl', 'stop', '--no-block', 'ctr-%s.scope' % rnd.choice(CONTAINERS))
    return 'systemctl stop'


def test_many_clients_at_once():
    client = Client()
    client.jobs()
    pid = ctrd_pid()
    before = descriptors()

    storm = Storm(SECONDS)
    for i in range(CLIENTS):
        storm.thread(Visitor(SEED * 1000 + i).act)
    storm.thread(lambda rnd=random.Random(SEED): kill_a_monitor(rnd))
    storm.thread(lambda rnd=random.Random(SEED + 1): ask_systemd(rnd))
    storm.run()

    settle(client)
    assert ctrd_pid() == pid, 'ctrd was started anew'
    for name in states(client):
        remove(name)
    wait_until(lambda: descriptors() <= before + 4, 10, 'descriptors of ctrd: %d before' % before)


# What may be of a type, and what may not.

TEXTS = ['', 'web', 's0', 'a' * 300, '/', '..', '../../x', 'x\ny', '\x1b[2J', 'é', '%s%n', 'busybox', 'busybox/default',
         'debian/nosuch', 'Command', 'Environment', 'init', 'all', 'A=B', '=', '0', '65536', '-1', '/tmp', '\u202e']


def guess(rnd, signature, depth=0):
    """A random value of a type, as GLib.Variant has it."""
    c = signature[0]
    if c == 'a':
        if signature == 'as':
            return [rnd.choice(TEXTS) for _ in range(rnd.choice((0, 1, 3, 50)))]
        if signature[1] == '{':
            keys = ['Environment', 'User', 'Terminal', 'LoginShell', 'Columns', 'ReadOnly', 'WorkingDirectory', 'Rows', 'x', '']
            return {rnd.choice(keys): GLib.Variant(t, guess(rnd, t)) for t in
                    rnd.choices(('s', 'b', 'u', 'as', 'i', 't', 'ai'), k=rnd.randrange(4))}
        return [guess(rnd, signature[1:], depth + 1) for _ in range(rnd.choice((0, 1, 2, 20)))]
    if c == '(':
        return tuple(guess(rnd, t) for t in signature[1:-1])
    return {'s': lambda: rnd.choice(TEXTS), 'b': lambda: rnd.random() < 0.5, 'h': lambda: rnd.randrange(4),
            'i': lambda: rnd.choice((0, 1, -1, 9, 64, 65, 2**31 - 1, -2**31)),
            'n': lambda: rnd.choice((0, -1)), 'y': lambda: rnd.choice((0, 255)), 'd': lambda: 0.5, 'v': lambda: GLib.Variant('s', rnd.choice(TEXTS)),
            'ai': lambda: [], 'u': lambda: rnd.choice((0, 1, 80, 65535, 65536, 2**32 - 1)),
            't': lambda: rnd.choice((0, 1, 2**63, 2**64 - 1)), 'o': lambda: '/'}[c]()


def calls(client):
    """Every method of every object, as it says of itself: path, interface, name, types."""
    found = []
    # Of a job that there was once, and of one that there never is.
    for path in ['/org/ctrd1', '/org/ctrd1/job/4294967295'] + list(client.managed()):
        try:
            text = client.call(path, 'org.freedesktop.DBus.Introspectable', 'Introspect')[0]
        except GLib.Error:
            continue
        for interface in ElementTree.fromstring(text).iter('interface'):
            for method in interface.iter('method'):
                # sd-bus answers the one; images may be shared with other hosts.
                if interface.get('name') == 'org.freedesktop.DBus.Peer' or \
                        (interface.get('name'), method.get('name')) == ('org.ctrd1.Image', 'Remove') and 'busybox' not in path:
                    continue
                types = [arg.get('type') for arg in method.iter('arg') if arg.get('direction', 'in') == 'in']
                found.append((path, interface.get('name'), method.get('name'), types))
    found += [(path, interface, name, types) for _, interface, name, types in found if interface.startswith('org.ctrd1.')
              for path in ('/org/ctrd1/container/nobody', '/')]
    assert {interface for _, interface, _, _ in found} >= {'org.ctrd1.Manager', 'org.ctrd1.Container', 'org.ctrd1.Image'}, found
    return found


class Guesser(Visitor):
    def __init__(self, seed, calls):
        super().__init__(seed)
        self.calls = calls

    def act(self):
        path, interface, method, types = self.random.choice(self.calls)
        if self.random.random() < 0.1:
            types = types + ['s']       # what is not awaited
        values = tuple(guess(self.random, t) for t in types)
        null = os.open('/dev/null', os.O_RDWR)
        try:
            self.call(path, interface, method, GLib.Variant('(%s)' % ''.join(types), values), [null] * 4, 60000)
            return method
        except GLib.Error as error:
            remote = remote_error(error) or ''
            assert remote and not remote.endswith(('NoReply', 'ServiceUnknown', 'NameHasNoOwner', 'Disconnected')), (method, values, error.message)
            return None
        finally:
            os.close(null)


def guess_for(seconds, seed):
    storm = Storm(seconds)
    found = calls(Client())
    for i in range(4):
        storm.thread(Guesser(seed * 1000 + i, found).act)
    storm.run()


def test_arguments_of_every_kind_from_root():
    client = Client()
    create('s0')
    pid = ctrd_pid()
    guess_for(SECONDS / 3, SEED)
    settle(client)
    assert ctrd_pid() == pid, 'ctrd was started anew'
    for name in states(client):
        remove(name)
    for path in glob.glob('/etc/ctrd/profiles/*'):
        ctl('profile', 'remove', os.path.basename(path)[:-len('.conf')])


def test_arguments_of_every_kind_from_a_stranger():
    with container('s0') as name:
        pid, before = ctrd_pid(), show(name)
        run('setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', 'python3', '-B', __file__, timeout=SECONDS + 120, check=True)
        assert ctrd_pid() == pid, 'ctrd was started anew'
        assert show(name) == before
        assert names() == [name]


def test_an_owner_who_tries_for_more():
    run('useradd', '--system', 'visitor', check=True)
    client = Client()
    pid, before = ctrd_pid(), descriptors()
    for name in ('s0', 's1'):
        create(name, BUSYBOX, 'Owner=visitor', 'StopTimeoutSec=3s')
    create('s2', start=True)
    create('s3')
    foreign = [(show(name), ctl('show', name, '--settings')) for name in ('s2', 's3')]
    try:
        out = run('setpriv', '--reuid', 'visitor', '--regid', '65534', '--clear-groups', 'python3', '-B', __file__, 'owner',
                  timeout=SECONDS + 120, check=True).out
        assert 'exec ' in out and 'start ' in out, out
        settle(client)
        assert ctrd_pid() == pid, 'ctrd was started anew'
        assert [(show(name), ctl('show', name, '--settings')) for name in ('s2', 's3')] == foreign
        assert sorted(states(client)) == ['s0', 's1', 's2', 's3'], states(client)
        for name in ('s0', 's1'):
            keys = set(re.findall(r'^(\w+)=', ctl('show', name, '--settings'), re.M))
            assert keys <= {'Owner', 'StopTimeoutSec', 'Template', 'Image', 'Description', 'Environment', 'Command', 'Hostname',
                            'Restart', 'StopSignal', 'NotifyReady'}, keys
            assert show(name)['Owner'].strip('[]"') == 'visitor', show(name)
    finally:
        run('userdel', 'visitor')
    for name in states(client):
        remove(name)
    wait_until(lambda: descriptors() <= before + 4, 10, 'descriptors of ctrd: %d before' % before)


if __name__ == '__main__':      # as somebody else
    if sys.argv[1:] == ['owner']:
        storm = Storm(SECONDS / 5)
        for i in range(4):
            storm.thread(OwnerVisitor(SEED * 1000 + i).act)
        found = calls(Client())
        for i in range(2):
            storm.thread(Guesser(SEED * 1000 + i, found).act)
        storm.run()
    else:
        guess_for(SECONDS / 3, SEED)
