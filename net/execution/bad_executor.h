// SPDX-License-Identifier: BSL-1.0
//
// What an executor without a target throws when it is asked to do something.
#pragma once

#include <exception>

#include "net/config.h"

namespace NET_NAMESPACE {
namespace execution {

class bad_executor : public std::exception {
 public:
  bad_executor() noexcept = default;
  ~bad_executor() noexcept override;
  const char* what() const noexcept override;
};

}  // namespace execution

namespace internal {

[[noreturn]] void throw_bad_executor();

}  // namespace internal
}  // namespace NET_NAMESPACE
