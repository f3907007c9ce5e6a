"""The headers that go by Asio's names, written from the tables of headers.bzl."""

load(":headers.bzl", "EMPTY", "FORWARDS", "NOT_IN_UMBRELLA")

def _text(includes, why_empty = None):
    lines = ["// SPDX-License-Identifier: BSL-1.0", "//", "// Generated from net/asio/headers.bzl."]
    if why_empty:
        lines.append("// Empty: %s." % why_empty)
    lines += ["#pragma once", ""]
    lines += ["#include \"%s\"" % header for header in ["net/asio/config.h"] + includes]
    return "\n".join(lines) + "\n"

def _in_umbrella(name):
    for prefix in NOT_IN_UMBRELLA:
        if name.startswith(prefix):
            return False
    return True

def _asio_headers_impl(ctx):
    texts = {name: _text(includes) for name, includes in FORWARDS.items()}
    texts.update({name: _text([], why) for name, why in EMPTY.items()})
    texts["asio.hpp"] = _text([name for name in sorted(FORWARDS.keys()) if _in_umbrella(name)])
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
