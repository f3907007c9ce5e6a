// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/fiber_state.h"

#include <atomic>
#include <system_error>

#include "net/execution/run_loop.h"
#include "net/fiber/fiber_context.h"

namespace NET_NAMESPACE {
namespace internal {
namespace {

constinit std::atomic<std::uint64_t> last_id{0};

}  // namespace

void fiber_registry::add(fiber_state& which) {
  const std::lock_guard lock(mutex_);
  fibers_.add(which);
}

void fiber_registry::remove(fiber_state& which) {
  const std::lock_guard lock(mutex_);
  fibers_.remove(which);
}

bool fiber_registry::wake_all() {
  const std::lock_guard lock(mutex_);
  for (fiber_state* each = fibers_.front(); each != nullptr; each = each->list_next) {
    each->is_unwinding_ = true;
    each->interrupt();
  }
  return !fibers_.empty();
}

netpoll::stack fiber_state::allocate(std::size_t stack_size, std::size_t body_size) {
  // A large function object must not eat the stack it is to run on.
  const std::size_t wanted = stack_size == 0 ? netpoll::stack::default_size : stack_size;
  const std::size_t extra = body_size > 1024 ? body_size : 0;
  std::error_code error;
  const netpoll::stack memory = netpoll::acquire_stack(wanted + extra, error);
  if (memory.bottom == nullptr) {
    throw std::system_error(error,
                            "no stack for another fiber (if memory is left, the number of mappings "
                            "is used up: raise vm.max_map_count)");
  }
  return memory;
}

fiber_state::fiber_state(run_loop& loop, netpoll::stack memory, void* body, body_function call,
                         void (*destroy)(void*) noexcept) noexcept
    : operation(&run_or_unwind),
      loop_(loop),
      stack_(memory),
      body_(body),
      call_body_(call),
      destroy_body_(destroy),
      // relaxed: only has to be unique.
      id_(last_id.fetch_add(1, std::memory_order_relaxed) + 1) {}

void fiber_state::start(const char* name, handle ownership) noexcept {
  name_ = name;
  if (ownership == handle::none) {
    rethrows_ = true;
    ending_.store(alone, std::memory_order_relaxed);  // relaxed: nobody else knows the fiber yet
  }
  sanitizer_.create(stack_.bottom, stack_.size);
  context_ = netpoll::make_context(body_, &entry, this);
  loop_.fibers().add(*this);
  worker* const self = worker::of(loop_);
  if (self != nullptr) {
    self->counts().fibers_spawned.add();
  } else {
    loop_.count_spawn();
  }
  loop_.work_started(self);
  loop_.post(*this, self);
}

// The fiber has ended and its stack has been left. `self` is the worker that ran it, if any. Throws
// what a fiber without a handle threw; the run loop counts that itself.
void fiber_state::finish(worker* self) {
  loop_.fibers().remove(*this);
  if (!has_started_) {
    destroy_body_(body_);
  }
  sanitizer_.destroy();
  run_loop& loop = loop_;
  const std::exception_ptr error = rethrows_ ? std::move(error_) : nullptr;
  const word who = ending_.exchange(ended, std::memory_order_acq_rel);
  // From here on only a fiber that is alone is still there.
  if (who == alone) {
    release();
  } else if (who != owned) {
    reinterpret_cast<netpoll::waiter*>(who)->resume(netpoll::wake_reason::ready);
  }
  if (self != nullptr) {
    self->counts().fibers_finished.add();
  }
  if (error) {
    std::rethrow_exception(error);
  }
  if (self != nullptr) {
    self->count_run();
    loop.work_finished(self);
  }
}

// Gives back the memory, this object's with it.
void fiber_state::release() noexcept {
  const netpoll::stack memory = stack_;
  this->~fiber_state();
  netpoll::release_stack(memory);
}

}  // namespace internal
}  // namespace NET_NAMESPACE
