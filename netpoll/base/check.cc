// SPDX-License-Identifier: BSL-1.0
#include "netpoll/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace netpoll {

void fail(const char* what, std::source_location where) noexcept {
  std::fprintf(stderr, "netpoll: %s (%s:%u)\n", what, where.file_name(),
               static_cast<unsigned>(where.line()));
  std::fflush(stderr);
  std::abort();
}

}  // namespace netpoll
