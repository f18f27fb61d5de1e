# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Commands shown with the time that they took, for tools/demo. Sourced, never run.

seconds_since() {
    local now=$EPOCHREALTIME
    # The fraction has six digits, so both are microseconds without their dot.
    local spent=$((${now/./} - ${1/./}))
    printf '%d.%03d' $((spent / 1000000)) $((spent / 1000 % 1000))
}

# step_as TEXT COMMAND...: ends the script where the command fails.
step_as() {
    local text=$1 began status=0
    shift
    printf '\n$ %s\n' "$text"
    began=$EPOCHREALTIME
    "$@" || status=$?
    if [ $status != 0 ]; then
        printf '  failed with status %d after %s s\n' $status "$(seconds_since "$began")"
        exit 1
    fi
    printf '  (%s s)\n' "$(seconds_since "$began")"
}

step() {
    step_as "$*" "$@"
}
