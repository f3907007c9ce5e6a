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


class Server:
    """A server process; it is killed at the end, and when the runner dies."""

    def __init__(self, command, pinned_to=None):
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            preexec_fn=run.in_child(pinned_to))
        try:
            self.port = self._expect_port()
        except BaseException:
            self._end()
            raise

    def _expect_port(self):
        said = b""
        deadline = time.monotonic() + _PATIENCE
        while not said.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._process.stdout], [], [], left)[0]:
                raise run.Failed("the server does not say its port")
            more = self._process.stdout.read1(4096)
            if not more:
                self._say_why_it_ended()
            said += more
        words = said.split()
        if len(words) != 2 or words[0] != b"port" or not words[1].isdigit():
            raise run.Failed(f"the server printed {said!r} for its port")
        return int(words[1])

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
