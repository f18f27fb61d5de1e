# SPDX-License-Identifier: LGPL-2.1-or-later
"""Starting a program that ends at once: what a runtime costs over the kernel.

All get the same root, the same namespaces (pid, mount, uts, ipc, cgroup), the
same mounts (root, /proc, a tmpfs on /dev) and a control group of their own.
The runtimes run again with a network namespace, and again with the engines'
default seccomp profile and capabilities: NAME+net and NAME+seccomp.
"""

import json
import pathlib
import shutil

from engine import CAPABILITIES, seccomp
from measure import Contender, Failed, sh

ROOT = pathlib.Path("/var/lib/machines/bench-start")
WORK = pathlib.Path("/run/bench")


def make_root(build):
    """A root of one program. /usr and os-release are there because nspawn insists."""
    shutil.rmtree(ROOT, ignore_errors=True)
    for directory in ("bin", "dev", "etc", "proc", "sys", "tmp", "usr/lib"):
        (ROOT / directory).mkdir(parents=True)
    shutil.copy(f"{build}/bench/bench-true", ROOT / "bin/true")
    shutil.copy(f"{build}/bench/bench-pause", ROOT / "bin/pause")
    (ROOT / "etc/os-release").write_text("ID=bench\n")


def spec(cgroup, variant="", program="/bin/true"):
    result = {
        "ociVersion": "1.0.2",
        "root": {"path": str(ROOT)},
        "hostname": "bench",
        "process": {"user": {"uid": 0, "gid": 0}, "args": [program], "cwd": "/", "env": ["PATH=/bin"]},
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]},
        ],
        "linux": {
            "cgroupsPath": cgroup,
            "namespaces": [{"type": kind} for kind in ("pid", "mount", "uts", "ipc", "cgroup")],
        },
    }
    if variant == "+net":
        result["linux"]["namespaces"].append({"type": "network"})
    if variant == "+seccomp":
        result["linux"]["seccomp"] = seccomp()
        result["process"]["capabilities"] = {kind: CAPABILITIES for kind in ("bounding", "effective", "permitted")}
    return result


class Floor(Contender):
    def __init__(self, timer, build, variant=""):
        self.timer, self.build, self.variant, self.name = timer, build, variant, f"floor{variant}"

    def prepare(self):
        self.command = [f"{self.build}/bench/bench-floor", *(["--net"] if self.variant == "+net" else []),
                        "--cgroup", self.timer.leaf(self.name), ROOT, "/bin/true"]

    def run(self):
        microseconds, peak = self.timer.run(self.command)
        return {"us": microseconds, "peak_kib": peak}


class Runtime(Contender):
    """Whatever has the command line of an OCI runtime."""

    def __init__(self, timer, program, *options, variant=""):
        self.timer, self.program, self.variant = timer, program, variant
        self.name = program + variant
        self.begin = [program, "--root", WORK / self.name / "state", *options]

    def bundle(self, **more):
        if not shutil.which(self.program):
            raise Failed(f"{self.program} is not installed")
        bundle = WORK / self.name / "bundle"
        bundle.mkdir(parents=True, exist_ok=True)
        (bundle / "config.json").write_text(
            json.dumps(spec(self.timer.relative(f"c-{self.name}"), self.variant, **more)))
        return bundle

    def prepare(self):
        self.command = [*self.begin, "run", "--bundle", self.bundle(), f"bench-{self.name}"]

    def run(self):
        microseconds, peak = self.timer.run(self.command)
        return {"us": microseconds, "peak_kib": peak}

    def finish(self):
        if shutil.which(self.program):
            sh(*map(str, self.begin), "delete", "--force", f"bench-{self.name}", check=False)


class RuntimeExec(Runtime):
    """`true` in a container of that runtime that runs."""

    def prepare(self):
        bundle = self.bundle(program="/bin/pause")
        self.timer.run([*self.begin, "run", "--detach", "--bundle", bundle, f"bench-{self.name}"])
        self.command = [*self.begin, "exec", f"bench-{self.name}", "/bin/true"]


# How each runtime is used so that it is fast.
RUNTIMES = [("ctrrun",), ("crun", "--cgroup-manager=cgroupfs"), ("runc",)]


class LxcExecute(Contender):
    name = "lxc-execute"

    def __init__(self, timer):
        self.timer = timer

    def prepare(self):
        self.timer.leaf("lxc")
        group = self.timer.relative("lxc").lstrip("/")
        config = pathlib.Path("/var/lib/lxc/bench-start/config")
        config.parent.mkdir(parents=True, exist_ok=True)
        config.write_text("\n".join([
            f"lxc.rootfs.path = dir:{ROOT}",
            "lxc.uts.name = bench",
            "lxc.namespace.keep = net user",
            "lxc.mount.auto = proc:rw",
            "lxc.autodev = 1",
            "lxc.tty.max = 0",
            "lxc.pty.max = 0",
            "lxc.console.path = none",
            "lxc.apparmor.profile = unconfined",
            f"lxc.cgroup.dir.container = {group}/payload",
            f"lxc.cgroup.dir.monitor = {group}/monitor",
            f"lxc.cgroup.dir.monitor.pivot = {group}/pivot",
        ]) + "\n")

    def run(self):
        microseconds, peak = self.timer.run(["lxc-execute", "-n", "bench-start", "--", "/bin/true"])
        return {"us": microseconds, "peak_kib": peak}


class Nspawn(Contender):
    """Without registration and scope: it divides the control group it is in."""

    name = "nspawn"

    def __init__(self, timer):
        self.timer = timer

    def run(self):
        microseconds, peak = self.timer.run(
            ["systemd-nspawn", "--quiet", "--settings=no", "--register=no", "--keep-unit",
             "--link-journal=no", "--resolv-conf=off", "--timezone=off", "--console=pipe",
             "-D", ROOT, "/bin/true"],
            cgroup=self.timer.leaf("nspawn"))
        return {"us": microseconds, "peak_kib": peak}


def contenders(timer, build):
    make_root(build)
    plain, net, filtered = ([Runtime(timer, *words, variant=variant) for words in RUNTIMES]
                            for variant in ("", "+net", "+seccomp"))
    return [Floor(timer, build), *plain, LxcExecute(timer), Nspawn(timer),
            Floor(timer, build, "+net"), *net, *filtered]
