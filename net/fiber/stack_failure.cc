// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/stack_failure.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>

#include "netpoll/base/clock.h"
#include "netpoll/base/syscall.h"
#include "netpoll/base/unique_fd.h"

namespace netpoll {
namespace {

class stack_category_type final : public std::error_category {
 public:
  const char* name() const noexcept override { return "netpoll.stack"; }

  std::string message(int code) const override {
    switch (static_cast<stack_errc>(code)) {
      case stack_errc::mapping_limit:
        return "the process has as many memory mappings as vm.max_map_count allows; raise that "
               "with "
               "sysctl, or use a kernel with guard pages that are no mappings (Linux 6.13)";
      case stack_errc::address_space_limit:
        return "the address space of the process is limited (RLIMIT_AS, ulimit -v), and used up";
      case stack_errc::data_limit:
        return "the data segment of the process is limited (RLIMIT_DATA, ulimit -d), and used up";
      case stack_errc::overcommit:
        return "the system commits no more memory, whether it is touched or not, because "
               "vm.overcommit_memory is 2; raise vm.overcommit_ratio or use smaller stacks";
      case stack_errc::too_large: return "the stack asked for is larger than 64 GiB";
    }
    return "unknown error " + std::to_string(code);
  }

  std::error_condition default_error_condition(int /*code*/) const noexcept override {
    return std::errc::not_enough_memory;
  }
};

// Fits a fiber's stack, and nearly always all of a file but the list of mappings.
constexpr std::size_t buffer_size = 2048;

// Calls take(text) for each piece of a file of the kernel's, until it returns false.
template <typename Take>
void read_file(const char* path, Take take) noexcept {
  const sys::result opened = sys::open_file(path);
  if (!opened.ok()) {
    return;
  }
  const unique_fd file(static_cast<int>(opened.value));
  char buffer[buffer_size];
  for (;;) {
    const sys::result got = sys::read(file.get(), buffer, sizeof(buffer));
    if (!got.ok() || got.value == 0 || !take(std::string_view(buffer, got.bytes()))) {
      return;
    }
  }
}

// The first number in `text` behind `label`, or `otherwise`.
std::uint64_t number_in(std::string_view text, std::string_view label,
                        std::uint64_t otherwise) noexcept {
  const std::size_t found = text.find(label);
  if (found == std::string_view::npos) {
    return otherwise;
  }
  const std::string_view rest = text.substr(found + label.size());
  const std::size_t first = std::min(rest.find_first_not_of(" \t"), rest.size());
  std::uint64_t number = otherwise;
  (void)std::from_chars(rest.data() + first, rest.data() + rest.size(), number);
  return number;
}

std::uint64_t number_in_file(const char* path, std::uint64_t otherwise) noexcept {
  std::uint64_t number = otherwise;
  read_file(path, [&](std::string_view text) {
    number = number_in(text, "", otherwise);
    return false;
  });
  return number;
}

std::uint64_t limit_of(int which) noexcept {
  ::rlimit limit{};
  const bool is_limited =
      sys::get_resource_limit(which, &limit).ok() && limit.rlim_cur != RLIM_INFINITY;
  return is_limited ? limit.rlim_cur : UINT64_MAX;
}

bool is_beyond(std::uint64_t used, std::uint64_t wanted, std::uint64_t limit) noexcept {
  return used > limit || wanted > limit - used;
}

// What was found when the mappings were last counted.
struct mapping_verdict {
  std::mutex mutex;
  nanotime counted_at = 0;    // under mutex
  bool is_limit_met = false;  // under mutex
};
constinit mapping_verdict last_verdict;

bool is_mapping_limit_met(memory_use& use) noexcept {
  constexpr nanotime second_ns = 1'000'000'000;
  const std::lock_guard lock(last_verdict.mutex);
  const nanotime time = clock::now();
  if (!last_verdict.is_limit_met || time - last_verdict.counted_at > second_ns) {
    count_mappings(use);
    last_verdict.is_limit_met = limit_met(use, 0) == stack_errc::mapping_limit;
    last_verdict.counted_at = time;
  }
  return last_verdict.is_limit_met;
}

}  // namespace

const std::error_category& stack_category() noexcept {
  static const stack_category_type instance;
  return instance;
}

memory_use get_memory_use() noexcept {
  memory_use use;
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  read_file("/proc/self/statm", [&](std::string_view text) {
    // All in pages: total, resident, shared, text, 0, data and stack, 0.
    std::uint64_t fields[6]{};
    for (std::uint64_t& each : fields) {
      each = number_in(text, "", 0);
      text.remove_prefix(std::min(text.find(' ') + 1, text.size()));
    }
    use.address_space = fields[0] * page;
    use.data = fields[5] * page;
    return false;
  });
  use.address_space_limit = limit_of(RLIMIT_AS);
  use.data_limit = limit_of(RLIMIT_DATA);
  if (number_in_file("/proc/sys/vm/overcommit_memory", 0) == 2) {
    read_file("/proc/meminfo", [&](std::string_view text) {
      constexpr std::uint64_t kib = 1024;
      constexpr std::uint64_t unknown = UINT64_MAX / kib;
      use.commit_limit = std::min(use.commit_limit, number_in(text, "CommitLimit:", unknown) * kib);
      use.committed = std::max(use.committed, number_in(text, "Committed_AS:", 0) * kib);
      return true;
    });
  }
  return use;
}

void count_mappings(memory_use& use) noexcept {
  use.mapping_limit = number_in_file("/proc/sys/vm/max_map_count", UINT64_MAX);
  use.mappings = 0;
  read_file("/proc/self/maps", [&](std::string_view text) {
    use.mappings += static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
    return true;
  });
}

std::error_code limit_met(const memory_use& use, std::uint64_t wanted_bytes) noexcept {
  // The count is not exact: the kernel's own page is a line, other threads map and unmap.
  constexpr std::uint64_t slack = 8;
  if (is_beyond(use.address_space, wanted_bytes, use.address_space_limit)) {
    return stack_errc::address_space_limit;
  }
  if (is_beyond(use.data, wanted_bytes, use.data_limit)) {
    return stack_errc::data_limit;
  }
  if (is_beyond(use.committed, wanted_bytes, use.commit_limit)) {
    return stack_errc::overcommit;
  }
  if (is_beyond(use.mappings, slack, use.mapping_limit)) {
    return stack_errc::mapping_limit;
  }
  return {};
}

std::error_code explain_stack_failure(int error, std::uint64_t wanted_bytes) noexcept {
  if (error == ENOMEM) {
    memory_use use = get_memory_use();
    if (const std::error_code met = limit_met(use, wanted_bytes)) {
      return met;
    }
    if (is_mapping_limit_met(use)) {
      return stack_errc::mapping_limit;
    }
  }
  return {error, std::system_category()};
}

}  // namespace netpoll
