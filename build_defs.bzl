"""How C++ is compiled here: thin wrappers over the cc_* rules."""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library", "cc_test")

COPTS = [
    "-Wall",
    "-Wextra",
]

FEATURES = ["layering_check"]

_TEST_DEPS = [
    "//third_party:gtest",
    "//third_party:gtest_main",
]

_BENCH_DEPS = [
    "//third_party:benchmark",
    "//third_party:benchmark_main",
]

def _copts(more):
    # A new compiler's new warning must not break the build of somebody who depends on this
    # repository: warnings are errors only where it is the one being built.
    if hasattr(native, "repo_name"):
        is_main = native.repo_name() == ""
    else:
        is_main = native.repository_name() == "@"
    return COPTS + (["-Werror"] if is_main else []) + more

def _with(deps, defaults):
    return deps + [label for label in defaults if label not in deps]

def net_library(name, copts = [], features = [], **kwargs):
    """A cc_library. Private unless `visibility` says more."""
    cc_library(
        name = name,
        copts = _copts(copts),
        features = FEATURES + features,
        **kwargs
    )

def net_binary(name, copts = [], features = [], **kwargs):
    """A cc_binary."""
    cc_binary(
        name = name,
        copts = _copts(copts),
        features = FEATURES + features,
        **kwargs
    )

def net_test(name, copts = [], deps = [], features = [], size = "small", **kwargs):
    """A cc_test with GoogleTest and its main().

    It is linked statically: that is how users link the library, and how thread-local variables are
    reached differs between the two.
    """
    cc_test(
        name = name,
        size = size,
        copts = _copts(copts),
        features = FEATURES + features,
        linkstatic = kwargs.pop("linkstatic", True),
        deps = _with(deps, _TEST_DEPS),
        **kwargs
    )

def net_bench(name, copts = [], deps = [], features = [], tags = [], **kwargs):
    """A Google Benchmark program, built and run only by name: `./bazelw run --config=opt //x:y_bench`.

    Its own sources are always optimised; --config=opt optimises the library under test too.
    """
    cc_binary(
        name = name,
        testonly = True,
        copts = _copts(["-O2"] + copts),
        features = FEATURES + features,
        tags = _with(tags, ["benchmark", "manual"]),
        deps = _with(deps, _BENCH_DEPS),
        **kwargs
    )
