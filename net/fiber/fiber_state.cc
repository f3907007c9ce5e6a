// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/fiber_state.h"

#include <cxxabi.h>

#include <atomic>
#include <cstring>
#include <system_error>

#include "net/execution/run_loop.h"
#include "net/fiber/fiber_context.h"
#include "net/fiber/stack_overflow.h"
#include "net/fiber/wait.h"
#include "netpoll/base/check.h"
#include "netpoll/thread_parker.h"

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
    if (netpoll::waiter* const what = each->waits_for_; what != nullptr && what->withdraw()) {
      what->resume(netpoll::wake_reason::cancelled);
    }
  }
  return !fibers_.empty();
}

class fiber_result::join_waiter final : public netpoll::waiter {
 public:
  explicit join_waiter(fiber_result& result) noexcept : result_(result) {}

  bool commit() noexcept override {
    const std::lock_guard lock(result_.mutex_);
    if (result_.is_finished_) {
      return false;
    }
    result_.joiner_ = this;
    return true;
  }

  bool withdraw() noexcept override {
    const std::lock_guard lock(result_.mutex_);
    return std::exchange(result_.joiner_, nullptr) != nullptr;
  }

 private:
  fiber_result& result_;
};

void fiber_result::finish(std::exception_ptr error) noexcept {
  join_waiter* joiner = nullptr;
  {
    const std::lock_guard lock(mutex_);
    is_finished_ = true;
    error_ = std::move(error);
    joiner = std::exchange(joiner_, nullptr);
  }
  if (joiner != nullptr) {
    joiner->resume(netpoll::wake_reason::ready);
  }
}

bool fiber_result::is_finished() const noexcept {
  const std::lock_guard lock(mutex_);
  return is_finished_;
}

void fiber_result::join() {
  while (!is_finished()) {
    join_waiter waiter(*this);
    if (!wait_for(waiter)) {
      return;  // unwinding: nobody will run the other fiber for us
    }
  }
  std::exception_ptr error;
  {
    const std::lock_guard lock(mutex_);
    error = std::exchange(error_, nullptr);
  }
  if (error) {
    std::rethrow_exception(std::move(error));
  }
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

void fiber_state::start(const char* name, fiber_result* result) noexcept {
  name_ = name;
  result_ = result;
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
        // Committed from here, where the fiber is off its stack. If that succeeds the fiber may
        // already be running elsewhere: nothing of it may be touched.
        if (waits_for_->commit()) {
          return false;
        }
        break;
    }
  }
}

// Frees the fiber. Called on the thread's stack. Throws what a fiber without a result threw.
bool fiber_state::finish() {
  loop_.fibers().remove(*this);
  if (!has_started_) {
    destroy_body_(body_);
  }
  sanitizer_.destroy();
  std::exception_ptr error = std::move(error_);
  fiber_result* const result = result_;
  const netpoll::stack memory = stack_;
  this->~fiber_state();
  netpoll::release_stack(memory);
  if (result != nullptr) {
    result->finish(std::move(error));
    result->drop_reference();
  } else if (error) {
    std::rethrow_exception(std::move(error));
  }
  return true;
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

bool fiber_state::park(netpoll::waiter& what) {
  if (!is_unwinding_) {
    what.set_resumer(*this);
    waits_for_ = &what;
    leave(departure::parked);
    waits_for_ = nullptr;
    if (!is_unwinding_) {
      return true;
    }
  }
  // Destructors that wait while the stack is unwound cannot be thrown out of: they are told
  // instead.
  if (std::uncaught_exceptions() == 0) {
    throw fiber_unwind{};
  }
  return false;
}

void fiber_state::yield() {
  if (!is_unwinding_) {
    leave(departure::yielded);
  }
  if (is_unwinding_ && std::uncaught_exceptions() == 0) {
    throw fiber_unwind{};
  }
}

void fiber_state::resume(netpoll::waiter& /*what*/) noexcept { loop_.post(*this); }

}  // namespace internal

bool on_fiber() noexcept { return internal::fiber_state::current() != nullptr; }

void perform(netpoll::io_request& request, const netpoll::fd& target) {
  if (!on_fiber()) {
    request.keep_time_yourself();
  }
  // Also when the fiber is unwound out of the wait: the direction must not stay owned.
  struct give_up {
    netpoll::io_request& request;
    ~give_up() { request.abandon(); }  // does nothing to one that is finished
  } const at_end{request};
  request.start(target);
  while (request.advance() == netpoll::io_request::step::wait) {
    if (!wait_for(request)) {
      request.abandon();
    }
  }
}

bool wait_for(netpoll::waiter& who) {
  if (internal::fiber_state* const self = internal::fiber_state::current()) {
    return self->park(who);
  }
  netpoll::thread_parker::current().park(who);
  return true;
}

}  // namespace NET_NAMESPACE
