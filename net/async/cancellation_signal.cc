// SPDX-License-Identifier: BSL-1.0
#include "net/async/cancellation_signal.h"

#include "net/async/handler_memory.h"
#include "netpoll/base/check.h"

namespace NET_NAMESPACE {
namespace internal {
namespace {

constexpr bool is_recycled(std::size_t alignment) noexcept {
  return alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__;
}

}  // namespace

cancellation_memory allocate_cancellation_memory(std::size_t size, std::size_t alignment) {
  void* const block = is_recycled(alignment) ? allocate_block(size)
                                             : ::operator new(size, std::align_val_t(alignment));
  return {block, size, alignment};
}

void free_cancellation_memory(const cancellation_memory& memory) noexcept {
  if (is_recycled(memory.alignment)) {
    free_block(memory.block, memory.size);
  } else {
    ::operator delete(memory.block, std::align_val_t(memory.alignment));
  }
}

}  // namespace internal

cancellation_signal::~cancellation_signal() {
  if (handler_ != nullptr) {
    internal::free_cancellation_memory(handler_->destroy());
  }
}

void cancellation_slot::clear() {
  if (has_handler()) {
    internal::free_cancellation_memory(std::exchange(*handler_, nullptr)->destroy());
  }
}

internal::cancellation_memory cancellation_slot::take_memory(std::size_t size,
                                                             std::size_t alignment) {
  netpoll::check(is_connected(), "a cancellation handler needs a slot that is connected");
  if (has_handler()) {
    const internal::cancellation_memory memory = std::exchange(*handler_, nullptr)->destroy();
    if (memory.size >= size && memory.alignment >= alignment) {
      return memory;
    }
    internal::free_cancellation_memory(memory);
  }
  return internal::allocate_cancellation_memory(size, alignment);
}

}  // namespace NET_NAMESPACE
