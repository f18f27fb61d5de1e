# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the attacks share: all of tests/integration/oci.py, images with a Python
in them, and somebody who exchanges two names of a directory without a pause."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + "/integration")
from oci import *

RENAME_EXCHANGE = 2
AT_FDCWD = -100


@contextlib.contextmanager
def exchanging(a, b):
    """renameat2(2) in a loop, in a process of its own, while the body runs."""
    libc = ctypes.CDLL(None, use_errno=True)
    pid = os.fork()
    if pid == 0:
        try:
            one, two = os.fsencode(a), os.fsencode(b)
            while libc.renameat2(AT_FDCWD, one, AT_FDCWD, two, RENAME_EXCHANGE) == 0:
                pass
        finally:
            os._exit(1)
    try:
        yield
        expect(os.waitpid(pid, os.WNOHANG) == (0, 0), "nobody exchanged anything")
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


@contextlib.contextmanager
def bystander(uid=0):
    """A process of the host's that is none of the container's business."""
    p = subprocess.Popen(["sleep", "1000"], user=uid)
    try:
        yield p
        expect(p.poll() is None, "the bystander was killed")
    finally:
        p.kill()
        p.wait()


class Hostile(Bundle):
    """An image with the host's Python, so that any system call can be made inside."""

    def __init__(self, script, *args, userns=False, **process):
        super().__init__("/usr/bin/python3", "-c", script, *args, userns=userns, **process)
        os.mkdir(self.rootfs + "/usr")
        self.mount("/usr", source="/usr", options=["rbind", "rro"])
        for d in ("lib", "lib64"):
            os.symlink("usr/" + d, "%s/%s" % (self.rootfs, d))
        if not os.path.islink("/lib"):
            raise Skip("the host's /lib is not in /usr")


def mounts_on_host():
    return sorted(open("/proc/self/mountinfo").read().splitlines())


def privileged(b):
    """Every capability, in all sets that make one effective."""
    last = int(open("/proc/sys/kernel/cap_last_cap").read())
    names = ctrrun("features", check=0)
    caps = json.loads(names.stdout)["linux"]["capabilities"][:last + 1]
    b.process["capabilities"] = {k: caps for k in ("bounding", "effective", "permitted")}
    return b
