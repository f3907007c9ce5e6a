# SPDX-License-Identifier: BSL-1.0
"""Where the programs that are compared come from.

Ours is built by Bazel and given by path. A peer is one source file in C, C++ or Go that is built
here, with the compiler and the libraries of the system, and kept in a cache directory until it
changes. A peer whose compiler or library is not installed is Missing, which names the Debian
package that brings it.
"""

import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile


class Missing(Exception):
    """A peer cannot be built, because something is not installed."""

    def __init__(self, what, package):
        super().__init__(f"{what} is not installed; the Debian package {package} brings it")
        self.package = package


class BuildFailed(Exception):
    """What a peer needs is installed, and yet it does not build. Says what the compiler said."""


def cache_directory():
    """Where built peers are kept, made if there is none yet; else a temporary directory."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    wanted = pathlib.Path(home) / "netpoll-bench"
    try:
        wanted.mkdir(parents=True, exist_ok=True)
        if os.access(wanted, os.W_OK):
            return wanted
    except OSError:
        pass
    shared = pathlib.Path(tempfile.gettempdir()) / f"netpoll-bench-{os.getuid()}"
    shared.mkdir(mode=0o700, exist_ok=True)
    if shared.stat().st_uid != os.getuid():
        raise BuildFailed(f"{shared} belongs to somebody else")
    return shared


def _output(command, **more):
    return subprocess.run(command, check=False, capture_output=True, text=True, **more)


def _first_line(command):
    lines = _output(command).stdout.splitlines()
    return lines[0] if lines else ""


class Given:
    """A program that exists already, as Bazel built it."""

    def __init__(self, name, path):
        self.name = name
        self._path = path

    def build(self, _cache):
        if not self._path or not os.access(self._path, os.X_OK):
            raise BuildFailed(f"there is no program {self._path}: is it run by Bazel?")
        return str(pathlib.Path(self._path).absolute())

    def version(self):
        return "this tree"


class _Compiled:
    """A peer of one source and what it shares with others, compiled anew when one of these, a header
    or the command has changed."""

    def __init__(self, name, source, package, shared=()):
        self.name = name
        self.package = package
        self.source = pathlib.Path(source)
        self.shared = [pathlib.Path(each) for each in shared]

    def build(self, cache):
        self.check_installed()
        command, environment = self.command(cache)
        key = hashlib.sha256(repr((command, self.version())).encode())
        for path in [self.source] + self.shared + sorted(self.source.parent.glob("*.h")):
            key.update(path.read_bytes())
        stem = f"{self.name}-{self.source.stem}-"
        built = cache / (stem + key.hexdigest()[:16])
        if built.exists():
            return str(built)
        with tempfile.TemporaryDirectory(dir=cache) as scratch:
            fresh = pathlib.Path(scratch) / "program"
            done = _output(command + ["-o", str(fresh)] + self.inputs(), env=environment)
            if done.returncode:
                raise BuildFailed(f"{self.source.name} does not build:\n{done.stderr}")
            for old in cache.glob(stem + "*"):
                old.unlink()
            fresh.rename(built)
        return str(built)


class Cxx(_Compiled):
    """A peer in C++, built by g++ -O2, with the root of the repository in the include path."""

    _compiler = "g++"
    _standard = "-std=c++20"
    _language = "c++"

    def __init__(self, name, source, package, header, libraries=(), version_macro=None):
        super().__init__(name, source, package)
        self._header = header
        self._libraries = list(libraries)
        self._version_macro = version_macro  # (header, name)

    def check_installed(self):
        if not shutil.which(self._compiler):
            raise Missing(self._compiler, self._compiler)
        found = _output([self._compiler, self._standard, "-E", "-x", self._language,
                         "-include", self._header, "/dev/null"])
        if found.returncode:
            raise Missing(f"<{self._header}>", self.package)

    def command(self, _cache):
        root = self.source.absolute().parents[3]
        command = [self._compiler, self._standard, "-O2", "-DNDEBUG", "-pthread", f"-I{root}"]
        return command, None

    def inputs(self):
        return [str(self.source)] + self._libraries

    def version(self):
        parts = [_first_line([self._compiler, "--version"])]
        if self._version_macro:
            header, name = self._version_macro
            macros = _output([self._compiler, "-E", "-dM", "-x", self._language,
                              "-include", header, "/dev/null"])
            parts += [line.split(maxsplit=2)[2].strip('"') for line in macros.stdout.splitlines()
                      if line.startswith(f"#define {name} ")]
        return ", ".join(parts)


class C(Cxx):
    """A peer in C, built by gcc -O2."""

    _compiler = "gcc"
    _standard = "-std=gnu11"
    _language = "c"


class Go(_Compiled):
    """A peer in Go, built without modules and without the network."""

    def __init__(self, name, source, shared=(), package="golang-go"):
        super().__init__(name, source, package, shared)

    def check_installed(self):
        if not shutil.which("go"):
            raise Missing("go", self.package)

    def command(self, cache):
        environment = dict(os.environ, GO111MODULE="off", GOFLAGS="", GOPROXY="off",
                           GOCACHE=str(cache / "go"), GOPATH=str(cache / "gopath"), HOME=str(cache))
        return ["go", "build"], environment

    def inputs(self):
        return [str(each) for each in [self.source] + self.shared]

    def version(self):
        return _first_line(["go", "version"])
