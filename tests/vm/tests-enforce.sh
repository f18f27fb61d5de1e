# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs in the booted VM: all of the integration suites, and those of ctrrun and
# ctr-monitor, while the profiles of ctrd's own programs are enforced. tests.sh has a
# telling part of it. With images of debian/trixie and debian/bookworm-sysvinit among those
# given by --images these are guests too.
#
#   tests/vm/run --timeout 7200 [--images DIR] tests/vm/tests-enforce.sh

set -euo pipefail
. /src/tests/host/tap.sh
. /src/tests/vm/denied.sh
cd /src
export PATIENCE=8 PYTHONDONTWRITEBYTECODE=1
export APPARMOR_SUITES=bookworm
[ ! -e /var/lib/ctrd/images/debian-trixie ] || APPARMOR_SUITES='bookworm trixie'
export CTRRUN=/usr/bin/ctrrun MONITOR=/usr/lib/ctrd/ctr-monitor

systemctl start machine.slice ctrd.service
for suite in tests/integration/host/suite_*.py; do
    suite=${suite##*/suite_}
    program host python3 -B tests/integration/host/main.py "${suite%.py}"
    check "${suite%.py}: nothing was denied to the daemons" nothing_denied
done
program runtime tests/integration/test-runtime
program monitor env RUNTIMES=ctrrun tests/integration/test-monitor
check "nothing was denied to the daemons" nothing_denied
tap_done
