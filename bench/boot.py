# SPDX-License-Identifier: LGPL-2.1-or-later
"""Boot of a Debian to READY, and its stop."""

import booted
from measure import Contender


class Boot(Contender):
    def __init__(self, timer, name, machine):
        self.timer, self.name, self.machine = timer, name, machine

    def prepare(self):
        self.machine.prepare()

    def run(self):
        start, _ = self.timer.run(self.machine.start_command, ready=self.machine.ready)
        held = booted.pss(*self.machine.programs)
        stop, _ = self.timer.run(self.machine.stop_command)
        return {"us": start, "stop_us": stop, "peak_kib": held}

    def finish(self):
        self.machine.remove()


def contenders(timer, build):
    return [
        Boot(timer, "ctrctl", booted.Ctrd(timer)),
        Boot(timer, "nspawn", booted.Nspawn(timer)),
        Boot(timer, "lxc", booted.Lxc(timer)),
    ]
