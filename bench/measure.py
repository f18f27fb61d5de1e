# SPDX-License-Identifier: LGPL-2.1-or-later
"""Interleaved measuring, and what is made of the samples."""

import math
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile


class Failed(Exception):
    """A contender cannot be measured; the sentence is its error."""


def sh(*command, check=True):
    """Runs a command of a contender's set-up; its words are the error where it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              check=False)
    except FileNotFoundError as error:
        raise Failed(f"{command[0]} is not installed") from error
    if check and done.returncode != 0:
        words = (done.stderr or done.stdout).strip().splitlines()
        raise Failed(f"{os.path.basename(command[0])}: {words[-1] if words else done.returncode}")
    return done.stdout.strip()


class Timer:
    """bench-timer, one command at a time, in a control group of the benchmark's own."""

    root = pathlib.Path("/sys/fs/cgroup")

    def __init__(self, build):
        self.program = f"{build}/bench/bench-timer"
        own = pathlib.Path("/proc/self/cgroup").read_text().split("0::", 1)[1].split("\n")[0]
        # Processes are in leaves only, so that whoever wants to enable a
        # controller for its container can, and does not sit retrying.
        self.top = self.root / own.lstrip("/")
        self.leaf("driver")
        (self.top / "driver" / "cgroup.procs").write_text(str(os.getpid()))

    def leaf(self, name):
        """A control group next to the driver's; returns its directory."""
        path = self.top / name
        path.mkdir(exist_ok=True)
        return path

    def relative(self, name):
        """The name of such a group as seen from the root of the hierarchy."""
        return "/" + str((self.top / name).relative_to(self.root))

    def run(self, command, cgroup=None, ready=None, timeout=60):
        """Returns (microseconds, KiB) of one run."""
        options = ["--cgroup", str(cgroup or self.top / "driver"), "--timeout", str(timeout)]
        if ready:
            options += ["--ready", ready]
        with tempfile.TemporaryFile("w+") as log:
            done = subprocess.run([self.program, *options, "--", *map(str, command)], text=True,
                                  stdout=subprocess.PIPE, stderr=log, check=False)
            if done.returncode == 0:
                microseconds, peak, status = map(int, done.stdout.split())
                if status == 0:
                    return microseconds, peak
            log.seek(0)
            words = [line for line in log.read().splitlines() if line.strip()]
        if done.returncode == 0 and status == 124:
            raise Failed(f"did not end within {timeout} s")
        if done.returncode != 0 and words:
            words[-1] = words[-1].removeprefix("timer: ")
        raise Failed(words[-1] if words else f"exit status {status if done.returncode == 0 else 125}")


class Contender:
    """One way to do what the benchmark does."""

    name = None

    def prepare(self):
        """Once, before anything is timed."""

    def run(self):
        """One run; returns its sample as a dictionary of series names and values."""
        raise NotImplementedError

    def finish(self):
        """Once, after everything, whatever has failed."""


def interleave(contenders, runs):
    """One warm-up of each, then round after round with each in its turn, so that
    whatever the machine does meanwhile meets all alike."""
    samples = {contender.name: [] for contender in contenders}
    errors = {}

    def attempt(contender, what):
        if contender.name in errors:
            return None
        try:
            return what()
        except Failed as reason:
            errors[contender.name] = str(reason)
            print(f"{contender.name}: {reason}", file=sys.stderr)
            return None

    try:
        for contender in contenders:
            attempt(contender, contender.prepare)
        for contender in contenders:
            attempt(contender, contender.run)
        for number in range(runs):
            for contender in contenders:
                sample = attempt(contender, contender.run)
                if sample:
                    samples[contender.name].append(sample)
    finally:
        for contender in contenders:
            try:
                contender.finish()
            except Failed as reason:
                print(f"{contender.name}: {reason}", file=sys.stderr)
    return {contender.name: {"error": errors[contender.name]} if contender.name in errors
            else figures(samples[contender.name]) for contender in contenders}


def p95(values):
    return sorted(values)[math.ceil(0.95 * len(values)) - 1]


def figures(samples):
    """Series NAME_us give NAME_median_us and NAME_p95_us; the plain "us" gives the
    plain ones; series of sizes give their largest value."""
    result = {}
    for series in samples[0]:
        values = [sample[series] for sample in samples]
        if series.endswith("_kib"):
            result[series] = max(values)
        else:
            prefix = series.removesuffix("us")
            result[f"{prefix}median_us"] = round(statistics.median(values))
            result[f"{prefix}p95_us"] = p95(values)
    return result
