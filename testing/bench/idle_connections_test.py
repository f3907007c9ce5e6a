#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: BSL-1.0
"""The measure of idle connections runs with this library alone, and says what it was denied."""

import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import unittest

OURS = sys.argv.pop(1)
SCRIPT = pathlib.Path(__file__).absolute().parent / "idle_connections.py"


class IdleConnections(unittest.TestCase):
    def run_with(self, *arguments, server=OURS, descriptors=None):
        def limit():
            if descriptors:
                resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))

        with tempfile.TemporaryDirectory() as scratch:
            file = os.path.join(scratch, "figures.json")
            done = subprocess.run(
                [sys.executable, "-B", str(SCRIPT), "--ours", server, "--peers", "ours",
                 "--json", file, *arguments],
                check=False, capture_output=True, text=True, preexec_fn=limit,
                env=dict(os.environ, XDG_CACHE_HOME=scratch))
            with open(file, encoding="utf-8") as figures:
                return done, json.load(figures)

    def test_every_connection_takes_memory(self):
        done, data = self.run_with("--connections", "200")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("200 connections", done.stdout)
        figures = {result["measure"]: result["figure"]["median"] for result in data["results"]}
        self.assertEqual({result["unit"] for result in data["results"]}, {"B"})
        self.assertEqual(set(figures), {"accepted", "accepted_page_tables", "echoed",
                                        "echoed_page_tables"})
        # A stack alone is a page.
        self.assertGreater(figures["accepted"], 4096)
        self.assertGreater(figures["echoed"], 4096)

    def test_fewer_descriptors_than_wanted(self):
        # More than any kernel allows, whoever asks.
        done, data = self.run_with("--connections", "10000000000", descriptors=150)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(len(data["results"]), 4)
        self.assertIn("50 connections", done.stdout)
        self.assertIn("the limit of descriptors is 150", done.stdout)

    def test_server_that_ends(self):
        done, data = self.run_with("--connections", "10", server="/bin/true")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(data["failed"], {"idle, ours": "the server ended"})


if __name__ == "__main__":
    unittest.main()
