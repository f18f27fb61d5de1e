# SPDX-License-Identifier: LGPL-2.1-or-later
# Jobs: begun and left alone, looked at while they run and after they have ended.

import json
import re

from ctrd import *

# An init that is never ready, and one that ends at once.
SLOW = ('NotifyReady=yes', 'Command=/bin/sh -c "sleep 1000"', 'StartTimeoutSec=infinity', 'StopTimeoutSec=1s')
BROKEN = ('NotifyReady=yes', 'Command=/bin/false')


def begin(*argv):
    """The number of the job that a verb begins and does not wait for."""
    out = ctl(*argv, '--no-wait')
    assert re.fullmatch('[0-9]+\n', out), out
    return out.strip()


def job(number):
    out = {}
    for line in ctl('job', 'show', number).splitlines():
        key, _, value = line.partition('=')
        out[key] = value
    return out


def jobs():
    return {item['job']: item for item in json.loads(ctl('job', 'list', '--json'))}


def ended(number):
    wait_until(lambda: job(number)['State'] != 'running', what='the end of job %s' % number)
    return job(number)


def test_every_verb_that_makes_a_job_can_be_left_alone():
    p = ended(begin('create', 'web', BUSYBOX))
    assert (p['Kind'], p['Container'], p['State'], p['ErrorName'], p['ErrorMessage']) == ('create', 'web', 'done', '', ''), p
    assert p['Progress'] == '100' and 0 < int(p['StartedAt']) <= int(p['EndedAt']), p
    for verb, after in (('start', 'running'), ('restart', 'running'), ('stop', 'stopped')):
        p = ended(begin(verb, 'web'))
        assert (p['Kind'], p['State']) == (verb, 'done'), p
        assert state('web') == after
    assert ended(begin('remove', 'web'))['State'] == 'done'
    assert names() == []
    p = ended(begin('image', 'remove', 'busybox-default'))
    assert (p['Kind'], p['Container'], p['State']) == ('remove-image', '', 'done'), p


def test_no_wait_of_several_keeps_their_order():
    create('one')
    create('two')
    r = run('ctrctl', 'start', '--no-wait', 'one', 'nobody', 'two')
    assert r.status == 1 and 'nobody' in r.err and len(r.err.splitlines()) == 1, r
    numbers = r.out.split()
    assert [ended(n)['Container'] for n in numbers] == ['one', 'two'], numbers
    remove('one', 'two')


def test_a_job_that_runs_has_not_ended():
    with container('web', BUSYBOX, *SLOW, start=False):
        number = begin('start', 'web')
        p = job(number)
        assert p['State'] == 'running' and p['EndedAt'] == '0' and int(p['StartedAt']) > 0, p
        assert jobs()[int(number)]['ended'] is None, jobs()
        ctl('job', 'cancel', number)
        p = ended(number)
        assert p['State'] == 'canceled' and p['ErrorName'] == 'org.ctrd1.Error.StartFailed', p
        wait_until(lambda: state('web') == 'stopped')
        fails('job', 'cancel', number, word='has ended already (canceled)')


def test_whoever_comes_late_learns_why_it_failed():
    with container('web', BUSYBOX, *BROKEN, start=False):
        number = begin('start', 'web')
        p = ended(number)
        assert p['State'] == 'failed' and p['ErrorName'].startswith('org.ctrd1.Error.') and 'web' in p['ErrorMessage'], p
        assert ctl('job', 'show', number, '-p', 'State', '--value') == 'failed\n'
        assert json.loads(ctl('job', 'show', number, '--json'))['ErrorMessage'] == p['ErrorMessage']
        item = jobs()[int(number)]
        assert item['state'] == 'failed' and item['error_message'] == p['ErrorMessage'] and item['kind'] == 'start', item
        line = next(line for line in ctl('job', 'list', '--no-legend').splitlines() if line.split()[0] == number)
        assert line.endswith(p['ErrorMessage']), line
    # It is of the past, not of the container.
    assert job(number)['State'] == 'failed'


def test_a_job_goes_on_without_its_client():
    with container('web', start=False):
        before = jobs()
        client = subprocess.Popen(['ctrctl', '-q', 'start', 'web'])
        number = str(wait_until(lambda: next((n for n in jobs() if n not in before), None)))
        client.kill()
        client.wait()
        assert ended(number)['State'] == 'done'
        assert state('web') == 'running'


def test_results_are_bounded():
    with container('web', start=False):
        first = begin('stop', 'web')
        assert ended(first)['State'] == 'failed', 'it does not run'
        kept = []
        for _ in range(70):
            kept.append(begin('stop', 'web'))
        ended(kept[-1])
        listed = jobs()
        assert sorted(listed) == [int(n) for n in kept[-64:]], sorted(listed)
        fails('job', 'show', first, word='no job ' + first)
        fails('job', 'cancel', first, word='no job ' + first)


def test_numbers_that_are_none():
    for word in ('x', '-1', '4294967296', '1x', ''):
        fails('job', 'show', '--', word, word='job')
        fails('job', 'cancel', '--', word, word='job')
    fails('job', 'show', '4294967295', word='no job')
    fails('job', 'show', status=2)
    fails('job', 'show', '1', '2', status=2)


def test_results_do_not_outlive_ctrd():
    with container('web'):
        number = begin('stop', 'web')
        ended(number)
        run('systemctl', 'restart', 'ctrd', check=True)
        assert jobs() == {}
        fails('job', 'show', number, word='no job')
