// SPDX-License-Identifier: BSL-1.0
#include "netpoll/census.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "netpoll/base/syscall.h"
#include "netpoll/base/unique_fd.h"

namespace netpoll {

int thread_count() noexcept {
  const sys::result opened = sys::open_file("/proc/self/stat");
  if (!opened.ok()) {
    return 0;
  }
  const unique_fd file(static_cast<int>(opened.value));
  char memory[1024];
  const sys::result got = sys::read(file.get(), memory, sizeof(memory));
  if (!got.ok()) {
    return 0;
  }
  // The second field is a name in brackets, which may hold anything; the number is the 20th.
  std::string_view text(memory, got.bytes());
  text.remove_prefix(std::min(text.rfind(')'), text.size()));
  for (int field = 2; field != 20; ++field) {
    text.remove_prefix(std::min(text.find(' '), text.size()));
    text.remove_prefix(text.empty() ? 0 : 1);
  }
  int count = 0;
  std::from_chars(text.data(), text.data() + text.size(), count);
  return count;
}

}  // namespace netpoll
