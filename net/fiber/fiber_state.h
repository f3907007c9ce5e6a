// SPDX-License-Identifier: BSL-1.0
//
// What the library knows of one fiber: its stack, its saved context and what it waits for. A fiber
// is an operation of a run loop: running the operation enters the fiber, and leaving it, because it
// finished, yielded or parked, returns from the operation.
//
// The object lives at the top of the fiber's own stack, beside the function it runs, so that a
// fiber costs one stack and nothing else. Users see fiber.h.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <mutex>
#include <new>
#include <utility>

#include "net/config.h"
#include "net/execution/operation.h"
#include "net/fiber/sanitizer.h"
#include "net/fiber/stack.h"
#include "netpoll/base/intrusive_list.h"
#include "netpoll/waiter.h"

namespace NET_NAMESPACE::internal {

class fiber_state;

// The fibers of a context, so that its end finds those that are parked. Thread-safe.
class fiber_registry {
 public:
  void add(fiber_state& which);
  void remove(fiber_state& which);

  // Wakes every parked fiber so that it can be unwound. For the end of a context, when no other
  // thread runs it any more. True if there is any fiber left.
  bool wake_all();

 private:
  std::mutex mutex_;
  netpoll::intrusive_list<fiber_state> fibers_;  // under mutex_
};

// Who waits for a fiber to end, and how it ended. Shared by the fiber and its handle.
class fiber_result {
 public:
  void finish(std::exception_ptr error) noexcept;

  // Waits until the fiber has finished, then rethrows what it threw. Called once.
  void join();
  bool is_finished() const noexcept;

  void add_reference() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void drop_reference() noexcept {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      delete this;
    }
  }

 private:
  class join_waiter;

  std::atomic<int> references_{1};
  mutable std::mutex mutex_;
  bool is_finished_ = false;  // under mutex_
  std::exception_ptr error_;  // under mutex_
  join_waiter* joiner_ = nullptr;  // under mutex_
};

// What a fiber throws to itself, where it waits, to leave its stack when its context is destroyed.
// Not a std::exception; who catches it must let it go on.
struct fiber_unwind {};

class fiber_state final : public operation,
                          public netpoll::intrusive_list_node<fiber_state>,
                          private netpoll::resumer {
 public:
  // Makes a fiber that will run function() and queues it on `loop`. `result` may be null; otherwise
  // the fiber takes over one reference. Throws std::system_error when no stack can be had.
  template <typename Function>
  static fiber_state& spawn(run_loop& loop, std::size_t stack_size, const char* name,
                            fiber_result* result, Function&& function) {
    using body_type = std::decay_t<Function>;
    struct holder {
      static void call(void* body) { (*static_cast<body_type*>(body))(); }
      static void destroy(void* body) noexcept { static_cast<body_type*>(body)->~body_type(); }
    };
    static_assert(alignof(body_type) <= 64, "the function object is over-aligned for a fiber");
    netpoll::stack memory = allocate(stack_size, sizeof(body_type));
    char* const place = body_place(memory, sizeof(body_type));
    try {
      ::new (place) body_type(std::forward<Function>(function));
    } catch (...) {
      netpoll::release_stack(memory);
      throw;
    }
    auto& state = *::new (state_place(memory))
                      fiber_state(loop, memory, place, &holder::call, &holder::destroy);
    state.start(name, result);
    return state;
  }

  // The fiber that runs on this thread, or null.
  static fiber_state* current() noexcept;

  // For the running fiber itself.
  bool park(netpoll::waiter& what);
  void yield();

  std::uint64_t id() const noexcept { return id_; }
  const char* name() const noexcept { return name_; }
  const netpoll::stack& memory() const noexcept { return stack_; }
  run_loop& loop() const noexcept { return loop_; }

 private:
  friend class fiber_registry;

  using body_function = void (*)(void*);

  // Why the fiber left its stack.
  enum class departure : std::uint8_t { finished, yielded, parked };

  // The C++ runtime's record of exceptions being handled, one per thread; each fiber needs its own.
  struct exception_globals {
    void* caught = nullptr;
    unsigned int uncaught = 0;
  };

  fiber_state(run_loop& loop, netpoll::stack memory, void* body, body_function call,
              void (*destroy)(void*) noexcept) noexcept;
  ~fiber_state() = default;

  static netpoll::stack allocate(std::size_t stack_size, std::size_t body_size);
  static char* state_place(const netpoll::stack& memory) noexcept {
    return align_down(memory.top() - sizeof(fiber_state));
  }
  static char* body_place(const netpoll::stack& memory, std::size_t body_size) noexcept {
    return align_down(state_place(memory) - body_size);
  }
  static char* align_down(char* address) noexcept {
    return reinterpret_cast<char*>(reinterpret_cast<std::uintptr_t>(address) & ~std::uintptr_t{63});
  }

  static bool run_or_unwind(operation& self, run_loop* loop);
  static void entry(void* self) noexcept;

  void start(const char* name, fiber_result* result) noexcept;
  bool run_until_parked();
  bool finish();
  void enter() noexcept;
  void leave(departure why) noexcept;
  void resume(netpoll::waiter& what) noexcept override;

  run_loop& loop_;
  netpoll::stack stack_;
  void* context_ = nullptr;         // the fiber's, while it does not run
  void* thread_context_ = nullptr;  // that of the thread it runs on, while it runs
  netpoll::sanitizer_stack sanitizer_;
  netpoll::sanitizer_stack thread_sanitizer_;
  exception_globals exceptions_;
  void* body_;
  body_function call_body_;
  void (*destroy_body_)(void*) noexcept;
  fiber_result* result_ = nullptr;
  std::exception_ptr error_;
  // What the fiber is parked on or about to park on. Written by the fiber; read by who runs it, and
  // by wake_all() when nothing runs.
  netpoll::waiter* waits_for_ = nullptr;
  std::uint64_t id_;
  const char* name_ = "";
  departure departure_ = departure::finished;
  bool has_started_ = false;
  bool is_unwinding_ = false;
};

}  // namespace NET_NAMESPACE::internal
