#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: BSL-1.0
"""The comparison of fibers runs from the command line to its JSON, with this library alone."""

import sys
import unittest

import alone
import fibers

OURS = sys.argv.pop(1)


class Fibers(alone.Alone, unittest.TestCase):
    main = staticmethod(fibers.main)
    ours = OURS
    one = "yield_2"

    def test_every_family_has_figures(self):
        self.check_all(lambda family: [family.name], fibers.FAMILIES, "--quick")


if __name__ == "__main__":
    unittest.main()
