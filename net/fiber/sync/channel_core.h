// SPDX-License-Identifier: BSL-1.0
//
// What all channels have in common, whatever they carry: who waits in them, and how one of those is
// taken out to be dealt with. Users see channel.h and select.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "net/config.h"
#include "net/error.h"
#include "net/fiber/wait.h"
#include "netpoll/base/atomic.h"
#include "netpoll/base/brief_lock.h"
#include "netpoll/base/intrusive_list.h"
#include "netpoll/waiter.h"

namespace NET_NAMESPACE::internal {

// How an attempt on a channel, or a wait in it, ended.
enum class channel_outcome : std::uint8_t {
  blocked,  // nobody to deal with and no room, or no value
  done,
  closed,
};

// Which of the cases of one select has come true: the first that claims it. Others may still find
// the rest of its cases in their channels, and leave them alone.
//   pending   -> index      try_claim(), by who deals with that case; he resumes the select
//   pending   -> withdrawn  withdraw()
// acq_rel: what the select published is seen by who claims it.
class select_claim {
 public:
  static constexpr std::size_t pending = static_cast<std::size_t>(-1);
  static constexpr std::size_t withdrawn = static_cast<std::size_t>(-2);

  bool try_claim(std::size_t index) noexcept {
    std::size_t expected = pending;
    return state_.compare_exchange_strong(expected, index, std::memory_order_acq_rel);
  }
  std::size_t state() const noexcept { return state_.load(std::memory_order_acquire); }

 private:
  netpoll::atomic<std::size_t> state_{pending};
};

// One who waits in a channel. All members are under its lock while it is queued.
struct channel_party : netpoll::intrusive_list_node<channel_party> {
  netpoll::waiter* waiter = nullptr;
  void* place = nullptr;           // a sender's T, a receiver's std::optional<T>
  select_claim* claim = nullptr;   // if it is a case of a select
  std::size_t index = 0;           // which
  bool is_queued = false;
  channel_outcome outcome = channel_outcome::blocked;
};

class channel_core {
 public:
  using parties = netpoll::intrusive_list<channel_party>;

  explicit channel_core(bool with_room) noexcept : has_room(with_room) {}
  channel_core(const channel_core&) = delete;
  channel_core& operator=(const channel_core&) = delete;
  ~channel_core();

  void lock() noexcept { lock_.lock(); }
  void unlock() noexcept { lock_.unlock(); }

  // Under the lock.
  void enqueue(channel_party& who, parties& where) noexcept {
    where.add(who);
    who.is_queued = true;
    note_prospects();
  }
  void dequeue(channel_party& who, parties& where) noexcept {
    where.remove(who);
    who.is_queued = false;
    note_prospects();
  }
  // Takes out the first that still waits; null when there is none.
  channel_party* take_first(parties& from) noexcept;
  // Tells one who was taken out; he is resumed with `to_resume`, after the lock is free.
  static void tell(channel_party& who, channel_outcome outcome,
                   netpoll::waiter_queue& to_resume) noexcept {
    who.outcome = outcome;
    to_resume.push(*who.waiter);
  }
  // False: it was closed already.
  bool close(netpoll::waiter_queue& to_resume) noexcept;

  // Without the lock: whether an attempt would most likely be in vain, so that it is as well to
  // begin to wait at once. What happened before the caller asks has been noted before.
  bool would_send_wait() const noexcept { return (prospects() & can_send) == 0; }
  bool would_receive_wait() const noexcept { return (prospects() & can_receive) == 0; }
  // To be called under the lock when anything has changed.
  void note_prospects() noexcept {
    const bool sends = is_closed || has_room || !receivers.empty();
    const bool receives = is_closed || has_values || !senders.empty();
    // relaxed: a guess.
    prospects_.store((sends ? can_send : 0) | (receives ? can_receive : 0),
                     std::memory_order_relaxed);
  }

  // Under the lock.
  parties senders;
  parties receivers;
  bool is_closed = false;
  bool has_room = false;    // or can have
  bool has_values = false;

 private:
  static constexpr unsigned can_send = 1;
  static constexpr unsigned can_receive = 2;
  unsigned prospects() const noexcept {
    return prospects_.load(std::memory_order_relaxed);  // relaxed: a guess
  }

  netpoll::brief_lock lock_;
  netpoll::atomic<unsigned> prospects_{can_send | can_receive};
};

// Sets `ec` to what an attempt or a wait that did not succeed reports. True: it did.
bool report(channel_outcome outcome, wait_result result, error_code& ec) noexcept;
[[noreturn]] void throw_failure(channel_outcome outcome, wait_result result, const char* operation);

// A fiber or thread that waits in one channel.
class channel_waiter : public netpoll::waiter {
 public:
  // Waits until it was dealt with, or the channel closed. If the outcome is `blocked`, `result`
  // says why the wait ended.
  channel_outcome wait(netpoll::nanotime until, wait_result& result);

  bool commit() noexcept final;
  bool withdraw() noexcept final;

 protected:
  channel_waiter(channel_core& core, channel_core::parties& where, void* place) noexcept
      : core_(core), where_(where) {
    self_.waiter = this;
    self_.place = place;
  }
  ~channel_waiter() = default;

  // Under the lock of the channel: what can be done without waiting.
  virtual channel_outcome attempt(netpoll::waiter_queue& to_resume) noexcept = 0;

 private:
  channel_core& core_;
  channel_core::parties& where_;
  channel_party self_;
};

}  // namespace NET_NAMESPACE::internal
