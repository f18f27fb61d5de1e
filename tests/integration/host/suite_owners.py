# SPDX-License-Identifier: LGPL-2.1-or-later
# Owner=: users of the host who run containers of their own without an administrator, and
# get no further.

import contextlib
import json

from ctrd import *

RULE = '/etc/polkit-1/rules.d/10-test.rules'
OWNERS_KEYS = {'Description', 'Restart', 'Command', 'Environment', 'Hostname', 'StopSignal', 'NotifyReady'}
DENIED = 'you are not allowed to do this: it needs the polkit action org.ctrd1.'
BUS = ['busctl', '--json=short', 'call', 'org.ctrd1']


def setup():
    for user in ('ann', 'ben'):
        run('useradd', '--system', user, check=True)


def teardown():
    for user in ('ann', 'ben'):
        run('userdel', user)


def as_user(user, *argv, **kw):
    return run('setpriv', '--reuid', user, '--clear-groups', *argv, **kw)


def ann(*argv, **kw):
    r = as_user('ann', 'ctrctl', *argv, **kw)
    assert r.status == 0, (argv, r)
    return r.out


def refused(user, *argv, word='authorisation', **kw):
    r = as_user(user, 'ctrctl', '-q', *argv, **kw)
    assert r.status == (125 if argv[0] == 'exec' else 1) and len(r.err.splitlines()) == 1 and word in r.err, (argv, r)


def managed(user):
    """What a client without code of ours is given."""
    r = as_user(user, *BUS, '/org/ctrd1', 'org.freedesktop.DBus.ObjectManager', 'GetManagedObjects')
    return json.loads(r.out)['data'][0] if r.status == 0 else None


@contextlib.contextmanager
def rule(text, obeyed):
    """A rule of polkit, which reads it in its own time."""
    with open(RULE, 'w') as f:
        f.write('polkit.addRule(function(action, subject) { if (subject.user != "root") { %s } });' % text)
    os.chmod(RULE, 0o644)
    try:
        wait_until(obeyed, 10, 'polkit that reads its rules')
        yield
    finally:
        os.unlink(RULE)


def test_an_owner_does_without_an_administrator_what_is_theirs():
    with container('mine', BUSYBOX, 'Owner=ann', start=False), container('foreign'):
        ann('start', 'mine')
        assert ann('exec', 'mine', '--', 'id', '-u') == '0\n'
        assert ann('exec', 'mine', '--', 'hostname') == 'mine\n'
        ann('freeze', 'mine')
        assert state('mine') == 'frozen'
        ann('thaw', 'mine')
        ann('restart', 'mine')
        ann('kill', 'mine', '-S', 'CONT')
        ann('logs', 'mine')
        ann('security', 'mine')
        ann('show', 'mine', '--settings')
        ann('stop', 'mine')
        assert state('mine') == 'stopped'
        # As a stranger's program, and what it gives is a job of theirs.
        path = json.loads(as_user('ann', *BUS, '/org/ctrd1/container/mine', 'org.ctrd1.Container', 'Start', check=True).out)['data'][0]
        wait_until(lambda: state('mine') == 'running')
        jobs = json.loads(ann('job', 'list', '--json'))
        assert path.rsplit('/', 1)[1] in [str(j['job']) for j in jobs], jobs
        r = as_user('ann', *BUS, '/org/ctrd1/container/mine', 'org.ctrd1.Container', 'OpenConsole', 'a{sv}', '0')
        assert DENIED not in r.err, r

        for argv in (['start', 'foreign'], ['stop', 'foreign'], ['restart', 'foreign'], ['kill', 'foreign'], ['freeze', 'foreign'],
                     ['exec', 'foreign', '--', 'true'], ['logs', 'foreign'], ['show', 'foreign', '--settings'],
                     ['set', 'foreign', 'Description=x']):
            refused('ann', *argv)
        refused('ben', 'stop', 'mine')
        refused('ben', 'exec', 'mine', '--', 'true')
        assert state('foreign') == 'running' and state('mine') == 'running'


def test_an_owner_ends_their_own_jobs_only():
    slow = ('NotifyReady=yes', 'Command=/bin/sh -c "sleep 1000"', 'StartTimeoutSec=infinity', 'StopTimeoutSec=1s')
    with container('mine', BUSYBOX, 'Owner=ann', *slow, start=False):
        job = ctl('start', 'mine', '--no-wait').strip()
        refused('ann', 'job', 'cancel', job)
        assert state('mine') == 'starting'
        ctl('job', 'cancel', job)
        wait_until(lambda: state('mine') in ('stopped', 'failed'))
        job = ann('start', 'mine', '--no-wait').strip()
        refused('ben', 'job', 'cancel', job)
        ann('job', 'cancel', job)
        wait_until(lambda: state('mine') in ('stopped', 'failed'))


def test_an_owner_sets_what_is_harmless():
    with container('mine', BUSYBOX, 'Owner=ann', start=False):
        ann('set', 'mine', 'Description=Of Ann', 'Environment=A=1', 'Hostname=her', 'Restart=on-failure')
        assert show('mine')['Description'] == 'Of Ann'
        ann('start', 'mine')
        assert ann('exec', 'mine', '--', 'hostname') == 'her\n'
        refused('ben', 'set', 'mine', 'Description=x')
        big = 'x' * 1000
        call = [*BUS, '/org/ctrd1/container/mine', 'org.ctrd1.Container', 'SetSettings', 'a(ss)b', '70']
        r = as_user('ann', *call, *(['Environment', 'A=' + big] * 70), 'no')
        assert r.status == 1 and DENIED in r.err, r


def test_an_owner_raises_themself_by_nothing():
    with container('mine', BUSYBOX, 'Owner=ann') as name:
        before, text = show(name), ctl('show', name, '--settings')
        keys = set(k.rstrip('=') for k in re.findall(r'^\*(\w+=)\*', open('/src/man/ctr.conf.5.scd').read(), re.M))
        assert OWNERS_KEYS < keys and len(keys) > 45, keys
        for key in sorted(keys - OWNERS_KEYS):
            # Not even to its default, which may be more than what it was given.
            r = as_user('ann', 'busctl', 'call', 'org.ctrd1', '/org/ctrd1/container/mine', 'org.ctrd1.Container', 'SetSettings',
                        'a(ss)b', '2', 'Description', 'x', key, '', 'no')
            assert r.status == 1 and DENIED in r.err, (key, r)
        for assignment in ('UserNamespace=no', 'Bind=/etc', 'Device=/dev/kmsg', 'Owner=ben', 'TasksMax=infinity', 'Runtime=/bin/true',
                           'Capability=CAP_SYS_TIME', 'Mode=host', 'Credential=x:/etc/shadow'):
            refused('ann', 'set', name, 'Description=x', assignment)
        refused('ann', 'attach', name, 'Bind=/etc:/mnt')
        refused('ann', 'remove', name, '--force')
        refused('ann', 'create', 'new', BUSYBOX)
        refused('ann', 'enable', name)
        for method, signature, *args in (('GetSettingsText', ''), ('ReplaceSettings', 'ss', '', '[Container]\nDescription=x\n'),
                                         ('Attach', 'ssb', 'TemporaryFileSystem', '/x', 'no'), ('Detach', 'sb', '/x', 'no'), ('Remove', 'b', 'yes')):
            r = as_user('ann', 'busctl', 'call', 'org.ctrd1', '/org/ctrd1/container/mine', 'org.ctrd1.Container', method,
                        *([signature] if signature else []), *args)
            assert r.status == 1 and DENIED in r.err, (method, r)
        assert show(name) == before and ctl('show', name, '--settings') == text and state(name) == 'running'


def test_nobody_owns_root_of_the_host():
    for wrong in ('nobody', '65534', '4294967295', '-1', 'a:b', '../x', 'ann,ben'):
        fails('create', 'x', BUSYBOX, '-s', 'Owner=' + wrong, word='Owner=')
    fails('create', 'x', BUSYBOX, '-s', 'Owner=nosuchuser', word='there is no user nosuchuser')
    fails('create', 'x', BUSYBOX, '-s', 'Owner=ann', '-s', 'UserNamespace=no', word='root of this host')
    with container('x', BUSYBOX, 'UserNamespace=no', 'Mode=private') as name:
        fails('set', name, 'Owner=ann', word='root of this host')
        # What it is to be is no longer, but what runs still is.
        ctl('set', name, 'UserNamespace=yes', 'Owner=ann')
        refused('ann', 'exec', name, '--', 'true')
        refused('ann', 'stop', name)
        ctl('stop', name)
        ann('start', name)
        assert ann('exec', name, '--', 'cat', '/proc/self/uid_map').split()[1] != '0'


def test_owners_change_while_it_runs():
    with container('x') as name:
        refused('ann', 'exec', name, '--', 'true')
        ctl('set', name, 'Owner=ann %s' % run('id', '-u', 'ben').out.strip())
        assert show(name)['Owner'].split()[0].strip('"[,') == 'ann', show(name)
        ann('exec', name, '--', 'true')
        assert as_user('ben', 'ctrctl', 'exec', name, '--', 'true').status == 0
        ctl('set', name, 'Owner=ben')
        refused('ann', 'exec', name, '--', 'true')
        # An account that is gone owns nothing.
        number = run('id', '-u', 'ben').out.strip()
        run('userdel', 'ben', check=True)
        try:
            r = run('setpriv', '--reuid', number, '--clear-groups', 'ctrctl', 'exec', name, '--', 'true')
            assert r.status == 125 and 'authorisation' in r.err, r
        finally:
            run('useradd', '--system', 'ben', check=True)


def test_where_looking_is_restricted_owners_see_their_own():
    with container('mine', BUSYBOX, 'Owner=ann'), container('bens', BUSYBOX, 'Owner=ben'), container('secret', start=False):
        assert {p.rsplit('/', 1)[1] for p in managed('ann')} >= {'mine', 'bens', 'secret'}
        with rule('if (action.id == "org.ctrd1.inspect") return polkit.Result.AUTH_ADMIN;', lambda: managed('daemon') is None):
            assert [row['name'] for row in json.loads(ann('list', '--json'))] == ['mine']
            objects = managed('ann')
            assert [p for p in objects if not p.startswith('/org/ctrd1/job/')] == ['/org/ctrd1/container/mine'], objects
            jobs = [o['org.ctrd1.Job'] for p, o in objects.items() if '/job/' in p]
            uid = int(run('id', '-u', 'ann').out)
            assert jobs and all(j['Container']['data'] == 'mine' or j['UID']['data'] == uid for j in jobs), jobs
            usage = json.loads(as_user('ann', *BUS, '/org/ctrd1', 'org.ctrd1.Manager', 'GetUsage', check=True).out)['data'][0]
            assert [row[0] for row in usage] == ['mine'], usage
            for path in ('/', '/org', '/org/ctrd1', '/org/ctrd1/container', '/org/ctrd1/image', '/org/ctrd1/job', '/org/ctrd1/container/mine'):
                r = as_user('ann', *BUS, path, 'org.freedesktop.DBus.Introspectable', 'Introspect')
                assert r.status == 0 and 'bens' not in r.out and 'secret' not in r.out and 'busybox' not in r.out, (path, r)
            assert '/mine' in as_user('ann', 'busctl', 'tree', '--list', 'org.ctrd1').out
            for path in ('container/bens', 'container/secret', 'container/nosuch', 'image/busybox_2ddefault'):
                for method, args in (('GetAll', ['s', '']), ('Get', ['ss', 'org.ctrd1.Container', 'State'])):
                    r = as_user('ann', *BUS, '/org/ctrd1/' + path, 'org.freedesktop.DBus.Properties', method, *args)
                    assert r.status == 1 and DENIED in r.err, (path, r)
            refused('ann', 'show', 'bens')
            refused('ann', 'security', 'bens')
            assert 'Of' not in ann('show', 'mine') and 'State=running' in ann('show', 'mine')
            ann('restart', 'mine')
            ann('exec', 'mine', '--', 'true')
            # Whoever owns nothing is told so, and root sees all as ever.
            refused('daemon', 'list')
            assert sorted(names()) == ['bens', 'mine', 'secret']


LISTENER = """
import sys
import gi
from gi.repository import Gio, GLib
bus = Gio.bus_get_sync(Gio.BusType.SYSTEM)
heard = []
# Of jobs of before, which are forgotten at any time, nothing.
bus.signal_subscribe('org.ctrd1', None, None, None, None, 0, lambda *a: '/org/ctrd1/job/' in str(a[2]) + str(a[5]) or heard.append(a[4]))
ask = lambda: bus.call_sync('org.ctrd1', '/org/ctrd1', 'org.freedesktop.DBus.Peer', 'Ping', None, None, 0, -1, None)
ask()
print('listens', flush=True)
sys.stdin.readline()
ask()       # what was said before this answer has come before it
while GLib.MainContext.default().iteration(False):
    pass
print(' '.join(heard), flush=True)
"""


def test_signals_are_kept_from_who_may_not_look_by_the_bus():
    policy = '/etc/dbus-1/system.d/zz-ctrd-signals.conf'
    text = open('/src/docs/security.md').read()
    written = re.search(r'<!-- %s -->\n(.*?)```' % re.escape(policy), text, re.S).group(1)

    def hears(user):
        p = subprocess.Popen(['setpriv', '--reuid', user, '--clear-groups', 'python3', '-c', LISTENER], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True)
        assert p.stdout.readline() == 'listens\n'
        ctl('set', 'web', 'Description=' + user)
        return p.communicate('\n')[0].split()

    with container('web', BUSYBOX, 'Owner=ann', start=False):
        assert hears('ann') == ['PropertiesChanged']
        with open(policy, 'w') as f:
            f.write(written)
        try:
            run('systemctl', 'reload', 'dbus', check=True)
            assert hears('ann') == [] and hears('root') == ['PropertiesChanged']
            job = ann('start', 'web', '--no-wait').strip()
            wait_until(lambda: 'State=done' in ann('job', 'show', job))
        finally:
            os.unlink(policy)
            run('systemctl', 'reload', 'dbus', check=True)
        assert hears('ann') == ['PropertiesChanged']


def test_rules_decide_by_the_details():
    text = ('if (action.id == "org.ctrd1.own" && action.lookup("container") == "mine" && action.lookup("owner") == "ann" &&'
            ' subject.user == "ann" && action.lookup("verb") == "exec" && action.lookup("command") == "id") return polkit.Result.NO;'
            'if (action.id == "org.ctrd1.inspect" && action.lookup("container") == "other" && action.lookup("verb") == "inspect"'
            ' && action.lookup("owner") == "ben 0") return polkit.Result.NO;')
    with container('mine', BUSYBOX, 'Owner=ann'), container('other', BUSYBOX, 'Owner=ben 0', start=False):
        with rule(text, lambda: as_user('daemon', 'ctrctl', 'show', 'other').status != 0):
            ann('exec', 'mine', '--', 'true')
            refused('ann', 'exec', 'mine', '--', 'id')
            refused('ann', 'show', 'other', word='org.ctrd1.inspect')
            assert as_user('ben', 'ctrctl', 'show', 'other').status == 0
            ann('show', 'mine')


def test_a_user_has_a_share_of_commands_and_consoles():
    with container('mine', BUSYBOX, 'Owner=ann ben'), container('too', BUSYBOX, 'Owner=ann'), limits('UserSessionsMax=4'):
        def begin(user, name, *argv):
            p = subprocess.Popen(['setpriv', '--reuid', user, '--clear-groups', 'ctrctl', 'exec', name, '--', *argv], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            p.stdin.write('x\n')
            p.stdin.flush()
            assert p.stdout.readline() == 'x\n', p.communicate()
            return p

        def end(p):
            p.stdin.close()
            assert p.wait(20 * PATIENCE) == 0
            p.stdout.close()
            p.stderr.close()

        before = len(os.listdir('/proc/%d/fd' % ctrd_pid()))
        running = [begin('ann', name, 'cat') for name in ('mine', 'too', 'mine')]
        # An open console counts as well, until it is closed.
        console = subprocess.Popen(['setpriv', '--reuid', 'ann', '--clear-groups', 'script', '-qc', 'ctrctl console --read-only too', '/dev/null'],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        word = 'which is the most of one user'
        assert b'Console of too' in console.stdout.readline()
        refused('ann', 'exec', 'mine', '--', 'true', word=word)
        r = as_user('ann', *BUS, '/org/ctrd1/container/too', 'org.ctrd1.Container', 'OpenConsole', 'a{sv}', '0')
        assert r.status == 1 and word in r.err, r
        # This is one user's, and not root's.
        assert as_user('ben', 'ctrctl', 'exec', 'mine', '--', 'true').status == 0
        ctl('exec', 'too', '--', 'true')
        console.kill()
        console.communicate()
        wait_until(lambda: as_user('ann', 'ctrctl', 'exec', 'mine', '--', 'true').status == 0)
        running.append(begin('ann', 'mine', 'cat'))
        refused('ann', 'exec', 'mine', '--', 'true', word=word)
        # Its end, the end of its container, and that of the client, whose command runs on.
        end(running.pop(0))
        ctl('stop', 'too')
        wait_until(lambda: len(os.listdir('/proc/%d/fd' % ctrd_pid())) <= before + 4)
        ctl('start', 'too')
        running += [begin('ann', 'too', 'cat') for _ in range(2)]
        refused('ann', 'exec', 'mine', '--', 'true', word=word)
        for p in running:
            p.kill()
            p.communicate()
        wait_until(lambda: as_user('ann', 'ctrctl', 'exec', 'mine', '--', 'true').status == 0)


def test_users_leave_places_for_root():
    with container('mine', BUSYBOX, 'Owner=ann'), limits('UserSessionsMax=100'):
        client = ['setpriv', '--reuid', 'ann', '--clear-groups', 'ctrctl', 'exec', 'mine', '--', 'sleep', '1000']
        running = [subprocess.Popen(client, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(60)]
        try:
            wait_until(lambda: len(glob.glob('/sys/fs/cgroup/machine.slice/ctr-mine.scope/payload/ctr.exec-*')) == 56 and
                       sum(p.poll() is not None for p in running) == 4, what='all places but those of root that are taken')
            refused('ann', 'exec', 'mine', '--', 'true', word='56 commands run in the container already')
            ctl('exec', 'mine', '--', 'true')
        finally:
            for p in running:
                p.kill()
                p.wait()


def test_a_user_owns_no_more_than_one_may():
    number = run('id', '-u', 'ann').out.strip()
    with container('one', BUSYBOX, 'Owner=ann', start=False), container('two', start=False), limits('UserContainersMax=1'):
        word = 'owns 1 containers already'
        fails('create', 'three', BUSYBOX, '-s', 'Owner=ben ' + number, word=word)
        fails('set', 'two', 'Owner=ann', word=word)
        r = run('busctl', 'call', 'org.ctrd1', '/org/ctrd1/container/two', 'org.ctrd1.Container', 'SetSettings', 'a(ss)b', '1', 'Owner', number, 'no')
        assert r.status == 1 and word in r.err, r
        ctl('set', 'one', 'Owner=ann ben')
        fails('set', 'two', 'Owner=ben', word=word)
        ctl('set', 'one', 'Owner=')
        ctl('set', 'two', 'Owner=ann')
        assert show('two')['Owner'] and names() == ['one', 'two']
