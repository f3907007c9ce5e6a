"""One source, two libraries: what a program written for standalone Asio sees must be the same here."""

load("//:build_defs.bzl", "net_test")

def conformance_test(name, srcs, legacy = False):
    """Builds `srcs` twice: `<name>_upstream` with standalone Asio, `<name>_netpoll` with //net:asio.

    The sources must not know which: no #if. Asio is the one the distribution has, so that they can use
    what 1.22 had and nothing newer.

    Args:
      name: the beginning of the tests' names.
      srcs: the case.
      legacy: whether it is of what Asio had in 1.22 and has no longer: then it is built with
        //net:asio_legacy.
    """
    for suffix, library, tags in [
        # What Asio itself does under a sanitizer is not asked here.
        ("_upstream", "//third_party:asio", ["upstream"]),
        ("_netpoll", "//net:asio_legacy" if legacy else "//net:asio", []),
    ]:
        net_test(
            name = name + suffix,
            srcs = srcs,
            copts = ["-Wno-deprecated-declarations"] if legacy else [],
            tags = tags,
            deps = [library],
        )
