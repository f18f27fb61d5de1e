#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many containers at once, and what they cost: see tests/density/run, which brings the host
for it. All but the listing is done over the bus by one client, one after the other."""

import argparse
import os
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, '../integration/host')]
import bus
import ctrd
import plot
from bus import GLib

LIST_MS = 50            # of ctrctl list
CTRD_KIB = 25 * 1024    # RSS with all of them running
EACH_KIB = 350          # of the monitor, and by which ctrd grows, together
# How much more the last may cost than the first, in processor time: what a clock says on a
# machine where others work too tells of these. Of a few containers chance has a part in it.
FLAT, FLAT_OF_FEW, FEW = 1.3, 2.5, 100
# Where all are in one slice systemd goes through all its units at each start: its own part
# grows, and would for scopes of anybody. ctr.conf(5), Slice=.
FLAT_IN_ONE, SLICES = 2, 20
IDLE_SECONDS = 10

options = argparse.Namespace()
number, failed = 0, 0


def report(good, what):
    global number, failed
    number += 1
    failed += not good
    print('%s %d - %s' % ('ok' if good else 'not ok', number, what), flush=True)


def note(text):
    print('# ' + text, flush=True)


def processes():
    """pid → name of all of the host."""
    found = {}
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open('/proc/%s/comm' % pid) as f:
                found[int(pid)] = f.read().strip()
        except OSError:
            pass        # it went meanwhile
    return found


def monitors():
    return [pid for pid, name in processes().items() if name == 'ctr-monitor']


def kib(pid, file, *keys):
    """The sum of some lines of a file of /proc/PID."""
    with open('/proc/%d/%s' % (pid, file)) as f:
        rows = dict(line.split(':', 1) for line in f if ':' in line)
    return sum(int(rows[k].split()[0]) for k in keys)


def nanoseconds(pid):
    """On a processor so far."""
    with open('/proc/%d/schedstat' % pid) as f:
        return int(f.read().split()[0])


def ticks(pid):
    with open('/proc/%d/stat' % pid) as f:
        fields = f.read().rsplit(')', 1)[1].split()
    return int(fields[11]) + int(fields[12])


def switches(pid):
    return sum(int(line.split()[1]) for line in open('/proc/%d/status' % pid) if 'ctxt_switches' in line)


class Client(bus.Client):
    """One that waits for jobs."""

    def __init__(self):
        super().__init__()
        self.ended = {}
        self.bus.signal_subscribe('org.ctrd1', 'org.ctrd1.Manager', 'JobRemoved', None, None, 0, self.on_removed)

    def on_removed(self, connection, sender, path, interface, signal, parameters):
        job, name, result, error, message = parameters.unpack()
        self.ended[job] = (result, name, message)

    def done(self, job):
        while job not in self.ended:
            GLib.MainContext.default().iteration(True)
        result = self.ended.pop(job)
        assert result[0] == 'done', result


class Pace:
    """Time of the clock, and of the processors for those who serve all containers, by steps."""

    SERVERS = ('ctrd', 'systemd', 'dbus-daemon', 'systemd-machine', 'systemd-udevd')

    def __init__(self, step):
        self.step, self.clock, self.work = step, [], []
        self.servers = [pid for pid, name in processes().items() if name in self.SERVERS]
        self.begin()

    def begin(self):
        self.begun, self.before = time.monotonic(), self.used()

    def used(self):
        return sum(nanoseconds(pid) for pid in self.servers)

    def passed(self, n):
        if n % self.step == 0:
            self.clock.append((n, self.step / (time.monotonic() - self.begun)))
            self.work.append((n, (self.used() - self.before) / self.step / 1e6))
            self.begin()

    def ratio(self):
        """Of the last third to the first, without what only the first one of all does."""
        third = max(1, len(self.work) // 3)
        return statistics.median(w for _, w in self.work[-third:]) / statistics.median(w for _, w in self.work[:third])


def each(what, names, begin, flat=FLAT):
    pace = Pace(max(1, len(names) // 20))
    for i, name in enumerate(names):
        client.done(begin(name))
        pace.passed(i + 1)
    note('%s: %.1f a second at first, %.1f at last; %.1f and %.1f ms of processors each' %
         (what, pace.clock[0][1], pace.clock[-1][1], pace.work[0][1], pace.work[-1][1]))
    most = FLAT_OF_FEW if len(names) < FEW else flat
    report(pace.ratio() <= most, '%s: the last cost %.2f of what the first did (at most %.1f)' % (what, pace.ratio(), most))
    return pace


def listing():
    took = []
    for _ in range(15):
        begun = time.monotonic()
        out = subprocess.run(['ctrctl', 'list', '--no-legend'], capture_output=True, text=True, check=True).stdout
        took.append(1000 * (time.monotonic() - begun))
    # A few are listed beside whatever else a machine does in tools/check.
    return min(took) if options.containers < FEW else statistics.median(took), len(out.splitlines())


def idle():
    """What nobody asked for: time on a processor, and how often one woke up."""
    pids = [ctrd.ctrd_pid()] + monitors()
    for _ in range(2):      # what has just started may have something to finish
        before = ticks(pids[0]), [switches(p) for p in pids[1:]]
        time.sleep(IDLE_SECONDS if options.containers >= FEW else 4)
        used = ticks(pids[0]) - before[0]
        woken = sum(switches(p) for p in pids[1:]) - sum(before[1])
        if used == woken == 0:
            break
    report(used == 0, 'ctrd is idle: it took %d ticks' % used)
    report(woken == 0, 'no monitor wakes up by itself: %d times' % woken)


def start_all(names, settings={}, where=''):
    made = each('creation' + where, names, lambda name: client.create(name, ctrd.BUSYBOX, settings.get(name, [])))
    started = each('start' + where, names, lambda name: client.container(name, 'Start')[0], FLAT if where else FLAT_IN_ONE)
    return made, started


def remove_all(names):
    for name in names:
        client.done(client.container(name, 'Stop', GLib.Variant('(t)', (0,)))[0])
    report(not monitors(), 'all stop')
    for name in names:
        client.done(client.container(name, 'Remove', GLib.Variant('(b)', (False,)))[0])
    left = ctrd.names() or ctrd.settle_leftovers()
    report(not left, 'nothing is left behind' + ''.join('\n# %s' % item for item in left[:20]))


def measure(empty):
    names = ['dense%04d' % i for i in range(options.containers)]
    made, started = start_all(names)

    resident = kib(ctrd.ctrd_pid(), 'status', 'VmRSS')
    growth = (resident - empty) / len(names)
    pids = monitors()
    pss = [kib(pid, 'smaps_rollup', 'Pss') for pid in pids]
    private = [kib(pid, 'smaps_rollup', 'Private_Clean', 'Private_Dirty') for pid in pids]
    report(len(pids) == len(names), '%d of %d run' % (len(pids), len(names)))
    report(resident <= CTRD_KIB, 'ctrd has %d KiB (at most %d)' % (resident, CTRD_KIB))
    report(statistics.mean(pss) + growth <= EACH_KIB, 'a container is %.0f KiB of a monitor (private %.0f) and %.1f KiB of ctrd (at most %d)' %
           (statistics.mean(pss), statistics.mean(private), growth, EACH_KIB))
    took, lines = listing()
    report(took <= LIST_MS and lines == len(names), 'ctrctl list shows %d in %.0f ms (at most %d)' % (lines, took, LIST_MS))
    idle()

    with open('/proc/loadavg') as f:
        load = f.read().split()[0]
    remove_all(names)
    if options.containers < FEW:
        return
    slices = {name: [('Slice', 'machine-%d.slice' % (i * SLICES // len(names)))] for i, name in enumerate(names)}
    spread = start_all(names, slices, ' in %d slices' % SLICES)[1]
    remove_all(names)

    with open(options.svg or os.devnull, 'w') as f:
        f.write(plot.draw('Containers of busybox, one after the other', 'containers', 'a second',
                          {'created': made.clock, 'started in machine.slice': started.clock, 'started in %d slices' % SLICES: spread.clock},
                          ['Processor time of ctrd, systemd, dbus-daemon, machined and udevd each: created %.1f ms at first, %.1f at last;' %
                           (made.work[0][1], made.work[-1][1]),
                           'started in machine.slice %.1f and %.1f, in %d slices %.1f and %.1f. With all running: ctrd %d KiB, a monitor %.0f KiB,' %
                           (started.work[0][1], started.work[-1][1], SLICES, spread.work[0][1], spread.work[-1][1], resident, statistics.mean(pss)),
                           'ctrctl list %.0f ms. %d processors, load average %s: what others did is in the rates.' % (took, os.cpu_count(), load)]))


def main():
    global client
    parser = argparse.ArgumentParser()
    parser.add_argument('--containers', type=int, default=1000)
    parser.add_argument('--svg', help='where to draw the rates')
    parser.parse_args(namespace=options)
    client = Client()
    # The image, and what a first start does for all.
    client.done(client.create('first', ctrd.BUSYBOX))
    client.done(client.container('first', 'Start')[0])
    client.done(client.container('first', 'Remove', GLib.Variant('(b)', (True,)))[0])
    measure(kib(ctrd.ctrd_pid(), 'status', 'VmRSS'))
    print('1..%d' % number)
    return 1 if failed else 0


sys.exit(main())
