# SPDX-License-Identifier: LGPL-2.1-or-later
# Commands, shells and consoles in a running container.

import os
import pty
import select
import signal
import subprocess
import termios

from ctrd import *


# Every test of this suite works in this one container.
SHARED = ['ex']


def setup():
    create('ex', start=True)


def teardown():
    remove('ex')


def test_output_error_and_status_are_the_commands_own():
    r = run('ctrctl', 'exec', 'ex', '--', 'sh', '-c', 'echo out; echo err >&2; exit 42')
    assert (r.status, r.out, r.err) == (42, 'out\n', 'err\n'), r


def test_standard_input():
    assert inside('ex', 'cat', input='one\ntwo\n') == 'one\ntwo\n'
    big = 'x' * 3000000
    assert inside('ex', 'wc', '-c', input=big).strip() == str(len(big))


def test_a_signal_shows_as_128_and_its_number():
    r = run('ctrctl', 'exec', 'ex', '--', 'sh', '-c', 'kill -KILL $$')
    assert r.status == 128 + 9, r


def test_signals_are_passed_on():
    # Often, since the command may say its word before its start has been answered.
    for _ in range(20):
        p = subprocess.Popen(['ctrctl', 'exec', 'ex', '--', 'sh', '-c',
                              'trap "echo got; exit 5" TERM; echo up; while :; do sleep 0.1; done'],
                             stdout=subprocess.PIPE, text=True)
        assert p.stdout.readline() == 'up\n'
        p.send_signal(signal.SIGTERM)
        out, _ = p.communicate(timeout=30 * PATIENCE)
        assert out == 'got\n' and p.returncode == 5, (out, p.returncode)


def test_command_that_does_not_exist():
    r = run('ctrctl', 'exec', 'ex', '--', '/no/such/thing')
    assert r.status == 127 and '/no/such/thing' in r.err and len(r.err.splitlines()) == 1, r


def test_command_that_cannot_be_executed():
    r = run('ctrctl', 'exec', 'ex', '--', '/etc/passwd')
    assert r.status == 126 and '/etc/passwd' in r.err, r


def test_no_room_in_run_is_named():
    # /run is made as small as what is in it. Others may give back some of it.
    fs = os.statvfs('/run')
    try:
        for _ in range(20):
            now = os.statvfs('/run')
            run('mount', '-o', 'remount,size=%d' % ((now.f_blocks - now.f_bfree) * now.f_frsize), '/run')
            r = run('ctrctl', 'exec', 'ex', '--', 'true')
            if r.status != 0:
                break
    finally:
        run('mount', '-o', 'remount,size=%d' % (fs.f_blocks * fs.f_frsize), '/run', check=True)
    assert r.status == 125 and 'No space left on device' in r.err and len(r.err.splitlines()) == 1, r
    assert inside('ex', 'echo', 'room') == 'room\n'


def test_environment_directory_and_user():
    assert ctl('exec', '--env', 'A=b c', 'ex', '--', 'sh', '-c', 'echo $A $container').strip() == 'b c ctrd'
    assert ctl('exec', '--workdir', '/etc', 'ex', '--', 'pwd').strip() == '/etc'
    assert ctl('exec', '--user', '12', 'ex', '--', 'id', '-u').strip() == '12'


def test_path_is_searched_inside():
    assert inside('ex', 'hostname').strip() == 'ex'


def test_processes_stay_out_of_the_guests_groups():
    out = inside('ex', 'cat', '/proc/self/cgroup').strip().splitlines()[-1]
    assert out.startswith('0::/') and out != '0::/', out


def test_a_command_leaves_no_cgroup_behind():
    inside('ex', 'true')
    wait_until(lambda: not [d for d in os.listdir('/sys/fs/cgroup/machine.slice/ctr-ex.scope/payload')
                            if 'exec' in d], 5, 'the group of the command to go')


def test_no_descriptor_leaks_in():
    fds = inside('ex', 'sh', '-c', 'ls /proc/self/fd').split()
    assert sorted(fds) in (['0', '1', '2', '3'], ['0', '1', '2']), fds     # 3: of ls itself


def test_working_directory_does_not_leak():
    out = inside('ex', 'sh', '-c', 'readlink /proc/self/cwd').strip()
    assert out == '/', out


def on_terminal(argv, script, timeout=20):
    """Runs a program on a terminal; script: (wait for this, then type that)…"""
    pid, master = pty.fork()
    if pid == 0:
        os.execvp(argv[0], argv)
    seen = ''
    deadline = time.monotonic() + timeout * PATIENCE
    steps = list(script)
    status = None
    while True:
        if steps and steps[0][0] in strip_escapes(seen):
            os.write(master, steps.pop(0)[1].encode())
            seen = ''
        ready, _, _ = select.select([master], [], [], 0.1)
        if ready:
            try:
                data = os.read(master, 65536)
            except OSError:
                data = b''
            if not data:
                break
            seen += data.decode(errors='replace')
        assert time.monotonic() < deadline, 'waiting for %r, saw %r' % (steps[:1], seen)
    _, wait = os.waitpid(pid, 0)
    os.close(master)
    assert not steps, 'never saw %r; saw %r' % (steps[0][0], seen)
    return os.waitstatus_to_exitcode(wait), strip_escapes(seen)


def test_terminal():
    status, seen = on_terminal(['ctrctl', 'exec', 'ex', '--', 'sh', '-c', 'tty; stty size; exit 3'], [])
    assert status == 3 and '/dev/pts/' in seen, (status, seen)


def test_shell_is_a_login():
    status, seen = on_terminal(['ctrctl', 'shell', 'ex'], [('#', 'echo $((6*7))-$HOME; exit 4\n')])
    assert status == 4 and '42-/root' in seen, (status, seen)


def test_console_attaches_and_detaches():
    status, seen = on_terminal(['ctrctl', 'console', 'ex'], [('', '\n'), ('#', 'echo $((6*7))\n'), ('42', '\x1d\x1d\x1d')])
    assert status == 0, (status, seen)
    assert state('ex') == 'running'


def test_two_consoles_see_the_same():
    watcher = subprocess.Popen(['ctrctl', 'console', '--read-only', 'ex'], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, text=True)
    try:
        on_terminal(['ctrctl', 'console', 'ex'], [('', '\n'), ('#', 'echo seen-by-$((1+1))\n'), ('seen-by-2', '\x1d\x1d\x1d')])
        seen = ''
        deadline = time.monotonic() + 30 * PATIENCE
        while 'seen-by-2' not in seen and time.monotonic() < deadline:
            if select.select([watcher.stdout], [], [], 0.2)[0]:
                seen += os.read(watcher.stdout.fileno(), 65536).decode(errors='replace')
        assert 'seen-by-2' in seen, seen
    finally:
        watcher.kill()
        watcher.wait()


def test_long_command_lines():
    # What fits into one write, and what is for the client with all means.
    for size in (30000, 61000, 120000):
        assert len(inside('ex', 'echo', 'x' * size)) == size + 1
    out = inside('ex', 'sh', '-c', 'echo $#', '--', *['y'] * 4000)
    assert out.strip() == '4000', out


def test_bytes_that_are_no_text_are_refused():
    p = subprocess.run(['ctrctl', 'exec', 'ex', '--', 'echo', b'\xff\xfe'], capture_output=True)
    assert p.returncode == 125 and len(p.stderr.splitlines()) == 1, p


def test_a_command_wakes_ctrd():
    run('systemctl', 'stop', 'ctrd', check=True)
    assert inside('ex', 'echo', 'woken') == 'woken\n'


def test_a_bus_that_is_named():
    r = run('env', 'DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nowhere', 'ctrctl', 'exec', 'ex', '--', 'true')
    assert r.status == 125 and len(r.err.splitlines()) == 1, r
    run('env', 'DBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/dbus/system_bus_socket', 'ctrctl', 'exec', 'ex', '--', 'true', check=True)


def test_commands_outlive_ctrd():
    p = subprocess.Popen(['ctrctl', 'exec', 'ex', '--', 'sh', '-c', 'echo up; read line; echo $line; exit 9'],
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert p.stdout.readline() == 'up\n'
    run('systemctl', 'restart', 'ctrd', check=True)
    out, _ = p.communicate('still here\n', timeout=30 * PATIENCE)
    assert out == 'still here\n' and p.returncode == 9, (out, p.returncode)


def test_many_commands_at_once():
    ps = [subprocess.Popen(['ctrctl', 'exec', 'ex', '--', 'sh', '-c', 'exit %d' % (i + 1)]) for i in range(16)]
    assert [p.wait(30 * PATIENCE) for p in ps] == list(range(1, 17))
