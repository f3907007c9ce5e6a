// SPDX-License-Identifier: BSL-1.0
//
// Channels and select of net/fiber/sync in every order of steps: a value is received once if
// sending it succeeded and never otherwise, whoever gives up, and nobody is forgotten.
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "net/config.h"
#include "net/fiber/sync/channel.h"
#include "net/fiber/sync/select.h"
#include "testing/interleave/expect.h"
#include "testing/interleave/scheduler.h"
#include "testing/interleave/waiting_actor.h"

namespace netpoll::interleave {
namespace {

using channel = NET_NAMESPACE::channel<std::unique_ptr<int>>;

// What was sent and what was received.
class ledger {
 public:
  void send(channel& to, int number) {
    auto value = std::make_unique<int>(number);
    std::error_code ec;
    const bool is_sent = to.send(std::move(value), ec);
    sent(is_sent, value != nullptr, number);
  }
  void receive(channel& from) {
    std::error_code ec;
    if (const auto value = from.receive(ec)) {
      received(**value);
    }
  }
  void sent(bool is_sent, bool is_kept, int number) {
    if (is_sent == is_kept) {
      failure_ += "a value was kept and sent, or neither";
    }
    balance_ += is_sent ? number : 0;
    count_ += is_sent ? 1 : 0;
  }
  void received(int number) {
    balance_ -= number;
    --count_;
  }
  void drain(channel& rest) {
    while (const auto value = rest.try_receive()) {
      received(**value);
    }
  }
  std::string failure() const {
    return failure_ + (balance_ != 0 || count_ != 0 ? "a value was lost or doubled" : "");
  }

 private:
  int balance_ = 0;
  int count_ = 0;
  std::string failure_;
};

// Two send, two receive, and one of each may give up.
template <std::size_t Capacity, bool SenderGivesUp, bool ReceiverGivesUp>
class traffic final : public scenario {
 public:
  std::vector<actor> actors() override {
    // As many are received as are sent, unless somebody gives up: then all are told by a close.
    std::vector<actor> all{sender_.does([this] { send(1); }),
                           other_sender_.does([this] { send(10); }),
                           receiver_.does([this] { receive(); })};
    if (SenderGivesUp) {
      all.push_back([this] { sender_.interrupt(); });
    }
    if (ReceiverGivesUp) {
      all.push_back([this] { receiver_.interrupt(); });
    }
    return all;
  }
  std::string verify() override {
    ledger_.drain(channel_);
    return ledger_.failure() + sender_.failure() + other_sender_.failure() + receiver_.failure();
  }

 private:
  void send(int number) { ledger_.send(channel_, number); }
  void receive() {
    ledger_.receive(channel_);
    channel_.close();  // so that the other sender ends
  }

  channel channel_{Capacity};
  ledger ledger_;
  waiting_actor sender_;
  waiting_actor other_sender_;
  waiting_actor receiver_;
};

TEST(ChannelInterleave, Unbuffered) {
  explore_and_expect_fine<traffic<0, false, false>>("channel of 0: two send, one receives", 4);
  explore_and_expect_fine<traffic<0, true, false>>("channel of 0: a sender gives up", 3);
  explore_and_expect_fine<traffic<0, false, true>>("channel of 0: the receiver gives up", 3);
}

TEST(ChannelInterleave, Buffered) {
  explore_and_expect_fine<traffic<1, false, false>>("channel of 1: two send, one receives", 4);
  explore_and_expect_fine<traffic<1, true, false>>("channel of 1: a sender gives up", 3);
  explore_and_expect_fine<traffic<1, false, true>>("channel of 1: the receiver gives up", 3);
}

TEST(ChannelInterleave, Unbounded) {
  explore_and_expect_fine<traffic<channel::unbounded, false, true>>(
      "channel without bound: the receiver gives up", 3);
}

// Selects that meet each other in two channels: each sends to one and receives from the other.
template <bool Interrupts, bool WithPlain>
class meeting final : public scenario {
 public:
  std::vector<actor> actors() override {
    std::vector<actor> all{first_.does([this] { act(1, left_, right_); }),
                           second_.does([this] { act(10, right_, left_); })};
    if (WithPlain) {
      all.push_back(third_.does([this] {
        ledger_.receive(left_);
        end();
      }));
    }
    if (Interrupts) {
      all.push_back([this] { first_.interrupt(); });
    }
    return all;
  }
  std::string verify() override {
    ledger_.drain(left_);
    ledger_.drain(right_);
    std::string failure = ledger_.failure() + first_.failure() + second_.failure() +
                          third_.failure();
    if (!Interrupts && !WithPlain && dealt_ != 2) {
      failure += "two who could deal with each other did not";
    }
    return failure;
  }

 private:
  void act(int number, channel& to, channel& from) {
    auto value = std::make_unique<int>(number);
    std::error_code ec;
    const std::size_t chosen = NET_NAMESPACE::select(
        ec, NET_NAMESPACE::send_case(to, std::move(value)),
        NET_NAMESPACE::receive_case(from, [this](std::optional<std::unique_ptr<int>> got) {
          if (got) {
            ledger_.received(**got);
            ++dealt_;
          }
        }));
    const bool is_sent = chosen == 0 && !ec;
    ledger_.sent(is_sent, value != nullptr, number);
    dealt_ += is_sent ? 1 : 0;
    end();
  }
  // Whoever has dealt with somebody lets the rest go.
  void end() {
    left_.close();
    right_.close();
  }

  channel left_;
  channel right_;
  ledger ledger_;
  waiting_actor first_;
  waiting_actor second_;
  waiting_actor third_;
  int dealt_ = 0;
};

TEST(SelectInterleave, TwoMeet) {
  explore_and_expect_fine<meeting<false, false>>("select: two meet", 4);
}

TEST(SelectInterleave, OneOfTwoGivesUp) {
  explore_and_expect_fine<meeting<true, false>>("select: two meet, one gives up", 3);
}

TEST(SelectInterleave, AThirdComesIn) {
  explore_and_expect_fine<meeting<false, true>>("select: two meet, and one who only receives", 3);
}

}  // namespace
}  // namespace netpoll::interleave
