// SPDX-License-Identifier: BSL-1.0
#include "netpoll/base/intrusive_queue.h"

#include <algorithm>
#include <deque>
#include <random>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace netpoll {
namespace {

struct job : intrusive_queue_node<job> {};
using queue = intrusive_queue<job>;
using jobs = std::vector<job*>;

// Empties the queue.
jobs drain(queue& from) {
  jobs all;
  while (job* const next = from.pop()) {
    EXPECT_EQ(next->next_in_queue, nullptr) << "a job that left points nowhere";
    all.push_back(next);
  }
  EXPECT_TRUE(from.empty());
  EXPECT_EQ(from.front(), nullptr);
  return all;
}

TEST(IntrusiveQueue, StartsEmpty) {
  queue one;
  EXPECT_TRUE(one.empty());
  EXPECT_EQ(one.front(), nullptr);
  EXPECT_EQ(one.pop(), nullptr);
}

TEST(IntrusiveQueue, IsFirstInFirstOut) {
  queue one;
  job a, b, c;
  one.push(a);
  EXPECT_FALSE(one.empty());
  EXPECT_EQ(one.front(), &a);
  one.push(b);
  EXPECT_EQ(one.front(), &a);
  EXPECT_EQ(one.pop(), &a);
  EXPECT_EQ(one.front(), &b);
  one.push(c);
  one.push(a);
  EXPECT_EQ(drain(one), (jobs{&b, &c, &a}));
  one.push(b);
  EXPECT_EQ(drain(one), (jobs{&b})) << "usable again after it ran empty";
}

TEST(IntrusiveQueue, MovingLeavesTheSourceEmptyAndUsable) {
  queue from;
  job a, b, c;
  from.push(a);
  from.push(b);
  queue to(std::move(from));
  EXPECT_TRUE(from.empty());
  EXPECT_EQ(from.pop(), nullptr);
  from.push(c);
  EXPECT_EQ(drain(from), (jobs{&c}));
  to.push(c);
  EXPECT_EQ(drain(to), (jobs{&a, &b, &c}));
}

TEST(IntrusiveQueue, AssigningTakesOverTheOrderAndTheEnd) {
  queue from;
  queue to;
  job a, b, c;
  from.push(a);
  from.push(b);
  to = std::move(from);
  EXPECT_TRUE(from.empty());
  to.push(c);
  EXPECT_EQ(drain(to), (jobs{&a, &b, &c}));
  to = std::move(from);
  EXPECT_TRUE(to.empty());
  to.push(a);
  EXPECT_EQ(drain(to), (jobs{&a}));
}

TEST(IntrusiveQueue, AssigningToItselfChangesNothing) {
  queue one;
  job a, b;
  one.push(a);
  one.push(b);
  queue& same = one;
  one = std::move(same);
  EXPECT_EQ(drain(one), (jobs{&a, &b}));
}

TEST(IntrusiveQueue, SpliceAppendsAllInOrder) {
  for (int here = 0; here < 3; ++here) {
    for (int there = 0; there < 3; ++there) {
      queue to;
      queue from;
      std::vector<job> all(static_cast<std::size_t>(here + there + 1));
      jobs expected;
      for (int i = 0; i < here + there; ++i) {
        (i < here ? to : from).push(all[i]);
        expected.push_back(&all[i]);
      }
      to.splice(from);
      EXPECT_TRUE(from.empty());
      EXPECT_EQ(from.pop(), nullptr);
      to.push(all.back());  // the end is the end of what was appended
      expected.push_back(&all.back());
      EXPECT_EQ(drain(to), expected) << here << " and " << there;
      from.push(all.front());
      EXPECT_EQ(drain(from), (jobs{&all.front()}));
    }
  }
}

TEST(IntrusiveQueue, RemovesFromAnyPlace) {
  for (int length = 1; length <= 4; ++length) {
    for (int at = 0; at < length; ++at) {
      queue one;
      std::vector<job> all(static_cast<std::size_t>(length + 1));
      jobs expected;
      for (int i = 0; i < length; ++i) {
        one.push(all[i]);
        if (i != at) {
          expected.push_back(&all[i]);
        }
      }
      EXPECT_TRUE(one.remove(all[at]));
      EXPECT_EQ(all[at].next_in_queue, nullptr);
      EXPECT_FALSE(one.remove(all[at])) << "it is not here any more";
      one.push(all.back());  // finds the right end
      expected.push_back(&all.back());
      EXPECT_EQ(drain(one), expected) << at << " of " << length;
    }
  }
}

TEST(IntrusiveQueue, RemovingAStrangerChangesNothing) {
  queue one;
  queue other;
  job a, b, c;
  EXPECT_FALSE(one.remove(a));
  one.push(a);
  one.push(b);
  other.push(c);
  EXPECT_FALSE(one.remove(c));
  EXPECT_EQ(drain(one), (jobs{&a, &b}));
  EXPECT_EQ(drain(other), (jobs{&c}));
}

TEST(IntrusiveQueue, AgreesWithADequeWhateverTheOrder) {
  std::mt19937 random(1);
  queue one;
  std::deque<job*> expected;
  std::vector<job> all(12);
  for (int step = 0; step < 5000; ++step) {
    job& chosen = all[random() % all.size()];
    const auto at = std::find(expected.begin(), expected.end(), &chosen);
    switch (random() % 3) {
      case 0:
        if (at == expected.end()) {
          one.push(chosen);
          expected.push_back(&chosen);
        }
        break;
      case 1:
        ASSERT_EQ(one.remove(chosen), at != expected.end()) << "step " << step;
        if (at != expected.end()) {
          expected.erase(at);
        }
        break;
      default:
        ASSERT_EQ(one.pop(), expected.empty() ? nullptr : expected.front()) << "step " << step;
        if (!expected.empty()) {
          expected.pop_front();
        }
    }
    ASSERT_EQ(one.front(), expected.empty() ? nullptr : expected.front()) << "step " << step;
  }
  EXPECT_EQ(drain(one), jobs(expected.begin(), expected.end()));
}

}  // namespace
}  // namespace netpoll
