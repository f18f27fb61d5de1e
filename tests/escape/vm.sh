# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The attacks on a complete host, with the bombs, and with what the machine's kernel
# lacks: modules, kexec, I/O ports, AppArmor, all controllers. Run by
#
#   tests/vm/run --timeout 1500 --copy $CTRD_BUILD/tests/escape:/opt/escape tests/escape/vm.sh

export PATIENCE=6 PYTHONDONTWRITEBYTECODE=1
exec python3 /src/tests/escape/main.py --bombs
