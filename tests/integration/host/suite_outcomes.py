# SPDX-License-Identifier: LGPL-2.1-or-later
# What becomes of jobs whose ctrd ends before they do: their numbers, and how they end, are
# the same for whoever asks, and for the ctrctl that waits.

import json
import signal

from ctrd import *
from suite_reload import said

# Ready when it is told so; asked to stop it ends when /go is there.
PATIENT = ('NotifyReady=yes', 'StartTimeoutSec=infinity', 'StopTimeoutSec=infinity',
           'Command=/bin/sh -c "rm -f /go; trap : TERM; while [ ! -e /go ]; do sleep 0.05; done; exit 0"')


def setup():
    os.makedirs('/run/systemd/system/ctrd.service.d', exist_ok=True)
    with open('/run/systemd/system/ctrd.service.d/limit.conf', 'w') as f:
        f.write('[Unit]\nStartLimitIntervalSec=0\n[Service]\nRestartSec=10ms\n')
    run('systemctl', 'daemon-reload', check=True)


def again():
    """Another ctrd, that has come up."""
    old = ctrd_pid()
    kill_ctrd()
    wait_until(lambda: ctrd_pid() not in (0, old) and run('systemctl', 'is-active', 'ctrd').out.strip() == 'active')


def job(number):
    return json.loads(ctl('job', 'show', str(number), '--json'))


def numbers():
    return [row['job'] for row in json.loads(ctl('job', 'list', '--json'))]


def begin(*argv):
    return ctl(*argv, '--no-wait').strip()


def ended(number):
    return wait_until(lambda: job(number)['State'] not in ('queued', 'running') and job(number), what='the end of job %s' % number)


def is_ready(name):
    wait_until(lambda: show(name)['StartedAt'] != '0' and int(show(name)['Leader']))
    say_as_init(name, 'READY=1')


def go(name):
    run('nsenter', '-t', show(name)['Leader'], '-m', '-r', '--', '/bin/touch', '/go', check=True)


class Waiting:
    """ctrctl that waits for its job; ctrd is killed meanwhile."""

    def __init__(self, *argv):
        before = set(numbers())
        self.process = subprocess.Popen(['ctrctl', *argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.number = wait_until(lambda: next(iter(set(numbers()) - before), None))

    def end(self, status, word=''):
        out, err = self.process.communicate(timeout=30 * PATIENCE)
        assert self.process.returncode == status and word in err, (self.process.returncode, out, err)
        return job(self.number)


def test_results_outlive_ctrd():
    with container('web', start=False):
        failed, done = begin('stop', 'web'), begin('start', 'web')
        before = ended(failed), ended(done)
        assert before[0]['State'] == 'failed' and before[0]['ErrorName'] == 'org.ctrd1.Error.NotRunning' and before[1]['State'] == 'done'
        again()
        assert (job(failed), job(done)) == before
        run('systemctl', 'restart', 'ctrd', check=True)
        assert (job(failed), job(done)) == before
        # They are forgotten like all others, and no number is given twice.
        with limits('JobResultsMax=1'):
            assert numbers() == [int(done)] and sorted(os.listdir('/run/ctrd/jobs')) == sorted([done, 'last'])
        with limits('JobResultsMax=0'):
            assert numbers() == [] and os.listdir('/run/ctrd/jobs') == ['last']
        again()
        assert int(begin('stop', 'web')) > int(done)


def test_a_start_goes_on():
    with container('web', BUSYBOX, *PATIENT, start=False):
        w = Waiting('start', 'web')
        wait_until(lambda: show('web')['StartedAt'] != '0')
        again()
        assert job(w.number)['State'] == 'running' and show('web')['Job'].endswith('/%d' % w.number)
        is_ready('web')
        assert w.end(0)['State'] == 'done' and state('web') == 'running'
    with container('web', BUSYBOX, *PATIENT, start=False):
        w = Waiting('start', 'web')
        wait_until(lambda: show('web')['StartedAt'] != '0')
        again()
        go('web')
        p = w.end(1, 'web ended before it was up')
        assert p['State'] == 'failed' and p['ErrorName'] == 'org.ctrd1.Error.StartFailed', p
        # And can be canceled as ever.
        w = Waiting('start', 'web')
        again()
        ctl('job', 'cancel', str(w.number))
        assert w.end(1)['State'] == 'canceled'


def test_what_happens_while_ctrd_is_away():
    with container('web', BUSYBOX, *PATIENT, start=False), container('one', BUSYBOX, *PATIENT, start=False):
        web, one = Waiting('start', 'web'), Waiting('start', 'one')
        wait_until(lambda: show('web')['StartedAt'] != '0' and show('one')['StartedAt'] != '0')
        leader = show('one')['Leader']
        pid = monitor_pid('web')
        run('systemctl', 'stop', 'ctrd', check=True)
        assert web.process.poll() is None and one.process.poll() is None
        run('nsenter', '-t', leader, '-m', '-r', '--', '/bin/touch', '/go', check=True)
        wait_until(lambda: not os.path.exists('/proc/' + leader))
        os.kill(pid, signal.SIGKILL)
        run('systemctl', 'start', 'ctrd', check=True)
        assert one.end(1, 'ended before it was up')['State'] == 'failed'
        assert web.end(1)['State'] == 'failed'


def test_a_stop_goes_on():
    with container('web', BUSYBOX, *PATIENT, start=False):
        begin('start', 'web')
        is_ready('web')
        wait_until(lambda: state('web') == 'running')
        w = Waiting('stop', 'web')
        again()
        assert job(w.number)['State'] == 'running' and state('web') == 'stopping'
        go('web')
        assert w.end(0)['State'] == 'done' and state('web') in ('stopped', 'failed')


def test_a_restart_goes_on_to_its_second_half():
    with container('web', BUSYBOX, *PATIENT, start=False):
        begin('start', 'web')
        is_ready('web')
        wait_until(lambda: state('web') == 'running')
        leader = show('web')['Leader']
        w = Waiting('restart', 'web')
        again()
        assert job(w.number)['State'] == 'running'
        go('web')
        wait_until(lambda: show('web')['Leader'] not in ('0', leader))
        again()
        assert job(w.number)['State'] == 'running' and state('web') == 'starting'
        is_ready('web')
        w.end(0)


def test_a_forced_removal_goes_on():
    for i in range(4):
        create('web', start=True)
        w = Waiting('remove', '--force', 'web')
        if 'web' in names():
            again()
        assert w.end(0)['State'] == 'done' and names() == []


def test_what_waits_for_its_turn_goes_on_waiting():
    with limits('RunningJobsMax=1'), container('slow', BUSYBOX, *PATIENT, start=False), container('web', start=False):
        slow = begin('start', 'slow')
        w = Waiting('start', 'web')
        assert job(w.number)['State'] == 'queued'
        again()
        wait_until(lambda: job(slow)['State'] == 'running')
        ctl('job', 'cancel', slow)
        assert w.end(0)['State'] == 'done' and state('web') == 'running'


def test_a_monitor_that_hangs():
    with limits('MonitorTimeoutSec=1s'), container('web') as web:
        create('gone', start=True)
        since = time.time()
        for name in ('web', 'gone'):
            os.kill(monitor_pid(name), signal.SIGSTOP)
        stop, removal = begin('stop', '--timeout=500ms', web), begin('remove', '--force', 'gone')
        assert ended(removal)['State'] == ended(stop)['State'] == 'done' and time.time() - since < 8 * PATIENCE
        assert names() == ['web'] and state('web') == 'stopped' and show('web')['ExitReason'] == 'killed'
        wait_until(lambda: said(since).count('systemd kills both') == 2)
        ctl('start', 'web')
        # A ctrd that comes up finds one that says nothing at all.
        os.kill(monitor_pid('web'), signal.SIGSTOP)
        number = begin('stop', '--timeout=500ms', web)
        again()
        assert ended(number)['State'] == 'done' and state('web') in ('stopped', 'failed')


def test_a_creation_that_was_undone_says_so():
    path = template('slow', 'mkdir $CTRD_TARGET/rootfs\nexec sleep 1000\n')
    try:
        w = Waiting('create', 'web', 'slow')
        again()
        assert w.end(1, 'what it had done was undone: try again')['State'] == 'canceled'
        assert names() == []
    finally:
        os.unlink(path)
    wait_until(lambda: run('systemctl', 'is-active', 'ctr-template-slow-one.service').out.strip() != 'activating')


def test_each_of_many_is_told_its_outcome():
    """ctrd is killed again and again while clients start and stop."""
    with container('one', start=False), container('two', start=False):
        for i in range(6):
            verb = ('start', 'stop')[i % 2]
            clients = [subprocess.Popen(['ctrctl', verb, name], stderr=subprocess.PIPE, text=True) for name in ('one', 'two')]
            time.sleep(0.005 * i)
            again()
            for name, client in zip(('one', 'two'), clients):
                err = client.communicate(timeout=30 * PATIENCE)[1]
                up = wait_until(lambda: state(name) in ('running', 'stopped', 'failed') and state(name)) == 'running'
                # One who had no answer cannot know; all others were told the truth.
                if 'before it answered' in err or 'cannot be started' in err:
                    run('ctrctl', verb, name)
                else:
                    assert client.returncode == 0 and up == (verb == 'start'), (verb, client.returncode, err, state(name))


def test_files_that_nobody_can_read_are_left_out():
    with container('web', start=False):
        number = begin('stop', 'web')
        ended(number)
        since = time.time()
        for name, text in (('x', ''), ('4000000000', 'KIND=start\n'), ('4000000001', '\0'), ('4000000002', 'KIND=stop\nACTION=x\nCONTAINER=web\nSTATE=flying\n')):
            with open('/run/ctrd/jobs/' + name, 'w') as f:
                f.write(text)
        again()
        assert numbers() == sorted(numbers()) and int(number) in numbers() and max(numbers()) < 4000000000
        wait_until(lambda: said(since).count('is forgotten: cannot read') == 4)
        assert not {'x', '4000000000', '4000000001', '4000000002'} & set(os.listdir('/run/ctrd/jobs'))
