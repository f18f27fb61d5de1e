# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs in the booted VM, by tests/vm/run tests/vm/tests-cgroup.sh: limits and systemd
# as their manager alone, which tests/vm/tests.sh has among all else.

set -euo pipefail
. /src/tests/host/tap.sh
cd /src
export PATIENCE=6 PYTHONDONTWRITEBYTECODE=1 CTRRUN=/usr/bin/ctrrun

program runtime-cgroup tests/integration/test-runtime-cgroup
tap_done
