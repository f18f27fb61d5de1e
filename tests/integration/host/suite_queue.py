# SPDX-License-Identifier: LGPL-2.1-or-later
# What waits for its turn: templates, of which few run at a time.

import json

from ctrd import *

AT_A_TIME = 4


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
        end_ctrd()
        wait_until(lambda: run('systemctl', 'is-active', 'ctrd').out.strip() == 'active')
        assert json.loads(ctl('job', 'list', '--json')) == []
        wait_until(lambda: all(unit('slow%d' % i) in ('inactive', 'failed') for i in range(AT_A_TIME + 1)))
    assert names() == []


def test_a_ctrd_that_is_killed_leaves_no_queue():
    left_by(kill_ctrd)


def test_a_ctrd_that_is_restarted_leaves_no_queue():
    left_by(lambda: run('systemctl', 'restart', 'ctrd', check=True))
