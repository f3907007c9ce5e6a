// SPDX-License-Identifier: BSL-1.0
//
// A descriptor of any kind, with an executor: what can be waited for and configured, but not read.
// See descriptor_handle.h for what holds for all operations.
#pragma once

#include <type_traits>
#include <utility>

#include "net/config.h"
#include "net/execution/any_io_executor.h"
#include "net/fwd.h"
#include "net/posix/descriptor_base.h"
#include "net/posix/descriptor_handle.h"

namespace NET_NAMESPACE::posix {

template <typename Executor>
class basic_descriptor : public descriptor_base,
                         protected NET_NAMESPACE::internal::descriptor_handle<Executor> {
  using handle = NET_NAMESPACE::internal::descriptor_handle<Executor>;

 public:
  using executor_type = Executor;
  template <typename Other>
  struct rebind_executor {
    using other = basic_descriptor<Other>;
  };
  using native_handle_type = int;
  using lowest_layer_type = basic_descriptor;

  // Closed, or with a descriptor that is taken over. On an executor or a context.
  using handle::handle;

  basic_descriptor(const basic_descriptor&) = delete;
  basic_descriptor& operator=(const basic_descriptor&) = delete;
  basic_descriptor(basic_descriptor&&) noexcept = default;
  basic_descriptor& operator=(basic_descriptor&&) noexcept = default;
  // From one of another executor that this one's can be made from.
  template <typename Other>
  requires(std::is_convertible_v<Other, Executor>) basic_descriptor(basic_descriptor<Other>&& other)
      : handle(std::move(static_cast<NET_NAMESPACE::internal::descriptor_handle<Other>&>(other))) {}
  template <typename Other>
  requires(std::is_convertible_v<Other, Executor>) basic_descriptor& operator=(
      basic_descriptor<Other>&& other) {
    this->take(std::move(static_cast<NET_NAMESPACE::internal::descriptor_handle<Other>&>(other)));
    return *this;
  }

  using handle::assign;
  using handle::async_wait;
  using handle::cancel;
  using handle::close;
  using handle::get_executor;
#ifdef NET_LEGACY
#include "net/legacy/get_io_service.inc"
#endif
  using handle::io_control;
  using handle::is_open;
  using handle::native_handle;
  using handle::native_non_blocking;
  using handle::non_blocking;
  using handle::set_deadline;
  using handle::set_read_deadline;
  using handle::set_write_deadline;
  using handle::wait;
  // Gives the descriptor away, ending all operations with error::operation_aborted.
  int release() { return handle::release(); }

  lowest_layer_type& lowest_layer() noexcept { return *this; }
  const lowest_layer_type& lowest_layer() const noexcept { return *this; }

 protected:
  // Protected: nobody deletes a descriptor by this.
  ~basic_descriptor() = default;

 private:
  template <typename>
  friend class basic_descriptor;
};

}  // namespace NET_NAMESPACE::posix
