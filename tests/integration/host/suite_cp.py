# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Copies of files: through ctrctl, and over the bus as a stranger who knows tar. The
# container may be anything from stopped to hostile.

import ctypes
import fcntl
import io
import os
import re
import shutil
import socket
import stat
import struct
import subprocess
import tarfile
import threading

from bus import *
from ctrd import *

SHARED = ['box', 'still']
HERE = '/tmp/cp'
ACL = 'system.posix_acl_access'
# user::rw-, user:1234:r--, group::r--, mask::r--, other::---
ACL_VALUE = struct.pack('<I' + 'HHI' * 5, 2, 1, 6, 0xffffffff, 2, 4, 1234, 4, 4, 0xffffffff, 16, 4, 0xffffffff, 32, 0, 0xffffffff)


def setup():
    shutil.rmtree(HERE, ignore_errors=True)
    os.makedirs(HERE)
    create('box', start=True)
    create('still')
    make_tree(HERE + '/tree')


def teardown():
    remove('box', 'still')
    shutil.rmtree(HERE)


def make_tree(top):
    os.makedirs(top + '/deep/' + '/'.join(['d' * 200] * 10))
    os.makedirs(top + '/empty')
    raw = top.encode()
    for name, text in ((b'file', b'some words'), (b'none', b''), (b'new\nline', b'1'), (b'\xff\xfe', b'2'), (b' blank', b'3'),
                       (b'-', b'4'), (b'x' * 255, b'5'), ('ünïcode'.encode(), b'6')):
        with open(raw + b'/' + name, 'wb') as f:
            f.write(text)
    os.chmod(top + '/file', 0o640)
    os.link(top + '/file', top + '/deep/hard')
    os.symlink('file', top + '/link')
    os.symlink('/nowhere/at/all', top + '/dangling')
    os.mkfifo(top + '/fifo', 0o600)
    with open(top + '/holes', 'wb') as f:
        f.seek(1 << 20)
        f.write(b'middle')
        f.truncate(4 << 20)
    os.setxattr(top + '/file', 'user.word', b'\x00\x01\xff')
    os.chmod(top + '/empty', 0o711)
    for path, _, names in os.walk(raw, topdown=False):
        for name in names:
            os.utime(path + b'/' + name, ns=(10**18, 10**18 + 123456000), follow_symlinks=False)
        os.utime(path, ns=(10**18, 10**18 + 5000))


def describe(top, owners=False):
    """All of a tree that must be the same after a copy."""
    top = os.fsencode(top)
    out = {}
    for path, dirs, files in os.walk(top):
        for name in [b''] + files + [d for d in dirs if os.path.islink(path + b'/' + d)]:
            p = os.path.join(path, name) if name else path
            st = os.lstat(p)
            row = [stat.S_IFMT(st.st_mode), stat.S_IMODE(st.st_mode) if not stat.S_ISLNK(st.st_mode) else 0, st.st_mtime_ns // 1000]
            if stat.S_ISREG(st.st_mode):
                row += [st.st_nlink, st.st_size, open(p, 'rb').read(), st.st_blocks < 2048,
                        {n: os.getxattr(p, n) for n in os.listxattr(p) if n.startswith('user.')}]
            elif stat.S_ISLNK(st.st_mode):
                row.append(os.readlink(p))
            if owners:
                row += [st.st_uid, st.st_gid]
            out[os.path.relpath(p, top)] = row
    return out


def no_worker():
    wait_until(lambda: not run('pgrep', '-x', 'ctr-archive').out, what='the end of all workers')


def nothing_half(*names):
    """No temporary file, no worker and no control group of one. A worker lets go of all that it
    has before it is gone itself."""
    no_worker()
    for name in names:
        assert '.ctr-copy' not in run('find', '/var/lib/ctrd/containers/%s/fs/upper' % name, '-name', '.ctr-copy*').out
    assert not glob.glob('/sys/fs/cgroup/machine.slice/ctr-*.scope/payload/ctr.copy-*')


def there_and_back(name):
    shutil.rmtree(HERE + '/back', ignore_errors=True)
    ctl('cp', '-r', HERE + '/tree', name + ':/root')
    ctl('cp', name + ':/root/tree', HERE + '/back')
    want, have = describe(HERE + '/tree'), describe(HERE + '/back')
    assert want.keys() == have.keys(), want.keys() ^ have.keys()
    for path, row in want.items():
        assert have[path] == row, (path, str(row)[:300], str(have[path])[:300])


def test_a_tree_there_and_back():
    there_and_back('box')
    assert inside('box', 'stat', '-c', '%u:%g', '/root/tree/file').strip() == '0:0'
    nothing_half('box')


def test_a_container_that_is_stopped():
    there_and_back('still')
    nothing_half('still')
    ctl('start', 'still')
    assert inside('still', 'stat', '-c', '%u:%g %s', '/root/tree/file').strip() == '0:0 10'
    assert inside('still', 'cat', '/root/tree/link') == 'some words'
    ctl('stop', 'still')
    assert '/run/ctrd' not in run('findmnt', '-rno', 'TARGET').out


def test_from_one_container_to_another():
    inside('box', 'sh', '-c', 'mkdir -p /srv/a/b; echo word > /srv/a/b/c; chown 77:78 /srv/a/b/c')
    ctl('cp', 'box:/srv/a', 'still:/mnt')
    ctl('cp', '-a', 'still:/mnt/a/.', 'box:/srv/other')
    assert inside('box', 'cat', '/srv/other/b/c') == 'word\n'
    assert inside('box', 'stat', '-c', '%u', '/srv/other/b/c').strip() == '0'
    ctl('cp', '-a', 'box:/srv/a/b/c', 'box:/srv/d')
    assert inside('box', 'stat', '-c', '%u:%g', '/srv/d').strip() == '77:78'
    r = run('ctrctl', '-q', 'cp', 'box:/srv/missing', 'still:/mnt')
    assert r.status == 1 and '/srv/missing' in r.err, r
    nothing_half('box', 'still')


def test_names_are_those_of_cp():
    word = HERE + '/word'
    open(word, 'w').write('one')
    for target, where in (('box:/tmp', '/tmp/word'), ('box:tmp/', '/tmp/word'), ('box:/tmp/new', '/tmp/new'), ('box:/tmp/../tmp/x', '/tmp/x')):
        ctl('cp', word, target)
        assert inside('box', 'cat', where) == 'one', target
    open(word, 'w').write('two')
    ctl('cp', word, 'box:/tmp/new')
    assert inside('box', 'cat', '/tmp/new') == 'two'
    inside('box', 'sh', '-c', 'mkdir -p /tmp/d; ln -s /tmp/d /tmp/l; mkdir -p /tmp/m/sub; echo old > /tmp/m/sub/old')
    ctl('cp', word, 'box:/tmp/l')                           # a link that the path itself goes through
    assert inside('box', 'cat', '/tmp/d/word') == 'two'
    os.makedirs(HERE + '/m/sub')
    open(HERE + '/m/sub/new', 'w').close()
    ctl('cp', HERE + '/m/.', 'box:/tmp/m')                   # merged
    assert inside('box', 'ls', '/tmp/m/sub').split() == ['new', 'old']
    ctl('cp', 'box:/tmp/l', HERE + '/l')                    # as it is, and where it leads
    ctl('cp', 'box:/tmp/l/', HERE + '/ld')
    assert os.readlink(HERE + '/l') == '/tmp/d' and os.listdir(HERE + '/ld') == ['word']
    os.chdir(HERE)
    ctl('cp', 'word', 'box:/tmp/relative')
    open('a:b', 'w').close()
    ctl('cp', './a:b', 'box:/tmp')
    ctl('cp', 'box:/tmp/relative', 'back-again')
    assert open('back-again').read() == 'two' and inside('box', 'ls', '/tmp/a:b').strip() == '/tmp/a:b'
    os.chdir('/')


def test_what_does_not_fit_is_refused():
    word = HERE + '/word'
    open(word, 'w').write('one')
    inside('box', 'sh', '-c', 'rm -rf /tmp/*; mkdir -p /tmp/d/word; echo f > /tmp/f; mkfifo /tmp/p; ln -s f /tmp/tree')
    fails('cp', word, 'box:/tmp/d', word='is a directory')
    fails('cp', HERE + '/tree', 'box:/tmp/f', word='')
    fails('cp', word, 'box:/tmp/missing/', word='/tmp/missing')
    fails('cp', word, 'box:/tmp/missing/x', word='/tmp/missing')
    fails('cp', HERE + '/tree', 'box:/tmp', word='no directory')
    fails('cp', HERE + '/none', 'box:/tmp', word='No such file')
    fails('cp', 'box:/tmp/none', HERE, word='/tmp/none')
    fails('cp', 'box:/dev/null', HERE, word='device')
    fails('cp', word, 'nobody:/tmp', word='nobody')
    fails('cp', word, HERE, status=2, word='NAME:PATH')
    fails('cp', word, 'box:', status=2, word='NAME:/')
    fails('cp', word, status=2)
    fails('cp', '--owner=root', word, 'box:/tmp', status=2, word='numbers')
    fails('cp', '--owner=1', 'box:/tmp/f', HERE, status=2, word='--owner')
    fails('cp', '-a', '--owner=1', word, 'box:/tmp', status=2, word='--archive')
    fails('cp', '--tree', word, 'box:/tmp', status=2, word='--tree')
    fails('cp', 'box:/tmp/new\nline', HERE, word='control characters')
    ctl('freeze', 'box')
    fails('cp', word, 'box:/tmp', word='frozen')
    ctl('thaw', 'box')
    assert inside('box', 'sh', '-c', 'ls -a /tmp; cat /tmp/f').split() == ['.', '..', 'd', 'f', 'p', 'tree', 'f']
    nothing_half('box')


def test_owners():
    top = HERE + '/owned'
    os.mkdir(top)
    for name in ('set', 'acl'):
        open(top + '/' + name, 'w').write('x')
        os.chown(top + '/' + name, 1234, 4321)
    os.chmod(top + '/set', 0o6755)
    os.setxattr(top + '/acl', ACL, ACL_VALUE)
    ctl('cp', top, 'box:/srv/plain')
    ctl('cp', '--owner=5:6', top, 'box:/srv/given')
    ctl('cp', '-a', top, 'box:/srv/kept')
    out = inside('box', 'stat', '-c', '%u:%g:%a', '/srv/plain/set', '/srv/given/set', '/srv/kept/set').split()
    assert out == ['0:0:755', '5:6:755', '1234:4321:6755'], out
    ctl('cp', '-a', 'box:/srv/kept', top + '/again')
    ctl('cp', 'box:/srv/kept', top + '/plain')
    st = os.stat(top + '/again/set')
    assert (st.st_uid, st.st_gid, stat.S_IMODE(st.st_mode)) == (1234, 4321, 0o6755)
    assert os.getxattr(top + '/again/acl', ACL) == ACL_VALUE
    st = os.stat(top + '/plain/set')
    assert (st.st_uid, st.st_gid, stat.S_IMODE(st.st_mode)) == (0, 0, 0o755)
    assert ACL not in os.listxattr(top + '/plain/acl')


def test_standard_streams():
    with tarfile.open(HERE + '/in.tar', 'w') as tar:
        for name in ('s1/one', 's2/two'):
            info = tarfile.TarInfo(name)
            info.size = 3
            tar.addfile(info, io.BytesIO(b'abc'))
    run('sh', '-c', 'ctrctl cp - box:/srv < %s/in.tar' % HERE, check=True)
    assert inside('box', 'cat', '/srv/s1/one', '/srv/s2/two') == 'abcabc'
    run('sh', '-c', 'ctrctl cp box:/srv/s1 - > %s/out.tar' % HERE, check=True)
    assert tarfile.open(HERE + '/out.tar').getnames() == ['s1', 's1/one']
    r = run('sh', '-c', 'ctrctl -q cp - box:/srv < /etc/passwd')
    assert r.status == 1 and 'no tar archive' in r.err, r
    r = run('sh', '-c', 'head -c 1000 %s/in.tar | ctrctl -q cp - box:/srv/s1' % HERE)
    assert r.status == 1 and 'too early' in r.err, r


# --- as a stranger ------------------------------------------------------------------------

def variant(path, options, index=0):
    return GLib.Variant('(sa{sv}h)', (path, options, index))


def ended(client, job):
    """The properties of a job that has ended."""
    def look():
        p = client.call(job, 'org.freedesktop.DBus.Properties', 'GetAll', GLib.Variant('(s)', ('org.ctrd1.Job',)))[0]
        return p if p['State'] not in ('queued', 'running') else None
    return wait_until(look, 20, 'the end of ' + job)


def send(client, name, path, make, **options):
    """Unpacks what make() writes, as a stranger; the job as it ended."""
    reader, writer = os.pipe()
    job = client.container(name, 'CopyTo', variant(path, options), [reader])[0]
    os.close(reader)
    with os.fdopen(writer, 'wb') as f:
        try:
            make(f)
        except BrokenPipeError:
            pass
        try:
            f.flush()
        except BrokenPipeError:
            os.dup2(os.open('/dev/null', os.O_WRONLY), f.fileno())
    return ended(client, job)


def entries(*infos):
    def make(f):
        with tarfile.open(fileobj=f, mode='w|', format=tarfile.PAX_FORMAT) as tar:
            for info in infos:
                tar.addfile(info, io.BytesIO(b'x' * info.size) if info.size else None)
    return make


def entry(name, kind=tarfile.REGTYPE, size=0, link='', **more):
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname = kind, size, link
    for key, value in more.items():
        setattr(info, key, value)
    return info


def test_a_stranger_with_tar():
    client = Client()
    p = send(client, 'box', '/srv', entries(entry('st', tarfile.DIRTYPE, mode=0o755), entry('st/f', size=5, uid=9, mode=0o644)),
             Directory=GLib.Variant('b', True), UID=GLib.Variant('u', 3), GID=GLib.Variant('u', 4))
    assert p['State'] == 'done' and p['Kind'] == 'copy-to' and p['Container'] == 'box', p
    assert inside('box', 'stat', '-c', '%u:%g:%s', '/srv/st/f').strip() == '3:4:5'
    reader, writer = os.pipe()
    job = client.container('box', 'CopyFrom', variant('/srv/st', {'Preserve': GLib.Variant('b', True)}), [writer])[0]
    os.close(writer)
    with os.fdopen(reader, 'rb') as f, tarfile.open(fileobj=f, mode='r|') as tar:
        got = {info.name: (info.uid, info.gid, info.size) for info in tar}
    assert got == {'st': (3, 4, 0), 'st/f': (3, 4, 5)}, got
    assert ended(client, job)['State'] == 'done'


def refused(client, name, method, arguments, word, fds=True):
    ends = os.pipe()
    try:
        client.container(name, method, arguments, [ends[0]] if fds else [])
        raise AssertionError('%s was not refused' % (arguments,))
    except GLib.Error as error:
        assert (remote_error(error) or '').endswith(word), (word, error.message)
    finally:
        for fd in ends:
            os.close(fd)


def test_streams_that_nobody_need_answer():
    """A file, of a FUSE say, or a datagram socket; a stream socket is none."""
    client = Client()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    files = [open('/etc/passwd', 'rb'), open('/dev/null', 'r+b'), open('/dev/ptmx', 'r+b', buffering=0), ours, socket.socket(socket.AF_INET)]
    for f in files:
        for method in ('CopyTo', 'CopyFrom'):
            try:
                client.container('box', method, variant('/tmp', {}), [f.fileno()])
                raise AssertionError('%s was taken' % f)
            except GLib.Error as error:
                assert remote_error(error).endswith('InvalidArguments') and 'pipe' in error.message, error.message
    for f in files + [theirs]:
        f.close()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    inside('box', 'sh', '-c', 'head -c 1000000 /dev/zero > /srv/zeros')
    job = client.container('box', 'CopyFrom', variant('/srv/zeros', {}), [theirs.fileno()])[0]
    theirs.close()
    with ours.makefile('rb') as f, tarfile.open(fileobj=f, mode='r|') as tar:
        assert [len(tar.extractfile(info).read()) for info in tar] == [1000000]
    assert ended(client, job)['State'] == 'done'
    ours.close()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    job = client.container('still', 'CopyTo', variant('/srv', {'Directory': GLib.Variant('b', True)}), [theirs.fileno()])[0]
    theirs.close()
    with ours.makefile('wb') as f:
        entries(entry('by-socket', size=100000))(f)
    ours.close()
    assert ended(client, job)['State'] == 'done'
    ctl('cp', 'still:/srv/by-socket', HERE)
    assert os.path.getsize(HERE + '/by-socket') == 100000
    nothing_half('box', 'still')


def test_a_stranger_who_errs():
    client = Client()
    for path in ('relative', '', '/a\nb', '/' + 'x' * 5000):
        for method in ('CopyTo', 'CopyFrom'):
            refused(client, 'box', method, variant(path, {}), 'InvalidArguments')
    refused(client, 'box', 'CopyTo', variant('/tmp', {'Color': GLib.Variant('s', 'red')}), 'InvalidArgs')
    refused(client, 'box', 'CopyFrom', variant('/tmp', {'UID': GLib.Variant('u', 0)}), 'InvalidArgs')
    refused(client, 'box', 'CopyTo', variant('/tmp', {'UID': GLib.Variant('u', 2**32 - 1)}), 'InvalidArguments')
    refused(client, 'box', 'CopyTo', variant('/tmp', {'UID': GLib.Variant('u', 1), 'Preserve': GLib.Variant('b', True)}), 'InvalidArguments')
    assert send(client, 'box', '/tmp', lambda f: None)['State'] == 'failed'
    assert send(client, 'box', '/tmp', lambda f: f.write(os.urandom(100000)))['ErrorName'].endswith('InvalidArguments')
    nothing_half('box')


def test_what_an_archive_may_not_do():
    """Names that lead out, through links, or onto each other."""
    client = Client()
    inside('box', 'sh', '-c', 'mkdir -p /srv/t /victim; ln -sfn /victim /srv/t/way; echo safe > /victim/file')
    directory = {'Directory': GLib.Variant('b', True)}
    for infos in ([entry('../victim/file', size=3)], [entry('a/../../victim/file', size=3)], [entry('way/file', size=3)],
                  [entry('l', tarfile.SYMTYPE, link='/victim'), entry('l/file', size=3)],
                  [entry('h', tarfile.LNKTYPE, link='way/file')], [entry('h', tarfile.LNKTYPE, link='../../victim/file')]):
        p = send(client, 'box', '/srv/t', entries(*infos), **directory)
        assert p['State'] == 'failed', (infos, p)
        assert inside('box', 'cat', '/victim/file') == 'safe\n', infos
        assert inside('box', 'sh', '-c', 'ls /srv/t/h 2>/dev/null || true') == ''
    # Without its slash.
    p = send(client, 'box', '/srv/t', entries(entry('/victim/file', size=3)), **directory)
    assert inside('box', 'cat', '/victim/file') == 'safe\n'
    # More than one tree, where one was to come.
    assert send(client, 'box', '/srv/u', entries(entry('a', size=1), entry('b', size=1)))['State'] == 'failed'
    # A device is not made, with Preserve neither.
    p = send(client, 'box', '/srv/t', entries(entry('dev', tarfile.CHRTYPE, devmajor=1, devminor=3)), Preserve=GLib.Variant('b', True), **directory)
    assert inside('box', 'sh', '-c', 'ls /srv/t/dev 2>/dev/null || true') == ''
    # What comes out of a container is believed no more: here, for ctrctl.
    os.makedirs(HERE + '/out')
    os.symlink('/etc', HERE + '/out/tree')
    inside('box', 'sh', '-c', 'rm -rf /srv/tree; mkdir -p /srv/tree; echo bad > /srv/tree/cp-was-here')
    fails('cp', 'box:/srv/tree', HERE + '/out', word='no directory')
    assert not os.path.exists('/etc/cp-was-here')
    nothing_half('box')


def unpack_here(place, *infos, options=()):
    """ctr-archive as ctrctl runs it for what comes out of a container: its exit status and words."""
    data = io.BytesIO()
    entries(*infos)(data)
    p = subprocess.run(['/usr/lib/ctrd/ctr-archive', *options, 'unpack', '--', place], input=data.getvalue(), stderr=subprocess.PIPE)
    return p.returncode, p.stderr.decode()


def test_what_a_hostile_archive_does_to_us():
    top = HERE + '/hostile'
    os.makedirs(top + '/place')
    open(top + '/victim', 'w').write('safe')
    os.makedirs(top + '/outside')
    os.symlink('../outside', top + '/place/way')
    for infos in ([entry('t', tarfile.SYMTYPE, link='../outside'), entry('t/x', size=3)],
                  [entry('t', tarfile.DIRTYPE, mode=0o755), entry('t/l', tarfile.SYMTYPE, link='../../outside'), entry('t/l/x', size=3)],
                  [entry('t', tarfile.DIRTYPE, mode=0o755), entry('t/l', tarfile.SYMTYPE, link='../../outside'), entry('t/l', tarfile.DIRTYPE, mode=0o777)],
                  [entry('t/../../victim', size=3)], [entry('../victim', size=3)],
                  [entry('way/x', size=3)], [entry('way', tarfile.DIRTYPE, mode=0o777)],
                  [entry('t', tarfile.DIRTYPE, mode=0o755), entry('t/h', tarfile.LNKTYPE, link='../victim'), entry('t/h', size=3)],
                  [entry('h', tarfile.LNKTYPE, link=top + '/victim')]):
        for options in ((), ('--preserve',), ('--directory',)):
            shutil.rmtree(top + '/place/t', ignore_errors=True)
            if os.path.islink(top + '/place/t'):
                os.unlink(top + '/place/t')
            status, words = unpack_here(top + '/place', *infos, options=options)
            assert status in (1, 3), (infos, options, status, words)
            assert os.listdir(top + '/outside') == [] and open(top + '/victim').read() == 'safe' and os.stat(top + '/victim').st_nlink == 1
            assert stat.S_IMODE(os.stat(top + '/outside').st_mode) == 0o755 and not os.path.lexists(top + '/place/h')
    # What is made at all: without set-id bits and nodes, and with what our umask takes; a link to a
    # link is one.
    old = os.umask(0o027)
    try:
        status, words = unpack_here(top + '/new', entry('t', tarfile.DIRTYPE, mode=0o2777), entry('t/set', size=3, mode=0o6777, uid=1234),
                                    entry('t/node', tarfile.CHRTYPE, devmajor=1, devminor=3), entry('t/deep/er/file', size=1, mode=0o666),
                                    entry('t/l', tarfile.SYMTYPE, link='/etc'), entry('t/h', tarfile.LNKTYPE, link='t/set'),
                                    entry('t/h', tarfile.LNKTYPE, link='t/set'), entry('t/m', tarfile.LNKTYPE, link='t/l'),
                                    entry('t/fifo', tarfile.FIFOTYPE, mode=0o666), entry('t/sub', tarfile.DIRTYPE, mode=0o555, mtime=5),
                                    entry('t/sub/x', size=1, mode=0o600))
    finally:
        os.umask(old)
    assert status == 0, words
    modes = {name: stat.S_IMODE(os.lstat(top + '/new/' + name).st_mode) for name in ('.', 'set', 'deep', 'deep/er/file', 'fifo', 'sub', 'sub/x')}
    assert modes == {'.': 0o750, 'set': 0o750, 'deep': 0o750, 'deep/er/file': 0o640, 'fifo': 0o640, 'sub': 0o550, 'sub/x': 0o600}, modes
    assert sorted(os.listdir(top + '/new')) == ['deep', 'fifo', 'h', 'l', 'm', 'set', 'sub']
    assert os.stat(top + '/new/set').st_uid == 0 and os.stat(top + '/new/set').st_nlink == 2 and os.readlink(top + '/new/m') == '/etc'
    assert os.stat(top + '/new/sub').st_mtime == 5


def test_who_unpacks_here_can_do_little_else():
    p = subprocess.Popen(['/usr/lib/ctrd/ctr-archive', 'unpack', HERE + '/confined'], stdin=subprocess.PIPE)
    try:
        p.stdin.write(entry('half', size=10 << 20).tobuf(tarfile.PAX_FORMAT) + b'x' * 10000)
        p.stdin.flush()
        wait_until(lambda: glob.glob(HERE + '/.ctr-copy*'))
        words = dict(line.split(':\t', 1) for line in open('/proc/%d/status' % p.pid) if ':\t' in line)
        assert words['NoNewPrivs'] == '1\n' and words['Seccomp'] == '2\n', words
        assert int(words['CapEff'], 16) == 1 << 31 | 0x1f, words['CapEff']
        # It is told that nobody wants that any more.
        p.send_signal(signal.SIGTERM)
        assert p.wait(10 * PATIENCE) == 3
    finally:
        p.stdin.close()
        p.kill()
    assert not glob.glob(HERE + '/.ctr-copy*') and not os.path.exists(HERE + '/confined')


def test_nothing_is_seen_before_it_is_whole():
    client = Client()
    inside('box', 'sh', '-c', 'rm -rf /srv/w; mkdir /srv/w; echo old > /srv/w/big')
    reader, writer = os.pipe()
    job = client.container('box', 'CopyTo', variant('/srv/w', {'Directory': GLib.Variant('b', True)}), [reader])[0]
    os.close(reader)
    info = entry('big', size=10 << 20)
    os.write(writer, info.tobuf(tarfile.PAX_FORMAT))
    for _ in range(16):
        os.write(writer, b'x' * 65536)
    wait_until(lambda: '.ctr-copy' in inside('box', 'ls', '-a', '/srv/w'))
    assert inside('box', 'cat', '/srv/w/big') == 'old\n'
    client.call(job, 'org.ctrd1.Job', 'Cancel')
    assert ended(client, job)['State'] == 'canceled'
    os.close(writer)
    assert inside('box', 'ls', '-a', '/srv/w').split() == ['.', '..', 'big'] and inside('box', 'cat', '/srv/w/big') == 'old\n'
    nothing_half('box')


def test_ctrd_is_killed_in_the_middle():
    client = Client()
    for name in ('box', 'still'):
        reader, writer = os.pipe()
        client.container(name, 'CopyTo', variant('/srv', {'Directory': GLib.Variant('b', True)}), [reader])
        os.close(reader)
        os.write(writer, entry('half', size=10 << 20).tobuf(tarfile.PAX_FORMAT) + b'x' * 10000)
        where = '/var/lib/ctrd/containers/%s/fs/upper/srv' % name
        wait_until(lambda: glob.glob(where + '/.ctr-copy*'))
        if name == 'still':
            fails('start', 'still', word='copy-to')
            fails('remove', 'still', word='copy-to')
        kill_ctrd()
        wait_until(lambda: not glob.glob(where + '/.ctr-copy*'))
        assert not os.path.exists(where + '/half')
        os.close(writer)
        wait_until(lambda: run('ctrctl', 'list').status == 0)
        no_worker()
    ctl('start', 'still')
    ctl('stop', 'still')
    nothing_half('box', 'still')


def workers():
    """What ctr-archive has for copies at work: pid, and the names of its namespaces."""
    return {pid: {kind: os.readlink('/proc/%s/ns/%s' % (pid, kind)) for kind in ('net', 'uts', 'ipc')}
            for pid in run('pgrep', '-x', 'ctr-archive').out.split()}


def test_where_a_worker_is():
    """In none of the host's namespaces, and where somebody pays for what it takes."""
    client = Client()
    for name in ('box', 'still'):
        no_worker()
        reader, writer = os.pipe()
        job = client.container(name, 'CopyTo', variant('/srv', {'Directory': GLib.Variant('b', True)}), [reader])[0]
        os.close(reader)
        os.write(writer, entry('half', size=10 << 20).tobuf(tarfile.PAX_FORMAT) + b'x' * 10000)
        wait_until(lambda: glob.glob('/var/lib/ctrd/containers/%s/fs/upper/srv/.ctr-copy*' % name))
        found = workers()
        assert len(found) == 2, found
        for kind in ('net', 'uts', 'ipc'):
            assert len({spaces[kind] for spaces in found.values()} - {os.readlink('/proc/self/ns/' + kind)}) == 1, (kind, found)
        groups = {open('/proc/%s/cgroup' % pid).read().strip().split(':')[-1] for pid in found}
        if name == 'box':
            assert any(re.search(r'/ctr-box\.scope/payload/ctr\.copy-[0-9a-f]{16}$', group) for group in groups), groups
        else:
            assert len(groups) == 1 and re.search(r'/ctrd-copy-%s\.scope$' % job.split('/')[-1], groups.pop()), groups
            unit = 'ctrd-copy-%s.scope' % job.split('/')[-1]
            assert run('systemctl', 'show', '-P', 'TasksMax', unit).out.strip() == '16'
            assert int(run('systemctl', 'show', '-P', 'MemoryMax', unit).out) == 1 << 30
        client.call(job, 'org.ctrd1.Job', 'Cancel')
        assert ended(client, job)['State'] == 'canceled'
        os.close(writer)
    nothing_half('box', 'still')
    wait_until(lambda: 'ctrd-copy' not in run('systemctl', 'list-units', '--all', '--plain').out)


def test_files_are_locked_for_whoever_does_not_know():
    """As by a worker that has outlived its ctrd."""
    fd = os.open('/var/lib/ctrd/containers/still/fs', os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(fd, fcntl.LOCK_EX)
    for words in (('remove', 'still'), ('rename', 'still', 'moved'), ('clone', 'still', 'twin'), ('start', 'still'),
                  ('cp', 'still:/etc/passwd', HERE)):
        fails(*words, word='being copied')
    os.close(fd)
    ctl('cp', 'still:/etc/passwd', HERE)


def test_it_can_be_left_whatever_hangs():
    """What passes on standard input neither ends nor minds SIGTERM."""
    os.makedirs(HERE + '/hang')
    os.mkfifo(HERE + '/hang/never')
    with open(HERE + '/hang/cat', 'w') as f:
        f.write('#!/bin/sh\ntrap "" TERM\necho $$ > %s/hang/pid.new\nmv %s/hang/pid.new %s/hang/pid\nread x < %s/hang/never\n' % ((HERE,) * 4))
    os.chmod(HERE + '/hang/cat', 0o755)
    p = subprocess.Popen(['env', 'PATH=%s/hang:%s' % (HERE, os.environ['PATH']), 'ctrctl', '-q', 'cp', '-', 'box:/srv'], stdin=subprocess.DEVNULL)
    try:
        wait_until(lambda: os.path.exists(HERE + '/hang/pid') and run('pgrep', '-x', 'ctr-archive').out)
        p.send_signal(signal.SIGINT)
        wait_until(lambda: not run('pgrep', '-x', 'ctr-archive').out)
        p.send_signal(signal.SIGINT)
        assert p.wait(10 * PATIENCE) == 130
    finally:
        p.kill()
    wait_until(lambda: not os.path.exists('/proc/' + open(HERE + '/hang/pid').read().strip()))
    nothing_half('box')


def test_nobody_reads():
    """A stream that nobody reads, and one whose reader goes."""
    client = Client()
    inside('box', 'sh', '-c', 'head -c 4194304 /dev/zero | tr "\\0" x > /srv/much')
    reader, writer = os.pipe()
    job = client.container('box', 'CopyFrom', variant('/srv/much', {}), [writer])[0]
    os.close(writer)
    os.read(reader, 1000)
    client.call(job, 'org.ctrd1.Job', 'Cancel')
    assert ended(client, job)['State'] == 'canceled'
    os.close(reader)
    r = run('sh', '-c', 'ctrctl -q cp box:/srv/much - | head -c 10 | wc -c')
    assert r.out.strip() == '10', r
    nothing_half('box')


# --- a container that is hostile ------------------------------------------------------------

def test_what_is_mounted_meanwhile_is_not_seen():
    """It would have devices, and a /proc that can be written."""
    client = Client()
    reader, writer = os.pipe()
    job = client.container('box', 'CopyFrom', variant('/srv/much', {}), [writer])[0]
    os.close(writer)
    os.read(reader, 1000)
    inside('box', 'sh', '-c', 'mkdir -p /srv/late; mount -t tmpfs late /srv/late')
    inside('box', 'grep', '-q', '/srv/late', '/proc/mounts')
    workers = run('pgrep', '-x', 'ctr-archive', check=True).out.split()
    tables = [open('/proc/%s/mountinfo' % pid).read() for pid in workers]
    assert any(' /srv' in t or ' / ' in t for t in tables) and not any('/srv/late' in t for t in tables)
    inside('box', 'umount', '/srv/late')        # which nobody else holds
    client.call(job, 'org.ctrd1.Job', 'Cancel')
    assert ended(client, job)['State'] == 'canceled'
    os.close(reader)

def test_a_container_that_exchanges_what_is_copied():
    """A directory is a link to /etc every other moment, inside and with the name of ours: nothing
    of the host's comes out, and nothing gets in there."""
    open('/etc/word-of-the-host', 'w').write('host')
    inside('box', 'sh', '-c', 'echo guest > /etc/word-of-the-host; mkdir -p /srv/x/tree/d')
    p = subprocess.Popen(['ctrctl', 'exec', 'box', '--', 'sh', '-c', 'cd /srv/x/tree; ln -s /etc ../link; ln -s ../../../../../../../etc ../link2; '
                          'touch /run/busy; echo go; while [ -e /run/busy ]; do mv d ../away; mv ../link d; mv d ../link; mv ../link2 d; mv d ../link2; mv ../away d; done'],
                         stdout=subprocess.PIPE)
    word = HERE + '/word-of-the-host'
    open(word, 'w').write('mine')
    try:
        p.stdout.readline()
        for i in range(6):
            out = '%s/swap%d' % (HERE, i)
            run('ctrctl', '-q', 'cp', 'box:/srv/x/tree', out)
            run('ctrctl', '-q', 'cp', 'box:/srv/x/tree/d/word-of-the-host', out + '.word')
            run('ctrctl', '-q', 'cp', word, 'box:/srv/x/tree/d/')
            for path in run('sh', '-c', 'find %s/swap* -name "*word*" -type f' % HERE).out.split():
                assert open(path).read() in ('guest\n', 'mine'), path
        assert open('/etc/word-of-the-host').read() == 'host'
    finally:
        inside('box', 'rm', '/run/busy')
        p.communicate()
        os.unlink('/etc/word-of-the-host')
    inside('box', 'rm', '/etc/word-of-the-host')
    nothing_half('box')


def test_what_grows_and_what_never_answers():
    inside('box', 'sh', '-c', 'rm -rf /srv/y; mkdir /srv/y; mkfifo /srv/y/fifo; truncate -s 1099511627776 /srv/y/huge; ln -s loop /srv/y/loop; ln -s /proc/self/fd/0 /srv/y/magic')
    p = subprocess.Popen(['ctrctl', 'exec', 'box', '--', 'sh', '-c', 'touch /run/busy; echo go; while [ -e /run/busy ]; do echo more; done >> /srv/y/grows'], stdout=subprocess.PIPE)
    try:
        p.stdout.readline()
        ctl('cp', 'box:/srv/y', HERE + '/y')
    finally:
        inside('box', 'rm', '/run/busy')
        p.communicate()
    assert os.stat(HERE + '/y/huge').st_size == 1 << 40 and os.stat(HERE + '/y/huge').st_blocks == 0
    assert stat.S_ISFIFO(os.lstat(HERE + '/y/fifo').st_mode) and os.readlink(HERE + '/y/magic') == '/proc/self/fd/0'
    # The kernel's own views are no files of the container's.
    ctl('cp', 'box:/.', HERE + '/root')
    assert os.listdir(HERE + '/root/proc') == [] and 'passwd' in os.listdir(HERE + '/root/etc')
    shutil.rmtree(HERE + '/root')
    inside('box', 'rm', '-rf', '/srv/y')


def mount_mute(leader):
    """A FUSE in the container's namespaces that never answers; returns the process that holds it."""
    libc = ctypes.CDLL(None, use_errno=True)
    namespaces = [os.open('/proc/%s/ns/%s' % (leader, kind), os.O_RDONLY) for kind in ('user', 'mnt')]
    node = os.open('/dev/fuse', os.O_PATH)
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        word = b'failed'
        if libc.setns(namespaces[0], 0) == 0:
            fuse = os.open('/proc/self/fd/%d' % node, os.O_RDWR)
            if libc.setns(namespaces[1], 0) == 0 and libc.mount(
                    b'mute', b'/mnt', b'fuse', 0, b'fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other' % fuse) == 0:
                word = b'mounted'
        os.write(writer, word if word == b'mounted' else b'failed %d' % ctypes.get_errno())
        signal.pause()
        os._exit(0)
    os.close(writer)
    word = os.read(reader, 100)
    for fd in [reader, node] + namespaces:
        os.close(fd)
    return pid, word.decode()


def test_a_file_system_that_does_not_answer():
    if not os.path.exists('/dev/fuse'):
        raise Skip('no /dev/fuse')
    client = Client()
    pid, word = mount_mute(show('box')['Leader'])
    try:
        assert word == 'mounted', word
        reader, writer = os.pipe()
        job = client.container('box', 'CopyFrom', variant('/mnt/file', {}), [writer])[0]
        os.close(writer)
        wait_until(lambda: 'ctr-archive' in run('ps', '-eo', 'comm').out)
        client.call(job, 'org.ctrd1.Job', 'Cancel')
        assert ended(client, job)['State'] == 'canceled'
        os.close(reader)
        no_worker()
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    inside('box', 'umount', '/mnt')
    nothing_half('box')


def test_who_may():
    with visitor('org.ctrd1.files') as prefix:
        open(HERE + '/word', 'w').write('one')
        os.chmod(HERE + '/word', 0o644)
        wait_until(lambda: run(*prefix, 'ctrctl', '-q', 'cp', HERE + '/word', 'box:/tmp/visitor').status == 0, 10, 'polkit that reads its rules')
        assert inside('box', 'cat', '/tmp/visitor') == 'one'
        r = run(*prefix, 'ctrctl', '-q', 'exec', 'box', '--', 'true')
        assert r.status == 125 and 'authorisation' in r.err, r
    with visitor('org.ctrd1.exec') as prefix:
        wait_until(lambda: run(*prefix, 'ctrctl', '-q', 'exec', 'box', '--', 'true').status == 0, 10, 'polkit that reads its rules')
        r = run(*prefix, 'ctrctl', '-q', 'cp', 'box:/tmp/visitor', '-')
        assert r.status == 1 and 'authorisation' in r.err, r


def test_to_another_host():
    """ssh is a program of ours here, which runs what it is told."""
    os.makedirs(HERE + '/bin', exist_ok=True)
    with open(HERE + '/bin/ssh', 'w') as f:
        f.write('#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\nshift 2\nexec sh -c "$*"\n')
    os.chmod(HERE + '/bin/ssh', 0o755)
    path = 'PATH=%s/bin:%s' % (HERE, os.environ['PATH'])
    run('env', path, 'ctrctl', '-H', 'there', 'cp', HERE + '/tree', 'box:/srv/far', check=True)
    run('env', path, 'ctrctl', '-H', 'there', 'cp', 'box:/srv/far', HERE + '/far', check=True)
    assert describe(HERE + '/far') == describe(HERE + '/tree')
    r = run('env', path, 'ctrctl', '-q', '-H', 'there', 'cp', 'box:/missing', HERE + '/far2')
    assert r.status == 1 and '/missing' in r.err and not os.path.exists(HERE + '/far2'), r
