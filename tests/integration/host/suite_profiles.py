# SPDX-License-Identifier: LGPL-2.1-or-later
# Profiles: settings that many containers share.

from ctrd import *
from suite_bus import GLib, Signals, call, container_path, error_of, managed
from suite_bus import get as bus_get

OWN, SHIPPED = '/etc/ctrd/profiles/%s.conf', '/usr/lib/ctrd/profiles/%s.conf'


class profile:
    """with profile('p', text): made before, removed after."""

    def __init__(self, name, text):
        self.name, self.text = name, text

    def __enter__(self):
        put(self.name, self.text)
        return self.name

    def __exit__(self, *exc):
        if exc[0] is None:
            ctl('profile', 'remove', self.name)
            assert not os.path.exists(OWN % self.name)


def put(name, text):
    """What it says beside doing it."""
    r = run('ctrctl', 'profile', 'edit', '--stdin', name, input=text)
    assert r.status == 0 and r.out == '', r
    return r.err


def refused(name, text, word):
    before = read(OWN % name)
    r = run('ctrctl', '-q', 'profile', 'edit', '--stdin', name, input=text)
    assert r.status == 1 and word in r.err and len(r.err.splitlines()) == 1, r
    assert read(OWN % name) == before


def read(path):
    try:
        with open(path) as f:
            return f.read()
    except FileNotFoundError:
        return None


def get(name, *keys):
    return ctl('get', name, *keys).split('\n')[:-1]


def effective(name, key):
    """Pairs of value and file."""
    out = ctl('show', '-e', '-p', key, name).splitlines()
    return [tuple(line.split('=', 1)[1].rsplit('  # ', 1)) for line in out]


def unit_property(name, key):
    return run('systemctl', 'show', '-P', key, 'ctr-%s.scope' % name, check=True).out.strip()


def listed():
    return {p['name']: p for p in json.loads(ctl('profile', 'list', '--json'))}


def test_own_settings_come_last():
    with profile('one', '[Exec]\nEnvironment=A=1\nEnvironment=B=1\nHostname=one\n[Resources]\nMemoryMax=300M\nTasksMax=100\n'), \
            profile('two', '[Exec]\nEnvironment=C=2\n[Resources]\nMemoryMax=400M\n'), \
            container('x', BUSYBOX, 'Profile=one two', 'TasksMax=50', 'Environment=D=3') as name:
        own = '/etc/ctrd/containers/x.conf'
        assert effective(name, 'MemoryMax') == [('419430400', OWN % 'two')]
        assert effective(name, 'TasksMax') == [('50', own)]
        assert effective(name, 'Hostname') == [('one', OWN % 'one')]
        assert [v for v, _ in effective(name, 'Environment')] == ['A=1', 'B=1', 'C=2', 'D=3']
        assert effective(name, 'Profile') == [('one', own), ('two', own)] and show(name)['Profiles'] == 'one two'
        assert (unit_property(name, 'MemoryMax'), unit_property(name, 'TasksMax'), inside(name, 'hostname')) == ('419430400', '50', 'one\n')
        # An empty assignment is the default, whatever profiles say; so for lists.
        ctl('set', name, 'MemoryMax=', 'Environment=')
        assert (get(name, 'MemoryMax', 'Environment'), unit_property(name, 'MemoryMax')) == ([], 'infinity')
        # The order counts.
        ctl('set', name, 'Profile=two', 'Profile=one')
        with container('y', BUSYBOX, 'Profile=two one', start=False):
            assert effective('y', 'MemoryMax') == [('314572800', OWN % 'one')] and get('y', 'Environment') == ['C=2', 'A=1', 'B=1']
        assert listed()['one'] == {'name': 'one', 'file': OWN % 'one', 'containers': ['x']}


def test_what_is_a_default_is_written_where_profiles_say_otherwise():
    with profile('p', '[Files]\nReadOnly=yes\n[Exec]\nEnvironment=A=1\n[Resources]\nMemoryMax=1G\n'), \
            container('x', BUSYBOX, 'Profile=p', 'ReadOnly=no', 'Environment=', 'Environment=B=2', 'MemoryMax=', start=False) as name:
        assert get(name, 'ReadOnly', 'Environment', 'MemoryMax') == ['B=2']
        kill_ctrd()
        wait_until(lambda: run('ctrctl', 'start', name).status == 0)
        inside(name, 'touch', '/there')


def test_a_profile_changes_under_containers():
    text = '[Exec]\nEnvironment=A=1\n[Resources]\nMemoryMax=300M\n[Files]\nTemporaryFileSystem=/one\n'
    with profile('p', text), container('x', BUSYBOX, 'Profile=p') as x, container('y', BUSYBOX, 'Profile=p', 'MemoryMax=200M') as y, \
            container('z', BUSYBOX, 'Profile=p', start=False) as z:
        leader = show(x)['Leader']
        ctl('attach', x, 'TemporaryFileSystem=/mine')  # until the stop, and no business of the profile
        said = put('p', text.replace('A=1', 'A=2').replace('300M', '350M').replace('/one', '/two'))
        assert sorted(said.splitlines()) == ['Environment= will have its effect when %s is started again.' % n for n in (x, y)], said
        assert (unit_property(x, 'MemoryMax'), unit_property(y, 'MemoryMax')) == ('367001600', '209715200')
        assert [get(n, 'MemoryMax', 'Environment') for n in (x, y, z)] == [[m, 'A=2'] for m in ('367001600', '209715200', '367001600')]
        mounts = [line.split()[1] for line in inside(x, 'cat', '/proc/mounts').splitlines()]
        assert '/two' in mounts and '/one' not in mounts and '/mine' in mounts, mounts
        assert show(x)['Leader'] == leader
        assert put('p', text.replace('A=1', 'A=2').replace('300M', '350M').replace('/one', '/two')) == ''
        # All of it or none: what one of them could not have, none gets.
        ctl('set', y, 'MemoryHigh=150M')
        before = ctl('show', '--settings', x), unit_property(x, 'MemoryMax'), listed()
        refused('p', '[Resources]\nMemoryHigh=100M\nMemoryMax=much\n', 'p.conf:3')
        refused('p', '[Network]\nMode=private\nAddress=10.0.0.1/24\n', 'container ')
        refused('p', '[Container]\nAfter=z\n', 'container z could not have it')
        assert (ctl('show', '--settings', x), unit_property(x, 'MemoryMax'), listed()) == before
        for n in (x, y, z):
            ctl('set', n, 'Profile=')
        assert unit_property(x, 'MemoryMax') == 'infinity' and show(x)['Profiles'] == ''
        mounts = inside(x, 'cat', '/proc/mounts')
        assert '/two' not in mounts, mounts


def test_bad_profiles_are_refused():
    with profile('p', ''):
        put('p', '# Nothing.\n')  # from nothing, which is no reason to take it for another
        for text, word in (('[Container]\nProfile=nesting\n', 'Profile='), ('[Container]\nMachineID=%032x\n' % 1, 'MachineID='),
                           ('[Security]\nUIDBase=524288\n', 'UIDBase='), ('[Container]\nImage=x\n', 'Image='), ('MemoryMax=1G\n', 'section'),
                           ('[Resources]\nMemoryMux=1G\n', 'MemoryMax'), ('#' * 70000, '65536')):
            refused('p', text, word)
    for bad in ('../p', 'P', '-p-', 'a/b', '.'):
        r = run('ctrctl', 'profile', 'edit', '--stdin', '--', bad, input='# x\n')
        assert r.status == 1 and 'profile' in r.err, r
    for name in ('nobody', '../../../etc/passwd'):
        r = run('busctl', 'call', 'org.ctrd1', '/org/ctrd1', 'org.ctrd1.Manager', 'SetProfile', 'sss', name, 'what it was', '# x\n')
        assert r.status != 0 and 'profile' in r.err, r
    fails('profile', 'show', 'nobody', word='no profile nobody')
    fails('profile', 'remove', 'nobody', word='no profile nobody')
    fails('profile', 'show', status=2)
    fails('create', 'x', BUSYBOX, '-s', 'Profile=nobody', word='no profile "nobody"')
    fails('create', 'x', BUSYBOX, '-s', 'Profile=../x', word='Profile=')
    fails('create', 'x', BUSYBOX, *(w for i in range(17) for w in ('-s', 'Profile=p%d' % i)), word='more than 16')
    with container('x', start=False) as name:
        fails('set', name, 'Profile=nobody', word='no profile "nobody"')
        # Somebody else was faster.
        with profile('p', '# One.\n'):
            r = run('busctl', 'call', 'org.ctrd1', '/org/ctrd1', 'org.ctrd1.Manager', 'SetProfile', 'sss', 'p', '# Two.\n', '# Three.\n')
            assert r.status != 0 and 'meanwhile' in r.err and read(OWN % 'p') == '# One.\n', r


def test_one_in_use_stays():
    with profile('p', '[Resources]\nTasksMax=77\n'):
        with container('x', BUSYBOX, 'Profile=p', start=False):
            fails('profile', 'remove', 'p', word='used by x')
            # By hand it is possible: then a start says so, and no container is lost.
            os.rename(OWN % 'p', '/var/tmp/p.conf')
            run('systemctl', 'reload', 'ctrd', check=True)
            assert 'p' not in listed()
            fails('start', 'x', word='no profile "p"')
            kill_ctrd()
            wait_until(lambda: run('ctrctl', 'list').status == 0)
            assert names() == ['x']
            os.rename('/var/tmp/p.conf', OWN % 'p')
            run('systemctl', 'reload', 'ctrd', check=True)
            assert 'p' in listed()
            ctl('start', 'x')
            assert unit_property('x', 'TasksMax') == '77'


def test_those_of_the_package():
    assert {n: p['file'] for n, p in listed().items()} == {n: SHIPPED % n for n in ('low-memory', 'nesting', 'strict')}
    fails('profile', 'remove', 'strict', word='comes with a package')
    text = ctl('profile', 'show', 'low-memory')
    assert text == read(SHIPPED % 'low-memory')
    with container('x', BUSYBOX, 'Profile=low-memory') as name:
        assert unit_property(name, 'TasksMax') == '512'
        put('low-memory', text.replace('512', '600'))
        assert (unit_property(name, 'TasksMax'), listed()['low-memory']['file']) == ('600', OWN % 'low-memory')
        assert effective(name, 'TasksMax') == [('600', OWN % 'low-memory')]
        # What was hidden comes back.
        ctl('profile', 'remove', 'low-memory')
        assert (unit_property(name, 'TasksMax'), listed()['low-memory']['file']) == ('512', SHIPPED % 'low-memory')


def test_debian_runs_with_each():
    for name in ('low-memory', 'nesting', 'strict'):
        create('deb-' + name, DEBIAN, 'Profile=' + name)
    ctl('start', 'deb-low-memory', 'deb-nesting', 'deb-strict')
    try:
        for name in ('low-memory', 'nesting', 'strict'):
            r = run('ctrctl', 'exec', 'deb-' + name, '--', 'systemctl', 'is-system-running', '--wait')
            assert r.out == 'running\n', (name, r, run('ctrctl', 'exec', 'deb-' + name, '--', 'systemctl', '--failed').out)
        assert unit_property('deb-low-memory', 'MemoryMax') == '268435456'
        inside('deb-nesting', 'unshare', '-Ur', 'true')
        assert run('ctrctl', 'exec', 'deb-strict', '--', 'unshare', '-Ur', 'true').status != 0
    finally:
        remove('deb-low-memory', 'deb-nesting', 'deb-strict')


def test_privileges_of_a_profile_are_asked_for():
    with visitor('org.ctrd1.manage') as prefix, profile('root', '[Security]\nUserNamespace=no\n'), profile('p', '# Nothing.\n'), \
            container('x', BUSYBOX, 'Profile=p', start=False):
        wait_until(lambda: run(*prefix, 'ctrctl', 'set', 'x', 'Description=Mine').status == 0)
        for argv in (('create', 'y', BUSYBOX, '-s', 'Profile=root'), ('set', 'x', 'Profile=root')):
            r = run(*prefix, 'ctrctl', *argv)
            assert r.status == 1 and 'authorisation' in r.err, r
        r = run(*prefix, 'ctrctl', 'profile', 'edit', '--stdin', 'p', input='[Security]\nUserNamespace=identity\n')
        assert r.status == 1 and 'authorisation' in r.err and show('x')['Privileged'] == 'no', r
        r = run(*prefix, 'ctrctl', 'profile', 'edit', '--stdin', 'p', input='[Resources]\nTasksMax=9\n')
        assert r.status == 0 and get('x', 'TasksMax') == ['9'], r
        assert names() == ['x']
        # Who may inspect alone sees that there is one, and not what it says.
        with open(visitor.RULE, 'w'):
            pass
        wait_until(lambda: run(*prefix, 'ctrctl', 'set', 'x', 'Description=Theirs').status == 1)
        assert run(*prefix, 'ctrctl', 'profile', 'list').status == 0
        for argv in (('show', 'p'), ('remove', 'p'), ('edit', '--stdin', 'p')):
            r = run(*prefix, 'ctrctl', 'profile', *argv, input='# x\n')
            assert r.status == 1 and 'authorisation' in r.err, (argv, r)


def test_edit():
    with open('/var/tmp/edit.py', 'w') as f:
        f.write('import sys\nopen(sys.argv[1], "a").write("[Resources]\\nTasksMax=%s\\n" % sys.argv[2])\n')
    try:
        def edit(word):
            return run('env', 'EDITOR=sh -c \'python3 /var/tmp/edit.py "$0" %s\'' % word, 'TMPDIR=/var/tmp', 'ctrctl', 'profile', 'edit', 'p')
        r = edit('70')
        assert (r.status, r.err) == (0, '') and 'TasksMax=70' in read(OWN % 'p') and os.stat(OWN % 'p').st_mode & 0o777 == 0o600, r
        r = edit('many')
        kept = r.err.split()[-1]
        assert r.status == 1 and 'TasksMax=many' in r.err and 'TasksMax=many' in read(kept) and 'many' not in read(OWN % 'p'), r
        os.unlink(kept)
        r = run('env', 'EDITOR=true', 'ctrctl', 'profile', 'edit', 'q')
        assert (r.status, r.err) == (0, 'Nothing was changed.\n') and 'q' not in listed(), r
        ctl('profile', 'remove', 'p')
    finally:
        os.unlink('/var/tmp/edit.py')


def test_completion():
    def words(*argv):
        return [line.split('\t')[0] for line in ctl('__complete', '--', *argv).splitlines()]
    assert words('profile', 'show', '') == ['low-memory', 'nesting', 'strict']
    assert words('profile', '') == ['list', 'show', 'edit', 'remove']
    assert words('create', 'x', BUSYBOX, '-s', 'Profile=ne') == ['Profile=nesting']
    assert words('create', 'x', BUSYBOX, '--setting=Profile=ne') == ['--setting=Profile=nesting']
    assert words('set', 'x', 'Profi') == ['Profile=']


def test_over_the_bus():
    """A stranger's program: objects, signals, errors."""
    manager, mine, path = ('/org/ctrd1', 'org.ctrd1.Manager'), 'org.ctrd1.Profile', '/org/ctrd1/profile/p'

    def set_profile(*texts):
        return call(*manager, 'SetProfile', GLib.Variant('(sss)', texts))[0][0]

    with Signals() as s:
        assert set_profile('p', '', '[Resources]\nTasksMax=9\n') == []
        s.until(lambda seen: any(x[2] == 'InterfacesAdded' and x[3][0] == path and x[3][1][mine]['File'] == OWN % 'p' for x in seen))
        assert {'/org/ctrd1/profile/nesting', path} <= set(managed())
        assert (bus_get(path, mine, 'Name'), call(path, mine, 'GetText')[0][0]) == ('p', '[Resources]\nTasksMax=9\n')
        with container('x', BUSYBOX, 'Profile=p') as name:
            after = '[Exec]\nHostname=h\n[Resources]\nTasksMax=10\n'
            assert bus_get(container_path(name), 'org.ctrd1.Container', 'Profiles') == ['p']
            assert set_profile('p', '[Resources]\nTasksMax=9\n', after) == [(name, ['Hostname'], '')]
            for texts, error in ((('p', '', '#'), 'Exists'), (('p', '#', '#'), 'Busy'), (('p', after, '[X]\n'), 'InvalidSettings'),
                                 (('q', '#', '#'), 'NoSuchProfile'), (('Q', '', '#'), 'InvalidName'), (('q', '', '#' * 70000), 'LimitsExceeded')):
                assert error_of(*manager, 'SetProfile', GLib.Variant('(sss)', texts)) == 'org.ctrd1.Error.' + error, texts
            assert error_of(path, mine, 'Remove') == 'org.ctrd1.Error.InUse'
            assert error_of('/org/ctrd1/profile/strict', mine, 'Remove') == 'org.ctrd1.Error.NotSupported'
            ctl('set', name, 'Profile=')
            s.until(lambda seen: any(x[2] == 'PropertiesChanged' and x[0] == container_path(name) and x[3][1].get('Profiles') == [] for x in seen))
        set_profile('strict', call('/org/ctrd1/profile/strict', mine, 'GetText')[0][0], '# Not at all.\n')
        s.until(lambda seen: any(x[2] == 'PropertiesChanged' and x[0].endswith('/strict') and x[3][1] == {'File': OWN % 'strict'} for x in seen))
        call('/org/ctrd1/profile/strict', mine, 'Remove')
        assert call(path, mine, 'Remove')[0][0] == []
        s.until(lambda seen: any(x[2] == 'InterfacesRemoved' and x[3][0] == path for x in seen))
