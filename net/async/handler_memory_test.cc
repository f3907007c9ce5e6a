// SPDX-License-Identifier: BSL-1.0
#include "net/async/handler_memory.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <set>
#include <thread>
#include <vector>

#include "net/async/block_lists.h"

namespace {

using net::internal::allocate_block;
using net::internal::block_lists;
using net::internal::free_block;

TEST(HandlerMemory, BlockIsUsedAgain) {
  void* const first = allocate_block(100);
  std::memset(first, 1, 100);
  free_block(first, 100);
  void* const second = allocate_block(128);  // of the same class
  EXPECT_EQ(second, first);
  free_block(second, 128);
}

TEST(HandlerMemory, BlocksOfAllSizesAreAlignedAndTheirOwn) {
  std::set<void*> all;
  std::vector<std::pair<void*, std::size_t>> blocks;
  for (const std::size_t size : {1u, 64u, 65u, 500u, 1023u, 1024u, 1025u, 100000u}) {
    for (int i = 0; i != 3; ++i) {
      void* const block = allocate_block(size);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % alignof(std::max_align_t), 0u);
      EXPECT_TRUE(all.insert(block).second);
      std::memset(block, 0xff, size);
      blocks.emplace_back(block, size);
    }
  }
  for (const auto& [block, size] : blocks) {
    free_block(block, size);
  }
}

// What one thread frees others get again.
TEST(HandlerMemory, SurplusGoesToWhoHasNone) {
  constexpr std::size_t size = 200;
  constexpr int count = 4 * static_cast<int>(block_lists::most_kept);
  std::vector<void*> blocks;
  std::thread([&] {
    for (int i = 0; i != count; ++i) {
      blocks.push_back(allocate_block(size));
    }
  }).join();
  const std::set<void*> known(blocks.begin(), blocks.end());
  for (void* const each : blocks) {
    free_block(each, size);
  }
  int known_again = 0;
  std::thread([&] {
    std::vector<void*> mine;
    for (int i = 0; i != count; ++i) {
      mine.push_back(allocate_block(size));
      known_again += known.count(mine.back()) != 0 ? 1 : 0;
    }
    EXPECT_EQ(std::set<void*>(mine.begin(), mine.end()).size(), mine.size());
    for (void* const each : mine) {
      free_block(each, size);
    }
  }).join();
  EXPECT_GE(known_again, count / 2);
}

// A variable of a thread that is destroyed after the lists are.
struct frees_late {
  void* block = nullptr;
  ~frees_late() { free_block(block, 64); }
};

TEST(HandlerMemory, WhatAThreadFreesWhileItEndsIsNotLost) {
  std::thread([] {
    static thread_local frees_late last;
    last.block = allocate_block(64);
  }).join();
}

TEST(HandlerMemory, ManyThreadsPassBlocksRound) {
  constexpr int threads = 4;
  constexpr int rounds = 2000;
  std::vector<std::thread> all;
  for (int i = 0; i != threads; ++i) {
    all.emplace_back([i] {
      std::vector<void*> mine;
      for (int round = 0; round != rounds; ++round) {
        const std::size_t size = 64 * (1 + static_cast<std::size_t>(round % 4));
        for (int k = 0; k != 80; ++k) {
          void* const block = allocate_block(size);
          std::memset(block, i, size);
          mine.push_back(block);
        }
        for (void* const each : mine) {
          EXPECT_EQ(static_cast<unsigned char*>(each)[size - 1], i);
          free_block(each, size);
        }
        mine.clear();
      }
    });
  }
  for (std::thread& each : all) {
    each.join();
  }
}

}  // namespace
