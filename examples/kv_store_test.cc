// SPDX-License-Identifier: BSL-1.0
#include "examples/kv_store.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace {

using examples::kv_store;
using namespace std::chrono_literals;

std::optional<std::string> value_of(kv_store& store, std::string_view name) {
  std::optional<std::string> value;
  store.get(name, [&value](std::string_view found) { value = found; });
  return value;
}

TEST(KvStore, StoresAndErases) {
  kv_store store;
  EXPECT_EQ(value_of(store, "a"), std::nullopt);
  EXPECT_TRUE(store.set("a", "1"));
  EXPECT_TRUE(store.set("a", "2"));
  EXPECT_EQ(value_of(store, "a"), "2");
  EXPECT_TRUE(store.exists("a"));
  EXPECT_TRUE(store.erase("a"));
  EXPECT_FALSE(store.erase("a"));
  EXPECT_FALSE(store.exists("a"));
}

TEST(KvStore, StoresOnConditions) {
  kv_store store;
  EXPECT_FALSE(store.set("a", "1", kv_store::condition::if_present));
  EXPECT_TRUE(store.set("a", "2", kv_store::condition::if_absent));
  EXPECT_FALSE(store.set("a", "3", kv_store::condition::if_absent));
  EXPECT_EQ(value_of(store, "a"), "2");
  EXPECT_TRUE(store.set("a", "4", kv_store::condition::if_present));
  EXPECT_EQ(value_of(store, "a"), "4");
}

TEST(KvStore, ForgetsWhatHasExpired) {
  kv_store store;
  store.set("a", "1", kv_store::condition::always, -1ns);
  EXPECT_EQ(value_of(store, "a"), std::nullopt);
  EXPECT_FALSE(store.ttl("a").exists);
  store.set("a", "1", kv_store::condition::always, -1ns);
  EXPECT_TRUE(store.set("a", "2", kv_store::condition::if_absent));
  EXPECT_FALSE(store.ttl("a").left.has_value());
}

TEST(KvStore, KnowsTheTimeLeft) {
  kv_store store;
  EXPECT_FALSE(store.expire("a", 1h));
  store.set("a", "1");
  EXPECT_TRUE(store.expire("a", 1h));
  EXPECT_EQ(store.increment("a").value, 2);
  ASSERT_TRUE(store.ttl("a").left.has_value());
  EXPECT_GT(*store.ttl("a").left, 59min);
  EXPECT_LE(*store.ttl("a").left, 1h);
  store.set("a", "1");
  EXPECT_TRUE(store.ttl("a").exists);
  EXPECT_FALSE(store.ttl("a").left.has_value());
  EXPECT_TRUE(store.expire("a", 0s));
  EXPECT_FALSE(store.exists("a"));
}

TEST(KvStore, IncrementsIntegersOnly) {
  kv_store store;
  EXPECT_EQ(store.increment("a").value, 1);
  EXPECT_EQ(store.increment("a").value, 2);
  for (const char* text : {"", "x", "1x", " 1", "1.5", "9223372036854775808"}) {
    store.set("a", text);
    EXPECT_EQ(store.increment("a").error, kv_store::increment_error::not_an_integer) << text;
  }
  store.set("a", "9223372036854775807");
  EXPECT_EQ(store.increment("a").error, kv_store::increment_error::overflow);
  store.set("a", "-1");
  EXPECT_EQ(store.increment("a").value, 0);
}

TEST(KvStore, LosesNoIncrement) {
  kv_store store;
  constexpr int each = 20'000;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&store] {
        for (int j = 0; j < each; ++j) {
          store.increment("shared");
          store.set("own" + std::to_string(j % 100), "x", kv_store::condition::always, 1ns);
        }
      });
    }
  }
  EXPECT_EQ(value_of(store, "shared"), std::to_string(4 * each));
}

}  // namespace
