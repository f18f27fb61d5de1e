# SPDX-License-Identifier: LGPL-2.1-or-later
# What the doctor finds, by leaving things lying about.

import shutil

from dasbus.connection import SystemMessageBus

from ctrd import *


def findings():
    r = run('ctrctl', 'doctor', '--json')
    rows = json.loads(r.out)
    assert r.status == (1 if {'error', 'warning'} & {row['level'] for row in rows} else 0), (r.status, rows)
    return rows


def found(check, word=''):
    return [row for row in findings() if row['check'] == check and row['level'] != 'ok' and word in row['state']]


def test_a_host_that_runs_containers_has_no_error():
    with container('well'):
        assert [row for row in findings() if row['level'] == 'error'] == []
        checks = {row['check'] for row in findings()}
        assert {'kernel', 'control groups', 'state directory', 'security module', 'launcher', 'space', 'kernel.pty.max',
                'fs.inotify.max_user_instances', 'machined', 'polkit', 'lxcfs'} <= checks, checks
        # What runs is nothing that was left behind.
        assert {row['state'] for row in findings() if row['check'] == 'leftovers'} == {'none'}, findings()


def test_each_leftover_is_found_and_can_be_removed_as_it_says():
    def cgroup():
        subprocess.Popen(['systemd-run', '--quiet', '--scope', '--slice=machine-haunted', '--unit=ctr-ghost', 'sleep', '100'])
        wait_until(lambda: os.path.isdir('/sys/fs/cgroup/machine.slice/machine-haunted.slice/ctr-ghost.scope'))

    def mount():
        os.makedirs('/run/ctrd/containers/ghost/rootfs')
        run('mount', '-t', 'tmpfs', 'none', '/run/ctrd/containers/ghost/rootfs', check=True)

    def interface():
        run('ip', 'link', 'add', 've-ghost', 'type', 'veth', 'peer', 'name', 'ghost', check=True)
        run('ip', 'link', 'set', 've-ghost', 'alias', 'ctrd:ghost', check=True)

    def file(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        open(path, 'w').close()

    os.makedirs('/var/log/journal', exist_ok=True)
    cases = [
        ('control groups', 'ctr-ghost', cgroup),
        ('mounts', 'ghost/rootfs', mount),
        ('runtime directories', 'ghost', lambda: os.makedirs('/run/ctrd/containers/ghost', exist_ok=True)),
        ('interfaces', 've-ghost', interface),
        ('settings', '/etc/ctrd/containers/ghost.conf ', lambda: file('/etc/ctrd/containers/ghost.conf')),
        ('settings', '/etc/ctrd/containers/ghost.conf.d', lambda: file('/etc/ctrd/containers/ghost.conf.d/x.conf')),
        ('settings', '/run/ctrd/settings/ghost.conf.d', lambda: file('/run/ctrd/settings/ghost.conf.d/50-set.conf')),
        ('files of containers', 'ghost', lambda: os.mkdir('/var/lib/ctrd/containers/ghost')),
        ('journals', 'feed', lambda: os.symlink('/var/lib/ctrd/containers/specter/fs/x', '/var/log/journal/feed')),
    ]
    names()
    for check, word, make in cases:
        assert found(check, word) == [], (check, found(check))
        make()
        rows = found(check, word)
        assert len(rows) == 1 and rows[0]['level'] == 'warning', (check, rows)
        advice = rows[0]['advice']
        if check == 'files of containers':
            os.rmdir('/var/lib/ctrd/containers/ghost')
        elif advice.startswith('make the container'):
            run('sh', '-c', advice.split(', or ')[1], check=True)
        else:
            run('sh', '-c', advice.split(',')[0], check=True)
        wait_until(lambda: found(check, word) == [], what=check)
        if check == 'mounts':
            shutil.rmtree('/run/ctrd/containers/ghost')


def test_ids_that_somebody_else_has():
    with container('ids', start=False) as name, container('two', start=False):
        base = int(show(name)['UIDBase'])
        assert found('id ranges') == []
        with open('/etc/subuid') as f:
            before = f.read()
        try:
            with open('/etc/subuid', 'a') as f:
                f.write('someone:%d:10\n' % (base + 65535))
            rows = found('id ranges')
            assert len(rows) == 1 and 'container ids' in rows[0]['state'] and '/etc/subuid' in rows[0]['state'], rows
        finally:
            with open('/etc/subuid', 'w') as f:
                f.write(before)
        assert found('id ranges') == []


def test_an_image_that_is_missing():
    with container('img', start=False) as name:
        image = show(name)['Image']
        run('systemctl', 'stop', 'ctrd')
        shutil.move('/var/lib/ctrd/images/' + image, '/var/lib/ctrd/away')
        try:
            rows = found('images')
            assert len(rows) == 1 and image in rows[0]['state'] and 'reload' in rows[0]['advice'], rows
        finally:
            shutil.move('/var/lib/ctrd/away', '/var/lib/ctrd/images/' + image)
        run('systemctl', 'reload', 'ctrd', check=True)
        assert found('images') == []
        ctl('start', name)


def test_no_launcher():
    run('systemctl', 'stop', 'ctrd', 'ctr-launcher.socket', 'ctr-launcher.service')
    names()     # starts ctrd, which wants the socket
    assert found('launcher') == []
    os.rename('/run/ctrd/launcher', '/run/ctrd/launcher-away')
    rows = found('launcher')
    os.rename('/run/ctrd/launcher-away', '/run/ctrd/launcher')
    assert rows and rows[0]['level'] == 'error', rows
    assert found('launcher') == []


def test_pages_for_people():
    r = run('ctrctl', 'doctor')
    every = run('ctrctl', 'doctor', '--all')
    last = r.out.splitlines()[-1]
    assert re.match(r'\d+ errors, \d+ warnings, \d+ hints, \d+ checks', last), r
    assert not re.search(r'^ok ', r.out, re.M) and re.search(r'^ok       kernel: Linux ', every.out, re.M), every
    assert not run('ctrctl', '-q', 'doctor').out.strip().endswith('finding.')
    fails('doctor', 'web', status=2)
    fails('doctor', '--nonsense', status=2)


def test_who_may_ask():
    proxy = SystemMessageBus().get_proxy('org.ctrd1', '/org/ctrd1')
    rows = proxy.Diagnose()
    assert rows and all(len(row) == 4 and row[0] in ('ok', 'hint', 'warning', 'error') and row[1] and row[2] for row in rows), rows
    rule = '/etc/polkit-1/rules.d/10-test.rules'
    nobody = ['setpriv', '--reuid', '65534', '--clear-groups']
    assert run(*nobody, 'ctrctl', 'doctor', '--json').out
    with open(rule, 'w') as f:
        f.write('polkit.addRule(function(action, subject) { if (action.id == "org.ctrd1.inspect") return polkit.Result.NO; });')
    os.chmod(rule, 0o644)
    refused = lambda: [row for row in json.loads(run(*nobody, 'ctrctl', 'doctor', '--json').out) if row['check'] == 'ctrd']
    try:
        rows = wait_until(refused)
        assert rows[0]['level'] == 'error', rows
    finally:
        os.unlink(rule)
    # polkit reads its rules anew in its own time, and others ask it too.
    wait_until(lambda: not refused())
