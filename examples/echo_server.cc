// SPDX-License-Identifier: BSL-1.0
//
// An echo server, in fibers or in handlers, until SIGINT or SIGTERM.
//
//   ./bazelw run //examples:echo_server -- --port 4000 --style handler --threads 2 --deadline 30s
//   nc 127.0.0.1 4000
#include "examples/echo_session.h"
#include "examples/flags.h"
#include "examples/serve.h"

int main(int argc, char** argv) {
  return examples::serve(examples::parse_flags(argc, argv), examples::make_echo_session);
}
