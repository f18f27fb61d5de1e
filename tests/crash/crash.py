#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Somebody dies in the middle of everything, and nothing is lost: see tests/crash/run,
which brings the host for it.

Each client has containers of its own and remembers what it was told: what was
acknowledged must be so after the crash; what was under way may have happened or not,
but whole. One name is everybody's: there only the general rules hold."""

import argparse
import json
import os
import random
import re
import signal
import sys
import threading
import time
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../integration/host'))
from bus import *       # noqa: E402
from ctrd import *      # noqa: E402
import disk             # noqa: E402
import faults           # noqa: E402
import suite_views      # noqa: E402

CLIENTS = 8
FILES = 30
UPPER = '/var/lib/ctrd/containers/%s/fs/upper/many'
SHARED = ['all']
STEADY = ('running', 'stopped', 'failed', 'frozen')
# From a client's view its call was cut off.
GONE = ('NoReply', 'ServiceUnknown', 'NameHasNoOwner', 'Disconnected', 'Timeout', 'TimedOut', 'NoServer')
options = argparse.Namespace()


class Cut(Exception):
    """Who did the work has died meanwhile: what became of it is to be seen."""


class Memory:
    """What a client knows of a container: sets of what may be the case."""

    def __init__(self):
        self.exists = {False}
        self.running = {False}
        self.token = {None}
        self.filled = False     # its files are FILES, and those of a copy
        self.either = None      # the name that it had, or was to have: it has one of both

    def __repr__(self):
        return 'exists %s, running %s, token %s' % (self.exists, self.running, self.token)


class World:
    """What all clients share: whether they may go on, and how often somebody died."""

    def __init__(self):
        self.gate = threading.Condition()
        self.open = False
        self.waiting = 0
        self.over = False
        self.deaths = 0
        self.before = 0     # deaths when all were let go: who comes later than the next has nothing to do
        self.failures = []
        self.count = {}
        self.ends = False   # containers may end with who dies
        self.tells = False  # the next ctrd tells how each job ended: nobody else dies

    def wait_for_leave(self):
        with self.gate:
            self.waiting += 1
            self.gate.notify_all()
            self.gate.wait_for(lambda: self.open and self.deaths == self.before or self.over)
            self.waiting -= 1
            return not self.over

    def let_go(self):
        with self.gate:
            self.open = True
            self.before = self.deaths
            self.gate.notify_all()

    def hold(self, clients, seconds=60):
        with self.gate:
            self.open = False
            assert self.gate.wait_for(lambda: self.waiting == clients or self.failures, seconds * PATIENCE), \
                'only %d of %d clients came to an end' % (self.waiting, clients)
        assert not self.failures, self.failures[0]


world = World()


class Worker(Client):
    def __init__(self, number):
        super().__init__()
        self.random = random.Random(options.seed * 1000 + number)
        self.mine = {'c%d%s' % (number, letter): Memory() for letter in 'abc'}
        self.tokens = 0
        self.deaths = 0     # when what it does now began

    def ask(self, function):
        """Says something. An answer that does not come, or comes after a death, means nothing."""
        deaths = self.deaths
        try:
            return function()
        except GLib.Error as error:
            name = remote_error(error) or ''
            if deaths != world.deaths or (name.endswith(GONE) or not name) and self.somebody_died(deaths):
                raise Cut from None
            raise

    @staticmethod
    def somebody_died(deaths):
        """The death may be told a moment later than its consequence."""
        end = time.monotonic() + 1
        while world.deaths == deaths and time.monotonic() < end:
            time.sleep(0.01)
        return world.deaths != deaths

    def finish(self, job):
        """Waits for a job, whose outcome the next ctrd tells if this one dies. Returns the state
        in which it ended; only creations and clones are undone by the death of ctrd."""
        deaths = self.deaths
        end = time.monotonic() + 60 * PATIENCE
        while True:
            try:
                p = self.call(job, 'org.freedesktop.DBus.Properties', 'GetAll', GLib.Variant('(s)', ('org.ctrd1.Job',)))[0]
            except GLib.Error as error:
                name = remote_error(error) or ''
                if self.bus.is_closed() or name.endswith('Disconnected'):
                    raise Cut from None
                assert (name.endswith(GONE) or not name) and self.somebody_died(deaths), '%s vanished: %s' % (job, error.message)
                time.sleep(0.01)
                continue
            if p['State'] not in ('queued', 'running'):
                if p['State'] != 'done' and (deaths != world.deaths or self.somebody_died(deaths)):
                    if not world.tells or p['Kind'] in ('create', 'clone') and p['State'] == 'canceled':
                        world.count['told of undoing'] = world.count.get('told of undoing', 0) + world.tells
                        if world.tells:
                            return p['State']
                        raise Cut
                assert p['State'] == 'done', '%s of %s: %s' % (p['Kind'], p['Container'], p['ErrorMessage'])
                if deaths != world.deaths:
                    world.count['told by the next'] = world.count.get('told by the next', 0) + 1
                return p['State']
            assert time.monotonic() < end, '%s of %s does not end' % (p['Kind'], p['Container'])
            time.sleep(0.01)

    # What it does to a container of its own: `may` is what may be so if it is cut off.

    def make(self, name, m):
        m.exists = {False, True}
        m.token = {None}
        m.exists = {self.finish(self.ask(lambda: self.create(name, BUSYBOX, [('StopTimeoutSec', '3s')]))) == 'done'}

    def start(self, name, m):
        m.running = {False, True}
        self.finish(self.ask(lambda: self.container(name, 'Start')[0]))
        m.running = {True}

    def stop(self, name, m):
        m.running = {False, True}
        self.finish(self.ask(lambda: self.container(name, 'Stop', GLib.Variant('(t)', (0,)))[0]))
        m.running = {False}

    def restart(self, name, m):
        m.running = {False, True}
        self.finish(self.ask(lambda: self.container(name, 'Restart')[0]))
        m.running = {True}

    def remove(self, name, m):
        m.exists = {False, True}
        m.running = {False} | m.running
        self.finish(self.ask(lambda: self.container(name, 'Remove', GLib.Variant('(b)', (True,)))[0]))
        self.forget(m)

    def set(self, name, m):
        """Two keys at once: they are never of two minds."""
        self.tokens += 1
        token = str(self.tokens)
        m.token = m.token | {token}
        self.ask(lambda: self.container(name, 'SetSettings', GLib.Variant(
            '(a(ss)b)', ([('Description', token), ('StopTimeoutSec', '%ds' % (1000 + self.tokens))], False))))
        m.token = {token}

    def absent(self):
        return next(((name, m) for name, m in self.mine.items() if m.exists == {False}), (None, None))

    def rename(self, name, m):
        new, other = self.absent()
        if not new:
            return
        m.exists = other.exists = {False, True}
        other.token, other.running, other.filled = m.token, m.running, m.filled
        m.either = new
        self.ask(lambda: self.container(name, 'Rename', GLib.Variant('(s)', (new,))))
        other.exists = {True}
        self.forget(m)

    def clone(self, name, m):
        new, other = self.absent()
        if not new:
            return
        if not m.filled:
            os.makedirs(UPPER % name, exist_ok=True)
            for i in range(FILES):
                with open((UPPER + '/%d') % (name, i), 'w') as f:
                    f.write('x' * 5000)
            m.filled = True
        other.exists = {False, True}
        other.token, other.running, other.filled = m.token, {False}, True
        state = self.finish(self.ask(lambda: self.call('/org/ctrd1', 'org.ctrd1.Manager', 'CloneContainer', GLib.Variant(
            '(ssa(ss)a{sv})', (name, new, [], {})))[0]))
        if state == 'canceled':
            self.forget(other)
        else:
            other.exists = {True}

    @staticmethod
    def forget(m):
        m.exists, m.running, m.token, m.filled, m.either = {False}, {False}, {None}, False, None

    def freeze(self, name, m):
        self.ask(lambda: self.container(name, 'Freeze'))
        self.ask(lambda: self.container(name, 'Thaw'))

    def exec(self, name, m):
        deaths = self.deaths
        word = 'word-%d' % self.random.randrange(1 << 30)
        r = run('ctrctl', 'exec', name, '--', 'echo', word, timeout=60)
        if r.status == 0 or deaths == world.deaths and not self.somebody_died(deaths):
            assert (r.status, r.out) == (0, word + '\n'), 'exec in %s: %r' % (name, r)

    def cp(self, name, m):
        """In and out again: what comes out is what went in, to the last byte. Not by /tmp, which
        ends with a container that dies meanwhile."""
        deaths = self.deaths
        word = 'word-%d\n' % self.random.randrange(1 << 30) * 20000
        path = '/tmp/crash-cp-' + name
        with open(path, 'w') as f:
            f.write(word)
        r = run('ctrctl', '-q', 'cp', path, name + ':/copied', timeout=60)
        if r.status == 0:
            r = run('ctrctl', '-q', 'cp', name + ':/copied', path + '.back', timeout=60)
        if r.status == 0 or deaths == world.deaths and not self.somebody_died(deaths):
            with open(path + '.back') as f:
                assert r.status == 0 and f.read() == word, 'cp with %s: %r' % (name, r)

    def look(self, name, m):
        assert name in self.ask(self.containers), '%s is missing' % name

    def act(self):
        name, m = self.random.choice(list(self.mine.items()))
        if m.exists == {False}:
            verb = self.make
        elif m.running == {True}:
            verb = self.random.choices((self.stop, self.restart, self.remove, self.exec, self.cp, self.set, self.freeze, self.look),
                                       (3, 2, 1, 8, 3, 4, 2, 1))[0]
        else:
            verb = self.random.choices((self.start, self.remove, self.set, self.cp, self.look, self.rename, self.clone), (8, 1, 3, 1, 1, 3, 3))[0]
        try:
            verb(name, m)
            return verb.__name__
        except Cut:
            # Until it is known how it ended there is nothing to do with it.
            return 'cut off'

    def disturb(self):
        """Something with the name that is everybody's, of which nothing can be known."""
        name = self.random.choice(SHARED)
        verb = self.random.choice(('Start', 'Stop', 'Restart', 'Remove', 'create', 'SetSettings', 'Kill'))
        arguments = {'Stop': ('(t)', (0,)), 'Remove': ('(b)', (True,)), 'Kill': ('(si)', ('all', 9)),
                     'SetSettings': ('(a(ss)b)', ([('Description', str(self.tokens))], False))}.get(verb)
        try:
            if verb == 'create':
                self.ask(lambda: self.create(name, BUSYBOX, [('StopTimeoutSec', '3s')]))
            else:
                self.ask(lambda: self.container(name, verb, arguments and GLib.Variant(*arguments)))
        except Cut:
            return 'cut off'
        except GLib.Error as error:
            remote = remote_error(error) or ''
            assert remote.startswith('org.ctrd1.') or remote.endswith('UnknownObject'), (verb, error.message)
        return 'disturb'

    def work(self):
        try:
            while world.wait_for_leave():
                self.deaths = world.before
                while world.open and self.deaths == world.deaths:
                    did = self.disturb() if self.random.random() < 0.1 else self.act()
                    world.count[did] = world.count.get(did, 0) + 1
                    if did == 'cut off':
                        break
        except BaseException as error:      # noqa: it is told where all are waited for
            with world.gate:
                world.failures.append('%s\n%s' % (error, ''.join(traceback.format_tb(error.__traceback__)[-3:])))
                world.gate.notify_all()


# --- what must hold after each death --------------------------------------------------

def answered(client, function):
    """The answer of a ctrd that is coming back."""
    def attempt():
        try:
            return [function()]
        except GLib.Error as error:
            name = remote_error(error) or ''
            if client.bus.is_closed() or name.endswith('Disconnected'):
                try:
                    client.bus = connect()
                except GLib.Error:
                    return None
                return None
            assert name.endswith(GONE) or not name, error.message
            return None
    return wait_until(attempt, 60, 'an answer of ctrd')[0]


def settle(client):
    """Jobs end, and what is on its way arrives. Returns the containers."""
    def steady():
        managed = answered(client, client.managed)
        containers, jobs = {}, 0
        for path, interfaces in managed.items():
            if 'org.ctrd1.Container' in interfaces:
                containers[path.rsplit('/', 1)[1]] = interfaces['org.ctrd1.Container']
            elif 'org.ctrd1.Job' in interfaces:
                jobs += interfaces['org.ctrd1.Job']['State'] in ('queued', 'running')
        bad = [p for p in containers.values() if p['State'] not in STEADY]
        return None if jobs or bad else [containers]
    return wait_until(steady, 60, 'jobs and states that come to rest')[0]


def on_disk():
    return {os.path.basename(p)[:-len('.conf')] for p in glob.glob('/etc/ctrd/containers/*.conf')}, \
        {n for n in os.listdir('/var/lib/ctrd/containers') if not n.startswith('.')}


def tokens(name):
    """Of both keys, as they are on disk."""
    text = ''
    for path in ['/etc/ctrd/containers/%s.conf' % name] + sorted(glob.glob('/etc/ctrd/containers/%s.conf.d/*.conf' % name)):
        with open(path) as f:
            text += f.read()
    description = re.findall(r'^Description=(.+)$', text, re.M)
    timeout = re.findall(r'^StopTimeoutSec=(.+)$', text, re.M)
    return description[-1] if description else None, timeout[-1]


def of_whom(thing):
    """The container in what is left, if it names one."""
    m = re.search(r'ctr-([a-z0-9]+)\.scope|/containers/([a-z0-9]+)|unit ctr[-@]([a-z0-9]+)|ve-([a-z0-9]+)', thing)
    return next(filter(None, m.groups()), None) if m else None


def machines():
    """As machined has them: the host is none."""
    return {line.split()[0] for line in run('machinectl', 'list', '--no-legend').out.splitlines()}


def left(running):
    """What is there beyond what belongs to those that run."""
    found = []
    for thing in leftovers():
        if thing.startswith('process ctr-monitor'):
            continue                # counted by scopes: each has one
        if of_whom(thing) in running:
            continue
        # A monitor that is killed takes all that works in its container along, as a power
        # failure would: a file that was being written stays under the name it had so far.
        if world.ends and '.ctr-copy' in thing:
            os.unlink(thing.split(' ', 1)[1])
            continue
        found.append(thing)
    return found


def check(client, workers, victim):
    containers = settle(client)
    listing = names()
    assert len(listing) == len(set(listing)), 'doubled: %s' % listing
    files, trees = on_disk()
    assert set(containers) == files == trees == set(listing), \
        'not the same: objects %s, files %s, trees %s' % (sorted(containers), sorted(files), sorted(trees))

    ranges = sorted((p['UIDBase'], p['UIDCount'], name) for name, p in containers.items())
    for (base, count, a), (following, _, b) in zip(ranges, ranges[1:]):
        assert base + count <= following, 'the same ids: %s and %s' % (a, b)
    ids = [p['MachineID'] for p in containers.values()]
    assert len(ids) == len(set(ids)), 'the same machine id twice'

    running = {name for name, p in containers.items() if p['State'] in ('running', 'frozen')}
    for name in running:
        if containers[name]['State'] == 'frozen':
            client.container(name, 'Thaw')
        r = run('ctrctl', 'exec', name, '--', 'hostname')
        assert (r.status, r.out.strip()) == (0, name), 'exec in %s: %r' % (name, r)

    wait_until(lambda: machines() == running, 20, 'machined knows those that run, and no others')

    for worker in workers:
        for name, m in worker.mine.items():
            exists = name in containers
            if m.either:
                assert exists != (m.either in containers), '%s was being renamed to %s, and these are there: %s' % (
                    name, m.either, sorted(containers))
                m.either = None
            assert exists in m.exists, '%s: %s, but it exists: %s' % (name, m, exists)
            m.exists = {exists}
            runs = name in running
            if victim.ends and exists and not runs:
                p = containers[name]
                assert p['ExitReason'] or m.running != {True}, '%s ended, and nobody says how: %s' % (name, p)
            else:
                assert runs in m.running or not exists, '%s: %s, but it runs: %s (%s)' % (name, m, runs, containers[name])
            m.running = {runs}
            if not exists:
                worker.forget(m)
                continue
            if m.filled:
                assert len(os.listdir(UPPER % name)) == FILES, 'the files of %s are not whole' % name
            token, timeout = tokens(name)
            assert token in m.token, '%s: %s, but the description is %s' % (name, m, token)
            assert containers[name]['Description'] == (token or ''), (name, token, containers[name]['Description'])
            if token:
                assert timeout == '%ds' % (1000 + int(token)), '%s is half set: %s, %s' % (name, token, timeout)
            m.token = {token}

    try:
        wait_until(lambda: not left(running), 20)
    except AssertionError:
        raise AssertionError('left behind: ' + ', '.join(left(running))) from None
    return containers


# --- who dies ---------------------------------------------------------------------------

def main_pid(unit):
    return int(run('systemctl', 'show', unit, '-p', 'MainPID', '--value').out or 0)


def kill_service(unit):
    def kill(rnd):
        pid = main_pid(unit)
        if pid:
            world.deaths += 1
            os.kill(pid, signal.SIGKILL)
    return kill


def kill_a_monitor(rnd):
    pids = []
    for path in glob.glob('/proc/[0-9]*/comm'):
        try:
            if open(path).read().strip() == 'ctr-monitor':
                pids.append(int(path.split('/')[2]))
        except OSError:
            continue
    if pids:
        world.deaths += 1
        try:
            os.kill(rnd.choice(pids), signal.SIGKILL)
        except ProcessLookupError:
            pass


def kill_lxcfs(rnd):
    """Dead, or asked to end, and there again at once."""
    if rnd.random() < 0.5:
        kill_service('lxcfs-test')(rnd)
        wait_until(lambda: not suite_views.mounted(), 10)
    else:
        world.deaths += 1
        suite_views.lxcfs(False)
    suite_views.lxcfs(True)


def has_views(containers):
    """Two of those that run: asking all of them would take longer than the next death may."""
    for name in [name for name, p in containers.items() if p['State'] == 'running'][:2]:
        suite_views.has(name, True)


def restart_bus(rnd):
    with world.gate:
        world.open = False      # what is asked on a bus that is gone says nothing
        world.deaths += 1
    run('systemctl', 'restart', 'dbus')


class Victim:
    def __init__(self, kill, ends=False, cuts=True, share=1, begin=lambda: None, look=lambda containers: None, end=lambda: None):
        self.kill = kill
        self.ends = ends        # containers may end with it
        self.cuts = cuts        # clients may see that something failed
        self.share = share      # of the kills that are asked for
        self.begin, self.look, self.end = begin, look, end      # before all, after each, after all


WHOM = {
    'ctrd': Victim(kill_service('ctrd')),
    'monitor': Victim(kill_a_monitor, ends=True),
    'launcher': Victim(kill_service('ctr-launcher')),
    'machined': Victim(kill_service('systemd-machined'), cuts=False),
    'bus': Victim(restart_bus, share=50),
    'lxcfs': Victim(kill_lxcfs, cuts=False, share=10, begin=lambda: (suite_views.setup(), suite_views.lxcfs(True)),
                    look=has_views, end=suite_views.teardown),
}


def descriptors():
    return len(os.listdir('/proc/%d/fd' % ctrd_pid()))


def crash(whom):
    victim = WHOM[whom]
    world.tells = whom == 'ctrd'
    world.ends = victim.ends
    kills = max(2, options.kills // victim.share)
    rnd = random.Random(options.seed)
    victim.begin()
    client = Client()
    answered(client, client.managed)
    workers = [Worker(i) for i in range(CLIENTS)]
    threads = [threading.Thread(target=w.work, daemon=True) for w in workers]
    for t in threads:
        t.start()
    begun = time.monotonic()
    try:
        for i in range(kills):
            for w in workers:
                if w.bus.is_closed():
                    w.bus = connect()
            world.let_go()
            time.sleep(rnd.uniform(0, 0.5) * PATIENCE)
            victim.kill(rnd)
            world.hold(CLIENTS)
            victim.look(check(client, workers, victim))
            if i % 100 == 99:
                print('# %s: %d kills in %.0f s' % (whom, i + 1, time.monotonic() - begun), flush=True)
    finally:
        with world.gate:
            world.over = True
            world.gate.notify_all()
        victim.end()
    for t in threads:
        t.join(60 * PATIENCE)
    print('# %s: %d deaths in %.0f s: %s' % (whom, world.deaths, time.monotonic() - begun, ', '.join(
        '%s %d' % pair for pair in sorted(world.count.items(), key=str))), flush=True)
    assert world.deaths >= kills // 2, 'only %d deaths' % world.deaths
    assert not victim.cuts or world.count.get('cut off'), 'nothing was ever cut off: the moments are not telling'
    for name in answered(client, client.containers):
        remove(name)
    check_clean('crash')
    return '%s dies %d times' % (whom, world.deaths)


def fail():
    """System calls and memory fail."""
    try:
        n = faults.faults(options.library, options.step, options.most, options.operation, options.first)
    finally:
        faults.teardown()
    assert n >= 20, 'only %d calls failed' % n
    return 'calls of ctrd fail, %d of them' % n


OTHERS = {'disk': disk.disk, 'faults': fail}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--kills', type=int, default=1000)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--step', type=int, default=1)
    parser.add_argument('--most', type=int, default=10000)
    parser.add_argument('--operation', action='append')
    parser.add_argument('--first', type=int, default=1)
    parser.add_argument('--library')
    parser.add_argument('whom', nargs='*')
    parser.parse_args(namespace=options)
    options.whom = options.whom or [*WHOM, *OTHERS]
    os.makedirs('/run/systemd/system', exist_ok=True)
    for unit in ('ctrd', 'ctr-launcher', 'systemd-machined', 'dbus'):
        os.makedirs('/run/systemd/system/%s.service.d' % unit, exist_ok=True)
        with open('/run/systemd/system/%s.service.d/crash.conf' % unit, 'w') as f:
            f.write('[Unit]\nStartLimitIntervalSec=0\n[Service]\nRestartSec=10ms\n')
    run('systemctl', 'daemon-reload', check=True)
    global world
    failed = 0
    for number, whom in enumerate(options.whom, 1):
        world = World()
        try:
            said = OTHERS[whom]() if whom in OTHERS else crash(whom)
            print('ok %d - %s' % (number, said), flush=True)
        except BaseException as error:      # noqa: a failure of any kind is one
            failed += 1
            print('not ok %d - %s' % (number, whom))
            print('# after %d deaths, seed %d' % (world.deaths, options.seed))
            for line in (''.join(traceback.format_exception(error)) + diagnosis()).splitlines():
                print('# ' + line)
            sys.stdout.flush()
            clean_up()
    print('1..%d' % len(options.whom))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
