// SPDX-License-Identifier: BSL-1.0
//
// A thread of the library's own, for what it does beside the program: with a name, and no signals,
// which are for others.
#pragma once

#include <pthread.h>

#include <csignal>
#include <thread>
#include <utility>

#include "net/config.h"

namespace NET_NAMESPACE::internal {

template <typename Function>
std::thread start_helper_thread(const char* name, Function function) {
  // The new thread inherits the mask.
  ::sigset_t all;
  ::sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  struct restore {
    const ::sigset_t& before;
    ~restore() { ::pthread_sigmask(SIG_SETMASK, &before, nullptr); }
  } const at_end{before};
  std::thread started(std::move(function));
  ::pthread_setname_np(started.native_handle(), name);
  return started;
}

}  // namespace NET_NAMESPACE::internal
