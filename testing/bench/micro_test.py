#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: BSL-1.0
"""The comparison of posts, timers and the like runs from the command line to its JSON, alone."""

import contextlib
import io
import json
import os
import sys
import tempfile
import unittest

import micro

OURS = sys.argv.pop(1)


class Micro(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.json = os.path.join(scratch.name, "figures.json")
        os.environ["XDG_CACHE_HOME"] = scratch.name

    def run_with(self, *arguments, ours=OURS):
        text = io.StringIO()
        with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
            status = micro.main(["--ours", ours, "--peers", "ours", "--json", self.json,
                                 "--work", "0.00001", *arguments])
        with open(self.json, encoding="utf-8") as file:
            return status, text.getvalue(), json.load(file)

    def test_every_family_has_figures(self):
        status, text, data = self.run_with("--rounds", "3")
        self.assertEqual(status, 0, text)
        self.assertEqual(data["failed"], {})
        measured = {result["measure"] for result in data["results"]}
        for family in micro.FAMILIES:
            if not family.obstacle():
                for name in family.measures:
                    self.assertIn(name, measured)
                    self.assertIn(name, text)
        for result in data["results"]:
            self.assertEqual(len(result["figure"]["values"]), 3)
            self.assertGreater(result["figure"]["lowest"], 0)

    def test_one_family_alone(self):
        status, _, data = self.run_with("--rounds", "2", "--only", "post_alone")
        self.assertEqual(status, 0)
        self.assertEqual([(result["measure"], len(result["figure"]["values"]))
                          for result in data["results"]], [("post_alone", 2)])

    def test_without_our_program(self):
        status, text, data = self.run_with("--only", "post_alone", ours="/no/such/program")
        self.assertEqual(status, 1)
        self.assertIn("/no/such/program", text)
        self.assertEqual((list(data["absent"]), data["results"]), (["ours"], []))


if __name__ == "__main__":
    unittest.main()
