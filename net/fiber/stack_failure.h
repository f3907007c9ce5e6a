// SPDX-License-Identifier: BSL-1.0
//
// Why there is no stack. The kernel answers every lack with ENOMEM; which limit was met decides
// what can be done about it, so it is found out before the error is reported.
#pragma once

#include <cstdint>
#include <system_error>

namespace netpoll {

// All are equivalent to std::errc::not_enough_memory.
enum class stack_errc {
  mapping_limit = 1,    // vm.max_map_count
  address_space_limit,  // RLIMIT_AS
  data_limit,           // RLIMIT_DATA
  overcommit,           // vm.overcommit_memory is 2
  too_large,            // more than stack::largest_size
};

const std::error_category& stack_category() noexcept;

inline std::error_code make_error_code(stack_errc code) noexcept {
  return {static_cast<int>(code), stack_category()};
}

// What a process has of what is limited, in bytes but for the mappings.
struct memory_use {
  std::uint64_t address_space = 0;
  std::uint64_t address_space_limit = UINT64_MAX;
  std::uint64_t data = 0;
  std::uint64_t data_limit = UINT64_MAX;
  // Of the whole system, and limited only if overcommitting is forbidden.
  std::uint64_t committed = 0;
  std::uint64_t commit_limit = UINT64_MAX;
  std::uint64_t mappings = 0;
  std::uint64_t mapping_limit = UINT64_MAX;
};

// All but the mappings, of which there are too many to count often.
memory_use get_memory_use() noexcept;
void count_mappings(memory_use& use) noexcept;

// Which limit is in the way of mapping `wanted_bytes` more, in two more mappings. No error if none.
std::error_code limit_met(const memory_use& use, std::uint64_t wanted_bytes) noexcept;

// The error to report when the kernel refused to map `wanted_bytes`, or, if that is 0, to make a
// guard, with `error`, an errno value. Reads files under /proc. Mappings are counted at most once a
// second, as that may take tens of milliseconds. Thread-safe.
std::error_code explain_stack_failure(int error, std::uint64_t wanted_bytes) noexcept;

}  // namespace netpoll

template <>
struct std::is_error_code_enum<netpoll::stack_errc> : std::true_type {};
