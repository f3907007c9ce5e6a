# SPDX-License-Identifier: BSL-1.0
"""A comparison from the command line to the table: what all of them have in common.

A comparison brings its programs (see build.py; the first one is ours) and its families. A family
has a `name`; `about`, a line of what is measured; `obstacle()`, why it cannot be run on this
machine, or None; and `run(program, work)`, which runs the program at a path with that fraction of
the usual work and returns run.Output.
"""

import argparse
import dataclasses
import datetime
import functools
import json
import os
import pathlib
import platform
import shlex
import subprocess
import sys

from harness import build, report, run

_QUICK_ROUNDS = 3
_QUICK_WORK = 0.1


@dataclasses.dataclass
class Comparison:
    description: str
    families: list
    programs: list
    unit: report.Unit = report.NANOSECONDS
    rounds: int = 9
    warm_ups: int = 1


def _arguments(comparison, argv):
    families, programs = comparison.families, comparison.programs
    options = argparse.ArgumentParser(
        description=comparison.description, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="families:\n" + "\n".join(f"  {each.name:20} {each.about}" for each in families))
    options.add_argument("--quick", action="store_true",
                         help="few rounds with a tenth of the work: under a minute")
    options.add_argument("--rounds", type=int, metavar="N", 
                         help=f"how many rounds count ({comparison.rounds})")
    options.add_argument("--work", type=float, metavar="FRACTION",
                         help="of the usual work in each round (1)")
    options.add_argument("--only", action="append", metavar="FAMILY",
                         help="this family; may be given more than once")
    options.add_argument("--peers", metavar="LIST",
                         help=f"of {','.join(each.name for each in programs)}: all of them")
    options.add_argument("--json", metavar="FILE", help="write all figures there as well")
    asked = options.parse_args(argv)

    asked.rounds = asked.rounds or (
        min(_QUICK_ROUNDS, comparison.rounds) if asked.quick else comparison.rounds)
    asked.work = asked.work or (_QUICK_WORK if asked.quick else 1)
    if asked.rounds < 1 or asked.work <= 0:
        options.error("there is nothing to do")
    known = {each.name: each for each in families}
    for name in asked.only or []:
        if name not in known:
            options.error(f"there is no family {name}; there are {', '.join(known)}")
    asked.families = [each for each in families if not asked.only or each.name in asked.only]
    wanted = asked.peers.split(",") if asked.peers else [each.name for each in programs]
    for name in wanted:
        if name not in [each.name for each in programs]:
            options.error(f"there is no peer {name}")
    asked.programs = [each for each in programs if each.name in wanted]
    return asked


def _build(programs, say):
    """Those that can be had, as {name: path}, and why the others cannot, as {name: message}."""
    built, absent = {}, {}
    cache = build.cache_directory()
    for program in programs:
        try:
            built[program.name] = program.build(cache)
        except (build.Missing, build.BuildFailed) as error:
            absent[program.name] = str(error)
            say(f"{program.name}: {error}")
    return built, absent


def _machine():
    names = [line.partition(":")[2].strip() for line in
             pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
             if line.startswith("model name")]
    return {
        "processor": names[0] if names else platform.machine(),
        "processors": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "load": os.getloadavg()[0],
    }


def _commit():
    """The commit of the working tree that Bazel was started in, if that can be known."""
    where = os.environ.get("BUILD_WORKSPACE_DIRECTORY")
    if not where:
        return None
    try:
        said = subprocess.run(["git", "-C", where, "describe", "--always", "--dirty"],
                              check=False, capture_output=True, text=True)
    except OSError:
        return None
    return said.stdout.strip() or None


def main(comparison, argv):
    """Runs the comparison. Returns the exit status: 1 if a program failed or ours is absent."""
    def say(text):
        print(text, file=sys.stderr, flush=True)

    def progress(text):
        if sys.stderr.isatty():
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)

    asked = _arguments(comparison, argv)
    machine = _machine()
    built, absent = _build(asked.programs, say)

    cases = []
    for family in asked.families:
        obstacle = family.obstacle()
        if obstacle:
            say(f"{family.name}: left out: {obstacle}")
            continue
        cases += [run.Case(family.name, name, functools.partial(family.run, path, asked.work))
                  for name, path in built.items()]
    results = run.interleave(cases, asked.rounds, comparison.warm_ups, progress)

    baseline = comparison.programs[0].name
    found = report.rows(results, baseline, [each.name for each in asked.programs])
    print(f"{machine['processor']}, {machine['processors']} processors, Linux {machine['kernel']}, "
          f"load {machine['load']:.2f}; {asked.rounds} rounds, {asked.work:g} of the usual work\n")
    print(report.table(found, baseline, comparison.unit))
    print(f"\nAbove 1, {baseline} takes less.")
    for name, remarks in results.remarks.items():
        for remark in remarks:
            print(f"{name}: {remark}")
    failures = {key: message for key, message in results.failures.items() if message}
    for (family, name), message in failures.items():
        print(f"{family}, {name}: failed: {message}")
    for name, message in absent.items():
        print(f"{name}: left out: {message.splitlines()[0]}")

    if asked.json:
        # Bazel runs the program elsewhere than where it was started.
        path = pathlib.Path(os.environ.get("BUILD_WORKING_DIRECTORY", ".")) / asked.json
        path.write_text(json.dumps({
            "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "command": shlex.join(argv),
            "commit": _commit(),
            "machine": machine,
            "rounds": asked.rounds,
            "work": asked.work,
            "programs": {each.name: each.version() for each in asked.programs
                         if each.name in built},
            "absent": absent,
            "failed": {f"{family}, {name}": text for (family, name), text in failures.items()},
            "results": report.as_data(found, comparison.unit),
        }, indent=1) + "\n", encoding="utf-8")
    return 1 if failures or baseline in absent else 0
