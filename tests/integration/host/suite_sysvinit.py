# SPDX-License-Identifier: LGPL-2.1-or-later
# A guest whose init is not systemd: Debian with sysvinit, made by the template. It
# needs a mirror, or an image that is there: tests/vm/run --images.

from ctrd import *

GUEST = 'debian/bookworm-sysvinit'
IMAGE = '/var/lib/ctrd/images/debian-bookworm-sysvinit'
SHARED = ['sv']
WHY = None


def setup():
    global WHY
    r = run('ctrctl', 'create', 'sv', GUEST, timeout=300)
    if r.status != 0:
        # A host that has no mirror cannot make the image; anything else is a failure.
        assert 'mirror' in r.err and not os.path.exists(IMAGE), r
        WHY = 'no image of %s, and no mirror to make one from' % GUEST
        return
    ctl('start', 'sv')


def teardown():
    if not WHY:
        remove('sv')


def guest():
    if WHY:
        raise Skip(WHY)


def has_booted():
    return '\nsv login:' in ctl('logs', 'sv').replace('\r', '')


def agetty():
    return run('ctrctl', 'exec', 'sv', '--', 'pgrep', 'agetty').out.strip()


def test_the_system_boots_and_no_script_failed():
    guest()
    wait_until(has_booted)
    assert inside('sv', 'runlevel').split() == ['N', '2']
    said = strip_escapes(ctl('logs', 'sv'))
    assert 'failed!' not in said and 'returned failure' not in said, said
    with open('/proc/%s/comm' % show('sv')['Leader']) as f:
        assert f.read() == 'init\n'
    assert inside('sv', 'uname', '-n').strip() == 'sv'


def test_it_is_confined_as_others_are():
    guest()
    layers = json.loads(ctl('security', '--json', 'sv'))
    assert layers, layers
    status = dict(line.split(':', 1) for line in inside('sv', 'cat', '/proc/1/status').splitlines())
    assert status['Seccomp'].strip() == '2'
    assert inside('sv', 'cat', '/proc/self/uid_map').split()[1] != '0'
    label = open('/proc/%s/attr/current' % show('sv')['Leader']).read() if os.path.isdir('/sys/kernel/security/apparmor') else None
    assert label is None or 'ctr-sv' in label, label


def test_init_restarts_the_login_and_reboots():
    guest()
    getty = wait_until(agetty)
    inside('sv', 'kill', '-HUP', getty)
    wait_until(lambda: agetty() not in ('', getty))
    leader = show('sv')['Leader']
    inside('sv', 'reboot')
    wait_until(lambda: show('sv')['Leader'] not in ('', '0', leader) and state('sv') == 'running', 60)
    wait_until(lambda: run('ctrctl', 'exec', 'sv', '--', 'runlevel').out.split() == ['N', '2'], 60)


def test_stop_powers_off_by_inittab():
    guest()
    ctl('stop', 'sv')
    p = show('sv')
    assert (p['State'], p['ExitReason']) == ('stopped', 'poweroff'), p
    ctl('start', 'sv')
    wait_until(has_booted)
