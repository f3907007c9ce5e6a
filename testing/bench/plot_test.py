#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: BSL-1.0
"""What plot.py writes has every figure and every fact; pictures, where matplotlib is installed."""

import contextlib
import importlib.util
import io
import json
import pathlib
import tempfile
import unittest
import xml.etree.ElementTree

import plot
import plot_page


def summary(median):
    return {"median": median, "lower_quartile": median * 0.9, "upper_quartile": median * 1.1,
            "lowest": median * 0.8, "highest": median * 1.2}


def result(measure, program, variant, median, ratio=None, unit="ns"):
    return {"measure": measure, "program": program, "variant": variant, "unit": unit,
            "figure": dict(summary(median), values=[median]),
            "ratio": summary(ratio) if ratio else None}


def session_data():
    return {
        "date": "2026-01-02T03:04:05+00:00", "command": "--rounds 9", "commit": "abc123",
        "machine": {"processor": "Fast <One>", "processors": 2, "kernel": "6.1", "load": 0.25},
        "parts": [{"families": ["echo", "size"], "rounds": 9, "work": 1,
                   "about": {"echo": "bytes there and back"}}],
        "programs": {"ours": "this tree", "asio": "1.22"},
        "absent": {"go": "go is not installed"}, "failed": {"echo, uv": "status 3"},
        "results": [result("echo", "ours", "handlers", 5000.0),
                    result("echo", "asio", "handlers", 6000.0, 1.2),
                    result("echo_deadline", "ours", "handlers", 5100.0),
                    result("size", "ours", "", 3 * 2**20, unit="B")],
        "targets": [{"what": "echo / raw", "unit": "ratio", "peers": {"Asio": summary(1.1)},
                     "ours": summary(1.02), "limit": 1.03, "reached": "yes"}],
    }


class Page(unittest.TestCase):
    def test_measures_are_put_to_their_family(self):
        found = plot.by_family(session_data())
        self.assertEqual({family: list(measures) for family, measures in found.items()},
                         {"echo": ["echo", "echo_deadline"], "size": ["size"]})

    def test_scale_follows_the_largest(self):
        self.assertEqual(plot_page.Scale("ns", 5e6).text(500_000), "0.500 ms")
        self.assertEqual(plot_page.Scale("B", 3 * 2**20).text(3 * 2**20), "3.00 MiB")
        self.assertEqual(plot_page.Scale("instr", 12345).text(12345), "12,345 instr")

    def test_page_has_figures_and_facts(self):
        data = session_data()
        text = plot_page.page([plot_page.section(data, "//testing/bench:compare",
                                                 plot.by_family(data),
                                                 plot_page.about_families(data))])
        for words in ("Fast <One>, 2 processors, Linux 6.1", "2026-01-02 03:04 UTC",
                      "commit abc123", "./bazelw run //testing/bench:compare -- --rounds 9",
                      "- asio: 1.22", "go was left out: go is not installed",
                      "echo, uv failed: status 3", "Bytes there and back.", "](echo.svg)",
                      "|  | asio, handlers | 6.00 µs | 5.40 – 6.60 | 1.20 | 0.960 – 1.44 |",
                      "| echo_deadline | handlers | 5.10 µs | 4.59 – 5.61 |  |  |",
                      "| echo / raw | Asio 1.10 | 1.02 | 0.918 – 1.12 | ≤ 1.03 | yes |"):
            self.assertIn(words, text)


@unittest.skipUnless(importlib.util.find_spec("matplotlib"), "there is no matplotlib")
class Pictures(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.root = pathlib.Path(scratch.name)

    def draw(self):
        file = self.root / "figures.json"
        file.write_text(json.dumps(session_data()), encoding="utf-8")
        with contextlib.redirect_stdout(io.StringIO()):
            plot.main([str(file), "--to", str(self.root / "to")])
        return {each.name: each.read_text(encoding="utf-8")
                for each in (self.root / "to").iterdir()}

    def test_a_picture_for_each_family(self):
        (self.root / "to").mkdir()
        (self.root / "to" / "old.svg").write_text("")
        drawn = self.draw()
        self.assertEqual(set(drawn), {"README.md", "echo.svg", "size.svg"})
        words = "".join(xml.etree.ElementTree.fromstring(drawn["echo.svg"]).itertext())
        for each in ("echo_deadline", "asio, handlers", "6.00 µs", "1.20 ×", "Fast <One>",
                     "commit abc123", "--rounds 9"):
            self.assertIn(each, words)

    def test_same_figures_make_the_same_files(self):
        self.assertEqual(self.draw(), self.draw())


if __name__ == "__main__":
    unittest.main()
