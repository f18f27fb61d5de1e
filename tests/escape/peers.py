# SPDX-License-Identifier: LGPL-2.1-or-later
"""The same program in containers of others, on the same host with the same root."""

import contextlib
import json
import os
import pathlib
import shutil

import ctrd
import target

IMAGE = pathlib.Path("/var/lib/ctrd/images/debian-bookworm/rootfs")
BINDS = ((target.BASE / "bind", "/bind", ""), (target.BASE / "read-only", "/read-only", "ro"))

def unit(name, *command):
    ctrd.run("systemd-run", "-q", "--collect", f"--unit={name}", "-p", "Delegate=yes", *command, check=True)


def in_root(path):
    """A root of its own for the peer, with the program in it."""
    ctrd.run("cp", "-a", "--reflink=auto", IMAGE, path, check=True, timeout=300)
    shutil.copy(target.PROGRAM, f"{path}{target.INSIDE}")
    pathlib.Path(path, "etc/machine-id").write_text("")
    for left in os.listdir(target.BASE / "bind"):
        (target.BASE / "bind" / left).unlink()


def measure(goal, *command):
    with open(target.BASE / "sentinel", "rb") as words:
        r = ctrd.run(*command, target.INSIDE, *goal.arguments(), stdin=words, timeout=300)
    rows = target.parse(r.out)
    assert rows, r
    return rows


def nspawn(goal):
    root = "/var/lib/machines/peer"
    in_root(root)
    unit("peer-nspawn", "systemd-nspawn", "-q", "-U", "--machine=peer", "-D", root, "--boot", "--network-veth", "--console=read-only",
         *[f"--bind{'-ro' if ro else ''}={source}:{inside}:idmap" for source, inside, ro in BINDS])
    try:
        ctrd.wait_until(lambda: ctrd.run("systemctl", "-M", "peer", "is-system-running").out.strip() in ("running", "degraded"), 60)
        return measure(goal, "systemd-run", "-q", "-M", "peer", "--pipe", "--wait", "--collect")
    finally:
        ctrd.run("machinectl", "terminate", "peer")
        ctrd.run("systemctl", "stop", "peer-nspawn")
        ctrd.run("rm", "-rf", root)


def lxc(goal):
    home = pathlib.Path("/var/lib/lxc/peer")
    home.mkdir(parents=True)
    for name in ("/etc/subuid", "/etc/subgid"):     # newuidmap allows root no more than others
        with open(name, "a") as f:
            f.write("root:300000000:65536\n")
    in_root(home / "rootfs")
    config = ["lxc.include = /usr/share/lxc/config/common.conf", "lxc.include = /usr/share/lxc/config/userns.conf", "lxc.arch = linux64",
              "lxc.uts.name = peer", "lxc.idmap = u 0 300000000 65536", "lxc.idmap = g 0 300000000 65536", f"lxc.rootfs.path = dir:{home}/rootfs", "lxc.signal.halt = SIGRTMIN+4",
              "lxc.rootfs.options = idmap=container", "lxc.net.0.type = veth", "lxc.net.0.flags = up"]
    config += [f"lxc.mount.entry = /mnt/peer{inside} {inside[1:]} none bind,create=dir,idmap=container{',ro' if ro else ''} 0 0"
               for _, inside, ro in BINDS]
    (home / "config").write_text("\n".join(config) + "\n")
    for source, inside, _ in BINDS:
        # LXC looks for them as root of the container, who does not get into ctrd's directory
        os.makedirs(f"/mnt/peer{inside}", exist_ok=True)
        ctrd.run("mount", "--bind", source, f"/mnt/peer{inside}", check=True)
    unit("peer-lxc", "lxc-start", "-n", "peer", "-F", "-o", "/var/lib/lxc/peer/log", "-l", "WARN")
    try:
        try:
            ctrd.wait_until(lambda: ctrd.run("lxc-attach", "-n", "peer", "--", "systemctl", "is-system-running").out.strip() in
                            ("running", "degraded"), 15)
        except AssertionError as error:
            raise AssertionError("LXC is not up: %r\n%s%s%s" % (
                ctrd.run("lxc-attach", "-n", "peer", "--", "systemctl", "is-system-running"), (home / "log").read_text()[-1500:],
                ctrd.run("lxc-attach", "-n", "peer", "--", "systemctl", "list-jobs").out,
                ctrd.run("journalctl", "-u", "peer-lxc", "-n", "15", "-o", "cat").out)) from error
        return measure(goal, "lxc-attach", "-n", "peer", "--")
    finally:
        ctrd.run("lxc-stop", "-k", "-n", "peer")
        ctrd.run("systemctl", "stop", "peer-lxc")
        ctrd.run("umount", *[f"/mnt/peer{inside}" for _, inside, _ in BINDS])
        ctrd.run("rm", "-rf", home)


def crun(goal):
    bundle = pathlib.Path("/var/lib/machines/peer-crun")
    bundle.mkdir()
    in_root(bundle / "rootfs")
    try:
        ctrd.run("crun", "spec", "-b", bundle, check=True)
        config = json.loads((bundle / "config.json").read_text())
        config["process"] |= {"terminal": False, "args": [target.INSIDE, *map(str, goal.arguments())]}
        # This release raises a limit before it loads device rules, which the machine may not allow.
        config["process"].pop("rlimits", None)
        config["linux"].pop("resources", None)
        config["root"]["readonly"] = False
        for source, inside, ro in BINDS:
            config["mounts"].append({"destination": inside, "type": "bind", "source": str(source), "options": ["rbind"] + [ro] * bool(ro)})
        (bundle / "config.json").write_text(json.dumps(config))
        with open(target.BASE / "sentinel", "rb") as words:
            r = ctrd.run("crun", "run", "-b", bundle, "peer-crun", stdin=words, timeout=300)
        rows = target.parse(r.out)
        assert rows, r
        return rows
    finally:
        ctrd.run("crun", "delete", "-f", "peer-crun")
        ctrd.run("rm", "-rf", bundle)


def versions():
    def first(*command):
        with contextlib.suppress(OSError, IndexError):
            return ctrd.run(*command).out.splitlines()[0].split()[-1]
        return "missing"
    return {"systemd-nspawn": ctrd.run("systemd-nspawn", "--version").out.split()[1], "LXC": first("lxc-start", "--version"),
            "crun": first("crun", "--version")}


def attack(goal, columns):
    for title, function in (("nspawn -U", nspawn), ("LXC unprivileged", lxc), ("crun", crun)):
        try:
            columns[title] = function(goal)
        except AssertionError as error:
            print("# %s could not be run: %s" % (title, str(error).replace("\n", "\n# ")))
