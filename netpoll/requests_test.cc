// SPDX-License-Identifier: BSL-1.0
//
// Reading and writing streams and pipes, in vectors of any shape; raw calls and readiness.
#include "netpoll/requests.h"

#include <fcntl.h>
#include <sys/poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "gtest/gtest.h"
#include "netpoll/fd.h"
#include "netpoll/reactor.h"
#include "testing/support/descriptor_message.h"
#include "testing/support/driven.h"
#include "testing/support/faults.h"

namespace netpoll {
namespace {

using nettest::driven;
using nettest::read_buffer;
using sys::call;

using Vectors = nettest::reactor_and_pair;

TEST_F(Vectors, OfMoreBuffersThanTheKernelTakesAreWrittenWhole) {
  constexpr std::size_t count = 3000;
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    text += static_cast<char>('a' + i % 26);
  }
  std::vector<::iovec> views;
  for (std::size_t i = 0; i < count; ++i) {
    views.push_back({&text[i], i % 7 == 0 ? 0U : 1U});  // some of them empty
  }
  std::string expected;
  for (std::size_t i = 0; i < count; ++i) {
    if (i % 7 != 0) {
      expected += text[i];
    }
  }
  driven<write_request> writing(ours_, transport::stream_socket, views.data(), views.size(),
                                write_request::amount::all);
  std::string got;
  char data[4096];
  while (got.size() < expected.size()) {
    reactor_.wait(0);
    const sys::result some = sys::recv(peer_.get(), data, sizeof(data), 0);
    if (some.ok()) {
      got.append(data, some.bytes());
    }
  }
  EXPECT_TRUE(writing.is_done());
  EXPECT_EQ(writing->bytes(), expected.size());
  EXPECT_EQ(got, expected);
}

TEST_F(Vectors, AreReadInOrder) {
  send("abcdef");
  char low[2];
  char high[10];
  ::iovec views[] = {{low, sizeof(low)}, {nullptr, 0}, {high, sizeof(high)}};
  driven<read_request> reading(ours_, transport::stream_socket, views, std::size_t{3});
  reactor_.wait(0);
  ASSERT_TRUE(reading.is_done());
  EXPECT_EQ(reading->bytes(), 6U);
  EXPECT_EQ(std::string(low, 2) + std::string(high, 4), "abcdef");
}

TEST_F(Vectors, OfPipesToo) {
  int ends[2];
  ASSERT_TRUE(sys::pipe(ends).ok());
  fd reader;
  fd writer;
  ASSERT_EQ(reader.open(reactor_, unique_fd(ends[0])), 0);
  ASSERT_EQ(writer.open(reactor_, unique_fd(ends[1])), 0);
  char text[] = "abcdef";
  ::iovec out[] = {{text, 3}, {text + 3, 3}};
  driven<write_request> writing(writer, transport::pipe, out, std::size_t{2},
                                write_request::amount::all);
  ASSERT_TRUE(writing.is_done());
  char data[6];
  ::iovec in[] = {{data, 4}, {data + 4, 2}};
  driven<read_request> reading(reader, transport::pipe, in, std::size_t{2});
  reactor_.wait(0);
  ASSERT_TRUE(reading.is_done());
  EXPECT_EQ(std::string(data, 6), "abcdef");
}

TEST_F(Vectors, WritingNothingSucceedsAtOnceEvenWhenThereIsNoRoom) {
  const std::string chunk(1 << 16, 'x');
  while (sys::send(ours_.native_handle(), chunk.data(), chunk.size(), 0).ok()) {
  }
  ::iovec nothing[] = {{nullptr, 0}, {nullptr, 0}};
  nettest::faults faults;
  for (const transport kind : {transport::stream_socket, transport::pipe}) {
    driven<write_request> writing(ours_, kind, nothing, std::size_t{2}, write_request::amount::all);
    ASSERT_TRUE(writing.is_done());
    EXPECT_FALSE(writing->error());
    EXPECT_EQ(writing->bytes(), 0U);
  }
  EXPECT_EQ(faults.count(call::send) + faults.count(call::send_message), 0);
}

TEST_F(Vectors, AfterAShortWriteTheNextOneWaitsInsteadOfTrying) {
  std::string text(4 << 20, 'x');
  ::iovec view{text.data(), text.size()};
  nettest::faults faults;
  driven<write_request> first(ours_, transport::stream_socket, &view, std::size_t{1},
                              write_request::amount::some);
  ASSERT_TRUE(first.is_done());
  ASSERT_GT(first->bytes(), 0U);
  ASSERT_LT(first->bytes(), text.size());
  ::iovec rest{text.data(), 1};
  driven<write_request> second(ours_, transport::stream_socket, &rest, std::size_t{1},
                               write_request::amount::some);
  EXPECT_FALSE(second.is_done());
  EXPECT_EQ(faults.count(call::send), 1);
  char data[1 << 16];
  while (sys::recv(peer_.get(), data, sizeof(data), 0).ok()) {
  }
  reactor_.wait(0);
  ASSERT_TRUE(second.is_done());
  EXPECT_EQ(second->bytes(), 1U);
  driven<write_request> third(ours_, transport::stream_socket, &rest, std::size_t{1},
                              write_request::amount::some);
  EXPECT_TRUE(third.is_done()) << "all was taken, so there may be room for more";
}

TEST_F(Vectors, WhatWasOnlyPeekedAtIsThereForTheNext) {
  send("abc");
  read_buffer buffer(10);
  driven<read_request> peeking(ours_, transport::stream_socket, &buffer.view, std::size_t{1},
                               int{MSG_PEEK});
  reactor_.wait(0);
  ASSERT_TRUE(peeking.is_done());
  EXPECT_EQ(buffer.text(peeking->bytes()), "abc");
  auto reading = read(buffer);
  ASSERT_TRUE(reading.is_done()) << "without a new event";
  EXPECT_EQ(buffer.text(reading->bytes()), "abc");
}

TEST_F(Vectors, AWriteThatMovesNothingIsAnErrorAndNoLoop) {
  struct idler final : sys::fault_injector {
    idler() { sys::set_fault_injector(this); }
    ~idler() { sys::set_fault_injector(nullptr); }
    std::optional<sys::result> before(call which, int, std::size_t&) noexcept override {
      return which == call::send ? std::optional(sys::result{0, 0}) : std::nullopt;
    }
  } idle;
  char text[] = "x";
  ::iovec view{text, 1};
  driven<write_request> writing(ours_, transport::stream_socket, &view, std::size_t{1},
                                write_request::amount::all);
  ASSERT_TRUE(writing.is_done());
  EXPECT_EQ(writing->error(), std::errc::io_error);
}

TEST_F(Vectors, MoreThanWasGivenIsNotBelieved) {
  const auto write_one_byte = [&] {
    char text[] = "x";
    ::iovec view{text, 1};
    driven<write_request> writing(ours_, transport::stream_socket, &view, std::size_t{1},
                                  write_request::amount::all);
  };
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  struct liar final : sys::fault_injector {
    std::optional<sys::result> before(call which, int, std::size_t&) noexcept override {
      return which == call::send ? std::optional(sys::result{1000, 0}) : std::nullopt;
    }
  } lying;
  EXPECT_DEATH(
      {
        sys::set_fault_injector(&lying);
        write_one_byte();
      },
      "the kernel says it wrote more than it was given");
}

TEST_F(Vectors, ARawCallIsRepeatedUntilItIsDone) {
  int calls = 0;
  char data[1];
  auto take = [&](int number) {
    ++calls;
    return sys::recv(number, data, 1, 0).ok();
  };
  driven<raw_request<decltype(take)>> raw(ours_, direction::read, take);
  EXPECT_FALSE(raw.is_done());
  reactor_.wait(0);
  EXPECT_EQ(calls, 1) << "nothing new, no call";
  send("x");
  reactor_.wait(0);
  EXPECT_TRUE(raw.is_done());
  EXPECT_EQ(calls, 2);
}

TEST_F(Vectors, WaitingForReadinessTakesNothing) {
  driven<readiness_request> readable(ours_, direction::read, short{POLLIN});
  EXPECT_FALSE(readable.is_done());
  driven<readiness_request> writable(ours_, direction::write, short{POLLOUT});
  EXPECT_TRUE(writable.is_done());
  send("x");
  reactor_.wait(0);
  ASSERT_TRUE(readable.is_done());
  read_buffer buffer(10);
  auto reading = read(buffer);
  ASSERT_TRUE(reading.is_done()) << "what was seen is not waited for again";
  EXPECT_EQ(reading->bytes(), 1U);
}

TEST_F(Vectors, WaitingForReadinessOutlivesASignalAndReportsAnError) {
  nettest::faults faults;
  faults.fail(call::poll, EINTR);
  driven<readiness_request> readable(ours_, direction::read, short{POLLIN});
  EXPECT_FALSE(readable.is_done()) << "nothing is known: it waits";
  faults.fail(call::poll, EINVAL);
  send("x");
  reactor_.wait(0);
  ASSERT_TRUE(readable.is_done());
  EXPECT_EQ(readable->error(), std::errc::invalid_argument);
}

TEST_F(Vectors, AWriteToAPipeThatNobodyReadsRaisesNoSignal) {
  int ends[2];
  ASSERT_TRUE(sys::pipe(ends).ok());
  ::close(ends[0]);
  fd writer;
  ASSERT_EQ(writer.open(reactor_, unique_fd(ends[1])), 0);
  char text[] = "x";
  ::iovec view{text, 1};
  driven<write_request> writing(writer, transport::pipe, &view, std::size_t{1},
                                write_request::amount::all);
  ASSERT_TRUE(writing.is_done());
  EXPECT_EQ(writing->error(), std::errc::broken_pipe);
}

TEST_F(Vectors, AReadCutShortByDescriptorsIsFollowedByTheRest) {
  char text[] = "with a descriptor";
  nettest::descriptor_message message(text, 10, peer_.get());
  read_buffer buffer(100);
  driven<read_request> first(ours_, transport::cut_stream_socket, &buffer.view, std::size_t{1});
  ASSERT_EQ(sys::send_message(peer_.get(), &message.header, 0).bytes(), 10U);
  send("plain");
  reactor_.wait(0);
  ASSERT_TRUE(first.is_done());
  EXPECT_EQ(first->bytes(), 10U);
  driven<read_request> second(ours_, transport::cut_stream_socket, &buffer.view, std::size_t{1});
  reactor_.wait(0);
  ASSERT_TRUE(second.is_done());
  EXPECT_EQ(buffer.text(second->bytes()), "plain");
}

TEST_F(Vectors, AWriteOfAllGoesOnWhereTheKernelBlocks) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const unique_fd reader(ends[0]);
  fd writer;
  ASSERT_EQ(writer.open_as_found(reactor_, unique_fd(ends[1])), 0);
  nettest::faults faults;
  faults.shorten(call::write_vector, 3, 2);  // as a signal would
  char text[] = "0123456789";
  ::iovec view{text, 10};
  driven<write_request> writing(writer, transport::pipe, &view, std::size_t{1},
                                write_request::amount::all);
  ASSERT_TRUE(writing.is_done());
  EXPECT_FALSE(writing->error()) << writing->error().message();
  EXPECT_EQ(writing->bytes(), 10U);
}

}  // namespace
}  // namespace netpoll
