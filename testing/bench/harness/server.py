# SPDX-License-Identifier: BSL-1.0
"""A server that is measured from outside: its process, its port, its processor time.

It is called as peers/serve.h says, and prints `port N` when it listens.
"""

import resource
import select
import subprocess
import time

from harness import run

_PATIENCE = 30  # seconds
# As in CPUCLOCK_SCHED of the kernel: time that the threads of a process were on a processor.
_PROCESSOR_TIME = 2


def allow_descriptors():
    """Lets this process, and those it starts, have as many as they may. Returns how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


class Words:
    """The lines `word number` that a process prints. Its standard output must not be buffered."""

    def __init__(self, stdout, patience):
        self._stdout = stdout
        self._patience = patience  # seconds without anything
        self._pending = b""

    def expect(self, word):
        """The number after `word`, which must come next; None when the output has ended."""
        while b"\n" not in self._pending:
            if not select.select([self._stdout], [], [], self._patience)[0]:
                raise run.Failed(f"the server does not print {word!r}")
            more = self._stdout.read(4096)
            if not more:
                return None
            self._pending += more
        line, _, self._pending = self._pending.partition(b"\n")
        words = line.decode(errors="replace").split()
        if len(words) != 2 or words[0] != word or not words[1].isdigit():
            raise run.Failed(f"the server printed {line!r} for {word!r}")
        return int(words[1])


class Server:
    """A server process; it is killed at the end, and when the runner dies."""

    def __init__(self, command, pinned_to=None):
        self._process = subprocess.Popen(
            command, bufsize=0, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, preexec_fn=run.in_child(pinned_to))
        try:
            self.port = Words(self._process.stdout, _PATIENCE).expect("port")
            if self.port is None:
                self._say_why_it_ended()
        except BaseException:
            self._end()
            raise

    def _say_why_it_ended(self):
        try:
            status = self._process.wait(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            raise run.Failed("the server closed its output") from None
        said = self._process.stderr.read().decode(errors="replace")
        run.check_status(status, said, self._process.args)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._end()

    def _end(self):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
        self._process.stderr.close()

    @property
    def pid(self):
        return self._process.pid

    def processor_time(self):
        """Nanoseconds that the server has used, but for some milliseconds while it is busy."""
        try:
            return time.clock_gettime_ns((~self.pid << 3) | _PROCESSOR_TIME)
        except OSError:
            raise run.Failed("the server ended") from None
