#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: BSL-1.0
"""Measures this library beside what one would use instead, and says what it has reached.

All programs do the same work, in turn, several rounds of it. README.md says how to read the tables.
"""

import sys

import echo
import micro
import static
import targets
from harness import session

# Each is a module with a function part(ours), which returns a session.Comparison; `ours` has the
# paths of this library's programs by name. A part is a line here, and its programs are lines in
# BUILD.bazel.
PARTS = [
    echo,
    micro,
    static,
]


def main(argv):
    ours = {}
    # What Bazel adds.
    while argv[:1] == ["--ours"]:
        name, _, path = argv[1].partition("=")
        ours[name] = path
        argv = argv[2:]
    return session.run_parts([each.part(ours) for each in PARTS], __doc__, argv, targets.conclude)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
