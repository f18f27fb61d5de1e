# SPDX-License-Identifier: LGPL-2.1-or-later
# dbus-daemon restarts under everything. Apart from the other suites, since what
# watches them is on that bus too.

import subprocess

from ctrd import *


def test_the_bus_restarts():
    with container('web'):
        before = show('web')
        tied = subprocess.Popen(['ctrctl', 'run', '--name', 'tied', BUSYBOX, 'sleep', '1000'], stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: 'tied' in names() and state('tied') == 'running')
        run('systemctl', 'restart', 'dbus')
        wait_until(lambda: run('ctrctl', 'show', 'web').status == 0, 60)
        assert show('web')['Leader'] == before['Leader']
        wait_until(lambda: 'tied' not in names(), what='nobody outlives a bus')
        assert tied.wait(30) != 0
        run('systemctl', 'restart', 'systemd-logind', 'systemd-machined', 'polkit')
