# SPDX-License-Identifier: LGPL-2.1-or-later
# A container made of another: it has everything of it, and is another.

import random
import shutil
import stat
import struct

from ctrd import *
from suite_bus import GLib, Signals, call, container_path, get
from suite_rename import mac, nothing_of, restart_ctrd

CONTAINERS = '/var/lib/ctrd/containers/'
SETTINGS = '/etc/ctrd/containers/'
DIFFER = ('MachineID', 'UIDBase')
SAME = ('UIDCount', 'Image', 'Template', 'Description', 'UserNamespace', 'Autostart')
UPPER = CONTAINERS + '%s/fs/upper'



def gone(*copies):
    for name in copies:
        nothing_of(name)
    assert not glob.glob(CONTAINERS + '.new-*') and not run('systemctl', 'list-units', '--plain', '--no-legend', 'ctr-clone-*').out


def clone(name, new, *assignments, **kw):
    argv = ['clone', name, new]
    for a in assignments:
        argv += ['-s', a]
    ctl(*argv, **kw)


def test_clone():
    with container('web', BUSYBOX, 'Description=one', 'Environment=A=1', 'MACAddress=02:00:00:00:00:01', 'Hostname=web'):
        ctl('set', 'web', 'MemoryMax=100M')
        ctl('set', '--runtime', 'web', 'TasksMax=99')
        with open(SETTINGS + 'web.conf.d/90-hand.conf', 'w') as f:
            f.write('# by hand\n[Resources]\nCPUWeight=50')
        inside('web', 'sh', '-c', 'echo mine > /word; chown 4:5 /word; chmod 4755 /word; ln /word /again; rm /etc/passwd; mkfifo /fifo')
        fails('clone', 'web', 'web2', word='stop it first')
        ctl('stop', 'web')
        before = show('web')
        clone('web', 'web2')
        p = show('web2')
        assert show('web') == before
        assert all(p[k] == before[k] for k in SAME) and all(p[k] != before[k] for k in DIFFER), (before, p)
        assert (p['State'], p['ExitReason'], p['ExitedAt'], p['Restarts']) == ('stopped', '', '0', '0'), p
        assert int(p['CreatedAt']) > int(before['CreatedAt'])
        assert ctl('get', 'web2', 'MemoryMax').strip() == '104857600' and ctl('get', 'web2', 'CPUWeight').strip() == '50'
        assert ctl('get', 'web2', 'TasksMax').strip() != '99' and 'by hand' in settings_text('web2')
        for key in ('MACAddress', 'MachineID', 'Hostname'):
            assert ctl('get', 'web2', key).strip() == '', key
        assert sorted(os.listdir(CONTAINERS + 'web2')) == ['fs', 'identity.json']
        ctl('start', 'web', 'web2')
        assert mac('web2') != mac('web') and inside('web2', 'hostname').strip() == 'web2'
        assert inside('web2', 'sh', '-c', 'stat -c "%u:%g %a %h" /word; cat /again').split() == ['4:5', '4755', '2', 'mine']
        fails('exec', 'web2', 'ls', '/etc/passwd', status=1)
        inside('web2', 'sh', '-c', 'echo other > /word; rm /fifo')
        assert inside('web', 'cat', '/word').strip() == 'mine' and inside('web', 'ls', '/fifo')
        remove('web2')
        gone('web2')


def test_every_kind_of_file():
    with container('web', start=False):
        upper = UPPER % 'web'
        os.mknod(upper + '/whiteout', stat.S_IFCHR, 0)
        os.mknod(upper + '/null', stat.S_IFCHR | 0o666, os.makedev(1, 3))
        os.mkfifo(upper + '/fifo', 0o640)
        os.symlink('/etc/shadow', upper + '/link')
        os.mkdir(upper + '/opaque')
        os.setxattr(upper + '/opaque', 'trusted.overlay.opaque', b'y')
        with open(upper + '/sparse', 'wb') as f:
            f.truncate(1 << 40)
            f.seek(1 << 30)
            f.write(b'x' * 4096)
        # u::rw- u:7:rw- g::r-- m::rw- o::---, as acl(5) has it on disk
        os.setxattr(upper + '/sparse', 'system.posix_acl_access', struct.pack(
            '<I' + 'HHI' * 5, 2, 1, 6, 2 ** 32 - 1, 2, 6, 7, 4, 4, 2 ** 32 - 1, 16, 6, 2 ** 32 - 1, 32, 0, 2 ** 32 - 1))
        os.makedirs(CONTAINERS + 'web/storage/docker')
        with open(CONTAINERS + 'web/storage/docker/layer', 'w') as f:
            f.write('kept')
        begun = time.monotonic()
        clone('web', 'copy')
        assert time.monotonic() - begun < 10 * PATIENCE
        new = UPPER % 'copy'
        for name in os.listdir(upper):
            a, b = os.lstat(upper + '/' + name), os.lstat(new + '/' + name)
            assert (a.st_mode, a.st_rdev, a.st_uid, a.st_size, a.st_mtime_ns) == (b.st_mode, b.st_rdev, b.st_uid, b.st_size, b.st_mtime_ns), name
            if not stat.S_ISLNK(a.st_mode):
                for x in os.listxattr(upper + '/' + name):
                    assert os.getxattr(upper + '/' + name, x) == os.getxattr(new + '/' + name, x), (name, x)
        assert os.getxattr(new + '/opaque', 'trusted.overlay.opaque') == b'y'
        assert os.lstat(new + '/sparse').st_blocks < 1000 and os.readlink(new + '/link') == '/etc/shadow'
        assert open(CONTAINERS + 'copy/storage/docker/layer').read() == 'kept'
        remove('copy')


def test_identity_inside():
    with container('web', start=False):
        upper, machine = UPPER % 'web', show('web')['MachineID']
        for path, text in (('etc/machine-id', machine + '\n'), ('var/lib/dbus/machine-id', machine), ('etc/hostname', 'web\n'),
                           ('etc/hosts', 'web\n'), ('var/log/journal/%s/system.journal' % machine, 'x'), ('var/log/journal/other/x', 'x')):
            os.makedirs(os.path.dirname(upper + '/' + path), exist_ok=True)
            with open(upper + '/' + path, 'w') as f:
                f.write(text)
        clone('web', 'copy', 'MachineID=' + 'ab' * 16)
        new = UPPER % 'copy'
        assert show('copy')['MachineID'] == 'ab' * 16
        assert open(new + '/etc/machine-id').read() == 'ab' * 16 + '\n' and open(new + '/var/lib/dbus/machine-id').read() == 'ab' * 16
        assert open(new + '/etc/hostname').read() == 'copy\n' and open(new + '/etc/hosts').read() == 'web\n'
        assert os.listdir(new + '/var/log/journal') == ['other']
        assert open(upper + '/etc/machine-id').read().strip() == machine
        remove('copy')


def test_settings():
    with container('web', BUSYBOX, 'Environment=A=1', 'Environment=B=2', start=False):
        clone('web', 'copy', 'Environment=C=3', 'Description=other', 'UIDCount=65536')
        assert ctl('get', 'copy', 'Environment').split() == ['C=3'] and show('copy')['Description'] == 'other'
        clone('copy', 'third')
        assert ctl('get', 'third', 'Environment').split() == ['C=3'] and show('third')['Description'] == 'other'
        remove('copy', 'third')
        for bad, word in (('Memory=1', 'Memory'), ('MemoryMax=x', 'MemoryMax'), ('After=copy', 'itself'), ('Description=a\\', 'backslash'),
                          ('UIDBase=%s' % show('web')['UIDBase'], 'UIDBase')):
            fails('clone', 'web', 'copy', '-s', bad, word=word)
            gone('copy')


def test_what_is_refused():
    with container('web', start=False):
        for argv in (('clone',), ('clone', 'web'), ('clone', 'web', 'a', 'b'), ('clone', 'web', 'a', '-s', 'x')):
            fails(*argv, status=2)
        fails('clone', 'nobody', 'x', word='nobody')
        fails('clone', 'web', 'UPPER', word='UPPER')
        fails('clone', 'web', 'web', word='already')
        for path in (SETTINGS + 'copy.conf', SETTINGS + 'copy.conf.d', CONTAINERS + 'copy'):
            os.makedirs(path)
            fails('clone', 'web', 'copy', word=path)
            os.rmdir(path)
        r = run('setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', 'busctl', 'call', 'org.ctrd1', '/org/ctrd1',
                'org.ctrd1.Manager', 'CloneContainer', 'ssa(ss)a{sv}', 'web', 'copy', '0', '0')
        assert r.status != 0, r
        ctl('set', 'web', 'UserNamespace=identity')
        with visitor('org.ctrd1.manage') as prefix:
            r = run(*prefix, 'ctrctl', 'clone', 'web', 'copy')
            assert r.status == 1 and 'authorisation' in r.err and 'copy' not in names(), r
            r = run(*prefix, 'ctrctl', 'clone', 'web', 'copy', '-s', 'UserNamespace=yes')
            assert r.status == 0, r
        remove('copy')
        gone('copy')


FILES = 200


def fill(name):
    for i in range(FILES):
        with open('%s/f%d' % (UPPER % name, i), 'wb') as f:
            f.write(b'x' * 5000)


class held:
    """with held('copy'): who copies for it does not begin before go()."""

    def __init__(self, name):
        self.directory = '/run/systemd/system/ctr-clone-%s.service.d' % name
        self.gate = '/run/gate'

    def __enter__(self):
        os.makedirs(self.directory)
        with open(self.directory + '/gate.conf', 'w') as f:
            f.write('[Service]\nExecStartPre=/bin/sh -c "trap \'sleep 0.2; exit 1\' TERM; while [ -e %s ]; do sleep 0.02; done"\n' % self.gate)
        open(self.gate, 'w').close()
        run('systemctl', 'daemon-reload', check=True)
        return self

    def go(self):
        os.unlink(self.gate)

    def __exit__(self, *exc):
        if os.path.exists(self.gate):
            self.go()
        os.unlink(self.directory + '/gate.conf')
        os.rmdir(self.directory)
        run('systemctl', 'daemon-reload', check=True)


def begin(name, new):
    return call('/org/ctrd1', 'org.ctrd1.Manager', 'CloneContainer', GLib.Variant('(ssa(ss)a{sv})', (name, new, [], {})))[0][0]


def ended(job):
    return lambda seen: any(s[2] == 'JobRemoved' and s[3][0] == job for s in seen)


def test_while_it_is_copied():
    with container('web', start=False), held('copy') as held_back:
        fill('web')
        with Signals() as signals:
            job = begin('web', 'copy')
            assert get(job, 'org.ctrd1.Job', 'Kind') == 'clone'
            for argv in (('start', 'web'), ('remove', '--force', 'web'), ('rename', 'web', 'x')):
                fails(*argv, word='cloned')
            for argv in (('create', 'copy', BUSYBOX), ('clone', 'web', 'copy')):
                fails(*argv, word='already')
            assert names() == ['web']
            clone('web', 'other')
            held_back.go()
            signals.until(ended(job))
        told = [s[3][1]['Progress'] for s in signals.seen if s[2] == 'PropertiesChanged' and s[0] == job and 'Progress' in s[3][1]]
        assert told == sorted(told) and told[-1] == 100 and len(set(told)) > 3, told
        assert get(job, 'org.ctrd1.Job', 'State') == 'done' and len(os.listdir(UPPER % 'copy')) == FILES
        ctl('start', 'web')
        remove('copy', 'other')


def test_cancel_leaves_nothing():
    with container('web', start=False):
        with held('copy'):
            job = begin('web', 'copy')
            with Signals() as signals:
                call(job, 'org.ctrd1.Job', 'Cancel')
                signals.until(ended(job))
            assert [s[3][2] for s in signals.seen if s[2] == 'JobRemoved'] == ['canceled']
            # by then nobody writes
            assert not glob.glob('/sys/fs/cgroup/system.slice/ctr-clone-copy.service')
            p = subprocess.Popen(['ctrctl', 'clone', 'web', 'copy'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            wait_until(lambda: os.path.exists(CONTAINERS + '.new-copy'))
            p.send_signal(signal.SIGINT)
            assert p.wait(60) == 128 + signal.SIGINT
            wait_until(lambda: not glob.glob(CONTAINERS + '.*'))
            gone('copy')
            ctl('start', 'web')
            ctl('stop', 'web')
        clone('web', 'copy')
        remove('copy')


def test_settings_that_come_meanwhile_stay():
    conf = SETTINGS + 'copy.conf'
    with container('web', start=False), held('copy') as held_back:
        begin('web', 'copy')
        with open(conf, 'w') as f:
            f.write('# mine\n')
        kill_ctrd()
        run('systemctl', 'reset-failed', 'ctrd')
        wait_until(lambda: run('ctrctl', 'list').status == 0)
        assert names() == ['web'] and open(conf).read() == '# mine\n'
        os.unlink(conf)
        with Signals() as signals:
            job = begin('web', 'copy')
            with open(conf, 'w') as f:
                f.write('# mine\n')
            held_back.go()
            signals.until(ended(job))
        assert [s[3][3] for s in signals.seen if s[2] == 'JobRemoved'] == ['org.ctrd1.Error.Exists']
        assert names() == ['web'] and open(conf).read() == '# mine\n'
        os.unlink(conf)
    wait_until(lambda: not glob.glob(CONTAINERS + '.*'))


def test_a_restart_waits_for_it():
    """and is none that failed, of which there may be so many."""
    with container('web', BUSYBOX, 'Restart=always', 'RestartSec=%ds' % (2 * PATIENCE), 'StartLimitBurst=1', 'StartLimitIntervalSec=1h',
                   'Command=/bin/sh -c "[ -e /again ] && exec sleep 1000; touch /again"', start=False), held('copy') as held_back:
        run('ctrctl', 'start', 'web')

        def next_start():
            p = show('web')
            return p['State'] in ('stopped', 'failed') and int(p['NextStartAt'])
        due = wait_until(next_start)
        with Signals() as signals:
            job = begin('web', 'copy')
            time.sleep(max(0, due / 1e6 + 0.2 - time.time()))
            assert state('web') in ('stopped', 'failed') and show('web')['Restarts'] == '1'
            held_back.go()
            signals.until(ended(job))
        wait_until(lambda: state('web') == 'running')
        assert show('web')['Restarts'] == '1'
        remove('copy')


def test_what_cannot_be_copied():
    with container('web', start=False):
        os.mkdir(UPPER % 'web' + '/d')
        run('mount', '-t', 'tmpfs', 'none', UPPER % 'web' + '/d', check=True)
        try:
            fails('clone', 'web', 'copy', word='/d:')
        finally:
            run('umount', UPPER % 'web' + '/d', check=True)
        wait_until(lambda: not glob.glob(CONTAINERS + '.*'))
        gone('copy')


def test_kill_of_ctrd():
    rnd = random.Random(35)
    with container('web', start=False):
        fill('web')
        for _ in range(6):
            p = subprocess.Popen(['ctrctl', 'clone', 'web', 'copy'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(rnd.uniform(0, 0.15))
            kill_ctrd()
            done = p.wait(60) == 0
            run('systemctl', 'reset-failed', 'ctrd')
            wait_until(lambda: run('ctrctl', 'list').status == 0)
            assert 'copy' in names() or not done
            if 'copy' in names():
                assert len(os.listdir(UPPER % 'copy')) == FILES
                remove('copy')
            wait_until(lambda: not glob.glob(CONTAINERS + '.*'), 20, glob.glob(CONTAINERS + '.*'))
            gone('copy')
        assert len(os.listdir(UPPER % 'web')) == FILES


def test_debian():
    with container('deb', DEBIAN):
        machine = inside('deb', 'cat', '/etc/machine-id').strip()
        inside('deb', 'sh', '-c', 'hostnamectl set-hostname deb --static')
        ctl('stop', 'deb', timeout=120)
        clone('deb', 'copy')
        ctl('start', 'copy')
        new = inside('copy', 'cat', '/etc/machine-id').strip()
        assert new == show('copy')['MachineID'] and new != machine == show('deb')['MachineID']
        assert inside('copy', 'hostname').strip() == 'copy'
        assert run('systemctl', '-M', 'copy', 'is-system-running').out.strip() in ('running', 'starting')
        remove('copy')
