# SPDX-License-Identifier: LGPL-2.1-or-later
# Limits, where the kernel holds them: needs cgroup v2 controllers, which a host in
# namespaces has only where the machine's own hierarchy has them.

from ctrd import *
import suite_views as views

SHARED = ['deb']
SCOPE = '/sys/fs/cgroup/machine.slice/ctr-deb.scope'
CONTROLLERS = {'cpu', 'io', 'memory', 'pids'}
MISSING = CONTROLLERS - set(open('/sys/fs/cgroup/cgroup.controllers').read().split())


def setup():
    if not MISSING:
        create('deb', DEBIAN, 'MemoryMax=256M', 'MemoryHigh=256M', 'MemorySwapMax=0', 'TasksMax=300', 'CPUQuota=150%', 'CPUWeight=50',
               'IOWeight=70', 'AllowedCPUs=0', start=True)


def teardown():
    if not MISSING:
        remove('deb')


def needs_controllers():
    if MISSING:
        raise Skip('this host has no cgroup v2 controller ' + ', '.join(sorted(MISSING)))


def attribute(name, below=''):
    with open('%s/%s%s' % (SCOPE, below, name)) as f:
        return f.read().strip()


def sh(script, **kw):
    return run('ctrctl', 'exec', 'deb', '--', 'sh', '-c', script, **kw)


def usage():
    out = run('busctl', '--json=short', 'call', 'org.ctrd1', '/org/ctrd1/container/deb', 'org.ctrd1.Container', 'GetUsage', check=True).out
    return json.loads(out)['data'][0]


def test_limits_stand_in_the_scope():
    needs_controllers()
    assert attribute('memory.max') == str(256 << 20)
    assert attribute('memory.high') == str(256 << 20)   # below MemoryMax= all would slow down before it is killed
    assert attribute('memory.swap.max') == '0'
    assert attribute('pids.max') == '300'
    assert attribute('cpu.max').split()[0] == str(int(attribute('cpu.max').split()[1]) * 3 // 2)
    assert attribute('cpu.weight') == '50'
    assert attribute('cpuset.cpus') == '0'
    assert attribute('io.weight').split()[-1] == '70'


def test_a_distribution_boots_within_them():
    needs_controllers()
    wait_until(lambda: sh('systemctl is-system-running').out.strip() == 'running')
    assert sh('systemctl --failed --no-legend').out.strip() == ''


def test_usage_is_told():
    needs_controllers()
    first = usage()
    assert 1 << 20 < first['MemoryCurrent'] <= 256 << 20, first
    assert 2 < first['TasksCurrent'] < 300, first
    assert first['CPUUsageUSec'] > 0, first
    sh('i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done')
    assert usage()['CPUUsageUSec'] > first['CPUUsageUSec']


def test_controllers_are_handed_to_the_container():
    needs_controllers()
    assert CONTROLLERS <= set(attribute('cgroup.subtree_control').split())
    assert CONTROLLERS <= set(attribute('cgroup.controllers', 'payload/').split())
    # Only what is below the container's root is the container's.
    assert os.stat(SCOPE + '/payload/memory.max').st_uid == 0
    r = sh('cat /sys/fs/cgroup/cgroup.controllers; cat /sys/fs/cgroup/cgroup.subtree_control')
    inside, enabled = (set(line.split()) for line in r.out.splitlines())
    assert CONTROLLERS <= inside and {'memory', 'pids'} <= enabled, r


def test_the_container_limits_its_own_services():
    needs_controllers()
    r = sh('systemd-run -q --wait --pipe -p MemoryMax=20M -p TasksMax=7 -p CPUQuota=10% sh -c '
           '"cd /sys/fs/cgroup\\$(sed s/0:://  /proc/self/cgroup) && cat memory.max pids.max cpu.max"')
    assert r.out.split()[:3] == [str(20 << 20), '7', '10000'], r


def test_the_container_cannot_lift_its_limits():
    needs_controllers()
    r = sh('for f in memory.max pids.max cpu.max; do echo max > /sys/fs/cgroup/$f && echo wrote $f; done 2>/dev/null')
    assert 'wrote' not in r.out, r
    assert attribute('memory.max') == str(256 << 20) and attribute('pids.max') == '300'


def test_tasks_are_limited():
    needs_controllers()
    # Every fork above the limit fails, inside, and nowhere else.
    r = sh('i=0; while [ $i -lt 330 ]; do sleep 1000 >/dev/null 2>&1 </dev/null & i=$((i+1)); done')
    assert r.status != 0 and 'fork' in r.err, r
    assert 290 < usage()['TasksCurrent'] <= 300, usage()
    full = sh('true; true')     # neither can a command be added
    assert full.status != 0 and full.err, full
    for pid in pids_of_payload('deb'):
        if name_of(pid) == 'sleep':
            os.kill(pid, signal.SIGKILL)
    wait_until(lambda: usage()['TasksCurrent'] < 100)
    assert sh('true').status == 0


def test_memory_is_limited():
    needs_controllers()
    before = int(dict(line.split() for line in attribute('memory.events').splitlines())['oom_kill'])
    r = sh('exec tail /dev/zero', timeout=120)      # keeps all it has read
    assert r.status == 128 + signal.SIGKILL, r
    assert int(dict(line.split() for line in attribute('memory.events').splitlines())['oom_kill']) > before
    assert state('deb') == 'running' and sh('true').status == 0
    assert sh('systemctl is-system-running').out.strip() in ('running', 'degraded')


def test_limits_change_while_it_runs_and_are_seen_inside():
    """By ctrctl and by systemctl; free, nproc and uptime inside agree with them."""
    needs_controllers()
    views.lxcfs(True)
    scope = '/sys/fs/cgroup/machine.slice/ctr-lim.scope'

    def held(name):
        with open('%s/%s' % (scope, name)) as f:
            return f.read().split()

    def total():
        """MiB, as free has it, which asks sysinfo(2), and as lxcfs shows it."""
        line = [l for l in inside('lim', 'free', '-m').splitlines() if l.startswith('Mem:')][0]
        kib = [l for l in inside('lim', 'cat', '/proc/meminfo').splitlines() if l.startswith('MemTotal:')][0].split()[1]
        assert int(kib) >> 10 == int(line.split()[1]), (kib, line)
        return int(kib) >> 10

    try:
        with container('lim', BUSYBOX, 'MemoryMax=64M', 'CPUQuota=50%', 'TasksMax=100', 'AllowedCPUs=0', 'InterceptSystemCalls=sysinfo'):
            assert (held('memory.max'), held('pids.max'), held('cpu.max')[0]) == ([str(64 << 20)], ['100'], '50000')
            assert total() == 64
            assert inside('lim', 'nproc').strip() == '1'
            up = float(inside('lim', 'cat', '/proc/uptime').split()[0])
            assert up < float(open('/proc/uptime').read().split()[0]) - 10, up
            assert re.search(r'up +([0-9]+ min|0:0)', inside('lim', 'uptime')), inside('lim', 'uptime')

            ctl('set', 'lim', 'MemoryMax=96M', 'TasksMax=120')
            assert (held('memory.max'), held('pids.max')) == ([str(96 << 20)], ['120'])
            assert total() == 96
            run('systemctl', 'set-property', '--runtime', 'ctr-lim.scope', 'MemoryMax=80M', 'CPUQuota=25%', check=True)
            assert (held('memory.max'), held('cpu.max')[0]) == ([str(80 << 20)], '25000')
            assert total() == 80
            assert ctl('get', 'lim', 'MemoryMax', 'CPUQuota').split() == [str(80 << 20), '25%'], ctl('get', 'lim', 'MemoryMax', 'CPUQuota')
            # and they hold
            r = run('ctrctl', 'exec', 'lim', '--', 'tail', '/dev/zero', timeout=120)
            assert r.status == 128 + signal.SIGKILL, r
            assert state('lim') == 'running'
    finally:
        views.lxcfs(False)
