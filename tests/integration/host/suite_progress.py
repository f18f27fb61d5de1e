# SPDX-License-Identifier: LGPL-2.1-or-later
# What the guest's init says of its boot, and the time that it asks for.

import subprocess
import tempfile

import bus
from ctrd import *

# An init that says what it is told to, a datagram for each line, and is not asked twice to go.
INIT = r'''
use Socket;
socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or die;
my $manager = pack_sockaddr_un($ENV{NOTIFY_SOCKET});
$SIG{TERM} = sub { $stopping = 1; send($socket, $ENV{AT_STOP}, 0, $manager) if $ENV{AT_STOP}; };
send($socket, $ENV{AT_START}, 0, $manager) if $ENV{AT_START};
open(my $words, '+<', '/talk/words') or die;
while (<$words>) {
        chomp;
        exit 0 if $_ eq 'exit';
        if (/^flood ([0-9]+)/) { send($socket, "STATUS=word $_\nX_SYSTEMD_UNIT_ACTIVE=t$_.target", 0, $manager) for 1..$1; next; }
        s/\\n/\n/g;
        send($socket, $_, 0, $manager);
}
'''


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
        p.communicate()
        comes('BootProgress', 'basic.target')
        assert show('talk')['StatusText'] == 'Nearly' and state('talk') == 'starting'
        say('READY=1\nSTATUS=')
        comes('BootProgress', 'ready')
        assert state('talk') == 'running' and show('talk')['StatusText'] == ''
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
        assert p.stderr.readline().startswith('talk: ')
        assert 'word 2000' in p.stderr.readline()
        say('READY=1')
        assert p.communicate(timeout=20)[1] == '' and p.returncode == 0


def test_a_flood_of_words_disturbs_nobody():
    with guest('Environment=AT_START=READY=1') as say:
        ctl('start', 'talk')
        watch = subprocess.Popen(['busctl', 'monitor', '--match', "type='signal',interface='org.freedesktop.DBus.Properties',"
                                  "path='/org/ctrd1/container/talk'"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        wait_until(lambda: ':1.' in run('busctl', 'list', '--no-legend').out and 'busctl' in run('busctl', 'list', '--no-legend').out)
        begun = time.monotonic()
        say('flood 5000')
        comes('StatusText', 'word 5000')
        took = time.monotonic() - begun
        watch.terminate()
        told = watch.communicate()[0].count('"StatusText"')
        assert 1 <= told <= 2 + 5 * (took + 1), '%d signals in %.1f s' % (told, took)
        ctl('stop', '--timeout=1ms', 'talk')


def test_a_start_takes_the_time_that_the_guest_asks_for():
    # no more than it may
    with guest('StartTimeoutSec=300ms', 'ExtendTimeoutMaxSec=300ms', 'Environment=AT_START=EXTEND_TIMEOUT_USEC=60000000'):
        begun = time.monotonic()
        fails('start', 'talk', word='and the time that it asked for')
        assert 0.6 <= time.monotonic() - begun < 5
    # and not at all where it may not
    with guest('StartTimeoutSec=500ms', 'ExtendTimeoutMaxSec=0', 'Environment=AT_START=EXTEND_TIMEOUT_USEC=60000000'):
        assert 'asked for' not in fails('start', 'talk', word='was not ready within')
    # and it lasts where ctrd was away
    with guest('StartTimeoutSec=700ms', 'Environment=AT_START=EXTEND_TIMEOUT_USEC=60000000') as say:
        p = start()
        comes('BootProgress', 'booting')
        kill_ctrd()
        p.communicate()
        comes('BootProgress', 'booting')
        time.sleep(1)
        assert state('talk') == 'starting'
        say('READY=1')
        comes('State', 'running')
        ctl('stop', '--timeout=1ms', 'talk')
    fails('create', 'talk', BUSYBOX, '-s', 'ExtendTimeoutMaxSec=soon', word='give a time, such as 5min')


def stop(*options):
    begun = time.monotonic()
    ctl('stop', *options, 'talk')
    return time.monotonic() - begun, show('talk')['ExitReason']


def test_a_stop_takes_the_time_that_the_guest_asks_for():
    ready = 'Environment=AT_START=READY=1'
    asks = 'Environment=AT_STOP=EXTEND_TIMEOUT_USEC=60000000'
    with guest('StopTimeoutSec=300ms', ready, asks) as say:
        ctl('start', 'talk')
        p = subprocess.Popen(['ctrctl', 'stop', 'talk'], stdin=subprocess.DEVNULL)
        time.sleep(0.8)
        assert state('talk') == 'stopping' and p.poll() is None
        say('exit')
        assert p.wait(20) == 0 and show('talk')['ExitReason'] == 'poweroff'
        # a time that was named holds
        ctl('start', 'talk')
        took, reason = stop('--timeout=300ms')
        assert took < 5 and reason == 'killed', (took, reason)
        # and so does the bound
        ctl('set', 'talk', 'ExtendTimeoutMaxSec=300ms')
        ctl('start', 'talk')
        took, reason = stop()
        assert 0.6 <= took < 5 and reason == 'killed', (took, reason)
