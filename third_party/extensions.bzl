"""Module extension for the test dependencies that are not taken from a module registry."""

load(":repositories.bzl", "asio_repository")

def _dev_impl(_module_ctx):
    asio_repository(name = "asio")

dev = module_extension(implementation = _dev_impl)
