#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: BSL-1.0
"""Measures what does not depend on the machine's mood: compile time, size of headers, instructions.

Compile time is processor time of the compiler. What the preprocessor makes of a header, and the
instructions of an echo, are the same each time: they are counted once.
"""

import dataclasses
import functools
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile

import instructions
from harness import build, report, run, session

# Bazel starts a link to this file, and what is compiled is in the source tree.
_HERE = pathlib.Path(__file__).resolve().parent
_PEERS = _HERE / "peers"
_ROOT = _HERE.parents[1]

_COMPILER = "g++"
_FLAGS = ["-std=c++20", "-O2", f"-I{_ROOT}"]
_PATIENCE = 300  # seconds for one run of the compiler
_ECHOES = 2_000  # that are counted


@dataclasses.dataclass(frozen=True)
class Subject:
    """What is compiled and counted of one library: what its program's build() returns."""
    header: str  # the whole library
    source: pathlib.Path  # an echo server
    flags: tuple = ()
    headers: tuple = ()  # parts of it that can be included alone
    counted: str = None  # path of a program with the measures of instructions_ours.cc
    echoes: tuple = ()  # (measure of it, variant)


def _compile(arguments, text=None):
    """Runs the compiler. Returns its output and the processor time it took, in nanoseconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        done = subprocess.run([_COMPILER, *_FLAGS, *arguments], check=False, capture_output=True,
                              input=text, timeout=_PATIENCE,
                              env=dict(os.environ, LC_ALL="C", CCACHE_DISABLE="1"))
    except subprocess.TimeoutExpired:
        raise run.Failed(f"the compiler has not finished after {_PATIENCE} s") from None
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise run.Failed(said[0] if said else f"the compiler ended with {done.returncode}")
    seconds = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return done.stdout, seconds * 1e9


def _include(header):
    return f"#include <{header}>\n".encode()


def _compile_include(subject, header):
    """Processor time of compiling a source that does nothing but include the header."""
    with tempfile.TemporaryDirectory() as scratch:
        return _compile([*subject.flags, "-c", "-x", "c++", "-", "-o", f"{scratch}/object"],
                        _include(header))[1]


@functools.cache
def _preprocess(subject, header):
    """Bytes and lines of what the preprocessor makes of an include."""
    text, _ = _compile([*subject.flags, "-E", "-P", "-x", "c++", "-"], _include(header))
    return len(text), text.count(b"\n")


@functools.cache
def _count_echo(program, measure):
    return instructions.per_operation(program, measure, _ECHOES)


class Family:
    """What is done with each subject: figures(subject) returns figures by variant."""

    def __init__(self, name, about, figures, unit=report.NANOSECONDS):
        self.name = name
        self.about = about
        self.unit = unit
        self._figures = figures

    def obstacle(self):
        return None if shutil.which(_COMPILER) else str(build.Missing(_COMPILER, _COMPILER))

    def run(self, subject, _work):
        figures = self._figures(subject)
        if not figures:
            raise run.NotMeasured(self.name)
        return run.Output({f"{self.name}/{variant}" if variant else self.name: value
                           for variant, value in figures.items()}, [])


class CountedFamily(Family):
    """One that counts instructions: not of `program`, ours, if it has a sanitizer, say."""

    def __init__(self, program, *more):
        super().__init__(*more)
        self._program = program

    def obstacle(self):
        # Where there is no program at all, building says so.
        is_there = self._program and os.access(self._program, os.X_OK)
        return instructions.unusable(os.path.abspath(self._program)) if is_there else None


def _compile_echo(subject):
    with tempfile.TemporaryDirectory() as scratch:
        arguments = [*subject.flags, "-c", str(subject.source), "-o", f"{scratch}/object"]
        return {"": _compile(arguments)[1]}


def _headers_of(subject, figure):
    """Of the whole library, and of each header that is not all of it."""
    return {header: figure(subject, header) for header in (subject.header, *subject.headers)}


def _echo_instructions(subject):
    return {variant: _count_echo(subject.counted, measure) for measure, variant in subject.echoes}


_LINES = report.Unit("lines")
_INSTRUCTIONS = report.Unit("instr")


def families(program):
    """Those that compare; `program` is ours to count the instructions of."""
    return [
        Family("compile_echo", "compiling an echo server, with the whole library included",
               _compile_echo),
        Family("preprocessed", "what the preprocessor makes of the whole library",
               lambda subject: {"": _preprocess(subject, subject.header)[0]}, report.BYTES),
        Family("preprocessed_lines", "the same, in lines",
               lambda subject: {"": _preprocess(subject, subject.header)[1]}, _LINES),
        CountedFamily(program, "echo_instructions",
                      "instructions in user space of 64 bytes there and back, both ends together",
                      _echo_instructions, _INSTRUCTIONS),
    ]


# Of every header: a table rather than a comparison, and a while.
HEADER_FAMILIES = [
    Family("header_compile", "compiling a source that includes a header and nothing else",
           lambda subject: _headers_of(subject, _compile_include)),
    Family("header_preprocessed", "what the preprocessor makes of a header",
           lambda subject: _headers_of(
               subject, lambda *what: _preprocess(*what)[0]), report.BYTES),
]


def public_headers():
    """What the header of the whole library includes, in its order."""
    text = (_ROOT / "net" / "net.h").read_text(encoding="utf-8")
    return tuple(re.findall(r'^#include "(net/[^"]+)"', text, re.MULTILINE))


class _Ours:
    name = "ours"

    def __init__(self, program):
        self._program = build.Given(self.name, program)

    def build(self, cache):
        return Subject("net/net.h", _HERE / "compile_ours.cc", headers=public_headers(),
                       counted=self._program.build(cache),
                       echoes=(("handler_echo", "handlers"), ("fiber_echo", "fibers")))

    def version(self):
        return self._program.version()


class _Asio:
    name = "asio"

    def __init__(self):
        self._program = build.Cxx(self.name, _PEERS / "instructions_asio.cc", "libasio-dev",
                                  "asio.hpp", version_macro=("asio/version.hpp", "ASIO_VERSION"))

    def build(self, cache):
        return Subject("asio.hpp", _PEERS / "compile_asio.cc", flags=("-DASIO_STANDALONE",),
                       counted=self._program.build(cache),
                       echoes=(("handler_echo", "handlers"), ("coroutine_echo", "coroutines")))

    def version(self):
        return self._program.version()


class _BoostAsio:
    """Only compiled: in what it executes it is Asio."""
    name = "boost_asio"

    def __init__(self):
        self._installed = build.Cxx(self.name, _PEERS / "compile_asio.cc", "libboost-dev",
                                    "boost/asio.hpp",
                                    version_macro=("boost/version.hpp", "BOOST_LIB_VERSION"))

    def build(self, _cache):
        self._installed.check_installed()
        return Subject("boost/asio.hpp", _PEERS / "compile_asio.cc",
                       flags=("-DBOOST_ASIO_ECHO",))

    def version(self):
        return self._installed.version()


def part(ours):
    """The comparison; `ours` has paths of our programs by name: instructions_ours is taken."""
    program = ours.get("instructions_ours")
    compared = families(program)
    made = session.Comparison(__doc__, compared + HEADER_FAMILIES,
                              [_Ours(program), _Asio(), _BoostAsio()], rounds=5)
    # With --quick, which must end soon.
    made.quick_families = compared
    made.quick_warm_ups = 0
    return made


def main(argv):
    ours = {}
    # What Bazel adds.
    if argv[:1] == ["--ours"]:
        ours = {"instructions_ours": argv[1]}
        argv = argv[2:]
    return session.main(part(ours), argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
