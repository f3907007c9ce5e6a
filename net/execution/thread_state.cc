// SPDX-License-Identifier: BSL-1.0
#include "net/execution/thread_state.h"

namespace NET_NAMESPACE::internal {

// this_thread_state() knows it by its symbol.
extern constinit thread_local thread_state state_of_thread __asm__(
    "netpoll_thread_state_" NET_NAMESPACE_TEXT) __attribute__((tls_model("initial-exec")));
constinit thread_local thread_state state_of_thread;

}  // namespace NET_NAMESPACE::internal
