// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/stack_failure.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <system_error>

#include "net/fiber/sanitizer.h"
#include "net/fiber/stack.h"
#include "netpoll/base/syscall.h"
#include "testing/support/faults.h"

namespace {

using netpoll::memory_use;
using netpoll::stack_errc;
using netpoll::sys::call;

constexpr std::uint64_t mib = 1 << 20;

TEST(StackFailure, NamesTheLimitThatIsInTheWay) {
  memory_use use;
  EXPECT_FALSE(netpoll::limit_met(use, UINT64_MAX / 2));

  use = {.address_space = 10 * mib, .address_space_limit = 12 * mib};
  EXPECT_FALSE(netpoll::limit_met(use, 2 * mib));
  EXPECT_EQ(netpoll::limit_met(use, 2 * mib + 1), stack_errc::address_space_limit);

  use = {.data = 10 * mib, .data_limit = 9 * mib};
  EXPECT_EQ(netpoll::limit_met(use, 0), stack_errc::data_limit);

  use = {.committed = 10 * mib, .commit_limit = 20 * mib};
  EXPECT_FALSE(netpoll::limit_met(use, mib));
  EXPECT_EQ(netpoll::limit_met(use, 11 * mib), stack_errc::overcommit);

  use = {.mappings = 65'000, .mapping_limit = 65'530};
  EXPECT_FALSE(netpoll::limit_met(use, mib));
  use.mappings = 65'529;
  EXPECT_EQ(netpoll::limit_met(use, 0), stack_errc::mapping_limit);
}

TEST(StackFailure, TextsNameTheSetting) {
  const auto text = [](stack_errc code) { return make_error_code(code).message(); };
  EXPECT_NE(text(stack_errc::mapping_limit).find("vm.max_map_count"), std::string::npos);
  EXPECT_NE(text(stack_errc::address_space_limit).find("ulimit -v"), std::string::npos);
  EXPECT_NE(text(stack_errc::data_limit).find("ulimit -d"), std::string::npos);
  EXPECT_NE(text(stack_errc::overcommit).find("vm.overcommit_memory"), std::string::npos);
  EXPECT_NE(text(stack_errc::too_large).find("64 GiB"), std::string::npos);
  EXPECT_STREQ(netpoll::stack_category().name(), "netpoll.stack");
  for (int code = 1; code <= static_cast<int>(stack_errc::too_large); ++code) {
    EXPECT_EQ(make_error_code(static_cast<stack_errc>(code)), std::errc::not_enough_memory);
  }
  EXPECT_NE(netpoll::stack_category().message(99).find("99"), std::string::npos);
}

TEST(StackFailure, UseIsThatOfTheProcess) {
  memory_use use = netpoll::get_memory_use();
  netpoll::count_mappings(use);
  EXPECT_GT(use.address_space, mib);
  EXPECT_GT(use.data, 0u);
  EXPECT_LT(use.data, use.address_space);
  EXPECT_GT(use.mappings, 5u);
  EXPECT_LT(use.mappings, use.mapping_limit);
  EXPECT_LT(use.mapping_limit, UINT64_MAX);
  EXPECT_LE(use.committed, use.commit_limit);
  EXPECT_FALSE(netpoll::limit_met(use, 0));
}

TEST(StackFailure, WithoutALimitItIsWhatTheKernelSaid) {
  nettest::faults faults;
  faults.fail(call::map_memory, ENOMEM, 2);
  std::error_code error;
  // A size that nobody else uses: nothing is kept.
  EXPECT_EQ(netpoll::acquire_stack(std::size_t{2} << 20, error).bottom, nullptr);
  EXPECT_EQ(error, std::error_code(ENOMEM, std::system_category()));
  faults.fail(call::map_memory, EAGAIN, 2);
  EXPECT_EQ(netpoll::acquire_stack(std::size_t{2} << 20, error).bottom, nullptr);
  EXPECT_EQ(error, std::error_code(EAGAIN, std::system_category()));
}

TEST(StackFailure, WithoutFilesToReadItIsWhatTheKernelSaid) {
  nettest::faults faults;
  faults.fail(call::map_memory, ENOMEM, 2);
  faults.fail(call::open_file, ENOENT, 100);
  faults.fail(call::get_resource_limit, EPERM, 100);
  std::error_code error;
  EXPECT_EQ(netpoll::acquire_stack(std::size_t{2} << 20, error).bottom, nullptr);
  EXPECT_EQ(error, std::error_code(ENOMEM, std::system_category()));
}

TEST(StackFailure, WhatIsLeftMayDoForOne) {
  nettest::faults faults;
  faults.fail(call::map_memory, ENOMEM, 1);
  std::error_code error;
  const std::size_t reserved = netpoll::get_stack_statistics().reserved;
  const netpoll::stack got = netpoll::acquire_stack(std::size_t{4} << 20, error);
  EXPECT_FALSE(error) << error.message();
  ASSERT_NE(got.bottom, nullptr);
  EXPECT_EQ(netpoll::get_stack_statistics().reserved, reserved + 1);
  netpoll::release_stack(got);
}

TEST(StackFailure, AGuardThatCannotBeMadeIsReportedAndTriedAgain) {
  std::error_code error;
  netpoll::release_stack(netpoll::acquire_stack(0, error));  // it is known what guards there are
  nettest::faults faults;
  faults.fail(call::advise_memory, ENOMEM, 2);  // the slab's, and the guard's
  faults.fail(call::protect_memory, ENOMEM, 1);
  EXPECT_EQ(netpoll::acquire_stack(std::size_t{8} << 20, error).bottom, nullptr);
  EXPECT_EQ(error, std::errc::not_enough_memory);
  faults.fail(call::protect_memory, ENOMEM, 0);
  const netpoll::stack got = netpoll::acquire_stack(std::size_t{8} << 20, error);
  EXPECT_FALSE(error) << error.message();
  ASSERT_NE(got.bottom, nullptr);
  netpoll::release_stack(got);
}

#if GTEST_HAS_DEATH_TEST

// An emulator, which takes advice that no kernel knows, needs memory itself and has limits of its
// own; so have the sanitizers.
bool can_be_limited() {
  alignas(65536) static char page[65536];
  constexpr int unknown_advice = 0x7ff0;
  return !netpoll::is_sanitized &&
         !netpoll::sys::advise_memory(page, sizeof(page), unknown_advice).ok();
}

// Prints why no stack of `size` is left, after taking all that can be had.
[[noreturn]] void use_up(std::size_t size) {
  std::error_code error;
  while (!error) {
    (void)netpoll::acquire_stack(size, error);
  }
  const std::string text = error.message();
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
  ::_exit(3);
}

void narrow(int which, std::uint64_t bytes) {
  const ::rlimit limit{bytes, bytes};
  if (::setrlimit(static_cast<decltype(RLIMIT_AS)>(which), &limit) != 0) {
    ::_exit(1);
  }
}

TEST(StackFailureDeathTest, LimitOfTheAddressSpaceIsNamed) {
  if (!can_be_limited()) {
    GTEST_SKIP() << "what runs the test needs addresses itself";
  }
  EXPECT_EXIT(
      {
        const std::uint64_t limit = netpoll::get_memory_use().address_space + 100 * mib;
        narrow(RLIMIT_AS, limit);
        use_up(1 << 20);
      },
      ::testing::ExitedWithCode(3), "ulimit -v");
}

TEST(StackFailureDeathTest, LimitOfTheDataSegmentIsNamed) {
  if (!can_be_limited()) {
    GTEST_SKIP() << "what runs the test needs memory itself";
  }
  EXPECT_EXIT(
      {
        const std::uint64_t limit = netpoll::get_memory_use().data + 100 * mib;
        narrow(RLIMIT_DATA, limit);
        use_up(1 << 20);
      },
      ::testing::ExitedWithCode(3), "ulimit -d");
}

TEST(StackFailureDeathTest, LimitOfMappingsIsNamed) {
  memory_use use;
  netpoll::count_mappings(use);
  if (!can_be_limited() || use.mapping_limit > 200'000) {
    GTEST_SKIP() << "the limit cannot be met here, or not soon";
  }
  EXPECT_EXIT(
      {
        // Each page differs from its neighbours.
        const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
        auto* const memory = static_cast<char*>(
            ::mmap(nullptr, (use.mapping_limit + 2) * page, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
        for (std::size_t i = 0; ::mprotect(memory + i * page, page, PROT_NONE) == 0; i += 2) {
        }
        use_up(1 << 20);
      },
      ::testing::ExitedWithCode(3), "vm\\.max_map_count");
}

#endif

}  // namespace
