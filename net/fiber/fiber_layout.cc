// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/fiber_layout.h"

#include <cstddef>

#include "net/fiber/fiber_state.h"

// fiber_state is no struct of C's, but has no virtual bases either: compilers know the offsets.
#pragma GCC diagnostic ignored "-Winvalid-offsetof"

namespace NET_NAMESPACE::internal {

struct fiber_layout {
  static constexpr netpoll_fiber_layout_type value{
      .version = 1,
      .context_layout = &netpoll_context_layout,
      .id = offsetof(fiber_state, id_),
      .name = offsetof(fiber_state, name_),
      .context = offsetof(fiber_state, context_),
      .activity = offsetof(fiber_state, activity_),
      .since = offsetof(fiber_state, since_),
      .park = offsetof(fiber_state, park_),
      .park_bits = park_word::all_bits,
  };
  static_assert(sizeof(fiber_state::park_) == sizeof(void*));
  static_assert(sizeof(fiber_state::activity_) == 1);
  static_assert(static_cast<int>(fiber_state::activity::parked) == 3);
};

}  // namespace NET_NAMESPACE::internal

// Weak: a program may have the library in several namespaces, whose fibers are all alike.
extern "C" [[gnu::weak]] constinit const netpoll_fiber_layout_type netpoll_fiber_layout =
    NET_NAMESPACE::internal::fiber_layout::value;
