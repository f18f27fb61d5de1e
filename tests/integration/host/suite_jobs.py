# SPDX-License-Identifier: LGPL-2.1-or-later
# Jobs: begun and left alone, looked at while they run and after they have ended. And
# what scripts wait for.

import json
import re
import signal
import tempfile

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
    wait_until(lambda: job(number)['State'] not in ('queued', 'running'), what='the end of job %s' % number)
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
    with container('web', start=False), limits('JobResultsMax=20'):
        first = begin('stop', 'web')
        assert ended(first)['State'] == 'failed', 'it does not run'
        kept = []
        for _ in range(25):
            kept.append(begin('stop', 'web'))
        ended(kept[-1])
        listed = jobs()
        assert sorted(listed) == [int(n) for n in kept[-20:]], sorted(listed)
        fails('job', 'show', first, word='no job ' + first)
        fails('job', 'cancel', first, word='no job ' + first)


def test_a_user_has_a_share_of_them():
    # All wait for one template, which never ends.
    path = template('slow', 'mkdir $CTRD_TARGET/rootfs\nexec sleep 1000\n')
    try:
        with visitor('org.ctrd1.manage') as prefix:
            uid = run('id', '-u', 'visitor', check=True).out.strip()
            script = 'for i in $(seq 64); do ctrctl create --no-wait v$i slow || exit; done'
            # polkit reads its rules anew by itself, in its own time.
            wait_until(lambda: run(*prefix, 'ctrctl', 'create', '--no-wait', 'v0', 'slow').status == 0)
            r = run(*prefix, 'sh', '-c', script)
            numbers = r.out.split()
            assert r.status == 1 and len(numbers) == 63, r
            assert r.err == ('ctrctl: 64 jobs of user %s run already, which is the most of one user: '
                             'try again when some have ended\n' % uid), r
            assert job(numbers[0])['UID'] == uid and job(numbers[0])['State'] == 'running', job(numbers[0])

            # The same for a client with no code of ours, and only for this user.
            call = ['busctl', 'call', 'org.ctrd1', '/org/ctrd1', 'org.ctrd1.Manager', 'CreateContainer', 'ssa(ss)a{sv}']
            r = run(*prefix, *call, 'x', 'slow', '0', '0')
            assert r.status == 1 and '64 jobs of user' in r.err, r
            own = begin('create', 'web', 'slow')
            assert job(own)['UID'] == '0' and job(own)['State'] == 'running', job(own)

            # What has ended takes no place.
            ctl('job', 'cancel', numbers[0])
            assert ended(numbers[0])['State'] == 'canceled'
            assert run(*prefix, 'ctrctl', 'create', '--no-wait', 'y', 'slow').status == 0
            assert run(*prefix, 'ctrctl', 'create', '--no-wait', 'z', 'slow').status == 1
    finally:
        os.unlink(path)
        running = [str(n) for n, item in jobs().items() if item['state'] == 'running']
        ctl('job', 'cancel', *running)
    wait_until(lambda: run('systemctl', 'is-active', 'ctr-template-slow-one.service').out.strip() != 'activating')
    assert names() == []
    assert 'running' not in [item['state'] for item in jobs().values()]


def test_numbers_that_are_none():
    for word in ('x', '-1', '4294967296', '1x', ''):
        fails('job', 'show', '--', word, word='job')
        fails('job', 'cancel', '--', word, word='job')
    fails('job', 'show', '4294967295', word='no job')
    fails('job', 'show', status=2)
    fails('job', 'show', '1', '2', status=2)


def watchers():
    """Connections that hear of containers."""
    out = run('busctl', 'call', 'org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus.Debug.Stats', 'GetAllMatchRules',
              check=True).out
    return len(re.findall("path_namespace=[^,]*/org/ctrd1/container", out))


class Watching:
    """ctrctl that has begun to watch when the test goes on."""

    def __init__(self, *argv):
        before = watchers()
        self.process = subprocess.Popen(['ctrctl', *argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        wait_until(lambda: watchers() > before or self.process.poll() is not None, what='ctrctl that watches')
        names()     # a round behind its question

    def waits(self):
        names()
        return self.process.poll() is None

    def end(self, status=0, word='', timeout=20):
        out, err = self.process.communicate(timeout=timeout * PATIENCE)
        assert self.process.returncode == status, (self.process.returncode, out, err)
        assert out == '' and len(err.splitlines()) == (1 if status else 0) and word in err, (out, err)
        wait_until(lambda: watchers() == 0, what='the end of the watch')


def test_wait_for_an_end():
    with container('web'):
        w = Watching('wait', 'web')
        assert w.waits()
        ctl('restart', 'web')
        w.end()     # it was stopped in between
        w = Watching('wait', 'web', '--timeout=60s')
        ctl('kill', 'web')
        w.end()
        Watching('wait', 'web').end()       # it is stopped already


def test_wait_for_states():
    with container('web', BUSYBOX, 'Command=/bin/sh -c "sleep 0.1; exit 3"', start=False):
        w = Watching('wait', 'web', '--state=failed')
        run('ctrctl', 'start', 'web')
        w.end()
        Watching('wait', 'web').end()
        Watching('wait', 'web', '-s', 'running', '-s', 'failed').end()
    with container('web', start=False):
        w = Watching('wait', 'web', '--state=running')
        assert w.waits()
        ctl('start', 'web')
        w.end()


def test_wait_ends_with_its_time():
    with container('web'):
        begun = time.monotonic()
        line = fails('wait', 'web', '--timeout=300ms', word='running')
        assert 'web was not stopped or failed within 300ms' in line, line
        assert 0.3 <= time.monotonic() - begun < 10 * PATIENCE
    for argv in (['--state=asleep', 'web'], ['--timeout=0', 'web'], ['--timeout=soon', 'web'], []):
        fails('wait', *argv, status=2)


def test_wait_for_the_removal():
    with container('web'):
        w, failing = Watching('wait', 'web', '--state=removed'), Watching('wait', 'web', '--state=starting')
        assert w.waits() and failing.waits()
        ctl('stop', 'web')
        assert w.waits() and failing.waits()
        ctl('remove', 'web')
        assert 'web was removed before it was starting' in failing.process.communicate(timeout=20 * PATIENCE)[1]
        assert failing.process.returncode == 1
        w.end()
        fails('wait', 'web', word='no container web')
        Watching('wait', 'web', '--state=removed').end()
        create('web')


def test_wait_for_several():
    create('one', start=True)
    create('two', start=True)
    w = Watching('wait', 'one', 'nobody', 'two')
    ctl('stop', 'one')
    assert w.waits()
    ctl('stop', 'two')
    w.end(1, 'no container nobody')
    r = run('ctrctl', 'wait', '--state=running', '--timeout=100ms', 'one', 'two')
    assert r.status == 1 and len(r.err.splitlines()) == 2 and 'one' in r.err and 'two' in r.err, r
    remove('one', 'two')


def test_wait_outlives_ctrd():
    with container('web'):
        w = Watching('wait', 'web')
        kill_ctrd()
        wait_until(lambda: run('systemctl', 'is-active', 'ctrd').out.strip() == 'active')
        assert w.waits()
        # What happens while ctrd is away is seen when it is back.
        run('systemctl', 'stop', 'ctrd', check=True)
        run('systemctl', 'stop', 'ctr-web.scope', check=True)
        assert w.process.poll() is None
        assert run('systemctl', 'is-active', 'ctrd').out.strip() == 'inactive', 'it was woken by the wait'
        run('systemctl', 'start', 'ctrd', check=True)
        w.end()


def test_wait_ends_with_ctrl_c():
    with container('web'):
        w = Watching('wait', 'web')
        w.process.send_signal(signal.SIGINT)
        w.process.communicate(timeout=20 * PATIENCE)
        assert w.process.returncode == -signal.SIGINT
        wait_until(lambda: watchers() == 0)


class Events:
    """with Events() as e: what ctrctl events says meanwhile, line by line."""

    def __init__(self, *argv):
        self.argv = argv

    def __enter__(self):
        before = watchers()
        self.file = tempfile.TemporaryFile('w+')
        self.process = subprocess.Popen(['ctrctl', 'events', *self.argv], stdout=self.file, stderr=subprocess.PIPE, text=True)
        wait_until(lambda: watchers() > before or self.process.poll() is not None, what='ctrctl that watches')
        names()
        return self

    def lines(self):
        return os.pread(self.file.fileno(), 1 << 20, 0).decode().splitlines()

    def until(self, condition):
        return wait_until(lambda: condition(self.lines()) and self.lines(), what='among %r' % self.lines())

    def objects(self):
        return [json.loads(line) for line in self.lines()]

    def __exit__(self, *exc):
        self.process.terminate()
        err = self.process.communicate(timeout=20 * PATIENCE)[1]
        assert exc[0] or err == '', err
        wait_until(lambda: watchers() == 0, what='the end of the watch')
        self.file.close()


def test_events_of_a_whole_life():
    begun = time.time()
    with Events('--json') as e:
        with container('web', BUSYBOX, 'Command=/bin/sh -c "trap \'exit 7\' USR1; touch /up; while :; do sleep 0.1; done"'):
            minds_signals('web')
            ctl('kill', '-S', 'USR1', 'web')
            wait_until(lambda: state('web') == 'failed')
            ctl('start', 'web')
            ctl('kill', 'web')
            wait_until(lambda: state('web') == 'stopped')
        e.until(lambda lines: '"removed"' in lines[-1])
        seen = e.objects()
    assert all(x['name'] == 'web' and list(x) == ['time', 'name', 'event', 'state', 'exit_reason', 'exit_status'] for x in seen), seen
    assert all(begun - 1 < a['time'] / 1e6 <= b['time'] / 1e6 < time.time() + 1 for a, b in zip(seen, seen[1:])), seen
    told = [(x['event'], x['state'], x['exit_reason'], x['exit_status']) for x in seen]
    assert told == [
        ('added', 'stopped', None, None),
        ('state', 'starting', None, None), ('state', 'running', None, None), ('state', 'failed', 'exited', 7),
        ('state', 'starting', None, None), ('state', 'running', None, None), ('state', 'stopped', 'killed', 9),
        ('state', 'removing', None, None), ('removed', None, None, None)], told


def test_events_for_people_of_some():
    with container('other', start=False), container('one', start=False), Events('one', 'two') as e:
        ctl('start', 'other')
        ctl('start', 'one')
        ctl('stop', 'one')
        create('two')
        e.until(lambda lines: lines and lines[-1].endswith('added'))
        told = [re.fullmatch(r'\w+ \d+-\d+-\d+ [\d:]+ \S+  (\w+) +(.*)', line).groups() for line in e.lines()]
        remove('two')
    assert told == [('one', 'starting'), ('one', 'running'), ('one', 'stopping'), ('one', 'stopped: poweroff'), ('two', 'added')], told


def test_events_while_ctrd_is_away():
    with container('web'), Events() as e:
        run('systemctl', 'stop', 'ctrd', check=True)
        run('systemctl', 'stop', 'ctr-web.scope', check=True)
        assert e.lines() == []
        run('systemctl', 'start', 'ctrd', check=True)
        e.until(lambda lines: lines and lines[-1].endswith('web                  stopped: poweroff'))
        assert len(e.lines()) == 1, e.lines()
        ctl('start', 'web')
        e.until(lambda lines: lines[-1].endswith('running'))


def test_events_end_when_nobody_reads():
    before = watchers()
    p = subprocess.Popen(['ctrctl', 'events'], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: watchers() > before)
    p.stdout.close()
    assert p.wait(20 * PATIENCE) == 0 and p.stderr.read() == ''
    p.stderr.close()
    fails('events', 'NoName', word='name')
