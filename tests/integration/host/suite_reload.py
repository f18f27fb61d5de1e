# SPDX-License-Identifier: LGPL-2.1-or-later
# What somebody changes on disk behind ctrd's back, and what ctrd says to systemd.

import shutil

from ctrd import *
from suite_bus import Signals, call, container_path


def reload():
    run('systemctl', 'reload', 'ctrd', check=True)


def edit(name, text):
    """By hand: appended to the file."""
    with open('/etc/ctrd/containers/%s.conf' % name, 'a') as f:
        f.write(text)


def said(since):
    return run('journalctl', '-b', '-u', 'ctrd', '--since', '@%.6f' % since, '-o', 'cat').out


def test_a_file_that_was_edited():
    with container('r', start=False) as name, Signals() as signals:
        edit(name, '[Container]\nDescription=By hand\n')
        assert show(name)['Description'] == ''
        pid = ctrd_pid()
        reload()
        assert show(name)['Description'] == 'By hand' and ctrd_pid() == pid
        path = container_path(name)
        signals.until(lambda seen: any(x[0] == path and x[2] == 'PropertiesChanged' and x[3][1].get('Description') == 'By hand'
                                       for x in seen))


def test_a_signal_does_the_same():
    with container('r', start=False) as name:
        edit(name, '[Container]\nDescription=By signal\n')
        os.kill(ctrd_pid(), signal.SIGHUP)
        wait_until(lambda: show(name)['Description'] == 'By signal')


def test_of_what_runs_only_that_which_can_change():
    with container('r') as name:
        leader = show(name)['Leader']
        edit(name, '[Container]\nDescription=Runs\n[Exec]\nHostname=other\n[Resources]\nTasksMax=77\n')
        reload()
        wait_until(lambda: run('systemctl', 'show', 'ctr-r.scope', '-P', 'TasksMax').out.strip() == '77')
        wait_until(lambda: show(name)['Description'] == 'Runs')
        assert show(name)['Leader'] == leader and inside(name, 'hostname').strip() == 'r'
        ctl('restart', name)
        assert inside(name, 'hostname').strip() == 'other'


def test_what_is_wrong_stays_as_it_was():
    with container('r', BUSYBOX, 'Description=Right') as name:
        since = time.time()
        edit(name, '[Container]\nDescription=Wrong\nNonsense=yes\n')
        reload()
        assert show(name)['Description'] == 'Right' and state(name) == 'running'
        wait_until(lambda: 'Nonsense' in said(since))
        ctl('stop', name)
        reload()
        assert show(name)['Description'] == 'Right'
        fails('start', name, word='Nonsense')


def test_what_was_put_there():
    with container('r', start=False) as name, Signals() as signals:
        run('systemctl', 'stop', 'ctrd')
        shutil.move('/var/lib/ctrd/containers/r', '/var/lib/ctrd/r')
        shutil.move('/etc/ctrd/containers/r.conf', '/var/lib/ctrd/r.conf')
        assert names() == []
        shutil.move('/var/lib/ctrd/r', '/var/lib/ctrd/containers/r')
        shutil.move('/var/lib/ctrd/r.conf', '/etc/ctrd/containers/r.conf')
        assert names() == []
        reload()
        assert names() == [name]
        signals.until(lambda seen: any(x[2] == 'InterfacesAdded' and x[3][0] == container_path(name) for x in seen))
        reload()
        assert names() == [name]
        ctl('start', name)


def test_not_for_everybody():
    r = run('setpriv', '--reuid', '65534', '--clear-groups', 'busctl', 'call', 'org.ctrd1', '/org/ctrd1', 'org.ctrd1.Manager', 'Reload')
    assert r.status != 0 and r.err.strip(), r
    call('/org/ctrd1', 'org.ctrd1.Manager', 'Reload')


def test_reloads_while_much_is_done():
    """None of them is lost, and nothing is undone that another does."""
    jobs = [subprocess.Popen(['ctrctl', '-q', 'create', 'r%d' % i, BUSYBOX, '--start'], stderr=subprocess.PIPE) for i in range(4)]
    while any(p.poll() is None for p in jobs):
        reload()
    assert [p.communicate()[1] for p in jobs] == [b''] * 4 and [p.returncode for p in jobs] == [0] * 4
    assert sorted(names()) == ['r0', 'r1', 'r2', 'r3'] and {state(n) for n in names()} == {'running'}
    remove('r0', 'r1', 'r2', 'r3')


def status_text():
    return run('systemctl', 'show', 'ctrd', '-P', 'StatusText').out.strip()


def test_systemd_is_told_how_many_there_are():
    names()
    with container('r') as name:
        wait_until(lambda: status_text() == 'Containers: 1 running, 0 failed, 0 stopped', 10, status_text())
        ctl('stop', name)
        wait_until(lambda: status_text() == 'Containers: 0 running, 0 failed, 1 stopped', 10)
    wait_until(lambda: status_text() == 'Containers: 0 running, 0 failed, 0 stopped', 10)


def test_a_ctrd_that_hangs_is_replaced():
    dropin = '/run/systemd/system/ctrd.service.d'
    with container('r') as name:
        os.makedirs(dropin, exist_ok=True)
        with open(dropin + '/test.conf', 'w') as f:
            f.write('[Service]\nWatchdogSec=%d\nWatchdogSignal=SIGKILL\n' % (3 * PATIENCE))
        try:
            run('systemctl', 'daemon-reload', check=True)
            run('systemctl', 'restart', 'ctrd', check=True)
            pid, leader = ctrd_pid(), show(name)['Leader']
            os.kill(pid, signal.SIGSTOP)
            wait_until(lambda: ctrd_pid() not in (0, pid), 20)
            assert show(name)['Leader'] == leader and state(name) == 'running'
        finally:
            shutil.rmtree(dropin)
            run('systemctl', 'daemon-reload')
            run('systemctl', 'restart', 'ctrd')


def test_limits_of_ctrd_itself():
    since = time.time()
    with limits('ContainersMax=1', 'JobResultsMax=3', path='/usr/lib/ctrd/ctrd.conf'):
        with limits('JobResultsMax=2', 'JobMax=5', path='/etc/ctrd/ctrd.conf.d/50-test.conf'):
            wait_until(lambda: '50-test.conf:3: there is no setting JobMax=: did you mean JobsMax=?' in said(since))
            with container('r', start=False):
                assert 'ContainersMax=' in fails('create', 's', BUSYBOX, word='there are 1 containers already')
                results = [row for row in json.loads(ctl('job', 'list', '--json')) if row['state'] not in ('queued', 'running')]
                assert len(results) == 2, results
    with container('r', start=False), container('s', start=False):
        assert sorted(names()) == ['r', 's']
