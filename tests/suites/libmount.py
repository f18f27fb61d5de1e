# SPDX-License-Identifier: LGPL-2.1-or-later
"""Stands in for util-linux's Python module, which Debian does not have, as far as
crun's tests use it: a file in the form of /proc/self/mountinfo (proc(5))."""

import re


class Filesystem:
    def __init__(self, line):
        own, _, super_block = line.partition(' - ')
        fields = own.split()
        # Blanks and the like in a path are octal there.
        self.target = re.sub(r'\\([0-7]{3})', lambda m: chr(int(m[1], 8)), fields[4])
        self.vfs_options = fields[5]
        self.fs_options = super_block.split()[2]


class Table:
    def __init__(self, path):
        with open(path, encoding='utf-8') as f:
            self.entries = [Filesystem(line) for line in f if ' - ' in line]

    def find_target(self, path):
        """What is mounted last, on top of all else."""
        for entry in reversed(self.entries):
            if entry.target == path:
                return entry
        raise OSError(f'nothing is mounted on {path}')
