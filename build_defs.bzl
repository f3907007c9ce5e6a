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

# --- Two flavours ---------------------------------------------------------------------------------

# What a library's twin is called, and what it and all that depend on it are compiled with. See
# docs/decisions/0007-two-flavours.md.
_TWIN_SUFFIX = "_asio"

_TWIN_DEFINES = ["NET_NAMESPACE=asio"]

def _has_flavours(package):
    return package == "net" or package.startswith("net/")

def asio_twin(label):
    """The label of the library that is `label` in namespace `asio`.

    That is `label` itself if it is not of net/, and so in no namespace that has a second name.
    """
    if label.startswith(":"):
        return label + _TWIN_SUFFIX
    if not label.startswith("//"):
        return label
    package, _, name = label[2:].partition(":")
    if not _has_flavours(package):
        return label
    return "//%s:%s%s" % (package, name or package.split("/")[-1], _TWIN_SUFFIX)

def net_library(name, copts = [], features = [], flavours = True, **kwargs):
    """A cc_library. Private unless `visibility` says more.

    One of net/ gets a twin, `<name>_asio`: the same files and the twins of the same deps, compiled in
    namespace `asio`. Nothing is compiled twice unless something depends on the twin.

    Args:
      flavours: False if nothing in it, nor in its deps, is in NET_NAMESPACE: then it is compiled once
        and its twin is another name for it.
    """
    cc_library(
        name = name,
        copts = _copts(copts),
        features = FEATURES + features,
        **kwargs
    )
    if not _has_flavours(native.package_name()) or kwargs.get("testonly"):
        return
    if not flavours:
        native.alias(
            name = name + _TWIN_SUFFIX,
            actual = ":" + name,
            tags = ["manual"],
            visibility = kwargs.get("visibility"),
        )
        return
    twin = dict(kwargs)
    twin["defines"] = kwargs.get("defines", []) + _TWIN_DEFINES
    twin["deps"] = [asio_twin(label) for label in kwargs.get("deps", [])]
    twin["tags"] = _with(kwargs.get("tags", []), ["manual"])
    cc_library(
        name = name + _TWIN_SUFFIX,
        copts = _copts(copts),
        features = FEATURES + features,
        **twin
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
