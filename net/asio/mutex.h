// SPDX-License-Identifier: BSL-1.0
//
// <asio/detail/mutex.hpp>: a mutex with its lock, from before the language had them. Programs use it
// although it never was promised to them. Use std::mutex.
//
//   asio::detail::mutex mutex;
//   asio::detail::mutex::scoped_lock lock(mutex);
#pragma once

#include <mutex>

#include "net/config.h"

namespace NET_NAMESPACE::detail {

class mutex : public std::mutex {
 public:
  class scoped_lock : public std::unique_lock<std::mutex> {
   public:
    explicit scoped_lock(detail::mutex& what) : std::unique_lock<std::mutex>(what) {}

    bool locked() const noexcept { return owns_lock(); }
  };
};

}  // namespace NET_NAMESPACE::detail
