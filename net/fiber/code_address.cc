// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/code_address.h"

#include <errno.h>
#include <link.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace netpoll {
namespace {

std::string_view last_part(std::string_view path) noexcept {
  return path.substr(path.rfind('/') + 1);
}

struct search {
  text_writer& into;
  std::uintptr_t address;
};

int look_at_module(::dl_phdr_info* info, std::size_t /*size*/, void* argument) {
  const auto& wanted = *static_cast<const search*>(argument);
  // A call that does not return may be the last instruction: the byte before is sure to be inside.
  const std::uintptr_t offset = wanted.address - 1 - info->dlpi_addr;
  for (int i = 0; i != info->dlpi_phnum; ++i) {
    const auto& segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || offset - segment.p_vaddr >= segment.p_memsz) {
      continue;
    }
    std::string_view path = info->dlpi_name;
    if (path.empty()) {
      path = ::program_invocation_short_name;
    }
    wanted.into << " (" << last_part(path) << "+" << in_hex{offset + 1} << ")";
    return 1;
  }
  return 0;
}

}  // namespace

void describe_code(text_writer& into, const void* return_address) noexcept {
  search wanted{into, reinterpret_cast<std::uintptr_t>(return_address)};
  into << in_hex{wanted.address};
  ::dl_iterate_phdr(&look_at_module, &wanted);
}

}  // namespace netpoll
