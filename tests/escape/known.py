# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is known of attacks that do not do what one would wish: by design, or because
something is missing. A sentence each, for the tables."""

# Under default settings these succeed.
SUCCEEDS = {
    "set-user-id on a bind": "by design: on a bind, root inside is root of the files, so whoever gives a directory lets it be "
                             "written as the host's root would; give none that others of the host can reach",
}

# These are not seen to succeed even without a container, on the host in namespaces.
# The VM (tests/escape/vm.sh) has the kernel and the capabilities of a real machine.
NO_MODULES = "no loadable modules in this kernel"
NO_KEXEC = "no kexec in this kernel"
NO_PORTS = "no I/O ports for programs in this kernel"
ABSENT = "this kernel has none"
CAPABILITY = "the machine itself lacks the capability (CAP_SYS_RESOURCE)"
UNPROVEN = {
    "init-module": NO_MODULES, "finit-module": NO_MODULES, "delete-module": NO_MODULES, "modprobe-path": NO_MODULES,
    "kexec-load": NO_KEXEC, "kexec-file-load": NO_KEXEC, "iopl": NO_PORTS, "ioperm": NO_PORTS,
    "managers-files": "no manager has bound anything here", "hotplug-path": ABSENT, "uevent-helper": ABSENT, "sysrq-trigger": ABSENT, "kcore": ABSENT, "mtrr": ABSENT,
    "binfmt-register": "the host in namespaces does not mount it", "apparmor-load": "no AppArmor in this kernel",
    "mount-configfs": ABSENT, "mount-efivarfs": ABSENT, "mount-selinuxfs": ABSENT, "af-alg": ABSENT,
    "firmware-path": ABSENT, "acpi-tables": ABSENT, "cpu-offline": ABSENT, "pci-rescan": ABSENT, "power-state": ABSENT,
    "huge-pages": ABSENT, "mount-tracefs": ABSENT, "mount-pstore": ABSENT, "vsock": ABSENT, "io-uring": ABSENT,
    "oom-score": CAPABILITY, "hard-limit": CAPABILITY, "capset": CAPABILITY,
    "wake-alarm": "no clock that could wake the machine",
    "ctrl-alt-delete": "the host in namespaces is a pid namespace of its own, which has no such key",
    "handle-root": "the root of this host is an overlay; handle-bind is the same on a disk",
    "namespace-handle": "since Linux 6.18", "parent-namespace": "its namespaces have no parents",
    "nf-tables": "for its own network alone, by design", "node-disk": "the machine lets nobody open its disk", "mount-disk": ABSENT, "audit-record": ABSENT,
    "node-tty1": ABSENT, "node-console": ABSENT, "node-vcs": ABSENT, "kallsyms": ABSENT, "kmsg-file": ABSENT,
    "set-user-id": "whose it is is seen from outside, see below",
    "release-agent": "no hierarchies of cgroup v1",
    "cgroup-limits": "no controllers, or no group above", "kpageflags": ABSENT, "vmallocinfo": ABSENT,
    "node-loop0": ABSENT, "node-loop-control": ABSENT,
}
