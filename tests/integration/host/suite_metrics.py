# SPDX-License-Identifier: LGPL-2.1-or-later
# OpenMetrics on a socket, as a collector reads it.

import contextlib
import http.client
import socket

from dasbus.connection import SystemMessageBus
from prometheus_client.openmetrics import parser

from ctrd import *

SOCKET = '/run/ctr-metrics.socket'
DROPIN = '/run/systemd/system/ctr-metrics.socket.d'
SHARED = ['one', 'two']


def setup():
    run('systemd-sysusers', check=True)     # as the installation of a package does
    run('systemctl', 'start', 'ctr-metrics.socket', check=True)
    create('one', BUSYBOX, start=True)
    create('two', BUSYBOX)


def teardown():
    remove('one', 'two')
    run('systemctl', 'stop', 'ctr-metrics.socket', 'ctr-metrics.service')
    assert not os.path.exists(SOCKET) or run('systemctl', 'is-active', 'ctr-metrics.service').out.strip() != 'active'


class Connection(http.client.HTTPConnection):
    def __init__(self, address=SOCKET):
        super().__init__('localhost', timeout=20 * PATIENCE)
        self.address = address

    def connect(self):
        if isinstance(self.address, tuple):
            return super().connect()
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.address)


def ask(method='GET', path='/metrics', body=None):
    connection = Connection()
    connection.request(method, path, body)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer, text


def samples():
    """By name and labels, through the strict parser of Prometheus' own library."""
    answer, text = ask()
    assert answer.status == 200, (answer.status, text)
    assert answer.headers['Content-Type'] == 'application/openmetrics-text; version=1.0.0; charset=utf-8'
    return {(s.name, frozenset(s.labels.items())): s.value
            for family in parser.text_string_to_metric_families(text) for s in family.samples}


def value(found, name, **labels):
    return found[name, frozenset(labels.items())]


def test_what_is_told_is_so():
    ctl('exec', 'one', '--', 'sh', '-c', 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done')
    found = samples()
    assert value(found, 'ctrd_container_state', container='one', ctrd_container_state='running') == 1
    assert value(found, 'ctrd_container_state', container='two', ctrd_container_state='running') == 0
    assert value(found, 'ctrd_container_state', container='two', ctrd_container_state='stopped') == 1
    assert value(found, 'ctrd_containers', state='running') == 1 and value(found, 'ctrd_containers', state='stopped') == 1
    assert value(found, 'ctrd_info', version=run('/usr/lib/ctrd/ctrd', '--version').out.split()[1]) == 1
    assert abs(value(found, 'ctrd_container_started_seconds', container='one') - time.time()) < 300 * PATIENCE
    assert ('ctrd_container_started_seconds', frozenset({('container', 'two')})) not in found
    cpu = value(found, 'ctrd_container_cpu_seconds_total', container='one')
    assert 0 < cpu < 60
    ctl('exec', 'one', '--', 'sh', '-c', 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done')
    assert value(samples(), 'ctrd_container_cpu_seconds_total', container='one') > cpu
    assert value(found, 'ctrd_jobs', kind='start', state='done') >= 1


def test_nothing_of_the_usage_is_left_out():
    proxy = SystemMessageBus().get_proxy('org.ctrd1', '/org/ctrd1')
    usage = {name: figures for name, when, figures in proxy.GetUsage()}['one']
    found = samples()
    told = {name for (name, labels) in found if ('container', 'one') in labels}
    names = {'MemoryCurrent': 'memory_bytes', 'MemoryPeak': 'memory_peak_bytes', 'TasksCurrent': 'tasks',
             'CPUUsageUSec': 'cpu_seconds_total', 'IOReadBytes': 'io_read_bytes_total', 'IOWriteBytes': 'io_written_bytes_total',
             'CPUPressureUSec': 'cpu_waiting_seconds_total', 'MemoryPressureUSec': 'memory_waiting_seconds_total',
             'IOPressureUSec': 'io_waiting_seconds_total'}
    assert {'ctrd_container_' + names[figure] for figure in usage} <= told, (usage, told)


def test_other_questions():
    for method, path, status in (('GET', '/', 404), ('GET', '/metrics/../x', 404), ('POST', '/metrics', 405), ('DELETE', '/x', 405)):
        answer, text = ask(method, path, 'x' * 100 if method == 'POST' else None)
        assert answer.status == status and text.endswith('\n') and len(text.splitlines()) == 1, (method, path, answer.status, text)
    answer, text = ask('HEAD')
    assert answer.status == 200 and text == '' and int(answer.headers['Content-Length']) > 100


def test_who_says_nothing_holds_nobody_up():
    with contextlib.ExitStack() as stack:
        for said in (b'', b'GET /metrics', b'\0' * 100, b'GET /metrics HTTP/1.1\r\nX: ' + b'y' * 100000):
            s = stack.enter_context(socket.socket(socket.AF_UNIX))
            s.connect(SOCKET)
            with contextlib.suppress(ConnectionError):
                s.send(said)
        assert samples()


def test_it_is_nobody():
    samples()
    pid = int(run('systemctl', 'show', 'ctr-metrics.service', '-p', 'MainPID', '--value').out)
    status = dict(line.split(':\t') for line in open('/proc/%d/status' % pid).read().splitlines() if ':\t' in line)
    assert '0' not in status['Uid'].split() and int(status['CapEff'], 16) == 0 and status['NoNewPrivs'] == '1', status
    assert value(samples(), 'ctrd_containers', state='running') == 1


def test_who_may_not_inspect_is_told_so():
    rule = '/etc/polkit-1/rules.d/10-test.rules'
    with open(rule, 'w') as f:
        f.write('polkit.addRule(function(action, subject) { if (action.id == "org.ctrd1.inspect") return polkit.Result.NO; });')
    os.chmod(rule, 0o644)
    try:
        answer, text = wait_until(lambda: (a := ask())[0].status != 200 and a, 10)
        assert answer.status == 503 and len(text.splitlines()) == 1 and 'container="' not in text, text
    finally:
        os.unlink(rule)
    wait_until(lambda: ask()[0].status == 200, 10)


def test_it_outlives_ctrd():
    samples()
    kill_ctrd()
    wait_until(lambda: ask()[0].status == 200, 20)
    run('systemctl', 'restart', 'ctrd', check=True)
    assert samples()


def test_a_port_in_place_of_the_socket():
    os.makedirs(DROPIN, exist_ok=True)
    with open(DROPIN + '/port.conf', 'w') as f:
        f.write('[Socket]\nListenStream=\nListenStream=127.0.0.1:9835\n')
    try:
        run('systemctl', 'daemon-reload', check=True)
        run('systemctl', 'stop', 'ctr-metrics.service', 'ctr-metrics.socket')
        run('systemctl', 'start', 'ctr-metrics.socket', check=True)
        connection = http.client.HTTPConnection('127.0.0.1', 9835, timeout=20 * PATIENCE)
        for _ in range(2):      # over one connection
            connection.request('GET', '/metrics')
            answer = connection.getresponse()
            text = answer.read().decode()
            assert answer.status == 200 and list(parser.text_string_to_metric_families(text))
        connection.close()
    finally:
        os.unlink(DROPIN + '/port.conf')
        os.rmdir(DROPIN)
        run('systemctl', 'daemon-reload')
        run('systemctl', 'stop', 'ctr-metrics.service', 'ctr-metrics.socket')
        run('systemctl', 'start', 'ctr-metrics.socket')
    assert samples()
