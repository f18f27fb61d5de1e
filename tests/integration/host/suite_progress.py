# SPDX-License-Identifier: LGPL-2.1-or-later
# What the guest's init says of its boot, and the time that it asks for.

import signal
import subprocess
import tempfile

import bus
from ctrd import *
from suite_jobs import begin, job

# An init that says what it is told to, a datagram for each line, and is not asked twice to go.
INIT = r'''
use Socket;
socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or die;
my $manager = pack_sockaddr_un($ENV{NOTIFY_SOCKET});
$SIG{TERM} = sub { $stopping = 1; send($socket, $ENV{AT_STOP}, 0, $manager) if $ENV{AT_STOP}; };
$SIG{NUM41} = sub { send($socket, 'STATUS=asked', 0, $manager) } if $ENV{SOFT};
send($socket, $ENV{AT_START}, 0, $manager) if $ENV{AT_START};
open(my $words, '+<', '/talk/words') or die;
while (<$words>) {
        chomp;
        exit 0 if $_ eq 'exit';
        exec($^X, $0) if $_ eq 'again';
        if (/^flood ([0-9]+)/) { send($socket, "STATUS=word $_\nX_SYSTEMD_UNIT_ACTIVE=t$_.target", 0, $manager) for 1..$1; next; }
        s/\\n/\n/g;
        send($socket, $_, 0, $manager);
}
'''


# In which a guest that asks for more time has said so.
SECONDS = 1 * PATIENCE
GIVEN = '%%sTimeoutSec=%dms' % (SECONDS * 1000)


class guest:
    """with guest(…) as say: a container whose init says what say() is given."""

    def __init__(self, *settings):
        self.settings = settings

    def __enter__(self):
        self.dir = tempfile.TemporaryDirectory(dir='/run')    # what is below / may be an overlay, which cannot be id-mapped
        os.chmod(self.dir.name, 0o755)
        with open(self.dir.name + '/init', 'w') as f:
            f.write(INIT)
        os.mkfifo(self.dir.name + '/words')
        os.chmod(self.dir.name + '/words', 0o666)
        self.words = os.open(self.dir.name + '/words', os.O_RDWR)
        create('talk', DEBIAN, 'Command=/usr/bin/perl /talk/init', 'Bind=%s:/talk' % self.dir.name, 'NotifyReady=yes',
               'StopSignal=SIGTERM', 'Mode=private', *self.settings)
        return self.say

    def say(self, text):
        os.write(self.words, text.replace('\n', '\\n').encode() + b'\n')

    def __exit__(self, *exc):
        if exc[0] is None:
            remove('talk')
        os.close(self.words)
        self.dir.cleanup()


def start():
    return subprocess.Popen(['ctrctl', 'start', 'talk'], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def process_state(pid):
    with open('/proc/%d/stat' % pid) as f:
        return f.read().rpartition(') ')[2][0]


def comes(name, value):
    wait_until(lambda: show('talk')[name] == value, what='%s=%s' % (name, value))


def test_what_the_guest_says_is_shown():
    client = bus.Client()
    with guest() as say:
        assert show('talk')['BootProgress'] == ''
        p = start()
        comes('BootProgress', 'booting')
        job = client.jobs()[0]
        for text, progress, status, percent, message in (
                ('STATUS=Mounting \x1b[31mdisks\x07', 'booting', 'Mounting ?[31mdisks?', 75, 'Mounting ?[31mdisks?'),
                ('X_SYSTEMD_UNIT_ACTIVE=sysinit.target', 'sysinit.target', 'Mounting ?[31mdisks?', 80, 'Reached sysinit.target'),
                ('X_SYSTEMD_UNIT_ACTIVE=ready', 'sysinit.target', 'Mounting ?[31mdisks?', 80, 'Reached sysinit.target'),
                ('X_SYSTEMD_UNIT_ACTIVE=basic.target\nSTATUS=Nearly', 'basic.target', 'Nearly', 85, 'Nearly')):
            say(text)
            comes('StatusText', status)
            comes('BootProgress', progress)
            seen = client.managed()[job]['org.ctrd1.Job']
            assert (seen['Progress'], seen['Message']) == (percent, message), seen
        page = run('ctrctl', 'status', 'talk', check=True).out
        assert 'Boot: basic.target\n' in page and 'Status: Nearly\n' in page, page
        # it is told to a ctrd that was away too
        kill_ctrd()
        comes('BootProgress', 'basic.target')
        assert show('talk')['StatusText'] == 'Nearly' and state('talk') == 'starting'
        say('READY=1\nSTATUS=')
        comes('BootProgress', 'ready')
        p.communicate()
        assert p.returncode == 0 and state('talk') == 'running' and show('talk')['StatusText'] == ''
        assert 'Boot:' not in ctl('status', 'talk')
        say('exit')
        comes('BootProgress', '')


def test_words_are_lines_where_there_is_no_terminal():
    with guest() as say:
        p = start()
        comes('BootProgress', 'booting')
        # after the half second in which nothing is said, the last word, not each
        time.sleep(0.6)
        say('flood 2000')
        comes('BootProgress', 't2000.target')
        begun, lines = time.monotonic(), [p.stderr.readline()]
        assert lines[0].startswith('talk: '), lines
        while 'word 2000' not in lines[-1]:
            lines.append(p.stderr.readline())
            # one in two seconds, however long the flood takes
            assert lines[-1] and len(lines) <= 2 + (time.monotonic() - begun) / 2, lines
        say('READY=1')
        assert p.communicate(timeout=20 * PATIENCE)[1] == '' and p.returncode == 0


def changes(what):
    """What is told of the container's properties meanwhile."""
    watch = subprocess.Popen(['busctl', 'monitor', '--json=short', '--match', "type='signal',interface='org.freedesktop.DBus.Properties',"
                              "path='/org/ctrd1/container/talk'", '--match', "type='method_call',member='Ping'"],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    watch.stderr.readline()     # it watches
    what()
    # What is called last ends it.
    run('busctl', 'call', 'org.ctrd1', '/org/ctrd1', 'org.freedesktop.DBus.Peer', 'Ping', check=True)
    found = []
    for line in watch.stdout:
        message = json.loads(line)
        if message.get('member') == 'Ping':
            break
        found.append(message['payload']['data'][1])
    watch.terminate()
    watch.communicate()
    return found


def test_a_flood_of_words_disturbs_nobody():
    with guest('Environment=AT_START=READY=1') as say:
        ctl('start', 'talk')

        def flood():
            begun = time.monotonic()
            say('flood 5000')
            comes('StatusText', 'word 5000')
            lasted.append(time.monotonic() - begun)
        lasted = []
        words = [c['StatusText']['data'] for c in changes(flood) if 'StatusText' in c]
        took = lasted[0]
        assert words[-1] == 'word 5000' and len(words) <= 2 + 5 * (took + 1), '%d signals in %.1f s' % (len(words), took)
        ctl('stop', '--timeout=1ms', 'talk')


def test_a_start_takes_the_time_that_the_guest_asks_for():
    # no more than it may
    with guest(GIVEN % 'Start', 'ExtendTimeoutMaxSec=300ms', 'Environment=AT_START=EXTEND_TIMEOUT_USEC=60000000'):
        begun = time.monotonic()
        fails('start', 'talk', word='and the time that it asked for')
        assert SECONDS + 0.3 <= time.monotonic() - begun < SECONDS + 5 * PATIENCE
    # and not at all where it may not
    with guest('StartTimeoutSec=500ms', 'ExtendTimeoutMaxSec=0', 'Environment=AT_START=EXTEND_TIMEOUT_USEC=60000000'):
        assert 'asked for' not in fails('start', 'talk', word='was not ready within')
    # and it lasts where ctrd was away
    with guest(GIVEN % 'Start', 'Environment=AT_START=EXTEND_TIMEOUT_USEC=60000000') as say:
        p = start()
        comes('BootProgress', 'booting')
        kill_ctrd()
        comes('BootProgress', 'booting')
        time.sleep(SECONDS + 0.3)
        assert state('talk') == 'starting'
        say('READY=1')
        comes('State', 'running')
        p.communicate()
        ctl('stop', '--timeout=1ms', 'talk')
    fails('create', 'talk', BUSYBOX, '-s', 'ExtendTimeoutMaxSec=soon', word='give a time, such as 5min')


def stop(*options):
    begun = time.monotonic()
    ctl('stop', *options, 'talk')
    return time.monotonic() - begun, show('talk')['ExitReason']


def test_a_stop_takes_the_time_that_the_guest_asks_for():
    ready = 'Environment=AT_START=READY=1'
    asks = 'Environment=AT_STOP=EXTEND_TIMEOUT_USEC=60000000'
    with guest(GIVEN % 'Stop', ready, asks) as say:
        ctl('start', 'talk')
        p = subprocess.Popen(['ctrctl', 'stop', 'talk'], stdin=subprocess.DEVNULL)
        comes('State', 'stopping')
        time.sleep(SECONDS + 0.3)
        assert state('talk') == 'stopping' and p.poll() is None
        say('exit')
        assert p.wait(20 * PATIENCE) == 0 and show('talk')['ExitReason'] == 'poweroff'
        # a time that was named holds
        ctl('start', 'talk')
        took, reason = stop('--timeout=300ms')
        assert took < 5 * PATIENCE and reason == 'killed', (took, reason)
        # and so does the bound
        ctl('set', 'talk', 'ExtendTimeoutMaxSec=300ms')
        ctl('start', 'talk')
        took, reason = stop()
        assert SECONDS + 0.3 <= took < SECONDS + 5 * PATIENCE and reason == 'killed', (took, reason)


def told(what):
    """The states that a container goes through meanwhile."""
    found = changes(what)
    return [c['State']['data'] for c in found if 'State' in c], [c['BootProgress']['data'] for c in found if 'BootProgress' in c]


def test_a_soft_reboot_ends_nothing():
    with guest('Environment=SOFT=1', 'Environment=AT_START=STATUS=anew') as say:
        p = start()
        say('READY=1')
        assert p.wait(20 * PATIENCE) == 0
        comes('StatusText', 'anew')
        before = show('talk')

        def guests_own():
            say('X_SYSTEMD_UNIT_ACTIVE=soft-reboot.target')
            comes('State', 'rebooting')
            assert show('talk')['ReadyAt'] == '0'
            say('again')
            comes('StatusText', 'anew')
            say('RELOADING=1\nMONOTONIC_USEC=1')
            say('X_SYSTEMD_UNIT_ACTIVE=basic.target')
            comes('BootProgress', 'basic.target')
            say('READY=1')
            comes('State', 'running')
        assert told(guests_own) == (['rebooting', 'running'], ['booting', 'basic.target', 'ready'])
        after = show('talk')
        assert int(after.pop('ReadyAt')) > int(before.pop('ReadyAt')) and after == before, (before, after)

        # one that says so all the time is not told of each time
        def storm():
            for _ in range(200):
                say('X_SYSTEMD_UNIT_ACTIVE=soft-reboot.target\n')
                say('READY=1')
            say('STATUS=done')
            comes('StatusText', 'done')
        begun = time.monotonic()
        states = told(storm)[0]
        assert len(states) <= 4 + 2 * int(time.monotonic() - begun), states
        say('READY=1')
        comes('State', 'running')

        # asked for, also of a systemd that tells no targets
        time.sleep(1)
        begun = begin('restart', '--soft', 'talk')
        seen = job(begun)
        assert (seen['Kind'], seen['State'], seen['Message']) == ('soft-reboot', 'running', 'Ending its services'), seen
        fails('restart', '--soft', 'talk', word='no job works on it')
        comes('StatusText', 'asked')
        say('RELOADING=1')
        comes('State', 'rebooting')
        kill_ctrd()
        comes('State', 'starting')
        say('READY=1')
        comes('State', 'running')
        assert show('talk')['Leader'] == before['Leader']
        # and where it is no answer to us, that word means nothing
        say('RELOADING=1\nSTATUS=reloaded')
        comes('StatusText', 'reloaded')
        assert state('talk') == 'running'
        ctl('stop', '--timeout=1ms', 'talk')


def test_a_soft_reboot_that_is_refused_or_fails():
    client = bus.Client()
    with guest('Environment=SOFT=1', 'StopTimeoutSec=300ms') as say:
        fails('restart', '--soft', 'talk', word='not running')
        p = start()
        say('READY=1')
        assert p.wait(20 * PATIENCE) == 0
        fails('restart', '--soft', 'talk', word='has not ended its services within')
        assert state('talk') == 'running' and client.jobs() == []
        ctl('freeze', 'talk')
        fails('restart', '--soft', 'talk', word='is frozen')
        ctl('thaw', 'talk')
        ctl('stop', '--timeout=1ms', 'talk')
    # Also where it has ended before its monitor is told to ask it, or does.
    for ends in ('before', 'after', 'meanwhile'):
        with guest('Environment=SOFT=1', 'Environment=AT_START=READY=1') as say:
            ctl('start', 'talk')
            leader, monitor = show('talk')['Leader'], monitor_pid('talk')
            if ends != 'meanwhile':
                os.kill(monitor, signal.SIGSTOP)
            if ends == 'before':
                say('exit')
                wait_until(lambda: process_state(int(leader)) == 'Z')
            job_path = client.container('talk', 'SoftReboot')[0]
            if ends != 'before':
                say('exit')
            if ends == 'after':
                wait_until(lambda: process_state(int(leader)) == 'Z')
            if ends != 'meanwhile':
                os.kill(monitor, signal.SIGCONT)
            wait_until(lambda: client.managed()[job_path]['org.ctrd1.Job']['State'] == 'failed')
            words = client.managed()[job_path]['org.ctrd1.Job']['ErrorMessage']
            assert 'ended before it was up' in words, words
            assert state('talk') == 'stopped'
    for source in (BUSYBOX, DEBIAN):
        with container('old', source, 'Mode=private'):
            leader = show('old')['Leader']
            fails('restart', '--soft', 'old', word='knows no soft reboot')
            assert state('old') == 'running' and show('old')['Leader'] == leader


def test_a_soft_reboot_of_systemd():
    if not os.path.isdir('/var/lib/ctrd/images/debian-trixie'):
        raise Skip('there is no image of debian/trixie, whose systemd knows soft reboots')
    with container('soft', 'debian/trixie', 'Mode=private'):
        before = show('soft')
        boots = lambda: inside('soft', 'systemctl', 'show', '-P', 'SoftRebootsCount').strip()
        for n in range(2):
            if n == 0:
                ctl('restart', '--soft', 'soft', timeout=60)
            else:
                inside('soft', 'systemctl', 'soft-reboot')
                wait_until(lambda: state('soft') == 'rebooting')
                wait_until(lambda: state('soft') == 'running')
            after = show('soft')
            assert after['State'] == 'running' and after['Leader'] == before['Leader'], after
            assert int(after['ReadyAt']) > int(before['ReadyAt']) and after['StartedAt'] == before['StartedAt'], after
            assert boots() == str(n + 1)
        assert run('machinectl', 'status', 'soft').status == 0
