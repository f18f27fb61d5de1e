# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs in the booted VM, by tests/vm/run tests/vm/tests-apparmor.sh: the profiles of
# containers, which no other host here can have. With an image of debian/trixie among
# those given by --images that is a guest too.

set -euo pipefail
. /src/tests/host/tap.sh
. /src/tests/vm/denied.sh
cd /src
export PATIENCE=6 PYTHONDONTWRITEBYTECODE=1
export APPARMOR_SUITES=bookworm
[ ! -e /var/lib/ctrd/images/debian-trixie ] || APPARMOR_SUITES='bookworm trixie'

has_apparmor() {
    [ "$(cat /sys/module/apparmor/parameters/enabled)" = Y ]
    aa-enabled
}

check "AppArmor is enabled" has_apparmor
systemctl start machine.slice ctrd.service
program host python3 -B tests/integration/host/main.py ${SUITES:-apparmor}
check "nothing was denied to the daemons" nothing_denied
tap_done
