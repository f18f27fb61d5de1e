# SPDX-License-Identifier: LGPL-2.1-or-later
#
# How the qemu host is made and started. Sourced, never run.

. "$(dirname "${BASH_SOURCE[0]}")/../host/lib.sh"

vm_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
vm_cache=$host_cache/vm

# What the initramfs needs to see the disk, in the order that they depend on each
# other. A kernel may have some built in.
vm_modules=(virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk)

vm_options() {
    vm_suite=bookworm vm_lsm=apparmor vm_memory=3072 vm_timeout=1400 vm_disk_size=8G
    vm_destdir= vm_install=yes vm_images= vm_arguments=() vm_packages=() vm_copies=()
    while [ $# -gt 0 ]; do
        case $1 in
        --suite) vm_suite=${2:?}; shift 2 ;;
        --lsm) vm_lsm=${2:?}; shift 2 ;;
        --packages) vm_packages+=(--packages "${2:?}"); shift 2 ;;
        --copy) vm_copies+=("${2:?}"); shift 2 ;;
        --memory) vm_memory=${2:?}; shift 2 ;;
        --timeout) vm_timeout=${2:?}; shift 2 ;;
        --install) vm_destdir=${2:?}; shift 2 ;;
        --no-install) vm_install=no; shift ;;
        --images) vm_images=${2:?}; shift 2 ;;
        -*) usage_error "unknown argument '$1' (see the head of $0)" ;;
        *) vm_arguments+=("$1"); shift ;;
        esac
    done
    if [ "$vm_install" = yes ] && [ -z "$vm_destdir" ]; then
        build_product
        vm_destdir=$product_destdir
    fi
    vm_find_images
}

# Without --images a VM with the product has those that the demo and the tests share.
# Debian's is made in a namespaced host where there is none yet: emulated it would
# take many minutes.
vm_find_images() {
    local name=vm-images-$$
    [ "$vm_install" = yes ] && [ -z "$vm_images" ] || return 0
    vm_images=$(host_shared_images)
    [ ! -e "$vm_images/debian-bookworm" ] || return 0
    (
        trap '"$host_dir/down" --name "$name"' EXIT
        "$host_dir/up" --name "$name" --install "$vm_destdir" --images "$vm_images"
        "$host_dir/run" --name "$name" -- ctrctl create image debian/bookworm
        "$host_dir/run" --name "$name" -- ctrctl remove image
    ) >&2
}

# vm_make DIR COMMAND: makes kernel, initrd and disk.img in DIR. The booted host
# runs COMMAND (for bash) as a service with the second serial port as its terminal,
# and is switched off when it ends.
vm_make() {
    local dir=$1 command=$2 rootfs
    rootfs=$("$host_dir/rootfs" --suite "$vm_suite" --packages "$vm_dir/packages.txt" "${vm_packages[@]}" \
        --kernel linux-image-cloud-amd64)
    vm_release=$(ls "$rootfs/usr/lib/modules")
    cp "$rootfs/boot/vmlinuz-$vm_release" "$dir/kernel"
    vm_make_initrd "$rootfs" "$dir"
    copy_product "$vm_destdir" "$dir/layer"
    vm_write_layer "$dir/layer" "$command"
    vm_copy "$dir/layer"
    # The mount is gone with the namespace, whatever happens.
    unshare --mount -- bash -euo pipefail -c '
        . "$1/lib.sh"
        vm_make_disk "$2" "$3" "$4" "$5" "$6"
    ' bash "$vm_dir" "$dir" "$rootfs" "$vm_images" "$vm_disk_size" "$vm_lsm"
    rm -rf "$dir/layer"
}

vm_make_initrd() {
    local rootfs=$1 dir=$2 module path
    mkdir -p "$dir/initrd.d"/{bin,proc,dev,root}
    cp /usr/bin/busybox "$dir/initrd.d/bin/busybox"
    ln -s busybox "$dir/initrd.d/bin/sh"
    for module in "${vm_modules[@]}"; do
        path=$(find "$rootfs/usr/lib/modules/$vm_release" -name "$module.ko*" -print -quit)
        [ -n "$path" ] || continue
        cp "$path" "$dir/initrd.d/"
        echo "/${path##*/}" >>"$dir/initrd.d/modules"
    done
    # A boot that goes wrong ends at once and does not sit until its time is over.
    cat >"$dir/initrd.d/init" <<'END'
#!/bin/sh
die() {
    echo "initramfs: $*"
    busybox poweroff -f
}
busybox mount -t proc proc /proc
busybox mount -t devtmpfs dev /dev
case " $(busybox cat /proc/cmdline) " in
*' ctrd.trial '*) die 'the trial boot got here' ;;
esac
while read -r module; do
    busybox insmod "$module" || die "cannot load $module"
done </modules
busybox mount -t ext4 /dev/vda /root || die 'cannot mount the disk'
busybox mount --move /dev /root/dev
busybox umount /proc
exec busybox switch_root /root /sbin/init
die 'no init'
END
    chmod +x "$dir/initrd.d/init"
    (cd "$dir/initrd.d" && find . | cpio --quiet --create --format=newc) | gzip -1 >"$dir/initrd"
    rm -rf "$dir/initrd.d"
}

# Files of this one run, which lie above Debian's root and the product.
vm_write_layer() {
    local layer=$1 command=$2 units=$1/etc/systemd/system
    mkdir -p "$units/multi-user.target.wants" "$layer/src"
    git -C "$host_top" -c safe.directory='*' ls-files -z --cached --others --exclude-standard |
        tar -C "$host_top" --null --files-from=- --ignore-failed-read --create 2>/dev/null |
        tar -C "$layer/src" --extract
    echo vm >"$layer/etc/hostname"
    printf '127.0.0.1 localhost\n::1 localhost\n127.0.1.1 vm\n' >"$layer/etc/hosts"
    echo 'nameserver 10.0.2.3' >"$layer/etc/resolv.conf"

    printf '%s\n' "$command" | install -D -m 755 /dev/stdin "$layer/usr/local/lib/vm-command"
    # "exec" and not "oneshot": the host has to become "running" meanwhile.
    cat >"$units/vm-command.service" <<END
[Unit]
Description=What the host was booted for
After=multi-user.target vm-network.service
SuccessAction=poweroff-force
FailureAction=poweroff-force

[Service]
Type=exec
ExecStart=/bin/bash /usr/local/lib/vm-command
StandardInput=tty-force
StandardOutput=inherit
StandardError=inherit
TTYPath=/dev/ttyS1
Environment=HOME=/root TERM=${TERM:-dumb}
WorkingDirectory=/root
Delegate=yes
SendSIGHUP=yes
END
    # The network of qemu's own user-mode stack.
    cat >"$units/vm-network.service" <<'END'
[Unit]
Description=Address of the emulated network card

[Service]
Type=oneshot
ExecStart=/bin/sh -ec 'modprobe virtio_net; udevadm settle; \
    link=$(basename /sys/bus/virtio/drivers/virtio_net/virtio*/net/*); \
    ip link set $link up; ip address add 10.0.2.15/24 dev $link; ip route add default via 10.0.2.2'
RemainAfterExit=yes
END
    ln -s ../vm-command.service ../vm-network.service "$units/multi-user.target.wants/"
}

# What --copy names, as SOURCE:PATH.
vm_copy() {
    local pair
    for pair in "${vm_copies[@]}"; do
        [[ $pair = /*:/* ]] || usage_error "--copy wants SOURCE:PATH, both absolute, not '$pair'"
        mkdir -p "$1/${pair#*:}"
        cp -a "${pair%%:*}/." "$1/${pair#*:}/"
    done
}

# The files of a host whose policy is to be enforced from its first process on have
# their labels before it boots. The kernel here need not know SELinux for that.
vm_label() {
    local root=$1
    sed -i 's/^SELINUX=.*/SELINUX=enforcing/; s/^SELINUXTYPE=.*/SELINUXTYPE=default/' "$root/etc/selinux/config"
    mount -t proc proc "$root/proc"
    # The product's own module, where it is installed: as an administrator would load it.
    [ ! -e "$root/usr/lib/ctrd/selinux/ctrd.cil" ] ||
        chroot "$root" semodule --noreload --store default --install /usr/lib/ctrd/selinux/ctrd.cil
    chroot "$root" setfiles -F /etc/selinux/default/contexts/files/file_contexts /
    umount "$root/proc"
}

# Runs in a mount namespace of its own.
vm_make_disk() {
    local dir=$1 rootfs=$2 images=$3 size=$4 lsm=$5
    mkdir "$dir/merged" "$dir/upper" "$dir/work"
    mount -t overlay disk "$dir/merged" -o \
        "lowerdir=$dir/layer:$rootfs,upperdir=$dir/upper,workdir=$dir/work"
    # This host has a kernel and devices of its own (see tests/host/rootfs).
    rm -r "$dir/merged/etc/systemd/system/systemd-sysctl.service" \
        "$dir/merged/etc/systemd/system/systemd-udev-trigger.service.d"
    chown -R 0:0 "$dir/merged/src"
    mkdir -p "$dir/merged/var/lib/ctrd/images"
    [ -z "$images" ] || mount --rbind "$images" "$dir/merged/var/lib/ctrd/images"
    [ "$lsm" != selinux ] || vm_label "$dir/merged"
    truncate -s "$size" "$dir/disk.img"
    # Without the checks and journal that nobody will need.
    mke2fs -q -t ext4 -O ^has_journal -E lazy_itable_init=1,root_owner=0:0 -m 0 \
        -d "$dir/merged" "$dir/disk.img"
    umount --recursive "$dir/merged"
    rm -rf "$dir/upper" "$dir/work" "$dir/merged"
}

# Prints qemu's options for the processor. /dev/kvm may be there and still not
# run a stock kernel: believe it only after a trial, whose result holds until
# the machine boots another kernel.
vm_accelerator() {
    local dir=$1 verdict
    verdict=$vm_cache/kvm-$(uname -r)
    if [ ! -w /dev/kvm ]; then
        echo '-accel tcg,thread=multi,tb-size=1024 -cpu max'
        return
    fi
    if [ ! -e "$verdict" ]; then
        if timeout 15 qemu-system-x86_64 -machine q35 -accel kvm -cpu host -smp 2 -m 512 -display none \
            -no-reboot -nodefaults -serial stdio -kernel "$dir/kernel" -initrd "$dir/initrd" \
            -append 'console=ttyS0 quiet panic=-1 ctrd.trial' </dev/null 2>&1 |
            grep -q 'the trial boot got here'; then
            echo yes >"$verdict"
        else
            echo no >"$verdict"
        fi
    fi
    if [ "$(cat "$verdict")" = yes ]; then
        echo '-accel kvm -cpu host'
    else
        echo '-accel tcg,thread=multi,tb-size=1024 -cpu max'
    fi
}

# vm_boot DIR: the console goes to DIR/console.log, the second serial port is
# standard input and output.
vm_boot() {
    local dir=$1 accelerator
    accelerator=$(vm_accelerator "$dir")
    # shellcheck disable=SC2086
    qemu-system-x86_64 -machine q35 $accelerator -smp 2 -m "$vm_memory" \
        -display none -no-reboot -nodefaults \
        -kernel "$dir/kernel" -initrd "$dir/initrd" \
        -drive "file=$dir/disk.img,format=raw,if=virtio,cache=unsafe,discard=unmap" \
        -nic user,model=virtio-net-pci \
        -object rng-random,id=rng,filename=/dev/urandom -device virtio-rng-pci,rng=rng \
        -serial "file:$dir/console.log" -chardev stdio,id=command,signal=off -serial chardev:command \
        -append "console=ttyS0 rw quiet panic=-1 security=$vm_lsm $vm_lsm=1 systemd.show_status=no"
}
