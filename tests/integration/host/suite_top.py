# SPDX-License-Identifier: LGPL-2.1-or-later
# What containers use, for those who look.

import pty

from ctrd import *

SHARED = ['idle', 'busy']


def setup():
    create('idle', BUSYBOX, start=True)
    create('busy', BUSYBOX, start=True)
    ctl('exec', 'busy', '--', 'sh', '-c', '(while :; do :; done) >/dev/null 2>&1 &')


def teardown():
    remove('idle', 'busy')


def top(*words):
    return json.loads(ctl('top', '--json', '--interval=500ms', *words))


def test_one_answer_tells_who_is_busy():
    rows = top()
    assert [r['name'] for r in rows] == ['busy', 'idle'], rows
    assert rows[1]['cpu'] < rows[0]['cpu'], rows
    # It has at least a part of one CPU, and no more than one, when others let it and the one who looks.
    wait_until(lambda: 50000 < top()[0]['cpu'] < 1100000)
    assert [r['name'] for r in top('--sort=name')] == ['busy', 'idle']
    assert set(rows[0]) == {'name', 'cpu', 'memory', 'tasks', 'read', 'write', 'pressure'}, rows[0]


def test_tables_for_people():
    lines = ctl('top', '--interval=200ms', '--count=2').splitlines()
    assert [line.split()[0] for line in lines] == ['NAME', 'busy', 'idle'] * 2, lines
    assert re.match(r'busy +\d+\.\d%', lines[1]), lines
    assert len(ctl('top', '--interval=200ms', '--no-legend').splitlines()) == 2


def test_who_is_not_running_is_not_there():
    ctl('stop', 'idle')
    assert [r['name'] for r in top()] == ['busy']
    ctl('start', 'idle')
    # One that came in between has no rates yet, and is there.
    watch = subprocess.Popen(['timeout', '60', 'busctl', 'monitor', '--match', "type='method_call',member='GetUsage'"], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True)
    watch.stderr.readline()     # it watches
    p = subprocess.Popen(['ctrctl', 'top', '--json', '--interval=2s'], stdout=subprocess.PIPE, text=True)
    watch.stdout.readline()     # it has asked for the first time
    watch.terminate()
    watch.communicate()
    with container('new'):
        rows = {r['name']: r for r in json.loads(p.communicate()[0])}
    assert set(rows) >= {'busy', 'idle'} and ('new' not in rows or rows['new']['cpu'] is None), rows


def test_again_and_again_on_a_terminal():
    master, slave = pty.openpty()
    p = subprocess.Popen(['ctrctl', 'top', '--interval=100ms'], stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    said = b''
    while said.count(b'\033[H\033[J') < 3:
        said += os.read(master, 4096)
    p.send_signal(signal.SIGINT)
    p.wait(10 * PATIENCE)
    os.close(master)
    assert b'busy' in said


def test_it_ends_with_its_reader():
    p = subprocess.Popen(['sh', '-c', 'ctrctl top --count=1000 --interval=100ms | head -n 1'], stdout=subprocess.PIPE)
    assert p.communicate(timeout=20 * PATIENCE)[0].startswith(b'NAME')
    wait_until(lambda: run('pgrep', '-f', 'ctrctl top|ctrctl-bus top').status != 0)


def test_bad_words():
    for words in (('--sort=size',), ('--interval=1ms',), ('--interval=infinity',), ('--count=0',), ('busy',)):
        fails('top', *words, status=2)
