// SPDX-License-Identifier: BSL-1.0
//
// What sockets that carry data have in common beyond basic_socket: how they are made, and doing a
// transfer in the style that is asked for.
#pragma once

#include <cstddef>
#include <utility>

#include "net/async/async_result.h"
#include "net/async/initiation.h"
#include "net/config.h"
#include "net/error.h"
#include "net/io_executor.h"
#include "net/socket/basic_socket.h"
#include "net/socket/socket_operation.h"

namespace NET_NAMESPACE::internal {

template <typename Protocol, typename Executor>
class transfer_socket : public basic_socket<Protocol, Executor> {
  using base = basic_socket<Protocol, Executor>;

 public:
  using typename base::endpoint_type;
  using typename base::executor_type;

  // Closed; open; open and bound; and with a descriptor that is taken over. On an executor or a
  // context.
  explicit transfer_socket(const executor_type& executor) : base(executor) {}
  transfer_socket(const executor_type& executor, const Protocol& protocol) : base(executor) {
    this->open(protocol);
  }
  transfer_socket(const executor_type& executor, const endpoint_type& local) : base(executor) {
    this->open(local.protocol());
    this->bind(local);
  }
  transfer_socket(const executor_type& executor, const Protocol& protocol, int native)
      : base(executor) {
    this->assign(protocol, native);
  }
  template <io_context_for<executor_type> Context>
  explicit transfer_socket(Context& context)
      : transfer_socket(executor_type(context.get_executor())) {}
  template <io_context_for<executor_type> Context>
  transfer_socket(Context& context, const Protocol& protocol)
      : transfer_socket(executor_type(context.get_executor()), protocol) {}
  template <io_context_for<executor_type> Context>
  transfer_socket(Context& context, const endpoint_type& local)
      : transfer_socket(executor_type(context.get_executor()), local) {}
  template <io_context_for<executor_type> Context>
  transfer_socket(Context& context, const Protocol& protocol, int native)
      : transfer_socket(executor_type(context.get_executor()), protocol, native) {}

 protected:
  transfer_socket(transfer_socket&&) noexcept = default;
  transfer_socket& operator=(transfer_socket&&) noexcept = default;
  template <typename OtherProtocol, typename OtherExecutor>
  explicit transfer_socket(basic_socket<OtherProtocol, OtherExecutor>&& other)
      : base(std::move(other)) {}
  ~transfer_socket() = default;

  template <typename Request, typename... Args>
  std::size_t transfer(error_code& ec, const Args&... args) {
    Request request(args...);
    perform_on_socket(request, this->fd_, !this->is_non_blocking_, ec);
    return request.bytes();
  }
  template <typename Request, typename Token, typename... Args>
  decltype(auto) async_transfer(Token& token, const Args&... args) {
    return async_initiate<Token, void(error_code, std::size_t)>(
        initiation(*this,
                   [](transfer_socket& self, auto&& handler, const auto&... values) {
                     start_io<Request>(self.fd_, self.io_, finish_transfer{self.is_open()},
                                       std::forward<decltype(handler)>(handler), values...);
                   }),
        token, args...);
  }

 private:
  template <typename, typename>
  friend class internal::initiation;
};

}  // namespace NET_NAMESPACE::internal
