# SPDX-License-Identifier: LGPL-2.1-or-later
# A container that gets another name: what goes with it, what stays, and who must not be
# surprised.

import random

from ctrd import *
from suite_bus import GLib, Signals, call, container_path, get, managed

CONTAINER = 'org.ctrd1.Container'
CONTAINERS = '/var/lib/ctrd/containers/'
SETTINGS = '/etc/ctrd/containers/'
STAYS = ('MachineID', 'UIDBase', 'UIDCount', 'CreatedAt', 'Image', 'Template', 'Description', 'State', 'ExitedAt')


def restart_ctrd():
    run('systemctl', 'reset-failed', 'ctrd')
    run('systemctl', 'restart', 'ctrd', check=True)


def mac(name):
    return inside(name, 'cat', '/sys/class/net/host0/address').strip()


def nothing_of(name):
    found = [p for d in (CONTAINERS, SETTINGS, '/run/ctrd/settings/', '/run/ctrd/containers/', '/etc/ctrd/apparmor.d/', '/run/ctrd/apparmor/')
             for p in glob.glob(d + name) + glob.glob(d + name + '.*') + glob.glob(d + '.*-' + name)]
    assert not found and name not in names(), found


def whole(name, description):
    """As it was made, under whatever name, and it can be started."""
    p = show(name)
    assert p['Name'] == name and p['Description'] == description, p
    assert not os.path.exists(CONTAINERS + name + '/renaming')
    assert ctl('get', name, 'MemoryMax').strip() == '104857600'


def make(name, description='one'):
    create(name, BUSYBOX, 'Description=' + description, 'LinkJournal=guest')
    ctl('set', name, 'MemoryMax=100M')


def test_rename():
    make('web')
    ctl('set', '--runtime', 'web', 'TasksMax=99')
    ctl('start', 'web')
    inside('web', 'sh', '-c', 'echo mine > /word')
    address = mac('web')
    fails('rename', 'web', 'site', word='stop it first')
    assert names() == ['web']
    ctl('stop', 'web')
    before = show('web')
    journal = '/var/log/journal/' + before['MachineID']
    ctl('rename', 'web', 'site')
    after = show('site')
    assert names() == ['site'] and all(before[k] == after[k] for k in STAYS), (before, after)
    assert after['Unit'] == 'ctr-site.scope'
    nothing_of('web')
    whole('site', 'one')
    assert ctl('get', 'site', 'TasksMax').strip() == '99'
    if os.path.isdir('/var/log/journal'):
        assert '/containers/site/' in os.readlink(journal)
    restart_ctrd()
    whole('site', 'one')
    ctl('start', 'site')
    assert inside('site', 'cat', '/word').strip() == 'mine' and inside('site', 'hostname').strip() == 'site'
    assert mac('site') == address
    remove('site')
    nothing_of('site')


def test_the_first_name_is_free_again():
    make('web')
    ctl('rename', 'web', 'site')
    with container('web') as other:
        ctl('start', 'site')
        assert mac('site') != mac(other)
        assert show('site')['UIDBase'] != show(other)['UIDBase']
        ctl('stop', 'site', other)
        fails('rename', 'site', other, word='already')
        # And back, by way of a third.
        ctl('rename', other, 'old')
        ctl('rename', 'site', 'web')
        whole('web', 'one')
        ctl('rename', 'old', 'site')
        ctl('rename', 'web', 'old')
        ctl('rename', 'site', 'web')
        whole('old', 'one')
    remove('old')


def test_over_the_bus():
    make('web')
    path = container_path('web')
    with Signals() as signals:
        new, = call(path, CONTAINER, 'Rename', GLib.Variant('(s)', ('site',)))[0]
        signals.until(lambda seen: any(s[2] == 'InterfacesAdded' for s in seen))
    # Jobs of before are forgotten at any time.
    told = [(s[2], s[3][0]) for s in signals.seen if s[2].startswith('Interfaces') and '/job/' not in s[3][0]]
    assert told == [('InterfacesRemoved', path), ('InterfacesAdded', new)], told
    assert new == container_path('site') and get(new, CONTAINER, 'Name') == 'site'
    added = [s[3][1] for s in signals.seen if s[2] == 'InterfacesAdded'][0]
    assert added[CONTAINER]['Name'] == 'site' and added[CONTAINER]['Unit'] == 'ctr-site.scope'
    assert [p for p in managed() if '/container/' in p] == [new]
    try:
        call(path, CONTAINER, 'Rename', GLib.Variant('(s)', ('x',)))
        assert False, 'an object that has gone answered'
    except GLib.Error as e:
        assert 'UnknownObject' in str(e) or 'UnknownMethod' in str(e), e
    for bad, error in (('Bad Name', 'InvalidName'), ('', 'InvalidName'), ('../x', 'InvalidName'), ('site', 'Exists')):
        try:
            call(new, CONTAINER, 'Rename', GLib.Variant('(s)', (bad,)))
            assert False, bad
        except GLib.Error as e:
            assert 'org.ctrd1.Error.' + error in str(e), e
    remove('site')


def test_what_is_refused():
    make('web')
    for argv in (('rename',), ('rename', 'web'), ('rename', 'web', 'a', 'b')):
        fails(*argv, status=2)
    fails('rename', 'nobody', 'x', word='nobody')
    fails('rename', 'web', 'UPPER', word='UPPER')
    fails('rename', 'web', 'web', word='already')
    for path in (SETTINGS + 'site.conf', SETTINGS + 'site.conf.d', '/run/ctrd/settings/site.conf.d', CONTAINERS + 'site'):
        os.makedirs(path)
        fails('rename', 'web', 'site', word=path)
        os.rmdir(path)
    r = run('setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', 'busctl', 'call', 'org.ctrd1',
            container_path('web'), CONTAINER, 'Rename', 's', 'site')
    assert r.status != 0, r
    whole('web', 'one')
    nothing_of('site')
    remove('web')


def test_dependencies():
    make('db')
    for key in ('After', 'Requires', 'Wants'):
        with container('web', BUSYBOX, key + '=db', start=False):
            assert 'web' in fails('rename', 'db', 'data', word=key)
            fails('rename', 'web', 'db', word='already')
    # It would wait for itself.
    with container('web', BUSYBOX, 'After=site', start=False):
        fails('rename', 'web', 'site', word='itself')
    # The way that the error names.
    create('web', BUSYBOX, 'Wants=db')
    ctl('set', 'web', 'Wants=data')
    ctl('rename', 'db', 'data')
    ctl('start', 'web')
    wait_until(lambda: state('data') == 'running')
    remove('web', 'data')


def intent(name, before, after):
    with open(CONTAINERS + name + '/renaming', 'w') as f:
        f.write('FROM=%s\nTO=%s\n' % (before, after))


def test_what_a_killed_ctrd_left():
    steps = [
        lambda: None,
        lambda: os.rename(CONTAINERS + 'web', CONTAINERS + 'site'),
        lambda: os.rename(SETTINGS + 'web.conf', SETTINGS + 'site.conf'),
        lambda: os.rename(SETTINGS + 'web.conf.d', SETTINGS + 'site.conf.d'),
    ]
    for n in range(1, len(steps) + 1):
        make('web')
        run('systemctl', 'stop', 'ctrd', check=True)
        intent('web', 'web', 'site')
        for step in steps[:n]:
            step()
        restart_ctrd()
        now = 'web' if n == 1 else 'site'
        assert names() == [now]
        whole(now, 'one')
        remove(now)
        nothing_of('web')
        nothing_of('site')
    # Of what somebody else has made of it nothing is taken away.
    make('web')
    ctl('rename', 'web', 'site')
    make('web', 'two')
    intent('site', 'web', 'site')
    restart_ctrd()
    whole('site', 'one')
    whole('web', 'two')
    for nonsense in (b'', b'\0', b'FROM=../x\nTO=site\n', b'TO=site\n', b'x' * 2000):
        with open(CONTAINERS + 'site/renaming', 'wb') as f:
            f.write(nonsense)
        restart_ctrd()
        assert sorted(names()) == ['site', 'web']
        assert len(nonsense) > 1000 or show('site')['Description'] == 'one'
    os.unlink(CONTAINERS + 'site/renaming')
    remove('site', 'web')


def test_kill_of_ctrd():
    rnd = random.Random(35)
    make('web')
    now, other = 'web', 'site'
    for _ in range(12):
        p = subprocess.Popen(['ctrctl', 'rename', now, other], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(rnd.uniform(0, 0.02))
        kill_ctrd()
        done = p.wait(60 * PATIENCE) == 0
        run('systemctl', 'reset-failed', 'ctrd')
        wait_until(lambda: run('ctrctl', 'list').status == 0)
        assert names() == [other] or (names() == [now] and not done), (names(), now, done)
        if names() == [other]:
            now, other = other, now
        whole(now, 'one')
        nothing_of(other)
    remove(now)
