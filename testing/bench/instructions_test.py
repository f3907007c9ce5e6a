#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: BSL-1.0
"""No hot path takes a tenth more instructions than was recorded; and one that does is found."""

import contextlib
import io
import os
import pathlib
import sys
import tempfile
import unittest

import instructions

OURS = sys.argv.pop(1)
_RECORD = pathlib.Path(__file__).absolute().parent / "instructions.json"


class Complaints(unittest.TestCase):
    def test_what_has_grown_by_more_than_a_tenth(self):
        said = instructions.complaints({"post": 100.0, "echo": 1000.0},
                                       {"post": 110.5, "echo": 1099.0})
        self.assertEqual(said, ["post: 110.5 instructions, recorded are 100.0: +10.5 %"])

    def test_what_has_shrunk(self):
        self.assertEqual(instructions.complaints({"post": 100.0}, {"post": 50.0}), [])

    def test_what_was_never_recorded(self):
        self.assertEqual(instructions.complaints({}, {"post": 1.0}),
                         ["post: 1.0 instructions; nothing is recorded"])


class Paths(unittest.TestCase):
    def setUp(self):
        why_not = instructions.unusable(OURS)
        if why_not:
            self.skipTest(f"nothing counted: {why_not}")

    def test_no_path_has_grown(self):
        compiler = instructions.build_of(OURS)
        recorded = instructions.load(_RECORD).get(compiler)
        if recorded is None:
            self.skipTest(f"nothing is recorded for {compiler}: {instructions.how_to_record()}")
        said = instructions.complaints(recorded, instructions.count_all(OURS))
        self.assertEqual(said, [], "\n" + "\n".join(said) + "\nIf that has to be: "
                         + instructions.how_to_record())

    def test_from_the_command_line(self):
        with tempfile.TemporaryDirectory() as root:
            file = pathlib.Path(root) / "testing" / "bench" / "instructions.json"
            file.parent.mkdir(parents=True)
            os.environ["BUILD_WORKSPACE_DIRECTORY"] = root
            self.addCleanup(os.environ.pop, "BUILD_WORKSPACE_DIRECTORY")
            self.assertEqual(self.run_with()[0], 0)
            self.assertFalse(file.exists())

            self.assertEqual(self.run_with("--record")[0], 0)
            (recorded,) = instructions.load(file).values()
            self.assertEqual(list(recorded), ["post"])
            self.assertGreater(recorded["post"], 1)
            self.assertEqual(self.run_with()[0], 0)

            cheaper = file.read_text().replace(str(recorded["post"]), str(recorded["post"] / 2))
            file.write_text(cheaper)
            status, text = self.run_with()
            self.assertEqual(status, 1)
            self.assertRegex(text, r"post: .* instructions, recorded are .*: \+100")
            self.assertIn("--record", text)

    @staticmethod
    def run_with(*arguments):
        text = io.StringIO()
        with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
            status = instructions.main(["--ours", OURS, "--only", "post", *arguments])
        return status, text.getvalue()


if __name__ == "__main__":
    unittest.main(verbosity=2)  # says why something was skipped
