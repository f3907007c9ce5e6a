// SPDX-License-Identifier: BSL-1.0
//
// What is behind an any_completion_handler: an object that holds a handler of a type that nobody
// else knows, in memory from the handler's own allocator.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "net/async/associated_allocator.h"
#include "net/async/associated_cancellation_slot.h"
#include "net/async/associated_executor.h"
#include "net/async/associated_immediate_executor.h"
#include "net/async/cancellation_signal.h"
#include "net/async/cancellation_state.h"
#include "net/async/recycling_allocator.h"
#include "net/config.h"
#include "net/execution/any_completion_executor.h"
#include "net/execution/any_io_executor.h"

namespace NET_NAMESPACE::internal {

[[noreturn]] void throw_bad_function_call();

class erased_handler {
 public:
  erased_handler(const erased_handler&) = delete;
  erased_handler& operator=(const erased_handler&) = delete;

  // Passes on what the handler's own slot gets.
  cancellation_slot slot() const noexcept { return cancellation_.slot(); }

  virtual any_completion_executor executor(
      const any_completion_executor& otherwise) const noexcept = 0;
  virtual any_completion_executor immediate_executor(
      const any_io_executor& otherwise) const noexcept = 0;

  // Memory from the handler's allocator.
  virtual void* allocate(std::size_t size, std::size_t alignment) const = 0;
  virtual void deallocate(void* memory, std::size_t size, std::size_t alignment) const noexcept = 0;

  virtual void destroy() noexcept = 0;

 protected:
  template <typename CancellationSlot>
  explicit erased_handler(CancellationSlot slot)
      : cancellation_(std::move(slot), enable_total_cancellation()) {}
  ~erased_handler() = default;

 private:
  cancellation_state cancellation_;
};

// With a function call() for each signature, which may be called once, and destroys the object.
template <typename... Signatures>
class callable_erased_handler;
template <typename R, typename... Args>
class callable_erased_handler<R(Args...)> : public erased_handler {
 public:
  virtual void call(Args... args) = 0;

 protected:
  using erased_handler::erased_handler;
  ~callable_erased_handler() = default;
};
template <typename R, typename... Args, typename Next, typename... More>
class callable_erased_handler<R(Args...), Next, More...>
    : public callable_erased_handler<Next, More...> {
 public:
  using callable_erased_handler<Next, More...>::call;
  virtual void call(Args... args) = 0;

 protected:
  using callable_erased_handler<Next, More...>::callable_erased_handler;
  ~callable_erased_handler() = default;
};

// Implements call() for each signature by Holder's invoke().
template <typename Holder, typename Interface, typename... Signatures>
class erased_calls;
template <typename Holder, typename Interface>
class erased_calls<Holder, Interface> : public Interface {
 protected:
  using Interface::Interface;
  ~erased_calls() = default;
};
template <typename Holder, typename Interface, typename R, typename... Args, typename... More>
class erased_calls<Holder, Interface, R(Args...), More...>
    : public erased_calls<Holder, Interface, More...> {
 public:
  using Interface::call;
  void call(Args... args) override {
    static_cast<Holder&>(*this).invoke(static_cast<Args&&>(args)...);
  }

 protected:
  using erased_calls<Holder, Interface, More...>::erased_calls;
  ~erased_calls() = default;
};

template <typename Handler, typename... Signatures>
class handler_holder final
    : public erased_calls<handler_holder<Handler, Signatures...>,
                          callable_erased_handler<Signatures...>, Signatures...> {
  using base_type =
      erased_calls<handler_holder, callable_erased_handler<Signatures...>, Signatures...>;
  template <typename, typename, typename...>
  friend class erased_calls;

 public:
  template <typename H>
  static handler_holder* make(H&& handler) {
    allocator_for<handler_holder> memory = allocator_of<handler_holder>(handler);
    handler_holder* const place = memory.allocate(1);
    try {
      return ::new (static_cast<void*>(place)) handler_holder(std::forward<H>(handler));
    } catch (...) {
      memory.deallocate(place, 1);
      throw;
    }
  }

  void destroy() noexcept override {
    allocator_for<handler_holder> memory = allocator_of<handler_holder>(handler_);
    this->~handler_holder();
    memory.deallocate(this, 1);
  }

  any_completion_executor executor(
      const any_completion_executor& otherwise) const noexcept override {
    return any_completion_executor(std::nothrow,
                                   NET_NAMESPACE::get_associated_executor(handler_, otherwise));
  }
  any_completion_executor immediate_executor(
      const any_io_executor& otherwise) const noexcept override {
    return any_completion_executor(
        std::nothrow, NET_NAMESPACE::get_associated_immediate_executor(handler_, otherwise));
  }

  void* allocate(std::size_t size, std::size_t alignment) const override {
    allocator_for<unit> memory = allocator_of<unit>(handler_);
    if (alignment <= alignof(unit)) {
      return memory.allocate(units_for(size));
    }
    // More than is needed, so that a part of it is aligned; where it starts is noted behind that.
    void* const start = memory.allocate(units_for(size_with_start(size, alignment)));
    void* place = start;
    std::size_t space = size + alignment;
    std::align(alignment, size, place, space);
    std::memcpy(static_cast<std::byte*>(place) + size, &start, sizeof(start));
    return place;
  }

  void deallocate(void* place, std::size_t size, std::size_t alignment) const noexcept override {
    allocator_for<unit> memory = allocator_of<unit>(handler_);
    if (alignment <= alignof(unit)) {
      memory.deallocate(static_cast<unit*>(place), units_for(size));
      return;
    }
    void* start;
    std::memcpy(&start, static_cast<std::byte*>(place) + size, sizeof(start));
    memory.deallocate(static_cast<unit*>(start), units_for(size_with_start(size, alignment)));
  }

 private:
  struct alignas(std::max_align_t) unit {
    std::byte bytes[alignof(std::max_align_t)];
  };
  static constexpr std::size_t units_for(std::size_t size) noexcept {
    return size / sizeof(unit) + (size % sizeof(unit) != 0);
  }
  static constexpr std::size_t size_with_start(std::size_t size, std::size_t alignment) noexcept {
    return size + alignment + sizeof(void*);
  }

  // Blocks for handlers that leave it to the library are recycled.
  template <typename T>
  using allocator_for = typename std::allocator_traits<
      associated_allocator_t<Handler, recycling_allocator<void>>>::template rebind_alloc<T>;
  template <typename T>
  static allocator_for<T> allocator_of(const Handler& handler) noexcept {
    return allocator_for<T>(
        NET_NAMESPACE::get_associated_allocator(handler, recycling_allocator<void>()));
  }

  template <typename H>
  explicit handler_holder(H&& handler)
      : base_type(NET_NAMESPACE::get_associated_cancellation_slot(handler)),
        handler_(std::forward<H>(handler)) {}
  ~handler_holder() = default;

  // The memory is free before the handler runs.
  template <typename... Args>
  void invoke(Args&&... args) {
    Handler handler = take();
    static_cast<Handler&&>(handler)(std::forward<Args>(args)...);
  }

  Handler take() {
    struct destroyer {
      handler_holder* holder;
      ~destroyer() { holder->destroy(); }
    };
    const destroyer at_end{this};
    return static_cast<Handler&&>(handler_);
  }

  Handler handler_;
};

}  // namespace NET_NAMESPACE::internal
