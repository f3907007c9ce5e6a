// SPDX-License-Identifier: BSL-1.0
#include "net/legacy_test_sizes.h"

#ifdef NET_LEGACY
#error "this file is to see nothing of old"
#endif

namespace net {

decltype(sizes_here) sizes_without_legacy() { return sizes_here; }

}  // namespace net
