# SPDX-License-Identifier: BSL-1.0
"""What the figures of several rounds say: medians, their spread, and ratios against one program.

A ratio is taken within a round, where both programs ran one after the other, and the ratios of all
rounds are then summed up like figures: a machine that is slower for a while changes both sides.
"""

import dataclasses
import itertools
import statistics


@dataclasses.dataclass(frozen=True)
class Unit:
    """What figures are in; from a million on they are shown in the larger unit, if there is one."""
    name: str
    larger: str = ""


NANOSECONDS = Unit("ns", "ms")
BYTES = Unit("B")


@dataclasses.dataclass
class Summary:
    median: float
    lower_quartile: float
    upper_quartile: float
    lowest: float
    highest: float


def summarize(values):
    """The Summary of at least one number."""
    values = sorted(values)
    if len(values) == 1:
        lower = upper = values[0]
    else:
        lower, _, upper = statistics.quantiles(values, n=4, method="inclusive")
    return Summary(statistics.median(values), lower, upper, values[0], values[-1])


@dataclasses.dataclass
class Row:
    """One line of the table."""
    measure: str
    program: str
    variant: str
    values: list
    figure: Summary
    ratio: Summary  # to the baseline's figure; None where there is nothing to compare with
    unit: Unit = NANOSECONDS

    @property
    def label(self):
        return f"{self.program}, {self.variant}" if self.variant else self.program


def _pairs(mine, theirs):
    """This program's figure and the baseline's, of each round that has both."""
    return [(mine[number], theirs[number]) for number in sorted(mine) if number in theirs]


def rows(results, baseline, programs, unit_of=lambda measure: NANOSECONDS):
    """The rows of run.Results: measures in the order they were run, programs in the order given.

    Where the baseline itself has variants, others are compared with its first.
    """
    found = []
    for measure in dict.fromkeys(key[0] for key in results.values):
        of_measure = {key: by_round for key, by_round in results.values.items()
                      if key[0] == measure}
        base_key = next((key for key in of_measure if key[1] == baseline), None)
        for program in programs:
            for key, by_round in of_measure.items():
                if key[1] != program:
                    continue
                ratio = None
                if base_key and key != base_key:
                    ratios = [mine / base for mine, base in _pairs(by_round, of_measure[base_key])
                              if base > 0]
                    ratio = summarize(ratios) if ratios else None
                values = [by_round[number] for number in sorted(by_round)]
                found.append(Row(measure, program, key[2], values, summarize(values), ratio,
                                 unit_of(measure)))
    return found


def _in(scale, value):
    """Three significant digits or all before the point, without an exponent."""
    value /= scale
    for digits, limit in ((4, 0.09995), (3, 0.9995), (2, 9.995), (1, 99.95)):
        if value < limit:
            return f"{value:.{digits}f}"
    return f"{value:.0f}"


def _figure(value, unit):
    scale, name = (1e6, unit.larger) if unit.larger and value >= 1e6 else (1, unit.name)
    return f"{_in(scale, value)} {name}"


def table(found, baseline):
    """The rows as text."""
    head = ("measure", "program", "median", "least", f"/ {baseline}", "least .. most")
    lines = []
    for row in found:
        ratio = spread = ""
        if row.ratio:
            ratio = _in(1, row.ratio.median)
            spread = f"{_in(1, row.ratio.lowest)} .. {_in(1, row.ratio.highest)}"
        lines.append((row.measure, row.label, _figure(row.figure.median, row.unit),
                      _figure(row.figure.lowest, row.unit), ratio, spread))
    widths = [max(len(cells[column]) for cells in [head] + lines) for column in range(len(head))]

    def line(*cells):
        aligned = [cell.ljust(width) if column < 2 else cell.rjust(width)
                   for column, (cell, width) in enumerate(zip(cells, widths))]
        return "  ".join(aligned).rstrip()

    text = [line(*head)]
    for measure, of_measure in itertools.groupby(lines, key=lambda cells: cells[0]):
        text.append("")
        for cells in of_measure:
            text.append(line(measure, *cells[1:]))
            measure = ""
    return "\n".join(text)


def as_data(found):
    """The rows for JSON. All figures are in the smaller unit."""
    return [{
        "measure": row.measure,
        "program": row.program,
        "variant": row.variant,
        "unit": row.unit.name,
        "figure": dict(dataclasses.asdict(row.figure), values=row.values),
        "ratio": dataclasses.asdict(row.ratio) if row.ratio else None,
    } for row in found]
