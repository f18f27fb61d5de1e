# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs in the booted VM, see tests/vm/run: what only a complete host can show, and
# those tests of the namespaced host that a stock kernel might answer differently.

set -euo pipefail
. /src/tests/host/tap.sh
. /src/tests/vm/denied.sh
cd /src

# Emulation is some 5 to 20 times slower than the machine.
export PATIENCE=6 PYTHONDONTWRITEBYTECODE=1
export CTRRUN=/usr/bin/ctrrun MONITOR=/usr/lib/ctrd/ctr-monitor

# systemd counts a host as running once no job is waiting and no unit has failed.
is_running() {
    local state
    state=$(systemctl is-system-running --wait) || true
    systemctl --failed --no-legend --plain
    [ "$state" = running ]
}

has_controllers() {
    local controller
    [ "$(stat -f -c %T /sys/fs/cgroup)" = cgroup2fs ]
    for controller in cpu cpuset io memory pids; do
        grep -w "$controller" /sys/fs/cgroup/cgroup.controllers
    done
}

has_apparmor() {
    [ "$(cat /sys/module/apparmor/parameters/enabled)" = Y ]
    aa-enabled
    systemctl is-active apparmor.service
}

# All that containers could leave: mounts, links, units, control groups, processes.
# Kernel threads have no command line, and services start when they are asked.
traces() {
    findmnt --list --noheadings --output TARGET,FSTYPE
    ip -brief link | awk '{ print "link", $1 }'
    systemctl list-units --all --plain --no-legend 'machine.slice' '*.scope' 'run-*' | awk '{ print "unit", $1 }' | grep -v session-
    find /sys/fs/cgroup/machine.slice /sys/fs/cgroup -maxdepth 1 -type d 2>/dev/null
    pgrep -af '^(ctr-monitor|ctrrun|ctr-network|ctr-copy|ctr-remove|sleep|busybox)' || true
    pgrep -a -u "$(seq -s, 524288 65536 4194304)" || true
}

leaves_nothing() {
    diff <(sort -u /run/traces-before) <(traces | sort -u)
}

check "the host is running and no unit has failed" is_running
check "all cgroup v2 controllers are there" has_controllers
check "AppArmor is enabled and its profiles are loaded" has_apparmor

# The slice of the containers stays when it has been there once.
systemctl start machine.slice ctrd.service systemd-machined.service
traces >/run/traces-before
program host python3 tests/integration/host/main.py interface limits lifecycle network confine daemons apparmor
program runtime tests/integration/test-runtime
# A telling part; tests/vm/tests-checkpoint.sh is all of it.
program runtime-checkpoint tests/integration/test-runtime-checkpoint memory tcp terminal user_namespace
program attack-labels tests/attack/test-paths label
program runtime-cgroup tests/integration/test-runtime-cgroup
program runtime-rootless env THROWAWAY=1 tests/integration/test-runtime-rootless
program monitor env RUNTIMES=ctrrun tests/integration/test-monitor
check "nothing is left behind" leaves_nothing
# After that, as crun leaves control groups.
# What needs controllers; tests/suites/vm.sh is all of it.
program crun-suite python3 -B tests/suites/compare-crun /var/lib/suites/crun resources update limits pid
check "AppArmor has denied nothing to ctrd's own programs" nothing_denied
check "the host is still running and no unit has failed" is_running
tap_done
