# SPDX-License-Identifier: LGPL-2.1-or-later
# dbus-daemon restarts under everything. Apart from the other suites, since what
# watches them is on that bus too.

from ctrd import *


def test_the_bus_restarts():
    with container('web'):
        before = show('web')
        run('systemctl', 'restart', 'dbus')
        wait_until(lambda: run('ctrctl', 'show', 'web').status == 0, 60)
        assert show('web')['Leader'] == before['Leader']
        run('systemctl', 'restart', 'systemd-logind', 'systemd-machined', 'polkit')
