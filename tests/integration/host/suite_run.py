# SPDX-License-Identifier: LGPL-2.1-or-later
# Containers that go with their client: RemoveWithClient on the bus, and ctrctl run.

import contextlib
import signal
import subprocess

from bus import Client, GLib, remote_error
from ctrd import *
from suite_exec import on_terminal

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


def test_a_command():
    r = run('ctrctl', 'run', BUSYBOX, '--', 'sh', '-c', 'cat; hostname; echo err >&2; exit 7', input='in\n')
    assert r.status == 7 and r.out.startswith('in\nbusybox-') and r.err == 'err\n', r
    assert names() == []
    assert ctl('run', '-s', 'Hostname=own', '--name', 'x', BUSYBOX, 'hostname') == 'own\n'
    assert run('ctrctl', 'run', BUSYBOX, '--', '/no/such').status == 127
    assert run('ctrctl', 'run', BUSYBOX, 'sh', '-c', 'kill -9 $$').status == 128 + 9
    assert names() == []


def test_usage_and_failures():
    for argv in (['run'], ['run', BUSYBOX, '--name', 'No'], ['run', '-d', BUSYBOX, 'true'], ['--no-wait', 'run', BUSYBOX],
                 ['run', '-s', 'Ephemeral=no', BUSYBOX], ['run', '--what', BUSYBOX]):
        fails(*argv, status=125 if 'No' in argv else 2)
    fails('run', 'no-such-template', 'true', status=125)
    fails('run', '-s', 'Restart=always', BUSYBOX, 'true', status=125, word='Restart=')
    fails('run', '-s', 'Command=/no/such', BUSYBOX, 'true', status=125)
    with container('x', start=False):
        fails('run', '--name', 'x', BUSYBOX, 'true', status=125, word='x')
        assert names() == ['x']


@contextlib.contextmanager
def running(*argv):
    p = subprocess.Popen(['ctrctl', 'run', *argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    yield p
    p.stdout.close()
    p.wait(30 * PATIENCE)


def ends(p, number):
    p.send_signal(number)
    return p.wait(30 * PATIENCE)


def test_every_end_of_ctrctl():
    for number, status in ((signal.SIGKILL, -9), (signal.SIGTERM, 128 + 15)):
        with running('--name', 'x', BUSYBOX, '--', 'sh', '-c', 'echo up; exec sleep 1000') as p:
            assert p.stdout.readline() == 'up\n'
            assert ends(p, number) == status
        has_gone('x')
    # Each stage before.
    path = template('slow', SLOW)
    try:
        for number, status in ((signal.SIGINT, 130), (signal.SIGKILL, -9)):
            with running('--name', 'x', 'slow') as p:
                wait_until(lambda: re.search('create +x +running', ctl('job', 'list')))
                assert ends(p, number) == status
            wait_until(lambda: not re.search('create +x +running', ctl('job', 'list')))
            assert names() == []
    finally:
        os.unlink(path)
    for number, status in ((signal.SIGINT, 130), (signal.SIGKILL, -9)):
        with running('--name', 'x', '-s', 'NotifyReady=yes', BUSYBOX) as p:
            wait_until(lambda: 'x' in names() and state('x') == 'starting')
            assert ends(p, number) == status
        has_gone('x')


def test_ctrd_dies_meanwhile():
    reset()
    with running('--name', 'x', BUSYBOX, '--', 'sh', '-c', 'echo up; until [ -e /go ]; do sleep 0.1; done; exit 5') as p:
        assert p.stdout.readline() == 'up\n'
        kill_ctrd()
        ctrd_is_back()
        ctl('exec', 'x', 'touch', '/go')
        assert p.wait(30 * PATIENCE) == 5
    assert names() == []


def test_its_console():
    for end in '\x1d\x1d\x1d', 'poweroff -f\n':
        status, seen = on_terminal(['ctrctl', 'run', '--name', 'x', BUSYBOX], [('end it', '\n'), ('#', end)])
        assert status == 0, seen
        has_gone('x')
    # Where no terminal is, until it ends or we do.
    with running('--name', 'x', BUSYBOX) as p:
        wait_until(lambda: 'x' in names() and state('x') == 'running')
        ctl('exec', 'x', 'poweroff', '-f')
        assert p.wait(30 * PATIENCE) == 0
    has_gone('x')


def test_left_alone():
    name = ctl('run', '-d', BUSYBOX).strip()
    assert names() == [name] and state(name) == 'running' and not os.path.exists(FILE % name)
    ctl('stop', name)
    has_gone(name)
    assert ctl('run', '--keep', '--name', 'x', BUSYBOX, 'echo', 'hi') == 'hi\n'
    assert state('x') == 'running'
    ctl('stop', 'x')
    assert names() == ['x']
    remove('x')


def test_somebody_else_has_the_name_by_then():
    with running('--name', 'x', BUSYBOX, '--', 'sh', '-c', 'echo up; exec sleep 1000') as p:
        assert p.stdout.readline() == 'up\n'
        p.send_signal(signal.SIGSTOP)
        ctl('remove', '--force', 'x')
        create('x', BUSYBOX, 'Ephemeral=yes')
        p.send_signal(signal.SIGCONT)
        assert p.wait(30 * PATIENCE) == 128 + 9, p.returncode
    assert names() == ['x']
    remove('x')
