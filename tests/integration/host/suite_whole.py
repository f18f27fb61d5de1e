# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The whole API, twice: every member of every interface by python3-dasbus, as a program of
# a stranger, and every verb of ctrctl, whose calls are watched on the bus. What the other
# suites look at closely is only seen to work here; what this one is for is that nothing is
# left out, of what there is now and of what comes.

import io
import json
import os
import re
import socket
import subprocess
import tarfile
import xml.etree.ElementTree as ElementTree

from dasbus.connection import SystemMessageBus
from dasbus.loop import EventLoop
from dasbus.typing import Variant
from dasbus.unix import GLibClientUnix
from gi.repository import GLib

from ctrd import *
from suite_bus import words_of
from suite_exec import on_terminal

SHARED = True
ROOT = '/org/ctrd1'
used = set()            # interface and member, by dasbus
watched = set()         # by ctrctl
driven = set()          # verbs


class Stranger:
    """What dasbus makes of the bus: proxies from introspection, and nothing of ours."""

    def __init__(self):
        self.bus = SystemMessageBus()
        self.ended = {}
        manager = self.proxy(ROOT, 'Manager')
        manager.JobRemoved.connect(self.on_job_removed)
        used.add(('org.ctrd1.Manager', 'JobRemoved'))

    def on_job_removed(self, job, container, result, error, message):
        self.ended[job] = (container, result, error, message)

    def proxy(self, path, interface):
        return self.bus.get_proxy('org.ctrd1', path, interface_name='org.ctrd1.' + interface, client=GLibClientUnix)

    def call(self, path, interface, method, *arguments):
        used.add(('org.ctrd1.' + interface, method))
        return getattr(self.proxy(path, interface), method)(*arguments)

    def container(self, name, method, *arguments):
        return self.call(self.call(ROOT, 'Manager', 'GetContainer', name), 'Container', method, *arguments)

    def get(self, path, interface, name):
        return getattr(self.proxy(path, interface), name)

    def finish(self, job, result='done'):
        context = GLib.MainContext.default()
        deadline = time.monotonic() + 60 * PATIENCE
        while job not in self.ended:
            assert time.monotonic() < deadline, 'job %s does not end' % job
            context.iteration(False) or time.sleep(0.005)
        assert self.ended[job][1] == result, self.ended[job]
        return self.ended[job]

    def managed(self):
        return self.bus.get_proxy('org.ctrd1', ROOT, interface_name='org.freedesktop.DBus.ObjectManager').GetManagedObjects()


def setup():
    global stranger
    stranger = Stranger()


def members(kind):
    """What each interface has, as ctrd says it: interface to names of that kind."""
    found = {}
    for document in re.findall(r'<node>.*?</node>', run('/usr/lib/ctrd/ctrd', '--introspect', check=True).out, re.S):
        for interface in ElementTree.fromstring(document).findall('interface'):
            if interface.get('name').startswith('org.ctrd1.'):
                found[interface.get('name')] = [m.get('name') for m in interface.findall(kind)]
    return found


def say(path, script):
    with open(path, 'w') as f:
        f.write(script)


# By dasbus.

def test_dasbus_the_manager():
    s = stranger
    job = s.call(ROOT, 'Manager', 'CreateContainer', 'one', BUSYBOX, [('Description', 'made by a stranger'), ('Address', '10.97.0.2/24')], {})
    assert s.get(job, 'Job', 'Kind') == 'create' and s.get(job, 'Job', 'Container') == 'one'
    assert s.finish(job)[0] == 'one'
    assert s.call(ROOT, 'Manager', 'GetContainer', 'one').endswith('/one')
    assert 'busybox' in [t[0] for t in s.call(ROOT, 'Manager', 'ListTemplates')]
    assert s.call(ROOT, 'Manager', 'GetUsage') == []
    assert [list(p) for _, p in s.call(ROOT, 'Manager', 'ListContainers', ['Name', 'State'])] == [['Name', 'State']]
    assert all(finding[0] in ('ok', 'hint', 'warning', 'error') for finding in s.call(ROOT, 'Manager', 'Diagnose'))
    say('/etc/ctrd/containers/one.conf', settings_text('one').replace('a stranger', 'an editor'))
    s.call(ROOT, 'Manager', 'Reload')
    assert s.get(s.call(ROOT, 'Manager', 'GetContainer', 'one'), 'Container', 'Description') == 'made by an editor'
    assert s.get(ROOT, 'Manager', 'Version')


def test_dasbus_a_life():
    s = stranger
    path = s.call(ROOT, 'Manager', 'GetContainer', 'one')
    s.finish(s.container('one', 'Start'))
    assert s.get(path, 'Container', 'State') == 'running' and s.get(path, 'Container', 'Leader') > 0
    assert s.get(path, 'Container', 'Addresses') == ['10.97.0.2/24']
    s.container('one', 'Freeze')
    assert s.get(path, 'Container', 'State') == 'frozen'
    s.container('one', 'Thaw')
    leader = s.get(path, 'Container', 'Leader')
    s.finish(s.container('one', 'Restart'))
    assert s.get(path, 'Container', 'Leader') not in (0, leader)
    assert s.finish(s.container('one', 'SoftReboot'), 'failed')[2] == 'org.ctrd1.Error.NotSupported'    # of its init
    s.container('one', 'Kill', 'all', 9)
    wait_until(lambda: s.get(path, 'Container', 'State') == 'stopped')
    assert s.get(path, 'Container', 'ExitReason') == 'killed' and s.get(path, 'Container', 'ExitStatus') == 9
    s.finish(s.container('one', 'Start'))
    usage = s.container('one', 'GetUsage')
    assert usage['CPUUsageUSec'] > 0, usage
    assert [u[0] for u in s.call(ROOT, 'Manager', 'GetUsage')] == ['one']
    assert {'UserIDs', 'Capabilities', 'SystemCalls'} <= {layer[0] for layer in s.container('one', 'GetSecurity')}


def test_dasbus_settings():
    s = stranger
    path = s.call(ROOT, 'Manager', 'GetContainer', 'one')
    assert ('Container', 'Description', 'made by an editor') in [tuple(x[:3]) for x in s.container('one', 'GetSettings')]
    assert s.container('one', 'SetSettings', [('Description', 'set'), ('TasksMax', '99')], False) == []
    assert s.get(path, 'Container', 'Description') == 'set'
    before = s.container('one', 'GetSettingsText')
    assert s.container('one', 'ReplaceSettings', before, before + '[Container]\nRestart=on-failure\n') == []
    assert s.get(path, 'Container', 'RestartPolicy') == 'on-failure'
    s.container('one', 'ReplaceSettings', before + '[Container]\nRestart=on-failure\n', before)


def test_dasbus_what_comes_and_goes():
    s = stranger
    s.container('one', 'Attach', 'TemporaryFileSystem', '/mnt', False)
    assert ' /mnt tmpfs ' in inside('one', 'cat', '/proc/mounts')
    s.container('one', 'Detach', '/mnt', False)
    assert ' /mnt tmpfs ' not in inside('one', 'cat', '/proc/mounts')


def test_dasbus_descriptors():
    s = stranger
    out_read, out_write = os.pipe()
    streams = [os.open('/dev/null', os.O_RDONLY), out_write, os.open('/dev/null', os.O_WRONLY)]     # it closes them
    session = socket.socket(fileno=s.container('one', 'Exec', ['sh', '-c', 'echo to a stranger; exit 3'], {}, streams))
    words = words_of(session)
    assert words[-1] == 'exit 3', words
    assert os.read(out_read, 100) == b'to a stranger\n'
    session.close()
    os.close(out_read)

    console = socket.socket(fileno=s.container('one', 'OpenConsole', {'ReadOnly': Variant('b', False)}))
    s.container('one', 'ResizeConsole', 80, 24)
    console.sendall(b'\n')
    console.settimeout(20 * PATIENCE)
    seen = b''
    while b'#' not in seen:
        seen += console.recv(4096)
    console.sendall(b'echo $((6*7)); stty size\n')
    while b'24 80' not in seen:
        seen += console.recv(4096)
    assert b'42' in seen, seen
    console.close()
    files = s.container('one', 'GetLog')
    log = b''.join(os.read(fd, 1 << 20) for fd in files)
    assert b'42' in log, log
    for fd in files:
        os.close(fd)


def test_dasbus_files():
    s = stranger
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode='w|') as archive:
        member = tarfile.TarInfo('word')
        member.size = 7
        archive.addfile(member, io.BytesIO(b'strange'))
    read, write = os.pipe()
    job = s.container('one', 'CopyTo', '/var/word', {}, read)
    with open(write, 'wb') as f:
        f.write(content.getvalue())
    s.finish(job)
    assert inside('one', 'cat', '/var/word') == 'strange'
    read, write = os.pipe()
    job = s.container('one', 'CopyFrom', '/var/word', {}, write)
    with open(read, 'rb') as f, tarfile.open(fileobj=f, mode='r|') as archive:
        assert [m.size for m in archive] == [7]
    s.finish(job)


def test_dasbus_jobs_and_the_end():
    s = stranger
    job = s.container('one', 'Stop', 60 * 1000000)
    s.finish(job)
    assert s.get(job, 'Job', 'State') == 'done' and s.get(job, 'Job', 'EndedAt') >= s.get(job, 'Job', 'StartedAt') > 0
    path = template('slow', 'echo MESSAGE=waiting; exec tail -f /dev/null\n')
    try:
        job = s.call(ROOT, 'Manager', 'CreateContainer', 'two', 'slow', [], {})
        wait_until(lambda: s.get(job, 'Job', 'State') == 'running')
        s.call(job, 'Job', 'Cancel')
        s.finish(job, 'canceled')
        assert 'two' not in names()
    finally:
        os.unlink(path)
    s.finish(s.container('one', 'Remove', False))
    assert not [p for p in s.managed() if p.startswith('/org/ctrd1/container/')]


def test_dasbus_other_names():
    s = stranger
    with container('one', start=False):
        tied = {'RemoveWithClient': Variant('b', True)}
        s.finish(s.call(ROOT, 'Manager', 'CreateContainer', 'mine', BUSYBOX, [('Ephemeral', 'yes')], tied))
        s.finish(s.container('mine', 'Remove', False))
        s.finish(s.call(ROOT, 'Manager', 'CloneContainer', 'one', 'two', [('Description', 'a copy')], {}))
        path = s.container('two', 'Rename', 'three')
        assert s.get(path, 'Container', 'Name') == 'three' and s.get(path, 'Container', 'Description') == 'a copy'
        s.finish(s.container('three', 'Remove', False))


def test_dasbus_profiles():
    s = stranger
    text = '[Container]\nDescription=of a profile\n'
    assert s.call(ROOT, 'Manager', 'SetProfile', 'shared', '', text) == []
    path = next(p for p, i in s.managed().items() if 'org.ctrd1.Profile' in i and i['org.ctrd1.Profile']['Name'].unpack() == 'shared')
    assert s.call(path, 'Profile', 'GetText') == text
    with container('one', BUSYBOX, 'Profile=shared', start=False):
        assert show('one')['Description'] == 'of a profile'
    s.call(path, 'Profile', 'Remove')
    assert path not in s.managed()


def test_dasbus_images():
    s = stranger
    image = next(p for p, i in s.managed().items() if i.get('org.ctrd1.Image', {}).get('ID', Variant('s', '')).unpack().startswith('busybox'))
    with container('one', start=False):
        try:
            s.call(image, 'Image', 'Remove')
        except Exception as error:
            assert 'one' in str(error), error
        else:
            raise AssertionError('an image that is used was removed')
    s.finish(s.call(image, 'Image', 'Remove'))
    assert image not in s.managed()


def test_dasbus_every_property():
    s = stranger
    with container('one', start=False):
        objects = s.managed()
        for interface, names_ in members('property').items():
            path = next((p for p, i in objects.items() if interface in i), ROOT)
            if path != ROOT:
                assert sorted(objects[path][interface]) == sorted(names_), (interface, objects[path][interface])
            for name in names_:
                s.get(path, interface.split('.')[-1], name)


def test_dasbus_nothing_was_left_out():
    known = {(i, m) for kind in ('method', 'signal') for i, ms in members(kind).items() for m in ms}
    assert known == used, 'not called: %s; called and not there: %s' % (sorted(known - used), sorted(used - known))


# By ctrctl.

class Watch:
    """Collects what is called of ctrd meanwhile."""

    def __enter__(self):
        self.process = subprocess.Popen(['busctl', '--json=short', 'monitor', '--match=type=method_call,destination=org.ctrd1'],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        # It says so when it has begun.
        assert 'Monitoring' in self.process.stderr.readline()
        return self

    def __exit__(self, *exc):
        # What is called last ends it.
        run('busctl', 'call', 'org.ctrd1', ROOT, 'org.freedesktop.DBus.Peer', 'Ping', check=True)
        for line in self.process.stdout:
            message = json.loads(line)
            if message.get('member') == 'Ping':
                break
            watched.add((message.get('interface'), message.get('member')))
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()


def verb(words, *argv, **kw):
    """Drives a verb, of one or two words."""
    driven.add(words)
    return ctl(*words.split(), *argv, **kw)


def on_a_terminal(words, argv, script, status=0):
    driven.add(words)
    got, seen = on_terminal(['sh', '-c', 'stty cols 90 rows 30; exec "$@"', '-', 'ctrctl', *words.split(), *argv], script,
                            timeout=20 * PATIENCE)
    assert got == status, (got, seen)
    return seen


def test_ctrctl_makes_and_changes():
    with Watch():
        verb('create', 'one', BUSYBOX, '-s', 'Description=made by ctrctl', '-s', 'Address=10.97.0.2/24')
        assert 'busybox' in verb('template list')
        assert 'busybox' in verb('image list')
        assert verb('get', 'one', 'Description').strip() == 'made by ctrctl'
        verb('set', 'one', 'Description=changed', 'TasksMax=99')
        assert 'changed' in verb('show', 'one')
        say('/tmp/editor', '#!/bin/sh\nprintf "[Container]\\nRestart=on-abnormal\\n" >>"$1"\n')
        os.chmod('/tmp/editor', 0o755)
        driven.add('edit')
        run('env', 'EDITOR=/tmp/editor', 'ctrctl', 'edit', 'one', check=True)
        assert show('one')['RestartPolicy'] == 'on-abnormal' and 'one' in verb('list')
        say('/tmp/editor', '#!/bin/sh\necho "[Container]" >"$1"\n')
        driven.add('profile edit')
        run('env', 'EDITOR=/tmp/editor', 'ctrctl', 'profile', 'edit', 'shared', check=True)
        assert 'shared' in verb('profile list')
        assert verb('profile show', 'shared') == '[Container]\n'
        verb('profile remove', 'shared')
        os.unlink('/tmp/editor')
        assert verb('run', BUSYBOX, '--', 'echo', 'hi') == 'hi\n'
        verb('clone', 'one', 'two')
        verb('rename', 'two', 'three')
        ctl('remove', 'three')
        verb('enable', 'one')
        verb('disable', 'one')
        driven.add('doctor')
        assert json.loads(run('ctrctl', 'doctor', '--json').out)


def test_ctrctl_runs():
    with Watch():
        verb('start', 'one')
        verb('wait', '--state=running', 'one')
        assert 'running' in verb('status', 'one')
        assert 'one' in verb('top', '--count=1')
        verb('security', 'one')
        verb('freeze', 'one')
        verb('thaw', 'one')
        verb('attach', 'one', 'TemporaryFileSystem=/mnt')
        verb('detach', 'one', '/mnt')
        verb('bind', 'one', '/var/lib/ctrd/images:/mnt')
        verb('unbind', 'one', '/mnt')
        verb('device add', 'one', '/dev/fuse')
        verb('device remove', 'one', '/dev/fuse')
        verb('cp', '/etc/hostname', 'one:/var/name')
        ctl('cp', 'one:/var/name', '/tmp/name')
        assert open('/tmp/name').read() == open('/etc/hostname').read()
        os.unlink('/tmp/name')
        assert verb('exec', 'one', '--', 'echo', 'hi') == 'hi\n'
        on_a_terminal('shell', ['one'], [('#', 'exit 4\n')], 4)
        on_a_terminal('console', ['one'], [('', '\n'), ('#', 'echo $((6*7))\n'), ('42', '\x1d\x1d\x1d')])
        assert '42' in verb('logs', 'one')
        driven.add('events')
        events = subprocess.Popen(['ctrctl', 'events', '--json', 'one'], stdout=subprocess.PIPE, text=True)
        fails('restart', '--soft', 'one', word='systemd')
        verb('restart', 'one')
        verb('kill', '--signal=KILL', 'one')
        seen = ''
        while 'killed' not in seen:
            line = events.stdout.readline()
            assert line, seen
            seen += line
        events.kill()
        events.wait()
        events.stdout.close()
        ctl('start', 'one')
        verb('stop', 'one')


def test_ctrctl_jobs_and_removal():
    path = template('slow', 'exec tail -f /dev/null\n')
    try:
        with Watch():
            job = ctl('--no-wait', 'create', 'two', 'slow').strip()
            assert job in verb('job list')
            assert 'Kind=create' in verb('job show', job)
            verb('job cancel', job)
            wait_until(lambda: 'canceled' in ctl('job', 'show', job))
            verb('remove', 'one')
            verb('image remove', 'busybox-default')
    finally:
        os.unlink(path)
    assert 'two' not in names()


def test_ctrctl_every_verb():
    text = ctl('--help')
    part = re.search(r'^Verbs:\n(.*?)\n\n', text, re.M | re.S).group(1)
    verbs = set(re.findall(r'^  ([a-z]+(?: [a-z]+)?)(?= |$)', part, re.M))
    assert verbs == driven, 'not driven: %s; not there: %s' % (sorted(verbs - driven), sorted(driven - verbs))


def test_ctrctl_calls_every_method():
    known = {(i, m) for i, ms in members('method').items() for m in ms}
    # It has the paths of objects from GetManagedObjects(); the other is for systemctl reload.
    without = {('org.ctrd1.Manager', 'GetContainer'), ('org.ctrd1.Manager', 'Reload')}
    assert known - watched == without, 'not called: %s' % sorted(known - watched - without)
