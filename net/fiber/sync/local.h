// SPDX-License-Identifier: BSL-1.0
//
// A variable of which every fiber has its own, and every thread while it runs no fiber: what
// thread_local is for threads. It follows the fiber from thread to thread.
//
//   net::fiber_local<request_id> current;                 // request_id() at first use
//   net::fiber_local<int> depth([] { return 1; });
//   *current = next_id();
//
// A value is made when its fiber first asks for it, and destroyed when the fiber ends, on the
// fiber, after its function and what that captured; the last made first. Its destructor may wait,
// and may use other fiber_locals. Those that belong to threads are destroyed with the thread.
//
// Thread-safe. A fiber_local is meant to live as long as the process; if it is destroyed earlier,
// the values of those who still run stay until they end, or until another takes its place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "net/config.h"

namespace NET_NAMESPACE {
namespace internal {

// A value of one fiber or thread.
class local_value {
 public:
  local_value() = default;
  local_value(const local_value&) = delete;
  local_value& operator=(const local_value&) = delete;
  virtual ~local_value() = default;

 private:
  friend class local_values;
  local_value* older_ = nullptr;
  std::size_t index_ = 0;
  std::uint64_t key_ = 0;
};

// Where the values of one fiber_local are found.
class local_slot {
 public:
  local_slot();
  local_slot(const local_slot&) = delete;
  local_slot& operator=(const local_slot&) = delete;
  ~local_slot();

  // Of the caller; null if there is none.
  local_value* find() const noexcept;
  void add(std::unique_ptr<local_value> value) const;
  // The caller's value goes.
  void reset() const noexcept;

 private:
  std::size_t index_;
  std::uint64_t key_;  // that no other slot ever has
};

}  // namespace internal

template <typename T>
class fiber_local {
 public:
  fiber_local() = default;
  // make() makes each value.
  explicit fiber_local(T (*make)()) noexcept : make_(make) {}

  // The caller's own. The reference is good until his end, or reset().
  T& get() const {
    if (internal::local_value* const mine = slot_.find()) [[likely]] {
      return static_cast<holder*>(mine)->value;
    }
    return make();
  }
  T& operator*() const { return get(); }
  T* operator->() const { return &get(); }

  // Whether the caller has one already.
  bool has_value() const noexcept { return slot_.find() != nullptr; }
  // Destroys the caller's, so that it is made anew.
  void reset() const noexcept { slot_.reset(); }

 private:
  struct holder final : internal::local_value {
    holder() : value() {}
    explicit holder(T (*make)()) : value(make()) {}
    T value;
  };

  T& make() const {
    auto made = make_ != nullptr ? std::make_unique<holder>(make_) : std::make_unique<holder>();
    T& value = made->value;
    slot_.add(std::move(made));
    return value;
  }

  T (*make_)() = nullptr;
  internal::local_slot slot_;
};

}  // namespace NET_NAMESPACE
