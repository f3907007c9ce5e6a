// SPDX-License-Identifier: BSL-1.0
//
// A descriptor that is a stream of bytes: a pipe, a terminal, an eventfd, a file. See
// descriptor_handle.h for what all operations have in common.
//
//   net::posix::stream_descriptor input(context, ::dup(STDIN_FILENO));
//   std::size_t n = input.read_some(net::buffer(data));
//
// read_some and write_some transfer at least one byte, unless the buffers are empty, which succeeds
// at once. The end of the stream is error::eof. At most 64 buffers of a sequence are used per call.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include "net/async/default_completion_token.h"
#include "net/config.h"
#include "net/error.h"
#include "net/execution/any_io_executor.h"
#include "net/io_executor.h"
#include "net/posix/basic_descriptor.h"

namespace NET_NAMESPACE::posix {

template <typename Executor = any_io_executor>
class basic_stream_descriptor : public basic_descriptor<Executor> {
  using base = basic_descriptor<Executor>;

 public:
  using typename base::executor_type;
  using typename base::native_handle_type;
  template <typename Other>
  struct rebind_executor {
    using other = basic_stream_descriptor<Other>;
  };

  // Closed, or with a descriptor that is taken over. On an executor or a context.
  explicit basic_stream_descriptor(const executor_type& executor) : base(executor) {}
  basic_stream_descriptor(const executor_type& executor, int native) : base(executor, native) {}
  template <NET_NAMESPACE::internal::io_context_for<executor_type> Context>
  explicit basic_stream_descriptor(Context& context) : base(context) {}
  template <NET_NAMESPACE::internal::io_context_for<executor_type> Context>
  basic_stream_descriptor(Context& context, int native) : base(context, native) {}

  basic_stream_descriptor(const basic_stream_descriptor&) = delete;
  basic_stream_descriptor& operator=(const basic_stream_descriptor&) = delete;
  basic_stream_descriptor(basic_stream_descriptor&&) noexcept = default;
  basic_stream_descriptor& operator=(basic_stream_descriptor&&) noexcept = default;
  template <typename Other>
  requires(std::is_convertible_v<Other, Executor>)
      basic_stream_descriptor(basic_stream_descriptor<Other>&& other)
      : base(std::move(other)) {}
  template <typename Other>
  requires(std::is_convertible_v<Other, Executor>) basic_stream_descriptor& operator=(
      basic_stream_descriptor<Other>&& other) {
    base::operator=(std::move(other));
    return *this;
  }
  ~basic_stream_descriptor() = default;

  template <typename Buffers>
  std::size_t read_some(const Buffers& buffers) {
    return NET_NAMESPACE::internal::or_throw(
        "read_some", [&](error_code& ec) { return read_some(buffers, ec); });
  }
  template <typename Buffers>
  std::size_t read_some(const Buffers& buffers, error_code& ec) {
    return this->read(buffers, ec);
  }
  // handler(error_code, bytes)
  template <typename Buffers, typename Token = default_completion_token_t<executor_type>>
  decltype(auto) async_read_some(const Buffers& buffers,
                                 Token&& token = default_completion_token_t<executor_type>()) {
    return this->async_read(buffers, std::forward<Token>(token));
  }

  template <typename Buffers>
  std::size_t write_some(const Buffers& buffers) {
    return NET_NAMESPACE::internal::or_throw(
        "write_some", [&](error_code& ec) { return write_some(buffers, ec); });
  }
  template <typename Buffers>
  std::size_t write_some(const Buffers& buffers, error_code& ec) {
    return this->write(buffers, ec);
  }
  // handler(error_code, bytes)
  template <typename Buffers, typename Token = default_completion_token_t<executor_type>>
  decltype(auto) async_write_some(const Buffers& buffers,
                                  Token&& token = default_completion_token_t<executor_type>()) {
    return this->async_write(buffers, std::forward<Token>(token));
  }
};

}  // namespace NET_NAMESPACE::posix
