// SPDX-License-Identifier: BSL-1.0
//
// Strings by name, each with an optional time at which it ceases to exist. Values that have expired
// are removed when they are looked at, and a few at a time when something else is stored.
//
// Thread-safe. Names are spread over shards with a lock each; no lock is held across a wait.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace examples {

class kv_store {
 public:
  using clock = std::chrono::steady_clock;

  enum class condition { always, if_absent, if_present };
  enum class increment_error { none, not_an_integer, overflow };
  struct increment_result {
    increment_error error = increment_error::none;
    std::int64_t value = 0;
  };
  struct ttl_result {
    bool exists = false;
    std::optional<clock::duration> left;  // nothing: for ever
  };

  // Whether the value was stored. It lives for `lifetime`, or for ever.
  bool set(std::string_view name, std::string_view value, condition when = condition::always,
           std::optional<clock::duration> lifetime = std::nullopt);

  // Calls use(value) under the lock; false when there is none.
  template <typename Use>
  bool get(std::string_view name, Use&& use) {
    shard& home = shard_of(name);
    const std::lock_guard lock(home.mutex);
    const auto found = find(home, name);
    if (found == home.values.end()) return false;
    use(std::string_view(found->second.value));
    return true;
  }

  bool erase(std::string_view name);
  bool exists(std::string_view name);

  // Adds one; a value that does not exist counts as 0. Its expiry stays.
  increment_result increment(std::string_view name);

  // Whether there is such a value. One without a lifetime left is removed.
  bool expire(std::string_view name, clock::duration lifetime);
  ttl_result ttl(std::string_view name);

 private:
  struct entry {
    std::string value;
    clock::time_point expiry = clock::time_point::max();
  };
  struct hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  using map = std::unordered_map<std::string, entry, hash, std::equal_to<>>;
  struct alignas(64) shard {
    std::mutex mutex;
    map values;
    std::size_t next_swept = 0;
  };

  shard& shard_of(std::string_view name) { return shards_[hash()(name) / 7 % shards_.size()]; }

  // Finds what has not expired, and removes what has. The shard is locked, as below.
  static map::iterator find(shard& home, std::string_view name);
  static void put(shard& home, map::iterator found, std::string_view name, entry value);

  // Removes what has expired from one bucket, each time the next one.
  static void sweep(shard& home);

  std::array<shard, 64> shards_;
};

}  // namespace examples
