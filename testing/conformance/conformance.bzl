"""One source, two libraries: what a program written for standalone Asio sees must be the same here."""

load("//:build_defs.bzl", "net_test")

def conformance_test(name, srcs, legacy = False, newer = False):
    """Builds `srcs` twice: `<name>_upstream` with standalone Asio, `<name>_netpoll` with //net:asio.

    The sources must not know which: no #if. Asio is the one the distribution has, so that they can use
    what 1.22 had and nothing newer.

    Args:
      name: the beginning of the tests' names.
      srcs: the case.
      legacy: whether it is of what Asio had in 1.22 and has no longer: then it is built with
        //net:asio_legacy.
      newer: whether it is of what came after 1.22: then the half of standalone Asio is not built.
    """
    copts = ["-Wno-deprecated-declarations"] if legacy else []
    net_test(
        name = name + "_netpoll",
        srcs = srcs,
        copts = copts,
        deps = ["//net:asio_legacy" if legacy else "//net:asio"],
    )
    if not newer:
        net_test(
            name = name + "_upstream",
            srcs = srcs,
            copts = copts,
            # What Asio itself does under a sanitizer is not asked here.
            tags = ["upstream"],
            deps = ["//third_party:asio"],
        )
