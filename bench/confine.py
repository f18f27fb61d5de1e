# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the layers of confinement cost a start: with all, without one, without any."""

import shutil

import booted
from measure import Contender, Failed, sh

# Off is what `ctrctl security` would call no layer at all.
OFF = {
    "users": ["UserNamespace=no"],
    "filter": ["SeccompProfile=unconfined"],
    "apparmor": ["AppArmorProfile=unconfined"],
}


class Start(Contender):
    """ctrctl start of a container whose init is one program that waits: what a boot
    takes is the distribution's."""

    def __init__(self, timer, name, without):
        self.timer, self.name = timer, name
        self.machine = f"bench-{name}"
        self.settings = ["Command=/bin/sleep infinity", *(setting for layer in without for setting in OFF[layer])]

    def prepare(self):
        if not shutil.which("ctrctl"):
            raise Failed("ctrctl is not installed")
        self.finish()
        sh("ctrctl", "create", self.machine, f"debian/{booted.SUITE}",
           *(word for setting in self.settings for word in ("-s", setting)))

    def run(self):
        start, peak = self.timer.run(["ctrctl", "start", self.machine])
        sh("ctrctl", "kill", "--signal=KILL", self.machine)
        sh("ctrctl", "stop", self.machine, check=False)
        return {"us": start, "peak_kib": peak}

    def finish(self):
        sh("ctrctl", "remove", "--force", self.machine, check=False)


def contenders(timer, build):
    return [
        Start(timer, "bare", OFF),
        Start(timer, "layers", []),
        *(Start(timer, f"no-{layer}", [layer]) for layer in OFF),
    ]
