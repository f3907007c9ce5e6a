// SPDX-License-Identifier: BSL-1.0
//
// The pool is one for the process: what these tests say about indices holds because none of them
// has more than `most_at_once` descriptors at a time.
#include "netpoll/poll_descriptor_pool.h"

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "netpoll/base/syscall.h"
#include "netpoll/base/unique_fd.h"
#include "netpoll/fd.h"
#include "netpoll/poll_descriptor.h"
#include "netpoll/reactor.h"

namespace {

std::atomic<bool> memory_is_exhausted{false};

}  // namespace

// What the pool takes its memory from, and never gives back to.
void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  const auto align = static_cast<std::size_t>(alignment);
  return memory_is_exhausted ? nullptr
                             : std::aligned_alloc(align, (size + align - 1) & ~(align - 1));
}

namespace netpoll {
namespace {

using pool = poll_descriptor_pool;

constexpr std::size_t most_at_once = 1000;

std::uint32_t index_of(const poll_descriptor& which) {
  return static_cast<std::uint32_t>(which.tag() >> 32);
}

std::vector<poll_descriptor*> acquire(std::size_t count) {
  std::vector<poll_descriptor*> taken;
  for (std::size_t i = 0; i < count; ++i) {
    taken.push_back(pool::acquire());
    EXPECT_NE(taken.back(), nullptr);
  }
  return taken;
}

void release(const std::vector<poll_descriptor*>& all) {
  for (poll_descriptor* const each : all) {
    pool::release(*each);
  }
}

unique_fd make_event() {
  const sys::result made = sys::event_fd();
  EXPECT_TRUE(made.ok());
  return unique_fd(static_cast<int>(made.value));
}

TEST(PollDescriptorPool, WhatIsTakenIsNobodyElses) {
  const std::vector<poll_descriptor*> taken = acquire(most_at_once);
  EXPECT_EQ(std::set<poll_descriptor*>(taken.begin(), taken.end()).size(), most_at_once);
  release(taken);
}

TEST(PollDescriptorPool, LastFreedIsFirstUsed) {
  const std::vector<poll_descriptor*> taken = acquire(3);
  release({taken[1], taken[0], taken[2]});
  EXPECT_EQ(acquire(3), (std::vector<poll_descriptor*>{taken[2], taken[0], taken[1]}));
  release(taken);
}

TEST(PollDescriptorPool, AnIndexLeadsBackToItsDescriptor) {
  const std::vector<poll_descriptor*> taken = acquire(most_at_once);
  std::set<std::uint32_t> indices;
  for (poll_descriptor* const each : taken) {
    EXPECT_EQ(&pool::at(index_of(*each)), each);
    indices.insert(index_of(*each));
  }
  EXPECT_EQ(indices.size(), most_at_once) << "each has its own";
  EXPECT_LT(*indices.rbegin(), 1024U) << "and they are dense";
  release(taken);
  for (poll_descriptor* const each : taken) {
    EXPECT_EQ(&pool::at(index_of(*each)), each) << "unused, but still there";
  }
}

TEST(PollDescriptorPool, TheIndexOfADescriptorNeverChangesAndItsGenerationDoes) {
  reactor reactor;
  ASSERT_EQ(reactor.open(), 0);
  fd handle;
  ASSERT_EQ(handle.open(reactor, make_event()), 0);
  poll_descriptor* const descriptor = handle.descriptor();
  const std::uint64_t first = descriptor->tag();
  EXPECT_EQ(static_cast<std::uint32_t>(first), descriptor->generation());
  handle = fd();
  ASSERT_EQ(handle.open(reactor, make_event()), 0);
  ASSERT_EQ(handle.descriptor(), descriptor);
  EXPECT_EQ(descriptor->tag() >> 32, first >> 32);
  EXPECT_NE(descriptor->tag(), first);
  EXPECT_FALSE(descriptor->is_current(static_cast<std::uint32_t>(first)));
  EXPECT_TRUE(descriptor->is_current(static_cast<std::uint32_t>(descriptor->tag())));
}

TEST(PollDescriptorPool, AMillionTurnsNeedNoMoreMemoryThanOne) {
  std::set<poll_descriptor*> seen;
  for (int i = 0; i < 1'000'000; ++i) {
    poll_descriptor* const one = pool::acquire();
    if (i % 1000 == 0) {
      seen.insert(one);
    }
    pool::release(*one);
  }
  EXPECT_EQ(seen.size(), 1U);
}

TEST(PollDescriptorPool, IsBoundedByTheMostThatWereTakenAtOnce) {
  // Taken and given back in an order that shifts all the time.
  std::vector<poll_descriptor*> held(100, nullptr);
  std::set<poll_descriptor*> seen;
  for (std::uint32_t i = 0; i < 200'000; ++i) {
    poll_descriptor*& place = held[i * 7919U % held.size()];
    if (place != nullptr && i % 3 != 0) {
      pool::release(*place);
      place = nullptr;
    } else if (place == nullptr) {
      place = pool::acquire();
      seen.insert(place);
    }
  }
  EXPECT_LE(seen.size(), held.size());
  std::erase(held, nullptr);
  release(held);
}

TEST(PollDescriptorPool, OpeningAndClosingDescriptorsReusesThem) {
  reactor reactor;
  ASSERT_EQ(reactor.open(), 0);
  std::set<poll_descriptor*> seen;
  std::vector<fd> handles(8);
  for (std::size_t i = 0; i < 20'000; ++i) {
    fd& handle = handles[i % handles.size()];
    handle = fd();
    ASSERT_EQ(handle.open(reactor, make_event()), 0);
    seen.insert(handle.descriptor());
    if (i % 2 == 0) {
      ASSERT_FALSE(handle.close());  // else the next turn does
    }
  }
  EXPECT_EQ(seen.size(), handles.size());
}

TEST(PollDescriptorPool, ThreadsNeverGetTheSameDescriptor) {
  constexpr int turns = 20'000;
  std::vector<std::atomic<int>> users(1024);
  std::atomic<bool> shared{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int turn = 0; turn < turns; ++turn) {
        poll_descriptor* const mine[] = {pool::acquire(), pool::acquire()};
        for (poll_descriptor* const each : mine) {
          if (users.at(index_of(*each)).fetch_add(1) != 0) {
            shared = true;
          }
        }
        for (poll_descriptor* const each : mine) {
          users.at(index_of(*each)).fetch_sub(1);
          pool::release(*each);
        }
      }
    });
  }
  for (std::thread& each : threads) {
    each.join();
  }
  EXPECT_FALSE(shared);
}

TEST(PollDescriptorPool, WithoutMemoryNothingIsOpened) {
  reactor where;
  ASSERT_EQ(where.open(), 0);
  unique_fd number = make_event();
  unique_fd again(static_cast<int>(sys::duplicate(number.get()).value));
  const int other_number = again.get();
  std::vector<poll_descriptor*> taken;
  fd nothing;
  memory_is_exhausted = true;
  while (poll_descriptor* const one = pool::acquire()) {
    taken.push_back(one);
  }
  EXPECT_EQ(nothing.open(where, std::move(number)), ENOMEM);
  EXPECT_EQ(nothing.open_as_found(where, std::move(again)), ENOMEM);
  memory_is_exhausted = false;
  EXPECT_FALSE(nothing.is_open());
  EXPECT_TRUE(sys::is_non_blocking(number.get()).ok()) << "the number is still the caller's";
  EXPECT_EQ(sys::is_non_blocking(other_number).error, EBADF);
  EXPECT_EQ(nothing.open(where, make_event()), 0) << "there is memory again";
  release(taken);
}

TEST(PollDescriptorPoolDeathTest, AnIndexThatWasNeverRegisteredStopsTheProcess) {
  EXPECT_DEATH(pool::at((1U << 24) - 1), "never registered");
  EXPECT_DEATH(pool::at(1U << 24), "past the end of the pool");
  EXPECT_DEATH(pool::at(~0U), "past the end of the pool");
}

}  // namespace
}  // namespace netpoll
