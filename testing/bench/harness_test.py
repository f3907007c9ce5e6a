#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: BSL-1.0
"""What harness/ reads, counts and prints is right."""

import os
import pathlib
import shutil
import sys
import tempfile
import unittest

from harness import build, report, run


def results_of(values):
    results = run.Results()
    results.values = {key: dict(enumerate(list_of)) for key, list_of in values.items()}
    return results


class Parse(unittest.TestCase):
    def test_figures_and_remarks(self):
        output = run.parse("# said once\nswitch 12.5\n\nswitch/other 3e2\n")
        self.assertEqual(output.figures, {"switch": 12.5, "switch/other": 300.0})
        self.assertEqual(output.remarks, ["said once"])

    def test_what_is_no_figure_is_refused(self):
        for text in ("switch", "switch fast", "switch 1 ns", "switch nan", "switch -1", "a 1\na 2"):
            with self.subTest(text), self.assertRaises(run.Failed):
                run.parse(text)


class Invoke(unittest.TestCase):
    @staticmethod
    def shell(script, **more):
        return run.invoke(["/bin/sh", "-c", script], **more)

    def test_reads_what_the_program_prints(self):
        self.assertEqual(self.shell("echo name 7").figures, {"name": 7.0})

    def test_pins_the_program(self):
        one = run.processors(1)
        self.assertEqual(len(one), 1)
        count = "import os; print('count', len(os.sched_getaffinity(0)))"
        output = run.invoke([sys.executable, "-c", count], pinned_to=one)
        self.assertEqual(output.figures, {"count": 1.0})

    def test_more_processors_than_there_are(self):
        self.assertIsNone(run.processors(len(os.sched_getaffinity(0)) + 1))

    def test_failure_says_why(self):
        with self.assertRaisesRegex(run.Failed, "status 3: no memory"):
            self.shell("echo no memory >&2; exit 3")
        with self.assertRaisesRegex(run.Failed, "no figure"):
            self.shell("true")
        with self.assertRaisesRegex(run.Failed, "not finished"):
            self.shell("sleep 1000", seconds=0.05)

    def test_measure_that_the_program_does_not_have(self):
        with self.assertRaises(run.NotMeasured):
            self.shell("echo usage: program MEASURE >&2; exit 2")


class Interleave(unittest.TestCase):
    def case(self, family, program, figure):
        def once():
            self.order.append((family, program))
            value = figure(len(self.order)) if callable(figure) else figure
            return run.Output({family: value}, [])
        return run.Case(family, program, once)

    def setUp(self):
        self.order = []

    def test_programs_take_turns_in_each_round(self):
        cases = [self.case(family, program, 1.0) for program in "ab" for family in ("x", "y")]
        results = run.interleave(cases, rounds=2, warm_ups=1)
        warm_up, first, second = self.order[:4], self.order[4:8], self.order[8:]
        self.assertEqual(first, [("x", "a"), ("x", "b"), ("y", "a"), ("y", "b")])
        self.assertEqual(second, [("x", "b"), ("x", "a"), ("y", "b"), ("y", "a")])
        self.assertEqual(warm_up, second)
        self.assertEqual(set(results.values), {(family, program, "")
                                               for program in "ab" for family in ("x", "y")})

    def test_warm_up_does_not_count(self):
        results = run.interleave([self.case("x", "a", float)], rounds=2, warm_ups=3)
        self.assertEqual(results.values, {("x", "a", ""): {0: 4.0, 1: 5.0}})

    def test_failed_case_is_left_out_and_told(self):
        def fail():
            self.order.append("failed")
            raise run.Failed("broken")

        def refuse():
            self.order.append("refused")
            raise run.NotMeasured("x")

        cases = [self.case("x", "a", 1.0), run.Case("x", "b", fail), run.Case("x", "c", refuse)]
        results = run.interleave(cases, rounds=2)
        self.assertEqual(results.failures, {("x", "b"): "broken", ("x", "c"): None})
        self.assertEqual(list(results.values), [("x", "a", "")])
        self.assertEqual([self.order.count(name) for name in ("failed", "refused")], [1, 1])


class Report(unittest.TestCase):
    def test_summary(self):
        summary = report.summarize([5, 1, 4, 2, 3])
        self.assertEqual(summary, report.Summary(3, 2, 4, 1, 5))
        self.assertEqual(report.summarize([7]), report.Summary(7, 7, 7, 7, 7))
        self.assertEqual(report.summarize([2, 1]).median, 1.5)

    def test_ratios_are_taken_within_a_round(self):
        results = results_of({("x", "ours", ""): [10, 20, 40], ("x", "peer", "fast"): [5, 20, 80]})
        ours, peer = report.rows(results, "ours", ["ours", "peer"])
        self.assertIsNone(ours.ratio)
        self.assertEqual((peer.label, peer.ratio.lowest, peer.ratio.median, peer.ratio.highest),
                         ("peer, fast", 0.5, 1, 2))

    def test_round_that_one_side_lacks_has_no_ratio(self):
        results = run.Results()
        results.values = {("x", "ours", ""): {0: 1.0, 2: 2.0}, ("x", "peer", ""): {1: 5.0, 2: 6.0}}
        _, peer = report.rows(results, "ours", ["ours", "peer"])
        self.assertEqual((peer.values, peer.ratio.median), ([5.0, 6.0], 3.0))

    def test_measure_without_baseline(self):
        results = results_of({("x", "peer", ""): [1.0, 2.0]})
        (row,) = report.rows(results, "ours", ["ours", "peer"])
        self.assertIsNone(row.ratio)
        self.assertIsNone(report.as_data([row])[0]["ratio"])
        self.assertIn("1.50 ns", report.table([row], "ours"))

    def test_table(self):
        results = results_of({("switch", "ours", ""): [2.0, 4.0],
                              ("switch", "peer", "a"): [3.0, 9.0],
                              ("all", "ours", ""): [2.5e6], ("all", "peer", ""): [1e5]})
        text = report.table(report.rows(results, "ours", ["ours", "peer"]), "ours")
        lines = [line.split() for line in text.splitlines()]
        self.assertEqual(lines[2:], [
            ["switch", "ours", "3.00", "ns", "2.00", "ns"],
            ["peer,", "a", "6.00", "ns", "3.00", "ns", "1.88", "1.50", "..", "2.25"],
            [],
            ["all", "ours", "2.50", "ms", "2.50", "ms"],
            ["peer", "100000", "ns", "100000", "ns", "0.0400", "0.0400", "..", "0.0400"],
        ])

    def test_data_has_every_value(self):
        results = results_of({("x", "ours", ""): [3.0, 1.0], ("x", "peer", ""): [3.0, 3.0]})
        data = report.as_data(report.rows(results, "ours", ["ours", "peer"]))
        self.assertEqual(data[0]["figure"]["values"], [3.0, 1.0])
        self.assertEqual(data[1]["ratio"]["median"], 2.0)


@unittest.skipUnless(shutil.which("g++"), "there is no g++")
class Build(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.cache = pathlib.Path(scratch.name) / "cache"
        self.cache.mkdir()
        # The root of the repository is three folders above the sources of peers.
        self.sources = pathlib.Path(scratch.name) / "testing/bench/peers"
        self.sources.mkdir(parents=True)

    def peer(self, text, header="cstdio"):
        (self.sources / "x.cc").write_text(text, encoding="utf-8")
        return build.Cxx("peer", self.sources / "x.cc", "libx-dev", header)

    def test_built_once_until_it_changes(self):
        first = self.peer("int main() { return 0; }").build(self.cache)
        self.assertEqual(first, self.peer("int main() { return 0; }").build(self.cache))
        second = self.peer('#include <cstdio>\nint main() { std::puts("x 1"); }').build(self.cache)
        self.assertNotEqual(first, second)
        self.assertFalse(os.path.exists(first))
        self.assertEqual(run.invoke([second]).figures, {"x": 1.0})

    def test_missing_library_names_its_package(self):
        with self.assertRaisesRegex(build.Missing, "libx-dev"):
            self.peer("", header="no/such/header.hpp").build(self.cache)

    def test_error_of_the_compiler_is_told(self):
        with self.assertRaisesRegex(build.BuildFailed, "(?s)x.cc does not build.*nonsense"):
            self.peer("nonsense").build(self.cache)


if __name__ == "__main__":
    unittest.main()
