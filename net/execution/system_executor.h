// SPDX-License-Identifier: BSL-1.0
//
// A system_executor runs functions anywhere: with blocking.possibly, as it is made, or
// blocking.always, in the thread that calls execute(), and with blocking.never in one of the
// system_context. What they throw ends the program. All of them are equal.
//
//   net::post(net::system_executor(), [] { … });
#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

#include "net/config.h"
#include "net/execution/any_io_executor.h"
#include "net/execution/function_operation.h"
#include "net/execution/inline_executor.h"
#include "net/execution/properties/properties.h"
#include "net/execution/system_context.h"

namespace NET_NAMESPACE {

template <typename Blocking, typename Relationship, typename Allocator>
class basic_system_executor {
  template <typename B, typename R, typename A>
  using with = basic_system_executor<B, R, A>;
  using possibly_t = execution::blocking_t::possibly_t;
  using always_t = execution::blocking_t::always_t;
  using never_t = execution::blocking_t::never_t;
  using fork_t = execution::relationship_t::fork_t;
  using continuation_t = execution::relationship_t::continuation_t;

 public:
  basic_system_executor() noexcept : allocator_(Allocator()) {}

  system_context& context() const noexcept { return system_context::of_process(); }
  void on_work_started() const noexcept {}
  void on_work_finished() const noexcept {}

  template <typename Function>
  void execute(Function&& function) const {
    if constexpr (std::is_same_v<Blocking, never_t>) {
      post(std::forward<Function>(function), allocator_);
    } else {
      internal::call_inline<execution::inline_exception_handling_t::terminate_t>(
          std::forward<Function>(function));
    }
  }

  // As the executors of the Networking TS: what `function` throws leaves dispatch().
  template <typename Function, typename OtherAllocator>
  void dispatch(Function&& function, const OtherAllocator&) const {
    internal::call_inline<void>(std::forward<Function>(function));
  }
  template <typename Function, typename OtherAllocator>
  void post(Function&& function, const OtherAllocator& allocator) const {
    context().loop().post_new(
        internal::make_function_operation(std::forward<Function>(function), allocator));
  }
  template <typename Function, typename OtherAllocator>
  void defer(Function&& function, const OtherAllocator& allocator) const {
    post(std::forward<Function>(function), allocator);
  }

  friend bool operator==(const basic_system_executor&, const basic_system_executor&) noexcept {
    return true;
  }

  with<possibly_t, Relationship, Allocator> require(possibly_t) const { return {allocator_}; }
  with<always_t, Relationship, Allocator> require(always_t) const { return {allocator_}; }
  with<never_t, Relationship, Allocator> require(never_t) const { return {allocator_}; }
  with<Blocking, fork_t, Allocator> require(fork_t) const { return {allocator_}; }
  with<Blocking, continuation_t, Allocator> require(continuation_t) const { return {allocator_}; }
  template <typename OtherAllocator>
  with<Blocking, Relationship, OtherAllocator> require(
      execution::allocator_t<OtherAllocator> allocator) const {
    return {allocator.value()};
  }
  with<Blocking, Relationship, std::allocator<void>> require(execution::allocator_t<void>) const {
    return {};
  }

  static constexpr execution::mapping_t query(execution::mapping_t) noexcept {
    return execution::mapping.thread;
  }
  static constexpr execution::inline_exception_handling_t query(
      execution::inline_exception_handling_t) noexcept {
    return execution::inline_exception_handling.terminate;
  }
  static constexpr execution::blocking_t query(execution::blocking_t) noexcept {
    return Blocking();
  }
  static constexpr execution::relationship_t query(execution::relationship_t) noexcept {
    return Relationship();
  }
  static system_context& query(execution::context_t) noexcept {
    return system_context::of_process();
  }
  template <typename OtherAllocator>
  constexpr Allocator query(execution::allocator_t<OtherAllocator>) const noexcept {
    return allocator_;
  }
  std::size_t query(execution::occupancy_t) const noexcept { return context().thread_count(); }

 private:
  template <typename, typename, typename>
  friend class basic_system_executor;

  basic_system_executor(const Allocator& allocator) : allocator_(allocator) {}

  [[no_unique_address]] Allocator allocator_;
};

using system_executor =
    basic_system_executor<execution::blocking_t::possibly_t, execution::relationship_t::fork_t,
                          std::allocator<void>>;

inline system_context::executor_type system_context::get_executor() noexcept {
  return system_executor();
}


namespace internal {

// In the library.
using posting_system_executor =
    basic_system_executor<execution::blocking_t::never_t, execution::relationship_t::fork_t,
                          std::allocator<void>>;
using continuing_system_executor =
    basic_system_executor<execution::blocking_t::possibly_t, execution::relationship_t::continuation_t,
                          std::allocator<void>>;
using posting_continuing_system_executor =
    basic_system_executor<execution::blocking_t::never_t, execution::relationship_t::continuation_t,
                          std::allocator<void>>;
template <>
inline constexpr bool has_table_in_library<any_io_executor_base, system_executor> = true;
extern template const erased_functions& choose_table<any_io_executor_base>(const system_executor&);
template <>
inline constexpr bool has_table_in_library<any_io_executor_base, posting_system_executor> = true;
extern template const erased_functions& choose_table<any_io_executor_base>(
    const posting_system_executor&);
template <>
inline constexpr bool
    has_table_in_library<any_io_executor_base, continuing_system_executor> = true;
extern template const erased_functions& choose_table<any_io_executor_base>(
    const continuing_system_executor&);
template <>
inline constexpr bool
    has_table_in_library<any_io_executor_base, posting_continuing_system_executor> = true;
extern template const erased_functions& choose_table<any_io_executor_base>(
    const posting_continuing_system_executor&);

}  // namespace internal

}  // namespace NET_NAMESPACE
