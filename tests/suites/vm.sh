# SPDX-License-Identifier: LGPL-2.1-or-later
#
# All of crun's tests in the VM, with every controller:
#
#   tests/vm/run --timeout 3600 --copy "$(tests/suites/crun --prepare):/var/lib/suites/crun" tests/suites/vm.sh
#
# tests/vm/tests.sh runs those of them that only a complete host can show.

set -euo pipefail
. /src/tests/host/tap.sh
cd /src
export PATIENCE=6 PYTHONDONTWRITEBYTECODE=1

program crun-suite python3 -B tests/suites/compare-crun /var/lib/suites/crun "$@"
tap_done
