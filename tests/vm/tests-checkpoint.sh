# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs in the booted VM, see tests/vm/run: checkpoint and restore of containers by
# themselves, on a kernel that criu works with. Without KVM some ten minutes.
#
#   tests/vm/run --timeout 1800 tests/vm/tests-checkpoint.sh

set -euo pipefail
. /src/tests/host/tap.sh
cd /src

export PATIENCE=6 PYTHONDONTWRITEBYTECODE=1 CTRRUN=/usr/bin/ctrrun

# What a restore could leave where nobody looks.
traces() {
    # ip(8) mounts this for the first namespace that has a name, and leaves it.
    findmnt --list --noheadings --output TARGET,FSTYPE | grep -v '^/run/netns '
    ls -A /tmp | grep -v '^systemd-private' || true
    ip netns list
    nft list tables
    find /sys/fs/cgroup -maxdepth 2 -type d
    pgrep -af '^(ctrrun|criu|sleep|busybox)' || true
}

leaves_nothing() {
    diff <(sort -u /run/traces-before) <(traces | sort -u)
}

traces >/run/traces-before
program runtime-checkpoint tests/integration/test-runtime-checkpoint
check "nothing is left behind" leaves_nothing
tap_done
