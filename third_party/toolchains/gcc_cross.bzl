"""A C++ toolchain out of a distribution's GCC cross compiler."""

load("@rules_cc//cc:action_names.bzl", "ACTION_NAMES")
load(
    "@rules_cc//cc:cc_toolchain_config_lib.bzl",
    "feature",
    "flag_group",
    "flag_set",
    "tool_path",
)
load("@rules_cc//cc:defs.bzl", "CcToolchainConfigInfo", "cc_common")

_COMPILE_ACTIONS = [
    ACTION_NAMES.assemble,
    ACTION_NAMES.c_compile,
    ACTION_NAMES.cpp_compile,
    ACTION_NAMES.cpp_header_parsing,
    ACTION_NAMES.preprocess_assemble,
]

_LINK_ACTIONS = [
    ACTION_NAMES.cpp_link_dynamic_library,
    ACTION_NAMES.cpp_link_executable,
    ACTION_NAMES.cpp_link_nodeps_dynamic_library,
]

def _flags(name, actions, flags):
    return feature(
        name = name,
        enabled = True,
        flag_sets = [flag_set(actions = actions, flag_groups = [flag_group(flags = flags)])],
    )

def _gcc_cross_toolchain_config_impl(ctx):
    triple = ctx.attr.triple
    tools = {
        "ar": "ar",
        "cpp": "cpp",
        "gcc": "gcc",
        "gcov": "gcov",
        "ld": "ld",
        "nm": "nm",
        "objcopy": "objcopy",
        "objdump": "objdump",
        "strip": "strip",
    }
    return cc_common.create_cc_toolchain_config_info(
        ctx = ctx,
        abi_libc_version = "glibc",
        abi_version = "gcc",
        compiler = "gcc",
        cxx_builtin_include_directories = [
            "/usr/%s/include" % triple,
            "/usr/lib/gcc-cross/%s" % triple,
        ],
        features = [
            feature(name = "supports_pic", enabled = True),
            _flags("default_compile_flags", _COMPILE_ACTIONS, [
                # Dependencies are reported under the names of the directories above.
                "-fno-canonical-system-headers",
            ]),
            _flags("default_link_flags", _LINK_ACTIONS, ["-lstdc++", "-lm"]),
        ],
        host_system_name = "local",
        target_cpu = ctx.attr.cpu,
        target_libc = "glibc",
        target_system_name = triple,
        tool_paths = [
            tool_path(name = name, path = "/usr/bin/%s-%s" % (triple, tool))
            for name, tool in tools.items()
        ],
        toolchain_identifier = ctx.attr.name,
    )

gcc_cross_toolchain_config = rule(
    implementation = _gcc_cross_toolchain_config_impl,
    attrs = {
        "cpu": attr.string(mandatory = True),
        "triple": attr.string(mandatory = True),
    },
    provides = [CcToolchainConfigInfo],
)
