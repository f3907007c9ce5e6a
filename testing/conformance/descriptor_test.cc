// SPDX-License-Identifier: BSL-1.0
//
// Descriptors, pipes and serial ports: what they report when there is nothing, nobody or no way to
// wait, and who owns the number.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <asio/buffer.hpp>
#include <asio/connect_pipe.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/read.hpp>
#include <asio/readable_pipe.hpp>
#include <asio/serial_port.hpp>
#include <asio/writable_pipe.hpp>
#include <asio/write.hpp>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace {

using asio::posix::stream_descriptor;

class Descriptor : public testing::Test {
 protected:
  Descriptor() {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    reader.assign(ends[0]);
    writer.assign(ends[1]);
  }

  auto note_bytes() {
    return [this](const asio::error_code& ec, std::size_t n) {
      seen = ec;
      bytes = n;
      ++calls;
    };
  }
  auto note() {
    return [this](const asio::error_code& ec) {
      seen = ec;
      ++calls;
    };
  }
  void run() {
    context.restart();
    context.run();
  }

  asio::io_context context;
  stream_descriptor reader{context};
  stream_descriptor writer{context.get_executor()};
  std::array<char, 16> data{};
  asio::error_code seen = asio::error::fault;
  std::size_t bytes = 99;
  int calls = 0;
};

TEST_F(Descriptor, CarriesBytesUntilTheEnd) {
  EXPECT_EQ(writer.write_some(asio::buffer("hello", 5)), 5u);
  stream_descriptor::bytes_readable command;
  reader.io_control(command);
  EXPECT_EQ(command.get(), 5u);
  EXPECT_EQ(reader.read_some(asio::buffer(data)), 5u);
  EXPECT_EQ(std::string_view(data.data(), 5), "hello");
  writer.close();
  EXPECT_EQ(reader.read_some(asio::buffer(data), seen), 0u);
  EXPECT_EQ(seen, asio::error::eof);
  reader.async_read_some(asio::buffer(data), note_bytes());
  run();
  EXPECT_EQ(seen, asio::error::eof);
  EXPECT_EQ(bytes, 0u);
}

TEST_F(Descriptor, EmptyBuffersSucceedAtOnce) {
  EXPECT_EQ(reader.read_some(asio::mutable_buffer(), seen), 0u);
  EXPECT_FALSE(seen);
  reader.async_read_some(asio::mutable_buffer(), note_bytes());
  EXPECT_EQ(calls, 0);
  run();
  EXPECT_FALSE(seen);
  EXPECT_EQ(bytes, 0u);
}

TEST_F(Descriptor, NonBlockingReportsInsteadOfWaiting) {
  EXPECT_FALSE(reader.non_blocking());
  EXPECT_FALSE(reader.native_non_blocking());
  reader.non_blocking(true);
  EXPECT_TRUE(reader.non_blocking());
  reader.read_some(asio::buffer(data), seen);
  EXPECT_EQ(seen, asio::error::would_block);
  reader.native_non_blocking(true);
  EXPECT_TRUE(reader.native_non_blocking());
  reader.native_non_blocking(false, seen);
  EXPECT_EQ(seen, asio::error::invalid_argument);
  reader.async_read_some(asio::buffer(data), note_bytes());
  writer.write_some(asio::buffer("abc", 3));
  run();
  EXPECT_FALSE(seen);
  EXPECT_EQ(bytes, 3u);
}

TEST_F(Descriptor, CancelReleaseAndCloseEndWhatWaits) {
  reader.async_read_some(asio::buffer(data), note_bytes());
  reader.async_wait(stream_descriptor::wait_read, note());
  reader.cancel();
  run();
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(seen, asio::error::operation_aborted);
  const int number = reader.native_handle();
  seen = {};
  reader.async_read_some(asio::buffer(data), note_bytes());
  EXPECT_EQ(reader.release(), number);
  EXPECT_FALSE(reader.is_open());
  run();
  EXPECT_EQ(seen, asio::error::operation_aborted);
  reader.assign(number);
  seen = {};
  reader.async_wait(stream_descriptor::wait_error, note());
  reader.close();
  run();
  EXPECT_EQ(seen, asio::error::operation_aborted);
}

TEST_F(Descriptor, WhatIsClosedHasABadDescriptor) {
  stream_descriptor closed(context);
  EXPECT_EQ(closed.native_handle(), -1);
  EXPECT_EQ(closed.release(), -1);
  closed.close(seen);
  EXPECT_FALSE(seen);
  closed.cancel(seen);
  EXPECT_EQ(seen, asio::error::bad_descriptor);
  closed.non_blocking(true, seen);
  EXPECT_EQ(seen, asio::error::bad_descriptor);
  closed.read_some(asio::buffer(data), seen);
  EXPECT_EQ(seen, asio::error::bad_descriptor);
  closed.async_read_some(asio::buffer(data), note_bytes());
  run();
  EXPECT_EQ(seen, asio::error::bad_descriptor);
  EXPECT_THROW(closed.assign(-1), asio::system_error);
}

TEST_F(Descriptor, WhatCannotBeAssignedStaysWhereItWas) {
  const int number = reader.native_handle();
  reader.assign(writer.native_handle(), seen);
  EXPECT_EQ(seen, asio::error::already_open);
  stream_descriptor other(context);
  other.assign(number, seen);
  EXPECT_EQ(seen.value(), EEXIST);
  EXPECT_FALSE(other.is_open());
  writer.write_some(asio::buffer("a", 1));
  EXPECT_EQ(reader.read_some(asio::buffer(data)), 1u);
}

TEST_F(Descriptor, AFileIsReadButNotWaitedFor) {
  std::FILE* const whole = std::tmpfile();
  stream_descriptor file(context, ::dup(::fileno(whole)));
  std::fclose(whole);
  EXPECT_EQ(asio::write(file, asio::buffer("some text", 9)), 9u);
  ::lseek(file.native_handle(), 0, SEEK_SET);
  EXPECT_EQ(file.read_some(asio::buffer(data, 4)), 4u);
  file.async_read_some(asio::buffer(data), note_bytes());
  run();
  EXPECT_FALSE(seen);
  EXPECT_EQ(bytes, 5u);
  file.wait(stream_descriptor::wait_read, seen);
  EXPECT_FALSE(seen);
  for (const auto what : {stream_descriptor::wait_read, stream_descriptor::wait_write,
                          stream_descriptor::wait_error}) {
    file.async_wait(what, note());
    run();
    EXPECT_EQ(seen, asio::error::operation_not_supported);
  }
}

TEST_F(Descriptor, IsClosedWhenItWasMovedFrom) {
  stream_descriptor moved(std::move(reader));
  EXPECT_FALSE(reader.is_open());
  EXPECT_EQ(reader.get_executor(), context.get_executor());
  writer.write_some(asio::buffer("abc", 3));
  EXPECT_EQ(moved.read_some(asio::buffer(data)), 3u);
}

TEST(Pipe, JoinsTwoEnds) {
  asio::io_context context;
  asio::readable_pipe reader(context);
  asio::writable_pipe writer(context);
  asio::connect_pipe(reader, writer);
  const std::string sent(300'000, 'x');
  std::string got(sent.size(), '\0');
  std::size_t written = 0;
  asio::async_write(writer, asio::buffer(sent),
                    [&](const asio::error_code&, std::size_t n) { written = n; });
  asio::async_read(reader, asio::buffer(got),
                   [](const asio::error_code& ec, std::size_t) { EXPECT_FALSE(ec); });
  context.run();
  EXPECT_EQ(written, sent.size());
  EXPECT_EQ(got, sent);
  writer.close();
  asio::error_code ec;
  EXPECT_EQ(asio::read(reader, asio::buffer(got), ec), 0u);
  EXPECT_EQ(ec, asio::error::eof);
  asio::connect_pipe(reader, writer, ec);
  EXPECT_EQ(ec, asio::error::already_open);
  EXPECT_FALSE(writer.is_open());
}

TEST(SerialPort, MakesATerminalRawAndKeepsOptions) {
  const int line = ::posix_openpt(O_RDWR | O_NOCTTY);
  ASSERT_EQ(::grantpt(line), 0);
  ASSERT_EQ(::unlockpt(line), 0);
  asio::io_context context;
  asio::serial_port port(context, ::ptsname(line));
  ASSERT_EQ(::write(line, "\r\x03\n", 3), 3);
  std::array<char, 16> data{};
  EXPECT_EQ(port.read_some(asio::buffer(data)), 3u);
  EXPECT_EQ(std::string_view(data.data(), 3), "\r\x03\n");
  using base = asio::serial_port_base;
  port.set_option(base::baud_rate(19200));
  port.set_option(base::stop_bits(base::stop_bits::two));
  base::baud_rate rate;
  base::stop_bits bits;
  port.get_option(rate);
  port.get_option(bits);
  EXPECT_EQ(rate.value(), 19200u);
  EXPECT_EQ(bits.value(), base::stop_bits::two);
  asio::error_code ec;
  port.set_option(base::baud_rate(12345), ec);
  EXPECT_EQ(ec, asio::error::invalid_argument);
  port.set_option(base::stop_bits(base::stop_bits::onepointfive), ec);
  EXPECT_EQ(ec, asio::error::operation_not_supported);
  EXPECT_THROW(base::character_size(9), std::out_of_range);
  port.close();
  port.open("/dev/null", ec);
  EXPECT_EQ(ec.value(), ENOTTY);
  EXPECT_FALSE(port.is_open());
  ::close(line);
}

}  // namespace
