// SPDX-License-Identifier: BSL-1.0
//
// any_completion_handler<Signatures...> holds a completion handler of any type, so that the code of
// an asynchronous operation need not be a template:
//
//   void start_read(conn& c, net::any_completion_handler<void(std::error_code, std::size_t)>);
//
//   template <typename Token>
//   auto async_read(conn& c, Token&& token) {
//     return net::async_initiate<Token, void(std::error_code, std::size_t)>(
//         [&c](auto handler) { start_read(c, std::move(handler)); }, token);
//   }
//
// What is associated with the handler is associated with it too: the executors as
// any_completion_executor, the slot for all types of cancellation, the allocator as
// any_completion_handler_allocator. It makes one allocation, with the handler's allocator, and has
// none when the handler runs. It is moved, never copied; moved from or called, it is empty. To call
// an empty one throws std::bad_function_call.
#pragma once

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

#include "net/async/associated_executor.h"
#include "net/async/associated_immediate_executor.h"
#include "net/async/cancellation_signal.h"
#include "net/async/completion_signature.h"
#include "net/async/erased_handler.h"
#include "net/config.h"
#include "net/execution/any_completion_executor.h"
#include "net/execution/any_io_executor.h"

namespace NET_NAMESPACE {

template <typename... Signatures>
class any_completion_handler;

// Allocates with the allocator of a handler. Of use only while the handler is held; equal to those
// of the same handler. One for void allocates nothing; what it is rebound to does.
template <typename T, typename... Signatures>
class any_completion_handler_allocator {
 public:
  using value_type = T;

  template <typename U>
  struct rebind {
    using other = any_completion_handler_allocator<U, Signatures...>;
  };

  template <typename U>
  constexpr any_completion_handler_allocator(
      const any_completion_handler_allocator<U, Signatures...>& other) noexcept
      : handler_(other.handler_) {}

  T* allocate(std::size_t count) const requires(!std::is_void_v<T>) {
    if (handler_ == nullptr || count > static_cast<std::size_t>(-1) / 2 / sizeof(T)) {
      throw std::bad_alloc();
    }
    return static_cast<T*>(handler_->allocate(sizeof(T) * count, alignof(T)));
  }
  void deallocate(T* memory, std::size_t count) const noexcept requires(!std::is_void_v<T>) {
    handler_->deallocate(memory, sizeof(T) * count, alignof(T));
  }

  friend constexpr bool operator==(const any_completion_handler_allocator&,
                                   const any_completion_handler_allocator&) noexcept = default;

 private:
  template <typename, typename...>
  friend class any_completion_handler_allocator;
  template <typename...>
  friend class any_completion_handler;

  explicit constexpr any_completion_handler_allocator(
      const internal::erased_handler* handler) noexcept
      : handler_(handler) {}

  const internal::erased_handler* handler_;
};

template <typename... Signatures>
class any_completion_handler {
  using interface = internal::callable_erased_handler<
      typename internal::signature_traits<Signatures>::unqualified...>;

 public:
  using allocator_type = any_completion_handler_allocator<void, Signatures...>;
  using cancellation_slot_type = cancellation_slot;

  constexpr any_completion_handler() noexcept = default;
  constexpr any_completion_handler(std::nullptr_t) noexcept {}

  template <typename H>
  requires(!std::is_same_v<std::decay_t<H>, any_completion_handler>)
      any_completion_handler(H&& handler)
      : handler_(internal::handler_holder<
                 std::decay_t<H>, typename internal::signature_traits<Signatures>::unqualified...>::
                     make(std::forward<H>(handler))) {}

  any_completion_handler(any_completion_handler&& other) noexcept
      : handler_(std::exchange(other.handler_, nullptr)) {}
  any_completion_handler& operator=(any_completion_handler&& other) noexcept {
    any_completion_handler(std::move(other)).swap(*this);
    return *this;
  }
  any_completion_handler& operator=(std::nullptr_t) noexcept {
    any_completion_handler().swap(*this);
    return *this;
  }

  ~any_completion_handler() {
    if (handler_ != nullptr) {
      handler_->destroy();
    }
  }

  constexpr explicit operator bool() const noexcept { return handler_ != nullptr; }
  constexpr bool operator!() const noexcept { return handler_ == nullptr; }

  void swap(any_completion_handler& other) noexcept { std::swap(handler_, other.handler_); }

  allocator_type get_allocator() const noexcept { return allocator_type(handler_); }
  cancellation_slot_type get_cancellation_slot() const noexcept {
    return handler_ != nullptr ? handler_->slot() : cancellation_slot();
  }

  template <typename... Args>
  auto operator()(Args&&... args)
      -> decltype(std::declval<interface&>().call(std::forward<Args>(args)...)) {
    if (handler_ == nullptr) {
      internal::throw_bad_function_call();
    }
    std::exchange(handler_, nullptr)->call(std::forward<Args>(args)...);
  }

  friend constexpr bool operator==(const any_completion_handler& handler, std::nullptr_t) noexcept {
    return !handler;
  }

 private:
  template <typename, typename>
  friend struct associated_executor;
  template <typename, typename>
  friend struct associated_immediate_executor;

  interface* handler_ = nullptr;
};

template <typename... Signatures, typename Candidate>
struct associated_executor<any_completion_handler<Signatures...>, Candidate> {
  using type = any_completion_executor;

  static type get(const any_completion_handler<Signatures...>& handler,
                  const Candidate& otherwise = Candidate()) noexcept {
    any_completion_executor erased(std::nothrow, otherwise);
    return handler.handler_ != nullptr ? handler.handler_->executor(erased) : erased;
  }
};

template <typename... Signatures, typename Candidate>
struct associated_immediate_executor<any_completion_handler<Signatures...>, Candidate> {
  using type = any_completion_executor;

  static type get(const any_completion_handler<Signatures...>& handler,
                  const Candidate& otherwise = Candidate()) noexcept {
    any_io_executor erased(std::nothrow, otherwise);
    return handler.handler_ != nullptr ? handler.handler_->immediate_executor(erased)
                                       : any_completion_executor(std::nothrow, erased);
  }
};

}  // namespace NET_NAMESPACE
