// SPDX-License-Identifier: BSL-1.0
#include "net/posix/stream_descriptor.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <type_traits>
#include <utility>

#include "net/async/bind_cancellation_slot.h"
#include "net/async/cancellation_signal.h"
#include "net/buffer/buffer.h"
#include "net/buffer/null_buffers.h"
#include "net/error.h"
#include "net/fiber/fiber.h"
#include "net/io_context.h"
#include "net/posix/descriptor.h"
#include "net/socket/no_deadline.h"

namespace net {
namespace {

using posix::stream_descriptor;
using loop_descriptor = posix::basic_stream_descriptor<io_context::executor_type>;

static_assert(!std::is_destructible_v<posix::descriptor>);
static_assert(!std::is_copy_constructible_v<stream_descriptor>);
static_assert(std::is_constructible_v<stream_descriptor, loop_descriptor>);
static_assert(!std::is_constructible_v<loop_descriptor, stream_descriptor>);
static_assert(
    std::is_same_v<loop_descriptor::rebind_executor<any_io_executor>::other, stream_descriptor>);

// A file that holds `text` and is gone when it is closed.
int file_with(std::string_view text) {
  std::FILE* const file = std::tmpfile();
  const int number = ::dup(::fileno(file));
  std::fclose(file);
  EXPECT_EQ(::pwrite(number, text.data(), text.size(), 0), static_cast<::ssize_t>(text.size()));
  return number;
}

class StreamDescriptor : public testing::Test {
 protected:
  StreamDescriptor() {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    reader.assign(ends[0]);
    writer.assign(ends[1]);
  }

  auto note_bytes() {
    return [this](error_code ec, std::size_t n) {
      seen = ec;
      bytes = n;
      ++calls;
    };
  }
  auto note() {
    return [this](error_code ec) {
      seen = ec;
      ++calls;
    };
  }

  io_context context;
  stream_descriptor reader{context};
  stream_descriptor writer{context.get_executor()};
  std::array<char, 16> data{};
  error_code seen = error::fault;
  std::size_t bytes = 99;
  int calls = 0;
};

TEST_F(StreamDescriptor, CarriesBytesThroughAPipe) {
  EXPECT_EQ(writer.write_some(buffer("hello", 5)), 5u);
  EXPECT_EQ(reader.read_some(buffer(data)), 5u);
  EXPECT_EQ(std::string_view(data.data(), 5), "hello");
  writer.close();
  EXPECT_EQ(reader.read_some(buffer(data), seen), 0u);
  EXPECT_EQ(seen, error::eof);
}

TEST_F(StreamDescriptor, WritingToNobodyIsAnErrorAndNoSignal) {
  reader.close();
  EXPECT_EQ(writer.write_some(buffer("x", 1), seen), 0u);
  EXPECT_EQ(seen, error::broken_pipe);
}

TEST_F(StreamDescriptor, TransfersWithHandlers) {
  reader.async_read_some(buffer(data), note_bytes());
  context.poll();
  EXPECT_EQ(calls, 0);
  writer.async_write_some(buffer("abc", 3), [](error_code ec, std::size_t n) {
    EXPECT_FALSE(ec);
    EXPECT_EQ(n, 3u);
  });
  context.restart();
  context.run();
  EXPECT_FALSE(seen);
  EXPECT_EQ(bytes, 3u);
}

TEST_F(StreamDescriptor, ParksAFiber) {
  std::size_t got = 0;
  go(context, [&] { got = reader.read_some(buffer(data)); });
  go(context, [&] { writer.write_some(buffer("abcd", 4)); });
  context.run();
  EXPECT_EQ(got, 4u);
}

TEST_F(StreamDescriptor, EmptyBuffersSucceedAtOnce) {
  EXPECT_EQ(reader.read_some(mutable_buffer(), seen), 0u);
  EXPECT_FALSE(seen);
}

TEST_F(StreamDescriptor, NonBlockingReportsInsteadOfWaiting) {
  EXPECT_FALSE(reader.non_blocking());
  reader.non_blocking(true);
  EXPECT_TRUE(reader.non_blocking());
  EXPECT_EQ(reader.read_some(buffer(data), seen), 0u);
  EXPECT_EQ(seen, error::would_block);
  reader.native_non_blocking(true);
  EXPECT_TRUE(reader.native_non_blocking());
  reader.native_non_blocking(false, seen);
  EXPECT_EQ(seen, error::invalid_argument);
}

TEST_F(StreamDescriptor, TellsHowMuchThereIs) {
  writer.write_some(buffer("abc", 3));
  stream_descriptor::bytes_readable command;
  reader.io_control(command);
  EXPECT_EQ(command.get(), 3u);
}

TEST_F(StreamDescriptor, WaitsUntilItIsReady) {
  writer.wait(stream_descriptor::wait_write);
  reader.async_wait(stream_descriptor::wait_read, note());
  context.poll();
  EXPECT_EQ(calls, 0);
  writer.write_some(buffer("a", 1));
  context.restart();
  context.run();
  EXPECT_FALSE(seen);
  reader.wait(stream_descriptor::wait_read, seen);
  EXPECT_FALSE(seen);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
TEST_F(StreamDescriptor, NullBuffersWait) {
  reader.async_read_some(null_buffers(), note_bytes());
  context.poll();
  EXPECT_EQ(calls, 0);
  EXPECT_EQ(writer.write_some(null_buffers()), 0u);
  writer.async_write_some(null_buffers(), [&](error_code ec, std::size_t) {
    EXPECT_FALSE(ec);
    writer.write_some(buffer("abc", 3));
  });
  context.restart();
  context.run();
  EXPECT_EQ(calls, 1);
  EXPECT_FALSE(seen);
  EXPECT_EQ(bytes, 0u);
  EXPECT_EQ(reader.read_some(null_buffers(), seen), 0u);
  EXPECT_EQ(reader.read_some(buffer(data)), 3u);
}
#pragma GCC diagnostic pop

TEST_F(StreamDescriptor, CancelAndCloseEndWhatWaits) {
  reader.async_read_some(buffer(data), note_bytes());
  reader.cancel();
  context.run();
  EXPECT_EQ(seen, error::operation_aborted);
  reader.async_wait(stream_descriptor::wait_read, note());
  reader.close();
  context.restart();
  context.run();
  EXPECT_EQ(seen, error::operation_aborted);
  EXPECT_EQ(calls, 2);
}

TEST_F(StreamDescriptor, ASlotEndsOneOperation) {
  cancellation_signal signal;
  reader.async_read_some(buffer(data), bind_cancellation_slot(signal.slot(), note_bytes()));
  context.poll();
  signal.emit(cancellation_type::total);
  context.restart();
  context.run();
  EXPECT_EQ(seen, error::operation_aborted);
}

TEST_F(StreamDescriptor, ADeadlineEndsAReadAndNotAWrite) {
  reader.set_read_deadline(std::chrono::steady_clock::time_point::min());
  reader.set_write_deadline(no_deadline);
  reader.read_some(buffer(data), seen);
  EXPECT_EQ(seen, std::errc::timed_out);
  reader.set_deadline(no_deadline);
  writer.set_read_deadline(std::chrono::steady_clock::time_point::min());
  EXPECT_EQ(writer.write_some(buffer("a", 1)), 1u);
  EXPECT_EQ(reader.read_some(buffer(data)), 1u);
}

TEST_F(StreamDescriptor, WhatIsClosedHasABadDescriptor) {
  stream_descriptor closed(context);
  EXPECT_FALSE(closed.is_open());
  EXPECT_EQ(closed.native_handle(), -1);
  EXPECT_EQ(closed.release(), -1);
  closed.close(seen);
  EXPECT_FALSE(seen);
  closed.cancel(seen);
  EXPECT_EQ(seen, error::bad_descriptor);
  closed.native_non_blocking(true, seen);
  EXPECT_EQ(seen, error::bad_descriptor);
  closed.read_some(buffer(data), seen);
  EXPECT_EQ(seen, error::bad_descriptor);
  closed.async_write_some(buffer(data), note_bytes());
  closed.async_wait(stream_descriptor::wait_read, note());
  context.run();
  EXPECT_EQ(seen, error::bad_descriptor);
  EXPECT_EQ(calls, 2);
  EXPECT_THROW(stream_descriptor(context, -1), system_error);
}

TEST_F(StreamDescriptor, AssigningFailsWithoutTakingTheNumber) {
  const int number = reader.native_handle();
  reader.assign(writer.native_handle(), seen);
  EXPECT_EQ(seen, error::already_open);
  // Of one context two cannot have the same number.
  stream_descriptor other(context);
  other.assign(number, seen);
  EXPECT_EQ(seen, std::errc::file_exists);
  EXPECT_FALSE(other.is_open());
  EXPECT_EQ(writer.write_some(buffer("a", 1)), 1u);
  EXPECT_EQ(reader.read_some(buffer(data)), 1u);
}

TEST_F(StreamDescriptor, ReleaseGivesTheNumberAway) {
  const int number = reader.native_handle();
  reader.async_read_some(buffer(data), note_bytes());
  EXPECT_EQ(reader.release(), number);
  EXPECT_FALSE(reader.is_open());
  context.run();
  EXPECT_EQ(seen, error::operation_aborted);
  stream_descriptor again(context, number);
  writer.write_some(buffer("a", 1));
  EXPECT_EQ(again.read_some(buffer(data)), 1u);
}

TEST_F(StreamDescriptor, MovesBetweenExecutors) {
  loop_descriptor narrow(context, reader.release());
  stream_descriptor wide(std::move(narrow));
  EXPECT_FALSE(narrow.is_open());
  narrow = loop_descriptor(context, wide.release());
  wide = std::move(narrow);
  stream_descriptor last(std::move(wide));
  wide = std::move(last);
  EXPECT_EQ(wide.get_executor(), context.get_executor());
  writer.write_some(buffer("a", 1));
  EXPECT_EQ(wide.lowest_layer().native_handle(), wide.native_handle());
  EXPECT_EQ(wide.read_some(buffer(data)), 1u);
}

TEST_F(StreamDescriptor, ReadsAndWritesAnEventfd) {
  stream_descriptor event(context, ::eventfd(0, 0));
  event.async_read_some(buffer(data), note_bytes());
  const std::uint64_t three = 3;
  event.write_some(buffer(&three, sizeof(three)));
  context.run();
  EXPECT_EQ(bytes, sizeof(three));
  EXPECT_EQ(data[0], 3);
}

TEST_F(StreamDescriptor, AFileIsReadButNotWaitedFor) {
  stream_descriptor file(context, file_with("some text"));
  EXPECT_EQ(file.read_some(buffer(data, 4)), 4u);
  EXPECT_EQ(std::string_view(data.data(), 4), "some");
  file.async_read_some(buffer(data), note_bytes());
  context.run();
  EXPECT_FALSE(seen);
  EXPECT_EQ(bytes, 5u);
  file.async_read_some(buffer(data), note_bytes());
  context.restart();
  context.run();
  EXPECT_EQ(seen, error::eof);
  file.wait(stream_descriptor::wait_read, seen);
  EXPECT_FALSE(seen);
  for (const auto what : {stream_descriptor::wait_read, stream_descriptor::wait_error}) {
    file.async_wait(what, note());
    context.restart();
    context.run();
    EXPECT_EQ(seen, error::operation_not_supported);
  }
  EXPECT_THROW(file.set_deadline(std::chrono::steady_clock::now()), system_error);
}

TEST_F(StreamDescriptor, BlocksAThread) {
  std::thread other([&] { writer.write_some(buffer("abc", 3)); });
  EXPECT_EQ(reader.read_some(buffer(data)), 3u);
  other.join();
}

}  // namespace
}  // namespace net
