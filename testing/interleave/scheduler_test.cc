// SPDX-License-Identifier: BSL-1.0
//
// The explorer itself: that it goes through every order, and finds what is wrong in only one of
// them.
#include "testing/interleave/scheduler.h"

#include <mutex>
#include <set>
#include <string>

#include "gtest/gtest.h"
#include "testing/interleave/explored_atomic.h"

namespace netpoll::interleave {
namespace {

// Each actor writes its letter twice.
struct letters final : scenario {
  static std::set<std::string>& seen() {
    static std::set<std::string> all;
    return all;
  }
  std::vector<actor> actors() override {
    const auto write_twice = [this](char letter) {
      return [this, letter] {
        for (int i = 0; i < 2; ++i) {
          word.fetch_add(1);
          text += letter;
        }
      };
    };
    return {write_twice('a'), write_twice('b')};
  }
  std::string verify() override {
    seen().insert(text);
    return {};
  }

  explored_atomic<int> word{0};
  std::string text;
};

TEST(Explore, GoesThroughEveryOrder) {
  letters::seen().clear();
  EXPECT_EQ(explore<letters>({.preemptions = 10}).failure, "");
  EXPECT_EQ(letters::seen(),
            (std::set<std::string>{"aabb", "abab", "abba", "baab", "baba", "bbaa"}));
}

TEST(Explore, WithoutPreemptionsRunsOneAfterTheOther) {
  letters::seen().clear();
  EXPECT_EQ(explore<letters>({.preemptions = 0}).failure, "");
  EXPECT_EQ(letters::seen(), (std::set<std::string>{"aabb", "bbaa"}));
}

struct lost_update final : scenario {
  std::vector<actor> actors() override {
    const actor add = [this] { word.store(word.load() + 1); };
    return {add, add};
  }
  std::string verify() override { return word.load() == 2 ? "" : "an update was lost"; }

  explored_atomic<int> word{0};
};

TEST(Explore, FindsALostUpdateAndShowsTheOrder) {
  const exploration found = explore<lost_update>();
  EXPECT_NE(found.failure.find("an update was lost"), std::string::npos);
  EXPECT_NE(found.failure.find("1: store"), std::string::npos) << found.failure;
}

// The classic: looks, then sleeps, and the wake-up came in between.
struct lost_wake_up final : scenario {
  std::vector<actor> actors() override {
    return {[this] {
              if (!news.load()) {
                is_asleep.store(true);
                block_until("sleep", this, [this] { return is_woken; });
              }
            },
            [this] {
              news.store(true);
              if (is_asleep.load()) {
                is_woken = true;
              }
            }};
  }
  std::string verify() override { return {}; }

  explored_atomic<bool> news{false};
  explored_atomic<bool> is_asleep{false};
  bool is_woken = false;
};

TEST(Explore, FindsALostWakeUp) {
  EXPECT_NE(explore<lost_wake_up>().failure.find("nobody can go on; actors that wait: 0 (sleep)"),
            std::string::npos);
}

struct lockers final : scenario {
  std::vector<actor> actors() override {
    const actor add = [this] {
      const std::lock_guard lock(mutex);
      const int before = word.load();
      word.store(before + 1);
    };
    return {add, add, add};
  }
  std::string verify() override { return word.load() == 3 ? "" : "the mutex let two in"; }

  explored_mutex mutex;
  explored_atomic<int> word{0};
};

TEST(Explore, MutexesExclude) {
  const exploration found = explore<lockers>({.preemptions = 4});
  EXPECT_EQ(found.failure, "");
  EXPECT_GT(found.orders, 100U);
}

struct spinner final : scenario {
  std::vector<actor> actors() override {
    return {[this] {
      while (word.load() == 0) {
      }
    }};
  }
  std::string verify() override { return {}; }

  explored_atomic<int> word{0};
};

TEST(Explore, GivesUpOnWhatNeverEnds) {
  EXPECT_EQ(explore<spinner>({.steps = 100}).failure.substr(0, 12), "does not end");
}

}  // namespace
}  // namespace netpoll::interleave
