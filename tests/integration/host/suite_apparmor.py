# SPDX-License-Identifier: LGPL-2.1-or-later
# AppArmor: each container has a profile and a policy namespace of its own. Needs a
# host that has AppArmor: tests/vm.

from ctrd import *

POLICY = '/sys/kernel/security/apparmor/policy'
RULES = '/etc/ctrd/apparmor.d'
SUITES = os.environ.get('APPARMOR_SUITES', 'bookworm').split()
SHARED = ['aa-' + s for s in SUITES]
BEFORE = set()


def active():
    try:
        with open('/sys/module/apparmor/parameters/enabled') as f:
            return f.read().startswith('Y') and os.path.isdir(POLICY)
    except FileNotFoundError:
        return False


def needs_apparmor():
    if not active():
        raise Skip('this host has no AppArmor')


def needs_mount_rules():
    """CVE-2016-1585: of rules about remounts, compilers before it was mended made rules
    that let any mount through."""
    version = re.search(r'version (\d+)\.(\d+)\.(\d+)', run('apparmor_parser', '--version').out)
    version = tuple(int(n) for n in version.groups())
    if version < (3, 0, 10) or (3, 1, 0) <= version < (3, 1, 4):
        raise Skip('the compiler of AppArmor %d.%d.%d holds to no rules about mounts: CVE-2016-1585' % version)


def policy():
    """All that is loaded, and all namespaces, without the numbers that loading gives."""
    return {'profile ' + re.sub(r'\.\d+$', '', p) for p in os.listdir(POLICY + '/profiles')} | \
        {'namespace ' + n for n in os.listdir(POLICY + '/namespaces')}


def install_apparmor(name):
    """What the host's package has, put into a container that is not running: there is
    no mirror here. The programs are static enough for every Debian."""
    upper = '/var/lib/ctrd/containers/%s/fs/upper' % name
    for path in run('dpkg', '-L', 'apparmor', check=True).out.splitlines():
        if not os.path.lexists(path) or path.startswith('/usr/share/doc') or path.startswith('/usr/share/locale'):
            continue
        real = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
        if os.path.isdir(path) and not os.path.islink(path):
            os.makedirs(upper + os.path.realpath(path), exist_ok=True)
            continue
        os.makedirs(os.path.dirname(upper + real), exist_ok=True)
        run('cp', '-a', real, upper + real, check=True)
    wants = upper + '/etc/systemd/system/sysinit.target.wants'
    os.makedirs(wants, exist_ok=True)
    os.symlink('/lib/systemd/system/apparmor.service', wants + '/apparmor.service')
    with open(upper + '/etc/apparmor.d/mine', 'w') as f:
        f.write('abi <abi/3.0>,\nprofile mine flags=(attach_disconnected) {\n  file,\n  capability,\n  deny /etc/secret r,\n}\n')
    with open(upper + '/etc/secret', 'w') as f:
        f.write('secret\n')


def setup():
    if not active():
        return
    BEFORE.update(policy())
    for suite in SUITES:
        create('aa-' + suite, 'debian/' + suite)
        install_apparmor('aa-' + suite)
        ctl('start', 'aa-' + suite)


def teardown():
    if active():
        remove(*SHARED)


def sh(name, script, **kw):
    return run('ctrctl', 'exec', name, '--', 'sh', '-c', script, **kw)


def label_of(pid):
    with open('/proc/%s/attr/current' % pid) as f:
        return f.read().rstrip('\0\n')


def generated(name):
    return 'ctr-%s//&:lxc-ctrd-%s:unconfined (enforce)' % (name, name)


def sandboxed(name, *properties, command=('true',)):
    return run('ctrctl', 'exec', name, '--', 'systemd-run', '--wait', '--pipe', '--quiet', *('--property=' + p for p in properties),
               '--', *command)


def listed(name):
    """Of the profile and the namespace of a container, what is there."""
    return sorted(p for p in policy() if p in ('profile ctr-' + name, 'namespace lxc-ctrd-' + name))


def labels_of_commands(name):
    """What a command beside init has, as the host sees it."""
    with subprocess.Popen(['ctrctl', 'exec', name, '--', 'sh', '-c', 'echo; exec sleep 1000'], stdout=subprocess.PIPE) as p:
        p.stdout.readline()
        found = wait_until(lambda: run('pgrep', '-f', '^sleep 1000$').out.split())
        labels = {label_of(pid) for pid in found}
        run('pkill', '-f', '^sleep 1000$')
    return labels


def test_init_and_commands_have_a_profile_of_their_own():
    needs_apparmor()
    for name in SHARED:
        assert label_of(show(name)['Leader']) == generated(name), label_of(show(name)['Leader'])
        assert listed(name) == ['namespace lxc-ctrd-' + name, 'profile ctr-' + name]
        assert labels_of_commands(name) == {generated(name)}


def test_the_daemons_have_profiles():
    needs_apparmor()
    monitors = run('pgrep', '-x', 'ctr-monitor', check=True).out.split()
    launcher = run('systemctl', 'show', 'ctr-launcher', '-p', 'MainPID', '--value', check=True).out.strip()
    assert label_of(ctrd_pid()) == 'ctrd (enforce)', label_of(ctrd_pid())
    assert label_of(launcher) == 'ctrd-launcher (enforce)', label_of(launcher)
    assert {label_of(m) for m in monitors} == {'ctrd-monitor (enforce)'}, monitors
    # ctrrun of others is what they make it.
    assert run('sh', '-c', 'aa-exec -p unconfined -- ctrrun --version').status == 0
    with open('/sys/kernel/security/apparmor/profiles') as f:
        loaded = set(f.read().splitlines())
    assert {'ctrd-runtime (enforce)', 'ctrd-network (enforce)'} <= loaded, loaded


def test_no_new_privileges_and_a_profile_go_together():
    needs_apparmor()
    # Who has no_new_privs may not leave a profile by an exec: ctrrun has one itself.
    create('nnp', BUSYBOX, 'NoNewPrivileges=yes', start=True)
    try:
        assert label_of(show('nnp')['Leader']) == generated('nnp')
        assert labels_of_commands('nnp') == {generated('nnp')}
        assert ctl('exec', 'nnp', '--', 'grep', 'NoNewPrivs', '/proc/self/status').split() == ['NoNewPrivs:', '1']
    finally:
        remove('nnp')


def test_security_tells_the_label():
    needs_apparmor()
    name = SHARED[0]
    assert generated(name).split()[0] in ctl('security', name)
    create('idle', BUSYBOX)
    assert 'ctr-idle//&:lxc-ctrd-idle:unconfined' in ctl('security', 'idle')
    assert listed('idle') == []
    remove('idle')


def test_no_unit_has_failed_inside():
    needs_apparmor()
    for name in SHARED:
        wait_until(lambda: sh(name, 'systemctl is-system-running').out.strip() in ('running', 'degraded'), timeout=60)
        assert sh(name, 'systemctl --failed --no-legend').out.strip() == '', sh(name, 'systemctl --failed; journalctl -b -p warning --no-pager')


def test_sandboxed_services_run_inside():
    needs_apparmor()
    options = ['PrivateTmp=yes', 'ProtectSystem=strict', 'PrivateDevices=yes', 'ProtectHostname=yes', 'DynamicUser=yes',
               'ProtectKernelTunables=yes', 'ProtectControlGroups=yes', 'ProtectHome=yes', 'StateDirectory=thing',
               'LoadCredential=word:/etc/secret']
    for name in SHARED:
        r = sandboxed(name, *options, command=('sh', '-c', 'cat $CREDENTIALS_DIRECTORY/word; touch /var/lib/thing/x /tmp/x; ! touch /etc/x; ls /dev/null; id -u'))
        assert r.status == 0 and 'secret' in r.out, r
        for private in ('PrivateNetwork=yes', 'PrivateUsers=yes', 'PrivateMounts=yes', 'ProtectProc=invisible', 'ReadOnlyPaths=/'):
            r = sandboxed(name, private)
            assert r.status == 0, (private, r)


def test_profiles_inside_are_loaded_and_confine():
    needs_apparmor()
    for name in SHARED:
        assert sh(name, 'systemctl is-active apparmor.service').out.strip() == 'active', sh(name, 'systemctl status apparmor')
        status = sh(name, 'aa-status')
        assert 'mine' in status.out and 'apparmor module is loaded' in status.out, status
        assert 'ctr-' not in status.out, status
        good = sandboxed(name, 'AppArmorProfile=mine', command=('cat', '/proc/self/attr/current', '/etc/passwd'))
        assert good.status == 0 and 'mine (enforce)' in good.out, good
        bad = sandboxed(name, 'AppArmorProfile=mine', command=('cat', '/etc/secret'))
        assert bad.status != 0 and 'denied' in bad.err, bad
        # Nothing of it is the host's.
        assert 'profile mine' not in policy()
        assert any(p.startswith('mine.') for p in os.listdir('%s/namespaces/lxc-ctrd-%s/profiles' % (POLICY, name)))


def test_the_policy_of_the_host_is_out_of_reach():
    needs_apparmor()
    for name in SHARED:
        # Each on its own, as none of them may work.
        for script in ('printf ctr-%s >/sys/kernel/security/apparmor/.remove' % name,
                       'mkdir /sys/kernel/security/apparmor/policy/namespaces/../../../x',
                       'echo x >/sys/kernel/security/lockdown', 'cat /sys/kernel/security/ima/policy'):
            r = sh(name, script)
            assert r.status != 0, (script, r)
        assert 'profile ctr-' + name in policy()


def write_core_pattern(name):
    """Writes what is there, through a view that is not read-only."""
    return sh(name, 'mount -o remount,bind,rw /proc/sys && v=$(cat /proc/sys/kernel/core_pattern) && '
                    'echo "$v" >/proc/sys/kernel/core_pattern')


def test_root_of_the_host_is_denied_what_is_the_kernels():
    needs_apparmor()
    needs_mount_rules()
    with container('priv', BUSYBOX, 'UserNamespace=no') as name:
        assert label_of(show(name)['Leader']) == generated(name)
        for script in ('mount -t debugfs debugfs /mnt', 'mount -t proc proc /mnt', 'mount -t sysfs sysfs /mnt', 'mount --bind /proc/sys /mnt',
                       'mount --bind / /mnt', 'mount --rbind / /mnt', 'mount -t ext4 /dev/vda /mnt', 'mount --move /proc /mnt',
                       'mount -t proc proc /proc/irq'):
            r = sh(name, 'mkdir -p /mnt; ' + script)
            assert r.status != 0 and 'ermission denied' in r.err, (script, r)
        for script in ('mount -t tmpfs tmpfs /mnt', 'mkdir /mnt/a /mnt/b; mount --bind /mnt/a /mnt/b', 'mount -o remount,ro /mnt', 'umount /mnt/b /mnt'):
            assert sh(name, script).status == 0, (script, sh(name, script))


def test_a_distribution_boots_without_a_user_namespace():
    needs_apparmor()
    with container('privdeb', DEBIAN, 'UserNamespace=no') as name:
        assert label_of(show(name)['Leader']) == generated(name)
        wait_until(lambda: sh(name, 'systemctl is-system-running').out.strip() in ('running', 'degraded'), timeout=60)
        assert sh(name, 'systemctl --failed --no-legend').out.strip() == '', sh(name, 'systemctl --failed; journalctl -b -p warning --no-pager')
        r = write_core_pattern(name)
        assert r.status != 0 and 'core_pattern: Permission denied' in r.err, r
        for private in ('PrivateTmp=yes', 'ProtectSystem=strict', 'PrivateDevices=yes', 'DynamicUser=yes', 'LoadCredential=word:/etc/passwd',
                        'ProtectKernelTunables=yes', 'ProtectProc=invisible', 'ProtectHome=tmpfs'):
            r = sandboxed(name, private)
            assert r.status == 0, (private, r, run('journalctl', '-k', '-g', 'DENIED', '-n', '5', '-o', 'cat', '--no-pager').out)


def test_unconfined_is_not_confined():
    needs_apparmor()
    with container('free', BUSYBOX, 'UserNamespace=no', 'AppArmorProfile=unconfined') as name:
        assert label_of(show(name)['Leader']) == 'unconfined'
        assert write_core_pattern(name).status == 0
        assert listed(name) == []


def test_a_loaded_profile_is_taken_by_its_name():
    needs_apparmor()
    run('apparmor_parser', '-r', input='profile test-mine flags=(attach_disconnected) {\n file,\n capability,\n mount,\n umount,\n'
        ' pivot_root,\n network,\n signal,\n ptrace,\n unix,\n deny /etc/none w,\n}\n', check=True)
    try:
        with container('named', BUSYBOX, 'AppArmorProfile=test-mine') as name:
            assert label_of(show(name)['Leader']) == 'test-mine (enforce)'
            assert sh(name, 'echo >/etc/other').status == 0
            assert 'ermission denied' in sh(name, 'echo >/etc/none').err
            assert listed(name) == []
    finally:
        run('apparmor_parser', '-R', input='profile test-mine { }\n')
    create('missing', BUSYBOX, 'AppArmorProfile=test-mine')
    fails('start', 'missing', word='AppArmorProfile=test-mine cannot be: no such profile is loaded')
    remove('missing')


def test_rules_of_the_administrator_are_added():
    needs_apparmor()
    path = RULES + '/rules'
    os.makedirs(RULES, exist_ok=True)
    try:
        with open(path, 'w') as f:
            f.write('deny /etc/none w,\n')
        with container('rules', BUSYBOX) as name:
            assert 'ermission denied' in sh(name, 'echo >/etc/none').err
            # A change of the file, or none any more, takes effect at the next start.
            ctl('stop', name)
            os.unlink(path)
            ctl('start', name)
            assert sh(name, 'echo >/etc/none').status == 0
            ctl('stop', name)
            with open(path, 'w') as f:
                f.write('allow /etc/none,,\n')
            sentence = fails('start', name, word='AppArmor parser error')
            assert path in sentence and 'line 1' in sentence, sentence
            assert state(name) == 'failed'
            assert 'namespace lxc-ctrd-' + name not in policy()
            os.unlink(path)
            ctl('start', name)
        assert listed('rules') == []
    finally:
        if os.path.exists(path):
            os.unlink(path)


def test_what_is_loaded_is_not_loaded_again():
    needs_apparmor()
    with container('again', BUSYBOX) as name:
        mark = '/run/ctrd/apparmor/' + name

        def times():
            caches = glob.glob('/var/lib/ctrd/containers/%s/apparmor/cache/*/ctr-%s' % (name, name))
            assert len(caches) == 1, caches
            return os.stat(mark, follow_symlinks=False).st_mtime_ns, os.stat(caches[0]).st_mtime_ns

        first = times()
        ctl('restart', name)
        assert times() == first
        # Somebody has removed it: it is loaded again, and not compiled again.
        ctl('stop', name)
        run('apparmor_parser', '-R', input='profile ctr-%s { }\n' % name, check=True)
        assert listed(name) == []
        ctl('start', name)
        assert label_of(show(name)['Leader']) == generated(name)
        assert times()[0] != first[0] and times()[1] == first[1]


def test_what_runs_keeps_its_label_when_ctrd_comes_back():
    needs_apparmor()
    with container('stay', BUSYBOX) as name:
        kill_ctrd()
        wait_until(lambda: show(name)['State'] == 'running')
        # A change of the settings is for the next start.
        with open('/etc/ctrd/containers/%s.conf' % name, 'a') as f:
            f.write('[Security]\nAppArmorProfile=unconfined\n')
        with subprocess.Popen(['ctrctl', 'exec', name, '--', 'sh', '-c', 'echo; exec sleep 1001'], stdout=subprocess.PIPE) as p:
            p.stdout.readline()
            labels = {label_of(pid) for pid in wait_until(lambda: run('pgrep', '-f', '^sleep 1001$').out.split())}
            run('pkill', '-f', '^sleep 1001$')
        assert labels == {generated(name)}, labels
        ctl('stop', name)
        assert listed(name) == ['profile ctr-' + name]
    assert listed('stay') == []


def test_nothing_is_left_in_the_kernel():
    needs_apparmor()
    remove(*SHARED)
    assert policy() == BEFORE, policy() ^ BEFORE
    assert os.listdir('/run/ctrd/apparmor') == []
    for name in SHARED:
        create(name, BUSYBOX)
