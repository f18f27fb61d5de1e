# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the comparisons of ctrrun with a peer share: running a test program of the
peer's suite on a terminal, reading its TAP, telling the difference as TAP."""

import os
import pty
import re
import signal
import subprocess
import tempfile
import threading
import time

OURS = '/usr/bin/ctrrun'
ALL = '(all of it)'
TIMEOUT = 180 * int(os.environ.get('PATIENCE', '1'))
RESULT = re.compile(r'^(not ok|ok) \d+ (?:- )?([^#\n]*)(#.*)?$', re.M)
PLAN = re.compile(r'^1\.\.(\d+)', re.M)


def run(command, work, environment):
    """Returns {test: 'ok' | 'skip' | 'fail'}, what was said, and how long it took."""
    # Some tests want a terminal; what is not a result goes to a file, out of the way.
    master, slave = pty.openpty()
    with tempfile.TemporaryFile() as errors:
        began = time.monotonic()
        child = subprocess.Popen(command, cwd=work, stdin=slave, stdout=slave, stderr=errors, start_new_session=True,
                                 env={**os.environ, **environment})
        timer = threading.Timer(TIMEOUT, lambda: os.killpg(child.pid, signal.SIGKILL))
        timer.start()
        os.close(slave)
        said = b''
        while True:
            try:
                piece = os.read(master, 65536)
            except OSError:     # nobody has the terminal any more
                break
            if not piece:
                break
            said += piece
        status = child.wait()
        timer.cancel()
        os.close(master)
        errors.seek(0)
        words = errors.read().decode(errors='replace')
    text = said.decode(errors='replace').replace('\r', '')
    results = {name.strip(): 'fail' if verdict == 'not ok' else 'skip' if 'SKIP' in rest.upper() else 'ok'
               for verdict, name, rest in RESULT.findall(text)}
    plan = PLAN.search(text)
    # A program that tells of its failures by its status as well has run to its end.
    if not plan or int(plan.group(1)) != len(results) or not results or \
            (status != 0 and 'fail' not in results.values()):
        results[ALL] = 'fail'
    return results, text + words, time.monotonic() - began


class Report:
    def __init__(self, peer):
        self.peer = peer
        self.number = self.failed = 0
        self.counts = {peer: {}, 'ctrrun': {}}

    def tell(self, verdict, name, why=''):
        self.number += 1
        self.failed += verdict == 'not ok'
        print(f'{verdict} {self.number} - {name}{" # SKIP " + why if why else ""}', flush=True)

    def compare(self, program, theirs, ours):
        """Whether ctrrun failed something that the peer passed."""
        bad = False
        for results, runtime in ((theirs, self.peer), (ours, 'ctrrun')):
            for verdict in results.values():
                self.counts[runtime][verdict] = self.counts[runtime].get(verdict, 0) + 1
        if ALL in theirs:
            self.tell('not ok', f'{program}: the program runs to its end with {self.peer}')
            bad = True
        for test in list(theirs) + [t for t in ours if t not in theirs]:
            their, our = theirs.get(test, 'skip'), ours.get(test, 'skip')
            name = f'{program}: {test}'
            if our == 'ok':
                self.tell('ok', name)
            elif their == 'ok':
                self.tell('not ok', name + (' is skipped' if our == 'skip' else ''))
                bad = True
            else:
                self.tell('ok', name, f'{self.peer} {"fails" if their == "fail" else "skips"} it too')
        return bad

    def end(self):
        print(f'1..{self.number}')
        for runtime, counts in self.counts.items():
            print(f'# {runtime}: {counts.get("ok", 0)} passed, {counts.get("fail", 0)} failed, '
                  f'{counts.get("skip", 0)} skipped')
        return 1 if self.failed else 0


def quote(words, lines=60):
    """As comments, the last of what a program said."""
    print(''.join(f'# {line}\n' for line in words.splitlines()[-lines:]), end='')
