// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/fiber_state.h"

#include <atomic>
#include <mutex>
#include <optional>
#include <system_error>

#include "net/execution/pool_loop.h"
#include "net/execution/run_loop.h"
#include "net/fiber/fiber_context.h"
#include "net/fiber/fiber_layout.h"
#include "net/fiber/fiber_walk.h"
#include "netpoll/base/asymmetric_fence.h"
#include "netpoll/base/check.h"

namespace NET_NAMESPACE {
namespace internal {
namespace {

// Fibers get their numbers from the thread that spawns them, which takes some at a time.
constexpr std::uint64_t ids_at_once = 256;
constinit std::atomic<std::uint64_t> ids_taken{0};

std::uint64_t next_id(thread_state& here) noexcept {
  if (here.next_id == here.end_of_ids) {
    // relaxed: they only have to be unique.
    here.next_id = ids_taken.fetch_add(ids_at_once, std::memory_order_relaxed) + 1;
    here.end_of_ids = here.next_id + ids_at_once;
  }
  return here.next_id++;
}

// Of the few stop sources that there are, all together.
constinit std::mutex stop_mutex;

// Loops that end somewhere below this layer unwind their fibers too.
[[maybe_unused]] const bool is_unwinder_set = (set_fiber_unwinder(&fiber_state::unwind_all), true);

}  // namespace

bool fiber_state::unwind_all(run_loop& loop) {
  const run_loop::totals counts = loop.counts();
  if (counts.fibers_spawned == counts.fibers_finished) {
    return false;
  }
  fiber_walk().go_on([&](fiber_state& each) {
    if (&each.loop_ == &loop) {
      each.is_unwinding_ = true;
      each.interrupt();
    }
    return true;
  });
  return true;
}

netpoll::stack fiber_state::allocate(std::size_t stack_size, std::size_t body_size) {
  // A large function object must not eat the stack it is to run on.
  const std::size_t wanted = stack_size == 0 ? netpoll::default_stack_size() : stack_size;
  const std::size_t extra = body_size > wanted / 8 ? body_size : 0;
  std::error_code error;
  const netpoll::stack memory = netpoll::acquire_stack(wanted + extra, error);
  if (memory.bottom == nullptr) {
    throw std::system_error(error, "no stack for another fiber");
  }
  return memory;
}

struct fiber_state::extras {
  struct canceller {
    fiber_state& fiber;
    void operator()() const noexcept { fiber.cancel(); }
  };
  std::optional<std::stop_callback<canceller>> on_stop;
  std::stop_source stop{std::nostopstate};
};

fiber_state::fiber_state(run_loop& loop, netpoll::stack memory, void* body, call_function call,
                         destroy_function destroy) noexcept
    : operation(&run_or_unwind),
      loop_(loop),
      stack_(memory),
      body_(body),
      call_body_(call),
      destroy_body_(destroy),
      id_(next_id(this_thread_state())) {}

void fiber_state::start(const fiber_options& options, handle ownership) noexcept {
  netpoll::keep_fiber_layout();
  netpoll::check(!options.pinned || route_ == nullptr,
                 "a fiber cannot be pinned to a thread and obey an executor");
  name_ = options.name;
  starts_pinned_ = options.pinned;
  if (ownership == handle::none) {
    rethrows_ = true;
    ending_.store(alone, std::memory_order_relaxed);  // relaxed: nobody else knows the fiber yet
  }
  if (options.stop.stop_possible()) {
    get_extras().on_stop.emplace(options.stop, extras::canceller{*this});
  }
  sanitizer_.create(stack_.bottom, stack_.size);
  context_ = netpoll::make_context(body_, &entry, this);
  stack_.header().kind.store(&kind, std::memory_order_relaxed);  // relaxed: the next one
  stack_.header().occupant.store(this, std::memory_order_release);
  worker* const self = worker::of(loop_);
  if (self != nullptr) {
    self->counts().fibers_spawned.add();
  } else {
    loop_.count_spawn();
  }
  loop_.work_started(self);
  if (route_ == nullptr) [[likely]] {
    loop_.post(*this, self);
  } else {
    route_->post(*this);
  }
}

fiber_state::extras& fiber_state::get_extras() {
  extras* mine = extras_.load(std::memory_order_acquire);
  if (mine == nullptr) {
    mine = new extras;
    extras_.store(mine, std::memory_order_release);
  }
  return *mine;
}

std::stop_token fiber_state::stop_token() {
  extras& mine = get_extras();
  if (!mine.stop.stop_possible()) {
    const std::lock_guard lock(stop_mutex);
    mine.stop = std::stop_source();
  }
  netpoll::light_fence();  // with cancel()
  if (is_cancelled()) {
    mine.stop.request_stop();
  }
  return mine.stop.get_token();
}

void fiber_state::cancel() noexcept {
  is_cancelled_.store(true, std::memory_order_relaxed);  // relaxed: the fence below
  netpoll::heavy_fence();                                // with commit_park() and stop_token()
  interrupt();
  if (extras_.load(std::memory_order_acquire) == nullptr) {
    return;
  }
  std::stop_source stop(std::nostopstate);
  {
    const std::lock_guard lock(stop_mutex);
    // The fiber may be about to end.
    if (const extras* const mine = extras_.load(std::memory_order_relaxed)) {  // relaxed: the mutex
      stop = mine->stop;
    }
  }
  stop.request_stop();
}

// The fiber has ended and its stack has been left. Throws what a fiber without a handle threw;
// whoever gave it its turn counts that.
void fiber_state::finish(fiber_host& host) {
  run_loop& loop = loop_;
  const std::exception_ptr error = rethrows_ ? std::move(error_) : nullptr;
  end();
  switch (host.by) {
    case fiber_host::giver::loop:
      host.self->counts().fibers_finished.add();
      if (error == nullptr) {
        host.self->count_run();
        loop.work_finished(host.self);
      }
      break;
    case fiber_host::giver::executor:
      loop.count_finish();
      loop.work_finished();
      break;
    case fiber_host::giver::nobody: loop.count_finish(); break;
  }
  if (error) {
    std::rethrow_exception(error);
  }
}

// Lets go of everything the fiber has, and of the fiber itself unless there is a handle.
void fiber_state::end() noexcept {
  stack_.header().occupant.store(nullptr, std::memory_order_release);
  fiber_walk::let_visitors_leave();
  if (!has_started_) {
    destroy_body_(body_);
  }
  // relaxed: written before, by the fiber.
  if (extras* const mine = extras_.load(std::memory_order_relaxed)) {
    {
      const std::lock_guard lock(stop_mutex);
      extras_.store(nullptr, std::memory_order_relaxed);  // relaxed: the mutex
    }
    delete mine;
  }
  sanitizer_.end(this, sizeof(*this));  // its exception, if any, is still to be rethrown
  word who = owned;
  if (is_joined_) {
    ending_.store(ended, std::memory_order_release);  // he who joins runs this
  } else {
    who = ending_.exchange(ended, std::memory_order_acq_rel);
  }
  // From here on only a fiber that is alone is still there.
  if (who == alone) {
    release();
  } else if (who != owned) {
    reinterpret_cast<netpoll::waiter*>(who)->resume(netpoll::wake_reason::ready);
  }
}

// Gives back the memory, this object's with it.
void fiber_state::release() noexcept {
  const netpoll::stack memory = stack_;
  sanitizer_.destroy();
  this->~fiber_state();
  netpoll::release_stack(memory);
}

}  // namespace internal
}  // namespace NET_NAMESPACE
