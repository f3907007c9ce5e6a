#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: BSL-1.0
"""Draws what comparisons measured, and writes the page that shows it.

Reads files that --json wrote, and makes a directory of them: a picture for each family, and a
README.md with the pictures, the same figures as tables, and on what machine, when, of what commit
and by what command they were measured. All of the directory is written anew; pictures in it that
are not made this time are removed.
"""

import argparse
import collections
import json
import os
import pathlib
import sys
import textwrap

import plot_page

_WIDTH = 9.0  # inches, as all sizes here
_BAR = 0.34
_PANEL = 0.62  # title and axis of a measure
_HEAD = 0.42
_RATIOS = 0.72  # the column at the right
_LINE = 0.165  # of the text under a picture
_FOOT_COLUMNS = 150  # characters

_LEGEND = ("Bars are medians, whiskers quartiles. At the right, what a program takes divided by "
           "what ours takes, the first of its rows.")

# A card of its own, so that it is read on a light page and on a dark one.
_CARD = "#fdfdfc"
_EDGE = "#d4d7dd"
_TEXT = "#1f2430"
_MUTED = "#5b6472"
_OURS = "#1d5fd0"
_PEERS = {"raw": "#5b6472", "asio": "#c2630a", "boost_asio": "#dc9a4a", "boost": "#7d4cc2",
          "uv": "#b8336a", "go": "#0d8a8a"}
_OTHER = "#8b93a1"


def load_matplotlib():
    """matplotlib.pyplot, made to write the same file for the same figures."""
    try:
        import matplotlib
    except ImportError:
        sys.exit("matplotlib is not installed for this Python; the Debian package "
                 "python3-matplotlib brings it for /usr/bin/python3")
    matplotlib.use("svg")
    matplotlib.rcParams.update({
        "svg.hashsalt": "netpoll",
        "svg.fonttype": "none",  # letters stay text: small files that can be searched
        "font.family": ["sans-serif"],
        "font.size": 9,
        "text.color": _TEXT, "axes.labelcolor": _TEXT,
        "xtick.color": _MUTED, "ytick.color": _TEXT,
        "text.parse_math": False,
    })
    from matplotlib import pyplot
    return pyplot


def by_family(data):
    """{family: {measure: results}}, in the order they were measured."""
    families = [name for part in data.get("parts", []) for name in part["families"]]
    found = collections.OrderedDict()
    for result in data["results"]:
        family = result.get("family") or _family_of(result["measure"], families)
        found.setdefault(family, collections.OrderedDict()).setdefault(
            result["measure"], []).append(result)
    return found


def _family_of(measure, families):
    """Of families whose name the measure's begins with, the one that says most of it."""
    named = [name for name in families if measure == name or measure.startswith(name + "_")]
    return max(named, key=len, default=measure)


def _beside(axes, where, coordinates, text, xytext=(_RATIOS * 72 - 6, 0), **more):
    """Text that ends at the right end of the column of ratios."""
    axes.annotate(text, where, xycoords=coordinates, xytext=xytext, textcoords="offset points",
                  ha="right", fontsize=8.5, color=_MUTED, **more)


def _draw_measure(axes, results, title, scale):
    """Bars of one measure, the first one on top."""
    programs = {result["program"] for result in results}
    places = range(len(results))
    medians = [scale.of(result["figure"]["median"]) for result in results]
    below = [median - scale.of(result["figure"]["lower_quartile"])
             for median, result in zip(medians, results)]
    above = [scale.of(result["figure"]["upper_quartile"]) - median
             for median, result in zip(medians, results)]
    colours = [_OURS if result["program"] == "ours" else _PEERS.get(result["program"], _OTHER)
               for result in results]
    axes.barh(places, medians, height=0.66, color=colours, zorder=2)
    # Dark with a light rim, to be seen on bars of any colour.
    for colour, width, cap in ((_CARD, 2.8, 3.4), (_TEXT, 1.1, 2.6)):
        axes.errorbar(medians, places, xerr=[below, above], fmt="none", ecolor=colour,
                      elinewidth=width, capsize=cap, capthick=width, zorder=3)
    for place, result, median, more in zip(places, results, medians, above):
        text = scale.text(result["figure"]["median"])
        axes.annotate(text, (median + more, place), xytext=(6, 0), textcoords="offset points",
                      va="center", fontsize=8.5)
        if result["ratio"]:
            _beside(axes, (1, place), ("axes fraction", "data"),
                    plot_page.ratio_text(result["ratio"]["median"]), va="center")
    if any(result["ratio"] for result in results):
        _beside(axes, (1, 1), "axes fraction", "÷ ours", xytext=(_RATIOS * 72 - 6, 5))
    axes.set_yticks(list(places), [plot_page.label(result, len(programs)) for result in results])
    axes.set_ylim(len(results) - 0.45, -0.55)
    axes.set_title(title, loc="left", fontsize=9.5, pad=5)
    axes.tick_params(axis="y", length=0)
    axes.tick_params(axis="x", length=0, labelsize=8)
    axes.grid(axis="x", color=_EDGE, linewidth=0.7, zorder=0)
    axes.set_facecolor(_CARD)
    for side in ("top", "right", "bottom"):
        axes.spines[side].set_visible(False)
    axes.spines["left"].set_color(_MUTED)


def _limits(measures):
    """How far the axis of each measure goes: alike where one axis can show them all."""
    ends = {measure: max(result["figure"]["upper_quartile"] for result in results)
            for measure, results in measures.items()}
    if max(ends.values()) < 4 * min(ends.values()):
        ends = dict.fromkeys(ends, max(ends.values()))
    return ends


def draw(pyplot, name, about, measures, facts, file):
    """One picture."""
    rows = [len(results) for results in measures.values()]
    foot = [line for fact in facts for line in textwrap.wrap(fact, _FOOT_COLUMNS)]
    bottom = _LINE * len(foot) + 0.2
    heights = [_PANEL + _BAR * count for count in rows]
    head = _HEAD + (0.22 if about else 0)
    height = head + sum(heights) + bottom
    figure = pyplot.figure(figsize=(_WIDTH, height), facecolor=_CARD, edgecolor=_EDGE, linewidth=2)
    longest = max(len(plot_page.label(result, 2)) for results in measures.values()
                  for result in results)
    left = min(2.9, 0.35 + 0.078 * longest)
    figure.text(0.02, 1 - 0.16 / height, name, fontsize=13, weight="bold", va="top")
    figure.text(0.02, 1 - 0.41 / height, about, fontsize=9, color=_MUTED, va="top")
    top = height - head
    ends = _limits(measures)
    for (measure, results), each in zip(measures.items(), heights):
        scale = plot_page.Scale(results[0]["unit"], ends[measure])
        axes = figure.add_axes((left / _WIDTH, (top - each + 0.26) / height,
                                1 - (left + _RATIOS + 0.15) / _WIDTH,
                                (each - _PANEL) / height))
        title = f"{measure}, {scale.name}" if len(measures) > 1 else scale.name
        # Room for what is written behind the bars.
        axes.set_xlim(0, scale.of(ends[measure]) * 1.14 or 1)
        _draw_measure(axes, results, title, scale)
        top -= each
    for number, line in enumerate(foot):
        figure.text(0.02, (bottom - 0.06 - _LINE * number) / height, line, fontsize=7.5,
                    color=_MUTED, va="top")
    # No date of drawing: it says nothing that the date of measuring does not.
    figure.savefig(file, metadata={"Date": None}, facecolor=_CARD, edgecolor=_EDGE)
    pyplot.close(figure)


def _read(argument, base):
    """A file, and the target that measured it."""
    target, equals, file = argument.rpartition("=")
    text = (base / file).read_text(encoding="utf-8")
    return json.loads(text), target if equals else "//testing/bench:compare"


def main(argv):
    options = argparse.ArgumentParser(description=__doc__,
                                      formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("figures", nargs="*", metavar="[TARGET=]FILE",
                         help="what --json wrote, and who (//testing/bench:compare); without any, "
                              "the page has its introduction alone")
    options.add_argument("--to", default="docs/benchmarks", metavar="DIRECTORY",
                         help="what to write (docs/benchmarks)")
    asked = options.parse_args(argv)
    pyplot = load_matplotlib() if asked.figures else None

    # Bazel runs the program elsewhere than where it was started.
    base = pathlib.Path(os.environ.get("BUILD_WORKING_DIRECTORY", "."))
    directory = base / asked.to
    directory.mkdir(parents=True, exist_ok=True)
    drawn = set()
    sections = []
    for argument in asked.figures:
        data, target = _read(argument, base)
        families = by_family(data)
        about = plot_page.about_families(data)
        facts = plot_page.facts(data, target)
        for name, measures in families.items():
            file = directory / f"{name}.svg"
            if file in drawn:
                sys.exit(f"there are two families {name}")
            draw(pyplot, name, about.get(name, ""), measures, [_LEGEND, *facts], file)
            drawn.add(file)
        sections.append(plot_page.section(data, target, families, about))
    for old in set(directory.glob("*.svg")) - drawn:
        old.unlink()
    (directory / "README.md").write_text(plot_page.page(sections), encoding="utf-8")
    print(f"{len(drawn)} pictures and README.md in {directory}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
