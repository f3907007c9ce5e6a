"""Where everything that is not in this repository comes from, for WORKSPACE builds.

Each test dependency is taken from the distribution where it is installed, and else from a pinned
commit of its own repository. A workspace that only uses the library needs three lines:

    load("@netpoll//third_party:repositories.bzl", "netpoll_repositories")

    netpoll_repositories()
"""

# --- Repository rules -----------------------------------------------------------------------------

def _run(ctx, arguments, what):
    result = ctx.execute(arguments, timeout = 600)
    if result.return_code:
        fail("%s failed:\n%s%s" % (what, result.stdout, result.stderr))

def _checkout(ctx, remote, commit, directory):
    """Puts one commit of a git repository into `directory`."""
    if not ctx.which("git"):
        fail("%s is not installed, and without git it cannot be had from %s" % (ctx.name, remote))
    what = "git checkout of %s at %s" % (remote, commit)
    git = ["git", "-C", str(ctx.path(directory))]
    _run(ctx, ["git", "init", "--quiet", str(ctx.path(directory))], what)
    _run(ctx, git + ["fetch", "--quiet", "--depth=1", remote, commit], what)
    _run(ctx, git + ["checkout", "--quiet", "FETCH_HEAD"], what)

def _exists(ctx, path):
    return ctx.path(path).exists

def _link_entries(ctx, directory, entries):
    for entry in entries:
        ctx.symlink(directory + "/" + entry, entry)

def _googletest_impl(ctx):
    if _exists(ctx, "/usr/src/googletest/googletest/src/gtest-all.cc"):
        directory = "/usr/src/googletest"
    else:
        directory = str(ctx.path("source"))

        # v1.17.0
        _checkout(
            ctx,
            "https://github.com/google/googletest",
            "52eb8108c5bdec04579160ae17225d66034bd723",
            "source",
        )
    _link_entries(ctx, directory, ["googletest", "googlemock"])
    ctx.symlink(Label("//third_party:googletest.BUILD"), "BUILD.bazel")

_googletest_repository = repository_rule(implementation = _googletest_impl)

def _benchmark_impl(ctx):
    if _exists(ctx, "/usr/include/benchmark/benchmark.h"):
        ctx.symlink("/usr/include/benchmark", "include/benchmark")
        ctx.symlink(Label("//third_party:benchmark_installed.BUILD"), "BUILD.bazel")
        return

    # v1.9.5
    _checkout(
        ctx,
        "https://github.com/google/benchmark",
        "192ef10025eb2c4cdd392bc502f0c852196baa48",
        "source",
    )
    _link_entries(ctx, str(ctx.path("source")), ["include", "src"])
    ctx.symlink(Label("//third_party:benchmark.BUILD"), "BUILD.bazel")

_benchmark_repository = repository_rule(implementation = _benchmark_impl)

def _asio_impl(ctx):
    # Asio's headers and nothing else of the directory they are installed in: with the whole of
    # /usr/include, every system header would become an input of whoever uses Asio.
    if _exists(ctx, "/usr/include/asio.hpp"):
        directory = "/usr/include"
    else:
        # asio-1-38-2
        _checkout(
            ctx,
            "https://github.com/chriskohlhoff/asio",
            "8806a6803cde7054c3049d3666d3ec36786568c5",
            "source",
        )
        directory = str(ctx.path("source/include"))
    _link_entries(ctx, directory, ["asio.hpp", "asio"])
    ctx.symlink(Label("//third_party:asio.BUILD"), "BUILD.bazel")

asio_repository = repository_rule(implementation = _asio_impl)

def _generated_impl(ctx):
    for path, content in ctx.attr.files.items():
        ctx.file(path, content)

_generated_repository = repository_rule(
    implementation = _generated_impl,
    attrs = {"files": attr.string_dict(doc = "Content of each file, by its path.")},
)

# --- What the distribution's Bazel lacks ----------------------------------------------------------

_DISTRIBUTION_RULES = "/usr/share/bazel/rules/"

def _distribution_rules(ctx, folder, package):
    path = _DISTRIBUTION_RULES + folder
    if not _exists(ctx, path):
        fail("Debian's Bazel needs the package %s: install it, or let ./bazelw do so" % package)
    return path

def _rules_cc_impl(ctx):
    path = _distribution_rules(ctx, "cc", "bazel-rules-cc")
    _run(ctx, ["cp", "-RL", path + "/.", str(ctx.path("."))], "copying " + path)

    # These rules load a function that came with Bazel 5. Its value under Bazel 4 is known.
    for name in ["cc_flags_supplier", "compiler_flag"]:
        file = "cc/private/rules_impl/%s.bzl" % name
        content = ctx.read(file)
        content = content.replace(', "use_cpp_toolchain")', ")")
        content = content.replace("use_cpp_toolchain()", '["@bazel_tools//tools/cpp:toolchain_type"]')
        ctx.delete(file)
        ctx.file(file, content, executable = False)

_rules_cc_repository = repository_rule(implementation = _rules_cc_impl)

def _rules_folder_impl(ctx):
    path = _distribution_rules(ctx, ctx.attr.folder, ctx.attr.package)
    for entry in ctx.path(path).readdir():
        ctx.symlink(entry, entry.basename)

_rules_folder_repository = repository_rule(
    implementation = _rules_folder_impl,
    attrs = {"folder": attr.string(), "package": attr.string()},
)

_COVERAGE_TOOLS_BUILD = """
# Named by every test rule, used by `bazel coverage` alone.
filegroup(
    name = "coverage_report_generator",
    visibility = ["//visibility:public"],
)

filegroup(
    name = "lcov_merger",
    visibility = ["//visibility:public"],
)
"""

_SH_BINARY_BZL = """
def sh_binary(**kwargs):
    native.sh_binary(**kwargs)
"""

_SH_TEST_BZL = """
def sh_test(**kwargs):
    native.sh_test(**kwargs)
"""

# --- Macros for WORKSPACE -------------------------------------------------------------------------

def netpoll_repositories():
    """What the library itself needs."""

    # A Bazel that knows its version is a released one, and brings its own rules. The distribution's
    # does not know its version, and its rules are packages of their own.
    if native.bazel_version:
        return
    existing = native.existing_rules()
    if "rules_cc" not in existing:
        _rules_cc_repository(name = "rules_cc")
    if "rules_java" not in existing:
        _rules_folder_repository(name = "rules_java", folder = "java", package = "bazel-rules-java")
    if "rules_proto" not in existing:
        _rules_folder_repository(name = "rules_proto", folder = "proto", package = "bazel-rules-proto")
    if "remote_coverage_tools" not in existing:
        _generated_repository(
            name = "remote_coverage_tools",
            files = {"BUILD.bazel": _COVERAGE_TOOLS_BUILD},
        )

def netpoll_dev_repositories():
    """What the tests and benchmarks of this repository need on top."""
    _googletest_repository(name = "googletest")
    _benchmark_repository(name = "google_benchmark")
    asio_repository(name = "asio")

    # Until Bazel 8 the rules are part of Bazel; from then on they are loaded from a module of this
    # name.
    _generated_repository(
        name = "rules_shell",
        files = {
            "shell/BUILD.bazel": "",
            "shell/sh_binary.bzl": _SH_BINARY_BZL,
            "shell/sh_test.bzl": _SH_TEST_BZL,
        },
    )
