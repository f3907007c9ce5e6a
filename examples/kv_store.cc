// SPDX-License-Identifier: BSL-1.0
#include "examples/kv_store.h"

#include <charconv>
#include <limits>
#include <utility>
#include <vector>

namespace examples {

kv_store::map::iterator kv_store::find(shard& home, std::string_view name) {
  const auto found = home.values.find(name);
  if (found == home.values.end() || found->second.expiry == clock::time_point::max() ||
      found->second.expiry > clock::now()) {
    return found;
  }
  home.values.erase(found);
  return home.values.end();
}

void kv_store::put(shard& home, map::iterator found, std::string_view name, entry value) {
  if (found != home.values.end()) {
    found->second = std::move(value);
    return;
  }
  sweep(home);
  home.values.emplace(name, std::move(value));
}

void kv_store::sweep(shard& home) {
  map& values = home.values;
  if (values.bucket_count() == 0) return;
  const std::size_t bucket = home.next_swept++ % values.bucket_count();
  const clock::time_point now = clock::now();
  std::vector<std::string> expired;
  for (auto it = values.begin(bucket); it != values.end(bucket); ++it) {
    if (it->second.expiry <= now) expired.push_back(it->first);
  }
  for (const std::string& name : expired) values.erase(name);
}

bool kv_store::set(std::string_view name, std::string_view value, condition when,
                   std::optional<clock::duration> lifetime) {
  entry stored{std::string(value), lifetime ? clock::now() + *lifetime : clock::time_point::max()};
  shard& home = shard_of(name);
  const std::lock_guard lock(home.mutex);
  const auto found = find(home, name);
  const bool present = found != home.values.end();
  if (present && when == condition::if_absent) return false;
  if (!present && when == condition::if_present) return false;
  put(home, found, name, std::move(stored));
  return true;
}

bool kv_store::erase(std::string_view name) {
  shard& home = shard_of(name);
  const std::lock_guard lock(home.mutex);
  const auto found = find(home, name);
  if (found == home.values.end()) return false;
  home.values.erase(found);
  return true;
}

bool kv_store::exists(std::string_view name) {
  return get(name, [](std::string_view) {});
}

kv_store::increment_result kv_store::increment(std::string_view name) {
  shard& home = shard_of(name);
  const std::lock_guard lock(home.mutex);
  const auto found = find(home, name);
  std::int64_t value = 0;
  if (found != home.values.end()) {
    const std::string& text = found->second.value;
    const char* const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, value);
    if (text.empty() || error != std::errc() || stopped != end) {
      return {.error = increment_error::not_an_integer};
    }
  }
  if (value == std::numeric_limits<std::int64_t>::max()) {
    return {.error = increment_error::overflow};
  }
  ++value;
  if (found != home.values.end()) {
    found->second.value = std::to_string(value);
  } else {
    put(home, found, name, {.value = std::to_string(value)});
  }
  return {.value = value};
}

bool kv_store::expire(std::string_view name, clock::duration lifetime) {
  shard& home = shard_of(name);
  const std::lock_guard lock(home.mutex);
  const auto found = find(home, name);
  if (found == home.values.end()) return false;
  if (lifetime <= clock::duration::zero()) {
    home.values.erase(found);
  } else {
    found->second.expiry = clock::now() + lifetime;
  }
  return true;
}

kv_store::ttl_result kv_store::ttl(std::string_view name) {
  shard& home = shard_of(name);
  const std::lock_guard lock(home.mutex);
  const auto found = find(home, name);
  if (found == home.values.end()) return {};
  if (found->second.expiry == clock::time_point::max()) return {.exists = true, .left = {}};
  return {.exists = true, .left = found->second.expiry - clock::now()};
}

}  // namespace examples
