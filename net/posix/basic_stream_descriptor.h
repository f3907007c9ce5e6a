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

#include <type_traits>
#include <utility>

#include "net/config.h"
#include "net/execution/any_io_executor.h"
#include "net/fwd.h"
#include "net/posix/basic_descriptor.h"

namespace NET_NAMESPACE::posix {

template <typename Executor>
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
  using base::base;

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

  using base::async_read_some;
  using base::async_write_some;
  using base::read_some;
  using base::write_some;
};

}  // namespace NET_NAMESPACE::posix
