// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/sync/select.h"

#include <algorithm>
#include <functional>
#include <mutex>
#include <vector>

#include "net/fiber/sync/owner.h"
#include "net/fiber/sync/random.h"
#include "netpoll/base/check.h"
#include "netpoll/describe.h"

namespace NET_NAMESPACE::internal {

// One who waits in several channels. To look at all of them and to queue up in all is one step,
// under all their locks, which are taken in the order of their addresses: so of two selects that
// could deal with each other, the second finds the first. From then on it is whoever claims it
// first that deals with it, under the lock of one channel.
class select_waiter final : public netpoll::waiter {
 public:
  select_waiter(std::span<select_case* const> cases, std::span<channel_core*> scratch,
                std::size_t start) noexcept
      : cases_(cases), start_(start) {
    for (std::size_t i = 0; i != cases.size(); ++i) {
      select_case& each = *cases[i];
      netpoll::check(each.party_.waiter == nullptr, "a case is in use by two selects at once");
      each.party_.waiter = this;
      each.party_.place = each.place();
      each.party_.claim = &claim_;
      each.party_.index = i;
      each.party_.outcome = channel_outcome::blocked;
      scratch[i] = &each.core_;
    }
    std::sort(scratch.begin(), scratch.end(), std::less<>());
    cores_ = {scratch.begin(), std::unique(scratch.begin(), scratch.end())};
  }

  static selected try_each(std::span<select_case* const> cases, std::size_t start) {
    for (std::size_t i = 0; i != cases.size(); ++i) {
      const std::size_t at = (start + i) % cases.size();
      const channel_outcome how = cases[at]->attempt_alone();
      if (how != channel_outcome::blocked) {
        return {.index = at, .how = how};
      }
    }
    return {};
  }

  ~select_waiter() {
    for (select_case* const each : cases_) {
      if (is_published_) {
        const std::lock_guard lock(each->core_);
        if (each->party_.is_queued) {
          each->core_.dequeue(each->party_, each->where_);
        }
      }
      each->party_.waiter = nullptr;
    }
  }

  selected wait(netpoll::nanotime until) {
    const wait_result result = wait_for(*this, until);
    const std::size_t chosen = is_published_ ? claim_.state() : done_at_once_;
    if (chosen >= cases_.size()) {
      return {.result = result};
    }
    return {.index = chosen, .how = cases_[chosen]->party_.outcome};
  }

  bool commit() noexcept override {
    netpoll::waiter_queue to_resume;
    for (channel_core* const each : cores_) {
      each->lock();
    }
    for (std::size_t i = 0; i != cases_.size() && done_at_once_ == no_case; ++i) {
      const std::size_t at = (start_ + i) % cases_.size();
      select_case& each = *cases_[at];
      each.party_.outcome = each.attempt(to_resume);
      if (each.party_.outcome != channel_outcome::blocked) {
        done_at_once_ = at;
      }
    }
    is_published_ = done_at_once_ == no_case;
    if (is_published_) {
      for (select_case* const each : cases_) {
        each->core_.enqueue(each->party_, each->where_);
      }
    }
    for (channel_core* const each : cores_) {
      each->unlock();
    }
    netpoll::resume_all(to_resume, netpoll::wake_reason::ready);
    return is_published_;
  }

  // What is left in the channels is taken out by who waits.
  bool withdraw() noexcept override { return claim_.try_claim(select_claim::withdrawn); }

  void describe(netpoll::description& into) const noexcept override {
    into << "select of " << cases_.size();
  }

 private:
  std::span<select_case* const> cases_;
  std::span<channel_core*> cores_;
  const std::size_t start_;
  select_claim claim_;
  std::size_t done_at_once_ = no_case;
  bool is_published_ = false;
};

selected select_channels(std::span<select_case* const> cases, std::span<channel_core*> scratch,
                         netpoll::nanotime until, bool may_wait) {
  if (may_wait && must_stop()) {
    return {.result = wait_result::cancelled};
  }
  const std::size_t start = cases.empty() ? 0 : random_below(cases.size());
  const selected at_once = select_waiter::try_each(cases, start);
  if (at_once.index != no_case || !may_wait) {
    return at_once;
  }
  return select_waiter(cases, scratch, start).wait(until);
}

std::size_t select_list(std::span<select_case* const> cases, netpoll::nanotime until,
                        bool may_wait, error_code& ec) {
  std::vector<channel_core*> scratch(may_wait ? cases.size() : 0);
  const selected one = select_channels(cases, scratch, until, may_wait);
  ec.clear();
  if (one.index == no_case) {
    if (may_wait) {
      (void)report(one.result, ec);
    } else {
      ec = error::would_block;
    }
  } else if (!cases[one.index]->act(one.how)) {
    ec = channel_errc::closed;
  }
  return one.index;
}

}  // namespace NET_NAMESPACE::internal
