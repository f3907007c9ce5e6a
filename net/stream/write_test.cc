// SPDX-License-Identifier: BSL-1.0
#include "net/stream/write.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "net/async/bind_cancellation_slot.h"
#include "net/buffer/dynamic_buffer.h"
#include "net/buffer/streambuf.h"
#include "net/stream/scripted_stream.h"
#include "net/stream/stream_fixture.h"
#include "net/stream/write_at.h"

namespace net {
namespace {

using sizes = std::vector<std::size_t>;

class Write : public stream_fixture {
 protected:
  scripted_stream stream_{context_};
};

TEST_F(Write, WritesAllBuffersStepByStep) {
  stream_.step_bytes = 3;
  const std::array buffers{buffer(std::string_view("hello, ")), const_buffer(),
                           buffer(std::string_view("you"))};
  EXPECT_EQ(write(stream_, buffers), 10U);
  EXPECT_EQ(stream_.output, "hello, you");
  EXPECT_EQ(stream_.asked, sizes({10, 7, 4, 1}));
  EXPECT_EQ(write(stream_, buffer(std::string_view("abc")), transfer_exactly(2)), 2U);
}

TEST_F(Write, ReportsTheBytesBeforeAnError) {
  stream_.capacity = 4;
  stream_.at_end = error::broken_pipe;
  error_code ec;
  EXPECT_EQ(write(stream_, buffer(std::string_view("abcdef")), ec), 4U);
  EXPECT_EQ(ec, error::broken_pipe);
  EXPECT_THROW(write(stream_, buffer(std::string_view("x"))), system_error);
}

TEST_F(Write, TakesWhatItWroteOffADynamicBuffer) {
  std::string text = "abcdef";
  stream_.capacity = 4;
  error_code ec;
  EXPECT_EQ(write(stream_, dynamic_buffer(text), ec), 4U);
  EXPECT_EQ(ec, error::eof);
  EXPECT_EQ(text, "ef");
  stream_.capacity = 100;
  std::vector<char> bytes{'g', 'h', 'i'};
  EXPECT_EQ(write(stream_, dynamic_buffer(bytes), transfer_exactly(2)), 2U);
  EXPECT_EQ(bytes, std::vector<char>({'i'}));
  streambuf source;
  std::ostream(&source) << "streamed";
  EXPECT_EQ(write(stream_, source, transfer_exactly(6)), 6U);
  EXPECT_EQ(source.size(), 2U);
  EXPECT_EQ(stream_.output, "abcdghstream");
}

TEST_F(Write, TakesWhatItWroteOffAlsoWhenItThrows) {
  std::string text = "abcdef";
  stream_.capacity = 4;
  EXPECT_THROW(write(stream_, dynamic_buffer(text)), system_error);
  EXPECT_EQ(text, "ef");
}

TEST_F(Write, AtAPositionGoesOnWhereTheLastStepEnded) {
  stream_.step_bytes = 2;
  stream_.output = "....";
  EXPECT_EQ(write_at(stream_, 4, buffer(std::string_view("abcde"))), 5U);
  EXPECT_EQ(stream_.output, "....abcde");
  EXPECT_EQ(stream_.offsets, std::vector<std::uint64_t>({4, 6, 8}));
  streambuf source;
  std::ostream(&source) << "fgh";
  error_code ec;
  EXPECT_EQ(write_at(stream_, 9, source, transfer_at_least(1), ec), 2U);
  EXPECT_EQ(source.size(), 1U);
  stream_.capacity = 0;
  EXPECT_EQ(write_at(stream_, 9, source, ec), 0U);
  EXPECT_EQ(ec, error::eof);
}

TEST_F(Write, AsynchronouslyDoesTheSame) {
  stream_.step_bytes = 3;
  async_write(stream_, buffer(std::string_view("hello")), handler());
  EXPECT_EQ(calls_, 0);
  run();
  EXPECT_EQ(bytes_, 5U);
  std::string text = "abcdef";
  async_write(stream_, dynamic_buffer(text), transfer_exactly(4), handler());
  run();
  EXPECT_EQ(text, "ef");
  streambuf source;
  std::ostream(&source) << "streamed";
  async_write(stream_, source, handler());
  run();
  EXPECT_EQ(source.size(), 0U);
  EXPECT_EQ(stream_.output, "helloabcdstreamed");
  async_write_at(stream_, 1, buffer(std::string_view("E")), handler());
  run();
  std::ostream(&source) << "at";
  async_write_at(stream_, 2, source, transfer_all(), handler());
  run();
  EXPECT_EQ(stream_.output, "hEat");
  EXPECT_EQ(calls_, 5);
}

TEST_F(Write, OfNothingIsOneStepAsynchronously) {
  async_write(stream_, std::vector<const_buffer>(), handler());
  run();
  EXPECT_EQ(stream_.asked, sizes({0}));
  EXPECT_EQ(calls_, 1);
  EXPECT_EQ(write(stream_, const_buffer()), 0U);
  EXPECT_EQ(stream_.asked, sizes({0}));
}

TEST_F(Write, CancellationLeavesWhatWasNotWritten) {
  stream_.step_bytes = 2;
  stream_.steps_before_hang = 1;
  cancellation_signal stop;
  std::string text = "abcdef";
  async_write(stream_, dynamic_buffer(text), bind_cancellation_slot(stop.slot(), handler()));
  run();
  stop.emit(cancellation_type::terminal);
  run();
  EXPECT_EQ(ec_, error::operation_aborted);
  EXPECT_EQ(bytes_, 2U);
  EXPECT_EQ(text, "cdef");
}

}  // namespace
}  // namespace net
