// SPDX-License-Identifier: BSL-1.0
#include "net/execution/config.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <stdexcept>

#include "net/execution/execution_context.h"

namespace {

TEST(ConfigFromString, ReadsLinesAndIgnoresWhatIsNone) {
  net::execution_context context(
      net::config_from_string("a.first=12\n"
                              "  a.second = 0x10  # sixteen\n"
                              "# a.third=1\n"
                              "no line\n"
                              "two words=3\n"
                              "=4\n"
                              "a.empty=\n"
                              "a.first=99\n"
                              "b.last=-7"));
  const net::config config(context);
  EXPECT_EQ(config.get("a", "first", 0), 12);
  EXPECT_EQ(config.get("a", "second", 0), 16);
  EXPECT_EQ(config.get("a", "third", 5), 5);
  EXPECT_EQ(config.get("a", "empty", 6), 6);
  EXPECT_EQ(config.get("b", "last", 0), -7);
}

TEST(ConfigFromString, TakesKeysWithItsPrefixOnly) {
  net::execution_context context(net::config_from_string("x.a.b=1\na.b=2", "x"));
  EXPECT_EQ(net::config(context).get("a", "b", 0), 1);
}

TEST(Config, RefusesWhatDoesNotFit) {
  net::execution_context context(
      net::config_from_string("n.small=200\nn.negative=-1\nn.huge=99999999999999999999\nn.two=2"));
  const net::config config(context);
  EXPECT_THROW((void)config.get("n", "small", std::int8_t{}), std::out_of_range);
  EXPECT_EQ(config.get("n", "small", std::uint8_t{}), 200);
  EXPECT_THROW((void)config.get("n", "negative", std::uint16_t{}), std::out_of_range);
  EXPECT_THROW((void)config.get("n", "huge", 0LL), std::out_of_range);
  EXPECT_THROW((void)config.get("n", "two", false), std::out_of_range);
}

TEST(Config, IsEmptyByDefault) {
  net::execution_context context;
  EXPECT_TRUE(net::config(context).get("scheduler", "locking", true));
}

TEST(ConfigFromEnv, ReadsUpperCaseNames) {
  ::setenv("NETTEST_RESOLVER_THREADS", "3", 1);
  ::setenv("ASIO_RESOLVER_THREADS", "4", 1);
  ::setenv("RESOLVER_THREADS", "5", 1);
  net::execution_context named(net::config_from_env("nettest"));
  net::execution_context standard{net::config_from_env()};
  net::execution_context bare(net::config_from_env(""));
  EXPECT_EQ(net::config(named).get("resolver", "threads", 0), 3);
  EXPECT_EQ(net::config(standard).get("resolver", "threads", 0), 4);
  EXPECT_EQ(net::config(bare).get("resolver", "threads", 0), 5);
}

TEST(ConfigFromConcurrencyHint, SaysWhatIsLocked) {
  const auto value = [](int hint, const char* section, const char* key) {
    net::execution_context context{net::config_from_concurrency_hint(hint)};
    return net::config(context).get(section, key, 77);
  };
  EXPECT_EQ(value(3, "scheduler", "concurrency_hint"), 3);
  EXPECT_EQ(value(3, "scheduler", "locking"), 1);
  EXPECT_EQ(value(net::internal::hint_unsafe, "scheduler", "concurrency_hint"), 1);
  EXPECT_EQ(value(net::internal::hint_unsafe, "scheduler", "locking"), 0);
  EXPECT_EQ(value(net::internal::hint_unsafe, "reactor", "registration_locking"), 0);
  EXPECT_EQ(value(net::internal::hint_unsafe_io, "scheduler", "concurrency_hint"), 1);
  EXPECT_EQ(value(net::internal::hint_unsafe_io, "reactor", "registration_locking"), 1);
  EXPECT_EQ(value(net::internal::hint_unsafe_io, "reactor", "io_locking"), 0);
  EXPECT_EQ(value(net::internal::hint_safe, "scheduler", "concurrency_hint"), -1);
  EXPECT_EQ(value(net::internal::hint_safe, "reactor", "io_locking"), 1);
  EXPECT_EQ(value(1, "timer", "heap_reserve"), 77);
}

}  // namespace
