// SPDX-License-Identifier: BSL-1.0
#include "net/pipe/connect_pipe.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

#include "net/buffer/buffer.h"
#include "net/error.h"
#include "net/fiber/fiber.h"
#include "net/io_context.h"
#include "net/pipe/readable_pipe.h"
#include "net/pipe/writable_pipe.h"
#include "net/stream/read.h"
#include "net/stream/write.h"

namespace net {
namespace {

using loop_reader = basic_readable_pipe<io_context::executor_type>;
using loop_writer = basic_writable_pipe<io_context::executor_type>;

static_assert(std::is_constructible_v<readable_pipe, loop_reader>);
static_assert(!std::is_constructible_v<loop_reader, readable_pipe>);
static_assert(std::is_same_v<loop_writer::rebind_executor<any_io_executor>::other, writable_pipe>);

class ConnectPipe : public testing::Test {
 protected:
  ConnectPipe() { connect_pipe(reader, writer); }

  io_context context;
  readable_pipe reader{context};
  writable_pipe writer{context.get_executor()};
  std::array<char, 16> data{};
  error_code seen = error::fault;
};

TEST_F(ConnectPipe, JoinsTwoEnds) {
  EXPECT_EQ(writer.write_some(buffer("hello", 5)), 5u);
  EXPECT_EQ(reader.read_some(buffer(data)), 5u);
  EXPECT_EQ(std::string_view(data.data(), 5), "hello");
  EXPECT_EQ(writer.lowest_layer().native_handle(), writer.native_handle());
  writer.close();
  reader.read_some(buffer(data), seen);
  EXPECT_EQ(seen, error::eof);
  EXPECT_EQ(reader.lowest_layer().native_handle(), reader.native_handle());
}

TEST_F(ConnectPipe, LeavesNothingToOtherPrograms) {
  EXPECT_NE(::fcntl(reader.native_handle(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_NE(::fcntl(writer.native_handle(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(ConnectPipe, RefusesWhatIsOpenAndLeavesTheOtherAlone) {
  readable_pipe closed(context);
  connect_pipe(closed, writer, seen);
  EXPECT_EQ(seen, error::already_open);
  EXPECT_FALSE(closed.is_open());
  EXPECT_THROW(connect_pipe(reader, writer), system_error);
  EXPECT_EQ(writer.write_some(buffer("a", 1)), 1u);
  EXPECT_EQ(reader.read_some(buffer(data)), 1u);
}

TEST_F(ConnectPipe, ComposedOperationsGoOnUntilAllIsThrough) {
  const std::string sent(300'000, 'x');  // more than a pipe holds
  std::string got(sent.size(), '\0');
  std::size_t written = 0;
  async_write(writer, buffer(sent), [&](error_code ec, std::size_t n) {
    EXPECT_FALSE(ec);
    written = n;
  });
  async_read(reader, buffer(got), [&](error_code ec, std::size_t) { seen = ec; });
  context.run();
  EXPECT_FALSE(seen);
  EXPECT_EQ(written, sent.size());
  EXPECT_EQ(got, sent);
}

TEST_F(ConnectPipe, WritingToNobodyIsAnErrorAndNoSignal) {
  reader.close();
  writer.async_write_some(buffer("x", 1), [&](error_code ec, std::size_t) { seen = ec; });
  context.run();
  EXPECT_EQ(seen, error::broken_pipe);
  writer.write_some(buffer("x", 1), seen);
  EXPECT_EQ(seen, error::broken_pipe);
}

TEST_F(ConnectPipe, CancelEndsWhatWaits) {
  reader.async_read_some(buffer(data), [&](error_code ec, std::size_t) { seen = ec; });
  reader.cancel();
  context.run();
  EXPECT_EQ(seen, error::operation_aborted);
  writer.close(seen);
  writer.cancel(seen);
  EXPECT_EQ(seen, error::bad_descriptor);
}

TEST_F(ConnectPipe, DeadlinesEndAFibersWait) {
  reader.set_read_deadline(std::chrono::steady_clock::time_point::min());
  writer.set_write_deadline(std::chrono::steady_clock::time_point::min());
  error_code other;
  go(context, [&] { reader.read_some(buffer(data), seen); });
  go(context, [&] { writer.write_some(buffer("x", 1), other); });
  context.run();
  EXPECT_EQ(seen, std::errc::timed_out);
  EXPECT_EQ(other, std::errc::timed_out);
}

TEST_F(ConnectPipe, EndsAreReleasedAssignedAndMoved) {
  loop_reader narrow_reader(context, reader.release());
  loop_writer narrow_writer(context);
  narrow_writer.assign(writer.release(seen));
  EXPECT_FALSE(seen);
  reader = std::move(narrow_reader);
  writable_pipe moved(std::move(narrow_writer));
  EXPECT_FALSE(narrow_writer.is_open());
  EXPECT_EQ(moved.get_executor(), context.get_executor());
  moved.write_some(buffer("abc", 3));
  EXPECT_EQ(reader.read_some(buffer(data)), 3u);
}

}  // namespace
}  // namespace net
