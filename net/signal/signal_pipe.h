// SPDX-License-Identifier: BSL-1.0
//
// What a signal set is on no executor in particular: a pipe to which the process's signal handler
// writes the numbers of the signals it was told to. add(), remove() and clear() are for one thread
// at a time.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <utility>

#include "net/config.h"
#include "net/error.h"
#include "net/execution/execution_context.h"
#include "net/signal/signal_set_base.h"
#include "netpoll/fd.h"
#include "netpoll/reactor.h"
#include "netpoll/requests.h"

namespace NET_NAMESPACE::internal {

class signal_pipe {
 public:
  // `where` is what the context's objects wait on. Throws std::system_error when no pipe can be
  // made or too many (256) exist.
  signal_pipe(execution_context& context, netpoll::reactor& where);
  signal_pipe(const signal_pipe&) = delete;
  signal_pipe& operator=(const signal_pipe&) = delete;
  ~signal_pipe();

  void add(int signal, signal_set_base::flags_t how, error_code& ec);
  void remove(int signal, error_code& ec);
  void clear();

  // In the child of a fork: gives the context's sets pipes that are not the parent's, and in them
  // the signals that the child was sent since. Throws std::system_error.
  static void renew_all(execution_context& context);

  // Where numbers can be read.
  netpoll::fd& fd() noexcept { return fd_; }

 private:
  void renew();

  netpoll::fd fd_;
  std::size_t slot_ = 0;
};

// Reads one signal's number.
class signal_request : private ::iovec, public netpoll::read_request {
 public:
  signal_request() noexcept
      : ::iovec{&number_, 1}, netpoll::read_request(netpoll::transport::pipe, this, 1) {}
  int number() const noexcept { return number_; }
  error_code result() const noexcept;

 private:
  unsigned char number_ = 0;
};

// Calls handler(error_code, signal).
struct finish_signal {
  auto operator()(const signal_request& request) const noexcept {
    return [ec = request.result(), number = request.number()](auto& handler) {
      std::move(handler)(ec, number);
    };
  }
};

// signal_pipe's wait, for who has no handler.
int wait_for_signal(signal_pipe& pipe, error_code& ec);

}  // namespace NET_NAMESPACE::internal
