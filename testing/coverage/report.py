#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Prints what gcovr found (its --json), a row for each file, then what was not run.

Ends with status 1 below a threshold.
"""

import argparse
import json
import pathlib
import sys


def rate(covered, total):
    return 100 * covered / total if total else 100.0


def cell(covered, total):
    return f"{covered:5} of {total:<5} {rate(covered, total):6.1f} %"


def ranges(numbers):
    """Consecutive numbers as (first, last)."""
    found = []
    for number in numbers:
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return found


class File:
    def __init__(self, entry):
        self.name = entry["file"]
        lines = [line for line in entry["lines"] if not line.get("gcovr/noncode")]
        self.lines = len(lines)
        self.missed_lines = sorted(line["line_number"] for line in lines if line["count"] == 0)
        self.branches = 0
        # Line number to (missed, all) of those lines that were run but not every way.
        self.missed_branches = {}
        self.missed_branch_count = 0
        for line in lines:
            branches = line.get("branches", [])
            missed = sum(branch["count"] == 0 for branch in branches)
            self.branches += len(branches)
            self.missed_branch_count += missed
            if missed and line["count"] != 0:
                self.missed_branches[line["line_number"]] = (missed, len(branches))

    def row(self):
        return (self.name, self.lines - len(self.missed_lines), self.lines,
                self.branches - self.missed_branch_count, self.branches)

    def print_missed(self):
        source = pathlib.Path(self.name).read_text(encoding="utf-8").splitlines()
        for first, last in ranges(self.missed_lines):
            place = f"{first}" if first == last else f"{first}-{last}"
            print(f"{self.name}:{place}: not run: {source[first - 1].strip()}")
        for number, (missed, total) in sorted(self.missed_branches.items()):
            print(f"{self.name}:{number}: {missed} of {total} branches not taken: "
                  f"{source[number - 1].strip()}")


def print_row(name, lines, all_lines, branches, all_branches):
    print(f"{name:34} {cell(lines, all_lines)}  {cell(branches, all_branches)}")


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--lines", type=float, default=95)
    options.add_argument("--branches", type=float, default=85)
    options.add_argument("--quiet", action="store_true")
    options.add_argument("json")
    asked = options.parse_args()

    with open(asked.json, encoding="utf-8") as found:
        files = sorted((File(entry) for entry in json.load(found)["files"]), key=lambda f: f.name)

    print(f"{'':34} {'lines':^22}  {'branches':^22}")
    for file in files:
        print_row(*file.row())
    _, lines, all_lines, branches, all_branches = (
        ["total"] + [sum(column) for column in zip(*(file.row()[1:] for file in files))])
    print_row("total", lines, all_lines, branches, all_branches)

    if not asked.quiet:
        print()
        for file in files:
            file.print_missed()

    # Nothing measured is a mistake in the measurement.
    if not lines or not branches:
        sys.exit("coverage: nothing was measured")
    if rate(lines, all_lines) < asked.lines or rate(branches, all_branches) < asked.branches:
        sys.exit(f"coverage: below {asked.lines:g} % of lines or {asked.branches:g} % of branches")


if __name__ == "__main__":
    main()
