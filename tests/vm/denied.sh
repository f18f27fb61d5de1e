# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What AppArmor has denied to ctrd's own programs since the host booted: sourced by
# what runs in the VM. Denials inside containers have other profiles, and are as it
# should be.

# The kernel tells them all, and not the first few of a second.
sysctl -q kernel.printk_ratelimit=0

# Fails, with the denials, where there are some; and where there is nothing that could
# deny.
nothing_denied() {
    local denied
    for profile in ctrd ctrd-launcher ctrd-monitor ctrd-runtime ctrd-network ctrd-intercept ctrd-mount ctrd-archive; do
        grep -qx "$profile (enforce)" /sys/kernel/security/apparmor/profiles || {
            echo "$profile is not loaded to enforce"
            return 1
        }
    done
    denied=$(journalctl -b --no-pager -o cat -g 'apparmor="DENIED".* profile="ctrd' || true)
    [ -z "$denied" ] || {
        sed -E 's/.*(apparmor=.*)/\1/; s/ (pid|comm)=[^ ]*//g' <<<"$denied" | sort | uniq -c | sort -rn | head -60
        return 1
    }
}
