// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/sync/select.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "net/fiber/fiber.h"
#include "net/fiber/sync/channel.h"
#include "net/fiber/sync/run_threads.h"
#include "net/io_context.h"
#include "testing/support/fake_clock.h"

namespace {

using namespace std::chrono_literals;
using nettest::run_fiber;

TEST(Select, TakesWhatCanHappenAtOnce) {
  net::channel<int> numbers(1);
  net::channel<std::string> words(1);
  words.send("word");
  std::string seen;
  EXPECT_EQ(net::select(net::receive_case(numbers, [](int) { FAIL(); }),
                        net::receive_case(words, [&](std::string word) { seen = word; }),
                        net::after(1h, [] { FAIL(); })),
            1u);
  EXPECT_EQ(seen, "word");
  bool was_sent = false;
  EXPECT_EQ(net::select(net::receive_case(words, [](std::string) { FAIL(); }),
                        net::send_case(numbers, 5, [&] { was_sent = true; })),
            1u);
  EXPECT_TRUE(was_sent);
  EXPECT_EQ(numbers.receive(), 5);
}

TEST(Select, OtherwiseDoesNotWait) {
  net::channel<int> empty;
  bool is_default = false;
  EXPECT_EQ(net::select(net::receive_case(empty, [](int) { FAIL(); }), net::send_case(empty, 1),
                        net::otherwise([&] { is_default = true; })),
            2u);
  EXPECT_TRUE(is_default);
}

TEST(Select, WaitsForTheFirstAndLeavesTheOthersAlone) {
  run_fiber([] {
    net::channel<int> one;
    net::channel<int> two;
    net::channel<std::unique_ptr<int>> three;
    auto value = std::make_unique<int>(3);
    int seen = 0;
    net::fiber child([&] {
      EXPECT_EQ(net::select(net::receive_case(one, [](int) { FAIL(); }),
                            net::receive_case(two, [&](int got) { seen = got; }),
                            net::send_case(three, std::move(value), [] { FAIL(); })),
                1u);
    });
    net::this_fiber::yield();
    EXPECT_TRUE(two.try_send(7));
    // Claimed, though it has not run since.
    EXPECT_FALSE(one.try_send(8));
    EXPECT_EQ(three.try_receive(), std::nullopt);
    child.join();
    EXPECT_EQ(seen, 7);
    EXPECT_NE(value, nullptr);
    EXPECT_FALSE(two.try_send(9));
    EXPECT_EQ(three.try_receive(), std::nullopt);
  });
}

TEST(Select, SendsWhenAReceiverComes) {
  run_fiber([] {
    net::channel<std::unique_ptr<int>> channel;
    net::channel<int> never;
    auto value = std::make_unique<int>(3);
    net::fiber child([&] {
      EXPECT_EQ(net::select(net::receive_case(never, [](int) { FAIL(); }),
                            net::send_case(channel, std::move(value))),
                1u);
      EXPECT_EQ(value, nullptr);
    });
    net::this_fiber::yield();
    EXPECT_EQ(**channel.try_receive(), 3);
    child.join();
  });
}

TEST(Select, TwoSelectsMeet) {
  run_fiber([] {
    net::channel<int> there;
    net::channel<int> back;
    net::fiber child([&] {
      EXPECT_EQ(net::select(net::receive_case(there, [](int got) { EXPECT_EQ(got, 4); }),
                            net::send_case(back, 5)),
                0u);
    });
    net::this_fiber::yield();
    EXPECT_EQ(net::select(net::send_case(there, 4), net::after(1h)), 0u);
    child.join();
  });
}

TEST(Select, DoesNotDealWithItself) {
  nettest::fake_clock clock;
  run_fiber([&] {
    net::channel<int> channel;
    net::go([&] { clock.advance(1s); });
    EXPECT_EQ(net::select(net::send_case(channel, 1, [] { FAIL(); }),
                          net::receive_case(channel, [](int) { FAIL(); }),
                          net::after(2s, [] { FAIL(); }), net::after(1s)),
              3u);
    EXPECT_EQ(net::select(net::receive_case(channel, [](int) { FAIL(); }),
                          net::at(std::chrono::steady_clock::time_point::min())),
              1u);
    EXPECT_EQ(channel.try_receive(), std::nullopt);
  });
}

TEST(Select, NoticesAClosedChannel) {
  run_fiber([] {
    net::channel<int> channel;
    bool was_told = false;
    net::fiber waits([&] {
      net::select(
          net::receive_case(channel, [&](std::optional<int> got) { was_told = !got.has_value(); }),
          net::after(1h));
    });
    net::fiber fails([&] {
      net::error_code ec;
      EXPECT_EQ(net::select(ec, net::after(1h), net::receive_case(channel, [](int) { FAIL(); })),
                1u);
      EXPECT_EQ(ec, net::channel_errc::closed);
    });
    net::this_fiber::yield();
    channel.close();
    waits.join();
    fails.join();
    EXPECT_TRUE(was_told);
    EXPECT_THROW(net::select(net::send_case(channel, 1), net::after(1h)), std::system_error);
  });
}

TEST(Select, CancellationEndsTheWait) {
  run_fiber([] {
    net::channel<int> channel;
    net::error_code ec;
    auto value = std::make_unique<int>(3);
    net::channel<std::unique_ptr<int>> other;
    net::fiber child([&] {
      EXPECT_EQ(net::select(ec, net::receive_case(channel, [](int) { FAIL(); }),
                            net::send_case(other, std::move(value))),
                net::no_case);
      net::error_code again;
      EXPECT_EQ(net::select(again, net::send_case(channel, 1)), net::no_case);
      EXPECT_EQ(again, net::error::operation_aborted);
      EXPECT_EQ(net::select(net::send_case(channel, 1), net::otherwise()), 1u);
    });
    net::this_fiber::yield();
    child.cancel();
    EXPECT_FALSE(channel.try_send(1));
    EXPECT_EQ(other.try_receive(), std::nullopt);
    child.join();
    EXPECT_EQ(ec, net::error::operation_aborted);
    EXPECT_NE(value, nullptr);
  });
}

TEST(Select, TakesTurnsAmongWhatIsReady) {
  constexpr int rounds = 3000;
  net::channel<int> left(1);
  net::channel<int> right(1);
  std::array<int, 3> taken{};
  left.send(0);
  right.send(0);
  const auto again = [](net::channel<int>& channel) {
    return net::receive_case(channel, [&channel](int) { channel.send(0); });
  };
  net::channel<int> always(net::channel<int>::unbounded);
  for (int i = 0; i != rounds; ++i) {
    ++taken[net::select(again(left), again(right), net::send_case(always, 1))];
  }
  for (const int count : taken) {
    EXPECT_GT(count, rounds / 6);
  }
}

TEST(Select, FunctionMayThrow) {
  net::channel<int> channel(1);
  channel.send(1);
  EXPECT_THROW(
      net::select(net::receive_case(channel, [](int) { throw std::runtime_error("thrown"); })),
      std::runtime_error);
  EXPECT_EQ(channel.size(), 0u);
}

TEST(Select, TakesAListMadeAtRunTime) {
  run_fiber([] {
    std::vector<std::unique_ptr<net::channel<int>>> channels;
    for (int i = 0; i != 5; ++i) {
      channels.push_back(std::make_unique<net::channel<int>>());
    }
    int sum = 0;
    const auto add = [&](int got) { sum += got; };
    using receive = decltype(net::receive_case(*channels[0], add));
    std::vector<std::unique_ptr<receive>> owned;
    std::vector<net::select_case*> cases;
    for (const auto& each : channels) {
      owned.push_back(std::make_unique<receive>(*each, add));
      cases.push_back(owned.back().get());
    }
    net::error_code ec;
    EXPECT_EQ(net::try_select(cases, ec), net::no_case);
    EXPECT_EQ(ec, net::error::would_block);
    EXPECT_EQ(net::select_for(cases, 0s, ec), net::no_case);
    EXPECT_EQ(ec, net::error::deadline_exceeded);
    EXPECT_EQ(net::select_until(cases, std::chrono::steady_clock::time_point::min(), ec),
              net::no_case);
    net::go([&] { channels[3]->send(10); });
    EXPECT_EQ(net::select(cases, ec), 3u);
    EXPECT_FALSE(ec);
    channels[1]->close();
    EXPECT_EQ(net::select(cases, ec), 1u);
    EXPECT_EQ(ec, net::channel_errc::closed);
    EXPECT_EQ(sum, 10);
  });
}

TEST(Select, UnwoundWaitLeavesNothingBehind) {
  net::channel<int> one;
  net::channel<int> two;
  {
    net::io_context context;
    for (int i = 0; i != 2; ++i) {
      net::go(context, [&] {
        net::select(net::receive_case(one, [](int) { FAIL(); }), net::send_case(two, 1));
      });
    }
    context.poll();
    EXPECT_TRUE(one.try_send(1));  // lost with the fiber that got it
  }
  EXPECT_FALSE(one.try_send(1));
  EXPECT_EQ(two.try_receive(), std::nullopt);
}

// Fibers and threads that only select, among the same channels, in both directions: what is sent is
// received, once.
class SelectLoad : public ::testing::TestWithParam<std::size_t> {};

TEST_P(SelectLoad, EveryValueArrivesOnce) {
  constexpr unsigned worker_count = 16;
  constexpr int per_worker = 300;
  using channel = net::channel<std::unique_ptr<int>>;
  net::io_context context;
  std::array<channel, 3> channels{channel(GetParam()), channel(GetParam()), channel(GetParam())};
  std::atomic<long> sent{0};
  std::atomic<long> received{0};
  std::atomic<int> count{0};
  const auto work = [&](unsigned seed) {
    std::minstd_rand random(seed + 1);
    for (int i = 0; i != per_worker; ++i) {
      auto value = std::make_unique<int>(static_cast<int>(seed) * per_worker + i);
      const int number = *value;
      channel& to = channels[random() % 3];
      channel& first = channels[random() % 3];
      channel& second = channels[random() % 3];
      const auto take = [&](std::unique_ptr<int> got) {
        received += *got;
        --count;
      };
      net::error_code ec;
      const auto timeout = std::chrono::microseconds(random() % 100);
      const std::size_t chosen =
          net::select(ec, net::send_case(to, std::move(value)), net::receive_case(first, take),
                      net::receive_case(second, take), net::after(timeout));
      EXPECT_EQ(chosen == 0, value == nullptr);
      if (chosen == 0) {
        sent += number;
        ++count;
      }
    }
  };
  for (unsigned i = 0; i != worker_count - 1; ++i) {
    net::go(context, [&, i] {
      net::fiber child([&, i] { work(i); });
      if (i % 5 == 0) {
        for (unsigned turn = 0; turn != i * 4; ++turn) {
          net::this_fiber::yield();
        }
        child.cancel();
      }
      child.join();
    });
  }
  std::thread other([&] { work(worker_count - 1); });
  nettest::run_on_threads(context, 3);
  other.join();
  long left = 0;
  int left_count = 0;
  for (channel& each : channels) {
    while (auto value = each.try_receive()) {
      left += **value;
      ++left_count;
    }
  }
  EXPECT_EQ(sent, received + left);
  EXPECT_EQ(count, left_count);
}

INSTANTIATE_TEST_SUITE_P(Capacity, SelectLoad, ::testing::Values(std::size_t{0}, std::size_t{2}),
                         [](const auto& info) { return "Of" + std::to_string(info.param); });

#if GTEST_HAS_DEATH_TEST

TEST(SelectDeathTest, SharingACaseAborts) {
  EXPECT_DEATH(run_fiber([] {
                 net::channel<int> channel;
                 auto shared = net::receive_case(channel, [](int) {});
                 net::go([&] { net::select(shared); });
                 net::this_fiber::yield();
                 net::select(shared);
               }),
               "in use by two selects at once");
}

#endif

}  // namespace
