# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the tests of the OCI runtime share: bundles, the command line, and a harness
that speaks TAP.

CTRRUN names the program to test. With words as arguments only the tests that contain
one are run. PATIENCE: by how much a wait may be longer than on a machine (an emulated
one is slow). A program of tests imports all of this, marks its tests with @test, and
ends with sys.exit(main())."""

import array
import ctypes
import fcntl
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CTRRUN = os.environ.get("CTRRUN", TOP + "/build/src/runtime/ctrrun")
BUSYBOX = shutil.which("busybox", path="/bin:/usr/bin")
APPLETS = "sh cat ls id true false sleep mount umount stat echo touch tty env pwd hostname kill mkdir ln readlink".split()
WORK = tempfile.mkdtemp(prefix="ctrrun-test.", dir="/var/tmp")
ROOT = WORK + "/state"
BASE_ID = 1 << 20
TIMEOUT = 20 * int(os.environ.get("PATIENCE", "1"))

tests = []


def test(func):
    tests.append(func)
    return func


class Skip(Exception):
    pass


def expect(condition, text="not as expected"):
    if not condition:
        raise AssertionError(text)


def same(got, wanted):
    expect(got == wanted, "got %r, wanted %r" % (got, wanted))


def wait_for(condition):
    end = time.monotonic() + TIMEOUT
    while not condition():
        expect(time.monotonic() < end, "waited in vain")
        time.sleep(0.01)


def cgroup_mount():
    for line in open("/proc/self/mountinfo"):
        left, right = line.split(" - ")
        if right.startswith("cgroup2 "):
            return left.split()[4]
    return None


CGROUP = cgroup_mount()
# Below the cgroup that we are in, since that is what we may use; below that of the whole
# machine where it is ours, since ours has processes and so gives no controllers on.
OWN = [l[3:].strip() for l in open("/proc/self/cgroup") if l.startswith("0::")][0].rstrip("/")
if CGROUP and os.access(CGROUP, os.W_OK) and not os.path.exists(CGROUP + "/cgroup.type"):
    OWN = ""
CGROUP_NAME = "%s/ctrrun-test-%d" % (OWN, os.getpid())


def ctrrun(*args, input=None, check=None, globals=(), **kw):
    if "stdout" not in kw:
        kw["capture_output"] = True
    r = subprocess.run([CTRRUN, "--root", ROOT, *globals, *args], text=True, input=input,
                       stdin=None if input is not None else subprocess.DEVNULL, timeout=TIMEOUT, **kw)
    if check is not None:
        expect(r.returncode == check, "%s: status %d, not %d: %s%s" % (args[0], r.returncode, check, r.stdout, r.stderr))
    return r


class Bundle:
    n = 0

    def __init__(self, *args, userns=False, **process):
        Bundle.n += 1
        self.id = "t%d" % Bundle.n
        self.dir = "%s/%s" % (WORK, self.id)
        self.rootfs = self.dir + "/rootfs"
        os.makedirs(self.rootfs + "/bin")
        os.chmod(self.dir, 0o755)
        shutil.copy(BUSYBOX, self.rootfs + "/bin/busybox")
        for a in APPLETS:
            os.symlink("busybox", self.rootfs + "/bin/" + a)
        for d in ("proc", "dev", "sys", "tmp", "etc"):
            os.mkdir(self.rootfs + "/" + d)
        caps = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_SETUID", "CAP_SETGID", "CAP_KILL", "CAP_SYS_ADMIN", "CAP_NET_ADMIN"]
        self.config = {
            "ociVersion": "1.2.0",
            "process": {"cwd": "/", "args": list(args) or ["/bin/true"], "user": {"uid": 0, "gid": 0},
                        "env": ["PATH=/bin"], "capabilities": {k: caps for k in ("bounding", "effective", "permitted")},
                        **process},
            "root": {"path": "rootfs"},
            "mounts": [
                {"destination": "/proc", "type": "proc", "source": "proc"},
                {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]},
                {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
                 "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]},
            ],
            "linux": {"namespaces": [{"type": t} for t in ("pid", "mount", "ipc", "uts", "cgroup", "network")],
                      "cgroupsPath": "%s/%s" % (CGROUP_NAME, self.id)},
        }
        if userns:
            self.linux["namespaces"].append({"type": "user"})
            for k in ("uidMappings", "gidMappings"):
                self.linux[k] = [{"containerID": 0, "hostID": BASE_ID, "size": 65536}]
            for d, ds, fs in os.walk(self.rootfs):
                for n in [""] + ds + fs:
                    os.lchown(os.path.join(d, n), BASE_ID, BASE_ID)

    @property
    def linux(self):
        return self.config["linux"]

    @property
    def process(self):
        return self.config["process"]

    @property
    def cgroup(self):
        return CGROUP + self.linux["cgroupsPath"]

    def mount(self, destination, type=None, source=None, options=(), **more):
        self.config["mounts"].append({"destination": destination, "source": source or type, "options": list(options),
                                      **({"type": type} if type else {}), **more})

    def write(self):
        with open(self.dir + "/config.json", "w") as f:
            json.dump(self.config, f)

    def verb(self, name, *args, options=(), check=None, **kw):
        return ctrrun(name, *options, self.id, *args, check=check, **kw)

    def run(self, *options, check=0, **kw):
        self.write()
        return ctrrun("run", "-b", self.dir, *options, self.id, check=check, **kw)

    def create(self, *options, check=0, **kw):
        """Without pipes: init keeps what it is given for its life."""
        self.write()
        with tempfile.TemporaryFile("w+") as f:
            p = subprocess.run([CTRRUN, "--root", ROOT, "create", "-b", self.dir, *options, self.id],
                               stdin=subprocess.DEVNULL, stdout=f, stderr=f, timeout=TIMEOUT, **kw)
            f.seek(0)
            text = f.read()
        if check is not None:
            expect(p.returncode == check, "create: status %d, not %d: %s" % (p.returncode, check, text))
        p.stdout = text
        return p

    def state(self):
        return json.loads(self.verb("state", check=0).stdout)

    def start(self, check=0):
        return self.verb("start", check=check)

    def up(self, *options):
        self.create(*options)
        self.start()

    def wait_stopped(self):
        pid = self.state()["pid"]
        if pid:
            fd = os.pidfd_open(pid)
            import select
            expect(select.select([fd], [], [], TIMEOUT)[0], "init does not end")
            os.close(fd)
            try:
                os.waitpid(pid, 0)  # ours: we are a subreaper
            except ChildProcessError:
                pass

    def delete(self, check=0):
        return self.verb("delete", options=["--force"], check=check)

    def expect_gone(self):
        expect(not os.path.exists(ROOT + "/" + self.id), "state is left")
        expect(not CGROUP or not os.path.exists(self.cgroup), "the cgroup is left")
        expect(not any(self.dir in l for l in open("/proc/self/mounts")), "a mount is left")


class ConsoleSocket:
    def __init__(self, path):
        self.path = path
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.bind(path)
        self.sock.listen(1)
        self.sock.settimeout(TIMEOUT)

    def master(self):
        c, _ = self.sock.accept()
        fds = array.array("i")
        _, control, _, _ = c.recvmsg(256, socket.CMSG_LEN(4))
        for _, _, data in control:
            fds.frombytes(data[:4])
        return fds[0]


def read_until(fd, word):
    import select
    text = b""
    while word not in text:
        expect(select.select([fd], [], [], TIMEOUT)[0], "no %r in %r" % (word, text))
        try:
            text += os.read(fd, 4096)
        except OSError:
            break
    expect(word in text, "no %r in %r" % (word, text))
    return text


# --- the harness ------------------------------------------------------------------

def clean_up():
    r = subprocess.run([CTRRUN, "--root", ROOT, "list", "-q"], capture_output=True, text=True)
    for name in r.stdout.split():
        subprocess.run([CTRRUN, "--root", ROOT, "delete", "--force", name], capture_output=True)
    if CGROUP and os.path.isdir(CGROUP + CGROUP_NAME):
        for d, _, _ in os.walk(CGROUP + CGROUP_NAME, topdown=False):
            try:
                os.rmdir(d)
            except OSError as e:
                print("# %s: %s" % (d, e))


def main():
    if os.geteuid() != 0 or not BUSYBOX:
        print("1..0 # SKIP needs root and a static busybox")
        return 0
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER, as the monitor is
    os.chmod(WORK, 0o755)
    if CGROUP:
        os.makedirs(CGROUP + CGROUP_NAME, exist_ok=True)
    chosen = [t for t in tests if len(sys.argv) < 2 or any(w in t.__name__ for w in sys.argv[1:])]
    print("1..%d" % len(chosen))
    failed = 0
    for i, t in enumerate(chosen, 1):
        name = t.__name__.replace("_", " ")
        try:
            t()
            print("ok %d - %s" % (i, name))
        except Skip as e:
            print("ok %d - %s # SKIP %s" % (i, name, e))
        except Exception as e:
            failed += 1
            print("not ok %d - %s" % (i, name))
            for line in ("%s: %s" % (type(e).__name__, e)).splitlines():
                print("# " + line)
        sys.stdout.flush()
    clean_up()
    shutil.rmtree(WORK, ignore_errors=True)
    return 1 if failed else 0
