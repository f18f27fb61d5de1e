# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Completion of ctrctl(1) for fish. What can stand where, ctrctl says itself.

function __ctrctl_complete
    set -l words (commandline -opc)
    for line in (command ctrctl __complete -- $words[2..-1] "$(commandline -ct)" 2>/dev/null)
        if test "$line" = :files
            __fish_complete_path "$(commandline -ct)"
        else
            printf '%s\n' $line
        end
    end
end

complete -c ctrctl -f -a '(__ctrctl_complete)'
