# SPDX-License-Identifier: LGPL-2.1-or-later
"""`true` in a running container: what each way in costs.

The same Debian is up three times, under ctrd, nspawn and LXC. nsenter is what no
other can undercut by much: it only joins namespaces. It enters ctrd's container,
or nspawn's where ctrd has none.
"""

import booted
import start
from measure import Contender, Failed

TRUE = "/bin/true"


class Machine:
    """A booted container, shared by the contenders that run something in it."""

    def __init__(self, timer, machine):
        self.timer, self.machine, self.state = timer, machine, None

    def up(self):
        """Starts it once; fails with the same words for everybody who needs it."""
        if self.state is None:
            try:
                self.machine.prepare()
                self.timer.run(self.machine.start_command, ready=self.machine.ready)
                self.state = "up"
            except Failed as reason:
                self.state = str(reason)
        if self.state != "up":
            raise Failed(self.state)
        return self.machine.name

    def down(self):
        if self.state == "up":
            self.state = "down"
            self.timer.run(self.machine.stop_command)
        self.machine.remove()


class Exec(Contender):
    def __init__(self, timer, name, machines, command):
        """The first machine that comes up is used; command is a function of its name."""
        self.timer, self.name, self.machines, self.make = timer, name, machines, command

    def prepare(self):
        for machine in self.machines:
            try:
                self.command = self.make(machine.up())
                return
            except Failed as reason:
                last = reason
        raise last

    def run(self):
        microseconds, peak = self.timer.run(self.command)
        return {"us": microseconds, "peak_kib": peak}

    def finish(self):
        for machine in self.machines:
            if machine.state != "down":
                machine.down()


def contenders(timer, build):
    ctrd, nspawn, lxc = (Machine(timer, kind(timer)) for kind in (booted.Ctrd, booted.Nspawn, booted.Lxc))
    start.make_root(build)
    return [
        *(start.RuntimeExec(timer, *words) for words in start.RUNTIMES),
        Exec(timer, "nsenter", [ctrd, nspawn],
             lambda name: ["nsenter", "--target", booted.leader(name), "--all", "--wdns=/", "--", TRUE]),
        Exec(timer, "ctrctl", [ctrd], lambda name: ["ctrctl", "exec", name, "--", TRUE]),
        Exec(timer, "lxc-attach", [lxc], lambda name: ["lxc-attach", "-n", name, "--", TRUE]),
        Exec(timer, "systemd-run", [nspawn],
             lambda name: ["systemd-run", "--quiet", "--machine", name, "--wait", "--pipe", "--collect", TRUE]),
        Exec(timer, "machinectl", [nspawn], lambda name: ["machinectl", "--quiet", "shell", name, TRUE]),
    ]
