"""The headers that go by Asio's names, written from the tables of headers.bzl."""

load(":headers.bzl", "ALSO", "EMPTY", "FORWARDS", "LEGACY", "MISSING", "NOT_IN_UMBRELLA", "REPEATED")

_HEAD = """// SPDX-License-Identifier: BSL-1.0
//
// Generated from net/asio/headers.bzl.
"""

def _forwarder(includes, once = True, first = []):
    lines = ["#include \"%s\"" % header for header in first + ["net/asio/config.h"] + includes]
    return _HEAD + ("#pragma once\n" if once else "") + "\n" + "\n".join(lines) + "\n"

def _empty(why):
    return "%s//\n// Empty: %s.\n#pragma once\n\n#include \"net/asio/config.h\"\n" % (_HEAD, why)

def _missing(name, why):
    return "%s\n#error \"<%s> is not there: %s\"\n" % (_HEAD, name, why)

def _in_umbrella(name):
    for prefix in NOT_IN_UMBRELLA:
        if name.startswith(prefix):
            return False
    return True

def _asio_headers_impl(ctx):
    texts = {
        name: _forwarder(includes + ALSO.get(name, []), once = name not in REPEATED)
        for name, includes in FORWARDS.items()
    }
    texts.update({
        name: _forwarder(includes, first = ["net/legacy/opt_in.h"])
        for name, includes in LEGACY.items()
    })
    texts.update({name: _empty(why) for name, why in EMPTY.items()})
    texts.update({name: _missing(name, why) for name, why in MISSING.items()})
    texts["asio.hpp"] = _forwarder([name for name in sorted(FORWARDS.keys()) if _in_umbrella(name)])
    files = []
    for name, text in texts.items():
        file = ctx.actions.declare_file("include/" + name)
        ctx.actions.write(file, text)
        files.append(file)
    return [DefaultInfo(files = depset(files))]

# No tool runs, so the headers need nothing of the host.
asio_headers = rule(
    implementation = _asio_headers_impl,
    doc = "Writes asio.hpp and asio/*.hpp to include/.",
)
