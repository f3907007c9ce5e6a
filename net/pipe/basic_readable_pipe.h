// SPDX-License-Identifier: BSL-1.0
//
// The end of a pipe that is read. See net/posix/descriptor_handle.h for what all operations have in
// common, and connect_pipe.h for where pipes come from.
//
//   net::readable_pipe pipe(context);
//   std::size_t n = pipe.read_some(net::buffer(data));
//
// read_some transfers at least one byte, unless the buffers are empty, which succeeds at once. When
// nobody can write any more, and all was read, it reports error::eof.
#pragma once

#include <type_traits>
#include <utility>

#include "net/config.h"
#include "net/execution/any_io_executor.h"
#include "net/fwd.h"
#include "net/posix/descriptor_handle.h"

namespace NET_NAMESPACE {

template <typename Executor>
class basic_readable_pipe : protected internal::descriptor_handle<Executor> {
  using handle = internal::descriptor_handle<Executor>;

 public:
  using executor_type = Executor;
  template <typename Other>
  struct rebind_executor {
    using other = basic_readable_pipe<Other>;
  };
  using native_handle_type = int;
  using lowest_layer_type = basic_readable_pipe;

  // Closed, or with a descriptor that is taken over. On an executor or a context.
  using handle::handle;

  basic_readable_pipe(const basic_readable_pipe&) = delete;
  basic_readable_pipe& operator=(const basic_readable_pipe&) = delete;
  basic_readable_pipe(basic_readable_pipe&&) noexcept = default;
  basic_readable_pipe& operator=(basic_readable_pipe&&) noexcept = default;
  // From one of another executor that this one's can be made from.
  template <typename Other>
  requires(std::is_convertible_v<Other, Executor>)
      basic_readable_pipe(basic_readable_pipe<Other>&& other)
      : handle(std::move(static_cast<internal::descriptor_handle<Other>&>(other))) {}
  template <typename Other>
  requires(std::is_convertible_v<Other, Executor>) basic_readable_pipe& operator=(
      basic_readable_pipe<Other>&& other) {
    this->take(std::move(static_cast<internal::descriptor_handle<Other>&>(other)));
    return *this;
  }
  ~basic_readable_pipe() = default;

  using handle::assign;
  using handle::async_read_some;
  using handle::cancel;
  using handle::close;
  using handle::get_executor;
  using handle::is_open;
  using handle::native_handle;
  using handle::read_some;
  using handle::release;
  using handle::set_deadline;
  using handle::set_read_deadline;

  lowest_layer_type& lowest_layer() noexcept { return *this; }
  const lowest_layer_type& lowest_layer() const noexcept { return *this; }

 private:
  template <typename>
  friend class basic_readable_pipe;
};

}  // namespace NET_NAMESPACE
