# SPDX-License-Identifier: LGPL-2.1-or-later
# The guest's journal in the host's: ForwardJournal=.

from ctrd import *


def entries(word):
    """What the host's journal has with this in its message, from the container's forwarder."""
    run('journalctl', '--sync')
    out = run('journalctl', '-b', '-o', 'json', 'CTRD_CONTAINER=log').out
    return [e for e in map(json.loads, out.splitlines()) if word in str(e.get('MESSAGE'))]


def comes(word):
    return wait_until(lambda: entries(word), what='"%s" in the journal' % word)


def units():
    return run('systemctl', 'list-units', '--plain', '--no-legend', 'ctr-journal-log*').out.splitlines()


def pid_of_unit():
    return run('systemctl', 'show', '-P', 'MainPID', *[line.split()[0] for line in units()]).out.strip()


def say(text, *options):
    inside('log', 'logger', *options, '--', text)


def test_entries_come_over_and_are_no_more_than_they_are():
    token = 'word-%d' % time.monotonic_ns()
    with container('log', DEBIAN, 'ForwardJournal=yes', 'Mode=private'):
        say(token + ' one', '-p', 'auth.warning', '-t', 'sshd')
        entry = comes(token)[0]
        assert entry['MESSAGE'] == token + ' one' and entry['PRIORITY'] == '4' and entry['SYSLOG_IDENTIFIER'] == 'log/sshd', entry
        # what the host says of who wrote it is of who did
        assert entry['_SYSTEMD_UNIT'] == 'ctr-journal-log.service' and entry['_COMM'] == 'ctr-journal', entry
        assert entry['_UID'] != '0' and entry['_CAP_EFFECTIVE'] == '0', entry
        assert 'SYSLOG_FACILITY' not in entry and '_HOSTNAME' in entry and entry['_HOSTNAME'] != 'log', entry
        forged = '_SYSTEMD_UNIT=ctrd.service\n_PID=1\nCTRD_CONTAINER=other\nMESSAGE=%s forged\nPRIORITY=0\nMESSAGE_ID=%032x\n' % (token, 7)
        run('ctrctl', 'exec', 'log', '--', 'logger', '--journald', input=forged, check=True)
        entry = comes(token + ' forged')[0]
        assert entry['PRIORITY'] == '1' and entry['CTRD_CONTAINER'] == 'log' and 'MESSAGE_ID' not in entry, entry
        assert len(entries(token)) == 2
        # what came before it was ready has come too, once
        boots = [e for e in entries('Reached target basic.target') if e['_SYSTEMD_UNIT'] == entry['_SYSTEMD_UNIT']]
        assert len(boots) == 1, boots
        assert len(units()) == 1, units()
        # a restart of ctrd neither loses nor doubles anything
        pid = pid_of_unit()
        kill_ctrd()
        wait_until(lambda: run('ctrctl', 'show', 'log').status == 0)
        say(token + ' away')
        comes(token + ' away')
        assert pid_of_unit() == pid
        assert len(entries(token)) == 3
        # and a reboot goes on with it
        run('ctrctl', 'exec', 'log', '--', 'systemctl', 'reboot')     # which may end with all else
        wait_until(lambda: pid_of_unit() not in (pid, '', '0') and state('log') == 'running')
        say(token + ' again')
        comes(token + ' again')
        assert len(entries(token)) == 4, entries(token)
        # a frozen one too, if its reader has died
        ctl('freeze', 'log')
        run('systemctl', 'stop', 'ctr-journal-log', check=True)
        kill_ctrd()
        wait_until(lambda: run('ctrctl', 'show', 'log').status == 0)
        ctl('thaw', 'log')
        wait_until(units)
        ctl('stop', 'log')
        wait_until(lambda: not units())
    assert not run('journalctl', '-b', '-q', 'CTRD_CONTAINER=other').out


def test_off_by_default_and_where_there_is_no_journal():
    with container('log', DEBIAN, 'Mode=private'):
        assert not units()
    with container('log', BUSYBOX, 'ForwardJournal=yes', 'Mode=private'):
        wait_until(lambda: 'log has no journalctl' in run('journalctl', '-b', '-t', 'ctr-journal', '-o', 'cat').out)
        wait_until(lambda: not units())
        assert state('log') == 'running'
    fails('create', 'log', BUSYBOX, '-s', 'ForwardJournal=maybe', word='yes or no')


def readers():
    """The guest's ends."""
    return [p for p in pids_of_payload('log') if name_of(p) == 'journalctl']


def test_a_guest_that_is_ready_again_and_again():
    since = '@%.6f' % time.time()
    first = time.monotonic()

    def begun():
        run('journalctl', '--sync')
        return run('journalctl', '-b', '--since', since, '-o', 'cat', '_PID=1', 'UNIT=ctr-journal-log.service').out.count('Started ')

    with container('log', DEBIAN, 'ForwardJournal=yes', 'Mode=private'):
        for n in (1, 2, 3):
            wait_until(lambda: begun() == n and len(readers()) == 1, what='start %d of one reader: %d of %s' % (n, begun(), readers()))
            ready = show('log')['ReadyAt']
            # it may do so once in a second
            time.sleep(1.01)
            say_as_init('log', 'X_SYSTEMD_UNIT_ACTIVE=soft-reboot.target')
            say_as_init('log', 'READY=1')
            wait_until(lambda: show('log')['ReadyAt'] not in ('0', ready) and state('log') == 'running')
        # so many in a row, which is within half a minute, and no more: the one that there is goes on
        token = 'word-%d' % time.monotonic_ns()
        say(token)
        comes(token)
        assert begun() == 3 or time.monotonic() - first > 30, begun()
        assert len(units()) == 1
        wait_until(lambda: len(readers()) == 1)


# The last: what the host's journal takes of the service is counted for all of them.
def test_a_flood_is_stemmed():
    token = 'flood-%d' % time.monotonic_ns()
    with container('log', DEBIAN, 'ForwardJournal=yes', 'Mode=private'):
        # by itself its journald would stem it first
        inside('log', 'sh', '-c', 'mkdir -p /run/systemd/journald.conf.d; printf "[Journal]\\nRateLimitBurst=0\\n" '
               '>/run/systemd/journald.conf.d/x.conf; systemctl restart systemd-journald; seq -f "%s %%g" 8000 | logger' % token)
        pid = pid_of_unit()
        # it has read them all, each with far more than its message
        wait_until(lambda: int(re.search('rchar: ([0-9]+)', open('/proc/%s/io' % pid).read())[1]) > 8000 * 150)
        # the burst, times what journald makes of it where the disk has room
        assert 500 < len(entries(token)) < 7000, len(entries(token))
