#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: BSL-1.0
"""Counts the instructions that the hottest paths take, and holds them against what was recorded.

Callgrind counts what a program executes in user space, which is the same on every run. Each path is
run with two counts; the difference is what the operations took, without starting and ending.
instructions.json has the counts by compiler and processor: with --record, what was counted now.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from harness import build, run

# A path, and how many operations more its second run has: enough that what happens now and then
# only, as taking memory from the system, does not show.
PATHS = {
    "post": 20_000,
    "handler_echo": 2_000,
    "handler_echo_deadlines": 2_000,
    "fiber_echo": 2_000,
    "fiber_echo_deadlines": 2_000,
    "deadline_push": 20_000,
    "timer_rearm": 10_000,
    "channel": 5_000,
    "spawn_join": 5_000,
}
TOLERATED = 1.10

_FEWER = 500  # operations of the first run
_PATIENCE = 120  # seconds for one run
_RECORD = "instructions.json"
# What the compiler calls when it was told to watch a program. Such a program does something else.
_WATCHED = re.compile(rb"__(?:asan|tsan|ubsan|gcov|llvm_profile)_")


def unusable(program):
    """Why the instructions of a program cannot be counted, or None."""
    if not shutil.which("valgrind"):
        return "valgrind is not installed; the Debian package valgrind brings it"
    if _WATCHED.search(pathlib.Path(program).read_bytes()):
        return "the program has a sanitizer or counts its coverage"
    if build_of(program).split()[-1] != "optimized":
        return "the program was built without optimisation"
    return None


def build_of(program):
    """By which compiler, for which processor, and whether optimised."""
    said = subprocess.run([program, "--build"], check=False, capture_output=True, text=True,
                          timeout=_PATIENCE)
    if said.returncode or len(said.stdout.split()) != 4:
        raise run.Failed(f"{program} does not say by what it was built")
    return said.stdout.strip()


def _count(program, path, times, scratch):
    """All instructions of a run."""
    log = pathlib.Path(scratch) / "log"
    command = ["valgrind", "--tool=callgrind", f"--log-file={log}",
               f"--callgrind-out-file={scratch}/out", program, path, str(times)]
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        raise run.Failed(f"{path}: not finished after {_PATIENCE} s") from None
    if done.returncode == 2 and done.stderr.startswith("usage:"):
        raise run.NotMeasured(path)
    collected = re.search(r"Collected : (\d+)", log.read_text(encoding="utf-8", errors="replace"))
    if done.returncode or not collected:
        said = done.stderr.strip().splitlines()
        raise run.Failed(f"{path}: status {done.returncode}" + (f": {said[-1]}" if said else ""))
    return int(collected.group(1))


def per_operation(program, path, more):
    """Instructions of one operation, the mean of `more` of them."""
    with tempfile.TemporaryDirectory() as scratch:
        fewer = _count(program, path, _FEWER, scratch)
        return (_count(program, path, _FEWER + more, scratch) - fewer) / more


def count_all(program, paths=tuple(PATHS)):
    return {path: round(per_operation(program, path, PATHS[path]), 1) for path in paths}


def complaints(recorded, counted):
    """A line for each path that takes more than it may, and for each that was never recorded."""
    said = []
    for path, now in counted.items():
        before = recorded.get(path)
        if before is None:
            said.append(f"{path}: {now:.1f} instructions; nothing is recorded")
        elif now > before * TOLERATED:
            said.append(f"{path}: {now:.1f} instructions, recorded are {before:.1f}: "
                        f"{100 * (now / before - 1):+.1f} %")
    return said


def record_file():
    """The file in the source tree, from wherever this is started."""
    root = os.environ.get("BUILD_WORKSPACE_DIRECTORY")
    if root:
        return pathlib.Path(root) / "testing" / "bench" / _RECORD
    return pathlib.Path(__file__).resolve().parent / _RECORD


def load(file):
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def how_to_record():
    return "./bazelw run //testing/bench:instructions -- --record"


def main(argv):
    options = argparse.ArgumentParser(description=__doc__,
                                      formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--ours", required=True, metavar="PROGRAM", help="what Bazel built")
    options.add_argument("--record", action="store_true", help=f"write {_RECORD} anew")
    options.add_argument("--only", action="append", choices=list(PATHS), metavar="PATH",
                         help=f"of {', '.join(PATHS)}; may be given more than once")
    asked = options.parse_args(argv)
    try:
        program = build.Given("ours", asked.ours).build(None)
        why_not = unusable(program)
        if why_not:
            print(f"nothing counted: {why_not}", file=sys.stderr)
            return 1
        compiler = build_of(program)
        counted = count_all(program, asked.only or tuple(PATHS))
    except (build.BuildFailed, run.Failed, run.NotMeasured) as error:
        print(error, file=sys.stderr)
        return 1

    file = record_file()
    everything = load(file)
    recorded = everything.get(compiler, {})
    print(f"{compiler}: instructions in user space for each operation")
    for path, now in counted.items():
        before = recorded.get(path)
        change = f"{before:10.1f}   {100 * (now / before - 1):+6.1f} %" if before else "nothing"
        print(f"{path:24}{now:10.1f}   recorded {change}")
    if asked.record:
        everything[compiler] = dict(recorded, **counted)
        file.write_text(json.dumps(everything, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        print(f"recorded in {file}")
        return 0
    said = complaints(recorded, counted)
    if said and recorded:
        print("\n".join(["", *said, f"If that has to be: {how_to_record()}"]))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
