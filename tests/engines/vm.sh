# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs in the VM: what engines do that wants cgroup controllers, a hard limit to be
# raised, or criu.
#
#   tests/vm/run --packages tests/engines/packages.txt tests/engines/vm.sh

set -euo pipefail
. /src/tests/host/tap.sh
cd /src
export PATIENCE=6 PYTHONDONTWRITEBYTECODE=1

program cgroupfs python3 tests/engines/main.py controllers
program systemd env CGROUP_MANAGER=systemd python3 tests/engines/main.py controllers
program containerd python3 tests/engines/main.py --match limits containerd
program cri python3 tests/engines/main.py --match stats cri
tap_done
