# SPDX-License-Identifier: LGPL-2.1-or-later
# What a container says and does, for who looks at it: consoles, logs, journal, status.

import fcntl
import os
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import termios

import gi
gi.require_version('Gio', '2.0')
from gi.repository import Gio, GLib

from ctrd import *

SHARED = ['deb', 'box']
# Where the kernel keeps them, as in the VM.
HAS_FIGURES = {'memory', 'pids'} <= set(open('/sys/fs/cgroup/cgroup.controllers').read().split())
SHELL = 'Command=/bin/sh'


def setup():
    if 'box' not in names():
        create('box', BUSYBOX, SHELL, 'StopTimeoutSec=1s')     # a shell does not mind the signal
    if 'deb' not in names():
        create('deb', DEBIAN, 'MemoryMax=700M', 'TasksMax=300', 'CPUQuota=150%')
    ctl('start', '--needed', 'box', 'deb')


def teardown():
    remove('box', 'deb')


class console:
    """ctrctl console on a terminal of its own."""

    def __init__(self, *options, size=None):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            if size:
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', size[1], size[0], 0, 0))
            os.execvp('ctrctl', ['ctrctl', 'console', *options, 'box'])
        self.said = ''

    def __enter__(self):
        self.until('to detach')
        return self

    def __exit__(self, *exc):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)

    def until(self, word, seconds=20):
        end = time.monotonic() + seconds * PATIENCE
        while word not in self.said:
            assert select.select([self.fd], [], [], max(0, end - time.monotonic()))[0], '"%s" not in %r' % (word, self.said)
            self.said += os.read(self.fd, 4096).decode(errors='replace')

    def type(self, text):
        os.write(self.fd, text.encode())

    def resize(self, columns, rows):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))


class bus_console:
    """The same by a program that shares no code with us."""

    def __init__(self, **options):
        bus = Gio.bus_get_sync(Gio.BusType.SYSTEM)
        _, fds = bus.call_with_unix_fd_list_sync(
            'org.ctrd1', '/org/ctrd1/container/box', 'org.ctrd1.Container', 'OpenConsole',
            GLib.Variant('(a{sv})', ({k: GLib.Variant('b', v) for k, v in options.items()},)), None,
            Gio.DBusCallFlags.NONE, 20000 * PATIENCE, None, None)
        self.socket = socket.socket(fileno=fds.steal_fds()[0])
        self.socket.settimeout(20 * PATIENCE)
        self.said = b''

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.socket.close()

    def until(self, word):
        while word not in self.said:
            data = self.socket.recv(4096)
            assert data, 'closed; "%s" not in %r' % (word, self.said)
            self.said += data


def size_inside():
    return inside('box', 'sh', '-c', 'stty size < /dev/console').split()


def refused(options):
    try:
        bus_console(**options)
    except GLib.Error as error:
        return Gio.DBusError.get_remote_error(error)
    raise AssertionError('%r was taken' % options)


def test_several_write_and_all_see():
    with console() as one, console() as two, bus_console() as three:
        one.type('echo from-$((1))\n')
        two.until('from-1')
        three.until(b'from-1')
        three.socket.send(b'echo from-$((1+2))\n')
        one.until('from-3')
        two.until('from-3')


def test_who_only_looks_does_not_touch():
    with console('--read-only') as ours, bus_console(ReadOnly=True) as theirs, console() as writer:
        assert 'read-only' in ours.said
        ours.type('echo touched-$((1))\n')
        theirs.socket.send(b'echo touched-$((2))\n')
        writer.type('echo all-$((3))\n')
        for c, word in ((ours, 'all-3'), (writer, 'all-3'), (theirs, b'all-3')):
            c.until(word)
        assert 'touched' not in writer.said and b'touched' not in theirs.said, writer.said
        # it leaves, nobody else does
        ours.type('\x1d\x1d\x1d')
        ours.until('detached')
        writer.type('echo still-$((4))\n')
        theirs.until(b'still-4')
    assert refused({'ReadOnly': True, 'Nonsense': True}) == 'org.freedesktop.DBus.Error.InvalidArgs'


def test_the_size_is_that_of_who_came_or_changed_last():
    with console(size=(101, 31)):
        wait_until(lambda: size_inside() == ['31', '101'], what='the first size')
        with console(size=(102, 32)) as two:
            wait_until(lambda: size_inside() == ['32', '102'], what='the second size')
            two.resize(103, 33)
            wait_until(lambda: size_inside() == ['33', '103'], what='the changed size')
            # who looks changes nothing
            with console('--read-only', size=(104, 34)) as watcher:
                watcher.resize(105, 35)
                two.type('echo seen-$((1))\n')
                watcher.until('seen-1')
                assert size_inside() == ['33', '103']
        # it stays when that one goes, and when the container comes back
        ctl('restart', 'box')
    for columns, rows in ((0, 1), (1, 0), (65536, 1), (1, 65536)):
        r = run('busctl', 'call', 'org.ctrd1', '/org/ctrd1/container/box', 'org.ctrd1.Container', 'ResizeConsole', 'uu',
                str(columns), str(rows))
        assert r.status != 0 and '1 to 65535' in r.err, r
    wait_until(lambda: state('box') == 'running')


def watches(pid):
    """It has an inotify."""
    for fd in glob.glob('/proc/%d/fdinfo/*' % pid):
        try:
            if 'inotify wd:' in open(fd).read():
                return True
        except OSError:
            pass        # it was closed meanwhile
    return False


def test_logs_follow_by_events():
    p = subprocess.Popen(['ctrctl', 'logs', '-f', '-n0', 'box'], stdout=subprocess.PIPE, text=True)
    try:
        # From where it begins to follow.
        wait_until(lambda: watches(p.pid), what='ctrctl that follows')
        with console() as c:
            for i in range(3):
                c.type('echo followed-$((%d))\n' % i)
                while 'followed-%d' % i not in p.stdout.readline():
                    pass
        # it waits without using the CPU, and without waking up
        def switches():
            return [line for line in open('/proc/%d/status' % p.pid) if 'ctxt_switches' in line]
        wait_until(lambda: open('/proc/%d/wchan' % p.pid).read() != '0')

        def quiet():
            before = switches()
            time.sleep(0.5)
            return switches() == before
        wait_until(quiet, 10, 'what follows to sleep')      # whoever looks again and again never does
    finally:
        p.kill()
        p.communicate()


def test_logs_refuses():
    fails('logs', 'nobody', word='nobody')
    fails('logs', '--journal', 'nobody', word='nobody')
    fails('logs', '--since=-1h', 'box', status=2, word='--journal')
    fails('logs', '--journal', '--raw', 'deb', status=2, word='--raw')
    fails('logs', '-n', '-1', 'deb', status=2, word='--lines')
    fails('logs', '--journal', '-n', '1;ls', 'deb', status=2, word='--lines')
    ctl('stop', 'box')
    fails('logs', '--journal', 'box', word='no journal')
    ctl('start', 'box')
    r = run('ctrctl', 'logs', '--journal', '--since=nonsense', 'deb')
    assert r.status != 0 and 'nonsense' in r.err, r


def journal(*options):
    return ctl('logs', '--journal', *options, 'deb')


def say(word):
    inside('deb', 'sh', '-c', 'echo %s | systemd-cat -t tests; journalctl --sync' % word)


def test_journal_of_one_that_runs_and_of_one_that_is_stopped():
    say('first-word')
    wait_until(lambda: 'first-word' in journal())
    assert 'Linux version' not in journal('-n3') and len(journal('-n3').splitlines()) <= 4
    assert 'first-word' in journal('--since=-1h') and 'first-word' not in journal('--until=-1h')
    p = subprocess.Popen(['ctrctl', 'logs', '--journal', '-f', '-n1', 'deb'], stdout=subprocess.PIPE, text=True)
    try:
        p.stdout.readline()
        say('followed-word')
        while 'followed-word' not in p.stdout.readline():
            pass
    finally:
        p.kill()
        p.communicate()
    ctl('stop', 'deb')
    out = journal()
    assert 'first-word' in out and 'Journal stopped' in out, out[-600:]
    ctl('start', 'deb')


def test_journal_of_the_host_is_not_shown_through_a_link():
    """A container that puts a link to the host's journal into its own sees nothing from it, and neither does who reads."""
    host = open('/etc/machine-id').read().strip()
    mine = show('deb')['MachineID']
    run('logger', '--id', 'word-of-the-host', check=True)
    run('journalctl', '--sync', check=True)
    assert 'word-of-the-host' in run('journalctl', '--no-pager', '-b').out
    directory = next(d for d in ('/var/log/journal/', '/run/log/journal/') if os.path.exists(d + host + '/system.journal'))
    inside('deb', 'ln', '-s', directory + host + '/system.journal', '/var/log/journal/%s/planted.journal' % mine)
    try:
        assert not os.path.lexists('/var/log/journal/' + mine)
        ctl('set', 'deb', 'LinkJournal=guest')
        # the link works, for who follows it
        assert 'word-of-the-host' in run('journalctl', '--no-pager', '-D', '/var/log/journal/' + mine).out
        ctl('set', 'deb', 'LinkJournal=')
        assert not os.path.lexists('/var/log/journal/' + mine)
        out = journal()
        assert 'word-of-the-host' not in out and 'first-word' in out
    finally:
        inside('deb', 'rm', '/var/log/journal/%s/planted.journal' % mine)


def test_links_in_a_journal_lead_nowhere():
    """What is opened as a file may do something: a watchdog reboots the host."""
    mine = '/var/log/journal/' + show('deb')['MachineID']
    files = '/var/lib/ctrd/containers/deb/fs/upper'
    os.symlink('/dev/null', files + mine + '/link.journal')
    try:
        watched = run('strace', '-f', '-qq', '-e', 'trace=open,openat', '-o', '/tmp/opened', 'ctrctl', 'logs', '--journal', 'deb', check=True)
        assert 'first-word' in watched.out, watched
        tried = [line for line in open('/tmp/opened') if 'link.journal' in line]
        assert tried and all('ELOOP' in line for line in tried), tried
    finally:
        os.unlink(files + mine + '/link.journal')
        os.unlink('/tmp/opened')
    os.rename(files + '/var/log/journal', files + '/var/log/kept')
    os.symlink('/var/log/journal', files + '/var/log/journal')
    try:
        fails('logs', '--journal', 'deb', word='cannot be opened')
    finally:
        os.unlink(files + '/var/log/journal')
        os.rename(files + '/var/log/kept', files + '/var/log/journal')


def test_status_of_one_that_runs():
    out = ctl('status', 'deb')
    if HAS_FIGURES:
        assert re.search(r'Memory: .*\(max: 700M', out), out
        assert re.search(r'Tasks: [0-9]+ \(max: 300\)', out), out
    assert '(quota: 150%)' in out, out
    tree = out[out.index('CGroup: ctr-deb.scope\n'):]
    leader = show('deb')['Leader']
    for pattern in (r'├─monitor\n +│ └─[0-9]+ .*ctr-monitor', r'└─payload\n', r'├─init\.scope\n.*└─%s ' % leader,
                    r'─systemd-journald\.service\n.*─[0-9]+ .*systemd-journald'):
        assert re.search(pattern, tree), (pattern, tree)
    # limits that systemctl changes are seen
    run('systemctl', 'set-property', '--runtime', 'ctr-deb.scope', 'TasksMax=301', check=True)
    assert '(max: 301)' in ctl('status', 'deb') or not HAS_FIGURES
    lines = ctl('status', '-n2', 'box').split('\n\n')[-1].splitlines()
    assert len(lines) <= 2, lines
    fails('status', '-n', 'x', 'deb', status=2, word='--lines')


def test_status_shows_names_that_are_the_containers_own():
    """Neither the name of a process nor that of a group commands the terminal."""
    evil = '\x1b]0;title\x07\x1b[31mred'
    inside('deb', 'bash', '-c', 'mkdir "/sys/fs/cgroup/$1" && (exec -a "$1" sleep 60 > /dev/null 2>&1 & '
           'echo $! > "/sys/fs/cgroup/$1/cgroup.procs")', 'bash', evil)
    out = ctl('status', 'deb')
    assert '\x1b' not in out and '\x07' not in out, repr(out)
    assert out.count('title') == 2, out
    inside('deb', 'pkill', '-f', 'title')


def test_status_as_json():
    wait_until(lambda: 'login:' in ctl('status', 'deb'))
    o = json.loads(ctl('status', '--json', 'deb'))
    assert (o['Name'], o['State'], o['MemoryMax'], o['CPUQuotaPerSecUSec']) == ('deb', 'running', 700 << 20, 1500000), o
    assert o['MemoryHigh'] is None and (o.get('MemoryCurrent', 0) > 0) == HAS_FIGURES and o['Leader'] == int(show('deb')['Leader']), o
    assert any('login:' in line for line in o['Log']) and len(o['Log']) <= 10, o
    ctl('stop', 'box')
    r = run('ctrctl', 'status', '--json', 'box')
    o = json.loads(r.out)
    assert r.status == 3 and o['State'] == 'stopped' and 'MemoryMax' not in o, r
    assert 'CGroup' not in run('ctrctl', 'status', 'box').out
    ctl('start', 'box')
    assert run('ctrctl', 'status', '--json', 'nobody').status == 4
