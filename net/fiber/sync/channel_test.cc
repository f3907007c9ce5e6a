// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/sync/channel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "net/fiber/fiber.h"
#include "net/fiber/sync/run_threads.h"
#include "net/io_context.h"
#include "testing/support/fake_clock.h"

namespace {

using namespace std::chrono_literals;
using nettest::run_fiber;

TEST(Channel, UnbufferedHandsOverWhenBothAreThere) {
  run_fiber([] {
    net::channel<int> channel;
    EXPECT_EQ(channel.capacity(), 0u);
    EXPECT_FALSE(channel.try_send(1));
    EXPECT_EQ(channel.try_receive(), std::nullopt);
    std::string order;
    net::fiber sender([&] {
      for (int i = 1; i <= 3; ++i) {
        channel.send(i);
        order += 's';
      }
    });
    net::this_fiber::yield();
    EXPECT_EQ(order, "");
    EXPECT_EQ(channel.receive(), 1);
    EXPECT_EQ(channel.receive(), 2);
    EXPECT_EQ(channel.receive(), 3);
    sender.join();
    EXPECT_EQ(order, "sss");
  });
}

TEST(Channel, BufferedHoldsAsManyAsItsCapacity) {
  run_fiber([] {
    net::channel<int> channel(2);
    channel.send(1);
    EXPECT_TRUE(channel.try_send(2));
    EXPECT_FALSE(channel.try_send(3));
    EXPECT_EQ(channel.size(), 2u);
    net::fiber sender([&] {
      channel.send(3);
      channel.send(4);
    });
    net::this_fiber::yield();
    EXPECT_EQ(channel.size(), 2u);
    for (int i = 1; i <= 4; ++i) {
      EXPECT_EQ(channel.receive(), i);
    }
    sender.join();
    EXPECT_EQ(channel.size(), 0u);
  });
}

TEST(Channel, UnboundedNeverWaits) {
  net::channel<std::size_t> channel(net::channel<std::size_t>::unbounded);
  constexpr std::size_t count = 20'000;
  std::size_t expected = 0;
  for (std::size_t i = 0; i != count; ++i) {
    channel.send(i);
    if (i % 3 == 0) {
      EXPECT_EQ(channel.receive(), expected++);
    }
  }
  while (expected != count) {
    ASSERT_EQ(channel.try_receive(), expected++);
  }
  EXPECT_EQ(channel.size(), 0u);
}

TEST(Channel, ReceiversAreServedInOrder) {
  run_fiber([] {
    net::channel<int> channel;
    std::string order;
    std::vector<net::fiber> fibers;
    for (const char name : {'a', 'b', 'c'}) {
      fibers.emplace_back([&, name] {
        const int value = channel.receive();
        order += name;
        order += std::to_string(value);
      });
    }
    net::this_fiber::yield();
    for (int i = 1; i <= 3; ++i) {
      EXPECT_TRUE(channel.try_send(i));
    }
    EXPECT_FALSE(channel.try_send(4));
    for (net::fiber& each : fibers) {
      each.join();
    }
    EXPECT_EQ(order, "a1b2c3");
  });
}

TEST(Channel, CarriesWhatCanOnlyBeMoved) {
  net::channel<std::unique_ptr<int>> channel(1);
  channel.send(std::make_unique<int>(7));
  auto kept = std::make_unique<int>(8);
  EXPECT_FALSE(channel.try_send(std::move(kept)));
  ASSERT_NE(kept, nullptr);
  EXPECT_EQ(*channel.receive(), 7);
}

TEST(Channel, ConvertsAndCopies) {
  net::channel<std::string> channel(4);
  const std::string constant = "constant";
  std::string variable = "variable";
  channel.send("literal");
  channel.send(constant);
  channel.send(variable);
  channel.send({"xxxyy", 3});
  EXPECT_EQ(variable, "variable");
  EXPECT_EQ(channel.receive(), "literal");
  EXPECT_EQ(channel.receive(), "constant");
  EXPECT_EQ(channel.receive(), "variable");
  EXPECT_EQ(channel.receive(), "xxx");
}

TEST(Channel, DestroysWhatNobodyReceived) {
  const auto token = std::make_shared<int>(0);
  {
    net::channel<std::shared_ptr<int>> bounded(5);
    net::channel<std::shared_ptr<int>> unbounded(net::channel<std::shared_ptr<int>>::unbounded);
    for (int i = 0; i != 5; ++i) {
      bounded.send(token);
    }
    for (int i = 0; i != 100; ++i) {
      unbounded.send(token);
    }
    (void)bounded.receive();
    bounded.send(token);
    EXPECT_EQ(token.use_count(), 106);
  }
  EXPECT_EQ(token.use_count(), 1);
}

TEST(Channel, WhatWasSentBeforeCloseIsReceived) {
  net::channel<int> channel(2);
  channel.send(1);
  channel.send(2);
  EXPECT_TRUE(channel.close());
  EXPECT_FALSE(channel.close());
  EXPECT_TRUE(channel.is_closed());
  net::error_code ec;
  EXPECT_FALSE(channel.send(3, ec));
  EXPECT_EQ(ec, net::channel_errc::closed);
  EXPECT_EQ(channel.receive(ec), 1);
  EXPECT_FALSE(ec);
  EXPECT_EQ(channel.receive(), 2);
  EXPECT_EQ(channel.receive(ec), std::nullopt);
  EXPECT_EQ(ec, net::channel_errc::closed);
  EXPECT_EQ(ec.message(), "The channel is closed");
  EXPECT_EQ(channel.try_receive(ec), std::nullopt);
  EXPECT_EQ(ec, net::channel_errc::closed);
  EXPECT_THROW(channel.receive(), std::system_error);
  EXPECT_THROW(channel.send(3), std::system_error);
}

TEST(Channel, CloseWakesAllWhoWait) {
  run_fiber([] {
    net::channel<int> empty;
    net::channel<std::unique_ptr<int>> full(0);
    std::vector<net::fiber> fibers;
    int failed = 0;
    for (int i = 0; i != 3; ++i) {
      fibers.emplace_back([&] {
        net::error_code ec;
        EXPECT_EQ(empty.receive(ec), std::nullopt);
        failed += ec == net::channel_errc::closed;
      });
      fibers.emplace_back([&] {
        net::error_code ec;
        auto value = std::make_unique<int>(1);
        EXPECT_FALSE(full.send(std::move(value), ec));
        EXPECT_NE(value, nullptr);
        failed += ec == net::channel_errc::closed;
      });
    }
    net::this_fiber::yield();
    empty.close();
    full.close();
    for (net::fiber& each : fibers) {
      each.join();
    }
    EXPECT_EQ(failed, 6);
  });
}

TEST(Channel, IsARange) {
  run_fiber([] {
    net::channel<int> channel(3);
    net::fiber sender([&] {
      for (int i = 0; i != 10; ++i) {
        channel.send(i);
      }
      channel.close();
    });
    int expected = 0;
    for (int& value : channel) {
      EXPECT_EQ(value, expected++);
    }
    EXPECT_EQ(expected, 10);
    sender.join();
  });
}

TEST(Channel, DeadlineEndsTheWait) {
  nettest::fake_clock clock;
  run_fiber([&] {
    net::channel<std::unique_ptr<int>> channel;
    net::error_code ec;
    auto value = std::make_unique<int>(5);
    net::go([&] { clock.advance(1s); });
    EXPECT_FALSE(channel.send_for(std::move(value), 1s, ec));
    EXPECT_EQ(ec, net::error::deadline_exceeded);
    EXPECT_NE(value, nullptr);
    net::go([&] { clock.advance(1s); });
    EXPECT_EQ(channel.receive_for(1s, ec), std::nullopt);
    EXPECT_EQ(ec, net::error::deadline_exceeded);
    const auto past = std::chrono::steady_clock::time_point::min();
    EXPECT_EQ(channel.receive_until(past, ec), std::nullopt);
    EXPECT_EQ(ec, net::error::deadline_exceeded);
    EXPECT_FALSE(channel.send_until(std::move(value), past, ec));
    EXPECT_EQ(ec, net::error::deadline_exceeded);
    EXPECT_FALSE(channel.try_send_until(std::move(value), past));
    EXPECT_FALSE(channel.try_send_for(std::move(value), 0s));
    EXPECT_EQ(channel.try_receive_until(past), std::nullopt);
    EXPECT_EQ(channel.try_receive_for(0s), std::nullopt);
    EXPECT_NE(value, nullptr);
    net::fiber sender([&] { channel.send(std::move(value)); });
    EXPECT_EQ(*channel.receive_for(1h, ec).value(), 5);
  });
}

TEST(Channel, CancellationEndsTheWaitAndKeepsTheValue) {
  run_fiber([] {
    net::channel<std::unique_ptr<int>> channel;
    net::error_code sending;
    net::error_code receiving;
    auto value = std::make_unique<int>(5);
    net::fiber sender([&] { EXPECT_FALSE(channel.send(std::move(value), sending)); });
    net::this_fiber::yield();
    sender.cancel();
    sender.join();
    EXPECT_EQ(sending, net::error::operation_aborted);
    ASSERT_NE(value, nullptr);
    EXPECT_EQ(channel.try_receive(), std::nullopt);
    net::fiber receiver([&] { EXPECT_FALSE(channel.receive(receiving)); });
    net::this_fiber::yield();
    receiver.cancel();
    receiver.join();
    EXPECT_EQ(receiving, net::error::operation_aborted);
    EXPECT_FALSE(channel.try_send(std::move(value)));
    EXPECT_NE(value, nullptr);
  });
}

TEST(Channel, CancelledFiberDoesNotTryButMayDrain) {
  run_fiber([] {
    net::channel<int> channel(2);
    channel.send(1);
    net::fiber child([&] {
      net::this_fiber::yield();
      net::error_code ec;
      EXPECT_FALSE(channel.receive(ec));
      EXPECT_EQ(ec, net::error::operation_aborted);
      EXPECT_FALSE(channel.send(2, ec));
      EXPECT_EQ(ec, net::error::operation_aborted);
      EXPECT_THROW(channel.receive(), std::system_error);
      EXPECT_EQ(channel.try_receive(), 1);
      const net::this_fiber::shield shield;
      EXPECT_TRUE(channel.send(2, ec));
    });
    net::this_fiber::yield();
    child.cancel();
    child.join();
    EXPECT_EQ(channel.size(), 1u);
  });
}

TEST(Channel, ThreadsAndFibersTalk) {
  constexpr int rounds = 500;
  net::io_context context;
  net::channel<int> ping;
  net::channel<int> pong;
  net::go(context, [&] {
    for (int& value : ping) {
      pong.send(value + 1);
    }
    pong.close();
  });
  std::thread runner([&] { context.run(); });
  for (int i = 0; i != rounds; ++i) {
    ping.send(i);
    EXPECT_EQ(pong.receive(), i + 1);
  }
  ping.close();
  EXPECT_THROW(pong.receive(), std::system_error);
  runner.join();
}

TEST(Channel, ValueSentToAnUnwoundFiberIsDestroyed) {
  const auto token = std::make_shared<int>(0);
  net::channel<std::shared_ptr<int>> channel;
  {
    net::io_context context;
    net::go(context, [&] { (void)channel.receive(); });
    net::go(context, [&] { (void)channel.receive(); });
    context.poll();
    EXPECT_TRUE(channel.try_send(token));
  }
  EXPECT_EQ(token.use_count(), 1);
  EXPECT_FALSE(channel.try_send(token));
}

TEST(Channel, MayBeDestroyedByWhoReceivedTheLastValue) {
  for (int round = 0; round != 300; ++round) {
    net::io_context context;
    net::go(context, [&] {
      auto channel = std::make_unique<net::channel<int>>(round % 2);
      std::thread sender([raw = channel.get()] { raw->send(1); });
      EXPECT_EQ(channel->receive(), 1);
      channel.reset();
      sender.join();
    });
    context.run();
  }
}

// Every value is received exactly once if send() said so, and otherwise never, whatever is
// cancelled and however times run out; and the values of one sender arrive in order.
class ChannelLoad : public ::testing::TestWithParam<std::size_t> {};

TEST_P(ChannelLoad, NothingIsLostOrDoubled) {
  constexpr unsigned sender_count = 10;
  constexpr unsigned receiver_count = 8;
  constexpr int per_sender = 300;
  struct item {
    unsigned from;
    int number;
  };
  net::io_context context;
  net::channel<std::unique_ptr<item>> channel(GetParam());
  std::vector<std::vector<int>> sent(sender_count);
  std::vector<std::vector<item>> received(receiver_count);
  std::atomic<unsigned> senders_left{sender_count};
  const auto send = [&](unsigned id) {
    std::minstd_rand random(id + 1);
    for (int i = 0; i != per_sender; ++i) {
      auto value = std::make_unique<item>(item{id, i});
      net::error_code ec;
      bool is_sent = false;
      switch (random() % 4) {
        case 0: is_sent = channel.try_send(std::move(value)); break;
        case 1: is_sent = channel.send(std::move(value), ec); break;
        default:
          is_sent =
              channel.send_for(std::move(value), std::chrono::microseconds(random() % 40), ec);
      }
      EXPECT_EQ(is_sent, value == nullptr);
      if (is_sent) {
        sent[id].push_back(i);
      }
    }
    if (--senders_left == 0) {
      channel.close();
    }
  };
  const auto receive = [&](unsigned id) {
    std::minstd_rand random(id + 100);
    for (;;) {
      net::error_code ec;
      std::optional<std::unique_ptr<item>> value;
      switch (random() % 3) {
        case 0: value = channel.try_receive(ec); break;
        case 1: value = channel.receive(ec); break;
        default: value = channel.receive_for(std::chrono::microseconds(random() % 40), ec);
      }
      if (value) {
        received[id].push_back(**value);
      } else if (ec == net::channel_errc::closed) {
        return;
      } else if (ec == net::error::operation_aborted || ec == net::error::would_block) {
        net::this_fiber::yield();
      }
    }
  };
  for (unsigned i = 0; i != sender_count - 1; ++i) {
    net::go(context, [&, i] {
      net::fiber child([&, i] { send(i); });
      if (i % 3 == 0) {
        for (unsigned turn = 0; turn != i * 3; ++turn) {
          net::this_fiber::yield();
        }
        child.cancel();
      }
      child.join();
    });
  }
  for (unsigned i = 0; i != receiver_count - 1; ++i) {
    net::go(context, [&, i] {
      net::fiber child([&, i] { receive(i); });
      if (i % 3 == 1) {
        for (unsigned turn = 0; turn != i * 3; ++turn) {
          net::this_fiber::yield();
        }
        child.cancel();
      }
      child.join();
    });
  }
  std::thread sender([&] { send(sender_count - 1); });
  std::thread receiver([&] { receive(receiver_count - 1); });
  nettest::run_on_threads(context, 3);
  sender.join();
  receiver.join();

  std::vector<std::vector<int>> got(sender_count);
  for (const std::vector<item>& each : received) {
    std::vector<int> last(sender_count, -1);
    for (const item& one : each) {
      EXPECT_GT(one.number, last[one.from]);
      last[one.from] = one.number;
      got[one.from].push_back(one.number);
    }
  }
  for (unsigned i = 0; i != sender_count; ++i) {
    std::sort(got[i].begin(), got[i].end());
    EXPECT_EQ(got[i], sent[i]);
  }
}

INSTANTIATE_TEST_SUITE_P(Capacity, ChannelLoad,
                         ::testing::Values(std::size_t{0}, std::size_t{1}, std::size_t{7},
                                           net::channel<int>::unbounded),
                         [](const auto& info) {
                           return info.param == net::channel<int>::unbounded
                                      ? std::string("Unbounded")
                                      : "Of" + std::to_string(info.param);
                         });

#if GTEST_HAS_DEATH_TEST

TEST(ChannelDeathTest, DestroyingWhileSomebodyWaitsAborts) {
  EXPECT_DEATH(run_fiber([] {
                 auto* const channel = new net::channel<int>;
                 net::go([channel] { (void)channel->receive(); });
                 net::this_fiber::yield();
                 delete channel;
               }),
               "destroyed while somebody waits in it");
}

#endif

}  // namespace
