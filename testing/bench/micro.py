#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: BSL-1.0
"""Measures posts, strands, timers and small messages beside Asio, libuv and Go.

All programs do the same work, in turn, several rounds of it. README.md says how to read the table.
"""

import pathlib
import sys

from harness import build, run, session

# Bazel starts a link to this file.
_PEERS = pathlib.Path(__file__).resolve().parent / "peers"


class Family:
    """Measures that a program makes when it is started as `program NAME COUNT`."""

    def __init__(self, name, count, about, threads=1, measures=None):
        self.name = name
        self.about = about
        # What they are called in the table: the family's own name if it is one.
        self.measures = measures or [name]
        self._count = count  # operations; takes a tenth of a second or a few
        self._threads = threads

    def obstacle(self):
        if run.processors(self._threads):
            return None
        return f"it takes {self._threads} processors"

    def run(self, program, work):
        count = max(1, round(self._count * work))
        return run.invoke([program, self.name, str(count)],
                          pinned_to=run.processors(self._threads))


_BY_THREADS = ["_by_1_thread", "_by_2_threads"]


def _strands(number, count):
    name = f"strands_{number}"
    return Family(name, count, f"each thread dispatching to strands of its own, {number} in all",
                  threads=2, measures=[name + suffix for suffix in _BY_THREADS])


_TIMERS = ["timer_rearm", "timer_cancel", "timer_arm", "timer_pull", "timer_rearm_random"]

FAMILIES = [
    Family("post", 5_000_000, "handlers that post each other, a thousand at a time"),
    Family("post_alone", 5_000_000, "the same, one at a time"),
    Family("post_batch", 5_000_000, "posting a thousand handlers, then running them"),
    Family("post_2_threads", 3_000_000, "handlers that post each other, run by two threads",
           threads=2),
    Family("post_foreign", 1_000_000, "posting to a busy context that another thread runs",
           threads=2),
    Family("strand_post", 5_000_000, "handlers that post each other through one strand"),
    Family("strand_post_2_threads", 2_000_000, "the same on two threads", threads=2),
    Family("strands_post_2_threads", 2_000_000, "the same through a strand each", threads=2),
    _strands(2, 3_000_000),
    _strands(64, 3_000_000),
    _strands(200, 3_000_000),
    _strands(1000, 3_000_000),
    Family("strand_held_up", 20, "a thousand strands waiting for one that is busy for 10 ms",
           threads=2),
    Family("timers", 500_000, "moving one of 100,000 timers", measures=_TIMERS),
    Family("timers_1m", 500_000, "moving one of 1,000,000 timers",
           measures=[name + "_1m" for name in _TIMERS]),
    Family("timer_fire", 500_000, "arming 500,000 timers and running them when they fire"),
    Family("unix_ping_pong", 100_000, "a byte there and back through a pair of unix sockets"),
    Family("tcp_ping_pong", 50_000, "the same through TCP on the loopback interface"),
]

# What targets.py needs. Of the million timers and of libuv there is no aim.
QUICK_FAMILIES = [
    Family("post", 2_000_000, ""),
    Family("post_2_threads", 1_000_000, "", threads=2),
    Family("post_foreign", 200_000, "", threads=2),
    Family("strand_post", 1_000_000, ""),
    _strands(1000, 500_000),
    Family("timer_rearm", 300_000, "re-arming 100,000 timers"),
    Family("timer_fire", 300_000, ""),
    Family("unix_ping_pong", 50_000, ""),
]


def part(ours):
    """The comparison, given the paths of our programs by name: micro_ours is the one it takes."""
    programs = [
        build.Given("ours", ours.get("micro_ours")),
        build.Cxx("asio", _PEERS / "micro_asio.cc", "libasio-dev", "asio.hpp",
                  version_macro=("asio/version.hpp", "ASIO_VERSION")),
        build.Cxx("uv", _PEERS / "micro_uv.cc", "libuv1-dev", "uv.h", libraries=["-luv"],
                  version_macro=("uv/version.h", "UV_VERSION_MINOR")),
        build.Go("go", _PEERS / "micro.go", [_PEERS / "measure.go"]),
    ]
    return session.Comparison(
        __doc__, FAMILIES, programs, quick_families=QUICK_FAMILIES,
        quick_programs=["ours", "asio", "go"], quick_rounds=5, quick_warm_ups=0, quick_work=1,
        quick_seconds=35)


def main(argv):
    ours = {}
    # What Bazel adds.
    if argv[:1] == ["--ours"]:
        ours = {"micro_ours": argv[1]}
        argv = argv[2:]
    return session.main(part(ours), argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
