"""One source, two libraries: what a program written for standalone Asio sees must be the same here."""

load("//:build_defs.bzl", "net_test")

def conformance_test(name, srcs):
    """Builds `srcs` twice: `<name>_upstream` with standalone Asio, `<name>_netpoll` with //net:asio.

    The sources must not know which: no #if. Asio is the one the distribution has, so that they can use
    what 1.22 had and nothing newer.
    """
    for suffix, library, tags in [
        # What Asio itself does under a sanitizer is not asked here.
        ("_upstream", "//third_party:asio", ["upstream"]),
        ("_netpoll", "//net:asio", []),
    ]:
        net_test(
            name = name + suffix,
            srcs = srcs,
            tags = tags,
            deps = [library],
        )
