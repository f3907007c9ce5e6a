// SPDX-License-Identifier: BSL-1.0
#include "net/execution/execution_context.h"

#include <new>
#include <vector>

namespace NET_NAMESPACE {
namespace {

class heap_memory final : public internal::context_memory {
 public:
  void* allocate(std::size_t size, std::size_t alignment) override {
    return ::operator new(size, std::align_val_t(alignment));
  }
  void deallocate(void* block, std::size_t /*size*/, std::size_t alignment) noexcept override {
    ::operator delete(block, std::align_val_t(alignment));
  }
  void release() noexcept override {}
};

}  // namespace

// Never destroyed, as contexts with static storage duration may outlive whatever was.
internal::context_memory& internal::context_memory::of_heap() noexcept {
  alignas(heap_memory) static unsigned char place[sizeof(heap_memory)];
  static heap_memory* const memory = ::new (static_cast<void*>(place)) heap_memory;
  return *memory;
}

execution_context::execution_context() : execution_context(internal::context_memory::of_heap()) {}

execution_context::execution_context(const service_maker& initial_services)
    : execution_context(internal::context_memory::of_heap()) {
  initial_services.make(*this);
}

execution_context::execution_context(internal::context_memory& memory) : memory_(&memory) {}

execution_context::~execution_context() {
  shutdown();
  destroy();
}

// What a service does in its end may make another one, so both look at the youngest each time.
void execution_context::shutdown() noexcept {
  for (;;) {
    service* next = nullptr;
    {
      const std::lock_guard lock(mutex_);
      for (next = youngest_; next != nullptr && next->is_shut_down_; next = next->next_) {
      }
      if (next == nullptr) {
        return;
      }
      next->is_shut_down_ = true;
    }
    next->shutdown();
  }
}

void execution_context::destroy() noexcept {
  for (;;) {
    service* next = nullptr;
    {
      const std::lock_guard lock(mutex_);
      next = youngest_;
      if (next == nullptr) {
        return;
      }
      youngest_ = next->next_;
    }
    if (!std::exchange(next->is_shut_down_, true)) {
      next->shutdown();
    }
    next->destroy_(*next);
  }
}

void execution_context::notify_fork(fork_event event) {
  std::vector<service*> services;
  {
    const std::lock_guard lock(mutex_);
    for (service* each = youngest_; each != nullptr; each = each->next_) {
      services.push_back(each);
    }
  }
  if (event == fork_prepare) {
    for (service* const each : services) {
      each->notify_fork(event);
    }
    notify_loop_of_fork(event);
  } else {
    notify_loop_of_fork(event);
    for (auto each = services.rbegin(); each != services.rend(); ++each) {
      (*each)->notify_fork(event);
    }
  }
}

void execution_context::notify_loop_of_fork(fork_event /*event*/) {}

execution_context::service* execution_context::find(const service_key& key) const noexcept {
  const std::lock_guard lock(mutex_);
  return find_locked(key);
}

// Needs mutex_.
execution_context::service* execution_context::find_locked(const service_key& key) const noexcept {
  service* each = youngest_;
  while (each != nullptr && !(each->key_ == key)) {
    each = each->next_;
  }
  return each;
}

void execution_context::add(service& what, const service_key& key) {
  if (&what.owner_ != this) {
    throw invalid_service_owner();
  }
  const std::lock_guard lock(mutex_);
  if (find_locked(key) != nullptr) {
    throw service_already_exists();
  }
  if (what.destroy_ == nullptr) {
    what.destroy_ = [](service& self) { delete &self; };
  }
  what.key_ = key;
  what.next_ = youngest_;
  youngest_ = &what;
}

execution_context::service::~service() = default;

void execution_context::service::notify_fork(fork_event /*event*/) {}

execution_context::service_maker::~service_maker() = default;

service_already_exists::service_already_exists()
    : std::logic_error("the context has a service of this kind already") {}

invalid_service_owner::invalid_service_owner()
    : std::logic_error("the service was made for another context") {}

}  // namespace NET_NAMESPACE
