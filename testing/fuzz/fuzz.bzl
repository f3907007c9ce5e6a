"""How fuzz targets are built."""

load("@rules_cc//cc:defs.bzl", "cc_test")
load("//:build_defs.bzl", "COPTS", "FEATURES")

def net_fuzz_test(name, srcs, deps, mutations = 3000, size = "small", **kwargs):
    """A fuzz target with its corpus, the directory corpus/<name without _fuzz>.

    With --config=fuzz it is a libFuzzer program, which as a test runs the corpus alone. In all other
    configurations it is a test that runs the corpus and that many mutations of it.
    """
    corpus = "corpus/" + name.replace("_fuzz", "")
    files = native.glob([corpus + "/*"])
    if not files:
        fail("%s has no corpus: %s is empty" % (name, corpus))
    directory = native.package_name() + "/" + corpus
    cc_test(
        name = name,
        size = size,
        srcs = srcs,
        args = select({
            "//testing/fuzz:fuzzing": ["-runs=0", directory],
            "//conditions:default": [directory, "--mutations=%d" % mutations],
        }),
        copts = COPTS + ["-Werror"],
        data = files,
        features = FEATURES,
        linkopts = select({
            "//testing/fuzz:fuzzing": ["-fsanitize=fuzzer"],
            "//conditions:default": [],
        }),
        linkstatic = True,
        deps = deps + select({
            "//testing/fuzz:fuzzing": [],
            "//conditions:default": ["//testing/fuzz:replay_main"],
        }),
        **kwargs
    )
