// SPDX-License-Identifier: BSL-1.0
//
// What is thrown when several exceptions have to leave by one door: handlers that one call ran and
// of which more than one threw, or operations that were awaited together. It remembers the first.
#pragma once

#include <exception>
#include <utility>

#include "net/config.h"

namespace NET_NAMESPACE {

class multiple_exceptions : public std::exception {
 public:
  multiple_exceptions(std::exception_ptr first) noexcept : first_(std::move(first)) {}

  const char* what() const noexcept override { return "multiple exceptions"; }

  std::exception_ptr first_exception() const { return first_; }

 private:
  std::exception_ptr first_;
};

}  // namespace NET_NAMESPACE
