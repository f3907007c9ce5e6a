#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: BSL-1.0
"""What is measured of source and code comes out for this library alone, and adds up."""

import contextlib
import io
import json
import os
import shutil
import sys
import tempfile
import unittest

import instructions
import static
from harness import run

OURS = sys.argv.pop(1)


@unittest.skipUnless(shutil.which("g++"), "there is no g++")
class Static(unittest.TestCase):
    def run_with(self, *families):
        with tempfile.TemporaryDirectory() as scratch:
            file = os.path.join(scratch, "figures.json")
            os.environ["XDG_CACHE_HOME"] = scratch
            text = io.StringIO()
            only = [word for family in families for word in ("--only", family)]
            with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
                status = static.main(["--ours", OURS, "--peers", "ours", "--json", file, "--quick",
                                      "--rounds", "1", *only])
            self.assertEqual(status, 0, text.getvalue())
            with open(file, encoding="utf-8") as figures:
                results = json.load(figures)["results"]
        return {(each["measure"], each["variant"]): each["figure"]["median"] for each in results}

    def test_compiling_takes_time(self):
        figures = self.run_with("compile_echo")
        self.assertEqual(list(figures), [("compile_echo", "")])
        self.assertGreater(figures["compile_echo", ""], 1e6)

    def test_whole_library_is_more_than_each_of_its_headers(self):
        figures = self.run_with("preprocessed", "preprocessed_lines", "header_preprocessed")
        whole = figures["preprocessed", ""]
        self.assertEqual(figures["header_preprocessed", "net/net.h"], whole)
        self.assertGreater(figures["preprocessed_lines", ""], 1000)
        headers = static.public_headers()
        self.assertIn("net/io_context.h", headers)
        for header in headers:
            self.assertTrue(1000 < figures["header_preprocessed", header] < whole, header)

    def test_instructions_of_an_echo(self):
        why_not = instructions.unusable(OURS)
        if why_not:
            self.skipTest(why_not)
        figures = self.run_with("echo_instructions")
        self.assertEqual({variant for _, variant in figures}, {"handlers", "fibers"})
        for count in figures.values():
            self.assertGreater(count, 100)

    def test_header_that_does_not_compile(self):
        broken = static.Subject("net/no_such_header.h", source=None)
        with self.assertRaisesRegex(run.Failed, "no_such_header"):
            static.HEADER_FAMILIES[0].run(broken, 1)


if __name__ == "__main__":
    unittest.main()
