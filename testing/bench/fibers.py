#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: BSL-1.0
"""Measures this library's fibers beside Boost.Fiber, Boost.Context and goroutines.

All programs do the same work, in turn, several rounds of it. README.md says how to read the table.
"""

import pathlib
import sys

from harness import build, run, session

# Bazel starts a link to this file.
_PEERS = pathlib.Path(__file__).resolve().parent / "peers"


class Family:
    """Measures of the same name in each program, which is started as `program NAME COUNT`."""

    def __init__(self, name, count, about, threads=1):
        self.name = name
        self.about = about
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


FAMILIES = [
    Family("raw_switch", 20_000_000, "a switch between two stacks, without a scheduler"),
    Family("yield_2", 5_000_000, "a yield, of two fibers in turn"),
    Family("yield_1000", 5_000_000, "a yield, of a thousand fibers in turn"),
    Family("spawn_join", 500_000, "starting a fiber and waiting for its end"),
    Family("channel_unbuffered", 1_000_000, "there and back through two unbuffered channels"),
    Family("channel_buffered", 1_000_000, "there and back through two channels that hold one"),
    Family("mutex_uncontended", 10_000_000, "lock and unlock, nobody else wants the mutex"),
    Family("mutex_contended", 1_000_000, "lock, yield and unlock, by four fibers"),
    Family("condition_variable", 500_000, "two fibers take turns, told by a condition variable"),
    Family("semaphore", 1_000_000, "two fibers take turns, told by semaphores"),
    Family("skynet", 1_000_000, "a fiber of a tree with a million leaves, and all of them"),
    Family("skynet_2_threads", 1_000_000, "the same on two threads", threads=2),
]


def main(argv):
    ours = None
    # What Bazel adds.
    if argv[:1] == ["--ours"]:
        ours = argv[1]
        argv = argv[2:]
    programs = [
        build.Given("ours", ours),
        build.Cxx("boost", _PEERS / "fibers_boost.cc", "libboost-fiber-dev", "boost/fiber/all.hpp",
                  libraries=["-l:libboost_fiber.a", "-l:libboost_context.a"],
                  version_macro=("boost/version.hpp", "BOOST_LIB_VERSION")),
        build.Go("go", _PEERS / "fibers.go", [_PEERS / "measure.go"]),
    ]
    return session.main(session.Comparison(__doc__, FAMILIES, programs), argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
