"""Programs that are measured: optimised, whatever else the build is asked for."""

# What Bazel adds on its own takes some 6 % more instructions. The programs that ours are compared
# with are built by g++ -O2 -DNDEBUG alone, and then ours are to be, too.
_AS_PEERS = [
    "-fomit-frame-pointer",
    "-fno-stack-protector",
    "-U_FORTIFY_SOURCE",
]

def _opt_impl(settings, _attr):
    return {
        "//command_line_option:compilation_mode": "opt",
        # Before what the user or a configuration says, which so has the last word.
        "//command_line_option:copt": _AS_PEERS + settings["//command_line_option:copt"],
    }

_opt = transition(
    implementation = _opt_impl,
    inputs = ["//command_line_option:copt"],
    outputs = [
        "//command_line_option:compilation_mode",
        "//command_line_option:copt",
    ],
)

def _optimized_impl(ctx):
    # A transition makes a list of what is one label.
    binary = ctx.attr.binary[0] if type(ctx.attr.binary) == "list" else ctx.attr.binary
    info = binary[DefaultInfo]
    program = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(
        output = program,
        target_file = info.files_to_run.executable,
        is_executable = True,
    )
    return [DefaultInfo(
        executable = program,
        files = depset([program]),
        runfiles = ctx.runfiles(files = [program]).merge(info.default_runfiles),
    )]

optimized = rule(
    implementation = _optimized_impl,
    doc = "`binary`, built with --compilation_mode=opt. Sanitizers and the like are as asked for.",
    attrs = {
        "binary": attr.label(
            cfg = _opt,
            executable = True,
            mandatory = True,
        ),
        "_allowlist_function_transition": attr.label(
            default = "@bazel_tools//tools/allowlists/function_transition_allowlist",
        ),
    },
    executable = True,
)
