// SPDX-License-Identifier: BSL-1.0
#include "netpoll/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace netpoll {

void fail(const char* what, const char* file, int line) noexcept {
  std::fprintf(stderr, "netpoll: %s (%s:%d)\n", what, file, line);
  std::fflush(stderr);
  std::abort();
}

}  // namespace netpoll
