// SPDX-License-Identifier: BSL-1.0
//
// The shipping fd_mutex in every order of steps: operations that take turns, a close, a handle that
// goes. In every order the number is destroyed once, when nobody is inside, the memory is recycled
// once, when nobody knows it, and no waiter is forgotten.
#include "netpoll/fd_mutex.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "testing/interleave/expect.h"
#include "testing/interleave/scheduler.h"

namespace netpoll::interleave {
namespace {

// An operation, down to what it does with the mutex.
class user final : private waiter, private resumer {
 public:
  user() { set_resumer(*this); }

  template <typename Settle>
  void run(fd_mutex& mutex, direction which, int& inside, Settle settle) {
    switch (mutex.lock_or_enqueue(which, *this)) {
      case fd_mutex::lock_result::acquired: has_reference_ = true; break;
      case fd_mutex::lock_result::busy:
        block_until("queued", this, [this] { return is_resumed_; });
        if (reason() != wake_reason::ready) {
          was_sent_away_ = true;
          return;
        }
        has_reference_ = mutex.add_reference();
        break;
      case fd_mutex::lock_result::refused:
      case fd_mutex::lock_result::closed: was_sent_away_ = true; return;
    }
    if (has_reference_) {
      shares_ |= ++inside > 1;
      step("inside", this);
      --inside;
      was_inside_ = true;
      const fd_mutex::duty what = mutex.unlock_and_drop(which);
      settle(what);
      if (what == fd_mutex::duty::destroy) {
        settle(mutex.unlock(which));
      }
    } else {
      settle(mutex.unlock(which));
      was_sent_away_ = true;
    }
  }

  bool was_inside() const { return was_inside_; }
  bool was_sent_away() const { return was_sent_away_; }
  // Whether another owner of the direction was inside at the same time.
  bool shares() const { return shares_; }
  int resumes() const { return resumes_; }

 private:
  bool commit() noexcept override { return true; }
  bool withdraw() noexcept override { return false; }
  void resume(waiter&) noexcept override {
    is_resumed_ = true;
    ++resumes_;
  }

  bool has_reference_ = false;
  bool is_resumed_ = false;
  bool was_inside_ = false;
  bool was_sent_away_ = false;
  bool shares_ = false;
  int resumes_ = 0;
};

class fd_mutex_scenario : public scenario {
 public:
  fd_mutex_scenario() { mutex_.reset(); }

 protected:
  void settle(fd_mutex::duty what) {
    if (what == fd_mutex::duty::destroy) {
      ++destroyed_;
      was_inside_when_destroyed_ |= inside_read_ + inside_write_ != 0;
      step("close number", this);
      what = mutex_.finish_destroy();
    }
    recycled_ += what == fd_mutex::duty::recycle ? 1 : 0;
  }
  auto settler() {
    return [this](fd_mutex::duty what) { settle(what); };
  }
  // As fd::close() and the end of the handle.
  void close_and_disown() {
    if (mutex_.close()) {
      const fd_mutex::duty what = mutex_.drop_reference();
      settle(what);
      if (what != fd_mutex::duty::destroy) {
        mutex_.wait_until_destroyed();
      }
      returned_before_destroyed_ = destroyed_ == 0;
    }
    settle(mutex_.disown());
  }
  std::string verify_end() const {
    if (destroyed_ != 1) {
      return "destroyed " + std::to_string(destroyed_) + " times";
    }
    if (recycled_ != 1) {
      return "recycled " + std::to_string(recycled_) + " times";
    }
    if (was_inside_when_destroyed_) {
      return "destroyed while somebody was inside";
    }
    if (returned_before_destroyed_) {
      return "close returned before the number was closed";
    }
    return {};
  }

  fd_mutex mutex_;
  int inside_read_ = 0;
  int inside_write_ = 0;
  int destroyed_ = 0;
  int recycled_ = 0;
  bool was_inside_when_destroyed_ = false;
  bool returned_before_destroyed_ = false;
};

// Both readers get their turn, one after the other.
class two_readers : public fd_mutex_scenario {
 public:
  std::vector<actor> actors() override {
    const auto read = [this](user& who) {
      return [this, &who] { who.run(mutex_, direction::read, inside_read_, settler()); };
    };
    return {read(first_), read(second_)};
  }
  std::string verify() override {
    if (!first_.was_inside() || !second_.was_inside()) {
      return "one never got its turn";
    }
    if (first_.shares() || second_.shares()) {
      return "two owners of one direction";
    }
    close_and_disown();
    return verify_end();
  }

 private:
  user first_;
  user second_;
};

// Two queue up behind the first: what the first leaves, the second takes and the third after it.
class three_readers : public fd_mutex_scenario {
 public:
  std::vector<actor> actors() override {
    const auto read = [this](user& who) {
      return [this, &who] { who.run(mutex_, direction::read, inside_read_, settler()); };
    };
    return {read(users_[0]), read(users_[1]), read(users_[2])};
  }
  std::string verify() override {
    for (const user& each : users_) {
      if (!each.was_inside()) {
        return "one never got its turn";
      }
      if (each.shares()) {
        return "two owners of one direction";
      }
    }
    close_and_disown();
    return verify_end();
  }

 private:
  user users_[3];
};

class readers_and_closer : public fd_mutex_scenario {
 public:
  std::vector<actor> actors() override {
    return {[this] { first_.run(mutex_, direction::read, inside_read_, settler()); },
            [this] { second_.run(mutex_, direction::read, inside_read_, settler()); },
            [this] { close_and_disown(); }};
  }
  std::string verify() override {
    for (const user* each : {&first_, &second_}) {
      if (each->was_inside() == each->was_sent_away()) {
        return "an operation neither ran nor was sent away";
      }
      if (each->resumes() > 1) {
        return "resumed twice";
      }
    }
    return verify_end();
  }

 private:
  user first_;
  user second_;
};

class both_directions_and_closer : public fd_mutex_scenario {
 public:
  std::vector<actor> actors() override {
    return {[this] { reader_.run(mutex_, direction::read, inside_read_, settler()); },
            [this] { writer_.run(mutex_, direction::write, inside_write_, settler()); },
            [this] { close_and_disown(); }};
  }
  std::string verify() override { return verify_end(); }

 private:
  user reader_;
  user writer_;
};

// Who holds a mere reference keeps the number open, and who asks after the close gets none.
class reference_and_closer : public fd_mutex_scenario {
 public:
  std::vector<actor> actors() override {
    return {[this] {
              for (int i = 0; i < 2; ++i) {
                if (mutex_.add_reference()) {
                  ++inside_read_;
                  step("inside", this);
                  --inside_read_;
                  settle(mutex_.drop_reference());
                }
              }
            },
            [this] { close_and_disown(); }};
  }
  std::string verify() override { return verify_end(); }
};

// A queued waiter is withdrawn, handed the direction, or cancelled: one of them.
class withdrawal : public fd_mutex_scenario, private waiter, private resumer {
 public:
  withdrawal() {
    set_resumer(*this);
    (void)mutex_.try_lock(direction::read);
    (void)mutex_.lock_or_enqueue(direction::read, *this);
  }

  std::vector<actor> actors() override {
    return {[this] { settle(mutex_.unlock_and_drop(direction::read)); },
            [this] { is_withdrawn_ = mutex_.withdraw(direction::read, *this); },
            [this] { mutex_.cancel_queued(); }};
  }
  std::string verify() override {
    if (resumes_ + (is_withdrawn_ ? 1 : 0) != 1) {
      return "not exactly one of withdrawn and resumed";
    }
    if (resumes_ == 1 && reason() == wake_reason::ready) {
      settle(mutex_.unlock(direction::read));
    }
    close_and_disown();
    return verify_end();
  }

 private:
  bool commit() noexcept override { return true; }
  bool withdraw() noexcept override { return false; }
  void resume(waiter&) noexcept override { ++resumes_; }

  bool is_withdrawn_ = false;
  int resumes_ = 0;
};

TEST(FdMutexOrders, TwoReadersTakeTurns) {
  explore_and_expect_fine<two_readers>("two readers", all_preemptions);
}

TEST(FdMutexOrders, ThreeReadersTakeTurns) {
  explore_and_expect_fine<three_readers>("three readers", 4);
}

TEST(FdMutexOrders, ACloseSendsReadersAwayOrWaitsForThem) {
  explore_and_expect_fine<readers_and_closer>("two readers, close", 4);
}

TEST(FdMutexOrders, ACloseWaitsForBothDirections) {
  explore_and_expect_fine<both_directions_and_closer>("reader, writer, close", 4);
}

TEST(FdMutexOrders, AReferenceKeepsTheNumberOpen) {
  explore_and_expect_fine<reference_and_closer>("references, close", all_preemptions);
}

TEST(FdMutexOrders, AQueuedWaiterLeavesTheQueueOnce) {
  explore_and_expect_fine<withdrawal>("unlock, withdraw, cancel", all_preemptions);
}

}  // namespace
}  // namespace netpoll::interleave
