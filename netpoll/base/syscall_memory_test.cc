// SPDX-License-Identifier: BSL-1.0
//
// Memory from the kernel.
#include "netpoll/base/syscall.h"

#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <vector>

#include "gtest/gtest.h"
#include "testing/support/descriptors.h"

namespace netpoll {
namespace {

using nettest::ends;
using nettest::make_pipe;
using sys::result;

class SyscallMemory : public ::testing::Test {
 protected:
  SyscallMemory() : page_(static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))), size_(16 * page_) {
    const result answer = sys::map_memory(size_);
    EXPECT_TRUE(answer.ok());
    memory_ = reinterpret_cast<char*>(answer.value);
  }
  ~SyscallMemory() override { EXPECT_TRUE(sys::unmap_memory(memory_, size_).ok()); }

  // How many of the pages have memory behind them.
  int resident() const {
    std::vector<unsigned char> pages(size_ / page_);
    EXPECT_TRUE(sys::memory_residency(memory_, size_, pages.data()).ok());
    int count = 0;
    for (const unsigned char each : pages) {
      count += each & 1;
    }
    return count;
  }

  const std::size_t page_;
  const std::size_t size_;
  char* memory_ = nullptr;
};

TEST_F(SyscallMemory, IsZeroWritableAndCommittedWhenTouched) {
  EXPECT_EQ(resident(), 0);
  EXPECT_EQ(memory_[0], 0);
  EXPECT_EQ(memory_[size_ - 1], 0);
  memory_[0] = 'a';
  memory_[size_ - 1] = 'z';
  EXPECT_EQ(memory_[0], 'a');
  EXPECT_EQ(memory_[size_ - 1], 'z');
  EXPECT_GE(resident(), 2);
  EXPECT_EQ(sys::map_memory(std::size_t{1} << 62).error, ENOMEM);
}

TEST_F(SyscallMemory, GivesPagesBackOnAdvice) {
  memory_[page_] = 'a';
  ASSERT_TRUE(sys::advise_memory(memory_, size_, MADV_DONTNEED).ok());
  EXPECT_EQ(resident(), 0);
  EXPECT_EQ(memory_[page_], 0);
}

TEST_F(SyscallMemory, GivesPagesOfManyRangesBackOnAdvice) {
  memory_[0] = 'a';
  memory_[page_] = 'b';
  memory_[2 * page_] = 'c';
  const ::iovec ranges[] = {{memory_, page_}, {memory_ + 2 * page_, page_}};
  const result answer = sys::advise_memory_ranges(ranges, 2, MADV_DONTNEED);
  if (!answer.ok()) {
    GTEST_SKIP() << "this kernel does not allow it";
  }
  EXPECT_EQ(answer.bytes(), 2 * page_);
  EXPECT_EQ(resident(), 1);
  EXPECT_EQ(memory_[0], 0);
  EXPECT_EQ(memory_[page_], 'b');
  EXPECT_EQ(memory_[2 * page_], 0);
}

TEST_F(SyscallMemory, AdviceForManyRangesStopsAtTheFirstThatDoesNotTakeIt) {
  memory_[0] = 'a';
  const ::iovec ranges[] = {{memory_, page_}, {memory_ + 1, page_}};
  const result answer = sys::advise_memory_ranges(ranges, 2, MADV_DONTNEED);
  if (!answer.ok()) {
    GTEST_SKIP() << "this kernel does not allow it";
  }
  EXPECT_EQ(answer.bytes(), page_);
  EXPECT_EQ(memory_[0], 0);
}

TEST_F(SyscallMemory, IsProtected) {
  const ends pipe = make_pipe();
  ASSERT_EQ(sys::write(pipe.second.get(), "abcd", 4).value, 4);
  // The kernel is asked to write there, and says whether it may.
  const auto read_into = [&](char* where) {
    return ::syscall(SYS_read, pipe.first.get(), where, 1) == 1 ? 0 : errno;
  };
  ASSERT_TRUE(sys::protect_memory(memory_, page_, PROT_NONE).ok());
  EXPECT_EQ(read_into(memory_), EFAULT);
  EXPECT_EQ(read_into(memory_ + page_), 0) << "the page after it is as it was";
  ASSERT_TRUE(sys::protect_memory(memory_, page_, PROT_READ | PROT_WRITE).ok());
  EXPECT_EQ(read_into(memory_), 0);
}

TEST(SyscallUnmap, TakesTheMemoryAway) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const result answer = sys::map_memory(2 * page);
  ASSERT_TRUE(answer.ok());
  char* const memory = reinterpret_cast<char*>(answer.value);
  ASSERT_TRUE(sys::unmap_memory(memory + page, page).ok());
  EXPECT_EQ(sys::protect_memory(memory, 2 * page, PROT_READ).error, ENOMEM);
  EXPECT_TRUE(sys::unmap_memory(memory, page).ok());
}

}  // namespace
}  // namespace netpoll
