#!/usr/bin/env -S python3 -B
# SPDX-License-Identifier: BSL-1.0
"""Measures the memory of a server that holds many idle connections: ours and Go's.

This process is the client of all connections. The server gives each a fiber (a goroutine), which
waits in a read with a deadline. Its resident memory is read when all were accepted, and once more
when each has been echoed a message, so that its stack and its buffer have been used. Page tables,
which the kernel does not count as resident, are figures of their own.
"""

import argparse
import pathlib
import resource
import socket
import struct
import subprocess
import sys
import time

from harness import build, report, run, session
from harness.server import Words

# Bazel starts a link to this file.
_PEERS = pathlib.Path(__file__).resolve().parent / "peers"

# The kernel has about 28,000 ports for connections to one port of an address, and takes ever longer
# to find one when it has given out half of them.
_PER_PORT = 10_000
# Descriptors of either process that are not connections.
_OTHER_DESCRIPTORS = 100
_MESSAGE = b"x" * 64
_PATIENCE = 120  # seconds without any progress


def allow_descriptors(wanted):
    """Raises the limit of this process, and of those it starts. Returns what it is then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= wanted:
        return soft
    for limits in ((wanted, max(wanted, hard)), (hard, hard)):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
            break
        except (ValueError, OSError):
            pass  # more than the hard limit takes a privilege
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


class Server:
    """A server process. It ends with its standard input, at the latest when this process does."""

    def __init__(self, program, listeners, step):
        self._process = subprocess.Popen([program, str(listeners), str(step)], bufsize=0,
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._words = Words(self._process.stdout, _PATIENCE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        try:
            self._process.wait(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def expect(self, what):
        """The number after `what`, which the server must print next."""
        number = self._words.expect(what)
        if number is None:
            raise run.Failed("the server ended")
        return number

    def _proc(self, file, name):
        """A line of a file in /proc, in bytes."""
        for line in pathlib.Path(f"/proc/{self._process.pid}/{file}").read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1]) * 1024
        raise run.Failed(f"the kernel says nothing of {name}")

    def memory(self):
        """Resident bytes and bytes of page tables, once they do not change any more."""
        before = None
        deadline = time.monotonic() + _PATIENCE
        while True:
            # What `status` says of resident memory lags behind; here the kernel counts.
            now = (self._proc("smaps_rollup", "Rss:"), self._proc("status", "VmPTE:"))
            if now == before or time.monotonic() > deadline:
                return now
            before = now
            time.sleep(0.2)


class Family:
    name = "idle"
    about = "bytes of the server's memory for each idle connection"

    def __init__(self, connections):
        self._connections = connections

    def obstacle(self):
        return None

    def run(self, program, work):
        wanted = max(1, round(self._connections * work))
        allowed = allow_descriptors(wanted + _OTHER_DESCRIPTORS) - _OTHER_DESCRIPTORS
        if allowed < 1:
            raise run.Failed("no descriptors left")
        step = max(1, min(wanted, allowed) // 100)
        connections = min(wanted, allowed) // step * step
        remarks = [f"{connections} connections"]
        if allowed < wanted:
            remarks.append(f"the limit of descriptors is {allowed + _OTHER_DESCRIPTORS}: "
                           f"not the {wanted} connections wanted")
        listeners = -(-connections // _PER_PORT)
        sockets = []
        try:
            with Server(program, listeners, step) as server:
                ports = [server.expect("port") for _ in range(listeners)]
                figures = self._measure(server, ports, connections, step, sockets)
        except OSError as error:
            raise run.Failed(str(error)) from None
        finally:
            for each in sockets:
                each.close()
        return run.Output(figures, remarks)

    @staticmethod
    def _measure(server, ports, connections, step, sockets):
        empty = server.memory()

        def per_connection():
            return [max(0, now - before) / connections
                    for now, before in zip(server.memory(), empty)]

        while len(sockets) < connections:
            # No more than the server's queue holds, for it need not keep up.
            for _ in range(step):
                sockets.append(connect(ports[len(sockets) // _PER_PORT]))
            if server.expect("accepted") != len(sockets):
                raise run.Failed("the server counts otherwise")
        accepted = per_connection()
        for first in range(0, connections, step):
            some = sockets[first:first + step]
            for each in some:
                each.sendall(_MESSAGE)
            for each in some:
                receive(each)
        echoed = per_connection()
        return {"accepted": accepted[0], "accepted_page_tables": accepted[1],
                "echoed": echoed[0], "echoed_page_tables": echoed[1]}


def connect(port):
    """A connection that is reset when it is closed, so that it leaves nothing in the kernel."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        made.settimeout(_PATIENCE)
        made.connect(("127.0.0.1", port))
    except OSError:
        made.close()
        raise
    return made


def receive(connection):
    """Takes one message, which must be what was sent."""
    received = b""
    while len(received) < len(_MESSAGE):
        more = connection.recv(len(_MESSAGE) - len(received))
        if not more:
            raise run.Failed("the server closed a connection")
        received += more
    if received != _MESSAGE:
        raise run.Failed("the server echoed something else")


def main(argv):
    options = argparse.ArgumentParser(add_help=False)
    # What Bazel adds.
    options.add_argument("--ours")
    options.add_argument("--connections", type=int, default=100_000, metavar="N")
    mine, rest = options.parse_known_args(argv)
    comparison = session.Comparison(
        __doc__ + "\n  --connections N  how many (100000)", [Family(mine.connections)],
        [build.Given("ours", mine.ours), build.Go("go", _PEERS / "idle.go")],
        unit=report.BYTES, rounds=1, warm_ups=0)
    return session.main(comparison, rest)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
