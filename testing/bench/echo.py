# SPDX-License-Identifier: BSL-1.0
"""The network families of compare.py: servers that echo, answer HTTP or drop what comes.

Each run starts a server (peers/serve.h says how it is called) on one processor and clients
(load.cc, or wrk) on the others. What is compared is the server's processor time for each request:
it depends less than throughput does on what else the machine has to do.
"""

import os
import pathlib
import re
import shutil
import subprocess

from harness import build, run, server, session

# Bazel starts a link to the file that imports this one.
_PEERS = pathlib.Path(__file__).resolve().parent / "peers"

# Ways to program that a server may have; it says itself which it does not.
_STYLES = ["epoll", "handlers", "coroutines", "callbacks", "fibers", "goroutines"]
# A strand for each connection: of families that are about strands.
_STRANDS = ["strands"]
# Far longer than anything takes: what is measured is what it costs to have a deadline.
_DEADLINE_MS = 5000
# A run that does not end by then has failed; the longest takes a few seconds.
_PATIENCE = 120


class _Styles:
    """Which styles a server has: those that it does not end as a usage error for."""

    def __init__(self):
        self._refused = set()

    def serve(self, program, mode, style, threads, deadline_ms, buffer_bytes, pinned_to):
        """A running server, or None."""
        key = (program, mode, style, threads > 1)
        if key in self._refused:
            return None
        try:
            return server.Server([program, mode, style, str(threads), str(deadline_ms),
                                  str(buffer_bytes)], pinned_to)
        except run.NotMeasured:
            self._refused.add(key)
            return None


_styles = _Styles()


class Variation:
    """A way to run a server, whose figures are a measure of their own."""

    def __init__(self, suffix="", threads=1, deadline_ms=0, alone=True):
        self.suffix = suffix
        self.threads = threads
        self.deadline_ms = deadline_ms
        self.alone = alone  # on a processor of its own


_PLAIN = Variation()
_WITH_DEADLINE = Variation("_deadline", deadline_ms=_DEADLINE_MS)
# To be comparable, both may use all processors, as may the clients.
_THREADS = [Variation("_1_thread", alone=False), Variation("_2_threads", threads=2, alone=False)]


class Network:
    """A server and clients that measure it."""

    mode = "echo"

    def __init__(self, name, about, buffer_bytes=4096, variations=(_PLAIN,), styles=None):
        self.name = name
        self.about = about
        self._buffer_bytes = buffer_bytes
        self._variations = variations
        self._only_styles = styles
        self._runs = {}  # program to how often it was run

    def obstacle(self):
        return None if run.processors(2) else "it takes 2 processors"

    def run(self, program, work):
        values = {}
        count = self._runs[program] = self._runs.get(program, 0) + 1
        # What comes second is not at an advantage, nor at a disadvantage.
        variations = self._variations if count % 2 else self._variations[::-1]
        for style in self._only_styles or _STYLES:
            for variation in variations:
                servers = run.processors(1) if variation.alone else None
                clients = run.other_processors(servers) if variation.alone else None
                started = _styles.serve(program, self.mode, style, variation.threads,
                                        variation.deadline_ms, self._buffer_bytes, servers)
                if not started:
                    continue
                with started:
                    values[variation.suffix, style] = self.measure(started, clients, work)
        if not values:
            raise run.NotMeasured(self.name)
        order = [variation.suffix for variation in self._variations]
        figures = {f"{self.name}{suffix}{name}/{style}": value
                   for suffix, style in sorted(values, key=lambda key: order.index(key[0]))
                   for name, value in values[suffix, style].items()}
        return run.Output(figures, [])

    def measure(self, started, clients, work):
        """What is found of a running server: suffixes of the family's name to figures."""
        raise NotImplementedError


class Load(Network):
    """With load.cc as clients."""

    def __init__(self, load, kind, name, about, connections, size, count, rate=None, figures=None,
                 **more):
        super().__init__(name, about, **more)
        self.mode = "sink" if kind == "bulk" else "echo"
        self._load = load
        self._kind = kind
        self._connections = connections
        self._size = size
        self._count = count
        self._rate = rate
        # Of what load.cc prints to a suffix and what is made of it.
        self._figures = figures or {"cpu": ("", lambda value: value)}

    def obstacle(self):
        # Of either process, some descriptors are not connections.
        if server.allow_descriptors() < self._connections + 100:
            return f"it takes {self._connections} descriptors"
        return super().obstacle()

    def measure(self, started, clients, work):
        count = max(1, round(self._count * work))
        command = [self._load, self._kind, str(started.port), str(started.pid),
                   str(self._connections), str(self._size), str(count)]
        if self._rate:
            command.append(str(self._rate))
        said = run.invoke(command, pinned_to=clients, seconds=_PATIENCE).figures
        return {suffix: convert(said[name])
                for name, (suffix, convert) in self._figures.items()}


class Http(Network):
    """With wrk as client, which keeps its connections."""

    mode = "http"

    def __init__(self, name, about, connections, seconds, **more):
        super().__init__(name, about, **more)
        self._connections = connections
        self._seconds = seconds

    def obstacle(self):
        if not shutil.which("wrk"):
            return "wrk is not installed; the Debian package wrk brings it"
        return super().obstacle()

    def measure(self, started, clients, work):
        # It takes whole seconds, and keeps itself to them.
        seconds = max(1, round(self._seconds * work))
        before = started.processor_time()
        try:
            done = subprocess.run(
                ["wrk", "-t1", f"-c{self._connections}", f"-d{seconds}s",
                 f"http://127.0.0.1:{started.port}/"], check=False, capture_output=True, text=True,
                stdin=subprocess.DEVNULL, timeout=seconds + _PATIENCE,
                preexec_fn=run.in_child(clients))
        except subprocess.TimeoutExpired:
            raise run.Failed("wrk did not finish") from None
        used = started.processor_time() - before
        return {"": used / requests_of(done.stdout)}


def requests_of(said):
    """How many requests wrk says were answered well."""
    found = re.search(r"^ *(\d+) requests in ", said, re.MULTILINE)
    bad = re.search(r"Non-2xx|Socket errors", said)
    if not found or int(found[1]) == 0 or bad:
        lines = said.strip().splitlines()
        raise run.Failed("wrk: " + (bad[0] if bad else lines[-1] if lines else "printed nothing"))
    return int(found[1])


def _elapsed(rate):
    return 1e9 / rate


_PROCESSOR_AND_ELAPSED = {"cpu": ("", lambda value: value), "rate": ("_elapsed", _elapsed)}
_LATENCIES = {name: (f"_{name}", lambda value: value) for name in ("p50", "p99", "p999")}


def families(load):
    """All of them."""
    def echo(name, connections, size, count, **more):
        each = "bytes" if size < 1024 else "KiB"
        return Load(load, "closed", name,
                    f"echo of {size if size < 1024 else size // 1024} {each}, "
                    f"{connections} connections", connections, size, count, **more)

    both = (_PLAIN, _WITH_DEADLINE)
    return [
        echo("echo_1", 1, 64, 30_000),
        echo("echo_64", 64, 64, 100_000, variations=both),
        echo("echo_1000", 1000, 64, 100_000, variations=both),
        echo("echo_10000", 10_000, 64, 100_000, variations=both),
        echo("echo_16k_64", 64, 16 * 1024, 20_000, buffer_bytes=16 * 1024),
        echo("echo_16k_1000", 1000, 16 * 1024, 20_000, buffer_bytes=16 * 1024),
        Load(load, "closed", "echo_1000_in", "the same as echo_1000 by 1 and by 2 threads", 1000,
             64, 100_000, variations=_THREADS),
        Load(load, "closed", "echo_1000_strands_in",
             "the same, each connection with a strand of its own", 1000, 64, 100_000,
             variations=_THREADS, styles=_STRANDS),
        Http("http_64", "HTTP under wrk, 64 connections", 64, 2),
        Load(load, "connect", "connect", "a connection, one byte echoed, and its end", 64, 1,
             20_000, figures=_PROCESSOR_AND_ELAPSED),
        Load(load, "bulk", "bulk", "a MiB received, of 4 connections that send what they can", 4,
             64 * 1024, 2000, buffer_bytes=64 * 1024, figures=_PROCESSOR_AND_ELAPSED),
        Load(load, "open", "latency", "echo of 64 bytes, 64 connections, 10,000 requests a second",
             64, 64, 20_000, rate=10_000, figures=_LATENCIES),
    ]


def quick_families(load):
    """What targets.py needs."""
    # Asio's coroutines take as long again, and there is no aim that they have to do with.
    styles = [each for each in _STYLES if each != "coroutines"]
    count = 15_000
    return [
        Load(load, "closed", "echo_64", "", 64, 64, count, styles=styles),
        Load(load, "closed", "echo_1000", "", 1000, 64, count, styles=styles,
             variations=(_PLAIN, _WITH_DEADLINE)),
        Load(load, "closed", "echo_1000_in", "", 1000, 64, count, styles=styles,
             variations=_THREADS),
    ]


def part(ours):
    """The families, and the servers that are compared; `ours` has paths of programs by name."""
    load = ours.get("load", "")
    if load:
        load = os.path.abspath(load)
    programs = [
        build.Given("ours", ours.get("echo_ours")),
        build.C("raw", _PEERS / "echo_raw.c", "libc6-dev", "sys/epoll.h"),
        build.Cxx("asio", _PEERS / "echo_asio.cc", "libasio-dev", "asio/version.hpp",
                  version_macro=("asio/version.hpp", "ASIO_VERSION")),
        build.C("uv", _PEERS / "echo_uv.c", "libuv1-dev", "uv.h", libraries=["-luv"],
                version_macro=("uv/version.h", "UV_VERSION_MINOR")),
        build.Cxx("boost", _PEERS / "echo_boost.cc", "libboost-fiber-dev", "boost/fiber/all.hpp",
                  libraries=["-l:libboost_fiber.a", "-l:libboost_context.a"],
                  version_macro=("boost/version.hpp", "BOOST_LIB_VERSION")),
        build.Go("go", _PEERS / "echo.go"),
    ]
    return session.Comparison(
        __doc__, families(load), programs, rounds=9,
        warm_ups=0,  # each run has one of its own
        quick_families=quick_families(load), quick_programs=["ours", "raw", "asio", "go"],
        quick_rounds=9, quick_work=1, quick_seconds=95)
