# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A user with an agent of polkit that lets everybody wait, and a client that asks ctrd for
# what needs it: one process, as agents are found by it. It obeys lines, and says in lines what
# happens:
#
#   call METHOD COUNT     as often, without waiting for an answer
#   leave                 closes the client's connection, with all that it waits for

import os
import sys

import gi
from gi.repository import Gio, GLib

ADDRESS = Gio.dbus_address_get_for_bus_sync(Gio.BusType.SYSTEM)
FLAGS = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
NODE = Gio.DBusNodeInfo.new_for_xml("""<node><interface name="org.freedesktop.PolicyKit1.AuthenticationAgent">
<method name="BeginAuthentication"><arg type="s"/><arg type="s"/><arg type="s"/><arg type="a{ss}"/><arg type="s"/><arg type="a(sa{sv})"/></method>
<method name="CancelAuthentication"><arg type="s"/></method></interface></node>""")


def say(*words):
    print(*words, flush=True)


def on_call(bus, sender, path, interface, method, arguments, invocation):
    details = arguments.unpack()
    if method == 'BeginAuthentication':
        say('begin', details[0])
        waiting[details[4]] = invocation    # and no answer, ever
    else:
        # Who asked and who watches the client may both end it.
        if waiting.pop(details[0], None):
            say('cancel')
        invocation.return_value(None)


waiting = {}



def connect():
    return Gio.DBusConnection.new_for_address_sync(ADDRESS, FLAGS, None, None)

agent = connect()
agent.register_object('/agent', NODE.interfaces[0], on_call, None, None)
start = int(open('/proc/self/stat').read().rsplit(')', 1)[1].split()[19])
subject = ('unix-process', {'pid': GLib.Variant('u', os.getpid()), 'start-time': GLib.Variant('t', start),
                            'uid': GLib.Variant('i', os.getuid())})
agent.call_sync('org.freedesktop.PolicyKit1', '/org/freedesktop/PolicyKit1/Authority', 'org.freedesktop.PolicyKit1.Authority',
                'RegisterAuthenticationAgent', GLib.Variant('((sa{sv})ss)', (subject, 'C', '/agent')), None, 0, -1, None)
say('ready')
loop = GLib.MainLoop()
client = None


def on_reply(bus, result):
    try:
        bus.call_finish(result)
        say('done')
    except GLib.Error as e:
        if not e.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CLOSED):
            say('error', Gio.DBusError.get_remote_error(e))


def obey(channel, condition):
    global client
    words = sys.stdin.readline().split()
    if not words:
        loop.quit()
    elif words[0] == 'leave':
        client.close_sync(None)
        client = None
    else:
        client = client or connect()
        arguments = {'Exec': GLib.Variant('(asa{sv}ah)', (['id', '-u'], {}, [])), 'Description': GLib.Variant(
            '(a(ss)b)', ([('Environment', 'A=' + 'x' * 900000)], False))}.get(words[1])
        for _ in range(int(words[2])):
            client.call('org.ctrd1', '/org/ctrd1/container/web', 'org.ctrd1.Container', words[1] if words[1] != 'Description' else 'SetSettings',
                        arguments, None, Gio.DBusCallFlags.ALLOW_INTERACTIVE_AUTHORIZATION, 300000, None, on_reply)
    return True


GLib.io_add_watch(0, GLib.IO_IN, obey)
loop.run()
