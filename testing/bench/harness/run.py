# SPDX-License-Identifier: BSL-1.0
"""Running programs and reading what they measured.

A program prints a line `name value` for each figure: nanoseconds, or what the comparison is in. The
name is that of the measure, or `measure/variant` where there is more than one way to do the work. A
line that begins with `#` is a remark for who reads the table.
"""

import ctypes
import dataclasses
import math
import os
import signal
import subprocess
import time

_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


class Failed(Exception):
    """A program ended badly, took too long, or printed what is not a figure."""


class NotMeasured(Exception):
    """The program has no such measure."""


@dataclasses.dataclass
class Output:
    figures: dict  # name to number
    remarks: list


def parse(text):
    """What a program printed, as Output."""
    found = Output({}, [])
    for line in text.splitlines():
        if line.startswith("#"):
            found.remarks.append(line.lstrip("# "))
            continue
        words = line.split()
        if not words:
            continue
        try:
            name, value = words[0], float(words[1])
        except (IndexError, ValueError):
            raise Failed(f"not a figure: {line!r}") from None
        if len(words) != 2 or not math.isfinite(value) or value < 0:
            raise Failed(f"not a figure: {line!r}")
        if name in found.figures:
            raise Failed(f"printed twice: {name}")
        found.figures[name] = value
    return found


def processors(count):
    """The last `count` processors this process may run on; the first ones serve most interrupts.

    None if there are not so many.
    """
    allowed = sorted(os.sched_getaffinity(0))
    return set(allowed[-count:]) if len(allowed) >= count else None


def other_processors(taken):
    """The processors this process may run on without those of a set; None if none is left."""
    return (os.sched_getaffinity(0) - taken) or None


def in_child(pinned_to=None):
    """What a new process is to do first: stay on these processors, and not outlive this one."""
    def prepare():
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if pinned_to:
            os.sched_setaffinity(0, pinned_to)
    return prepare


def check_status(status, said, command):
    """Raises what a program's exit status means, which wrote `said` to its standard error."""
    # As usage errors end a program: the measure is not one of those it knows.
    if status == 2 and said.startswith("usage:"):
        raise NotMeasured(command[1])
    if status:
        lines = said.strip().splitlines()
        raise Failed(f"status {status}" + (f": {lines[-1]}" if lines else ""))


def invoke(command, pinned_to=None, seconds=300):
    """Runs a program to its end, on the processors given, and parses what it prints."""
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=seconds,
                              preexec_fn=in_child(pinned_to))
    except subprocess.TimeoutExpired:
        raise Failed(f"not finished after {seconds} s") from None
    check_status(done.returncode, done.stderr, command)
    output = parse(done.stdout)
    if not output.figures:
        raise Failed("printed no figure")
    return output


@dataclasses.dataclass
class Case:
    """One program and one family of measures: run() returns Output."""
    family: str
    program: str
    run: object


class Results:
    """The figures of all rounds."""

    def __init__(self):
        self.values = {}  # (measure, program, variant) to {round: number}
        self.families = {}  # measure to the family it is of
        self.failures = {}  # (family, program) to a message
        self.remarks = {}  # program to remarks

    def add(self, case, round_number, output):
        program = case.program
        for name, value in output.figures.items():
            measure, _, variant = name.partition("/")
            self.families.setdefault(measure, case.family)
            self.values.setdefault((measure, program, variant), {})[round_number] = value
        kept = self.remarks.setdefault(program, [])
        kept += [remark for remark in output.remarks if remark not in kept]


def interleave(cases, rounds, warm_ups=1, progress=lambda text: None, seconds=math.inf):
    """Runs all cases in turn, `rounds` times, after `warm_ups` times that do not count.

    There are fewer rounds, but at least one, when another like the last would take longer in all
    than `seconds`.

    Within a family the programs follow each other at once, so that what disturbs the machine
    disturbs them alike, and each round begins with another one. A case that fails is left out from
    then on.
    """
    results = Results()
    families = {}
    for case in cases:
        families.setdefault(case.family, []).append(case)
    start = now = time.monotonic()
    for number in range(-warm_ups, rounds):
        before, now = now, time.monotonic()
        if number > 0 and now + (now - before) - start > seconds:
            break
        what = f"round {number + 1} of {rounds}" if number >= 0 else "warm-up"
        for family, members in families.items():
            for turn in range(len(members)):
                case = members[(turn + number) % len(members)]
                key = (family, case.program)
                if key in results.failures:
                    continue
                progress(f"{what}: {family}, {case.program}")
                try:
                    output = case.run()
                except NotMeasured:
                    results.failures[key] = None
                except Failed as error:
                    results.failures[key] = str(error)
                else:
                    if number >= 0:
                        results.add(case, number, output)
    progress("")
    return results
