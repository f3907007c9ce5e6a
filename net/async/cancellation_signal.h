// SPDX-License-Identifier: BSL-1.0
//
// A cancellation_signal asks one operation to end early; the operation listens by a handler in the
// signal's slot.
//
//   net::cancellation_signal stop;
//   socket.async_read_some(buffer, net::bind_cancellation_slot(stop.slot(), handler));
//   …
//   stop.emit(net::cancellation_type::total);
//
// One handler at a time: to install one destroys the one before. Its memory belongs to the signal,
// which uses it again for the next handler that fits. A slot must not outlive its signal. Neither
// class locks anything: emit() runs the handler in the calling thread, which must be one where the
// operation can neither start nor complete meanwhile, for instance by a strand. Nothing happens if
// there is no handler: before the operation has started, or when it is over.
#pragma once

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

#include "net/async/cancellation_type.h"
#include "net/config.h"

namespace NET_NAMESPACE {

class cancellation_slot;

namespace internal {

struct cancellation_memory {
  void* block = nullptr;
  std::size_t size = 0;
  std::size_t alignment = 0;
};
cancellation_memory allocate_cancellation_memory(std::size_t size, std::size_t alignment);
void free_cancellation_memory(const cancellation_memory& memory) noexcept;

// Stands at the beginning of the memory it is in.
class cancellation_handler {
 public:
  virtual void call(cancellation_type type) = 0;
  // Returns the memory it was in.
  virtual cancellation_memory destroy() noexcept = 0;

 protected:
  ~cancellation_handler() = default;
};

template <typename Handler>
class cancellation_handler_of final : public cancellation_handler {
 public:
  template <typename... Args>
  explicit cancellation_handler_of(const cancellation_memory& memory, Args&&... args)
      : handler_(std::forward<Args>(args)...), memory_(memory) {}

  void call(cancellation_type type) override { handler_(type); }
  cancellation_memory destroy() noexcept override {
    const cancellation_memory memory = memory_;
    this->~cancellation_handler_of();
    return memory;
  }
  Handler& handler() noexcept { return handler_; }

 private:
  ~cancellation_handler_of() = default;

  Handler handler_;
  const cancellation_memory memory_;
};

}  // namespace internal

class cancellation_signal {
 public:
  constexpr cancellation_signal() = default;
  cancellation_signal(const cancellation_signal&) = delete;
  cancellation_signal& operator=(const cancellation_signal&) = delete;
  ~cancellation_signal();

  void emit(cancellation_type type) {
    if (handler_ != nullptr) {
      handler_->call(type);
    }
  }

  cancellation_slot slot() noexcept;

 private:
  internal::cancellation_handler* handler_ = nullptr;
};

// A slot that is default constructed is not connected to a signal.
class cancellation_slot {
 public:
  constexpr cancellation_slot() = default;

  // Installs a handler made from `args`, instead of the one there may be. The slot must be
  // connected. If this throws, there is no handler.
  template <typename CancellationHandler, typename... Args>
  CancellationHandler& emplace(Args&&... args) {
    using type = internal::cancellation_handler_of<CancellationHandler>;
    const internal::cancellation_memory memory = take_memory(sizeof(type), alignof(type));
    try {
      type* const made = ::new (memory.block) type(memory, std::forward<Args>(args)...);
      *handler_ = made;
      return made->handler();
    } catch (...) {
      internal::free_cancellation_memory(memory);
      throw;
    }
  }
  template <typename CancellationHandler>
  std::decay_t<CancellationHandler>& assign(CancellationHandler&& handler) {
    return emplace<std::decay_t<CancellationHandler>>(std::forward<CancellationHandler>(handler));
  }

  // Destroys the handler, if there is one.
  void clear();

  constexpr bool is_connected() const noexcept { return handler_ != nullptr; }
  constexpr bool has_handler() const noexcept {
    return handler_ != nullptr && *handler_ != nullptr;
  }

  friend constexpr bool operator==(const cancellation_slot&,
                                   const cancellation_slot&) noexcept = default;

 private:
  friend class cancellation_signal;
  explicit constexpr cancellation_slot(internal::cancellation_handler** handler) noexcept
      : handler_(handler) {}

  // Destroys the handler there is, and takes its memory if it will do.
  internal::cancellation_memory take_memory(std::size_t size, std::size_t alignment);

  internal::cancellation_handler** handler_ = nullptr;
};

inline cancellation_slot cancellation_signal::slot() noexcept {
  return cancellation_slot(&handler_);
}

}  // namespace NET_NAMESPACE
