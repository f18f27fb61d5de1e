# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What the suites share: ctrctl, waiting for something to become true, and the
# proof that nothing is left behind.

import glob
import json
import os
import re
import select
import signal
import socket
import struct
import subprocess
import time

# By how much a wait may be longer than on a machine: an emulated one is slow.
PATIENCE = int(os.environ.get('PATIENCE', '1'))
BUSYBOX = 'busybox'
DEBIAN = 'debian/bookworm'


class Skip(Exception):
    pass


class Result:
    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    def __repr__(self):
        return 'status %d, output %r, error %r' % (self.status, self.out[-2000:], self.err[-2000:])


def run(*argv, input=None, stdin=subprocess.DEVNULL, timeout=120, check=False):
    """Runs a program. With check its status must be 0."""
    p = subprocess.run([str(a) for a in argv], input=input, capture_output=True, timeout=timeout * PATIENCE, text=True,
                       errors='replace', stdin=stdin if input is None else None)
    r = Result(p.returncode, p.stdout, p.stderr)
    if check:
        assert r.status == 0, '%s: %r' % (' '.join(map(str, argv)), r)
    return r


def ctl(*argv, **kw):
    """ctrctl that must succeed; returns its output."""
    return run('ctrctl', *argv, check=True, **kw).out


def fails(*argv, status=1, word=None, **kw):
    """ctrctl that must fail, with this status and one clear sentence."""
    r = run('ctrctl', '-q', *argv, **kw)
    assert r.status == status, 'ctrctl %s: expected status %d: %r' % (' '.join(argv), status, r)
    lines = [line for line in r.err.splitlines() if line.strip()]
    assert len(lines) == 1, 'not one sentence: %r' % r
    if word:
        assert word.lower() in lines[0].lower(), 'no "%s" in %r' % (word, lines[0])
    return lines[0]


def wait_until(condition, timeout=30, what=None):
    """Waits for something outside of us. Tests may look again and again."""
    deadline = time.monotonic() + timeout * PATIENCE
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, 'not within %d s: %s' % (timeout * PATIENCE, what or condition)
        time.sleep(0.02)


def show(name):
    """All properties of a container."""
    out = {}
    for line in ctl('show', name).splitlines():
        key, _, value = line.partition('=')
        out[key] = value
    return out


def state(name):
    return show(name)['State']


def create(name, source=BUSYBOX, *settings, start=False):
    argv = ['create', name, source]
    for s in settings:
        argv += ['-s', s]
    ctl(*argv, timeout=300)
    if start:
        ctl('start', name)


def remove(*names):
    for name in names:
        ctl('remove', '--force', name)


def names():
    listing = json.loads(ctl('list', '--json'))
    items = listing if isinstance(listing, list) else next(iter(listing.values()))
    return [item.get('name') or item.get('NAME') for item in items]


class container:
    """with container('x') as name: made before, removed after."""

    def __init__(self, name, source=BUSYBOX, *settings, start=True):
        self.args = (name, source) + settings
        self.name, self.start = name, start

    def __enter__(self):
        create(*self.args, start=self.start)
        return self.name

    def __exit__(self, *exc):
        if exc[0] is None:
            remove(self.name)


def template(name, script):
    """A template of one variant, whose creation is what the script does: its path."""
    path = '/usr/lib/ctrd/templates/' + name
    with open(path, 'w') as f:
        f.write('#!/bin/sh\ncase $1 in describe) echo DESCRIPTION=x; echo DEFAULT_VARIANT=one; echo NETWORK=no; exit;; esac\n'
                + script)
    os.chmod(path, 0o755)
    return path


class visitor:
    """with visitor(ACTION) as prefix: a user whom a rule of polkit allows this action and no
    other; prefix runs a command as it."""

    RULE = '/etc/polkit-1/rules.d/10-test.rules'

    def __init__(self, action):
        self.action = action

    def __enter__(self):
        with open(self.RULE, 'w') as f:
            f.write('polkit.addRule(function(action, subject) {'
                    ' if (action.id == "%s" && subject.user == "visitor") return polkit.Result.YES; });' % self.action)
        os.chmod(self.RULE, 0o644)
        run('useradd', '--system', 'visitor', check=True)
        prefix = ['setpriv', '--reuid', 'visitor', '--clear-groups']
        # polkit reads its rules anew by itself, in its own time: also those of the last one.
        wait_until(lambda: run(*prefix, 'sh', '-c', 'exec pkcheck --action-id %s --process $$' % self.action).status == 0,
                   what='polkit that reads its rules')
        return prefix

    def __exit__(self, *exc):
        os.unlink(self.RULE)
        run('userdel', 'visitor')


class limits:
    """with limits('JobsMax=9'): these hold for ctrd itself, see ctrd.conf(5)."""

    def __init__(self, *assignments, path='/run/ctrd/ctrd.conf.d/50-test.conf'):
        self.text, self.path = '[Manager]\n' + '\n'.join(assignments) + '\n', path

    def __enter__(self):
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        with open(self.path, 'w') as f:
            f.write(self.text)
        run('systemctl', 'reload', 'ctrd', check=True)

    def __exit__(self, *exc):
        os.unlink(self.path)
        run('systemctl', 'reload', 'ctrd', check=True)


def inside(name, *argv, **kw):
    """What a command prints in a container; it must succeed."""
    return ctl('exec', name, '--', *argv, **kw)


def minds_signals(name):
    """Its first process has done "touch /up" behind its traps: what is sent to it before is lost."""
    wait_until(lambda: os.path.exists('/var/lib/ctrd/containers/%s/fs/upper/up' % name))


def say_as_init(name, *words):
    """What the container's init would tell its manager."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.connect('/run/ctrd/containers/%s/host/notify' % name)
        s.sendmsg(['\n'.join(words).encode()],
                  [(socket.SOL_SOCKET, socket.SCM_CREDENTIALS, struct.pack('3i', int(show(name)['Leader']), 0, 0))])


def monitor_pid(name):
    out = run('systemctl', 'show', 'ctr-%s.scope' % name, '-p', 'ControlGroup', '--value', check=True).out.strip()
    with open('/sys/fs/cgroup%s/monitor/cgroup.procs' % out) as f:
        pids = [int(p) for p in f.read().split()]
    for pid in pids:
        with open('/proc/%d/comm' % pid) as f:
            if f.read().strip() == 'ctr-monitor':
                return pid
    raise AssertionError('no monitor of %s in %s' % (name, pids))


def ctrd_pid():
    return int(run('systemctl', 'show', 'ctrd', '-p', 'MainPID', '--value').out)


def kill_ctrd():
    """kill -9, as systemd sees it: it starts ctrd anew, or the next call on the bus does. None is
    left without an answer since the one that dies is on the bus still."""
    pidfd = os.pidfd_open(ctrd_pid())
    signal.pidfd_send_signal(pidfd, signal.SIGKILL)
    assert select.select([pidfd], [], [], 30 * PATIENCE)[0], 'it was killed and lives'
    os.close(pidfd)


def leftovers():
    """What no container needs and yet is there. Every test must leave this empty."""
    known = set(names())
    found = []
    scopes = run('systemctl', 'list-units', '--all', '--plain', '--no-legend', 'ctr-*', 'ctr@*').out
    for line in scopes.splitlines():
        # They are for all containers, and stay.
        if not line.startswith(('ctr-launcher.', 'ctr-metrics.')):
            found.append('unit ' + line.split()[0])
    for line in open('/proc/self/mountinfo'):
        if '/run/ctrd' in line or '/var/lib/ctrd/containers' in line:
            found.append('mount ' + line.split()[4])
    for path in glob.glob('/run/ctrd/containers/*'):
        found.append('directory ' + path)
    for path in glob.glob('/var/lib/ctrd/containers/*/fs/upper/.ctr-copy*') + glob.glob('/var/lib/ctrd/containers/*/fs/upper/tmp/.ctr-copy*'):
        found.append('file ' + path)
    for path in glob.glob('/var/lib/ctrd/containers/.*') + glob.glob('/var/lib/ctrd/images/.*'):
        found.append('directory ' + path)
    for path in glob.glob('/var/lib/ctrd/containers/*') + glob.glob('/etc/ctrd/containers/*'):
        if os.path.basename(path).split('.')[0] not in known:
            found.append('file ' + path)
    for path in glob.glob('/etc/ctrd/profiles/*'):
        found.append('file ' + path)
    for path in glob.glob('/var/log/journal/*'):
        if os.path.islink(path) and not any(n in os.readlink(path) for n in known):
            found.append('journal link ' + path)
    for path in glob.glob('/sys/class/net/ve-*'):
        found.append('interface ' + os.path.basename(path))
    for path in glob.glob('/sys/fs/cgroup/machine.slice/ctr-*') + glob.glob('/sys/fs/cgroup/machine.slice/*.slice/ctr-*'):
        found.append('cgroup ' + path)
    for path in glob.glob('/proc/[0-9]*/comm'):
        try:
            comm = open(path).read().strip()
        except OSError:
            continue
        if comm in ('ctr-monitor', 'ctr-archive', 'ctr-intercept', 'ctr-mount', 'ctrrun', 'ctr-network', 'ctr-copy', 'ctr-remove',
                    'ctr-journal', 'mmdebstrap'):
            found.append('process %s %s' % (comm, path.split('/')[2]))
    return found


def check_clean(test):
    running = [n for n in names()]
    assert not running, 'containers left by %s: %s' % (test, running)
    left = settle_leftovers()
    assert not left, 'left behind: ' + ', '.join(left)


def settle_leftovers():
    """What is left after a while: trees are removed by a process of its own, and
    units go when systemd says so."""
    try:
        wait_until(lambda: not leftovers(), 60)    # of a distribution, on a busy disk
    except AssertionError:
        return leftovers()
    return []


def clean_up():
    # a start undoes what was half done
    run('systemctl', 'stop', 'ctrd')
    try:
        for name in names():
            run('ctrctl', 'remove', '--force', name)
    except Exception:
        pass
    run('systemctl', 'stop', 'ctr-*.scope')


def diagnosis():
    """What a person wants to see first after a failure."""
    out = run('journalctl', '-b', '-u', 'ctrd', '-n', '12', '--no-pager', '-o', 'cat').out
    return '\nlast words of ctrd:\n' + out


def settings_text(name):
    with open('/etc/ctrd/containers/%s.conf' % name) as f:
        return f.read()


def pids_of_payload(name):
    pids = []
    for path in glob.glob('/sys/fs/cgroup/machine.slice/ctr-%s.scope/payload/**/cgroup.procs' % name, recursive=True):
        try:
            pids += [int(p) for p in open(path).read().split()]
        except OSError:
            continue        # it went meanwhile
    return pids


def name_of(pid):
    """'' where it has gone meanwhile."""
    try:
        with open('/proc/%d/comm' % pid) as f:
            return f.read().strip()
    except OSError:
        return ''


def strip_escapes(text):
    return re.sub(r'\x1b\[[0-9;?]*[a-zA-Z]', '', text)
