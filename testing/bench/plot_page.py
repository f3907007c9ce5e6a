# SPDX-License-Identifier: BSL-1.0
"""The words and tables of what plot.py writes."""

import datetime

_INTRODUCTION = """\
# Benchmarks

This library beside what one would use instead, measured in turn on the same machine. This page and
its pictures are written by a program; nothing here is entered by hand:

```
./bazelw run //testing/bench:compare -- --json /tmp/compare.json
./bazelw run //testing/bench:plot -- /tmp/compare.json
```

[testing/bench](../../testing/bench/README.md) says what is measured and how, what each peer is
given, and how to run a part of it.

- A figure is the median of all rounds; whiskers, and the column beside it, are the quartiles.
- A ratio is what a program takes divided by what ours takes, within each round: above 1 ours takes
  less. Where ours has several rows, the first is what all others are held against. The tables have
  the ratios' median, least and most.
- Other machines have other figures. What holds elsewhere, if anything, are the ratios.
"""


class Scale:
    """What figures up to a largest one are written in, so that they are short."""

    _LARGER = {
        "ns": (("s", 1e9), ("ms", 1e6), ("µs", 1e3)),
        "B": (("MiB", 2**20), ("KiB", 2**10)),
    }

    def __init__(self, unit, largest):
        self.name, self._divisor = unit, 1
        for name, divisor in self._LARGER.get(unit, ()):
            if largest >= divisor:
                self.name, self._divisor = name, divisor
                break

    def of(self, value):
        return value / self._divisor

    def number(self, value):
        return _digits(self.of(value))

    def text(self, value):
        return f"{self.number(value)} {self.name}"


def _digits(value):
    """Three significant digits, or all before the point."""
    for digits, limit in ((4, 0.09995), (3, 0.9995), (2, 9.995), (1, 99.95)):
        if value < limit:
            return f"{value:.{digits}f}" if value else "0"
    return f"{value:,.0f}"


def _span(summary, least, most, digits):
    return f"{digits(summary[least])} – {digits(summary[most])}"


def ratio_text(ratio):
    return f"{ratio:.2f} ×" if ratio >= 0.095 else f"{ratio:.3f} ×"


def label(result, programs):
    """Of a row; the program goes without saying where there is but one, with variants."""
    if not result["variant"]:
        return result["program"]
    if programs == 1:
        return result["variant"]
    return f"{result['program']}, {result['variant']}"


def about_families(data):
    """What is measured, by family, as far as the file says it."""
    return {name: text for part in data.get("parts", [])
            for name, text in part.get("about", {}).items()}


def _rounds(data):
    """Rounds and share of the work, which parts may have different ones of."""
    parts = data.get("parts") or [data]
    rounds = "/".join(dict.fromkeys(str(part["rounds"]) for part in parts))
    work = "/".join(dict.fromkeys(f"{part['work']:g}" for part in parts))
    return f"{rounds} rounds" + ("" if work == "1" else f", {work} of the usual work")


def _date(data):
    when = datetime.datetime.fromisoformat(data["date"]).astimezone(datetime.timezone.utc)
    return f"{when:%Y-%m-%d %H:%M} UTC"


def command(data, target):
    arguments = f" -- {data['command']}" if data["command"] else ""
    return f"./bazelw run {target}{arguments}"


def facts(data, target):
    """Lines of where, when, what and how."""
    machine = data["machine"]
    return [
        f"{machine['processor']}, {machine['processors']} processors, Linux {machine['kernel']}, "
        f"load {machine['load']:.2f} at the start. {_date(data)}, "
        f"commit {data['commit'] or 'unknown'}, {_rounds(data)}.",
        "; ".join(f"{name}: {version}" for name, version in data["programs"].items()) + ".",
        command(data, target),
    ]


def _table(head, rows):
    def line(cells):
        return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"
    rule = "|" + "|".join("---:" if cell.startswith(">") else "---" for cell in head) + "|"
    return "\n".join([line(cell.lstrip(">") for cell in head), rule, *map(line, rows)])


def _family_table(measures):
    rows = []
    for measure, results in measures.items():
        scale = Scale(results[0]["unit"], max(result["figure"]["median"] for result in results))
        programs = len({result["program"] for result in results})
        for number, result in enumerate(results):
            figure, ratio = result["figure"], result["ratio"]
            rows.append((
                "" if number else measure,
                label(result, programs),
                scale.text(figure["median"]),
                _span(figure, "lower_quartile", "upper_quartile", scale.number),
                _digits(ratio["median"]) if ratio else "",
                _span(ratio, "lowest", "highest", _digits) if ratio else "",
            ))
    head = ("measure", "program", ">median", ">quartiles", ">÷ ours", ">least – most")
    return _table(head, rows)


def _targets_table(targets):
    rows = []
    for target in targets:
        unit = "" if target["unit"] == "ratio" else f" {target['unit']}"
        ours = target["ours"]
        peers = ", ".join(f"{name} {_digits(each['median'])}" for name, each in
                          target["peers"].items())
        rows.append((target["what"], peers,
                     f"{_digits(ours['median'])}{unit}",
                     _span(ours, "lower_quartile", "upper_quartile", _digits),
                     f"≤ {_digits(target['limit'])}{unit}", target["reached"]))
    return _table(("what", "peers", ">ours", ">quartiles", ">to reach", "reached"), rows)


def section(data, target, families, about):
    """All that one file has to say."""
    text = [f"## {target.rpartition(':')[2]}"]
    text.append("\n".join([
        "```", command(data, target), "```", "",
        *(f"- {line}" for line in facts(data, target)[:1]),
        *(f"- {name}: {version}" for name, version in data["programs"].items()),
        *(f"- {name} was left out: {message.splitlines()[0]}"
          for name, message in data["absent"].items()),
        *(f"- {case} failed: {message.splitlines()[0]}"
          for case, message in data["failed"].items()),
    ]))
    if data.get("targets"):
        text += ["### What is to be reached", _targets_table(data["targets"])]
    for name, measures in families.items():
        text.append(f"### {name}")
        if about.get(name):
            text.append(about[name][0].upper() + about[name][1:] + ".")
        text += [f"![{name}: a bar for each program, as in the table]({name}.svg)",
                 _family_table(measures)]
    return "\n\n".join(text)


def page(sections):
    return "\n\n".join([_INTRODUCTION.rstrip(), *sections]) + "\n"
