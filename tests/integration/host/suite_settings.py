# SPDX-License-Identifier: LGPL-2.1-or-later
# Settings that change while a container runs, or not.

from ctrd import *

ETC = '/etc/ctrd/containers/%s.conf.d'
RUN = '/run/ctrd/settings/%s.conf.d'


def get(name, *keys):
    return ctl('get', name, *keys).split('\n')[:-1]


def origin(name, key):
    for line in ctl('show', '--settings', '-p', key, name).splitlines():
        if '  # ' in line:
            return line.rsplit('  # ', 1)[1]
    return None


def unit_property(name, key):
    return run('systemctl', 'show', '-P', key, 'ctr-%s.scope' % name, check=True).out.strip()


def text(directory, name):
    try:
        with open(directory % name + '/50-set.conf') as f:
            return ''.join(line for line in f if not line.startswith('#'))
    except FileNotFoundError:
        return None


def test_slice():
    group = '/sys/fs/cgroup/machine.slice/machine-web.slice/ctr-sliced.scope'
    fails('create', 'sliced', BUSYBOX, '-s', 'Slice=web', word='machine-web.slice')
    with container('sliced', BUSYBOX, 'Slice=machine-web.slice') as name:
        assert unit_property(name, 'ControlGroup') == '/machine.slice/machine-web.slice/ctr-sliced.scope'
        leader = show(name)['Leader']
        with open('/proc/%s/cgroup' % leader) as f:
            assert (group[len('/sys/fs/cgroup'):] + '/payload') in f.read()
        run('machinectl', 'status', name, check=True)
        assert run('ctrctl', 'exec', name, '--', 'true').status == 0
        # Another is for its next start: what runs is where it was.
        assert 'started again' in run('ctrctl', 'set', name, 'Slice=', check=True).err
        assert os.path.isdir(group)
        ctl('freeze', name)
        assert 'frozen 1' in open(group + '/payload/cgroup.events').read()
        ctl('thaw', name)
        ctl('restart', name)
        assert unit_property(name, 'ControlGroup') == '/machine.slice/ctr-sliced.scope' and not os.path.exists(group)


def test_limits_change_at_once():
    with container('x', BUSYBOX, 'MemoryMax=512M') as name:
        leader = show(name)['Leader']
        assert get(name, 'MemoryMax') == ['536870912']
        out = run('ctrctl', 'set', name, 'MemoryMax=1G', 'CPUQuota=50%', 'TasksMax=100', 'AllowedCPUs=0')
        assert (out.status, out.out, out.err) == (0, '', ''), out
        assert [unit_property(name, k) for k in ('MemoryMax', 'CPUQuotaPerSecUSec', 'TasksMax', 'AllowedCPUs')] == \
            ['1073741824', '500ms', '100', '0']
        assert get(name, 'MemoryMax', 'CPUQuota', 'TasksMax', 'AllowedCPUs') == ['1073741824', '50%', '100', '0']
        assert text(ETC, name) == '[Resources]\nMemoryMax=\nMemoryMax=1G\nCPUQuota=\nCPUQuota=50%\nTasksMax=\nTasksMax=100\n' \
            'AllowedCPUs=\nAllowedCPUs=0\n'
        # Back to the default: not to what the container was made with.
        ctl('set', name, 'MemoryMax=', 'AllowedCPUs=')
        assert (unit_property(name, 'MemoryMax'), unit_property(name, 'AllowedCPUs'), get(name, 'MemoryMax')) == ('infinity', '', [])
        assert show(name)['Leader'] == leader
        # It is for the next run too, and survives ctrd.
        kill_ctrd()
        wait_until(lambda: run('ctrctl', 'restart', name).status == 0)
        assert [unit_property(name, k) for k in ('MemoryMax', 'CPUQuotaPerSecUSec', 'TasksMax')] == ['infinity', '500ms', '100']


def test_systemctl_and_ctrctl_agree():
    with container('x') as name:
        run('systemctl', 'set-property', '--runtime', 'ctr-x.scope', 'MemoryMax=300M', 'CPUWeight=77', 'AllowedCPUs=0-1', check=True)
        assert get(name, 'MemoryMax', 'CPUWeight', 'AllowedCPUs') == ['314572800', '77', '0-1']
        assert origin(name, 'MemoryMax') == 'ctr-x.scope'
        ctl('set', name, 'MemoryMax=200M')
        assert (unit_property(name, 'MemoryMax'), get(name, 'MemoryMax')) == ('209715200', ['209715200'])
        # What was not named stays as it is.
        assert unit_property(name, 'CPUWeight') == '77'
        assert origin(name, 'MemoryMax').endswith('50-set.conf')


def test_others_wait_for_the_next_start():
    with container('x') as name:
        out = run('ctrctl', 'set', name, 'Description=A box', 'Environment=A=1', 'Environment=B=2 C=3', 'Hostname=boxed')
        assert out.status == 0 and out.err == 'Environment=, Hostname= will have its effect when x is started again.\n', out
        assert show(name)['Description'] == 'A box'
        assert get(name, 'Environment') == ['A=1', 'B=2', 'C=3']
        assert inside(name, 'hostname') == 'x\n'
        ctl('restart', name)
        assert inside(name, 'hostname') == 'boxed\n'
        # A list is what was given last; the same as before has no effect.
        out = run('ctrctl', 'set', name, 'Environment=D=4', 'Hostname=boxed')
        assert out.status == 0 and out.err.startswith('Environment= will'), out
        assert get(name, 'Environment') == ['D=4']


def test_effective():
    with container('x', BUSYBOX, 'MemoryMax=512M', 'Environment=A=1', 'Environment=B=2') as name:
        lines = ctl('show', '--effective', name).splitlines()
        for line in ctl('show', '--settings', name).splitlines():
            assert lines.count(line) == 1, line
        assert 'Exec.StopTimeoutSec=90s  # default' in lines and 'Resources.CPUWeight=  # default' in lines, lines
        assert not [x for x in lines if x.startswith('Resources.MemoryMax=') and x.endswith('# default')], lines
        keys = [x.split('=')[0] for x in lines]
        assert keys.count('Exec.Environment') == 2 and keys.count('Exec.StopTimeoutSec') == 1, keys
        assert ctl('show', '-e', '-p', 'StopTimeoutSec', '--value', name) == '90s\n'
        ctl('set', name, 'StopTimeoutSec=5')
        assert ctl('show', '-e', '-p', 'StopTimeoutSec', '--value', name) == '5s\n'


def test_all_or_nothing():
    with container('x', BUSYBOX, 'MemoryMax=512M') as name:
        before = ctl('show', '--settings', name), text(ETC, name), unit_property(name, 'MemoryMax')
        for bad, word in ((('MemoryMax=1G', 'TasksMax=many'), 'TasksMax'), (('MemoryMax=1G', 'NoSuchKey=1'), 'NoSuchKey'),
                          (('MemoryMax=1G', 'MemoryHigh=2G'), 'MemoryHigh'), (('MemoryMax=1G', 'Mode=private', 'Address=10.0.0.1/24'), 'Mode=veth'),
                          (('Description=a\n[Security]\nUserNamespace=no',), 'one line'), (('Description=a\\',), 'one line'),
                          (('MemoryMax=1G', 'UIDBase=1'), 'UIDBase')):
            fails('set', name, *bad, word=word)
        fails('set', name, 'MemoryMax', status=2, word='KEY=VALUE')
        fails('set', name, '=1', status=2, word='KEY=VALUE')
        fails('set', name, status=2)
        fails('set', 'nobody', 'MemoryMax=1G', word='nobody')
        fails('get', name, 'NoSuchKey', word='NoSuchKey')
        assert (ctl('show', '--settings', name), text(ETC, name), unit_property(name, 'MemoryMax')) == before
        # The key ends at the first "=", whoever asks.
        out = run('busctl', 'call', 'org.ctrd1', '/org/ctrd1/container/x', 'org.ctrd1.Container', 'SetSettings', 'a(ss)b', '1',
                  'Mem=oryMax', '1', 'false')
        assert out.status != 0 and 'no setting' in out.err, out
        assert text(ETC, name) == before[1]


def test_what_systemd_refuses_is_not_kept():
    policy = '/etc/dbus-1/system.d/zz-test.conf'

    def reload():
        run('busctl', 'call', 'org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus', 'ReloadConfig', check=True)
        # Who is connected already keeps what it may.
        run('systemctl', 'restart', 'ctrd', check=True)

    with container('x') as name:
        ctl('set', name, 'MemoryMax=400M', 'Hostname=a')
        before = text(ETC, name), text(RUN, name), get(name, 'MemoryMax', 'Hostname', 'Description')
        with open(policy, 'w') as f:
            f.write('<busconfig><policy context="mandatory"><deny send_destination="org.freedesktop.systemd1" '
                    'send_interface="org.freedesktop.systemd1.Manager" send_member="SetUnitProperties"/></policy></busconfig>')
        try:
            reload()
            # Found when the files are written already.
            fails('set', name, 'MemoryMax=500M', 'Hostname=b', 'Description=New', word='systemd refused')
            fails('set', '--runtime', name, 'MemoryMax=500M', word='systemd refused')
            assert (text(ETC, name), text(RUN, name), get(name, 'MemoryMax', 'Hostname', 'Description')) == before
            assert show(name)['Description'] == '' and unit_property(name, 'MemoryMax') == '419430400'
        finally:
            os.unlink(policy)
            reload()
        ctl('set', name, 'MemoryMax=500M')
        assert unit_property(name, 'MemoryMax') == '524288000'


def test_runtime_is_until_the_next_boot():
    with container('x', BUSYBOX, 'MemoryMax=512M') as name:
        ctl('set', '--runtime', name, 'MemoryMax=1G', 'Environment=A=1')
        assert (get(name, 'MemoryMax'), unit_property(name, 'MemoryMax'), text(ETC, name)) == (['1073741824'], '1073741824', None)
        assert origin(name, 'MemoryMax') == RUN % name + '/50-set.conf'
        ctl('restart', name)
        assert unit_property(name, 'MemoryMax') == '1073741824'
        # What is set for good goes before it.
        ctl('set', name, 'MemoryMax=600M')
        assert get(name, 'MemoryMax') == ['629145600'] and 'MemoryMax' not in text(RUN, name) and 'A=1' in text(RUN, name)
        ctl('set', name, 'Environment=')
        assert text(RUN, name) is None and get(name, 'Environment') == []
    assert not os.path.exists(RUN % 'x') and not os.path.exists(ETC % 'x')


def test_one_that_is_stopped():
    with container('x', start=False) as name:
        out = run('ctrctl', 'set', name, 'Hostname=h', 'Description=Stopped', 'MemoryMax=1G', 'Mode=private')
        assert (out.status, out.err) == (0, ''), out
        p = show(name)
        assert (p['Description'], p['Network']) == ('Stopped', 'private'), p
        ctl('start', name)
        assert inside(name, 'hostname') == 'h\n' and unit_property(name, 'MemoryMax') == '1073741824'


def test_what_an_administrator_wrote_stays():
    with container('x', start=False) as name:
        os.makedirs(ETC % name)
        with open(ETC % name + '/50-set.conf', 'w') as f:
            f.write('# Mine.\n[Exec]\n# About A.\nEnvironment=A=1 \\\n  B=2\nHostname = one\n[Resources]\nMemoryMax=1G\n')
        with open(ETC % name + '/90-late.conf', 'w') as f:
            f.write('[Resources]\nTasksMax=7\n')
        ctl('set', name, 'Environment=C=3', 'MemoryMax=2G')
        with open(ETC % name + '/50-set.conf') as f:
            assert f.read() == '# Mine.\n[Exec]\n# About A.\nHostname = one\nEnvironment=\nEnvironment=C=3\n[Resources]\n' \
                'MemoryMax=\nMemoryMax=2G\n'
        # Later files count more, as ever; ctrctl says what there is.
        ctl('set', name, 'TasksMax=9')
        assert get(name, 'TasksMax', 'Environment', 'Hostname') == ['7', 'C=3', 'one']


def test_privileges_are_an_action_of_their_own():
    with visitor('org.ctrd1.manage') as prefix, container('x', start=False) as name:
        # polkit reads its rules anew by itself, in its own time.
        wait_until(lambda: run(*prefix, 'ctrctl', 'set', name, 'Description=Mine').status == 0)
        r = run(*prefix, 'ctrctl', 'set', name, 'Description=Root', 'UserNamespace=no')
        assert r.status == 1 and 'authorisation' in r.err, r
        p = show(name)
        assert (p['Description'], p['Privileged']) == ('Mine', 'no'), p
        ctl('set', name, 'UserNamespace=no')
        p = show(name)
        assert (p['Privileged'], p['UserNamespace']) == ('yes', 'no'), p
        ctl('set', name, 'UserNamespace=')
        assert show(name)['Privileged'] == 'no'


def test_what_was_set_shows_when_the_run_has_ended():
    with container('x') as name:
        ctl('set', name, 'UserNamespace=no', 'Mode=private')
        assert [show(name)[k] for k in ('Privileged', 'Network')] == ['no', 'veth']
        ctl('stop', name)
        assert [show(name)[k] for k in ('Privileged', 'Network')] == ['yes', 'private']


def test_many_at_once():
    with container('x') as name:
        procs = [subprocess.Popen(['ctrctl', 'set', name, 'TasksMax=%d' % (100 + i)], stderr=subprocess.PIPE, text=True) for i in range(20)]
        said = [(p.communicate()[1], p.returncode) for p in procs]
        assert any(status == 0 for _, status in said) and all(status == 0 or 'try again' in err for err, status in said), said
        assert get(name, 'TasksMax') == [unit_property(name, 'TasksMax')]


def edit(name, change, editor='python3 /var/tmp/edit.py'):
    """ctrctl edit, with an editor that runs Python: t is the text."""
    with open('/var/tmp/edit.py', 'w') as f:
        f.write('import sys\nt = open(sys.argv[1]).read()\n%s\nopen(sys.argv[1], "w").write(t)\n' % change)
    try:
        return run('env', 'EDITOR=' + editor, 'TMPDIR=/var/tmp', 'ctrctl', 'edit', name)
    finally:
        os.unlink('/var/tmp/edit.py')


def test_edit():
    conf = '/etc/ctrd/containers/x.conf'
    with container('x', BUSYBOX, 'MemoryMax=512M') as name:
        with open(conf, 'a') as f:
            f.write('# A note.\n')
        out = edit(name, 't = t.replace("536870912", "1G") + "[Exec]\\nHostname=boxed\\n"')
        assert out.status == 0 and out.err == 'Hostname= will have its effect when x is started again.\n', out
        assert (unit_property(name, 'MemoryMax'), get(name, 'Hostname')) == ('1073741824', ['boxed'])
        before = settings_text(name)
        assert '# A note.\n' in before and 'MemoryMax=1G' in before and os.stat(conf).st_mode & 0o777 == 0o600
        out = edit(name, 'pass')
        assert (out.status, out.err) == (0, 'Nothing was changed.\n'), out
        # What is wrong is kept for who wrote it.
        out = edit(name, 't = t.replace("1G", "much")')
        assert out.status == 1 and 'MemoryMax=much' in out.err and 'kept in /var/tmp/' in out.err, out
        kept = out.err.split()[-1]
        with open(kept) as f:
            assert 'MemoryMax=much' in f.read() and os.stat(kept).st_mode & 0o777 == 0o600
        os.unlink(kept)
        # Somebody else was faster.
        out = edit(name, 'open("%s", "a").write("# theirs\\n"); t += "# mine\\n"' % conf)
        assert out.status == 1 and 'meanwhile' in out.err and settings_text(name) == before + '# theirs\n', out
        os.unlink(out.err.split()[-1])
        for editor in ('false', 'no-such-editor'):
            out = edit(name, 'pass', editor)
            assert out.status == 1 and len(out.err.splitlines()) <= 2, out
        assert settings_text(name) == before + '# theirs\n' and glob.glob('/var/tmp/ctrctl-*') == []
        fails('edit', 'nobody', word='nobody')
