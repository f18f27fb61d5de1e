# SPDX-License-Identifier: LGPL-2.1-or-later
"""The table of results, for people: on standard output, and in docs/escape.md."""

import json

import known

HOW = {
    "no container": "as root of the host, with a descriptor and inheritable capabilities left open on purpose",
    "ctrd": "`ctrctl create NAME debian/bookworm -s Bind=… -s BindReadOnly=… --start`, then `ctrctl exec NAME -- PROGRAM`",
    "nspawn -U": "`systemd-nspawn -U --boot --network-veth --bind=…:idmap --bind-ro=…:idmap`, then `systemd-run -M NAME --pipe PROGRAM`",
    "LXC unprivileged": "common.conf and userns.conf of the package, `lxc.idmap` and a root mounted with `idmap=container`, a veth; "
                        "`lxc-start`, then `lxc-attach NAME -- PROGRAM`",
    "crun": "the bundle of `crun spec` (five namespaces and cgroup, no user namespace, three capabilities, no seccomp) with a "
            "writable root and the binds and without its device rules, which it cannot load on this machine; PROGRAM as its process. Engines such as podman add to that",
}

SHORT = {"succeeded": "**SUCCEEDED**", "contained": "contained", "impossible": "—", "missing": "not run"}


def cell(row):
    if row is None:
        return SHORT["missing"]
    return row["errno"] if row["result"] == "refused" else SHORT[row["result"]]


def table(columns):
    """Lines of a table in markdown: a row for each attack, a column for each way to run it."""
    names = list(dict.fromkeys(n for rows in columns.values() for n in rows))
    yield "| attack | what is tried | reference | " + " | ".join(columns) + " |"
    yield "|" + " --- |" * (3 + len(columns))
    for name in names:
        some = next(rows[name] for rows in columns.values() if name in rows)
        yield f"| {name} | {some['what']} | {some['reference']} | " + " | ".join(cell(rows.get(name)) for rows in columns.values()) + " |"


def totals(columns):
    """How much got through, a line for each column."""
    for title, rows in columns.items():
        through = [n for n, r in rows.items() if r["result"] == "succeeded"]
        yield f"| {title} | {len(through)} of {len(rows)} | {', '.join(through) if len(through) < 30 else 'most'} |"


HEAD = """<!-- SPDX-License-Identifier: LGPL-2.1-or-later -->
<!-- Written by tests/escape/run --peers; the text is in tests/escape/report.py. -->
# What containers let through

The same program, run as root in a container of each kind, on one host: tests/escape,
written as a table of attacks that are harmless and can succeed. The first column is the
same program on the host itself without any container; what does not succeed even there
is not shown to be refused by anybody in the other columns. The errno is what the attack
was refused with; *contained* means that it was done and reaches nothing of the host's;
a dash that this host has nothing to attack.

{versions}

How each was run, with the same Debian 12 root:

{how}

Nothing here is quoted: it was all measured.

| where | succeeded | which |
| --- | --- | --- |
{totals}

What succeeds under ctrd's defaults, and why:

{known}

## All attacks

"""


def write(path, results, kernel):
    """The page from the results of main.py."""
    data = json.loads(results.read_text())
    columns = data["columns"]
    succeeded = [n for n, r in columns["ctrd"].items() if r["result"] == "succeeded"] + [n for n in known.SUCCEEDS if " " in n]
    text = HEAD.format(
        versions="Linux " + kernel + "; " + ", ".join(f"{k} {v}" for k, v in data["versions"].items()) + ".",
        how="\n".join(f"- **{title}**: {words}" for title, words in HOW.items() if title in columns),
        totals="\n".join(totals(columns)),
        known="\n".join(f"- {n}: {known.SUCCEEDS.get(n, 'not known yet: a finding')}." for n in succeeded) or "- nothing.")
    path.write_text(text + "\n".join(table(columns)) + "\n")
