// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/sync/channel_core.h"

#include <mutex>
#include <string>

#include "net/fiber/sync/channel.h"
#include "net/fiber/sync/deadline.h"
#include "netpoll/base/check.h"

namespace NET_NAMESPACE {
namespace {

class channel_error_category final : public error_category {
 public:
  const char* name() const noexcept override { return "net.channel"; }
  std::string message(int code) const override {
    return static_cast<channel_errc>(code) == channel_errc::closed ? "The channel is closed"
                                                                   : "net.channel error";
  }
};

}  // namespace

const error_category& channel_category() noexcept {
  static const channel_error_category instance;
  return instance;
}

namespace internal {

bool report(channel_outcome outcome, wait_result result, error_code& ec) noexcept {
  switch (outcome) {
    case channel_outcome::done: ec.clear(); return true;
    case channel_outcome::closed: ec = channel_errc::closed; return false;
    case channel_outcome::blocked: break;
  }
  (void)report(result, ec);
  return false;
}

void throw_failure(channel_outcome outcome, wait_result result, const char* operation) {
  error_code ec;
  (void)report(outcome, result, ec);
  throw system_error(ec, operation);
}

channel_core::~channel_core() {
  netpoll::check(senders.empty() && receivers.empty(),
                 "a channel was destroyed while somebody waits in it");
}

channel_party* channel_core::take_first(parties& from) noexcept {
  while (channel_party* const first = from.front()) {
    from.remove(*first);
    first->is_queued = false;
    if (first->claim == nullptr || first->claim->try_claim(first->index)) {
      return first;
    }
  }
  return nullptr;
}

bool channel_core::close(netpoll::waiter_queue& to_resume) noexcept {
  if (is_closed) {
    return false;
  }
  is_closed = true;
  note_prospects();
  for (parties* const each : {&senders, &receivers}) {
    while (channel_party* const first = take_first(*each)) {
      tell(*first, channel_outcome::closed, to_resume);
    }
  }
  return true;
}

channel_outcome channel_waiter::wait(netpoll::nanotime until, wait_result& result) {
  result = wait_for(*this, until);
  return self_.outcome;
}

bool channel_waiter::commit() noexcept {
  netpoll::waiter_queue to_resume;
  bool is_published = false;
  {
    const std::lock_guard lock(core_);
    // Most of those who come here know that already.
    const bool waits =
        &where_ == &core_.senders ? core_.would_send_wait() : core_.would_receive_wait();
    self_.outcome = waits ? channel_outcome::blocked : attempt(to_resume);
    if (self_.outcome == channel_outcome::blocked) {
      core_.enqueue(self_, where_);
      is_published = true;
    }
  }
  netpoll::resume_all(to_resume, netpoll::wake_reason::ready);
  return is_published;
}

bool channel_waiter::withdraw() noexcept {
  const std::lock_guard lock(core_);
  if (!self_.is_queued) {
    return false;
  }
  core_.dequeue(self_, where_);
  return true;
}

}  // namespace internal
}  // namespace NET_NAMESPACE
