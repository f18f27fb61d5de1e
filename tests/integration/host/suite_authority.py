# SPDX-License-Identifier: LGPL-2.1-or-later
# polkit, asked: by a user whose agent never answers. Who has left is asked for nothing any
# more, and what waits is bounded.

import sys
import tempfile

from ctrd import *

def setup():
    run('useradd', '--system', 'visitor', check=True)


def teardown():
    run('userdel', 'visitor')


class User:
    """with User() as user: user.tell(…), user.hear() a line."""

    def __enter__(self):
        self.process = subprocess.Popen(['setpriv', '--reuid', 'visitor', '--clear-groups', sys.executable, '-B', os.path.join(os.path.dirname(__file__), 'agent.py')],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        assert self.hear() == 'ready'
        return self

    def tell(self, *words):
        print(*words, file=self.process.stdin, flush=True)

    def hear(self):
        return self.process.stdout.readline().strip()

    def __exit__(self, *exc):
        self.process.kill()
        self.process.communicate()


class Cancellations:
    """with Cancellations() as canceled: the numbers by which polkit was told to ask no longer."""

    def __enter__(self):
        self.file = tempfile.TemporaryFile('w+')
        self.process = subprocess.Popen(['busctl', 'monitor', '--json=short', '--match', "member='CancelCheckAuthorization'"],
                                        stdout=self.file, stderr=subprocess.PIPE, text=True)
        self.process.stderr.readline()      # it monitors
        return lambda: [json.loads(line)['payload']['data'][0] for line in os.pread(self.file.fileno(), 1 << 20, 0).splitlines()]

    def __exit__(self, *exc):
        self.process.terminate()
        self.process.communicate()
        self.file.close()


def test_who_leaves_is_asked_for_nothing_any_more():
    with container('web', start=False), User() as user, Cancellations() as canceled:
        user.tell('call', 'Start', 1)
        assert user.hear() == 'begin org.ctrd1.manage'
        user.tell('leave')
        assert user.hear() == 'cancel'
        user.tell('call', 'Exec', 1)
        assert user.hear() == 'begin org.ctrd1.exec'
        user.tell('leave')
        assert user.hear() == 'cancel'
        wait_until(lambda: len(canceled()) == 2, what='what ctrd says to polkit')
        assert len(set(canceled())) == 2, canceled()
        assert state('web') == 'stopped'


def test_what_waits_is_bounded_and_forgotten():
    with container('web', start=False), User() as user:
        # An answer to what is too much, and to nothing else.
        user.tell('call', 'Freeze', 70)
        heard = [user.hear() for _ in range(70)]
        assert sorted(heard) == ['begin org.ctrd1.manage'] * 64 + ['error org.ctrd1.Error.LimitsExceeded'] * 6, heard
        # That is no other's loss.
        assert run('setpriv', '--reuid', 'daemon', '--clear-groups', 'ctrctl', 'list').status == 0
        user.tell('leave')
        assert [user.hear() for _ in range(64)] == ['cancel'] * 64
        with limits('UserBytesMax=4M', 'UserQueriesMax=5'):
            user.tell('call', 'Description', 6)
            heard = sorted(user.hear().split()[0] for _ in range(6))
            assert heard == ['begin'] * 4 + ['error'] * 2, heard
            user.tell('leave')
            assert [user.hear() for _ in range(4)] == ['cancel'] * 4
            user.tell('call', 'Start', 6)
            heard = sorted(user.hear().split()[0] for _ in range(6))
            assert heard == ['begin'] * 5 + ['error'], heard
        user.tell('leave')
        assert [user.hear() for _ in range(5)] == ['cancel'] * 5
        user.tell('call', 'Start', 1)
        assert user.hear() == 'begin org.ctrd1.manage'
        # Its end takes all with it, the agent too.
    assert names() == []


def test_ctrd_goes_while_it_asks():
    with container('web', start=False), User() as user:
        user.tell('call', 'Start', 3)
        assert all(user.hear().startswith('begin') for _ in range(3))
        run('systemctl', 'restart', 'ctrd', check=True)
        heard = sorted(user.hear() for _ in range(6))
        assert heard == ['cancel'] * 3 + ['error org.freedesktop.DBus.Error.NoReply'] * 3, heard
        # The container goes while somebody is asked whether it may be started.
        user.tell('call', 'Start', 1)
        assert user.hear().startswith('begin')
        ctl('remove', 'web')
        user.tell('leave')
        assert user.hear() == 'cancel'
        create('web')
