# SPDX-License-Identifier: LGPL-2.1-or-later
# What may not be removed, and what is removed by itself. A host that goes down is played, as
# in suite_autostart.

from ctrd import *
from suite_autostart import power_cut
from suite_bus import GLib, call, container_path

INTERFACE = 'org.ctrd1.Container'
MARK = '/var/lib/ctrd/containers/%s/ephemeral'


def restart_ctrd():
    # More often than systemd likes a service to be.
    run('systemctl', 'reset-failed', 'ctrd')
    run('systemctl', 'restart', 'ctrd', check=True)


def has_gone(name):
    wait_until(lambda: name not in names(), what='%s to be removed' % name)
    assert not os.path.exists('/var/lib/ctrd/containers/' + name)
    assert not os.path.exists('/etc/ctrd/containers/%s.conf' % name)


def test_protected_is_not_removed():
    create('x', BUSYBOX, 'Protected=yes', start=True)
    for _ in range(2):  # it runs, and then not
        before, runs = show('x')['State'], show('x')['Leader']
        fails('remove', 'x', word='Protected=no')
        fails('remove', '--force', 'x', word='Protected=no')
        assert (show('x')['State'], show('x')['Leader']) == (before, runs)
        run('ctrctl', 'stop', 'x')
    ctl('set', 'x', 'Protected=no')
    ctl('remove', 'x')
    has_gone('x')


def test_protection_counts_at_once():
    with container('x', BUSYBOX) as name:
        ctl('set', name, 'Protected=yes')
        fails('remove', '--force', name, word='protected')
        ctl('set', name, 'Protected=no')
        # By hand, and ctrd was told nothing.
        path = '/etc/ctrd/containers/%s.conf.d' % name
        os.makedirs(path, exist_ok=True)
        with open(path + '/90-hand.conf', 'w') as f:
            f.write('[Container]\nProtected=yes\n')
        leader = show(name)['Leader']
        fails('remove', '--force', name, word='protected')
        assert show(name)['Leader'] == leader
        os.unlink(path + '/90-hand.conf')


def test_what_contradicts():
    for other in ('Protected=yes', 'Restart=always'):
        fails('create', 'x', BUSYBOX, '-s', 'Ephemeral=yes', '-s', other, word=other.split('=')[0])
    fails('create', 'x', BUSYBOX, '-s', 'Ephemeral=often', word='yes or no')
    assert names() == []


def test_every_end_removes():
    for end in (('stop', 'x'), ('kill', 'x'), ('exec', 'x', 'poweroff', '-f')):
        create('x', BUSYBOX, 'Ephemeral=yes', start=True)
        out = run('ctrctl', *end)
        if end[0] == 'stop':
            # The job is not done before it has gone.
            assert out.status == 0 and names() == [], out
        has_gone('x')


def test_monitor_lost():
    create('x', BUSYBOX, 'Ephemeral=yes', start=True)
    os.kill(monitor_pid('x'), 9)
    has_gone('x')


def test_what_is_no_end():
    create('x', BUSYBOX, 'Ephemeral=yes')
    assert not os.path.exists(MARK % 'x')
    restart_ctrd()
    assert names() == ['x']  # it never ran
    ctl('start', 'x')
    leader = show('x')['Leader']
    ctl('restart', 'x')
    assert show('x')['Leader'] != leader and show('x')['State'] == 'running'
    run('systemctl', 'reset-failed', 'ctrd')
    kill_ctrd()
    wait_until(lambda: run('ctrctl', 'list').status == 0)
    assert show('x')['State'] == 'running'
    ctl('stop', 'x')
    has_gone('x')


def test_a_start_that_failed_stays():
    with container('x', BUSYBOX, 'Ephemeral=yes', 'Command=/no/such/init', start=False) as name:
        assert run('ctrctl', 'start', name).status != 0
        assert show(name)['State'] == 'failed' and not os.path.exists(MARK % name)
        restart_ctrd()
        assert names() == [name]


def test_the_setting_has_the_last_word():
    with container('x', BUSYBOX, 'Ephemeral=yes') as name:
        ctl('set', name, 'Ephemeral=no')
        ctl('stop', name)
        assert show(name)['State'] == 'stopped' and not os.path.exists(MARK % name)
        # One that ran before it had the setting stays.
        ctl('set', name, 'Ephemeral=yes')
        restart_ctrd()
        assert names() == [name]


def test_ctrd_was_away():
    create('x', BUSYBOX, 'Ephemeral=yes', start=True)
    leader = int(show('x')['Leader'])
    run('systemctl', 'stop', 'ctrd', check=True)
    os.kill(leader, 9)
    wait_until(lambda: run('systemctl', 'is-active', 'ctr-x.scope').status != 0)
    run('systemctl', 'reset-failed', 'ctrd')
    run('systemctl', 'start', 'ctrd', check=True)
    has_gone('x')


def test_the_host_was_away():
    create('x', BUSYBOX, 'Ephemeral=yes', 'Autostart=yes', start=True)
    create('y', BUSYBOX, 'Ephemeral=yes', 'Autostart=no')
    power_cut('x')
    has_gone('x')
    assert names() == ['y']
    remove('y')


def test_over_the_bus():
    create('x', BUSYBOX, 'Ephemeral=yes', start=True)
    call(container_path('x'), INTERFACE, 'Kill', GLib.Variant('(si)', ('all', 9)))
    has_gone('x')
