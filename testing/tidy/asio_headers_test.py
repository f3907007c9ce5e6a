#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: BSL-1.0
"""net/asio/headers.bzl knows every header of Asio, each of its headers compiles alone, and
docs/asio_compat.md says what it says.

`asio_headers_test.py --write` writes the table of the document anew.
"""

import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
DOCUMENT = ROOT / "docs/asio_compat.md"
BEGIN = "<!-- begin: written by testing/tidy/asio_headers_test.py --write -->\n"
END = "<!-- end -->\n"

# What programs use of a header that Asio's brings, though it is of another one.
ALSO_USED = {
    "asio/bind_executor.hpp": ["asio::execution::context_t"],
    "asio/dispatch.hpp": ["asio::execution::context_t", "asio::error_code"],
    "asio/ip/tcp.hpp": ["asio::io_context", "asio::steady_timer", "asio::mutable_buffer"],
    "asio/ip/udp.hpp": ["asio::io_context", "struct stat"],
    "asio/read.hpp": ["asio::const_buffer", "asio::error_code"],
    "asio/signal_set.hpp": ["asio::io_context", "asio::execution::any_executor<>"],
    "asio/spawn.hpp": ["asio::io_context::strand", "asio::error_code"],
    "asio/steady_timer.hpp": ["asio::io_context", "asio::any_io_executor"],
    "asio/strand.hpp": ["asio::execution::blocking_t", "asio::deferred_t"],
    "asio/system_executor.hpp": ["asio::execution_context"],
}

failures = []


def fail(message):
    failures.append(message)


def tables():
    values = {}
    exec((ROOT / "net/asio/headers.bzl").read_text(), values)  # a subset of both languages
    return values


def check_names(forwards, empty, missing, also, legacy):
    expected = set((HERE / "asio_header_names.txt").read_text().split()) - {"asio.hpp"}
    known = set(forwards) | set(empty) | set(missing)
    for name in sorted(expected - known):
        fail(f"{name}: Asio has it, net/asio/headers.bzl does not know it")
    for name in sorted(set(legacy) & (expected | known)):
        fail(f"{name}: Asio has it, so it is not for old programs alone")
    for name in sorted(known - expected):
        if not name.startswith("asio/detail/"):
            fail(f"{name}: Asio has no such header")
    if len(known) != len(forwards) + len(empty) + len(missing):
        fail("a header is in two tables")
    for name, includes in {**forwards, **legacy}.items():
        for header in includes:
            if header not in forwards and not (ROOT / header).is_file():
                fail(f"{name}: includes {header}, which does not exist")
    for name, others in also.items():
        for other in [name] + others:
            if other not in forwards:
                fail(f"{name}: brings besides {other}, which is not there")
    for table in forwards, empty, missing, also, legacy:
        if list(table) != sorted(table):
            fail("a table is not sorted")


# --- Each header alone ----------------------------------------------------------------------------


def write_headers(directory, values):
    for name, includes in {**values["FORWARDS"], **values["LEGACY"]}.items():
        once = "" if name in values["REPEATED"] else "#pragma once\n"
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        first = ["net/legacy/opt_in.h"] if name in values["LEGACY"] else []
        headers = first + ["net/asio/config.h"] + includes + values["ALSO"].get(name, [])
        path.write_text(once + "".join(f'#include "{header}"\n' for header in headers))


def compiles(directory, name):
    command = [os.environ.get("CXX", "g++"), "-std=c++20", "-fsyntax-only", "-Wall", "-Wextra"]
    command += ["-DNET_NAMESPACE=asio", f"-I{ROOT}", f"-I{directory}", "-x", "c++", "-"]
    source = f"#include <{name}>\n"
    source += "".join(f"static_assert(sizeof({used}));\n" for used in ALSO_USED.get(name, []))
    done = subprocess.run(command, input=source, capture_output=True, text=True)
    if done.returncode or done.stderr:
        fail(f"{name} alone:\n{done.stderr[:2000]}")


def check_alone(values):
    # Of those that include the same, one.
    distinct = {}
    for name, includes in values["FORWARDS"].items():
        distinct.setdefault((*includes, *values["ALSO"].get(name, [])), name)
    for name in [*ALSO_USED, *values["LEGACY"]]:
        distinct[name] = name
    with tempfile.TemporaryDirectory() as scratch:
        directory = pathlib.Path(scratch)
        write_headers(directory, values)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda name: compiles(directory, name), set(distinct.values())))
    return len(set(distinct.values()))


# --- The document ---------------------------------------------------------------------------------


def cases_by_header():
    cases = {}
    directory = ROOT / "testing/conformance"
    for path in sorted(directory.glob("**/*_test.cc")):
        case = str(path.relative_to(directory))[: -len("_test.cc")]
        for name in re.findall(r"#include <(asio[^>]*)>", path.read_text()):
            cases.setdefault(name, []).append(case)
    return cases


def is_legacy(header):
    """Whether there is nothing in it but where NET_LEGACY is defined."""
    if not header.startswith("net/"):
        return False
    code = re.sub(r"//.*|#pragma once", "", (ROOT / header).read_text()).strip()
    return code.startswith("#ifdef NET_LEGACY") and code.endswith("#endif") and code.count("#") == 3


def table(values):
    cases = cases_by_header()
    rows = ["| Asio | here | conformance | state |\n", "|---|---|---|---|\n"]
    names = {**values["FORWARDS"], **values["EMPTY"], **values["LEGACY"], **values["MISSING"]}
    for name in sorted(names):
        tested = ", ".join(cases.get(name, []))
        if name in values["FORWARDS"]:
            headers = names[name] or ["net/asio/config.h"]
            ours = ", ".join(f"`{header}`" for header in headers if header != "net/asio/chrono.h")
            state = "empty but for old programs" if all(map(is_legacy, headers)) else "there"
            rows.append(f"| `{name}` | {ours} | {tested} | {state} |\n")
        elif name in values["LEGACY"]:
            ours = ", ".join(f"`{header}`" for header in names[name])
            rows.append(f"| `{name}` | {ours} | {tested} | for old programs |\n")
        elif name in values["EMPTY"]:
            rows.append(f"| `{name}` | | | empty: {names[name]} |\n")
        else:
            rows.append(f"| `{name}` | | | missing: {names[name]} |\n")
    return "".join(rows)


def check_document(values, write):
    text = DOCUMENT.read_text()
    head, rest = text.split(BEGIN)
    _, tail = rest.split(END)
    wanted = head + BEGIN + "\n" + table(values) + "\n" + END + tail
    if write:
        DOCUMENT.write_text(wanted)
    elif wanted != text:
        fail("docs/asio_compat.md is not what net/asio/headers.bzl and testing/conformance say: "
             "run testing/tidy/asio_headers_test.py --write")


def main():
    values = tables()
    if "--write" in sys.argv:
        check_document(values, True)
        return 0
    check_names(*(values[name] for name in ["FORWARDS", "EMPTY", "MISSING", "ALSO", "LEGACY"]))
    check_document(values, False)
    compiled = check_alone(values)
    for message in failures:
        print(message)
    if not failures:
        print(f"{len(values['FORWARDS'])} headers, {compiled} different ones compile alone, "
              f"{len(values['EMPTY'])} empty, {len(values['MISSING'])} missing")
    return len(failures) > 0


sys.exit(main())
