// SPDX-License-Identifier: BSL-1.0
#include "netpoll/base/intrusive_list.h"

#include <algorithm>
#include <random>
#include <vector>

#include "gtest/gtest.h"

namespace netpoll {
namespace {

struct member : intrusive_list_node<member> {};

std::vector<member*> forwards(const intrusive_list<member>& list) {
  std::vector<member*> all;
  for (member* at = list.front(); at != nullptr; at = at->list_next) {
    all.push_back(at);
  }
  return all;
}

// The same by the links that lead back, from the last member.
std::vector<member*> backwards(const intrusive_list<member>& list) {
  member* last = list.front();
  while (last != nullptr && last->list_next != nullptr) {
    last = last->list_next;
  }
  std::vector<member*> all;
  for (; last != nullptr; last = last->list_previous) {
    all.push_back(last);
  }
  std::reverse(all.begin(), all.end());
  return all;
}

void expect_members(const intrusive_list<member>& list, const std::vector<member*>& expected) {
  EXPECT_EQ(list.empty(), expected.empty());
  EXPECT_EQ(list.front(), expected.empty() ? nullptr : expected.front());
  EXPECT_EQ(forwards(list), expected);
  EXPECT_EQ(backwards(list), expected);
}

TEST(IntrusiveList, StartsEmpty) { expect_members(intrusive_list<member>(), {}); }

TEST(IntrusiveList, KeepsTheOrderOfArrival) {
  intrusive_list<member> list;
  member a, b, c;
  list.add(a);
  expect_members(list, {&a});
  list.add(b);
  list.add(c);
  expect_members(list, {&a, &b, &c});
}

TEST(IntrusiveList, AnyMemberMayLeaveInAnyOrder) {
  std::vector<int> order{0, 1, 2, 3};
  do {
    intrusive_list<member> list;
    std::vector<member> members(4);
    std::vector<member*> expected;
    for (member& each : members) {
      list.add(each);
      expected.push_back(&each);
    }
    for (const int i : order) {
      list.remove(members[i]);
      std::erase(expected, &members[i]);
      expect_members(list, expected);
      EXPECT_EQ(members[i].list_next, nullptr) << "a member that left points nowhere";
      EXPECT_EQ(members[i].list_previous, nullptr);
    }
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(IntrusiveList, AMemberThatLeftMayComeBackOrGoElsewhere) {
  intrusive_list<member> list;
  intrusive_list<member> other;
  member a, b;
  list.add(a);
  list.add(b);
  list.remove(a);
  list.add(a);
  expect_members(list, {&b, &a});
  list.remove(b);
  other.add(b);
  expect_members(list, {&a});
  expect_members(other, {&b});
}

TEST(IntrusiveList, StaysWholeWhateverTheOrder) {
  std::mt19937 random(1);
  intrusive_list<member> list;
  std::vector<member> members(16);
  std::vector<member*> expected;
  for (int step = 0; step < 2000; ++step) {
    member& one = members[random() % members.size()];
    if (const auto at = std::find(expected.begin(), expected.end(), &one); at != expected.end()) {
      list.remove(one);
      expected.erase(at);
    } else {
      list.add(one);
      expected.push_back(&one);
    }
    ASSERT_EQ(forwards(list), expected) << "step " << step;
    ASSERT_EQ(backwards(list), expected) << "step " << step;
  }
}

}  // namespace
}  // namespace netpoll
