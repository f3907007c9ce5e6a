// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/fiber_state.h"

#include <atomic>
#include <mutex>
#include <optional>
#include <system_error>

#include "net/execution/run_loop.h"
#include "net/fiber/fiber_context.h"
#include "netpoll/base/asymmetric_fence.h"
#include "netpoll/base/check.h"

namespace NET_NAMESPACE {
namespace internal {
namespace {

constinit std::atomic<std::uint64_t> last_id{0};

// Of the few stop sources that there are, all together.
constinit std::mutex stop_mutex;

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
  const std::size_t wanted = stack_size == 0 ? netpoll::default_stack_size() : stack_size;
  const std::size_t extra = body_size > 1024 ? body_size : 0;
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
      // relaxed: only has to be unique.
      id_(last_id.fetch_add(1, std::memory_order_relaxed) + 1) {}

void fiber_state::start(const fiber_options& options, handle ownership) noexcept {
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
  stack_.header().occupant.store(this, std::memory_order_release);
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

// The fiber has ended and its stack has been left. Throws what a fiber without a handle threw; whoever
// gave it its turn counts that.
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
  loop_.fibers().remove(*this);
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
  sanitizer_.destroy();
  const word who = ending_.exchange(ended, std::memory_order_acq_rel);
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
  memory.header().occupant.store(nullptr, std::memory_order_release);
  this->~fiber_state();
  netpoll::release_stack(memory);
}

}  // namespace internal
}  // namespace NET_NAMESPACE
