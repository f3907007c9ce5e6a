#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: BSL-1.0
"""All parts of the comparison run from the command line to their JSON, with this library alone."""

import contextlib
import io
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import compare
import echo
import targets
from harness import run, server

# What Bazel gives: `--ours name=path`, as often as there are programs.
PROGRAMS = sys.argv[1:]
del sys.argv[1:]
PATHS = {name: os.path.abspath(path)
         for name, _, path in (each.partition("=") for each in PROGRAMS[1::2])}


def run_with(*arguments):
    """Status, text and JSON of the comparison."""
    text = io.StringIO()
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["XDG_CACHE_HOME"] = scratch
        figures = pathlib.Path(scratch) / "figures.json"
        with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
            status = compare.main([*PROGRAMS, "--peers", "ours", "--rounds", "1",
                                   "--json", str(figures), *arguments])
        return status, text.getvalue(), json.loads(figures.read_text(encoding="utf-8"))


class Compare(unittest.TestCase):
    def expect_figures(self, families, *arguments):
        status, text, data = run_with("--work", "0.001", *arguments)
        self.assertEqual(status, 0, text)
        self.assertEqual(data["failed"], {})
        measured = {result["measure"] for result in data["results"]}
        for family in families:
            if not family.obstacle():
                self.assertTrue(any(name.startswith(family.name) for name in measured),
                                f"{family.name} is not among {measured}")
        for result in data["results"]:
            self.assertGreaterEqual(result["figure"]["lowest"], 0)
        return data

    def test_quick_measures_what_is_aimed_at(self):
        families = [family for part in compare.PARTS
                    for family in part.part(PATHS).quick_families or []]
        # Enough that no figure is 0: to echo once takes less than a clock of a process sees.
        data = self.expect_figures(families, "--quick", "--work", "0.3")
        if not families[0].obstacle():
            self.assertIn("echo, 1000 connections, with deadlines / without: fibers",
                          [row["what"] for row in data["targets"]])

    def test_network_families(self):
        families = echo.part(PATHS).families
        only = [word for family in families for word in ("--only", family.name)]
        self.expect_figures(families, *only)


class Ours(unittest.TestCase):
    """What the server does that is measured."""

    def talk(self, mode, style, deadline_ms):
        serving = server.Server([PATHS["echo_ours"], mode, style, "1", str(deadline_ms), "4096"])
        self.enterContext(serving)
        client = self.enterContext(socket.create_connection(("127.0.0.1", serving.port)))
        client.settimeout(30)
        return client

    def test_deadline_is_set_anew_and_ends_the_connection(self):
        for style in targets.STYLES:
            with self.subTest(style):
                client = self.talk("echo", style, 400)
                for _ in range(3):
                    time.sleep(0.2)
                    client.sendall(b"ping")
                    self.assertEqual(client.recv(100), b"ping")
                self.assertEqual(client.recv(100), b"")

    def test_each_head_has_its_response(self):
        for style in targets.STYLES:
            with self.subTest(style):
                client = self.talk("http", style, 0)
                client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\n\r")
                first = client.recv(10_000)
                self.assertTrue(first.startswith(b"HTTP/1.1 200 OK\r\n"))
                self.assertTrue(first.endswith(b"\r\n\r\nhello\n"))
                client.sendall(b"\n")
                self.assertEqual(client.recv(10_000), first)

    def test_style_that_there_is_not(self):
        with self.assertRaises(run.NotMeasured):
            self.talk("echo", "goroutines", 0)


class Load(unittest.TestCase):
    """The clients notice what is wrong."""

    def measure(self, script, *arguments):
        """Has the clients talk to a server in Python, given as what it does with a connection."""
        program = ("import socket\n"
                   "listener = socket.create_server(('127.0.0.1', 0), backlog=100)\n"
                   "print('port', listener.getsockname()[1], flush=True)\n"
                   "while True:\n"
                   "    peer, _ = listener.accept()\n"
                   f"    {script}\n")
        with server.Server([sys.executable, "-c", program]) as started:
            return run.invoke([PATHS["load"], arguments[0], str(started.port), str(started.pid),
                               *arguments[1:]], seconds=60)

    def test_right_answers(self):
        echoes = "while data := peer.recv(65536): peer.sendall(data)"
        found = self.measure(echoes, "closed", "1", "1000", "20").figures
        self.assertEqual(sorted(found), ["cpu", "rate"])
        found = self.measure(echoes, "open", "1", "64", "200", "2000").figures
        self.assertEqual(sorted(found), ["cpu", "p50", "p99", "p999", "rate"])
        self.assertLessEqual(found["p50"], found["p999"])
        self.assertGreater(found["p50"], 0)

    def test_wrong_answers(self):
        wrong = "while data := peer.recv(65536): peer.sendall(data[::-1])"
        with self.assertRaisesRegex(run.Failed, "something else"):
            self.measure(wrong, "closed", "1", "64", "20")
        with self.assertRaisesRegex(run.Failed, "closed a connection"):
            self.measure("peer.sendall(peer.recv(1)); peer.recv(1); peer.recv(100); "
                         "peer.shutdown(socket.SHUT_WR)", "closed", "1", "64", "20")

    def test_wrong_arguments(self):
        done = subprocess.run([PATHS["load"], "closed", "1", "1", "0", "1", "1"], check=False,
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 2)
        self.assertTrue(done.stderr.startswith("usage: "))


if __name__ == "__main__":
    unittest.main()
