# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs in a VM that has booted with SELinux enforcing, by
#
#   tests/vm/run --lsm selinux --packages tests/vm/packages-selinux.txt tests/vm/tests-selinux.sh
#
# The policy is the distribution's, with the module of profiles/selinux.

set -euo pipefail
. /src/tests/host/tap.sh
cd /src
export PATIENCE=6 PYTHONDONTWRITEBYTECODE=1
sysctl -q kernel.printk_ratelimit=0

enforces() {
    [ "$(getenforce)" = Enforcing ]
    grep -qw selinux=1 /proc/cmdline
    ! grep -qw enforcing=0 /proc/cmdline
}

# Nothing may have been denied to what runs containers, nor to others who deal with it;
# what containers may not do is for the suite.
nothing_denied() {
    local denied
    denied=$(journalctl -b --no-pager -o cat -g 'avc: +denied .*context=[a-z_]*:[a-z_]*:ctrd_t:' |
        grep -v 'scontext=[a-z_]*:[a-z_]*:ctrd_container_t:' || true)
    [ -z "$denied" ] || {
        sed -E 's/.*(denied)/\1/; s/ (pid|ino)=[^ ]*//g' <<<"$denied" | sort | uniq -c | sort -rn | head -40
        return 1
    }
}

check "the host enforces its policy since it booted" enforces
systemctl start machine.slice ctrd.service
program host python3 -B tests/integration/host/main.py ${SUITES:-selinux}
check "nothing was denied to the daemons" nothing_denied
tap_done
