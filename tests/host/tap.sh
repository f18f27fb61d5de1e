# SPDX-License-Identifier: LGPL-2.1-or-later
#
# TAP for shell scripts: `check NAME COMMAND…` is one test; its output is shown
# only where it fails. Sourced; needs bash.

tap_count=0
tap_failed=0

# A test passes when the command succeeds, with `set -e` in force inside it: it
# runs in a process of its own, as "set -e" is ignored in a condition.
check() {
    local name=$1 output status=0
    shift
    tap_count=$((tap_count + 1))
    set +e
    output=$(set -e; "$@" 2>&1)
    status=$?
    set -e
    if [ $status = 0 ]; then
        printf 'ok %d - %s\n' $tap_count "$name"
    elif [ $status = 77 ]; then
        printf 'ok %d - %s # SKIP %s\n' $tap_count "$name" "$(tail -1 <<<"$output")"
    else
        tap_failed=$((tap_failed + 1))
        printf 'not ok %d - %s\n' $tap_count "$name"
        printf '# ended with status %d\n' $status
        [ -z "$output" ] || sed 's/^/# /' <<<"$output"
    fi
}

# In a test: this cannot be tried here, and why.
skip() {
    printf '%s\n' "$*"
    exit 77
}

tap_done() {
    printf '1..%d\n' $tap_count
    [ $tap_failed = 0 ]
}
