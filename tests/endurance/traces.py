# SPDX-License-Identifier: LGPL-2.1-or-later
"""What containers could leave behind on a host: looked at before and after.

Most is exact: processes, mounts, namespaces, control groups, files, descriptors of the
processes that were there. What the kernel only counts for the whole machine (keys,
BPF programs, open files, objects of its caches) is right only to some degree, since
other things go on there too: it must not grow by one for every second run, each time
that the runs are repeated."""

import ctypes
import os
import struct
import time

import oci

# Caches of the kernel with one object for each thing that must go away again.
SLABS = ('pid', 'filp', 'key_jar', 'mnt_cache', 'pid_namespace', 'user_namespace', 'uts_namespace', 'net_namespace',
         'kernfs_node_cache', 'shmem_inode_cache', 'sock_inode_cache', 'task_struct')
PLACES = ('/run', '/tmp', '/var/tmp', '/dev/shm', '/dev/mqueue', '/var/lib', '/root', '/etc')
# The host's own services work there, and what is kept.
THEIRS = ('/run/systemd', '/run/udev', '/run/log', '/run/user', '/var/lib/systemd', '/run/dbus',
          oci.ROOT + '/.seccomp')     # compiled filters, which are for the next containers too
SETTLE = 30 * int(os.environ.get('PATIENCE', '1'))


def read(path):
    try:
        with open(path, encoding='utf-8', errors='replace') as f:
            return f.read()
    except OSError:
        return ''


def is_theirs(cgroup):
    """Of a service that is not ours."""
    return cgroup == '/machine.slice' or cgroup.startswith(('/system.slice/', '/user.slice', '/init.scope')) and not (cgroup + '/').startswith(oci.OWN + '/')


def cgroup_of(pid):
    return next((l[3:] for l in read('/proc/%s/cgroup' % pid).splitlines() if l.startswith('0::')), '')


def pids():
    return [int(d) for d in os.listdir('/proc') if d.isdigit()]


def processes():
    found = set()
    for pid in pids():
        stat = read('/proc/%d/stat' % pid)
        if stat and not is_theirs(cgroup_of(pid)):
            # the time that it began: a pid comes again
            found.add('%d %s (%s)' % (pid, stat[stat.index('(') + 1:stat.rindex(')')], stat.rpartition(')')[2].split()[19]))
    return found


def namespaces():
    found = set()
    for pid in pids():
        if is_theirs(cgroup_of(pid)):
            continue
        for kind in ('mnt', 'net', 'pid', 'user', 'uts', 'ipc', 'cgroup', 'time'):
            try:
                found.add(os.readlink('/proc/%d/ns/%s' % (pid, kind)))
            except OSError:
                pass
    return found


def mounts():
    return {' '.join(l.split()[2:]) for l in read('/proc/self/mountinfo').splitlines()}


def cgroups():
    found = set()
    for directory, _, _ in os.walk(oci.CGROUP):
        path = directory.removeprefix(oci.CGROUP)
        if not is_theirs(path):
            found.add(path)
    return found


def files():
    found = set()
    for place in PLACES:
        for directory, names, others in os.walk(place):
            names[:] = [n for n in names if os.path.join(directory, n) not in THEIRS and
                        not n.startswith('systemd-private-')]
            found.update(os.path.join(directory, n) for n in names + others)
    return found


def descriptors():
    """Of ours, each with what it is."""
    return {'%s %s' % (fd, os.readlink('/proc/self/fd/' + fd)) for fd in os.listdir('/proc/self/fd')
            if os.path.lexists('/proc/self/fd/' + fd)}


def bpf_programs():
    """How many there are on the machine with the runtime's name."""
    libc, attr, info, n = ctypes.CDLL(None, use_errno=True), ctypes.create_string_buffer(144), ctypes.create_string_buffer(232), 0
    following = 0
    while True:
        struct.pack_into('II', attr, 0, following, 0)
        if libc.syscall(321, 11, attr, 144) < 0:        # BPF_PROG_GET_NEXT_ID
            return n
        following = struct.unpack_from('I', attr, 4)[0]
        struct.pack_into('III', attr, 0, following, 0, 0)
        fd = libc.syscall(321, 13, attr, 144)           # BPF_PROG_GET_FD_BY_ID
        if fd < 0:
            continue
        struct.pack_into('IIQ', attr, 0, fd, 232, ctypes.addressof(info))
        if libc.syscall(321, 15, attr, 144) >= 0:       # BPF_OBJ_GET_INFO_BY_FD
            n += info.raw[64:80].startswith(b'ctrrun')
        os.close(fd)


def counts():
    slabs = {l.split()[0]: int(l.split()[1]) for l in read('/proc/slabinfo').splitlines()[2:]}
    found = {'objects of ' + name: slabs[name] for name in SLABS if name in slabs}
    found['open files (file-nr)'] = int(read('/proc/sys/fs/file-nr').split()[0])
    found['keys'] = len(read('/proc/keys').splitlines())
    found['keys by uid'] = sum(int(l.split()[1]) for l in read('/proc/key-users').splitlines())
    found['BPF programs'] = bpf_programs()
    for line in read(oci.CGROUP + '/cgroup.stat').splitlines():
        if line.startswith('nr_dying_descendants '):
            found['dying control groups'] = int(line.split()[1])
    return found


EXACT = {'process': processes, 'namespace': namespaces, 'mount': mounts, 'control group': cgroups, 'file': files,
         'descriptor': descriptors}


class Traces:
    def __init__(self):
        self.exact = {name: look() for name, look in EXACT.items()}
        self.counts = counts()

    def left_since(self, before):
        """What is there more than before, in words."""
        return ['%s %s' % (name, x) for name in EXACT for x in sorted(self.exact[name] - before.exact[name])]

    def grown_since(self, before, runs):
        """What the machine has by one more for every second run at least."""
        return ['%s: %d before, %d now' % (name, before.counts.get(name, 0), n) for name, n in self.counts.items()
                if n - before.counts.get(name, 0) > 100 + runs // 2]


def expect_none_left(before, seconds=SETTLE):
    """Some things go away a moment later: the kernel does it when it has time."""
    end = time.monotonic() + seconds
    while left := Traces().left_since(before):
        oci.expect(time.monotonic() < end, '%d things are left:\n%s' % (len(left), '\n'.join(left[:40])))
        time.sleep(0.2)


def grown(before, runs, seconds=SETTLE / 3):
    end = time.monotonic() + seconds
    while (more := Traces().grown_since(before, runs)) and time.monotonic() < end:
        time.sleep(0.5)
    return more
