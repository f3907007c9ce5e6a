// SPDX-License-Identifier: BSL-1.0
//
// What the fibers and threads of a run have between them: locks with something to guard, channels
// that are closed and replaced while they are used, strands, and lists of fibers to be cancelled or
// joined by somebody else. Each checks what it promises while it is used, and once more at the end.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

#include "net/execution/strand.h"
#include "net/fiber/fiber.h"
#include "net/fiber/sync/channel.h"
#include "net/fiber/sync/condition_variable.h"
#include "net/fiber/sync/mutex.h"
#include "net/fiber/sync/semaphore.h"
#include "net/fiber/sync/shared_mutex.h"
#include "net/io_context.h"
#include "testing/fiber_stress/ledger.h"

namespace fiber_stress {

// Something that only one may touch at a time. Plain variables, so that ThreadSanitizer checks too.
class treasure {
 public:
  void enter(ledger& books) noexcept {
    books.expect(!is_inside_, "two were inside at once");
    is_inside_ = true;
    ++touched_;
    visits_.fetch_add(1, std::memory_order_relaxed);  // relaxed: read when all have left
  }
  void leave() noexcept { is_inside_ = false; }
  // For who shares it.
  bool is_visited() const noexcept { return is_inside_; }
  void verify(ledger& books) const noexcept {
    books.expect(!is_inside_, "somebody is still inside");
    books.expect(touched_ == visits_.load(std::memory_order_relaxed), "a visit was lost");
  }

 private:
  bool is_inside_ = false;
  std::uint64_t touched_ = 0;
  std::atomic<std::uint64_t> visits_{0};
};

struct vault {
  net::mutex mutex;
  treasure inside;

  void verify(ledger& books) {
    books.expect(mutex.try_lock(), "a mutex was not free at the end");
    inside.verify(books);
    mutex.unlock();
  }
};

// The same, where some only look.
struct library {
  net::shared_mutex mutex;
  treasure inside;
  std::atomic<int> readers{0};

  void verify(ledger& books) {
    books.expect(mutex.try_lock(), "a shared mutex was not free at the end");
    inside.verify(books);
    mutex.unlock();
  }
};

// At most so many inside.
struct gate {
  static constexpr int places = 3;
  net::counting_semaphore<> free{places};
  std::atomic<int> inside{0};

  void enter(ledger& books) noexcept {
    books.expect(inside.fetch_add(1, std::memory_order_acq_rel) < places,
                 "a semaphore let too many through");
  }
  void leave() noexcept {
    inside.fetch_sub(1, std::memory_order_acq_rel);
    free.release();
  }
  void verify(ledger& books) {
    for (int i = 0; i != places; ++i) {
      books.expect(free.try_acquire(), "a unit of a semaphore was lost");
    }
    books.expect(!free.try_acquire(), "a semaphore has a unit too many");
  }
};

// Each ring is heard by one at most.
struct bell {
  net::mutex mutex;
  net::condition_variable rung;
  std::uint64_t rings = 0;  // not heard yet; under mutex
};

class mailbox {
 public:
  using letters = net::channel<token>;

  explicit mailbox(std::size_t capacity)
      : capacity_(capacity), now_(std::make_shared<letters>(capacity)) {}

  std::shared_ptr<letters> get() {
    const std::lock_guard lock(mutex_);
    return now_;
  }

  // Closes the one there is, takes what is in it and puts a new one in its place.
  void renew(ledger& books) {
    auto before = std::make_shared<letters>(capacity_);
    {
      const std::lock_guard lock(mutex_);
      before.swap(now_);
    }
    books.expect(before->close(), "a channel was closed before");
    net::error_code ec;
    while (auto left = before->try_receive(ec)) {
      books.receive(std::move(*left));
    }
    books.expect(ec == net::channel_errc::closed, "a closed channel would block");
    books.add(event::closed);
  }

 private:
  const std::size_t capacity_;
  net::mutex mutex_;
  std::shared_ptr<letters> now_;  // under mutex_
};

struct lane {
  net::strand<net::io_context::executor_type> strand;
  treasure inside;

  explicit lane(net::io_context& context) : strand(net::make_strand(context)) {}
  // In a function of the strand.
  void pass(ledger& books) noexcept {
    inside.enter(books);
    inside.leave();
  }
};

// Where handles hang that anybody may cancel, until who has them takes them down.
class notice_board {
  struct slot {
    std::mutex mutex;
    net::fiber* who = nullptr;  // under mutex
  };

 public:
  // Whoever strikes holds a lock that who takes the handle down has to wait for.
  void strike(std::size_t where, ledger& books) noexcept {
    slot& mine = slots_[where % slots_.size()];
    const std::lock_guard lock(mine.mutex);
    if (mine.who != nullptr) {
      mine.who->cancel();
      books.add(event::cancelled);
    }
  }

  // As long as it lives the handle hangs there, unless the place is taken.
  class notice {
   public:
    notice(notice_board& board, std::size_t where, net::fiber& who) noexcept
        : slot_(board.slots_[where % board.slots_.size()]) {
      const std::lock_guard lock(slot_.mutex);
      if (slot_.who == nullptr) {
        slot_.who = &who;
        hangs_ = true;
      }
    }
    ~notice() {
      if (hangs_) {
        const std::lock_guard lock(slot_.mutex);
        slot_.who = nullptr;
      }
    }
    notice(const notice&) = delete;
    notice& operator=(const notice&) = delete;

   private:
    slot& slot_;
    bool hangs_ = false;
  };

 private:
  std::array<slot, 64> slots_;
};

// A fiber to be joined by another than the one who spawned it, and cancelled before or not.
struct charge {
  net::fiber who;
  ledger::ticket ticket = 0;
  bool is_to_be_cancelled = false;
};

struct stage {
  stage(net::io_context& where, ledger& into, std::uint64_t from_seed)
      : context(where), books(into), seed(from_seed) {}

  net::io_context& context;
  ledger& books;
  const std::uint64_t seed;

  std::array<vault, 4> vaults;
  std::array<library, 2> libraries;
  std::array<gate, 2> gates;
  std::array<bell, 2> bells;
  std::array<mailbox, 4> mailboxes{mailbox(0), mailbox(1), mailbox(16),
                                   mailbox(net::channel<token>::unbounded)};
  std::array<lane, 3> lanes{lane(context), lane(context), lane(context)};
  notice_board board;
  net::channel<charge> charges{net::channel<charge>::unbounded};

  // When all fibers have ended.
  void verify();
};

}  // namespace fiber_stress
