# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A client of ctrd on the bus, as a stranger would write one: GLib, and no code of ours.

import os

import gi
gi.require_version('Gio', '2.0')
from gi.repository import Gio, GLib

OBJECTS = 'org.freedesktop.DBus.ObjectManager'
ADDRESS = Gio.dbus_address_get_for_bus_sync(Gio.BusType.SYSTEM)
# Looked up once: gi makes attributes when they are first asked for, and of two threads
# that ask at once one may find none.
remote_error = Gio.DBusError.get_remote_error


def connect():
    return Gio.DBusConnection.new_for_address_sync(
        ADDRESS, Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION, None, None)


def encoded_path(name):
    """As sd_bus_path_encode(3) has it."""
    return '/org/ctrd1/container/' + ''.join(c if c.isalpha() or i and c.isdigit() else '_%02x' % ord(c) for i, c in enumerate(name))


class Client:
    """A connection to the bus, and what may be said on it. A call that fails raises GLib.Error."""

    def __init__(self):
        self.bus = connect()

    def call(self, path, interface, method, arguments=None, fds=None, timeout=60000):
        handed = Gio.UnixFDList.new()
        for fd in fds or []:
            handed.append(fd)       # a copy
        reply, out = self.bus.call_with_unix_fd_list_sync('org.ctrd1', path, interface, method, arguments, None,
                                                          Gio.DBusCallFlags.NONE, timeout, handed, None)
        for fd in out.steal_fds() if out else []:
            os.close(fd)
        return reply.unpack()

    def container(self, name, method, arguments=None, fds=None):
        return self.call(encoded_path(name), 'org.ctrd1.Container', method, arguments, fds)

    def create(self, name, source, settings=()):
        return self.call('/org/ctrd1', 'org.ctrd1.Manager', 'CreateContainer',
                         GLib.Variant('(ssa(ss)a{sv})', (name, source, list(settings), {})))[0]

    def managed(self):
        return self.call('/org/ctrd1', OBJECTS, 'GetManagedObjects')[0]

    def containers(self):
        """Their properties, by name."""
        return {interfaces['org.ctrd1.Container']['Name']: interfaces['org.ctrd1.Container']
                for interfaces in self.managed().values() if 'org.ctrd1.Container' in interfaces}

    def jobs(self):
        """Those that run; what has ended stays a while."""
        return [path for path, interfaces in self.managed().items()
                if path.startswith('/org/ctrd1/job/') and interfaces['org.ctrd1.Job']['State'] in ('queued', 'running')]
