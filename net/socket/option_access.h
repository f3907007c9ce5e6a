// SPDX-License-Identifier: BSL-1.0
//
// How sockets set and get options: through the kernel, but for those that it does not know.
#pragma once

#include <cstddef>

#include "net/config.h"
#include "net/error.h"
#include "netpoll/fd.h"

namespace NET_NAMESPACE::internal {

// A level that the kernel does not have, and the one option there: enable_connection_aborted.
inline constexpr int software_option_level = -1;
inline constexpr int report_aborted_option = 1;

// What a socket keeps of options that the kernel does not know.
class socket_options {
 public:
  // error::bad_descriptor if `fd` is closed, else what the kernel says.
  template <typename Protocol, typename Option>
  error_code set(netpoll::fd& fd, const Protocol& protocol, const Option& option) noexcept {
    return set(fd, option.level(protocol), option.name(protocol), option.data(protocol),
               option.size(protocol));
  }
  // Throws what option.resize() throws: std::length_error for a value of another size.
  template <typename Protocol, typename Option>
  error_code get(const netpoll::fd& fd, const Protocol& protocol, Option& option) const {
    std::size_t size = option.size(protocol);
    const error_code ec =
        get(fd, option.level(protocol), option.name(protocol), option.data(protocol), size);
    if (!ec) {
      option.resize(protocol, size);
    }
    return ec;
  }

  bool reports_aborted() const noexcept { return reports_aborted_; }

 private:
  error_code set(netpoll::fd& fd, int level, int name, const void* data, std::size_t size) noexcept;
  error_code get(const netpoll::fd& fd, int level, int name, void* data,
                 std::size_t& size) const noexcept;

  bool reports_aborted_ = false;
};

}  // namespace NET_NAMESPACE::internal
