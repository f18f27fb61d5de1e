# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs in the booted VM, see tests/vm/run: what only a complete host can show.

set -euo pipefail
. /src/tests/host/tap.sh

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

check "the host is running and no unit has failed" is_running
check "all cgroup v2 controllers are there" has_controllers
check "AppArmor is enabled and its profiles are loaded" has_apparmor
tap_done
