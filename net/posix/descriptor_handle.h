// SPDX-License-Identifier: BSL-1.0
//
// What descriptors, pipes and serial ports have in common: a number that is read and written with
// read(2) and write(2), taken over and given away, its deadlines, and waiting until it is ready.
// The classes made of this show what of it they are meant for.
//
// Every operation comes as a throwing form and an error_code& form; those that may wait also as an
// async_ form with a completion token. Synchronous forms park the fiber when called on one and block
// the thread when not. Operations in different directions, close() and cancel() may overlap in any
// threads; move, assign and destroy may not overlap with anything.
//
// close() and cancel() end pending operations with error::operation_aborted, a deadline ends them
// with error::deadline_exceeded; a single one is ended by its cancellation slot, of any type.
//
// What epoll cannot poll, a regular file for one, can be assigned as well. Reading and writing it
// never wait; who asks to be told when it is ready, or would have to wait, gets
// error::operation_not_supported.
#pragma once

#include <cerrno>
#include <cstddef>
#include <utility>

#include "net/async/async_result.h"
#include "net/async/default_completion_token.h"
#include "net/async/initiation.h"
#include "net/async/io_operation.h"
#include "net/buffer/buffer.h"
#include "net/buffer/null_buffers.h"
#include "net/config.h"
#include "net/error.h"
#include "net/io_executor.h"
#include "net/posix/descriptor_base.h"
#include "net/socket/io_handle.h"
#include "net/socket/socket_operation.h"
#include "netpoll/base/syscall.h"
#include "netpoll/direction.h"
#include "netpoll/fd.h"
#include "netpoll/requests.h"

namespace NET_NAMESPACE::internal {

// Only a descriptor that nothing can tell to be ready reports that it is not.
inline error_code descriptor_error(const error_code& ec) noexcept {
  return ec == error::would_block ? make_error_code(error::operation_not_supported)
                                  : socket_error(ec);
}

// Calls handler(error_code, bytes) with the outcome of a transfer.
struct finish_descriptor_transfer {
  bool was_open = true;

  auto operator()(const netpoll::io_request& request) const noexcept {
    const error_code ec =
        was_open ? descriptor_error(request.error()) : make_error_code(error::bad_descriptor);
    return [ec, bytes = request.bytes()](auto& handler) { std::move(handler)(ec, bytes); };
  }
};

// The same for who only waits, with handler(error_code) or, having been asked to read or write
// nothing, handler(error_code, 0).
template <bool CountsBytes>
struct finish_readiness {
  error_code failure;

  auto operator()(const netpoll::io_request& request) const noexcept {
    const error_code ec = failure ? failure : socket_error(request.error());
    return [ec](auto& handler) {
      if constexpr (CountsBytes) {
        std::move(handler)(ec, std::size_t{0});
      } else {
        std::move(handler)(ec);
      }
    };
  }
};

template <typename Executor>
class descriptor_handle : public io_handle<Executor> {
  using base = io_handle<Executor>;

 public:
  using executor_type = Executor;
  using wait_type = posix::descriptor_base::wait_type;

  // Closed, or with a descriptor that is taken over. On an executor or a context.
  explicit descriptor_handle(const executor_type& executor) : base(executor) {}
  descriptor_handle(const executor_type& executor, int native) : base(executor) { assign(native); }
  template <io_context_for<executor_type> Context>
  explicit descriptor_handle(Context& context)
      : descriptor_handle(executor_type(context.get_executor())) {}
  template <io_context_for<executor_type> Context>
  descriptor_handle(Context& context, int native)
      : descriptor_handle(executor_type(context.get_executor()), native) {}

  using base::is_open;

  // Takes over an open descriptor, and makes it non-blocking. It stays the caller's if that fails.
  void assign(int native) {
    or_throw("assign", [&](error_code& ec) { assign(native, ec); });
  }
  void assign(int native, error_code& ec) {
    if (is_open()) {
      ec = error::already_open;
      return;
    }
    base::take_over(native, ec);
    if (ec) {
      return;
    }
    // Now, not when somebody has to wait: so that it is known what can be waited for.
    ec = this->with_number([&](int) {
      const int error = this->fd_.descriptor()->ensure_reported(netpoll::direction::read);
      return netpoll::sys::result{0, error == EPERM ? 0 : error};
    });
    if (ec) {
      (void)this->fd_.release();
    }
  }

  // Gives the descriptor away, ending all operations with error::operation_aborted. -1 if it is
  // closed, which is no error.
  int release() { return this->fd_.release(); }
  int release(error_code& ec) {
    ec.clear();
    return release();
  }

  // Waits for readiness without transferring anything. What cannot be waited for is ready.
  void wait(wait_type what) {
    or_throw("wait", [&](error_code& ec) { wait(what, ec); });
  }
  void wait(wait_type what, error_code& ec) {
    netpoll::readiness_request request(base::direction_of(what), base::events_of(what));
    transfer(request, ec);
  }
  // handler(error_code)
  template <typename Token = default_completion_token_t<executor_type>>
  decltype(auto) async_wait(wait_type what,
                            Token&& token = default_completion_token_t<executor_type>()) {
    return async_initiate<Token, void(error_code)>(
        initiation(*this,
                   [](descriptor_handle& self, auto&& handler, wait_type which) {
                     self.template start_wait<false>(which,
                                                     std::forward<decltype(handler)>(handler));
                   }),
        token, what);
  }

  // At least one byte, unless the buffers are empty, which succeeds at once. At most 64 buffers of
  // a sequence are used per call. The end of what can be read is error::eof.
  template <typename Buffers>
  std::size_t read_some(const Buffers& buffers) {
    return or_throw("read_some", [&](error_code& ec) { return read_some(buffers, ec); });
  }
  template <typename Buffers>
  std::size_t read_some(const Buffers& buffers, error_code& ec) {
    static_assert(mutable_buffer_sequence<Buffers>, "reading needs mutable buffers");
    if constexpr (is_null_buffers<Buffers>) {
      wait(wait_type::wait_read, ec);
      return 0;
    } else {
      read_some_request<Buffers> request(netpoll::transport::pipe, buffers, buffers_per_call);
      return transfer(request, ec);
    }
  }
  // handler(error_code, bytes)
  template <typename Buffers, typename Token = default_completion_token_t<executor_type>>
  decltype(auto) async_read_some(const Buffers& buffers,
                                 Token&& token = default_completion_token_t<executor_type>()) {
    static_assert(mutable_buffer_sequence<Buffers>, "reading needs mutable buffers");
    return async_initiate<Token, void(error_code, std::size_t)>(
        initiation(*this,
                   [](descriptor_handle& self, auto&& handler, const Buffers& target) {
                     if constexpr (is_null_buffers<Buffers>) {
                       self.template start_wait<true>(wait_type::wait_read,
                                                      std::forward<decltype(handler)>(handler));
                     } else {
                       start_io<read_some_request<Buffers>>(
                           self.fd_, self.io_, finish_descriptor_transfer{self.is_open()},
                           std::forward<decltype(handler)>(handler), netpoll::transport::pipe,
                           target, buffers_per_call);
                     }
                   }),
        token, buffers);
  }

  template <typename Buffers>
  std::size_t write_some(const Buffers& buffers) {
    return or_throw("write_some", [&](error_code& ec) { return write_some(buffers, ec); });
  }
  template <typename Buffers>
  std::size_t write_some(const Buffers& buffers, error_code& ec) {
    if constexpr (is_null_buffers<Buffers>) {
      wait(wait_type::wait_write, ec);
      return 0;
    } else {
      write_some_request<Buffers> request(netpoll::transport::pipe, buffers, buffers_per_call,
                                          netpoll::write_request::amount::some);
      return transfer(request, ec);
    }
  }
  // handler(error_code, bytes)
  template <typename Buffers, typename Token = default_completion_token_t<executor_type>>
  decltype(auto) async_write_some(const Buffers& buffers,
                                  Token&& token = default_completion_token_t<executor_type>()) {
    return async_initiate<Token, void(error_code, std::size_t)>(
        initiation(*this,
                   [](descriptor_handle& self, auto&& handler, const Buffers& source) {
                     if constexpr (is_null_buffers<Buffers>) {
                       self.template start_wait<true>(wait_type::wait_write,
                                                      std::forward<decltype(handler)>(handler));
                     } else {
                       start_io<write_some_request<Buffers>>(
                           self.fd_, self.io_, finish_descriptor_transfer{self.is_open()},
                           std::forward<decltype(handler)>(handler), netpoll::transport::pipe,
                           source, buffers_per_call, netpoll::write_request::amount::some);
                     }
                   }),
        token, buffers);
  }

 protected:
  descriptor_handle(descriptor_handle&&) noexcept = default;
  descriptor_handle& operator=(descriptor_handle&&) noexcept = default;
  template <typename Other>
  explicit descriptor_handle(descriptor_handle<Other>&& other)
      : base(static_cast<io_handle<Other>&&>(other)) {}
  ~descriptor_handle() = default;

 private:
  template <typename Request>
  std::size_t transfer(Request& request, error_code& ec) {
    perform_on_socket(request, this->fd_, !this->is_non_blocking_, ec);
    if (!this->is_non_blocking_) {
      ec = descriptor_error(ec);
    }
    return request.bytes();
  }

  template <bool CountsBytes, typename Handler>
  void start_wait(wait_type what, Handler&& handler) {
    if (is_open() && !this->fd_.is_pollable()) {
      const netpoll::fd nothing;
      start_io<netpoll::readiness_request>(
          nothing, this->io_, finish_readiness<CountsBytes>{error::operation_not_supported},
          std::forward<Handler>(handler), base::direction_of(what), base::events_of(what));
    } else {
      const error_code failure = this->unless_open();
      start_io<netpoll::readiness_request>(
          this->fd_, this->io_, finish_readiness<CountsBytes>{failure},
          std::forward<Handler>(handler), base::direction_of(what), base::events_of(what));
    }
  }
};

}  // namespace NET_NAMESPACE::internal
