// SPDX-License-Identifier: BSL-1.0
//
// Connecting by name, as Go's net.Dial does.
//
//   net::conn c = net::dial("tcp", "example.org:80", std::chrono::seconds(5));
//
// The address is "host:port"; an empty host is this machine, a port may be a service name. All
// addresses of a name are tried in the order the resolver gives them, each with its share of the
// time left. Networks: "tcp", "tcp4", "tcp6". Thread-safe.
//
// Errors: address_errc for bad text, error::host_not_found and its kin, error::deadline_exceeded,
// or the first address' error, such as error::connection_refused. Nothing is left open on failure.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "net/async/async_result.h"
#include "net/async/handler_work.h"
#include "net/config.h"
#include "net/conn/conn.h"
#include "net/error.h"
#include "net/fiber/fiber.h"
#include "net/io_context.h"

namespace NET_NAMESPACE {
namespace internal {

conn dial_until(io_context& context, std::string_view network, std::string_view address,
                netpoll::nanotime deadline, error_code* ec);

template <typename Rep, typename Period>
netpoll::nanotime deadline_after(const std::chrono::duration<Rep, Period>& timeout) {
  return netpoll::add_saturated(netpoll::clock::now(), netpoll::to_nanoseconds(timeout));
}

}  // namespace internal

// No timeout but the system's.
conn dial(io_context& context, std::string_view network, std::string_view address);
conn dial(io_context& context, std::string_view network, std::string_view address, error_code& ec);
conn dial(std::string_view network, std::string_view address);
conn dial(std::string_view network, std::string_view address, error_code& ec);

// `timeout` is for all of it, the lookup included.
template <typename Rep, typename Period>
conn dial(io_context& context, std::string_view network, std::string_view address,
          const std::chrono::duration<Rep, Period>& timeout) {
  return internal::dial_until(context, network, address, internal::deadline_after(timeout),
                              nullptr);
}
template <typename Rep, typename Period>
conn dial(io_context& context, std::string_view network, std::string_view address,
          const std::chrono::duration<Rep, Period>& timeout, error_code& ec) {
  return internal::dial_until(context, network, address, internal::deadline_after(timeout), &ec);
}
io_context& current_context();
template <typename Rep, typename Period>
conn dial(std::string_view network, std::string_view address,
          const std::chrono::duration<Rep, Period>& timeout) {
  return dial(current_context(), network, address, timeout);
}
template <typename Rep, typename Period>
conn dial(std::string_view network, std::string_view address,
          const std::chrono::duration<Rep, Period>& timeout, error_code& ec) {
  return dial(current_context(), network, address, timeout, ec);
}

// handler(error_code, conn). Runs in a fiber of `context`.
template <typename Rep, typename Period, typename Token>
decltype(auto) async_dial(io_context& context, std::string_view network, std::string_view address,
                          const std::chrono::duration<Rep, Period>& timeout, Token&& token) {
  return async_initiate<Token, void(error_code, conn)>(
      [&context, deadline = internal::deadline_after(timeout)](auto&& handler, std::string net,
                                                               std::string where) {
        go(context, [&context, deadline, net = std::move(net), where = std::move(where),
                     handler = std::forward<decltype(handler)>(handler)]() mutable {
          error_code ec;
          conn connected = internal::dial_until(context, net, where, deadline, &ec);
          // The handler is called from the loop, not on the fiber's small stack.
          const auto executor = context.get_executor();
          const auto allocator = get_associated_allocator(handler);
          using handler_type = std::decay_t<decltype(handler)>;
          internal::handler_work<handler_type, io_context::executor_type> work(
              handler, internal::io_executor(executor));
          executor.post(
              [work = std::move(work), ec, connected = std::move(connected),
               handler = std::move(handler)]() mutable {
                work.complete(std::move(handler),
                              [ec, connected = std::move(connected)](auto& target) mutable {
                                std::move(target)(ec, std::move(connected));
                              });
              },
              allocator);
        });
      },
      token, std::string(network), std::string(address));
}

}  // namespace NET_NAMESPACE
