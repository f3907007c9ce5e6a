// SPDX-License-Identifier: BSL-1.0
//
// The end of a pipe that is written. See net/posix/descriptor_handle.h for what all operations have
// in common, and connect_pipe.h for where pipes come from.
//
//   net::writable_pipe pipe(context);
//   std::size_t n = pipe.write_some(net::buffer(data));
//
// write_some transfers at least one byte, unless the buffers are empty, which succeeds at once.
// When nobody can read any more it reports error::broken_pipe; no signal is raised.
#pragma once

#include <type_traits>
#include <utility>

#include "net/config.h"
#include "net/execution/any_io_executor.h"
#include "net/fwd.h"
#include "net/posix/descriptor_handle.h"

namespace NET_NAMESPACE {

template <typename Executor>
class basic_writable_pipe : protected internal::descriptor_handle<Executor> {
  using handle = internal::descriptor_handle<Executor>;

 public:
  using executor_type = Executor;
  template <typename Other>
  struct rebind_executor {
    using other = basic_writable_pipe<Other>;
  };
  using native_handle_type = int;
  using lowest_layer_type = basic_writable_pipe;

  // Closed, or with a descriptor that is taken over. On an executor or a context.
  using handle::handle;

  basic_writable_pipe(const basic_writable_pipe&) = delete;
  basic_writable_pipe& operator=(const basic_writable_pipe&) = delete;
  basic_writable_pipe(basic_writable_pipe&&) noexcept = default;
  basic_writable_pipe& operator=(basic_writable_pipe&&) noexcept = default;
  // From one of another executor that this one's can be made from.
  template <typename Other>
  requires(std::is_convertible_v<Other, Executor>)
      basic_writable_pipe(basic_writable_pipe<Other>&& other)
      : handle(std::move(static_cast<internal::descriptor_handle<Other>&>(other))) {}
  template <typename Other>
  requires(std::is_convertible_v<Other, Executor>) basic_writable_pipe& operator=(
      basic_writable_pipe<Other>&& other) {
    this->take(std::move(static_cast<internal::descriptor_handle<Other>&>(other)));
    return *this;
  }
  ~basic_writable_pipe() = default;

  using handle::assign;
  using handle::async_write_some;
  using handle::cancel;
  using handle::close;
  using handle::get_executor;
  using handle::is_open;
  using handle::native_handle;
  using handle::release;
  using handle::set_deadline;
  using handle::set_write_deadline;
  using handle::write_some;

  lowest_layer_type& lowest_layer() noexcept { return *this; }
  const lowest_layer_type& lowest_layer() const noexcept { return *this; }

 private:
  template <typename>
  friend class basic_writable_pipe;
};

}  // namespace NET_NAMESPACE
