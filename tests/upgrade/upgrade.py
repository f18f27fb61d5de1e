# SPDX-License-Identifier: LGPL-2.1-or-later
#
# In a host that has an earlier ctrd: upgrade.py DIRECTORY, which holds what is installed
# over it. TAP on standard output.

import os
import subprocess
import sys

sys.path.insert(0, '/src/tests/integration/host')
from ctrd import *      # noqa: E402

NAMES = ['plain', 'frozen', 'booted', 'down']
number = failed = 0


def check(what, holds, *why):
    global number, failed
    number += 1
    failed += not holds
    print('%s %d - upgrade: %s' % ('ok' if holds else 'not ok', number, what), flush=True)
    for line in [] if holds else why:
        print('#', line)


def picture():
    """What must be the same before and after."""
    keys = ('State', 'Leader', 'MachineID', 'UIDBase', 'Image', 'StartedAt', 'Unit', 'Description')
    return {name: {k: show(name).get(k) for k in keys} for name in NAMES}


def install(directory):
    run('cp', '-a', '--remove-destination', directory + '/.', '/', check=True)
    # What a package does behind that: deb-systemd-helper(1), dh_installsystemd(1).
    run('systemctl', 'daemon-reload', check=True)
    run('systemctl', 'reload', 'dbus', check=True)
    run('systemctl', 'try-restart', 'ctrd.service', 'ctr-launcher.service', check=True)


def main(directory):
    create('plain', BUSYBOX, 'Description=as it was', start=True)
    create('frozen', start=True)
    ctl('freeze', 'frozen')
    create('booted', DEBIAN, start=True)
    create('down', BUSYBOX, 'TasksMax=77')
    before = picture()
    monitors = {name: monitor_pid(name) for name in NAMES if name != 'down'}
    inodes = os.stat('/usr/lib/ctrd/ctr-monitor').st_ino

    stream = subprocess.Popen(['ctrctl', 'exec', 'plain', '--', 'sh', '-c', 'while read x; do echo got $x; done; exit 7'],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
    stream.stdin.write('one\n')
    check('a command answers before', stream.stdout.readline() == 'got one\n')
    console = subprocess.Popen(['ctrctl', 'console', '--read-only', 'plain'], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    waits = subprocess.Popen(['ctrctl', 'wait', 'booted'], stdout=subprocess.DEVNULL)
    since = time.time()

    install(directory)

    check('another program is there', os.stat('/usr/lib/ctrd/ctr-monitor').st_ino != inodes)
    check('containers are as they were', picture() == before, before, picture())
    check('and so are their monitors', {name: monitor_pid(name) for name in monitors} == monitors)
    stream.stdin.write('two\n')
    check('a command goes on', stream.stdout.readline() == 'got two\n')
    stream.stdin.close()
    check('and its status comes', stream.wait(20) == 7, stream.returncode)
    check('whoever is attached or waits still does', console.poll() is None and waits.poll() is None)
    errors = run('journalctl', '-u', 'ctrd', '-u', 'ctr-launcher', '-p', 'warning', '--since=@%d' % since, '-o', 'cat', '-q').out
    check('nothing is complained of', not errors.strip(), *errors.splitlines())

    # The new ctrd with old monitors.
    check('a command is run', inside('booted', 'echo', 'hi') == 'hi\n')
    ctl('thaw', 'frozen')
    ctl('freeze', 'frozen')
    check('frozen and thawed', state('frozen') == 'frozen')
    ctl('attach', 'plain', 'TemporaryFileSystem=/mnt')
    check('something is attached', ' /mnt tmpfs ' in inside('plain', 'cat', '/proc/mounts'))
    ctl('set', 'plain', 'TasksMax=88', 'Description=new')
    check('settings change', show('plain')['Description'] == 'new')
    ctl('stop', 'booted')
    check('a stop, which is waited for', waits.wait(30) == 0)

    # And with new ones.
    ctl('start', 'down')
    ctl('restart', 'plain', 'frozen')
    ctl('start', 'booted')
    check('all run', all(state(name) == 'running' for name in NAMES))
    check('under new monitors', not {monitor_pid(name) for name in NAMES} & set(monitors.values()))
    console.kill()
    console.wait()
    remove(*NAMES)
    left = settle_leftovers()
    check('nothing is left behind', not left, left)
    print('1..%d' % number)
    return failed != 0


sys.exit(main(sys.argv[1]))
