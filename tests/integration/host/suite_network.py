# SPDX-License-Identifier: LGPL-2.1-or-later
# host, private and veth.

import json
import os

from ctrd import *


def links(name):
    return sorted(line.split(':')[0].strip() for line in inside(name, 'cat', '/proc/net/dev').splitlines()[2:])


def test_veth_is_the_default_and_has_its_address_before_init():
    script = 'Command=/bin/sh -c "ip addr show host0; ip route; echo done; sleep 1000"'
    with container('web', BUSYBOX, script, 'Address=10.99.0.2/24', 'Gateway=10.99.0.1', 'DNS=10.99.0.1'):
        wait_until(lambda: 'done' in ctl('logs', 'web'))
        log = ctl('logs', 'web')
        assert 'inet 10.99.0.2/24' in log and 'default via 10.99.0.1' in log, log
        assert 'nameserver 10.99.0.1' in inside('web', 'cat', '/etc/resolv.conf')
        assert links('web') == ['host0', 'lo'], links('web')


def test_host_and_container_talk():
    with container('web', BUSYBOX, 'Address=10.99.1.2/24'):
        run('ip', 'address', 'add', '10.99.1.1/24', 'dev', 've-web', check=True)
        inside('web', 'ping', '-c', '1', '-w', '5', '10.99.1.1')


def test_mac_addresses_come_from_the_name():
    with container('web'):
        first = inside('web', 'cat', '/sys/class/net/host0/address')
        outside = open('/sys/class/net/ve-web/address').read()
        ctl('restart', 'web')
        assert inside('web', 'cat', '/sys/class/net/host0/address') == first
        assert open('/sys/class/net/ve-web/address').read() == outside != first
        assert int(first.split(':')[0], 16) & 3 == 2, first


def test_mac_address_by_setting():
    with container('web', BUSYBOX, 'MACAddress=02:00:00:12:34:56'):
        assert inside('web', 'cat', '/sys/class/net/host0/address').strip() == '02:00:00:12:34:56'


def test_long_names_do_not_meet():
    a, b = 'a-long-name-of-a-container-1', 'a-long-name-of-a-container-2'
    with container(a), container(b):
        ours = [i for i in os.listdir('/sys/class/net') if i.startswith('ve-')]
        assert len(ours) == 2 and all(len(i) <= 15 for i in ours), ours


def test_private():
    with container('web', BUSYBOX, 'Mode=private'):
        assert links('web') == ['lo'], links('web')
        inside('web', 'ping', '-c', '1', '-w', '5', '127.0.0.1')


def test_host():
    with container('web', BUSYBOX, 'Mode=host'):
        assert links('web') == sorted(os.listdir('/sys/class/net')), links('web')
        assert os.readlink('/proc/%s/ns/net' % show('web')['Leader']) == os.readlink('/proc/self/ns/net')


def test_a_crash_leaves_no_interface_in_the_way():
    with container('web'):
        os.kill(monitor_pid('web'), 9)
        wait_until(lambda: state('web') == 'failed')
        ctl('start', 'web')
        assert links('web') == ['host0', 'lo']


def addresses(name):
    return show(name)['Addresses'].split()


def told(name):
    """What ctrd told of addresses since this was last asked, to a client that listens."""
    import bus
    client = bus.Client()
    seen = []
    client.bus.signal_subscribe('org.ctrd1', 'org.freedesktop.DBus.Properties', 'PropertiesChanged', '/org/ctrd1/container/' + name, None,
                                0, lambda c, s, p, i, m, a: 'Addresses' in a[1] and seen.append(a.unpack()[1]['Addresses']))
    client.jobs()       # the bus has heard of it
    return client, seen


def test_addresses_that_the_container_gives_itself():
    with container('web', BUSYBOX, 'Address=10.99.2.2/24'):
        run('ip', 'link', 'set', 've-web', 'up', check=True)
        assert addresses('web') == ['10.99.2.2/24'], addresses('web')
        inside('web', 'ip', 'addr', 'add', '10.99.3.7/16', 'dev', 'host0')
        inside('web', 'ip', 'addr', 'add', '169.254.7.7/16', 'dev', 'host0', 'scope', 'link')
        inside('web', 'ip', '-6', 'addr', 'add', 'fd00:99::7/64', 'dev', 'host0')
        wait_until(lambda: sorted(addresses('web')) == ['10.99.2.2/24', '10.99.3.7/16', 'fd00:99::7/64'])
        # ctrd finds them again, and hears of what comes then.
        run('systemctl', 'kill', '--signal=KILL', 'ctrd', check=True)
        assert sorted(addresses('web')) == ['10.99.2.2/24', '10.99.3.7/16', 'fd00:99::7/64']
        inside('web', 'ip', 'addr', 'flush', 'dev', 'host0')
        wait_until(lambda: addresses('web') == [])
        assert 'host0' in links('web')
        # A reboot makes another namespace; then what the settings say is there again.
        ctl('restart', 'web')
        assert addresses('web') == ['10.99.2.2/24']
        inside('web', 'ip', 'addr', 'add', '10.99.4.4/24', 'dev', 'host0')
        wait_until(lambda: len(addresses('web')) == 2)
        ctl('stop', 'web')
        assert addresses('web') == ['10.99.2.2/24']
    assert not [i for i in os.listdir('/sys/class/net') if i.startswith('ve-')]


def test_addresses_without_end():
    from bus import GLib
    with container('web', BUSYBOX, 'Address=10.99.5.2/24'):
        client, seen = told('web')
        begun = time.monotonic()
        inside('web', 'sh', '-c', 'for i in $(seq 1 200); do ip addr add 10.98.$i.1/24 dev host0; ip addr del 10.98.$i.1/24 dev host0; done; '
               'for i in $(seq 1 60); do ip addr add 10.97.$i.1/24 dev host0; done')
        wait_until(lambda: len(addresses('web')) == 16)
        client.jobs()       # what was told before this answer has come before it
        lasted = time.monotonic() - begun
        while GLib.MainContext.default().iteration(False):
            pass
        # At most five a second.
        assert 1 <= len(seen) <= lasted * 5 + 2, (len(seen), lasted)
        assert len(seen[-1]) == 16, seen[-1]
        ctl('stop', 'web')


def test_nobody_but_the_kernel_tells_of_addresses():
    """Root inside may send to any netlink socket of its namespace, and so stop its answers."""
    with container('web', DEBIAN, 'Address=10.99.6.2/24'):
        ctl('exec', 'web', '--', 'perl', '-e', '''use Socket;
            open(F, "/proc/net/netlink"); my @ports = map { (split)[2] } grep { (split)[1] eq "0" } <F>;
            my ($sent, $tried) = (0, 0);
            for my $port (grep { $_ > 0 } @ports) {
                socket(S, 16, 3, 0) or die; bind(S, pack("SSLL", 16, 0, 0, 0)) or die;
                for (1 .. 2000) { $tried++; send(S, pack("LSSLL", 16, 16, 0, 0, 0), 0x40, pack("SSLL", 16, 0, $port, 0)) and $sent++; }
            }
            die "nothing was tried" unless $tried; print "$sent of $tried\\n";''')
        inside('web', 'ip', 'addr', 'add', '10.99.7.7/24', 'dev', 'host0')
        wait_until(lambda: len(addresses('web')) == 2)
        ctl('stop', '--timeout=1ms', 'web')
