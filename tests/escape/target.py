# SPDX-License-Identifier: LGPL-2.1-or-later
"""What there is to attack on the host: a process, files, sockets, a link, a control
group; and proof that none of it has changed."""

import contextlib
import os
import pathlib
import socket
import subprocess

PROGRAM = "/opt/escape/escape"
WORDS = "this is a file of the host"
BASE = pathlib.Path("/var/lib/ctrd/escape")       # on the file system of the containers
SENTINEL = "/escape-sentinel"
INSIDE = "/usr/local/bin/escape"
CGROUP = "escape-target"
LINK = "esc0"


def disk_of(path):
    """The block device below, so far as one is told."""
    number = os.stat(path).st_dev
    return f"{os.major(number)}:{os.minor(number)}"


class Target:
    def __init__(self):
        for directory in ("bind", "read-only", "trap"):
            (BASE / directory).mkdir(parents=True, exist_ok=True)
        os.chmod(BASE, 0o700)
        for path in (BASE / "sentinel", pathlib.Path(SENTINEL)):
            path.write_text(WORDS)
            path.chmod(0o644)
        (BASE / "trap/file").write_text("untouched")
        (BASE / "trap/inner").mkdir(exist_ok=True)
        (BASE / "read-only/writable").write_text("")
        os.chmod(BASE / "read-only/writable", 0o666)
        (pathlib.Path("/sys/fs/cgroup") / CGROUP).mkdir(exist_ok=True)
        subprocess.run(["ip", "link", "add", LINK, "type", "veth", "peer", "name", "esc1"], check=False, stderr=subprocess.DEVNULL)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.victim = subprocess.Popen([PROGRAM, "victim", BASE / "sentinel"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.words = []
        for line in self.victim.stdout:
            if not line.strip():
                break
            self.words.append(line.strip())
        self.words += [f"sentinel={SENTINEL}", f"link={LINK}", f"hostname={os.uname().nodename}", f"host-cgroup=/{CGROUP}",
                       f"port={self.listener.getsockname()[1]}", f"disk={disk_of('/var/lib/ctrd')}"]

    def close(self):
        self.victim.stdin.close()
        self.victim.wait()
        self.listener.close()
        subprocess.run(["ip", "link", "delete", LINK], check=False)
        with contextlib.suppress(OSError):
            (pathlib.Path("/sys/fs/cgroup") / CGROUP).rmdir()

    def arguments(self, bind="/bind", read_only="/read-only"):
        return ["attack", *self.words, f"bind={bind}", f"read-only={read_only}", "input-is-file=yes"]


def tree(path):
    """Everything below, as names, kinds, owners, modes and contents."""
    found = {}
    for directory, directories, files in os.walk(path):
        for name in ["."] + directories + files:
            p = os.path.join(directory, name)
            st = os.lstat(p)
            regular = os.path.isfile(p) and not os.path.islink(p)
            found[p] = (oct(st.st_mode), st.st_uid, st.st_gid, open(p, "rb").read() if regular else None)
    return found


def state():
    """What no attack may change."""
    values = {"trap": tree(BASE / "trap"), "sentinel": pathlib.Path(SENTINEL).read_text(), "hostname": os.uname().nodename,
              "mounts": sorted(line.split(" ", 3)[3] for line in open("/proc/self/mountinfo") if "/run/ctrd/" not in line
                               and "/var/lib/ctrd/containers" not in line)}
    for name in ("core_pattern", "hostname", "modprobe", "panic_on_oops"):
        with contextlib.suppress(OSError):
            values[name] = pathlib.Path("/proc/sys/kernel", name).read_text()
    return values


def parse(text):
    """The program's lines."""
    rows = {}
    for line in text.splitlines():
        fields = line.split("\t")
        if len(fields) == 6:
            rows[fields[0]] = dict(zip(("result", "errno", "note", "reference", "what"), fields[1:]))
    return rows


def unconfined(target):
    """The same program as the host's root, with what a bad runtime leaves behind:
    descriptors, inheritable capabilities, a working directory."""
    for name in os.listdir(BASE / "bind"):
        (BASE / "bind" / name).unlink()
    command = [PROGRAM, *target.arguments(BASE / "bind", BASE / "read-only")]
    with open(BASE / "sentinel") as words:
        return parse(subprocess.run(["setpriv", "--inh-caps=+kill", "bash", "-c", 'exec "$@" 7</etc', "bash", *map(str, command)],
                                    stdin=words, capture_output=True, text=True, check=False, cwd="/").stdout)
