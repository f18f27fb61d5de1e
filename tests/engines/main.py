# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs suites in a host: main.py [--all] [--match WORD] SUITE…. Each suite is a module
suite_NAME; its functions test_… are its tests, in their order. Those that @whole marks
run with --all only. TAP on standard output."""

import argparse
import importlib
import subprocess
import sys
import time
import traceback

import engines


def run_one(suite, function, traces):
    try:
        function()
    finally:
        getattr(suite, 'clean_up', lambda: None)()
    left = traces.left()
    engines.expect(not left, 'left behind: %s' % ', '.join(left))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--all', action='store_true')
    parser.add_argument('--match', default='')
    parser.add_argument('suites', nargs='+')
    options = parser.parse_args()

    begun = time.monotonic()
    engines.prepare()
    print('# registry and images took %.0f s' % (time.monotonic() - begun), flush=True)
    number = failed = 0
    for name in options.suites:
        suite = importlib.import_module('suite_' + name)
        suite_begun = time.monotonic()
        suite.setup()
        traces = engines.Traces(suite.THINGS)
        for test, function in list(vars(suite).items()):
            if not test.startswith('test_') or options.match not in test:
                continue
            if getattr(function, 'whole', False) and not options.all:
                continue
            number += 1
            label = '%s: %s' % (name, test[5:].replace('_', ' '))
            begun = time.monotonic()
            try:
                run_one(suite, function, traces)
                print('ok %d - %s' % (number, label))
            except engines.Skip as skip:
                print('ok %d - %s # SKIP %s' % (number, label, skip))
            except BaseException as error:      # noqa: a failure of any kind is one
                if isinstance(error, KeyboardInterrupt):
                    raise
                failed += 1
                print('not ok %d - %s' % (number, label))
                for line in traceback.format_exc().splitlines()[-12:]:
                    print('# ' + line)
                traces.forget()
            print('# %.1f s' % (time.monotonic() - begun), flush=True)
        print('# %s took %.0f s' % (name, time.monotonic() - suite_begun), flush=True)
    print('1..%d' % number)
    return 1 if failed else 0


sys.exit(main())
