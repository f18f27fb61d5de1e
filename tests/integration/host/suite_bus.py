# SPDX-License-Identifier: LGPL-2.1-or-later
# A stranger's program: python3-dasbus, with nothing of ours.

import os
import socket
import threading
import xml.etree.ElementTree as ElementTree

from dasbus.connection import SystemMessageBus
import gi
gi.require_version('Gio', '2.0')
from gi.repository import Gio, GLib

from ctrd import *

bus = Gio.bus_get_sync(Gio.BusType.SYSTEM)


def call(path, interface, method, arguments=None, fds=None, reply='()'):
    out, out_fds = bus.call_with_unix_fd_list_sync('org.ctrd1', path, interface, method, arguments, None,
                                                   Gio.DBusCallFlags.NONE, 60000 * PATIENCE,
                                                   Gio.UnixFDList.new_from_array(fds) if fds else None, None)
    return out.unpack(), out_fds


def container_path(name):
    return call('/org/ctrd1', 'org.ctrd1.Manager', 'GetContainer', GLib.Variant('(s)', (name,)))[0][0]


def get(path, interface, name):
    return call(path, 'org.freedesktop.DBus.Properties', 'Get', GLib.Variant('(ss)', (interface, name)))[0][0]


def managed():
    return call('/org/ctrd1', 'org.freedesktop.DBus.ObjectManager', 'GetManagedObjects')[0][0]


class Signals:
    """Collects signals until a condition holds."""

    def __enter__(self):
        self.seen = []
        self.loop = GLib.MainLoop()
        self.id = bus.signal_subscribe('org.ctrd1', None, None, None, None, Gio.DBusSignalFlags.NONE, self.on_signal)
        return self

    def on_signal(self, connection, sender, path, interface, signal, parameters):
        self.seen.append((path, interface, signal, parameters.unpack()))

    def until(self, condition, timeout=30):
        context = GLib.MainContext.default()
        deadline = time.monotonic() + timeout * PATIENCE
        while not condition(self.seen):
            assert time.monotonic() < deadline, 'signals so far: %r' % self.seen
            context.iteration(False) or time.sleep(0.005)

    def __exit__(self, *exc):
        bus.signal_unsubscribe(self.id)


def finish(signals, job):
    signals.until(lambda seen: any(s[2] == 'JobRemoved' and s[3][0] == job for s in seen))
    return next(s[3] for s in signals.seen if s[2] == 'JobRemoved' and s[3][0] == job)


def states_told(signals, path):
    return [x[3][1]['State'] for x in signals.seen
            if x[2] == 'PropertiesChanged' and x[0] == path and 'State' in x[3][1]]


def test_the_whole_life_by_jobs_and_signals():
    with Signals() as s:
        job = call('/org/ctrd1', 'org.ctrd1.Manager', 'CreateContainer',
                   GLib.Variant('(ssa(ss)a{sv})', ('bus', BUSYBOX, [('Description', 'by dasbus')], {})))[0][0]
        assert finish(s, job)[2] == 'done'
        path = container_path('bus')
        s.until(lambda seen: any(x[2] == 'InterfacesAdded' and x[3][0] == path for x in seen))
        job = call(path, 'org.ctrd1.Container', 'Start')[0][0]
        assert finish(s, job)[2:] == ('done', '', ''), finish(s, job)
        assert states_told(s, path) == ['starting', 'running'], s.seen
        for method in ('Thaw', 'Freeze', 'Freeze', 'Thaw', 'Thaw', 'Freeze'):
            call(path, 'org.ctrd1.Container', method)
        job = call(path, 'org.ctrd1.Container', 'Stop', GLib.Variant('(t)', (0,)))[0][0]
        assert finish(s, job)[2] == 'done'
        # What is so already is told nobody.
        assert states_told(s, path)[2:] == ['frozen', 'running', 'frozen', 'stopping', 'stopped'], s.seen
        job = call(path, 'org.ctrd1.Container', 'Remove', GLib.Variant('(b)', (False,)))[0][0]
        assert finish(s, job)[2] == 'done'
        s.until(lambda seen: any(x[2] == 'InterfacesRemoved' and x[3][0] == path and 'org.ctrd1.Container' in x[3][1] for x in seen))


def test_dasbus_proxies():
    with container('web', start=False):
        proxy = SystemMessageBus().get_proxy('org.ctrd1', container_path('web'))
        assert proxy.Name == 'web' and proxy.State == 'stopped'
        manager = SystemMessageBus().get_proxy('org.ctrd1', '/org/ctrd1')
        objects = manager.GetManagedObjects()
        assert any('org.ctrd1.Container' in i for i in objects.values()), list(objects)


def error_of(*a):
    """The name of the error of a call that must fail."""
    try:
        call(*a)
    except GLib.Error as e:
        return Gio.DBusError.get_remote_error(e)
    raise AssertionError('no error')


def words_of(session):
    """What a session of a command says to its end."""
    words = []
    while True:
        data = session.recv(4096)
        if not data:
            return words
        words.append(data.decode().strip())


def test_typed_errors():
    manager = ('/org/ctrd1', 'org.ctrd1.Manager')
    assert error_of(*manager, 'GetContainer', GLib.Variant('(s)', ('nobody',))) == 'org.ctrd1.Error.NoSuchContainer'
    assert error_of(*manager, 'CreateContainer', GLib.Variant('(ssa(ss)a{sv})', ('A!', BUSYBOX, [], {}))) == \
        'org.ctrd1.Error.InvalidName'
    assert error_of(*manager, 'CreateContainer', GLib.Variant('(ssa(ss)a{sv})', ('a', BUSYBOX, [('Nope', 'x')], {}))) == \
        'org.ctrd1.Error.InvalidSettings'
    with container('web', start=False):
        path = container_path('web')
        assert error_of(path, 'org.ctrd1.Container', 'Kill', GLib.Variant('(si)', ('init', 15))) == 'org.ctrd1.Error.NotRunning'
        assert error_of(path, 'org.ctrd1.Container', 'Freeze') == 'org.ctrd1.Error.NotRunning'
        assert error_of(path, 'org.ctrd1.Container', 'Thaw') == 'org.ctrd1.Error.NotRunning'
        assert error_of(path, 'org.ctrd1.Container', 'Kill', GLib.Variant('(si)', ('some', 15))) == \
            'org.freedesktop.DBus.Error.InvalidArgs'
        ctl('start', 'web')
        ctl('freeze', 'web')
        assert error_of(path, 'org.ctrd1.Container', 'Exec', GLib.Variant('(asa{sv}ah)', (
            ['true'], {'Terminal': GLib.Variant('b', True)}, []))) == 'org.ctrd1.Error.Busy'


def listed(*properties):
    return dict(call('/org/ctrd1', 'org.ctrd1.Manager', 'ListContainers', GLib.Variant('(as)', (properties,)))[0][0])


def test_a_list_of_chosen_properties():
    assert listed('Name') == {}, listed('Name')
    with container('one'), container('two', start=False):
        paths = [container_path('one'), container_path('two')]
        objects = {path: interfaces['org.ctrd1.Container'] for path, interfaces in managed().items()
                   if 'org.ctrd1.Container' in interfaces}
        every = sorted(objects[paths[0]])
        # as the objects say it, whatever it is
        same = [name for name in every if name != 'StatusText']
        found = listed(*same)
        assert sorted(found) == sorted(paths), found
        for path in paths:
            assert found[path] == {name: objects[path][name] for name in same}, (found[path], objects[path])
        assert listed('State', 'Leader')[paths[1]] == {'State': 'stopped', 'Leader': 0}
        assert listed() == {path: {} for path in paths}
        for wrong, word in ((['State', 'Nothing'], 'Nothing'), (['State', 'State'], 'twice'), (['Start'], 'Start'), ([''], '""')):
            try:
                listed(*wrong)
            except GLib.Error as e:
                assert Gio.DBusError.get_remote_error(e) == 'org.ctrd1.Error.InvalidArguments' and word in e.message, e
            else:
                raise AssertionError('%s was answered' % wrong)
    assert listed() == {}


def test_what_is_too_large_is_refused_at_once():
    def refusal(*a):
        begun = time.monotonic()
        name = error_of(*a)
        assert time.monotonic() - begun < 5 * PATIENCE, a[2]
        return name

    words = ' '.join(['A='] * 400000)
    create_ = ('/org/ctrd1', 'org.ctrd1.Manager', 'CreateContainer')
    assert refusal(*create_, GLib.Variant('(ssa(ss)a{sv})', ('a', BUSYBOX, [('Environment', words)], {}))) == \
        'org.freedesktop.DBus.Error.LimitsExceeded'
    assert refusal(*create_, GLib.Variant('(ssa(ss)a{sv})', ('a', BUSYBOX, [('Environment', words[:200000])], {}))) == \
        'org.ctrd1.Error.InvalidSettings'
    with container('web', start=False):
        for argv, environment in ((['true'] * 5000, []), (['true'], ['A='] * 5000)):
            assert refusal(container_path('web'), 'org.ctrd1.Container', 'Exec', GLib.Variant('(asa{sv}ah)', (
                argv, {'Environment': GLib.Variant('as', environment)}, []))) == 'org.freedesktop.DBus.Error.LimitsExceeded'


def test_exec_with_descriptors():
    with container('web'):
        out_read, out_write = os.pipe()
        null = os.open('/dev/null', os.O_RDWR)
        reply, fds = call(container_path('web'), 'org.ctrd1.Container', 'Exec',
                          GLib.Variant('(asa{sv}ah)', (['sh', '-c', 'echo hi; exit 3'], {}, [0, 1, 2])), [null, out_write, null])
        session = socket.socket(fileno=fds.steal_fds()[reply[0]])
        words = words_of(session)
        assert words[-1] == 'exit 3', words
        assert os.read(out_read, 100) == b'hi\n'
        session.close()
        os.close(out_read)


def test_exec_rejects_what_it_does_not_know():
    with container('web'):
        for options in ({'Nope': GLib.Variant('s', 'x')}, {'WorkingDirectory': GLib.Variant('s', 'etc')},
                        {'Environment': GLib.Variant('as', ['novalue'])}, {'User': GLib.Variant('s', 'a;b')}):
            try:
                call(container_path('web'), 'org.ctrd1.Container', 'Exec',
                     GLib.Variant('(asa{sv}ah)', (['true'], options, [])))
            except GLib.Error:
                continue
            raise AssertionError('%r was taken' % options)


def test_no_secret_is_a_property():
    create('web', BUSYBOX, 'Environment=TOKEN=swordfish', 'Credential=key:/etc/hostname')
    assert 'swordfish' not in repr(managed())
    remove('web')


def test_a_client_that_goes_while_its_job_runs():
    other = Gio.DBusConnection.new_for_address_sync(
        Gio.dbus_address_get_for_bus_sync(Gio.BusType.SYSTEM),
        Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None)
    create('web')
    other.call_sync('org.ctrd1', container_path('web'), 'org.ctrd1.Container', 'Start', None, None, 0, 60000)
    other.close_sync()
    wait_until(lambda: state('web') == 'running')
    remove('web')


def test_an_image_tells_who_uses_it():
    with container('one', start=False):
        image = get(container_path('one'), 'org.ctrd1.Container', 'Image')
        path = next(p for p, i in managed().items() if i.get('org.ctrd1.Image', {}).get('ID') == image)
        before = get(path, 'org.ctrd1.Image', 'Containers')
        with Signals() as s:
            def told():
                return [x[3][1]['Containers'] for x in s.seen if x[0] == path and x[2] == 'PropertiesChanged']
            with container('two', start=False):
                s.until(lambda seen: told() and sorted(told()[-1]) == sorted(before + ['two']))
            s.until(lambda seen: sorted(told()[-1]) == sorted(before))


def members(xml, interface):
    """An interface's members, each as text without its documentation."""
    found = next(i for document in re.findall(r'<node>.*?</node>', xml, re.S)
                 for i in ElementTree.fromstring(document).findall('interface') if i.get('name') == interface)
    return sorted('%s %s %s' % (m.tag, m.get('name'), [(a.get('type'), a.get('direction', 'out' if m.tag == 'signal' else 'in'))
                                                       for a in m.findall('arg')] or (m.get('type'), m.get('access'))) for m in found
                  if m.tag != 'annotation')


def test_introspection_of_every_object():
    # What the program prints of itself is held against org.ctrd1(5) by tests/lint/help-man.
    printed = run('/usr/lib/ctrd/ctrd', '--introspect', check=True).out
    kinds = {'container': 'Container', 'image': 'Image', 'profile': 'Profile', 'job': 'Job'}
    with container('web', start=False):
        # Of results the newest: the others may go meanwhile.
        there = sorted(managed(), key=lambda path: int(path.split('/')[4]) if '/job/' in path else -1)
        objects = ['/org/ctrd1'] + [path for path in there if '/job/' not in path or path == there[-1]]
        assert {p.split('/')[3] for p in objects[1:]} == set(kinds), objects
        for path in objects:
            xml = run('busctl', 'introspect', '--xml-interface', 'org.ctrd1', path, check=True).out
            ours = [i.get('name') for i in ElementTree.fromstring(xml).findall('interface') if i.get('name').startswith('org.ctrd1.')]
            assert ours == ['org.ctrd1.' + (kinds[path.split('/')[3]] if path != '/org/ctrd1' else 'Manager')], (path, ours)
            assert members(xml, ours[0]) == members(printed, ours[0]), (path, members(xml, ours[0]))


def test_activation_by_the_bus():
    run('systemctl', 'stop', 'ctrd', check=True)
    assert isinstance(managed(), dict)
    assert run('systemctl', 'is-active', 'ctrd').out.strip() == 'active'


def test_nobody_speaks_for_systemd():
    # A signal to ctrd alone passes no match by its sender.
    with container('web') as name:
        unit = '/org/freedesktop/systemd1/unit/ctr_2dweb_2escope'
        manager = ('/org/freedesktop/systemd1', 'org.freedesktop.systemd1.Manager')
        owner = run('busctl', 'call', 'org.freedesktop.DBus', '/', 'org.freedesktop.DBus', 'GetNameOwner', 's', 'org.ctrd1').out.split('"')[1]
        for signal in ((unit, 'org.freedesktop.systemd1.Scope', 'RequestStop'),
                       manager + ('JobNew', 'uos', '1', '/org/freedesktop/systemd1/job/1', 'shutdown.target'),
                       manager + ('UnitRemoved', 'so', 'ctr-web.scope', unit)):
            for destination in ('org.ctrd1', owner):
                run('setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', 'busctl', 'emit', '--destination=' + destination, *signal)
        time.sleep(0.1)
        assert state(name) == 'running' and int(show(name)['Leader']) > 0
        # It would be kept for the next boot, if the host were about to go down.
        ctl('stop', name)
        assert not os.path.exists('/var/lib/ctrd/containers/web/up')
