#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: BSL-1.0
"""The comparison of posts, timers and the like runs from the command line to its JSON, alone."""

import sys
import unittest

import alone
import micro

OURS = sys.argv.pop(1)


class Micro(alone.Alone, unittest.TestCase):
    main = staticmethod(micro.main)
    ours = OURS
    one = "post_alone"

    def test_every_family_has_figures(self):
        self.check_all(lambda family: family.measures, micro.FAMILIES, "--rounds", "3")


if __name__ == "__main__":
    unittest.main()
