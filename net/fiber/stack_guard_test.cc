// SPDX-License-Identifier: BSL-1.0
//
// How a guard is made, on kernels of all kinds. What the kernel can do is found out once and
// remembered for the life of the process, so that each test is a process of its own: a child that
// has not had a stack yet.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <system_error>

#include "net/fiber/stack.h"
#include "net/fiber/stack_failure.h"
#include "netpoll/base/syscall.h"

namespace {

using netpoll::sys::call;
using netpoll::sys::result;

enum class kernel {
  real,
  without_guards,     // refuses the advice
  without_ranges,     // refuses advice for many ranges at once
  ignores_ranges,     // takes such advice for none of them
  ignores_any_advice  // and says that it took it
};

class pretended_kernel final : public netpoll::sys::fault_injector {
 public:
  explicit pretended_kernel(kernel which) noexcept : which_(which) {
    netpoll::sys::set_fault_injector(this);
  }
  ~pretended_kernel() { netpoll::sys::set_fault_injector(nullptr); }

  std::optional<result> before(call which, int /*fd*/, std::size_t& /*size*/) noexcept override {
    if (which == call::protect_memory) {
      ++protections_;
    }
    if (which == call::advise_memory || which == call::advise_memory_ranges) {
      ++advices_;
    }
    if (which == call::advise_memory_ranges) {
      if (which_ == kernel::without_ranges) {
        return result{-1, EPERM};
      }
      return which_ == kernel::ignores_ranges ? std::optional<result>(result{}) : std::nullopt;
    }
    if (which != call::advise_memory ||
        (which_ != kernel::without_guards && which_ != kernel::ignores_any_advice)) {
      return std::nullopt;
    }
    return which_ == kernel::without_guards ? result{-1, EINVAL} : result{};
  }

  int protections() const noexcept { return protections_; }
  int advices() const noexcept { return advices_; }

 private:
  const kernel which_;
  std::atomic<int> protections_{0};
  std::atomic<int> advices_{0};
};

// Whether this kernel takes any advice of a process to itself for many ranges at once.
bool has_ranges() {
  alignas(65536) static char memory[65536];
  const ::iovec one{memory, sizeof(memory)};
  return netpoll::sys::advise_memory_ranges(&one, 1, MADV_DONTNEED).ok();
}

// Tells in the death of the process whether it went well.
void require(bool condition, const char* what) {
  if (!condition) {
    std::fprintf(stderr, "not so: %s\n", what);
    std::_Exit(1);
  }
}

bool is_readable(const char* address) {
  int ends[2];
  require(::pipe(ends) == 0, "there is a pipe");
  const bool readable = ::write(ends[1], address, 1) == 1;
  ::close(ends[0]);
  ::close(ends[1]);
  return readable;
}

std::uint64_t mappings() {
  netpoll::memory_use use;
  netpoll::count_mappings(use);
  return use.mappings;
}

constexpr int count = 200;

[[noreturn]] void try_on(kernel which) {
  const bool is_in_batches = which == kernel::real && has_ranges();
  const bool is_by_protection =
      which == kernel::without_guards || which == kernel::ignores_any_advice;
  pretended_kernel pretended(which);
  const std::uint64_t before = mappings();
  netpoll::stack all[count];
  for (netpoll::stack& each : all) {
    std::error_code error;
    each = netpoll::acquire_stack(65536, error);
    require(!error, "a stack is to be had");
  }
  for (const netpoll::stack& each : all) {
    require(is_readable(each.bottom), "the stack can be read");
    require(!is_readable(each.bottom - 1), "its guard cannot");
    require(!is_readable(each.bottom - netpoll::stack::guard_size), "all of its guard cannot");
  }
  if (!is_by_protection && pretended.protections() == 0) {
    require(mappings() < before + count / 10, "guards are no mappings");
    require(pretended.advices() < count / 4 || !is_in_batches, "many guards are made at once");
    require(pretended.advices() >= count || which == kernel::real, "one at a time otherwise");
  } else {
    require(pretended.protections() == count, "each guard is made by mprotect");
    require(mappings() >= before + count, "each guard is a mapping");
  }
  for (const netpoll::stack& each : all) {
    netpoll::release_stack(each);
  }
  netpoll::discard_pooled_stacks();
  for (netpoll::stack& each : all) {
    std::error_code error;
    each = netpoll::acquire_stack(65536, error);
    require(!error, "a stack is to be had again");
    require(!is_readable(each.bottom - 1), "its guard is still there");
  }
  require(!is_by_protection || pretended.protections() == count, "no guard is made twice");
  std::_Exit(0);
}

#if GTEST_HAS_DEATH_TEST

TEST(StackGuardDeathTest, IsThereOnThisKernel) {
  EXPECT_EXIT(try_on(kernel::real), ::testing::ExitedWithCode(0), "");
}

TEST(StackGuardDeathTest, IsMadeByProtectionOnAnOldKernel) {
  EXPECT_EXIT(try_on(kernel::without_guards), ::testing::ExitedWithCode(0), "");
}

TEST(StackGuardDeathTest, IsMadeForEachWhereTheKernelTakesNoRanges) {
  EXPECT_EXIT(try_on(kernel::without_ranges), ::testing::ExitedWithCode(0), "");
}

TEST(StackGuardDeathTest, IsMadeForEachThatTheKernelLeftOut) {
  EXPECT_EXIT(try_on(kernel::ignores_ranges), ::testing::ExitedWithCode(0), "");
}

TEST(StackGuardDeathTest, AnEmulatorThatSwallowsAdviceIsNotBelieved) {
  EXPECT_EXIT(try_on(kernel::ignores_any_advice), ::testing::ExitedWithCode(0), "");
}

#endif

}  // namespace
