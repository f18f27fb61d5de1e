# SPDX-License-Identifier: LGPL-2.1-or-later
"""File systems of ctrd's become full: what cannot be written is refused with a sentence
and leaves nothing, what runs goes on, and when there is room again all is as before."""

from bus import *
from ctrd import *

SMALL = {'/var/lib/ctrd/containers': '4m', '/etc/ctrd/containers': '64k', '/run/ctrd/containers': '2m'}


def fill(directory):
    with open(directory + '/.filler', 'ab', buffering=0) as f:
        for size in (65536, 4096, 1):
            try:
                while True:
                    f.write(b'x' * size)
            except OSError:
                pass


def refused(*argv):
    r = run('ctrctl', '-q', *argv)
    assert r.status == 1 and len(r.err.splitlines()) == 1 and 'space' in r.err.lower(), 'ctrctl %s: %r' % (' '.join(argv), r)


def settings(name):
    return ctl('get', name, 'Description', 'StartTimeoutSec')


def full(directory):
    create('d0', BUSYBOX, 'StopTimeoutSec=3s', start=True)
    ctl('set', 'd0', 'Description=before', 'StartTimeoutSec=77s')
    before = settings('d0')
    fill(directory)
    try:
        written = not directory.startswith('/run')
        if written:
            refused('create', 'd1', BUSYBOX)
            assert names() == ['d0']
            for path in ('/etc/ctrd/containers', '/var/lib/ctrd/containers'):
                left = [n for n in os.listdir(path) if 'd1' in n]
                assert not left, left
        if directory.startswith('/etc'):
            refused('set', 'd0', 'Description=after', 'StartTimeoutSec=78s')
            assert settings('d0') == before
        run('systemctl', 'restart', 'ctrd', check=True)
        assert state('d0') == 'running' and settings('d0') == before
        if written:     # the runtime writes there, for each command
            assert inside('d0', 'hostname').strip() == 'd0'
        else:
            fails('exec', 'd0', '--', 'hostname', status=125)
        ctl('stop', 'd0')
        assert state('d0') == 'stopped'
        fill(directory)     # of the run something has gone
        r = run('ctrctl', '-q', 'start', 'd0')
        if r.status:
            assert len(r.err.splitlines()) == 1 and 'space' in r.err.lower(), r
            wait_until(lambda: state('d0') in ('stopped', 'failed'))
            assert not pids_of_payload('d0')
        if not written:
            assert r.status, 'a run that could not be written down began'
    finally:
        os.unlink(directory + '/.filler')
    if state('d0') != 'running':
        ctl('start', 'd0')
    ctl('set', 'd0', 'Description=after')
    assert inside('d0', 'hostname').strip() == 'd0'
    create('d1')
    fill(directory)
    try:
        remove('d0', 'd1')
    finally:
        os.unlink(directory + '/.filler')
    # but for the file systems themselves
    wait_until(lambda: not names() and not [x for x in leftovers() if x.split(' ')[1] not in SMALL], 10, 'nothing to be left')


def disk():
    run('systemctl', 'stop', 'ctrd')
    os.makedirs('/etc/ctrd/containers', exist_ok=True)
    mounted = []
    try:
        for directory, size in SMALL.items():
            os.makedirs(directory, exist_ok=True)
            mode = '0%o' % (os.stat(directory).st_mode & 0o777)
            run('mount', '-t', 'tmpfs', '-o', 'size=%s,mode=%s' % (size, mode), 'small', directory, check=True)
            mounted.append(directory)
        run('systemctl', 'start', 'ctrd', check=True)
        for directory in SMALL:
            full(directory)
    finally:
        run('systemctl', 'stop', 'ctrd')
        for directory in mounted:
            run('umount', directory)
    return '%d file systems become full' % len(mounted)
