// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/fiber_state.h"

#include <cxxabi.h>

#include <atomic>
#include <cstring>
#include <system_error>

#include "net/execution/run_loop.h"
#include "net/fiber/fiber_context.h"
#include "net/fiber/stack_overflow.h"

namespace NET_NAMESPACE {
namespace internal {
namespace {

constinit std::atomic<std::uint64_t> last_id{0};

constinit thread_local fiber_state* running = nullptr;

// Not inlined: the address of a thread-local must not be kept across a switch, after which the
// fiber may be on another thread.
[[gnu::noinline]] fiber_state*& running_fiber() noexcept {
  asm volatile("" ::: "memory");
  return running;
}

[[gnu::noinline]] void swap_exception_globals(void*& caught, unsigned int& uncaught) noexcept {
  // The layout is part of the C++ ABI: a pointer, then an unsigned int.
  auto* const current = reinterpret_cast<char*>(abi::__cxa_get_globals());
  void* caught_now = nullptr;
  unsigned int uncaught_now = 0;
  std::memcpy(&caught_now, current, sizeof(caught_now));
  std::memcpy(&uncaught_now, current + sizeof(caught_now), sizeof(uncaught_now));
  std::memcpy(current, &caught, sizeof(caught));
  std::memcpy(current + sizeof(caught), &uncaught, sizeof(uncaught));
  caught = caught_now;
  uncaught = uncaught_now;
}

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
  loop_.post_new(*this);
}

fiber_state* fiber_state::current() noexcept { return running_fiber(); }

bool fiber_state::run_or_unwind(operation& self, run_loop* loop) {
  auto& state = static_cast<fiber_state&>(self);
  if (loop == nullptr) {
    state.is_unwinding_ = true;
    if (!state.has_started_) {
      (void)state.finish();
      return true;
    }
  }
  return state.run_until_parked();
}

// Runs the fiber on this thread until it waits. True: it has finished and is gone.
bool fiber_state::run_until_parked() {
  for (;;) {
    enter();
    switch (departure_) {
      case departure::finished:
        return finish();
      case departure::yielded:
        loop_.post(*this);
        return false;
      case departure::parked:
        // From here, where the fiber is off its stack.
        if (commit_park()) {
          return false;
        }
        break;
    }
  }
}

// The fiber has ended. Called on the thread's stack. Throws what a fiber without a handle threw.
bool fiber_state::finish() {
  loop_.fibers().remove(*this);
  if (!has_started_) {
    destroy_body_(body_);
  }
  sanitizer_.destroy();
  const std::exception_ptr error = rethrows_ ? std::move(error_) : nullptr;
  const word who = ending_.exchange(ended, std::memory_order_acq_rel);
  // From here on only a fiber that is alone is still there.
  if (who == alone) {
    release();
  } else if (who != owned) {
    reinterpret_cast<netpoll::waiter*>(who)->resume(netpoll::wake_reason::ready);
  }
  if (error) {
    std::rethrow_exception(error);
  }
  return true;
}

// Gives back the memory, this object's with it.
void fiber_state::release() noexcept {
  const netpoll::stack memory = stack_;
  this->~fiber_state();
  netpoll::release_stack(memory);
}

void fiber_state::entry(void* argument) noexcept {
  auto& self = *static_cast<fiber_state*>(argument);
  self.sanitizer_.finish_switch(self.thread_sanitizer_);
  try {
    self.call_body_(self.body_);
  } catch (const fiber_unwind&) {
    // The stack is unwound, which is all that was wanted.
  } catch (...) {
    // While unwinding there is nobody left to tell.
    self.error_ = self.is_unwinding_ ? nullptr : std::current_exception();
  }
  self.destroy_body_(self.body_);
  self.leave(departure::finished);
}

// From the thread's stack onto the fiber's.
__attribute__((no_sanitize("thread")))
void fiber_state::enter() noexcept {
  install_overflow_handler();
  has_started_ = true;
  fiber_state* const outer = std::exchange(running_fiber(), this);
  swap_exception_globals(exceptions_.caught, exceptions_.uncaught);
  thread_sanitizer_.adopt_current_thread();
  thread_sanitizer_.start_switch(sanitizer_, false);
  netpoll_switch_context(&thread_context_, context_);
  thread_sanitizer_.finish_switch(sanitizer_);
  swap_exception_globals(exceptions_.caught, exceptions_.uncaught);
  running_fiber() = outer;
}

// From the fiber's stack back onto that of the thread it runs on. Returns, unless the fiber has
// finished, when it is entered again, maybe on another thread.
__attribute__((no_sanitize("thread")))
void fiber_state::leave(departure why) noexcept {
  departure_ = why;
  sanitizer_.start_switch(thread_sanitizer_, why == departure::finished);
  netpoll_switch_context(&context_, thread_context_);
  sanitizer_.finish_switch(thread_sanitizer_);
}

void fiber_state::yield() {
  if (!is_unwinding_) {
    leave(departure::yielded);
  }
  if (is_unwinding_) {
    (void)unwound();
  }
}

}  // namespace internal
}  // namespace NET_NAMESPACE
