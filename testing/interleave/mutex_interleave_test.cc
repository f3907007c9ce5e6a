// SPDX-License-Identifier: BSL-1.0
//
// The mutexes of net/fiber/sync in every order of steps: nobody is inside with another, nobody is
// forgotten, who gives up leaves everything to the others, and the last one out may destroy it.
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "net/config.h"
#include "net/fiber/sync/mutex.h"
#include "net/fiber/sync/shared_mutex.h"
#include "testing/interleave/expect.h"
#include "testing/interleave/scheduler.h"
#include "testing/interleave/waiting_actor.h"

namespace netpoll::interleave {
namespace {

// What is wrong with any of `all`, or nothing.
template <typename... Actors>
std::string failure_of(const Actors&... all) {
  std::string failure;
  ((failure += all.failure()), ...);
  return failure;
}

class guarded {
 public:
  void visit() {
    shares_ |= ++inside_ > 1;
    step("inside", this);
    --inside_;
    ++visits_;
  }
  bool shares() const { return shares_; }
  int visits() const { return visits_; }

 private:
  int inside_ = 0;
  int visits_ = 0;
  bool shares_ = false;
};

// Each locks, so often, in its way. The last to be inside destroys the mutex, also when another is
// still about to leave unlock().
template <int Actors, int Turns, bool Interrupts>
class lockers final : public scenario {
 public:
  std::vector<actor> actors() override {
    std::vector<actor> all;
    for (int i = 0; i != Actors; ++i) {
      all.push_back(who_[i].does([this, i] {
        bool is_last = false;
        for (int turn = 0; turn != Turns; ++turn) {
          std::error_code ec;
          const bool may_fail = Interrupts && i == 0;
          const bool is_inside = may_fail ? mutex_->lock(ec) : (mutex_->lock(), true);
          is_last = turn + 1 == Turns && --left_ == 0;
          if (is_inside) {
            place_.visit();
            mutex_->unlock();
          } else {
            ++given_up_;
            if (is_last) {
              mutex_->lock();  // another may be inside, or about to leave
              mutex_->unlock();
            }
          }
        }
        if (is_last) {
          mutex_.reset();
        }
      }));
    }
    if (Interrupts) {
      all.push_back([this] { who_[0].interrupt(); });
    }
    return all;
  }

  std::string verify() override {
    std::string failure;
    for (const waiting_actor& each : who_) {
      failure += each.failure();
    }
    if (place_.shares()) {
      failure += "two were inside at once";
    }
    if (place_.visits() + given_up_ != Actors * Turns) {
      failure += "somebody was not inside";
    }
    return failure;
  }

 private:
  waiting_actor who_[Actors];
  std::unique_ptr<NET_NAMESPACE::mutex> mutex_ = std::make_unique<NET_NAMESPACE::mutex>();
  guarded place_;
  int given_up_ = 0;
  int left_ = Actors;
};

TEST(MutexInterleave, ThreeTakeTurns) {
  explore_and_expect_fine<lockers<3, 1, false>>("mutex: three take turns", 3);
}

TEST(MutexInterleave, TwoComeBack) {
  explore_and_expect_fine<lockers<2, 3, false>>("mutex: two come back", 4);
}

// Deep enough for one who was woken in vain to be handed the mutex while another waits.
TEST(MutexInterleave, ThreeComeBack) {
  explore_and_expect_fine<lockers<3, 2, false>>("mutex: three come back", 2);
}

TEST(MutexInterleave, ThreeComeBackAndOneGivesUp) {
  explore_and_expect_fine<lockers<3, 2, true>>("mutex: three come back, one gives up", 2);
}

TEST(MutexInterleave, OneOfTwoGivesUp) {
  explore_and_expect_fine<lockers<2, 2, true>>("mutex: one of two gives up", 3);
}

TEST(MutexInterleave, OneOfThreeGivesUp) {
  explore_and_expect_fine<lockers<3, 1, true>>("mutex: one of three gives up", 3);
}

// One reads, or tries to, while two others read and write.
template <bool Interrupts>
class sharers final : public scenario {
 public:
  std::vector<actor> actors() override {
    std::vector<actor> all{writer_.does([this] {
                             std::error_code ec;
                             const bool is_inside =
                                 Interrupts ? mutex_->lock(ec) : (mutex_->lock(), true);
                             const bool is_last = --left_ == 0;
                             if (is_inside) {
                               is_disturbed_ |= readers_ != 0;
                               ++writers_;
                               step("write", this);
                               --writers_;
                               mutex_->unlock();
                             }
                             leave(is_last);
                           }),
                           reader_.does([this] { read(); }), other_.does([this] { read(); })};
    if (Interrupts) {
      all.push_back([this] { writer_.interrupt(); });
    }
    return all;
  }

  std::string verify() override {
    return failure_of(writer_, reader_, other_) + (is_disturbed_ ? "a writer was not alone" : "") +
           (reads_ != 2 ? "somebody did not read" : "");
  }

 private:
  void read() {
    mutex_->lock_shared();
    is_disturbed_ |= writers_ != 0;
    ++readers_;
    step("read", this);
    --readers_;
    ++reads_;
    const bool is_last = --left_ == 0;
    mutex_->unlock_shared();
    leave(is_last);
  }
  // Others may still be about to leave unlock_shared(): who holds it alone afterwards knows better.
  void leave(bool is_last) {
    if (is_last) {
      mutex_->lock();
      mutex_->unlock();
      mutex_.reset();
    }
  }

  waiting_actor writer_;
  waiting_actor reader_;
  waiting_actor other_;
  std::unique_ptr<NET_NAMESPACE::shared_mutex> mutex_ =
      std::make_unique<NET_NAMESPACE::shared_mutex>();
  int readers_ = 0;
  int writers_ = 0;
  int reads_ = 0;
  int left_ = 3;
  bool is_disturbed_ = false;
};

TEST(SharedMutexInterleave, OneWritesTwoRead) {
  explore_and_expect_fine<sharers<false>>("shared mutex: one writes, two read", 3);
}

TEST(SharedMutexInterleave, WriterGivesUp) {
  explore_and_expect_fine<sharers<true>>("shared mutex: the writer gives up, two read", 3);
}

}  // namespace
}  // namespace netpoll::interleave
