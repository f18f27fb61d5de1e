# SPDX-License-Identifier: LGPL-2.1-or-later
# What waits for its turn: templates and starts, of which few are at work at a time.

import json

from ctrd import *
from suite_clone import held

AT_A_TIME = 4

# An init that is never ready, and one that is at once.
SLOW = ('NotifyReady=yes', 'Command=/bin/sh -c "sleep 1000"', 'StartTimeoutSec=infinity', 'StopTimeoutSec=1s')


def job(number):
    return json.loads(ctl('job', 'show', number, '--json'))


def begin(name, source, prefix=()):
    return run(*prefix, 'ctrctl', 'create', '--no-wait', name, source, check=True).out.strip()


def is_at(number, word):
    wait_until(lambda: job(number)['State'] == word, what='job %s that is %s' % (number, word))


def unit(source):
    return run('systemctl', 'is-active', 'ctr-template-%s-one.service' % source).out.strip()


class Templates:
    """with Templates() as make: make(NAME, SCRIPT) makes one; at the end they are gone, and all
    that was asked of them."""

    def __enter__(self):
        self.paths = {}
        return self.make

    def make(self, name, script='exec sleep 1000'):
        self.paths[name] = template(name, 'mkdir $CTRD_TARGET/rootfs\n%s\n' % script)
        return name

    def __exit__(self, *exc):
        for path in self.paths.values():
            os.unlink(path)
        for row in json.loads(ctl('job', 'list', '--json')):
            if row['state'] in ('queued', 'running'):
                run('ctrctl', 'job', 'cancel', str(row['job']))
        wait_until(lambda: all(unit(name) in ('inactive', 'failed') for name in self.paths), what='the end of all templates')


def test_more_wait_in_order_and_can_be_canceled():
    with Templates() as make:
        running = [begin('c%d' % i, make('slow%d' % i)) for i in range(AT_A_TIME)]
        for i, number in enumerate(running):
            is_at(number, 'running')
            wait_until(lambda: unit('slow%d' % i) == 'activating')
        one, two, three = [make('late%d' % i) for i in range(3)]
        first = begin('w1', one)
        is_at(first, 'queued')
        second = begin('w2', two)
        is_at(second, 'queued')
        third = begin('w3', three)
        is_at(third, 'queued')
        assert job(first)['Message'] == 'Waiting for other templates' and job(first)['EndedAt'] == 0, job(first)
        states = {str(row['job']): row['state'] for row in json.loads(ctl('job', 'list', '--json'))}
        assert (states[first], states[running[0]]) == ('queued', 'running'), states
        out = run('busctl', 'get-property', 'org.ctrd1', '/org/ctrd1/job/' + first, 'org.ctrd1.Job', 'State', check=True).out
        assert out == 's "queued"\n', out

        # Who asks for the same waits with it.
        joined = begin('w4', one)
        is_at(joined, 'queued')
        assert [unit(name) for name in (one, two, three)] == ['inactive'] * 3

        # Canceled while it waits, it leaves nothing and takes nobody's turn.
        ctl('job', 'cancel', second)
        is_at(second, 'canceled')
        assert job(third)['State'] == 'queued'
        ctl('job', 'cancel', running[0])
        is_at(first, 'running')
        is_at(joined, 'running')
        wait_until(lambda: unit(one) == 'activating')
        assert job(third)['State'] == 'queued' and unit(two) == unit(three) == 'inactive'
        ctl('job', 'cancel', running[1])
        is_at(third, 'running')
        assert unit(two) == 'inactive'
    assert names() == []


def test_one_that_fails_makes_room():
    with Templates() as make:
        running = [begin('c%d' % i, make('slow%d' % i)) for i in range(AT_A_TIME)]
        for number in running:
            is_at(number, 'running')
        wait_until(lambda: all(unit('slow%d' % i) == 'activating' for i in range(AT_A_TIME)))
        bad = begin('bad', make('bad', 'exit 1'))
        is_at(bad, 'queued')
        late = begin('late', make('late'))
        is_at(late, 'queued')
        ctl('job', 'cancel', running[0])
        is_at(bad, 'failed')
        is_at(late, 'running')
    assert names() == []


def test_users_take_turns():
    with Templates() as make, visitor('org.ctrd1.manage') as prefix:
        # polkit reads its rules anew by itself, in its own time.
        wait_until(lambda: run(*prefix, 'ctrctl', 'create', '--no-wait', 'x', 'no-such-template').status == 0
                   or 'not allowed' not in run(*prefix, 'ctrctl', 'create', 'x', 'no-such-template').err)
        running = [begin('c%d' % i, make('slow%d' % i)) for i in range(AT_A_TIME)]
        wait_until(lambda: all(unit('slow%d' % i) == 'activating' for i in range(AT_A_TIME)))
        own = begin('own', make('own'))
        is_at(own, 'queued')
        other = begin('other', make('other'), prefix)
        is_at(other, 'queued')
        ctl('job', 'cancel', running[0])
        is_at(other, 'running')
        assert job(own)['State'] == 'queued'
        ctl('job', 'cancel', running[1])
        is_at(own, 'running')
    assert names() == []


def left_by(end_ctrd):
    """A ctrd ends amid a queue."""
    with Templates() as make:
        for i in range(AT_A_TIME + 1):
            begin('c%d' % i, make('slow%d' % i))
        wait_until(lambda: sum(unit('slow%d' % i) == 'activating' for i in range(AT_A_TIME + 1)) == AT_A_TIME)
        old = ctrd_pid()
        end_ctrd()
        wait_until(lambda: ctrd_pid() not in (0, old) and run('systemctl', 'is-active', 'ctrd').out.strip() == 'active')
        assert {row['state'] for row in json.loads(ctl('job', 'list', '--json'))[-AT_A_TIME - 1:]} == {'canceled'}
        wait_until(lambda: all(unit('slow%d' % i) in ('inactive', 'failed') for i in range(AT_A_TIME + 1)))
    assert names() == []


def test_a_ctrd_that_is_killed_leaves_no_queue():
    left_by(kill_ctrd)


def test_a_ctrd_that_is_restarted_leaves_no_queue():
    left_by(lambda: run('systemctl', 'restart', 'ctrd', check=True))


class Starts:
    """with Starts(): two starts are at work that never end, of a and b; c and d are there."""

    def __enter__(self):
        self.limits = limits('RunningJobsMax=2')
        self.limits.__enter__()
        for name in 'abcd':
            create(name, BUSYBOX, *(SLOW if name in 'ab' else ()))
        self.running = ctl('start', '--no-wait', 'a', 'b').split()
        for number in self.running:
            is_at(number, 'running')
        return self

    def __exit__(self, *exc):
        if names():
            remove(*names())
        self.limits.__exit__(*exc)


def test_starts_wait_in_order():
    with Starts() as s:
        c, d = ctl('start', '--no-wait', 'c', 'd').split()
        assert job(c)['State'] == job(d)['State'] == 'queued' and job(c)['Message'] == 'Waiting for other jobs', job(c)
        assert state('c') == 'stopped' and show('c')['Job'].endswith('/' + c), show('c')
        assert 'job %s' % c in fails('start', 'c', word='waits for its turn')
        fails('restart', 'c', word='waits for its turn')
        fails('rename', 'c', 'e')
        ctl('job', 'cancel', s.running[0])
        is_at(c, 'done')
        is_at(d, 'done')
        assert state('c') == state('d') == 'running'


def test_what_waits_can_be_called_off():
    with Starts() as s:
        c = begin_start('c')
        ctl('stop', 'c')
        assert job(c)['State'] == 'canceled' and 'before its turn' in job(c)['ErrorMessage'], job(c)
        assert show('c')['Job'] == '/' and state('c') == 'stopped'
        c = begin_start('c')
        ctl('job', 'cancel', c)
        is_at(c, 'canceled')
        c = begin_start('c')
        assert 'job %s' % c in fails('remove', 'c')
        remove('c')
        assert job(c)['State'] == 'canceled' and 'c' not in names()
        # A client that waits, and goes.
        r = subprocess.Popen(['ctrctl', 'start', 'd'], stderr=subprocess.PIPE, text=True)
        assert 'Waiting for other jobs' in r.stderr.readline()
        r.send_signal(signal.SIGINT)
        r.communicate(timeout=20 * PATIENCE)
        ctl('stop', 'd')


def begin_start(name):
    number = ctl('start', '--no-wait', name).strip()
    assert job(number)['State'] == 'queued'
    return number


def test_what_ends_never_waits():
    with Starts() as s, limits('RunningJobsMax=3', path='/run/ctrd/ctrd.conf.d/60-test.conf'):
        ctl('start', 'c')
        create('slow', BUSYBOX, *SLOW)
        is_at(ctl('start', '--no-wait', 'slow').strip(), 'running')
        d = begin_start('d')
        ctl('restart', 'c')
        ctl('kill', 'c')
        wait_until(lambda: state('c') == 'stopped')
        assert job(d)['State'] == 'queued'
        # A bound that is raised lets them go.
        with limits('RunningJobsMax=4', path='/run/ctrd/ctrd.conf.d/70-test.conf'):
            is_at(d, 'done')


def test_what_waits_for_another_start_is_in_nobodys_way():
    with limits('RunningJobsMax=1'):
        create('c')
        create('b', BUSYBOX, 'After=c', 'Requires=c')
        create('a', BUSYBOX, 'After=b', 'Requires=b')
        ctl('start', 'a', timeout=30)
        assert [state(name) for name in 'abc'] == ['running'] * 3
        remove('a', 'b', 'c')


def test_clones_have_turns_of_their_own():
    with Starts(), limits('RunningClonesMax=1', path='/run/ctrd/ctrd.conf.d/60-test.conf'), held('one'):
        ctl('clone', 'c', 'other')
        first = ctl('clone', '--no-wait', 'c', 'one').strip()
        number = ctl('clone', '--no-wait', 'c', 'copy').strip()
        assert job(number)['State'] == 'queued'
        fails('start', 'c', word='is being cloned', timeout=20)
        fails('remove', 'c', word='is being cloned', timeout=20)
        ctl('job', 'cancel', number)
        assert job(number)['State'] == 'canceled' and names() == ['a', 'b', 'c', 'd', 'other']
        assert os.listdir('/etc/ctrd/containers').count('copy.conf') == 0 and not os.path.exists('/var/lib/ctrd/containers/.new-copy')
        number = ctl('clone', '--no-wait', 'c', 'copy').strip()
        ctl('job', 'cancel', first)
        is_at(number, 'done')
        assert 'copy' in names()
