# SPDX-License-Identifier: LGPL-2.1-or-later
# What an administrator knows of systemd works on a container of ours as it does on
# one of systemd-nspawn: the same body of each test runs on both, side by side.

import os
import pty
import re
import select
import signal
import subprocess

from ctrd import *

SHARED = ['ours']

TREE = '/var/lib/machines/peer'
UNIT = 'nspawn-peer.service'
# Name and unit of the container of each.
BOTH = (('ours', 'ctr-ours.scope'), ('peer', 'machine-peer.scope'))


def start(name):
    """What a person would say to start it again, and it is up."""
    if name == 'ours':
        if not os.path.exists('/var/lib/ctrd/containers/ours'):
            create('ours', DEBIAN)
        ctl('start', '--needed', 'ours')
    elif not running(name):
        # what a unit leaves that failed or is about to end
        run('systemctl', 'stop', UNIT)
        run('systemctl', 'reset-failed', UNIT)
        run('systemd-run', '--quiet', '--collect', '--unit=' + UNIT, 'systemd-nspawn', '--quiet', '--boot', '--machine=peer',
            '--directory=' + TREE, '--private-users=pick', '--network-veth', '--console=read-only', check=True)
    up(name)


def up(name):
    wait_until(lambda: run('systemctl', '-M', name, 'is-system-running').out.strip() in ('running', 'degraded'), 60, '%s to be up' % name)


def leader(name):
    return run('machinectl', 'show', name, '-p', 'Leader', '--value').out.strip()


def running(name):
    return leader(name) not in ('', '0')


def gone(name):
    wait_until(lambda: not running(name), 60, '%s to be gone' % name)
    if name == 'ours':
        wait_until(lambda: state('ours') == 'stopped')
    else:
        wait_until(lambda: run('systemctl', 'is-active', UNIT).status != 0)


def setup():
    if not os.path.exists(TREE):
        run('cp', '-a', '--reflink=auto', '/var/lib/ctrd/images/debian-bookworm/rootfs', TREE, check=True)
    for name, _ in BOTH:
        start(name)


def teardown():
    run('systemctl', 'stop', UNIT)
    run('rm', '-rf', TREE, check=True)
    remove('ours')
    wait_until(lambda: run('machinectl', 'list', '--no-legend').out.strip() == '', what='machined to have forgotten both')


def each(test):
    """The test, on both; which one failed is said."""
    def both():
        for name, unit in BOTH:
            try:
                test(name, unit)
            except Exception as e:
                raise AssertionError('%s: %s' % (name, e)) from e
    both.__name__ = test.__name__
    return both


class terminal:
    """A program on a terminal of its own, and what it has said."""

    def __init__(self, *argv):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvp(argv[0], argv)
        self.said = ''

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)

    def read(self, seconds):
        if not select.select([self.fd], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.fd, 4096)
        except OSError:     # the other side is closed
            return False
        self.said += data.decode(errors='replace')
        return bool(data)

    def expect(self, word, seconds=30):
        end = time.monotonic() + seconds * PATIENCE
        while word not in self.said:
            assert self.read(max(0, end - time.monotonic())), 'not a word of "%s": %r' % (word, self.said)

    def say(self, text):
        os.write(self.fd, text.encode())

    def end(self):
        """Its status."""
        while self.read(30 * PATIENCE):
            pass
        _, status = os.waitpid(self.pid, 0)
        self.pid = 0
        return os.waitstatus_to_exitcode(status)


@each
def test_machinectl_list_and_show(name, unit):
    rows = [r.split() for r in run('machinectl', 'list', '--no-legend', check=True).out.splitlines()]
    row = next(r for r in rows if r[0] == name)
    assert row[1] == 'container' and row[3:5] == ['debian', '12'], row
    p = dict(line.split('=', 1) for line in run('machinectl', 'show', name, check=True).out.splitlines())
    assert (p['Class'], p['State'], p['Unit']) == ('container', 'running', unit), p
    assert re.fullmatch('[0-9a-f]{32}', p['Id']) and p['Id'] != '0' * 32, p
    assert any(name in line and 'running' in line for line in run('systemctl', 'list-machines', '--no-legend').out.splitlines())


@each
def test_machinectl_status(name, unit):
    out = run('machinectl', 'status', name, '--no-pager', '--lines=0', check=True).out
    for word in ('Leader: %s ' % leader(name), 'Unit: ' + unit, 'OS: Debian GNU/Linux 12', 'Iface: ve-' + name, 'systemd-journald'):
        assert word in out, (word, out)
    assert re.search(r'%s .*(/sbin/init|systemd)' % leader(name), out), out


@each
def test_systemctl(name, unit):
    assert run('systemctl', '-M', name, 'list-units', '--no-legend', '--plain', 'dbus.service', check=True).out.startswith('dbus.service')
    run('systemctl', '-M', name, 'restart', 'systemd-logind', check=True)
    assert run('systemctl', '-M', name, 'is-active', 'systemd-logind').out.strip() == 'active'
    assert run('systemctl', '-M', name, 'is-active', 'no-such.service').status != 0
    assert run('busctl', '-M', name, 'get-property', 'org.freedesktop.systemd1', '/org/freedesktop/systemd1',
               'org.freedesktop.systemd1.Manager', 'Virtualization', check=True).out.strip() == 's "systemd-nspawn"' \
        or name == 'ours'
    assert name in run('hostnamectl', '-M', name, 'hostname', check=True).out


@each
def test_systemd_run(name, unit):
    r = run('systemd-run', '-q', '-M', name, '--collect', '--pipe', '--wait', 'sh', '-c', 'cat; hostname; exit 7', input='to it\n')
    assert (r.status, r.out) == (7, 'to it\n%s\n' % name), r


@each
def test_journalctl(name, unit):
    run('systemd-run', '-q', '-M', name, '--wait', '--unit=marked', 'sh', '-c', 'echo marker-of-' + name, check=True)
    run('systemd-run', '-q', '-M', name, '--wait', 'journalctl', '--sync', check=True)
    out = run('journalctl', '-M', name, '-u', 'marked', '-o', 'json', '-g', '^marker', '--no-pager', check=True).out
    entry = json.loads(out.splitlines()[-1])
    assert entry['MESSAGE'] == 'marker-of-' + name and entry['_HOSTNAME'] == name, entry
    assert entry['_MACHINE_ID'] == run('machinectl', 'show', name, '-p', 'Id', '--value').out.strip() or name == 'peer'
    assert '-- No entries --' in run('journalctl', '-M', name, '-u', 'no-such', '--no-pager').out
    # of the tree, and what is said on it while somebody reads
    files = '/var/lib/ctrd/containers/ours/fs/upper' if name == 'ours' else TREE
    assert 'marker-of-' + name in run('journalctl', '-D', files + '/var/log/journal', '--no-pager', '-g', 'marker').out
    p = subprocess.Popen(['journalctl', '-M', name, '-f', '-n0', '-o', 'cat', '-u', 'later'], stdout=subprocess.PIPE, text=True)
    try:
        begun = time.monotonic()
        while True:     # it may not read yet when the first is said
            run('systemd-run', '-q', '-M', name, '--wait', '--unit=later', 'echo', 'said-later', check=True)
            if select.select([p.stdout], [], [], 1)[0]:
                break
            assert time.monotonic() - begun < 20 * PATIENCE
        assert 'later' in p.stdout.readline()
    finally:
        p.kill()
        p.communicate()


@each
def test_machinectl_shell(name, unit):
    with terminal('machinectl', '-q', 'shell', name, '/bin/sh', '-c', 'echo "<$(id -un) $(hostname) $(tty)>"') as t:
        t.expect('<root %s /dev/pts/' % name)
        assert t.end() == 0
    # logind has done with a session a moment after the shell has ended.
    wait_until(lambda: run('loginctl', '-M', name, '--no-legend', 'list-sessions').out.strip() == '', what='no session of %s' % name)
    with terminal('machinectl', '-q', 'shell', name) as t:
        t.expect('# ')
        t.say('echo sessions=$(loginctl --no-legend list-sessions | wc -l)\n')
        t.expect('sessions=1')
        sessions = run('loginctl', '-M', name, '--no-legend', 'list-sessions', check=True).out
        assert 'root' in sessions, sessions
        t.say('exit\n')
        assert t.end() == 0


@each
def test_machinectl_login(name, unit):
    with terminal('machinectl', '-q', 'login', name) as t:
        t.expect('login: ')
        t.say('\x1d\x1d\x1d')
        assert t.end() in (0, 1)


@each
def test_copies(name, unit):
    with open('/root/copied', 'w') as f:
        f.write('from the host\n')
    run('machinectl', 'copy-to', name, '/root/copied', '/root/there', check=True)
    out = run('systemd-run', '-q', '-M', name, '--pipe', '--wait', 'sh', '-c', 'stat -c %U:%G /root/there; cat /root/there').out
    assert out == 'root:root\nfrom the host\n', out
    run('machinectl', 'copy-from', name, '/root/there', '/root/back', check=True)
    assert open('/root/back').read() == 'from the host\n'
    os.remove('/root/copied')
    os.remove('/root/back')


@each
def test_nss(name, unit):
    """nss-mymachines gives the addresses, whether or not systemd-networkd has given them to it."""
    run('systemd-run', '-q', '-M', name, '--wait', 'ip', 'address', 'replace', '203.0.113.7/24', 'dev', 'host0', check=True)
    run('systemd-run', '-q', '-M', name, '--wait', 'ip', 'link', 'set', 'host0', 'up', check=True)
    assert '203.0.113.7' in wait_until(lambda: run('getent', '-s', 'mymachines', 'ahostsv4', name).out)
    uid = open('/proc/%s/uid_map' % leader(name)).read().split()[1]
    shift = run('busctl', 'call', 'org.freedesktop.machine1', '/org/freedesktop/machine1', 'org.freedesktop.machine1.Manager',
                'MapToMachineUser', 'u', uid, check=True).out.split()
    assert shift[1].strip('"') == name and shift[3] == '0', shift
    run('systemd-run', '-q', '-M', name, '--wait', 'ip', 'address', 'del', '203.0.113.7/24', 'dev', 'host0')


@each
def test_machinectl_reboot(name, unit):
    before = leader(name)
    run('machinectl', 'reboot', name, check=True)
    wait_until(lambda: leader(name) not in ('', '0', before), 60, '%s to come back' % name)
    up(name)


@each
def test_machinectl_poweroff(name, unit):
    run('machinectl', 'poweroff', name, check=True)
    gone(name)
    if name == 'ours':
        assert show('ours')['ExitReason'] == 'poweroff', show('ours')
    start(name)


@each
def test_systemctl_stop_of_the_scope(name, unit):
    run('systemctl', 'stop', unit, check=True)
    gone(name)
    if name == 'ours':
        # it went down by itself, in order
        assert show('ours')['ExitReason'] == 'poweroff', show('ours')
    start(name)


@each
def test_machinectl_terminate(name, unit):
    run('machinectl', 'terminate', name, check=True)
    gone(name)
    start(name)
