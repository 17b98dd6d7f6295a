"""Runs the end-to-end tests: run.py [-v] [-k PATTERN]... [NAME]...; ends with a line `N passed, N failed`."""

import argparse
import os
import sys
import unittest

sys.dont_write_bytecode = True
FOLDER = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, FOLDER)


class Result(unittest.TextTestResult):
    """Counts every test once, however many of its subtests fail."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.failed = set()

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self.failed.add(test.id())

    def addError(self, test, error):
        super().addError(test, error)
        self.failed.add(test.id())

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error is not None:
            self.failed.add(test.id())

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.failed.add(test.id())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-v", "--verbose", action="store_true", help="name each test")
    parser.add_argument("-f", "--failfast", action="store_true", help="stop at the first failure")
    parser.add_argument("-k", action="append", metavar="PATTERN", help="only tests whose name contains it")
    parser.add_argument("names", nargs="*", help="modules, classes or tests, such as test_demo")
    options = parser.parse_args()
    import tool
    if not os.access(tool.PATH, os.X_OK):
        parser.error(f"there is no tool at {tool.PATH}; Scripts/end-to-end builds it")
    loader = unittest.TestLoader()
    if options.k:
        loader.testNamePatterns = [k if "*" in k else f"*{k}*" for k in options.k]
    suite = loader.loadTestsFromNames(options.names) if options.names else loader.discover(FOLDER)
    runner = unittest.TextTestRunner(
        resultclass=Result, verbosity=2 if options.verbose else 1, failfast=options.failfast, stream=sys.stdout)
    result = runner.run(suite)
    for test, reason in result.skipped:
        print(f"SKIPPED {test.id()}: {reason}")
    passed = result.testsRun - len({test.id() for test, _ in result.skipped} | result.failed)
    print(f"{passed} passed, {len(result.failed)} failed")
    sys.exit(1 if result.failed or result.testsRun == 0 else 0)


if __name__ == "__main__":
    main()
