# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Where the suites of others come from: Debian's source packages, fetched by apt
# when they are wanted, kept in the cache folder of the hosts, never committed.
# Sourced, never run.

. "$(dirname "${BASH_SOURCE[0]}")/../host/lib.sh"

suites_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
suites_cache=$host_cache/suites

# fetch_source PACKAGE RELEASE: prints the folder of the unpacked source. Debian's
# patches are for building and are left out; so no tool is needed but apt and tar.
# What is there stays until somebody removes it: releases change rarely.
fetch_source() {
    local package=$1 release=$2 folder=$suites_cache/$2/$1 work mirror
    mkdir -p "$suites_cache/$release"
    (
        flock 6
        [ ! -e "$folder" ] || exit 0
        mirror=$(machine_mirror Debian)
        work=$(mktemp -d "$folder.XXXXXX")
        trap 'rm -rf "$work"' EXIT
        # Root's apt has a user of its own for downloads.
        chmod 755 "$work"
        mkdir -p "$work"/{lists/partial,download,source}
        chown _apt "$work/lists" "$work/lists/partial" "$work/download" 2>/dev/null || true
        printf 'deb-src %s %s main\n' "${mirror:-http://deb.debian.org/debian}" "$release" >"$work/sources.list"
        cd "$work/download"
        apt=(apt-get -qq -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=-
            -o Dir::State::Lists="$work/lists" -o pkgCacheFile="" -o srcpkgcache="" -o Dir::Cache::pkgcache=""
            -o Dir::Cache::srcpkgcache="")
        { "${apt[@]}" update && "${apt[@]}" source --download-only "$package/$release"; } >"$work/log" 2>&1 || {
            cat "$work/log" >&2
            die "apt did not give the source of $package in $release (its words are above)"
        }
        tar -xf "$(ls ./*.orig.tar.* | grep -v '\.asc$')" -C "$work/source" --strip-components=1
        mv "$work/source" "$folder"
    ) 6>"$folder.lock"
    printf '%s\n' "$folder"
}

# As tests/host/rootfs has it: the mirror that this machine uses.
machine_mirror() {
    apt-get indextargets --format '$(REPO_URI)' "Origin: Debian" "Label: $1" "Created-By: Packages" |
        sed -n '1s,/$,,p'
}
