// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/sync/local.h"

#include <mutex>
#include <vector>

#include "net/fiber/fiber_state.h"

namespace NET_NAMESPACE::internal {
namespace {

// Which indices are in use. Never destroyed: fiber_locals may be, after everything else.
struct index_pool {
  std::mutex mutex;
  std::vector<std::size_t> free;
  std::size_t used = 0;
  std::uint64_t last_key = 0;
};

index_pool& indices() {
  static index_pool& pool = *new index_pool;
  return pool;
}

}  // namespace

// The values of one fiber or thread.
class local_values final : public fiber_attachment {
 public:
  local_values() = default;
  local_values(const local_values&) = delete;
  local_values& operator=(const local_values&) = delete;
  ~local_values() {
    // A destructor may make new ones.
    while (newest_ != nullptr) {
      destroy(*newest_);
    }
  }

  void end() noexcept override { delete this; }

  local_value* find(std::size_t index, std::uint64_t key) const noexcept {
    local_value* const found = index < places_.size() ? places_[index] : nullptr;
    return found != nullptr && found->key_ == key ? found : nullptr;
  }

  void add(std::unique_ptr<local_value> value, std::size_t index, std::uint64_t key) {
    if (places_.size() <= index) {
      places_.resize(index + 1);
    }
    if (local_value* const stale = places_[index]) {
      destroy(*stale);  // of a fiber_local that is gone, or made by its destructor meanwhile
    }
    value->index_ = index;
    value->key_ = key;
    value->older_ = newest_;
    newest_ = value.release();
    places_[index] = newest_;
  }

  void remove(std::size_t index, std::uint64_t key) noexcept {
    if (local_value* const found = find(index, key)) {
      destroy(*found);
    }
  }

 private:
  void destroy(local_value& value) noexcept {
    local_value** at = &newest_;
    while (*at != &value) {
      at = &(*at)->older_;
    }
    *at = value.older_;
    places_[value.index_] = nullptr;
    delete &value;
  }

  std::vector<local_value*> places_;  // by index
  local_value* newest_ = nullptr;
};

namespace {

// Not inlined: the address of a thread-local must not be kept across a switch.
[[gnu::noinline]] local_values& values_of_thread() noexcept {
  static thread_local local_values values;
  asm volatile("" ::: "memory");
  return values;
}

// Null if the calling fiber has none yet.
local_values* current_values() noexcept {
  fiber_state* const fiber = fiber_state::current();
  return fiber != nullptr ? static_cast<local_values*>(fiber->attachment()) : &values_of_thread();
}

}  // namespace

local_slot::local_slot() {
  index_pool& pool = indices();
  const std::lock_guard lock(pool.mutex);
  key_ = ++pool.last_key;
  if (pool.free.empty()) {
    pool.free.reserve(pool.used + 1);  // so that giving back needs no memory
    index_ = pool.used++;
  } else {
    index_ = pool.free.back();
    pool.free.pop_back();
  }
}

local_slot::~local_slot() {
  index_pool& pool = indices();
  const std::lock_guard lock(pool.mutex);
  pool.free.push_back(index_);
}

local_value* local_slot::find() const noexcept {
  const local_values* const values = current_values();
  return values != nullptr ? values->find(index_, key_) : nullptr;
}

void local_slot::add(std::unique_ptr<local_value> value) const {
  local_values* values = current_values();
  if (values == nullptr) {
    values = new local_values;
    fiber_state::current()->attachment() = values;
  }
  values->add(std::move(value), index_, key_);
}

void local_slot::reset() const noexcept {
  if (local_values* const values = current_values()) {
    values->remove(index_, key_);
  }
}

}  // namespace NET_NAMESPACE::internal
