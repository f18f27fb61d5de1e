# SPDX-License-Identifier: LGPL-2.1-or-later
#
# TAP for shell scripts: `check NAME COMMAND…` is one test; its output is shown
# only where it fails; `program NAME COMMAND…` runs one that speaks TAP itself.
# Sourced; needs bash.

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

# program NAME COMMAND…: a program that speaks TAP itself. Its tests are counted on
# here, with NAME before theirs; one that ends without a result, before its plan is
# done, or with a status that its results do not explain, is a test that failed.
program() {
    local name=$1 line began=$SECONDS number=0 failed=0 plan= status=
    shift
    while IFS= read -r line; do
        if [[ $line =~ ^(not )?ok\ +([0-9]+)?\ *-?\ *(.*)$ ]]; then
            number=$((number + 1)) tap_count=$((tap_count + 1))
            [ -z "${BASH_REMATCH[1]}" ] || failed=$((failed + 1))
            printf '%sok %d - %s: %s\n' "${BASH_REMATCH[1]}" $tap_count "$name" "${BASH_REMATCH[3]}"
        elif [[ $line =~ ^1\.\.0\ *#\ *SKIP\ *(.*)$ ]]; then
            number=1 tap_count=$((tap_count + 1))
            printf 'ok %d - %s # SKIP %s\n' $tap_count "$name" "${BASH_REMATCH[1]}"
        elif [[ $line =~ ^1\.\.([0-9]+) ]]; then
            plan=${BASH_REMATCH[1]}
        elif [[ $line =~ ^'# ended with status '([0-9]+)$ ]]; then
            status=${BASH_REMATCH[1]}
        else
            printf '# %s\n' "${line#\# }"
        fi
    done < <(
        set +e
        "$@" 2>&1
        printf '# ended with status %d\n' $?
    )
    if [ $number = 0 ] || [ "${plan:-$number}" != $number ] || { [ "$status" != 0 ] && [ $failed = 0 ]; }; then
        tap_count=$((tap_count + 1)) failed=$((failed + 1))
        printf 'not ok %d - %s: ended with status %s after %d of %s tests\n' \
            $tap_count "$name" "$status" $number "${plan:-?}"
    fi
    tap_failed=$((tap_failed + failed))
    printf '# %s took %d s\n' "$name" $((SECONDS - began))
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
