# SPDX-License-Identifier: BSL-1.0
"""A comparison from the command line to the table: what all of them have in common.

A comparison brings its programs (see build.py; the first one is ours) and its families. A family
has a `name`; `about`, a line of what is measured; `obstacle()`, why it cannot be run on this
machine, or None; and `run(program, work)`, which runs the program at a path with that fraction of
the usual work and returns run.Output. It may have a `unit`, where that is not the comparison's.

One command may run several comparisons, its parts, one after the other. They share the options and
end in one table and one file.
"""

import argparse
import dataclasses
import datetime
import functools
import json
import math
import os
import pathlib
import platform
import shlex
import subprocess
import sys

from harness import build, report, run


@dataclasses.dataclass
class Comparison:
    description: str
    families: list
    programs: list
    unit: report.Unit = report.NANOSECONDS
    rounds: int = 9
    warm_ups: int = 1
    # With --quick, which must end soon; where None, as without.
    quick_families: list = None
    quick_programs: list = None  # names
    quick_rounds: int = 3
    quick_warm_ups: int = None
    quick_work: float = 0.1
    quick_seconds: float = math.inf  # when no other round is begun

    def all_families(self):
        """Those of --quick as well, which may be variations of the usual ones."""
        named = {each.name: each for each in self.quick_families or []}
        named.update((each.name, each) for each in self.families)
        return list(named.values())


@dataclasses.dataclass
class _Plan:
    """What is to be run of a part."""
    part: Comparison
    families: list
    programs: list
    rounds: int
    warm_ups: int
    work: float
    seconds: float


def _first(*values):
    """The first that is not None."""
    return next(value for value in values if value is not None)


def _plan(part, asked):
    quick = asked.quick
    families = (quick and part.quick_families) or part.families
    if asked.only:
        # Who asks for a family gets it, also where --quick would leave it out.
        named = {each.name: each for each in part.all_families()}
        if quick:
            named.update((each.name, each) for each in families)
        families = [each for each in named.values() if each.name in asked.only]
    wanted = asked.peers
    if wanted is None and quick and not asked.only:
        wanted = part.quick_programs
    programs = [each for each in part.programs if wanted is None or each.name in wanted]
    usual_rounds = min(part.quick_rounds, part.rounds) if quick else part.rounds
    warm_ups = _first(part.quick_warm_ups, part.warm_ups) if quick else part.warm_ups
    return _Plan(part, families, programs, _first(asked.rounds, usual_rounds), warm_ups,
                 _first(asked.work, part.quick_work if quick else 1),
                 part.quick_seconds if quick and asked.rounds is None else math.inf)


def _unique(values):
    return list(dict.fromkeys(values))


def _arguments(parts, description, argv):
    families = {each.name: each.about for part in parts for each in part.all_families()}
    programs = _unique(each.name for part in parts for each in part.programs)
    rounds = "/".join(str(count) for count in _unique(part.rounds for part in parts))
    options = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="families:\n" + "\n".join(f"  {name:20} {about}" for name, about in
                                         families.items()))
    options.add_argument("--quick", action="store_true", help="few rounds with little work")
    options.add_argument("--rounds", type=int, metavar="N",
                         help=f"how many rounds count ({rounds})")
    options.add_argument("--work", type=float, metavar="FRACTION",
                         help="of the usual work in each round (1)")
    options.add_argument("--only", action="append", metavar="FAMILY",
                         help="this family; may be given more than once")
    options.add_argument("--peers", metavar="LIST", help=f"of {','.join(programs)}: all of them")
    options.add_argument("--json", metavar="FILE", help="write all figures there as well")
    asked = options.parse_args(argv)

    if (asked.rounds is not None and asked.rounds < 1) or (
            asked.work is not None and asked.work <= 0):
        options.error("there is nothing to do")
    for name in asked.only or []:
        if name not in families:
            options.error(f"there is no family {name}; there are {', '.join(families)}")
    asked.peers = asked.peers.split(",") if asked.peers else None
    for name in asked.peers or []:
        if name not in programs:
            options.error(f"there is no peer {name}")
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


def _say(text):
    print(text, file=sys.stderr, flush=True)


def _progress(text):
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


class Outcome:
    """What the parts found, together."""

    def __init__(self):
        self.rows = []  # of report
        self.values = {}  # as in run.Results
        self.families = {}  # likewise
        self.remarks = {}  # program to remarks
        self.failures = {}  # (family, program) to a message
        self.absent = {}  # program to a message
        self.versions = {}  # program to a line
        self.is_ours_absent = False

    def run(self, plan):
        """Builds and runs a part."""
        built, absent = _build(plan.programs, _say)
        cases = []
        for family in plan.families:
            obstacle = family.obstacle()
            if obstacle:
                _say(f"{family.name}: left out: {obstacle}")
                continue
            cases += [run.Case(family.name, name, functools.partial(family.run, path, plan.work))
                      for name, path in built.items()]
        results = run.interleave(cases, plan.rounds, plan.warm_ups, _progress,
                                 plan.seconds)

        plan.rounds = max((len(each) for each in results.values.values()), default=plan.rounds)
        units = {each.name: getattr(each, "unit", plan.part.unit) for each in plan.families}
        baseline = plan.part.programs[0].name
        self.rows += report.rows(results, baseline, [each.name for each in plan.programs],
                                 lambda measure: units[results.families[measure]])
        self.values.update(results.values)
        self.families.update(results.families)
        for name, remarks in results.remarks.items():
            kept = self.remarks.setdefault(name, [])
            kept += [remark for remark in remarks if remark not in kept]
        self.failures.update((key, message) for key, message in results.failures.items() if message)
        self.absent.update(absent)
        self.is_ours_absent |= baseline in absent
        for program in plan.programs:
            if program.name in built:
                self.versions.setdefault(program.name, program.version())


def _print(outcome, plans, baseline, machine):
    rounds = "/".join(str(count) for count in _unique(plan.rounds for plan in plans))
    work = "/".join(f"{share:g}" for share in _unique(plan.work for plan in plans))
    print(f"{machine['processor']}, {machine['processors']} processors, Linux {machine['kernel']}, "
          f"load {machine['load']:.2f}; {rounds} rounds, {work} of the usual work\n")
    print(report.table(outcome.rows, baseline))
    print(f"\nAbove 1, {baseline} takes less.")
    for name, remarks in outcome.remarks.items():
        for remark in remarks:
            print(f"{name}: {remark}")
    for (family, name), message in outcome.failures.items():
        print(f"{family}, {name}: failed: {message}")
    for name, message in outcome.absent.items():
        print(f"{name}: left out: {message.splitlines()[0]}")


def _data(outcome, plans, machine, argv):
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "command": shlex.join(argv),
        "commit": _commit(),
        "machine": machine,
        "parts": [{"families": [each.name for each in plan.families],
                   "about": {each.name: each.about for each in plan.families if each.about},
                   "rounds": plan.rounds, "work": plan.work} for plan in plans],
        "programs": outcome.versions,
        "absent": outcome.absent,
        "failed": {f"{family}, {name}": text for (family, name), text in outcome.failures.items()},
        "results": [dict(each, family=outcome.families[each["measure"]])
                    for each in report.as_data(outcome.rows)],
    }


def run_parts(parts, description, argv, conclude=None):
    """Runs the parts, whose measures have different names. They all call ours the same.

    `conclude(values)` is given the figures as in run.Results, and returns what is printed under the
    table and what is added to the JSON, as a dictionary.

    Returns the exit status: 1 if a program failed or ours is absent.
    """
    asked = _arguments(parts, description, argv)
    machine = _machine()
    plans = [plan for plan in (_plan(part, asked) for part in parts)
             if plan.families and plan.programs]
    outcome = Outcome()
    for plan in plans:
        outcome.run(plan)
    _print(outcome, plans, parts[0].programs[0].name, machine)
    data = _data(outcome, plans, machine, argv)
    if conclude:
        text, more = conclude(outcome.values)
        if text:
            print(f"\n{text}")
        data.update(more)
    if asked.json:
        # Bazel runs the program elsewhere than where it was started.
        path = pathlib.Path(os.environ.get("BUILD_WORKING_DIRECTORY", ".")) / asked.json
        path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    return 1 if outcome.failures or outcome.is_ours_absent else 0


def main(comparison, argv):
    """Runs one comparison. Returns the exit status, as run_parts() does."""
    return run_parts([comparison], comparison.description, argv)
