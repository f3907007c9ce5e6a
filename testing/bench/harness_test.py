#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: BSL-1.0
"""What harness/ reads, counts and prints is right."""

import contextlib
import io
import json
import os
import pathlib
import shutil
import sys
import tempfile
import time
import unittest

import echo
import targets
from harness import build, report, run, server, session


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

    def test_no_round_begins_that_would_end_too_late(self):
        case = self.case("x", "a", lambda _: time.sleep(0.02) or 1.0)
        results = run.interleave([case], rounds=100, seconds=0.1)
        count = len(results.values["x", "a", ""])
        self.assertTrue(1 <= count < 6, count)
        results = run.interleave([case], rounds=100, warm_ups=0, seconds=0)
        self.assertEqual(len(results.values["x", "a", ""]), 1)

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


class FakeProgram:
    def __init__(self, name):
        self.name = name

    def build(self, _cache):
        if self.name == "absent":
            raise build.Missing("something", "libsomething-dev")
        return self.name

    def version(self):
        return "of " + self.name


class FakeFamily:
    """Its figure is how often it was run, times the work."""

    def __init__(self, name, log, **more):
        self.name = name
        self.about = "nothing"
        self._log = log
        self.__dict__.update(more)

    def obstacle(self):
        return None

    def run(self, program, work):
        self._log.append((self.name, program))
        return run.Output({self.name: len(self._log) * work}, [])


class Session(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.json = os.path.join(scratch.name, "figures.json")
        os.environ["XDG_CACHE_HOME"] = scratch.name
        self.log = []
        first = session.Comparison(
            "", [FakeFamily("x", self.log), FakeFamily("slow", self.log)],
            [FakeProgram("ours"), FakeProgram("peer"), FakeProgram("absent")], rounds=2,
            quick_families=[FakeFamily("x", self.log)], quick_programs=["ours"], quick_rounds=1,
            quick_warm_ups=0)
        second = session.Comparison(
            "", [FakeFamily("y", self.log, unit=report.Unit("files"))],
            [FakeProgram("ours"), FakeProgram("other")], rounds=1, warm_ups=0, unit=report.BYTES)
        self.parts = [first, second]

    def run_parts(self, *argv, conclude=None):
        text = io.StringIO()
        with contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
            status = session.run_parts(self.parts, "", ["--json", self.json, *argv], conclude)
        with open(self.json, encoding="utf-8") as file:
            return status, text.getvalue(), json.load(file)

    def test_parts_end_in_one_table(self):
        status, text, data = self.run_parts()
        self.assertEqual(status, 0)
        found = [(each["measure"], each["program"], len(each["figure"]["values"]), each["unit"])
                 for each in data["results"]]
        self.assertEqual(found, [("x", "ours", 2, "ns"), ("x", "peer", 2, "ns"),
                                 ("slow", "ours", 2, "ns"), ("slow", "peer", 2, "ns"),
                                 ("y", "ours", 1, "files"), ("y", "other", 1, "files")])
        self.assertIn("libsomething-dev", data["absent"]["absent"])
        self.assertEqual(data["programs"]["other"], "of other")
        self.assertIn("13.0 files", text)
        self.assertEqual([part["rounds"] for part in data["parts"]], [2, 1])

    def test_quick_runs_what_each_part_says(self):
        _, _, data = self.run_parts("--quick")
        self.assertEqual(self.log, [("x", "ours"), ("y", "ours"), ("y", "other")])
        self.assertEqual(data["parts"][0], {"families": ["x"], "about": {"x": "nothing"},
                                            "rounds": 1, "work": 0.1})

    def test_family_asked_for_is_run_though_quick(self):
        self.run_parts("--quick", "--only", "slow")
        self.assertEqual(self.log, [("slow", "ours"), ("slow", "peer")])

    def test_peers_and_rounds_are_for_all_parts(self):
        self.run_parts("--peers", "other", "--rounds", "3")
        self.assertEqual(self.log, [("y", "other")] * 3)

    def test_what_does_not_exist_is_refused(self):
        for wrong in (["--only", "z"], ["--peers", "nobody"], ["--rounds", "0"], ["--work", "0"]):
            with self.subTest(wrong), self.assertRaises(SystemExit):
                self.run_parts(*wrong)

    def test_conclusion_is_printed_and_kept(self):
        def conclude(values):
            return f"rounds of y: {len(values['y', 'ours', ''])}", {"said": 7}

        _, text, data = self.run_parts("--only", "y", "--rounds", "4", conclude=conclude)
        self.assertIn("\nrounds of y: 4\n", text)
        self.assertEqual(data["said"], 7)


class Server(unittest.TestCase):
    @staticmethod
    def serve(script):
        return server.Server(["/bin/sh", "-c", script])

    def test_port_and_processor_time_and_end(self):
        script = "echo port 1234; i=0; while :; do i=$((i + 1)); done"
        with self.serve(script) as started:
            self.assertEqual(started.port, 1234)
            before = started.processor_time()
            while started.processor_time() <= before:
                time.sleep(0.001)
            pid = started.pid
        with self.assertRaises(ProcessLookupError):
            os.kill(pid, 0)

    def test_server_that_does_not_start(self):
        with self.assertRaisesRegex(run.Failed, "status 3: no memory"):
            self.serve("echo no memory >&2; exit 3")
        with self.assertRaisesRegex(run.Failed, "for 'port'"):
            self.serve("echo hello; sleep 100")
        with self.assertRaises(run.NotMeasured):
            self.serve("echo usage: program MODE >&2; exit 2")


class Wrk(unittest.TestCase):
    def test_requests(self):
        said = "Running 2s test\n  81234 requests in 2.00s, 6.35MB read\nRequests/sec:  40617.00\n"
        self.assertEqual(echo.requests_of(said), 81234)

    def test_errors_count_as_failure(self):
        for said in ("", "  0 requests in 2.00s, 0.00B read\n", "unable to connect\n",
                     "  9 requests in 2.00s, 1B read\n  Non-2xx or 3xx responses: 3\n",
                     "  9 requests in 2.00s, 1B read\n  Socket errors: connect 0, read 1\n"):
            with self.subTest(said), self.assertRaises(run.Failed):
                echo.requests_of(said)


class Targets(unittest.TestCase):
    @staticmethod
    def values(**rounds):
        return {tuple(key.split("__")): dict(enumerate(numbers))
                for key, numbers in rounds.items()}

    def test_ratio_to_raw_within_a_round(self):
        values = self.values(echo_64__ours__handlers=[102, 204, 306],
                             echo_64__raw__epoll=[100, 200, 300],
                             echo_64__asio__handlers=[110, 210, 330])
        text, data = targets.conclude(values)
        (row,) = data["targets"]
        self.assertEqual((row["ours"]["median"], row["reached"]), (1.02, "yes"))
        self.assertAlmostEqual(row["peers"]["Asio"]["median"], 1.1)
        self.assertNotIn("Go", row["peers"])
        self.assertIn("1.020", text)

    def test_verdicts(self):
        for numbers, verdict in (([12, 12, 12], "yes"), ([11, 13, 14], "in doubt"),
                                 ([13, 13, 14], "no")):
            with self.subTest(verdict):
                _, data = targets.conclude({("post", "ours", ""): dict(enumerate(numbers))})
                self.assertEqual(data["targets"][0]["reached"], verdict)

    def test_deadline_is_held_against_the_same_style(self):
        values = self.values(echo_1000_deadline__ours__fibers=[101.0],
                             echo_1000__ours__fibers=[100.0], echo_1000__ours__handlers=[50.0])
        _, data = targets.conclude(values)
        (row,) = data["targets"]
        self.assertEqual(row["ours"]["median"], 1.01)
        self.assertIn("fibers", row["what"])

    def test_nothing_measured_is_no_table(self):
        self.assertEqual(targets.conclude({}), ("", {"targets": []}))


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
