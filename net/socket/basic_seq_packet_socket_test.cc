// SPDX-License-Identifier: BSL-1.0
#include "net/socket/basic_seq_packet_socket.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

#include "net/async/bind_cancellation_slot.h"
#include "net/async/cancellation_signal.h"
#include "net/buffer/buffer.h"
#include "net/error.h"
#include "net/fiber/fiber.h"
#include "net/generic/seq_packet_protocol.h"
#include "net/io_context.h"
#include "net/local/connect_pair.h"
#include "net/local/seq_packet_protocol.h"
#include "net/socket/basic_socket_acceptor.h"
#include "net/socket/socket_base.h"

namespace {

using net::local::seq_packet_protocol;

struct SeqPacketSocket : testing::Test {
  net::io_context context;
  seq_packet_protocol::socket one{context};
  seq_packet_protocol::socket other{context};
  std::array<char, 16> data{};
  net::socket_base::message_flags flags = -1;

  void SetUp() override { net::local::connect_pair(one, other); }
  std::string_view got(std::size_t bytes) const { return {data.data(), bytes}; }
};

TEST_F(SeqPacketSocket, KeepsBounds) {
  const std::array<net::const_buffer, 2> two{net::buffer("ab", 2), net::buffer("cd", 2)};
  EXPECT_EQ(one.send(two, 0), 4u);
  EXPECT_EQ(one.send(net::buffer("e", 1), 0), 1u);
  const std::array<net::mutable_buffer, 2> halves{net::buffer(data.data(), 3),
                                                  net::buffer(data.data() + 3, 8)};
  EXPECT_EQ(got(other.receive(halves, flags)), "abcd");
  EXPECT_EQ(flags & MSG_TRUNC, 0);
  EXPECT_EQ(flags & MSG_CMSG_CLOEXEC, 0) << "which nobody asked for";
  EXPECT_EQ(got(other.receive(net::buffer(data), 0, flags)), "e");
}

TEST_F(SeqPacketSocket, SaysWhetherTheRestWasLost) {
  one.send(net::buffer("abcdef", 6), 0);
  one.send(net::buffer("gh", 2), 0);
  EXPECT_EQ(got(other.receive(net::buffer(data, 4), net::socket_base::message_peek, flags)),
            "abcd");
  EXPECT_NE(flags & MSG_TRUNC, 0);
  std::error_code ec;
  EXPECT_EQ(got(other.receive(net::buffer(data, 4), 0, flags, ec)), "abcd");
  EXPECT_FALSE(ec);
  EXPECT_NE(flags & MSG_TRUNC, 0);
  EXPECT_EQ(got(other.receive(net::buffer(data, 4), flags)), "gh");
  EXPECT_EQ(flags & MSG_TRUNC, 0);
}

TEST_F(SeqPacketSocket, EndIsNothingWithoutAnError) {
  one.send(net::buffer("", 0), 0);
  one.shutdown(net::socket_base::shutdown_send);
  std::error_code ec = net::error::fault;
  EXPECT_EQ(other.receive(net::buffer(data), 0, flags, ec), 0u);
  EXPECT_FALSE(ec);
  EXPECT_EQ(other.receive(net::buffer(data), flags), 0u);
  one.close();
  EXPECT_THROW(other.send(net::buffer("x", 1), 0), net::system_error);
}

TEST_F(SeqPacketSocket, NothingThereLeavesNoFlags) {
  std::error_code ec;
  other.non_blocking(true);
  EXPECT_EQ(other.receive(net::buffer(data), 0, flags, ec), 0u);
  EXPECT_EQ(ec, net::error::would_block);
  EXPECT_EQ(flags, 0);
}

TEST_F(SeqPacketSocket, HandlersGoThereAndBack) {
  std::string answer;
  net::socket_base::message_flags back_flags = -1;
  std::array<char, 2> back{};
  other.async_receive(net::buffer(data), flags, [&](std::error_code ec, std::size_t bytes) {
    EXPECT_FALSE(ec);
    other.async_send(net::buffer(data, bytes), 0, [](std::error_code failed, std::size_t sent) {
      EXPECT_FALSE(failed);
      EXPECT_EQ(sent, 4u);
    });
  });
  one.async_send(net::buffer("ping", 4), 0, [&](std::error_code, std::size_t) {
    one.async_receive(net::buffer(back), 0, back_flags, [&](std::error_code, std::size_t bytes) {
      answer.assign(back.data(), bytes);
    });
  });
  context.run();
  EXPECT_EQ(answer, "pi");
  EXPECT_EQ(flags & MSG_TRUNC, 0);
  EXPECT_NE(back_flags & MSG_TRUNC, 0);
}

TEST_F(SeqPacketSocket, DeadlineAndSlotEndAReceive) {
  std::error_code ec;
  net::go(context, [&] {
    other.set_read_deadline(std::chrono::steady_clock::now() + std::chrono::milliseconds(1));
    other.receive(net::buffer(data), 0, flags, ec);
  });
  context.run();
  EXPECT_EQ(ec, net::error::deadline_exceeded);

  net::cancellation_signal signal;
  std::error_code code;
  one.async_receive(net::buffer(data), flags,
                    net::bind_cancellation_slot(
                        signal.slot(), [&](std::error_code ended, std::size_t) { code = ended; }));
  signal.emit(net::cancellation_type::terminal);
  context.restart();
  context.run();
  EXPECT_EQ(code, net::error::operation_aborted);
}

TEST_F(SeqPacketSocket, MovesToOtherProtocols) {
  net::generic::seq_packet_protocol::socket wide(std::move(other));
  EXPECT_FALSE(other.is_open());
  one.send(net::buffer("x", 1), 0);
  EXPECT_EQ(wide.receive(net::buffer(data), flags), 1u);
  using loop_socket =
      seq_packet_protocol::socket::rebind_executor<net::io_context::executor_type>::other;
  loop_socket direct(context);
  net::generic::seq_packet_protocol::socket assigned(context);
  assigned = std::move(direct);
  assigned = std::move(wide);
  EXPECT_TRUE(assigned.is_open());
}

TEST(SeqPacketAcceptor, FibersMeetAtAName) {
  net::io_context context;
  const seq_packet_protocol::endpoint where(std::string(1, '\0') + "netpoll-test-seq-" +
                                            std::to_string(::getpid()));
  seq_packet_protocol::acceptor acceptor(context, where);
  std::string got;
  net::go(context, [&] {
    seq_packet_protocol::socket socket(context);
    acceptor.accept(socket);
    char data[8];
    net::socket_base::message_flags flags = 0;
    while (const std::size_t bytes = socket.receive(net::buffer(data), flags)) {
      got.append(data, bytes).append(1, '|');
    }
  });
  net::go(context, [&] {
    seq_packet_protocol::socket socket(context);
    socket.connect(where);
    socket.send(net::buffer("one", 3), 0);
    socket.send(net::buffer("two", 3), 0);
  });
  context.run();
  EXPECT_EQ(got, "one|two|");
}

}  // namespace
