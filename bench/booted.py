# SPDX-License-Identifier: LGPL-2.1-or-later
"""The same Debian, booted by ctrd, nspawn and LXC: for `boot` and `exec`.

All get a user namespace with the root id-mapped, a veth pair, the same image, and
one machine each that is started again and again. "Started" is READY=1 from the
distribution's own init for all three.
"""

import os
import pathlib
import shutil
import subprocess

from measure import Failed, sh

IMAGES = pathlib.Path("/bench")
MACHINES = pathlib.Path("/var/lib/machines")
TEMPLATE = "/src/templates/debian"
SUITE = "bookworm"
# A range of ids that neither nspawn -U nor ctrd picks from.
LXC_UID_BASE = 262144


def image():
    """The root that the template makes, built where the cache does not have it."""
    root = IMAGES / SUITE
    if not root.exists():
        IMAGES.mkdir(exist_ok=True)
        target = IMAGES / f"{SUITE}.new"
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        done = subprocess.run([TEMPLATE, "build"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              text=True, check=False,
                              env={**os.environ, "CTRD_TARGET": str(target), "CTRD_VARIANT": SUITE})
        if done.returncode != 0:
            raise Failed(f"template debian: {done.stderr.strip().splitlines()[-1]}")
        target.rename(root)
    return root / "rootfs"


def copy_image(to):
    if not to.exists():
        to.parent.mkdir(parents=True, exist_ok=True)
        sh("cp", "-a", "--reflink=auto", str(image()), str(to))


def pss(*programs):
    """KiB of all processes that run one of these programs, shared pages shared out."""
    total = 0
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if os.path.basename(os.readlink(process / "exe")) in programs:
                rollup = (process / "smaps_rollup").read_text()
                total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
        except (OSError, StopIteration):
            continue                    # a process that has just ended
    return total


def leader(machine):
    return sh("machinectl", "show", machine, "--property=Leader", "--value")


class Ctrd:
    """As documented for its users."""

    name = "bench-ctrd"
    start_command = ["ctrctl", "start", name]
    stop_command = ["ctrctl", "stop", name]
    ready = None
    programs = ("ctrd", "ctr-monitor")

    def __init__(self, timer):
        pass

    def prepare(self):
        if not shutil.which("ctrctl"):
            raise Failed("ctrctl is not installed")
        self.remove()
        sh("ctrctl", "create", self.name, f"debian/{SUITE}")

    def remove(self):
        if shutil.which("ctrctl"):
            sh("ctrctl", "stop", self.name, check=False)
            sh("ctrctl", "remove", self.name, check=False)


class Nspawn:
    """As systemd-nspawn@.service runs it, less what costs time and ctrd does not do."""

    name = "bench-nspawn"
    start_command = ["systemctl", "start", f"{name}.service"]
    stop_command = ["systemctl", "stop", f"{name}.service"]
    ready = None
    programs = ("systemd-nspawn",)
    unit = pathlib.Path(f"/run/systemd/system/{name}.service")

    def __init__(self, timer):
        pass

    def prepare(self):
        copy_image(MACHINES / self.name)
        self.unit.parent.mkdir(parents=True, exist_ok=True)
        self.unit.write_text("\n".join([
            "[Service]",
            f"ExecStart=systemd-nspawn --quiet --keep-unit --boot --settings=no -M {self.name}"
            f" -D {MACHINES / self.name} -U --private-users-ownership=map --network-veth"
            " --notify-ready=yes --link-journal=no --resolv-conf=off --timezone=off --console=pipe",
            "Type=notify",
            "KillMode=mixed",
            "Delegate=yes",
            "Slice=machine.slice",
            "RestartForceExitStatus=133",
            "SuccessExitStatus=133",
            "StandardOutput=null",
            "TasksMax=16384",
        ]) + "\n")
        sh("systemctl", "daemon-reload")

    def remove(self):
        sh("systemctl", "stop", f"{self.name}.service", check=False)
        self.unit.unlink(missing_ok=True)


class Lxc:
    """LXC waits for no READY of its own, so init is told of a socket of ours."""

    name = "bench-lxc"
    start_command = ["lxc-start", "--daemon", "-n", name]
    stop_command = ["lxc-stop", "-n", name]
    ready = "/run/bench/lxc-notify"
    programs = ("lxc-start",)

    def __init__(self, timer):
        timer.leaf("lxc-boot")
        self.group = timer.relative("lxc-boot").lstrip("/")

    def prepare(self):
        directory = pathlib.Path("/var/lib/lxc") / self.name
        copy_image(directory / "rootfs")
        pathlib.Path(self.ready).parent.mkdir(parents=True, exist_ok=True)
        (directory / "config").write_text("\n".join([
            f"lxc.rootfs.path = dir:{directory}/rootfs",
            "lxc.rootfs.options = idmap=container",
            f"lxc.uts.name = {self.name}",
            f"lxc.idmap = u 0 {LXC_UID_BASE} 65536",
            f"lxc.idmap = g 0 {LXC_UID_BASE} 65536",
            "lxc.init.cmd = /sbin/init",
            "lxc.signal.halt = SIGRTMIN+4",
            "lxc.environment = NOTIFY_SOCKET=/notify",
            f"lxc.mount.entry = {self.ready} notify none bind,create=file 0 0",
            "lxc.mount.auto = proc:mixed sys:mixed cgroup:mixed",
            "lxc.autodev = 1",
            "lxc.tty.max = 0",
            "lxc.pty.max = 1024",
            "lxc.cap.drop = mac_admin mac_override sys_time sys_module sys_rawio",
            "lxc.net.0.type = veth",
            "lxc.net.0.name = host0",
            "lxc.net.0.veth.pair = ve-bench-lxc",
            "lxc.apparmor.profile = unconfined",
            f"lxc.cgroup.dir.container = {self.group}/payload",
            f"lxc.cgroup.dir.monitor = {self.group}/monitor",
            f"lxc.cgroup.dir.monitor.pivot = {self.group}/pivot",
        ]) + "\n")

    def remove(self):
        sh("lxc-stop", "-n", self.name, "--kill", check=False)
