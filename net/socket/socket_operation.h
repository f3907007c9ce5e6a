// SPDX-License-Identifier: BSL-1.0
//
// How a socket does a request of the reactor's, in every style: synchronous, which parks a fiber
// and blocks a thread, or with a handler. Also where the reactor's errors become those that Asio's
// users know: a pending operation of a socket that is closed is aborted, one begun afterwards has a
// bad descriptor.
#pragma once

#include <sys/poll.h>

#include <cstddef>
#include <type_traits>
#include <utility>

#include "net/async/io_operation.h"
#include "net/buffer/buffer.h"
#include "net/buffer/iovec_view.h"
#include "net/buffer/null_buffers.h"
#include "net/config.h"
#include "net/error.h"
#include "net/fiber/wait.h"
#include "netpoll/direction.h"
#include "netpoll/fd.h"
#include "netpoll/requests.h"

namespace NET_NAMESPACE::internal {

inline error_code socket_error(const error_code& ec) noexcept {
  if (ec && ec.category() == netpoll::category()) [[unlikely]] {
    switch (static_cast<netpoll::errc>(ec.value())) {
      case netpoll::errc::closed: return error::operation_aborted;
      case netpoll::errc::end_of_file: return error::eof;
      case netpoll::errc::deadline_exceeded:
      case netpoll::errc::no_deadline: break;
    }
  }
  return ec;
}

// Does `request`. With `may_wait` false it tries once and reports would_block instead of waiting.
inline void perform_on_socket(netpoll::io_request& request, const netpoll::fd& target,
                              bool may_wait, error_code& ec) {
  if (!target.is_open()) {
    ec = error::bad_descriptor;
    return;
  }
  if (may_wait) {
    perform(request, target);
    ec = socket_error(request.error());
    return;
  }
  request.insist();
  request.start(target);
  if (request.advance() == netpoll::io_request::step::wait) {
    request.abandon();
    ec = error::would_block;
  } else {
    ec = socket_error(request.error());
  }
}

// A request together with the buffers it points to.
template <typename Request, typename Iovecs>
class buffered_request final : private Iovecs, public Request {
 public:
  template <typename Buffers, typename... Args>
  buffered_request(netpoll::transport kind, const Buffers& buffers, std::size_t limit, Args... args)
      : Iovecs(buffers, limit), Request(kind, Iovecs::data(), Iovecs::count(), args...) {}
};

// As many buffers as one call of a "some" operation looks at.
inline constexpr std::size_t buffers_per_call = 64;

// What takes the place of a request with null_buffers: waits, and transfers nothing.
template <netpoll::direction Direction>
class wait_only_request final : public netpoll::readiness_request {
 public:
  template <typename... Args>
  explicit wait_only_request(const Args&...) noexcept
      : readiness_request(Direction, Direction == netpoll::direction::read ? POLLIN : POLLOUT) {}
};
template <typename Buffers, typename Request>
using reading = std::conditional_t<is_null_buffers<Buffers>,
                                   wait_only_request<netpoll::direction::read>, Request>;
template <typename Buffers, typename Request>
using writing = std::conditional_t<is_null_buffers<Buffers>,
                                   wait_only_request<netpoll::direction::write>, Request>;

template <typename Buffers>
using read_some_request =
    reading<Buffers, buffered_request<netpoll::read_request, iovecs_of<Buffers>>>;
template <typename Buffers>
using write_some_request =
    writing<Buffers, buffered_request<netpoll::write_request, iovecs_of<Buffers>>>;

// Calls handler(error_code, bytes) with the outcome of a transfer.
struct finish_transfer {
  bool was_open = true;

  auto operator()(const netpoll::io_request& request) const noexcept {
    const error_code ec =
        was_open ? socket_error(request.error()) : make_error_code(error::bad_descriptor);
    return [ec, bytes = request.bytes()](auto& handler) { std::move(handler)(ec, bytes); };
  }
};

// Calls handler(error_code) when connecting is over; `open_error` says that there was no socket.
struct finish_with_open_error {
  error_code open_error;

  auto operator()(const netpoll::io_request& request) const noexcept {
    const error_code ec = open_error ? open_error : socket_error(request.error());
    return [ec](auto& handler) { std::move(handler)(ec); };
  }
};

// Calls handler(error_code).
struct finish_plain {
  bool was_open = true;

  auto operator()(const netpoll::io_request& request) const noexcept {
    const error_code ec =
        was_open ? socket_error(request.error()) : make_error_code(error::bad_descriptor);
    return [ec](auto& handler) { std::move(handler)(ec); };
  }
};

}  // namespace NET_NAMESPACE::internal
