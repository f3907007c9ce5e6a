# SPDX-License-Identifier: BSL-1.0
"""What this library is to reach, beside what was measured: the table at the end of compare.py.

A ratio is taken within each round; the median counts, and the quartiles are shown, for a ratio that
is within its own noise of the aim is neither reached nor missed for certain.
"""

import dataclasses

from harness import report


@dataclasses.dataclass
class Series:
    """Where a number of each round comes from: a figure, or a figure over another."""
    over: tuple  # (measure, program, variant)
    under: tuple = None

    def of(self, values):
        """report.Summary, or None where that was not measured."""
        mine = _rounds(values, self.over)
        if self.under is None:
            numbers = list(mine.values())
        else:
            others = _rounds(values, self.under)
            numbers = [mine[number] / others[number] for number in sorted(mine)
                       if others.get(number, 0) > 0]
        return report.summarize(numbers) if numbers else None


def _rounds(values, key):
    """The figures of a key whose variant may be left open: then they are of the first there is."""
    measure, program, variant = key
    for each, by_round in values.items():
        if each[:2] == (measure, program) and variant in (None, each[2]):
            return by_round
    return {}


@dataclasses.dataclass
class Target:
    what: str
    ours: Series
    limit: float
    peers: dict  # label to Series
    unit: str = ""

    def show(self, summary):
        if self.unit:
            return f"{summary.median:.1f} {self.unit}"
        return f"{summary.median:.3f}"


_RAW = ("raw", "epoll")


def _to_raw(measure, style, limit):
    def series(program, variant):
        return Series((measure, program, variant), (measure, *_RAW))
    connections = measure.rpartition("_")[2]
    peers = {"Asio": series("asio", "handlers"), "Go": series("go", "goroutines")}
    return Target(f"echo, {connections} connections / raw epoll: {style}", series("ours", style),
                  limit, peers)


def _pair(what, over, under, style, limit):
    def series(program, variant):
        return Series((over, program, variant), (under, program, variant))
    return Target(f"{what}: {style}", series("ours", style), limit,
                  {"Asio": series("asio", "handlers"), "Go": series("go", "goroutines")})


def _nanoseconds(what, measure, limit):
    return Target(what, Series((measure, "ours", None)), limit,
                  {"Asio": Series((measure, "asio", None)), "Go": Series((measure, "go", None))},
                  "ns")


def _to_asio(what, measure, limit):
    ours = Series((measure, "ours", None), (measure, "asio", None))
    return Target(f"{what} / Asio", ours, limit, {})


def _strands():
    def series(program):
        return Series(("strands_1000_by_2_threads", program, None),
                      ("strands_1000_by_1_thread", program, None))
    return Target("dispatch to strands of its own, 2 threads / 1", series("ours"), 1.05,
                  {"Asio": series("asio")})


STYLES = ("handlers", "fibers")

TARGETS = [
    _to_raw("echo_64", "handlers", 1.03),
    _to_raw("echo_64", "fibers", 1.05),
    _to_raw("echo_1000", "handlers", 1.05),
    _to_raw("echo_1000", "fibers", 1.10),
    *(_pair("echo, 1000 connections, with deadlines / without", "echo_1000_deadline", "echo_1000",
            style, 1.01) for style in STYLES),
    *(_pair("echo, 1000 connections, 2 threads / 1", "echo_1000_in_2_threads",
            "echo_1000_in_1_thread", style, 1.05) for style in STYLES),
    _nanoseconds("post, one thread", "post", 12),
    _nanoseconds("post, two threads", "post_2_threads", 20),
    _nanoseconds("post from another thread", "post_foreign", 60),
    _nanoseconds("post through a strand", "strand_post", 18),
    _strands(),
    _nanoseconds("re-arm one of 100,000 timers", "timer_rearm", 40),
    _nanoseconds("arm and fire 500,000 timers, each", "timer_fire", 150),
    _to_asio("ping-pong through a unix socket", "unix_ping_pong", 0.9),
    _to_asio("compile an echo server", "compile_echo", 1 / 3),
    _to_asio("user-space instructions of an echo", "echo_instructions", 1 / 2),
]

_HEAD = ("what", "peers now", "ours", "quartiles", "to reach", "reached?")


def _is_within(ours, limit):
    if ours.median <= limit:
        return "yes"
    return "in doubt" if ours.lower_quartile <= limit else "no"


def _evaluate(values):
    """A row of the table, and its data, for each target of which ours was measured."""
    rows, data = [], []
    for target in TARGETS:
        ours = target.ours.of(values)
        if ours is None:
            continue
        measured = {label: series.of(values) for label, series in target.peers.items()}
        measured = {label: summary for label, summary in measured.items() if summary}
        limit = f"{target.limit:.3g}" + (f" {target.unit}" if target.unit else "")
        reached = _is_within(ours, target.limit)
        rows.append((
            target.what,
            ", ".join(f"{label} {target.show(each)}" for label, each in measured.items()) or "-",
            target.show(ours),
            f"{ours.lower_quartile:.3f} .. {ours.upper_quartile:.3f}",
            f"<= {limit}",
            reached,
        ))
        data.append({
            "what": target.what,
            "unit": target.unit or "ratio",
            "peers": {label: dataclasses.asdict(each) for label, each in measured.items()},
            "ours": dataclasses.asdict(ours),
            "limit": target.limit,
            "reached": reached,
        })
    return rows, data


def conclude(values):
    """The table as text, and what goes to the JSON. For session.run_parts()."""
    rows, data = _evaluate(values)
    if not rows:
        return "", {"targets": []}
    widths = [max(len(row[column]) for row in [_HEAD] + rows) for column in range(len(_HEAD))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip()
            for row in [_HEAD] + rows]
    return "\n".join(text), {"targets": data}
