# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs on a host (see run, vm.sh): main.py [--layers] [--peers] [--bombs] [--only WORD]
TAP and tables on standard output; the results beside the program, as JSON."""

import argparse
import json
import os
import pathlib
import platform
import sys
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration/host"))
import ctrd
import known
import peers
import report
import stories
import target

RESULTS = pathlib.Path("/opt/escape/results.json")

# What can be taken away from a container: how it is called in tables, settings that do
# it. A key that this tree does not know is left out, and the others still run.
LAYERS = (
    ("no user namespace", ("UserNamespace=no",)),
    ("no filter", ("SeccompProfile=unconfined",)),
    ("no AppArmor", ("AppArmorProfile=unconfined",)),
    ("nesting", ("Nesting=yes",)),
    ("all capabilities", ("Capability=CAP_SYS_MODULE CAP_SYS_RAWIO CAP_SYS_TIME CAP_SYSLOG CAP_BPF CAP_PERFMON "
                          "CAP_WAKE_ALARM CAP_BLOCK_SUSPEND CAP_MAC_ADMIN CAP_MAC_OVERRIDE CAP_AUDIT_CONTROL CAP_AUDIT_READ "
                          "CAP_SYS_PACCT CAP_CHECKPOINT_RESTORE",)),
)


class Tap:
    def __init__(self, only):
        self.number = self.failed = 0
        self.only = only

    def wants(self, name):
        return not self.only or any(word in name for word in self.only)

    def line(self, good, name, comment=""):
        self.number += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.number} - {name}", flush=True)
        for text in comment.splitlines():
            print("# " + text, flush=True)

    def test(self, name, function, *arguments):
        """A function raises where something got through."""
        if not self.wants(name):
            return
        try:
            words = function(*arguments)
            self.line(True, name, words or "")
        except ctrd.Skip as skip:
            self.line(True, f"{name} # SKIP {skip}")
        except AssertionError as error:
            if name in known.SUCCEEDS:
                self.line(True, f"{name}: succeeds, which is known", known.SUCCEEDS[name])
            else:
                self.line(False, name, str(error))
        except Exception:       # noqa: a failure of any kind is one
            self.line(False, name, traceback.format_exc())


def attack_in(name, goal):
    """All attacks in a container of ctrd, by exec, with a file at standard input."""
    with open(target.BASE / "sentinel", "rb") as words:
        return target.parse(ctrd.run("ctrctl", "exec", name, "--", target.INSIDE, *goal.arguments(), stdin=words, timeout=300).out)


def create(name, source, *settings):
    for left in os.listdir(target.BASE / "bind"):
        (target.BASE / "bind" / left).unlink()
    ctrd.create(name, source, f"Bind={target.BASE}/bind:/bind", f"BindReadOnly={target.BASE}/read-only:/read-only", *settings, start=True)
    stories.push(name)


def show_control(tap, control):
    """An attack that never succeeds proves nothing: each must, where nothing is in its way."""
    for name, row in control.items():
        label = f"{name} succeeds without a container"
        if not tap.wants(name):
            continue
        if row["result"] == "succeeded":
            tap.line(True, label)
        elif name in known.UNPROVEN:
            tap.line(True, f"{label} # SKIP {row['result']} {row['errno']}: {known.UNPROVEN[name]}")
        else:
            tap.line(False, label, f"{row['result']} {row['errno']} {row['note']}")


def show_default(tap, rows):
    for name, row in rows.items():
        label = f"{name}: {row['what']}"
        if not tap.wants(name):
            continue
        if row["result"] == "succeeded" and name in known.SUCCEEDS:
            tap.line(True, f"{label}: succeeds, which is known", known.SUCCEEDS[name])
        elif row["result"] == "impossible":
            tap.line(True, f"{label} # SKIP not on this host")
        else:
            good = row["result"] != "succeeded" and row["errno"] != "ETIMEDOUT"
            tap.line(good, label, "" if good else f"{row['result']} {row['errno']} {row['note']} ({row['reference']})")
            if good and name in known.SUCCEEDS:
                print(f"# {name} is refused now: strike it from known.py")


def same_state(before):
    after = target.state()
    assert before == after, "changed: %s" % {k: (before[k], after.get(k)) for k in before if before[k] != after.get(k)}


def exists(settings):
    """Does this tree know these settings?"""
    r = ctrd.run("ctrctl", "create", "escape-try", ctrd.BUSYBOX, *[w for s in settings for w in ("-s", s)])
    if r.status == 0:
        ctrd.remove("escape-try")
    return r.status == 0


def layers(tap, goal, columns):
    for title, settings in LAYERS:
        if title == "no AppArmor" and not os.path.exists("/sys/kernel/security/apparmor"):
            print("# no AppArmor: this host has none, so it is off in every column")
            continue
        if not exists(settings):
            print(f"# {title}: this tree has no {settings[0].split('=')[0]}=")
            continue
        create("escape-layer", ctrd.DEBIAN, *settings)
        before = target.state()
        columns[f"ctrd, {title}"] = attack_in("escape-layer", goal)
        ctrd.remove("escape-layer")
        through = [n for n, r in columns[f"ctrd, {title}"].items() if r["result"] == "succeeded"]
        tap.test(f"with {title}: nothing of the host has changed", same_state, before)
        print(f"# with {title}, succeeded: {' '.join(through)}")


def main():
    parser = argparse.ArgumentParser()
    for flag in ("layers", "peers", "bombs"):
        parser.add_argument("--" + flag, action="store_true")
    parser.add_argument("--only", action="append", default=[])
    options = parser.parse_args()

    tap = Tap(options.only)
    goal = target.Target()
    columns = {}
    try:
        columns["no container"] = target.unconfined(goal)
        show_control(tap, columns["no container"])
        create(stories.NAME, ctrd.DEBIAN)
        before = target.state()
        columns["ctrd"] = attack_in(stories.NAME, goal)
        show_default(tap, columns["ctrd"])
        tap.test("all attacks ran", lambda: stories.expect(columns["ctrd"].keys() == columns["no container"].keys() and columns["ctrd"],
                                                           "the program ended early"))
        tap.test("nothing of the host has changed", same_state, before)
        for name, function in stories.STORIES:
            tap.test(name, function, goal)
            tap.test(f"{name}: nothing of the host has changed", same_state, before)
        if options.bombs:
            for name, function in stories.BOMBS:
                tap.test(name, function, goal)
        ctrd.remove(stories.NAME)
        if options.layers or options.peers:
            layers(tap, goal, columns)
        if options.peers:
            peers.attack(goal, columns)
        tap.test("nothing is left behind", lambda: stories.expect(not ctrd.settle_leftovers(), str(ctrd.leftovers())))
    except BaseException:
        tap.line(False, "the suite", traceback.format_exc() + ctrd.diagnosis())
        ctrd.clean_up()
    finally:
        goal.close()
    for line in report.table(columns):
        print("# " + line)
    with open(RESULTS, "w") as f:
        json.dump({"columns": columns, "versions": peers.versions(), "kernel": platform.release()}, f, indent=1)
    print(f"1..{tap.number}")
    return 1 if tap.failed else 0


if __name__ == "__main__":
    sys.exit(main())
