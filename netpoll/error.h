// SPDX-License-Identifier: BSL-1.0
//
// What the reactor itself can report, beside the errno values of the system category. The texts are
// those of Go's `net`. A cancelled operation is std::errc::operation_canceled.
#pragma once

#include <system_error>
#include <type_traits>

namespace netpoll {

enum class errc {
  // The descriptor was closed before or during the operation.
  closed = 1,
  // The deadline of the direction passed. Equal to std::errc::timed_out as a condition.
  deadline_exceeded = 2,
  // The peer has sent all it will ever send.
  end_of_file = 3,
  // A deadline for something that cannot be polled and so cannot be interrupted: a regular file, or
  // a descriptor that is used in blocking mode.
  no_deadline = 4,
};

const std::error_category& category() noexcept;

inline std::error_code make_error_code(errc code) noexcept {
  return {static_cast<int>(code), category()};
}

// The code for an errno value; no error for 0.
inline std::error_code system_error_code(int error) noexcept {
  return {error, std::system_category()};
}

}  // namespace netpoll

template <>
struct std::is_error_code_enum<netpoll::errc> : std::true_type {};
