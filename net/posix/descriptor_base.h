// SPDX-License-Identifier: BSL-1.0
//
// What all kinds of descriptors share by name.
#pragma once

#include "net/config.h"
#include "net/socket/io_control.h"

namespace NET_NAMESPACE::posix {

class descriptor_base {
 public:
  enum wait_type { wait_read, wait_write, wait_error };

  using bytes_readable = NET_NAMESPACE::internal::bytes_readable;

 protected:
  ~descriptor_base() = default;
};

}  // namespace NET_NAMESPACE::posix
