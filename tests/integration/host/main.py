# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Runs suites inside a host: main.py SUITE[:WORD]…. Each suite is a module suite_NAME
# whose functions test_… are its tests, in their order; with a word those that have it in
# their name. TAP on standard output.

import importlib
import sys
import time
import traceback

import ctrd


def main(names):
    number = 0
    failed = 0
    for name in names:
        name, _, word = name.partition(':')
        suite = importlib.import_module('suite_' + name)
        tests = [(n, f) for n, f in vars(suite).items() if n.startswith('test_') and word in n and callable(f)]
        try:
            getattr(suite, 'setup', lambda: None)()
        except BaseException as error:      # noqa: then none of its tests can be
            number += 1
            if isinstance(error, ctrd.Skip):
                print('ok %d - %s # SKIP %s' % (number, name, error), flush=True)
                continue
            failed += 1
            print('not ok %d - %s: what all its tests need' % (number, name))
            for line in (traceback.format_exc() + ctrd.diagnosis()).splitlines():
                print('# ' + line)
            sys.stdout.flush()
            ctrd.clean_up()
            continue
        for test, function in tests:
            number += 1
            label = '%s: %s' % (name, test[5:].replace('_', ' '))
            begun = time.monotonic()
            try:
                function()
                if not hasattr(suite, 'SHARED'):
                    ctrd.check_clean(test)
                print('ok %d - %s' % (number, label), flush=True)
            except ctrd.Skip as skip:
                print('ok %d - %s # SKIP %s' % (number, label, skip), flush=True)
            except BaseException as error:      # noqa: a failure of any kind is one
                failed += 1
                print('not ok %d - %s' % (number, label))
                text = traceback.format_exc() if not isinstance(error, AssertionError) else \
                    ''.join(traceback.format_exception_only(type(error), error)) + \
                    ''.join(traceback.format_tb(error.__traceback__)[-2:])
                for line in (text + ctrd.diagnosis()).splitlines():
                    print('# ' + line)
                sys.stdout.flush()
                ctrd.clean_up()
                if hasattr(suite, 'SHARED'):
                    suite.setup()
            if time.monotonic() - begun > 30:
                print('# took %.0f s' % (time.monotonic() - begun))
        getattr(suite, 'teardown', lambda: None)()
        if hasattr(suite, 'SHARED'):
            number += 1
            left = ctrd.names() or ctrd.settle_leftovers()
            failed += bool(left)
            print('%s %d - %s: nothing is left behind%s' % ('not ok' if left else 'ok', number, name, '\n# %s' % left if left else ''))
        ctrd.clean_up()
    print('1..%d' % number)
    return 1 if failed else 0


sys.exit(main(sys.argv[1:]))
