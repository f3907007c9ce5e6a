// SPDX-License-Identifier: BSL-1.0
#include "testing/interleave/waiting_actor.h"

#include <map>

#include "net/fiber/sync/owner.h"
#include "net/fiber/sync/random.h"
#include "netpoll/base/check.h"
#include "netpoll/describe.h"

namespace netpoll::interleave {
namespace {

std::map<const void*, waiting_actor*>& all_actors() {
  static auto* const all = new std::map<const void*, waiting_actor*>;
  return *all;
}

}  // namespace

actor waiting_actor::does(actor what) {
  return [this, what = std::move(what)] {
    all_actors()[current_actor()] = this;
    what();
    all_actors().erase(current_actor());
  };
}

waiting_actor& waiting_actor::current() {
  const auto found = all_actors().find(current_actor());
  check(found != all_actors().end(), "an actor that is no waiting_actor was to wait");
  return *found->second;
}

// As fiber_state::park(): an interruption between commit() and being parked is noted, and who
// resumes it, or withdraws what it waits for, does so before it goes on.
NET_NAMESPACE::wait_result waiting_actor::wait(waiter& what, NET_NAMESPACE::on_cancel how) {
  using NET_NAMESPACE::wait_result;
  heeds_ = how == NET_NAMESPACE::on_cancel::stop_waiting;
  step("wait", this);
  if (heeds_ && is_interrupted_) {
    return wait_result::cancelled;
  }
  is_resumed_ = false;
  is_withdrawn_ = false;
  parked_on_ = &what;
  what.set_resumer(*this);
  const bool was_interrupted = is_interrupted_;
  ++visitors_;
  const bool is_published = what.commit();
  if (is_published && heeds_ && is_interrupted_ != was_interrupted && !is_resumed_) {
    is_withdrawn_ = what.withdraw();
  }
  --visitors_;
  if (!is_published) {
    parked_on_ = nullptr;
    return wait_result::resumed;
  }
  block_until("parked", this,
              [this] { return (is_resumed_ || is_withdrawn_) && visitors_ == 0; });
  parked_on_ = nullptr;
  if (is_resumed_ && is_withdrawn_) {
    failure_ = "a waiter was resumed that had been withdrawn";
  }
  return is_withdrawn_ ? wait_result::cancelled : wait_result::resumed;
}

void waiting_actor::interrupt() {
  step("interrupt", this);
  is_interrupted_ = true;
  if (parked_on_ == nullptr || !heeds_ || visitors_ != 0 || is_resumed_) {
    return;  // it looks for itself, or is about to go on
  }
  ++visitors_;
  is_withdrawn_ = parked_on_->withdraw();
  --visitors_;
}

void waiting_actor::resume(waiter& what) noexcept {
  if (&what != parked_on_ || is_resumed_) {
    failure_ = "a waiter was resumed that does not wait, or twice";
  }
  is_resumed_ = true;
}

}  // namespace netpoll::interleave

// In place of those in net/fiber/wait.cc and in owner.cc and random.cc of net/fiber/sync.
namespace NET_NAMESPACE {

wait_result wait_for(netpoll::waiter& who, netpoll::nanotime, on_cancel how) {
  return netpoll::interleave::waiting_actor::current().wait(who, how);
}

namespace internal {

owner_id current_owner() noexcept { return netpoll::interleave::waiting_actor::current().id(); }

bool must_stop() noexcept { return false; }

void describe_owner(netpoll::description&, owner_id) noexcept {}

// The same in every repetition of an order.
std::size_t random_below(std::size_t) noexcept { return 0; }

}  // namespace internal
}  // namespace NET_NAMESPACE
