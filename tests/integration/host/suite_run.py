# SPDX-License-Identifier: LGPL-2.1-or-later
# Containers that go with their client: RemoveWithClient on the bus.

from bus import Client, GLib, remote_error
from ctrd import *

FILE = '/var/lib/ctrd/containers/%s/client'
SLOW = 'exec tail -f /dev/null\n'


def ask(client, name, source=BUSYBOX, settings=(('Ephemeral', 'yes'),), option=GLib.Variant('b', True)):
    arguments = GLib.Variant('(ssa(ss)a{sv})', (name, source, list(settings), {'RemoveWithClient': option}))
    return client.call('/org/ctrd1', 'org.ctrd1.Manager', 'CreateContainer', arguments)[0]


def make(client, name, *settings, start=True):
    ask(client, name, settings=(('Ephemeral', 'yes'),) + settings)
    wait_until(lambda: name in names())
    if start:
        ctl('start', name)


def leave(client):
    client.bus.close_sync(None)


def has_gone(*gone):
    wait_until(lambda: not set(gone) & set(names()), what='%s to be removed' % (gone,))
    assert not [n for n in gone if os.path.exists('/etc/ctrd/containers/%s.conf' % n)]


def reset():
    # More often than systemd likes a service to be.
    run('systemctl', 'reset-failed', 'ctrd')


def ctrd_is_back():
    wait_until(lambda: run('ctrctl', 'list').status == 0)


def test_what_is_refused():
    client = Client()
    for word, settings, option in (('Ephemeral=yes', (), GLib.Variant('b', True)),
                                   ('boolean', (('Ephemeral', 'yes'),), GLib.Variant('s', 'yes')),
                                   ('boolean', (('Ephemeral', 'yes'),), GLib.Variant('i', 1))):
        try:
            ask(client, 'x', BUSYBOX, settings, option)
        except GLib.Error as error:
            assert word in error.message and 'org.ctrd1.Error.Invalid' in remote_error(error), error
        else:
            raise AssertionError(word)
    leave(client)
    assert names() == []


def test_all_of_a_client_go_with_it_and_no_others():
    one, other = Client(), Client()
    make(one, 'down', start=False)
    make(one, 'up')
    make(other, 'not', start=False)
    create('mine', BUSYBOX, 'Ephemeral=yes')
    assert os.stat(FILE % 'up').st_mode & 0o777 == 0o600 and not os.path.exists(FILE % 'mine')
    leave(one)
    has_gone('down', 'up')
    assert sorted(names()) == ['mine', 'not']
    leave(other)
    has_gone('not')
    remove('mine')


def test_while_it_is_made_or_comes_up():
    path = template('slow', SLOW)
    try:
        client = Client()
        job = ask(client, 'x', 'slow')
        wait_until(lambda: 'State=running' in ctl('job', 'show', job.rsplit('/', 1)[1]))
        leave(client)
        wait_until(lambda: 'State=canceled' in ctl('job', 'show', job.rsplit('/', 1)[1]))
        assert names() == []
    finally:
        os.unlink(path)
    client = Client()
    make(client, 'x', ('NotifyReady', 'yes'), start=False)
    ctl('--no-wait', 'start', 'x')
    wait_until(lambda: state('x') == 'starting')
    leave(client)
    has_gone('x')


def test_ctrd_dies():
    reset()
    client = Client()
    make(client, 'x')
    make(client, 'y', start=False)
    kill_ctrd()
    ctrd_is_back()
    assert sorted(names()) == ['x', 'y'] and state('x') == 'running'
    # And then it hears of what happened while it was away, and after.
    leave(client)
    has_gone('x', 'y')
    client = Client()
    make(client, 'x')
    make(client, 'y', start=False)
    run('systemctl', 'stop', 'ctrd', check=True)
    leave(client)
    reset()
    run('systemctl', 'start', 'ctrd', check=True)
    has_gone('x', 'y')


def test_of_another_bus():
    reset()
    client = Client()
    make(client, 'x', start=False)
    run('systemctl', 'stop', 'ctrd', check=True)
    text = open(FILE % 'x', 'rb').read()
    bus = re.search(rb'BUS=([0-9a-f]{32})', text).group(1)
    with open(FILE % 'x', 'wb') as f:
        f.write(text.replace(bus, bus[::-1]))
    run('systemctl', 'start', 'ctrd', check=True)
    has_gone('x')
    leave(client)


def test_who_wants_it_keeps_it():
    reset()
    client = Client()
    for name in 'kept', 'down':
        make(client, name, start=name == 'kept')
        ctl('set', name, 'Ephemeral=no')
    make(client, 'x', start=False)
    ctl('rename', 'x', 'y')
    create('x', BUSYBOX, 'Ephemeral=yes')           # another of that name
    make(client, 'last', start=False)
    leave(client)
    has_gone('last')
    assert sorted(names()) == ['down', 'kept', 'x', 'y'] and state('kept') == 'running'
    run('systemctl', 'restart', 'ctrd', check=True)
    ctl('set', 'down', 'Ephemeral=yes')             # the client is forgotten
    assert sorted(names()) == ['down', 'kept', 'x', 'y']
    remove('down', 'kept', 'x', 'y')
