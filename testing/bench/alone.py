# SPDX-License-Identifier: BSL-1.0
"""What tests of a comparison have in common: it runs from the command line to its JSON, with this
library alone and next to no work.
"""

import contextlib
import io
import json
import os
import tempfile


class Alone:
    """A base beside unittest.TestCase. Says `main`, that of the comparison; `ours`, the path of our
    program; and `one`, a family that prints one figure."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.json = os.path.join(scratch.name, "figures.json")
        os.environ["XDG_CACHE_HOME"] = scratch.name

    def run_with(self, *arguments, ours=None):
        """The exit status, what was printed, and the JSON."""
        text = io.StringIO()
        with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
            status = self.main(["--ours", ours or self.ours, "--peers", "ours",
                                "--json", self.json, "--work", "0.00001", *arguments])
        with open(self.json, encoding="utf-8") as file:
            return status, text.getvalue(), json.load(file)

    def check_all(self, measures_of, families, *arguments):
        """That three rounds have figures of all that the families measure."""
        status, text, data = self.run_with(*arguments)
        self.assertEqual(status, 0, text)
        self.assertEqual(data["failed"], {})
        measured = {result["measure"] for result in data["results"]}
        for family in families:
            if not family.obstacle():
                for name in measures_of(family):
                    self.assertIn(name, measured)
                    self.assertIn(name, text)
        for result in data["results"]:
            self.assertEqual(len(result["figure"]["values"]), 3)
            self.assertGreater(result["figure"]["lowest"], 0)

    def test_one_family_alone(self):
        status, _, data = self.run_with("--rounds", "2", "--only", self.one)
        self.assertEqual(status, 0)
        self.assertEqual([(result["measure"], len(result["figure"]["values"]))
                          for result in data["results"]], [(self.one, 2)])

    def test_without_our_program(self):
        status, text, data = self.run_with("--only", self.one, ours="/no/such/program")
        self.assertEqual(status, 1)
        self.assertIn("/no/such/program", text)
        self.assertEqual((list(data["absent"]), data["results"]), (["ours"], []))
