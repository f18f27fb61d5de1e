# SPDX-License-Identifier: LGPL-2.1-or-later
"""Attacks for which the administrator has to do something: start, exec, shell. Each
returns words for the log and raises AssertionError where the container got through."""

import os
import pathlib
import pty
import select
import subprocess
import time

import ctrd
import target
from suite_exec import on_terminal

NAME = "intruder"
TRAP = target.BASE / "trap"


def expect(condition, words):
    assert condition, words


def push(name):
    with open(target.PROGRAM, "rb") as program:
        ctrd.run("ctrctl", "exec", name, "--", "sh", "-c", f"mkdir -p {os.path.dirname(target.INSIDE)} && cat >{target.INSIDE} && chmod 755 {target.INSIDE}", stdin=program, check=True)


# Terminals.

def typed(command):
    """Runs a command on a terminal, as an administrator would, and then reads a line:
    has anybody typed there?"""
    script = f'{command}; echo END; IFS= read -r -t 1 line && echo "TYPED:$line"; echo DONE'
    _, seen = on_terminal(["bash", "-c", script], [])
    assert "DONE" in seen, seen
    return "TYPED:typed-by-escape" in seen, seen


def terminal_of_the_administrator(goal):
    got, seen = typed(f"{target.PROGRAM} terminal")
    assert got or "accepted" not in seen, f"the test itself cannot type: {seen}"
    words = "without a container it is typed" if got else "this kernel lets nobody type"
    for how in ("exec", "exec --no-tty"):
        for streams in ("", "</dev/null", "2>/dev/null"):
            got, seen = typed(f"ctrctl {how} {NAME} -- {target.INSIDE} terminal {streams}")
            assert not got, f"{how} {streams}: {seen}"
            assert "TIOC" in seen or streams == "2>/dev/null" or "no-tty" in how or streams, seen
    return words


def terminal_of_a_shell(goal):
    # The line is typed after ctrctl has ended, by whoever reads that terminal next.
    master, slave = pty.openpty()
    p = subprocess.Popen(["bash", "-c", f"ctrctl shell {NAME}; echo END; IFS= read -r -t 1 line && echo TYPED:$line; echo DO''NE"],
                         stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
                         preexec_fn=lambda: __import__("fcntl").ioctl(0, __import__("termios").TIOCSCTTY, 0))
    os.close(slave)
    seen, sent, deadline = "", False, time.monotonic() + 30 * ctrd.PATIENCE
    while "DONE" not in seen and time.monotonic() < deadline:
        if select.select([master], [], [], 0.2)[0]:
            try:
                seen += os.read(master, 65536).decode(errors="replace")
            except OSError:
                break
        if not sent and "#" in seen:
            sent = True
            os.write(master, f"{target.INSIDE} terminal; exit\n".encode())
    p.wait(10)
    os.close(master)
    assert "DONE" in seen and "TIOCSTI" in seen, seen
    assert "TYPED:typed-by-escape" not in seen, seen


# Words to the manager.

def forged_words(goal):
    before = ctrd.show(NAME)
    pid = ctrd.monitor_pid(NAME)
    descriptors = len(os.listdir(f"/proc/{pid}/fd"))
    for kind in ("ready", "stopping", "status", "mainpid", "big", "descriptors"):
        ctrd.inside(NAME, target.INSIDE, "notify", kind)
    # A word of init's own comes after all of these.
    ctrd.inside(NAME, "systemctl", "daemon-reload")
    after = ctrd.show(NAME)
    for key in ("State", "Leader", "ReadyAt", "StartedAt"):
        assert before[key] == after[key], (key, before[key], after[key])
    assert "forged" not in after["StatusText"], after["StatusText"]
    assert ctrd.monitor_pid(NAME) == pid and len(os.listdir(f"/proc/{pid}/fd")) == descriptors, "the monitor has changed"


def forged_as_init(goal):
    """Root inside may send with init's number: it may make init say anything. The manager
    believes it of the container, and of nothing else."""
    pid = ctrd.monitor_pid(NAME)
    ctrd.inside(NAME, target.INSIDE, "notify", "forged")
    assert ctrd.monitor_pid(NAME) == pid and ctrd.state(NAME) == "running"
    ctrd.inside(NAME, "systemctl", "daemon-reload")
    return "taken as init's own: " + ("yes" if "forged" in ctrd.show(NAME)["StatusText"] else "no")


# Whoever joins.

def strangers(goal):
    """CVE-2019-5736, CVE-2016-9962, CVE-2024-21626: go through each process that joins."""
    ctrd.inside(NAME, "sh", "-c", "ln -sf /proc/self/exe /usr/local/bin/evil; printf '#!/proc/self/exe\\n' >/usr/local/bin/evil2; "
                "chmod +x /usr/local/bin/evil2")
    watch = subprocess.Popen(["ctrctl", "exec", NAME, "--", target.INSIDE, "watch", "6", f"sentinel={target.SENTINEL}"],
                             stdout=subprocess.PIPE, text=True)
    watch.stdout.readline()
    end = time.monotonic() + 4
    joined = 0
    while time.monotonic() < end:
        for command in ("true", "/usr/local/bin/evil", "/usr/local/bin/evil2", "/proc/self/exe"):
            ctrd.run("ctrctl", "exec", NAME, "--", command, timeout=20)
            joined += 1
        # Who mounts joins too, in a mount namespace of its own for a moment.
        ctrd.ctl("bind", NAME, f"{target.BASE}/read-only:/mnt/hot")
        ctrd.ctl("unbind", NAME, "/mnt/hot")
    out, _ = watch.communicate(timeout=60)
    assert "THROUGH" not in out, out
    assert "done: looked at strangers 0 times" not in out, f"{joined} have joined and none was seen: {out}"
    return f"{joined} joined; " + out.splitlines()[-1]


def working_directories(goal):
    """CVE-2024-21626: begin in a directory that the runtime had open."""
    tried = 0
    for fd in range(3, 40):
        r = ctrd.run("ctrctl", "exec", "--workdir", f"/proc/self/fd/{fd}", NAME, "--", target.INSIDE, "attack", *goal.words,
                     "--only", "leaked-directory")
        tried += 1
        assert "succeeded" not in r.out, f"{fd}: {r.out}"
    for path in ("/proc/self/fd/../cwd", "/proc/1/root/proc/self/fd/5", "/proc/self/root", "/proc/thread-self/fd/6"):
        r = ctrd.run("ctrctl", "exec", "--workdir", path, NAME, "--", target.INSIDE, "attack", *goal.words, "--only", "leaked-directory")
        assert "succeeded" not in r.out, f"{path}: {r.out}"


def covered_files(goal):
    """CVE-2025-52881 and its kin: what the runtime writes to in /proc is not what it seems."""
    cover = ("mount -t tmpfs none /proc/sys; mount -t tmpfs none /run/host 2>/dev/null; mkdir -p /tmp/fake/self/attr /tmp/fake/self/fd; "
             f"for f in attr/exec attr/apparmor setgroups uid_map loginuid oom_score_adj; do mkdir -p /tmp/fake/self/$(dirname $f); "
             f"ln -sf {TRAP}/written /tmp/fake/self/$f; done; mount --bind /tmp/fake /proc")
    ctrd.create("escape-cover", ctrd.DEBIAN, start=True)
    ctrd.run("ctrctl", "exec", "escape-cover", "--", "sh", "-c", cover)
    for command in (("exec", "escape-cover", "--", "true"), ("exec", "-u", "daemon", "escape-cover", "--", "true"),
                    ("stop", "--timeout", "100ms", "escape-cover"), ("start", "escape-cover")):
        ctrd.run("ctrctl", *command, timeout=60)
    ctrd.remove("escape-cover")


# Links in the root.

PLANTS = ("dev", "dev/console", "dev/pts", "proc", "sys", "sys/fs", "run", "run/host", "tmp", "etc", "etc/resolv.conf", "etc/machine-id",
          "etc/hostname", "etc/passwd", "usr/lib/os-release", "var/log/journal", "usr/sbin/init", "mnt")


def plant(name, path, to):
    """What its root can do in a mount namespace without what lies over the root: the
    upper layer has a link in the place of what was there."""
    place = pathlib.Path("/var/lib/ctrd/containers", name, "fs/upper", path)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(to)


def planted_links(goal):
    """CVE-2015-1335, CVE-2025-31133, CVE-2025-52565: names of the root that lead out of it."""
    before = target.tree(TRAP)
    mounts = target.state()["mounts"]
    refused, started = set(), set()
    for path in ("opt/nobody-looks-here",) + PLANTS:
        for to in (f"{TRAP}/file", f"{TRAP}", f"../../../../../../../..{TRAP}/file"):
            name = "escape-plant"
            ctrd.create(name, ctrd.BUSYBOX, "DNS=192.0.2.1", f"Bind={target.BASE}/bind:/mnt/deep/er")
            plant(name, path, to)
            r = ctrd.run("ctrctl", "-q", "start", name, timeout=30)
            if r.status == 0:
                ctrd.run("ctrctl", "exec", name, "--", "sh", "-c", "echo x >/etc/resolv.conf; echo x >/tmp/x; echo x >/run/x")
            (started if r.status == 0 else refused).add(path)
            same = before == target.tree(TRAP) and mounts == target.state()["mounts"]
            ctrd.run("ctrctl", "remove", "--force", name, check=True)
            assert same and before == target.tree(TRAP), f"{path} -> {to}: {before} {target.tree(TRAP)}"
    assert "opt/nobody-looks-here" in started, "nothing starts at all"
    return f"started with links at: {' '.join(sorted(started))}\nrefused with: {' '.join(sorted(refused))}"


def exchanged_directory(goal):
    """A directory that is a link at every other moment, while the administrator begins there."""
    before = target.tree(TRAP)
    ctrd.inside(NAME, "mkdir", "-p", "/srv/x/inner")
    swap = subprocess.Popen(["ctrctl", "exec", NAME, "--", target.INSIDE, "swap", "/srv/x", str(TRAP)], stdout=subprocess.PIPE, text=True)
    swap.stdout.readline()
    began = 0
    try:
        for _ in range(60):
            r = ctrd.run("ctrctl", "exec", "--workdir", "/srv/x/inner", NAME, "--", "sh", "-c", "echo x >written")
            began += r.status == 0
        assert swap.poll() is None, "nobody exchanged anything"
    finally:
        ctrd.run("ctrctl", "exec", NAME, "--", "pkill", "-f", "escape swap")
        swap.kill()
        swap.wait()
    assert before == target.tree(TRAP), target.tree(TRAP)
    return f"began there {began} of 60 times"


def exchanged_target(goal):
    """runc CVE-2021-30465: two containers share a directory; one exchanges a directory in it
    with a link to / while the other is started with a mount just there."""
    shared = target.BASE / "shared"
    (shared / "x/inner").mkdir(parents=True, exist_ok=True)
    os.chmod(shared, 0o777)
    ctrd.create("escape-a", ctrd.DEBIAN, f"Bind={shared}:/shared", start=True)
    push("escape-a")
    ctrd.create("escape-b", ctrd.BUSYBOX, f"Bind={shared}:/shared", "TemporaryFileSystem=/shared/x/inner")
    swap = subprocess.Popen(["ctrctl", "exec", "escape-a", "--", target.INSIDE, "swap", "/shared/x", "/"], stdout=subprocess.PIPE, text=True)
    swap.stdout.readline()
    started, said = 0, ""
    try:
        for _ in range(12):
            r = ctrd.run("ctrctl", "-q", "start", "escape-b", timeout=60)
            started += r.status == 0
            said = r.err.strip() or said
            if r.status == 0:
                r = ctrd.run("ctrctl", "exec", "escape-b", "--", "cat", target.SENTINEL)
                assert target.WORDS not in r.out, r.out
                r = ctrd.run("ctrctl", "exec", "escape-b", "--", "sh", "-c", f"cat /*/*{target.SENTINEL} /shared/x/*{target.SENTINEL}")
                assert target.WORDS not in r.out, r.out
            ctrd.run("ctrctl", "stop", "--timeout", "100ms", "escape-b")
    finally:
        swap.kill()
        swap.wait()
        ctrd.remove("escape-a", "escape-b")
    return f"started {started} of 12 times; else: {said}"


# Files that are root's outside.

def set_user_id_in_the_root(goal):
    """On the disk, files of the container's root are the host's root's; nobody else gets there."""
    ctrd.inside(NAME, "sh", "-c", "cp /usr/bin/id /usr/local/bin/id && chmod 4755 /usr/local/bin/id")
    path = f"/var/lib/ctrd/containers/{NAME}/fs/upper/usr/local/bin/id"
    st = os.stat(path)
    # setpriv itself keeps its capabilities until it executes something
    r = ctrd.run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c", 'exec "$0"', path)
    assert r.status != 0 and "uid=" not in r.out, r.out
    return f"on the disk it is {st.st_uid}'s, mode {st.st_mode:o}; for others: {r.err.strip()}"


def set_user_id_on_a_bind(goal):
    path = target.BASE / "bind/set-user-id"
    st = os.stat(path)
    assert st.st_uid != 0 or not st.st_mode & 0o4000, f"on the host it is {st.st_uid}'s, mode {st.st_mode:o}"


def mounts_stay_inside(goal):
    before = target.state()["mounts"]
    ctrd.inside(NAME, "sh", "-c", "mount --make-rshared /; mkdir -p /mnt/p; mount -t tmpfs escape /mnt/p; mount -t tmpfs escape /bind; "
                "mount -t tmpfs escape /run/host 2>/dev/null; true")
    assert NAME not in "".join(l for l in open("/proc/self/mountinfo") if " escape " in l), "the host sees the mount"
    assert before == target.state()["mounts"]
    ctrd.run("ctrctl", "exec", NAME, "--", "sh", "-c", "umount /mnt/p /bind; umount /run/host")


def name_of(pid):
    try:
        return open(f"/proc/{pid}/comm").read()
    except OSError:
        return "ctr, and gone"


def moved_out_by_exec(goal):
    """A command of exec begins below the container's group, and init cannot follow it out."""
    base = f"/sys/fs/cgroup/machine.slice/ctr-{NAME}.scope"
    p = subprocess.Popen(["ctrctl", "exec", NAME, "--", "sleep", "1000"])
    try:
        ctrd.wait_until(lambda: any(b"sleep\x001000" in open(f"/proc/{pid}/cmdline", "rb").read() for pid in ctrd.pids_of_payload(NAME)), 10)
        # ctrrun itself passes through the monitor's group
        ctrd.wait_until(lambda: all(name_of(pid).startswith("ctr") for pid in open(base + "/monitor/cgroup.procs").read().split()), 5,
                        "nobody but ctrd's own in the monitor's group")
    finally:
        p.terminate()
        p.wait()
    r = ctrd.run("ctrctl", "exec", NAME, "--", "sh", "-c", "mkdir /sys/fs/cgroup/../x; echo 1 >/sys/fs/cgroup/../cgroup.procs; "
                 "mkdir -p /tmp/cg && mount -t cgroup2 none /tmp/cg && ls /tmp/cg/machine.slice")
    assert r.status != 0, r.out


STORIES = (
    ("set-user-id on a bind", set_user_id_on_a_bind),
    ("set-user-id in the root", set_user_id_in_the_root),
    ("TIOCSTI and TIOCLINUX through exec", terminal_of_the_administrator),
    ("TIOCSTI and TIOCLINUX through shell", terminal_of_a_shell),
    ("forged words to the manager", forged_words),
    ("forged words with init's number", forged_as_init),
    ("whoever joins by exec", strangers),
    ("working directories of exec", working_directories),
    ("covered /proc under exec and stop", covered_files),
    ("links planted in the root", planted_links),
    ("a directory exchanged under exec", exchanged_directory),
    ("a mount's target exchanged under start", exchanged_target),
    ("mounts stay inside", mounts_stay_inside),
    ("exec does not lead out of the group", moved_out_by_exec),
)


# Bombs, where the host has the controllers to bound them.

def bomb(kind, *settings):
    controllers = open("/sys/fs/cgroup/cgroup.controllers").read().split()
    if {"fork": "pids", "memory": "memory"}[kind] not in controllers:
        raise ctrd.Skip("this host has no such controller")
    ctrd.create("escape-bomb", ctrd.BUSYBOX, *settings, start=True)
    push("escape-bomb")
    p = subprocess.Popen(["ctrctl", "exec", "escape-bomb", "--", target.INSIDE, "bomb", kind], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    p.stdout.readline()
    slowest, most = 0, 0
    for _ in range(10):
        began = time.monotonic()
        assert "escape-bomb" in ctrd.ctl("list")
        slowest = max(slowest, time.monotonic() - began)
        scope = "/sys/fs/cgroup/machine.slice/ctr-escape-bomb.scope/"
        most = max(most, int(open(scope + {"fork": "pids.current", "memory": "memory.current"}[kind]).read()))
        time.sleep(0.5)
    began = time.monotonic()
    ctrd.run("ctrctl", "stop", "--timeout", "100ms", "escape-bomb", timeout=120, check=True)
    stopped = time.monotonic() - began
    p.kill()
    p.wait()
    ctrd.remove("escape-bomb")
    assert slowest < 5 * ctrd.PATIENCE, f"ctrctl list took {slowest:.1f} s"
    return f"at most {most}; the slowest ctrctl list took {slowest:.2f} s, a stop {stopped:.2f} s"


BOMBS = (
    ("a fork bomb is bounded, and the host answers", lambda goal: bomb("fork", "TasksMax=200")),
    ("a memory bomb is bounded, and the host answers", lambda goal: bomb("memory", "MemoryMax=100M", "MemorySwapMax=0")),
)
