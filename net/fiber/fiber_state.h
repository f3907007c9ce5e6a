// SPDX-License-Identifier: BSL-1.0
//
// What the library knows of one fiber: its stack, its saved context and what it waits for. A fiber
// is an operation of a run loop: running the operation enters the fiber, and when it, or one that
// followed it directly, goes back to the thread, that returns from the operation.
//
// The object lives at the top of the fiber's own stack, beside the function it runs, so that a
// fiber costs one stack and nothing else. A fiber with a handle keeps its stack until the handle
// has joined it or let go of it. Users see fiber.h.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <new>
#include <stop_token>
#include <type_traits>
#include <utility>

#include "net/config.h"
#include "net/execution/operation.h"
#include "net/fiber/fiber_host.h"
#include "net/fiber/fiber_options.h"
#include "net/fiber/fiber_route.h"
#include "net/fiber/park_word.h"
#include "net/fiber/sanitizer.h"
#include "net/fiber/stack.h"
#include "net/fiber/wait.h"
#include "netpoll/base/atomic.h"
#include "netpoll/waiter.h"

namespace NET_NAMESPACE::internal {

// What a fiber throws to itself, where it waits, to leave its stack when its context is destroyed.
// Not a std::exception; who catches it must let it go on.
struct fiber_unwind {};

template <typename Fiber>
class park_deadline;

// What ends with a fiber, on its stack, after its function: the values of fiber_local.
class fiber_attachment {
 public:
  // Destroys itself.
  virtual void end() noexcept = 0;

 protected:
  ~fiber_attachment() = default;
};

class fiber_state final : public operation, private netpoll::resumer {
 public:
  enum class handle : std::uint8_t {
    none,    // runs on its own: an exception leaves the run function of the context
    joined,  // the caller holds a handle and must join() or detach()
  };

  // Makes a fiber that will run function(), or function(std::stop_token), and queues it on `loop`.
  // Throws std::system_error when no stack can be had.
  template <typename Function>
  static fiber_state& spawn(run_loop& loop, const fiber_options& options, handle ownership,
                            Function&& function) {
    using body_type = plain_body<std::decay_t<Function>>;
    return make<body_type>(loop, options, ownership, std::forward<Function>(function));
  }

  // The same, but it is `executor` that gives the fiber its turns.
  template <typename Executor, typename Function>
  static fiber_state& spawn_on(const Executor& executor, const fiber_options& options,
                               handle ownership, Function&& function) {
    using body_type = routed_body<Executor, std::decay_t<Function>>;
    return make<body_type>(executor.context().loop(), options, ownership, executor,
                           std::forward<Function>(function));
  }

  // The fiber that runs on this thread, or null.
  static fiber_state* current() noexcept {
    const fiber_host* const host = this_thread_state().host;
    return host != nullptr ? host->running : nullptr;
  }

  // Wakes every parked fiber of `loop` so that it can be unwound. For the end of a context, when no
  // thread runs it any more. True if there is any fiber left.
  static bool unwind_all(run_loop& loop);

  // Lets others run before the running fiber, which is that of `host`.
  static void yield(fiber_host& host);

  // For the running fiber itself.
  wait_result park(netpoll::waiter& what, netpoll::nanotime until, on_cancel how);
  void add_shield() noexcept { ++shields_; }
  void remove_shield() noexcept { --shields_; }

  // Whether waits are to end now. For the running fiber itself.
  bool must_stop() const noexcept {
    // relaxed: a flag on its own; what is to be seen with it is up to those who cancel.
    return shields_ == 0 && is_cancelled_.load(std::memory_order_relaxed);
  }

  // For the running fiber itself.
  void pin();
  void unpin() noexcept;
  bool is_pinned() const noexcept { return binding_ != nullptr; }
  std::stop_token stop_token();

  // By what an executor runs for the fiber: its turn, or its end.
  void run_slice();
  void unwind() noexcept;

  // For whoever holds the handle. Ends what the fiber waits for, and all it will wait for.
  void cancel() noexcept;
  bool is_cancelled() const noexcept {
    return is_cancelled_.load(std::memory_order_relaxed);  // relaxed: as above
  }

  // For whoever holds the handle. The handle is gone after join() returned `resumed` or threw what
  // the fiber threw, and after detach().
  wait_result join(netpoll::nanotime until, on_cancel how);
  void detach() noexcept;
  bool has_finished() const noexcept;

  // Its address marks the stacks of these fibers: the other flavour's are not to be touched.
  static constexpr char kind = 0;

  // For the running fiber itself.
  fiber_attachment*& attachment() noexcept { return attachment_; }

  std::uint64_t id() const noexcept { return id_; }
  const char* name() const noexcept { return name_; }
  const netpoll::stack& memory() const noexcept { return stack_; }
  run_loop& loop() const noexcept { return loop_; }

  // ---- For who looks from outside, from any thread, while a fiber_walk visits or holds the fiber
  // ----

  enum class activity : std::uint8_t { created, ready, running, parked };
  // relaxed: it may be over by the time it is told.
  activity doing() const noexcept { return activity_.load(std::memory_order_relaxed); }
  // Since when, by a coarse clock; 0 when that is not known.
  netpoll::nanotime since() const noexcept {
    return since_.load(std::memory_order_relaxed);  // relaxed: as above
  }

  // Keeps a parked fiber from going on, whatever resumes it, until let_go(). False when it is not
  // parked, or somebody else has it. While it is held it does not end either.
  bool hold() noexcept;
  void let_go() noexcept;
  // For who holds it: what it waits for, and where it left its stack (see fiber_context.h).
  void describe_wait(netpoll::description& into) const noexcept;
  bool waits_for_kernel() const noexcept;
  void* context() const noexcept { return context_; }

 private:
  friend class fiber_host;
  friend struct fiber_layout;
  template <typename Fiber>
  friend class park_deadline;
  class join_waiter;

  // The function a fiber runs, at the far end of its stack.
  template <typename Function>
  struct plain_body {
    template <typename F>
    explicit plain_body(F&& what) : function(std::forward<F>(what)) {}
    void operator()(fiber_state& self) {
      if constexpr (std::is_invocable_v<Function&, std::stop_token>) {
        function(self.stop_token());
      } else {
        function();
      }
    }
    fiber_route* route() noexcept { return nullptr; }
    Function function;
  };
  template <typename Executor, typename Function>
  struct routed_body : plain_body<Function> {
    template <typename F>
    routed_body(const Executor& executor, F&& what)
        : plain_body<Function>(std::forward<F>(what)), executor_of_fiber(executor) {}
    fiber_route* route() noexcept { return &executor_of_fiber; }
    executor_route<Executor> executor_of_fiber;
  };

  using call_function = void (*)(void* body, fiber_state& self);
  using destroy_function = void (*)(void* body) noexcept;

  // What few fibers need.
  struct extras;

  template <typename Body, typename... Args>
  static fiber_state& make(run_loop& loop, const fiber_options& options, handle ownership,
                           Args&&... args) {
    struct holder {
      static void call(void* body, fiber_state& self) { (*static_cast<Body*>(body))(self); }
      static void destroy(void* body) noexcept { static_cast<Body*>(body)->~Body(); }
    };
    static_assert(alignof(Body) <= 64, "the function object is over-aligned for a fiber");
    netpoll::stack memory = allocate(options.stack_size, sizeof(Body));
    char* const place = body_place(memory, sizeof(Body));
    Body* body = nullptr;
    try {
      body = ::new (place) Body(std::forward<Args>(args)...);
    } catch (...) {
      netpoll::release_stack(memory);
      throw;
    }
    auto& state = *::new (state_place(memory))
                      fiber_state(loop, memory, place, &holder::call, &holder::destroy);
    state.route_ = body->route();
    state.start(options, ownership);
    return state;
  }

  // Why the fiber left its stack.
  enum class departure : std::uint8_t { finished, yielded, parked };

  fiber_state(run_loop& loop, netpoll::stack memory, void* body, call_function call,
              destroy_function destroy) noexcept;
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

  void start(const fiber_options& options, handle ownership) noexcept;
  extras& get_extras();
  void finish(fiber_host& host);
  void end() noexcept;
  void enter_from_here(fiber_host& host);
  void release() noexcept;
  void leave(departure why, fiber_host& host) noexcept;
  void arrive() noexcept;
  void settle(fiber_host& host);
  fiber_state* successor(fiber_host& host) noexcept;
  fiber_state* wake_joiner(fiber_host& host) noexcept;

  bool commit_park() noexcept;
  void interrupt() noexcept;
  bool let_go(park_word::owner own) noexcept;
  wait_result interruption() const noexcept;
  wait_result unwound();
  void park_once(netpoll::waiter& what) noexcept;
  void make_runnable() noexcept;
  void make_runnable(worker* self) noexcept;
  void make_runnable(fiber_host& host) noexcept;
  void resume(netpoll::waiter& what) noexcept override;

  // A turn begins with a cache miss for each line of this object that it reads. What every turn
  // reads comes first and fills a line together with the bases, which start one; what a wait needs
  // fills the next.

  run_loop& loop_;
  void* context_ = nullptr;  // while it does not run
  exception_globals exceptions_;
  // For those who look from outside; written by who owns the fiber.
  std::atomic<activity> activity_{activity::created};
  departure departure_ = departure::finished;
  std::atomic<bool> is_cancelled_{false};
  bool is_unwinding_ = false;
  bool rethrows_ = false;
  bool is_joined_ = false;  // by the fiber that runs next
  bool has_started_ = false;
  bool starts_pinned_ = false;

  // Where it goes when it becomes runnable, if that is not just the loop.
  fiber_route* route_ = nullptr;
  thread_binding* binding_ = nullptr;
  std::exception_ptr error_;
  // cancel() sets is_cancelled_ before it looks at park_, the fiber sets park_ before it looks at
  // is_cancelled_; asymmetric fences stand between.
  park_word park_;
  std::atomic<netpoll::nanotime> since_{0};  // as activity_
  // Of the wait under way; written by the fiber before it parks, or by who owns it meanwhile.
  park_deadline<fiber_state>* deadline_ = nullptr;
  bool heeds_cancel_ = false;
  wait_result outcome_ = wait_result::resumed;
  unsigned shields_ = 0;  // touched by the fiber only

  // What is to happen at the end:
  //   owned    -> w         join(): the address of the waiter of who joins
  //   w        -> owned     he gave up; or wake_joiner(), who makes him run next
  //   owned    -> alone     detach()
  //   owned, w, alone -> ended  finish(); the memory is freed by it if it was alone, otherwise by
  //                         the handle
  // All acq_rel: what the fiber did is seen by who joins.
  using word = std::uintptr_t;
  static constexpr word owned = 0;
  static constexpr word alone = 1;
  static constexpr word ended = 2;
  netpoll::atomic<word> ending_{owned};

  netpoll::stack stack_;
  netpoll::sanitizer_stack sanitizer_;
  void* body_;
  call_function call_body_;
  destroy_function destroy_body_;
  std::uint64_t id_;
  const char* name_ = "";
  std::atomic<extras*> extras_{nullptr};    // set once, by the fiber or before it runs
  fiber_attachment* attachment_ = nullptr;  // touched by the fiber only
  unsigned pins_ = 0;                       // likewise
};

}  // namespace NET_NAMESPACE::internal
