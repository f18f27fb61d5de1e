# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What the scripts of the namespaced host share: where its state lies, how to
# tell whether it runs, how to enter it. Sourced, never run.

host_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
host_top=$(cd "$host_dir/../.." && pwd)

# One folder for everything that is worth keeping (root file systems) and for
# what a running host writes. It must lie on a disk file system: overlays and
# id-mapped mounts are made on it.
host_cache=${CTRD_CACHE:-/var/cache/ctrd-dev}
host_hosts=$host_cache/hosts

# What was changed on the machine itself for the sake of all hosts, and the lock
# under which hosts come and go: one for the machine, whatever cache they use.
# Below /run, because a reboot of the machine undoes these changes too.
host_machine=/run/ctrd-dev-hosts
host_lock=/run/lock/ctrd-dev-hosts

# All hosts' links and the rule that lets them out lie in a range that is
# reserved for benchmarks (RFC 2544) and so clashes with no real network.
host_net_prefix=198.18
host_net_range=198.18.0.0/16
host_nft_table=ctrd_dev_hosts
host_link_prefix=ctrdhost

die() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

usage_error() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 2
}

need_root() {
    [ "$(id -u)" = 0 ] || die "a host needs namespaces and mounts: run this as root"
}

# Sets the variables that follow from a host's name.
host_select() {
    [[ $1 =~ ^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$ ]] ||
        usage_error "'$1' is no name for a host: use lower-case letters, digits and dashes"
    host_name=$1
    host_state=$host_hosts/$host_name
    host_cgroup=$(cgroup2_mount)/ctrd-host-$host_name
}

cgroup2_mount() {
    local where
    # The file system type follows the " - " that ends the optional fields.
    where=$(awk '{ for (i = 7; i <= NF; i++) if ($i == "-") break }
                 $(i + 1) == "cgroup2" { print $5; exit }' /proc/self/mountinfo)
    [ -n "$where" ] || die "no cgroup2 is mounted: mount -t cgroup2 none DIR"
    printf '%s\n' "$where"
}

# The supervisor of a host holds a lock on its state for as long as one process
# of the host lives; so this is right after a crash too, and needs no pid.
host_running() {
    [ -e "$host_state/alive" ] || return 1
    ! flock --nonblock --shared "$host_state/alive" true
}

# Prints the pid of the host's init.
host_pid() {
    host_running || die "host '$host_name' is not running: tests/host/up --name $host_name"
    [ -s "$host_state/pid" ] || die "host '$host_name' is still being set up"
    cat "$host_state/pid"
}

# Runs a command in all namespaces of the host, outside its control groups.
# Good for asking systemd for something; work belongs into a unit (tests/host/run).
host_enter() {
    local pid
    pid=$(host_pid)
    nsenter --target "$pid" --all --wdns=/ -- \
        env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin HOME=/root \
        LANG=C.UTF-8 TERM="${TERM:-dumb}" "$@"
}

# Is any host's link on the machine? Then what lets hosts out is needed.
hosts_linked() {
    local links
    links=$(ip -brief link show type veth)
    grep -q "^$host_link_prefix[0-9]" <<<"$links"
}

# Prints the folder for images that the demo and shells share, so that what one has
# built the other has. Templates that changed make other images.
host_shared_images() {
    local key
    key=$(cd "$host_top" && find templates -type f -exec sha256sum {} + 2>/dev/null | sort | sha256sum | cut -c1-16)
    printf '%s\n' "$host_cache/images/$key"
}

# Takes the lock under which hosts appear and disappear, on descriptor 7.
hosts_lock() {
    mkdir -p "$host_hosts" "$(dirname "$host_lock")"
    exec 7>"$host_lock"
    flock 7
}

hosts_unlock() {
    exec 7>&-
}

# What a folder holds: names, types, modes.
tree_of() { (cd "$1" && find . -printf '%P %y %m %l\n' | sort); }

# Builds the source tree and installs it to a folder, which product_destdir names. Others may
# be copying from there: where nothing has changed it stays as it is.
build_product() {
    local build=${CTRD_BUILD:-$host_top/build} new
    [ -e "$host_top/meson.build" ] || die "there is no meson.build to install from: use --no-install"
    product_destdir=$build/destdir
    # Two hosts may come up at once; meson takes no lock for an installation.
    mkdir -p "$build"
    exec 6>"$build/.install-lock"
    flock 6
    # What a compiler says matters only where it fails.
    {
        { [ -e "$build/build.ninja" ] ||
            meson setup "$build" "$host_top" --prefix=/usr --sysconfdir=/etc --localstatedir=/var; } &&
            new=$product_destdir.new && rm -rf "$new" &&
            DESTDIR=$new meson install -C "$build" --quiet &&
            if [ -d "$product_destdir" ] && [ "$(tree_of "$new")" = "$(tree_of "$product_destdir")" ] &&
                diff -r --no-dereference "$new" "$product_destdir"; then
                rm -rf "$new"
            else
                rm -rf "$product_destdir" && mv "$new" "$product_destdir"
            fi
    } >"$build/.install-log" 2>&1 || {
        tail -n 40 "$build/.install-log" >&2
        die "the source tree does not build (the last words are above, all of them in $build/.install-log)"
    }
    exec 6>&-
}

# copy_product FROM TO: a copy of what was installed (nothing where FROM is empty)
# that can be a layer above Debian's root.
copy_product() {
    local from=$1 to=$2 part
    mkdir -p "$to"
    [ -z "$from" ] || cp -a "$from/." "$to/"
    # A real /lib would hide the symbolic link of the same name in Debian's root.
    for part in bin sbin lib lib64; do
        if [ -d "$to/$part" ] && [ ! -L "$to/$part" ]; then
            mkdir -p "$to/usr/$part"
            cp -a "$to/$part/." "$to/usr/$part/"
            rm -rf "${to:?}/$part"
        fi
    done
}
