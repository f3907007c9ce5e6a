// SPDX-License-Identifier: BSL-1.0
//
// Operations made of others: read, write, their forms with positions, read_until, and the streams
// that buffer. What they ask of the stream below is part of the promise.
#include <gtest/gtest.h>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/buffer.hpp>
#include <asio/buffered_stream.hpp>
#include <asio/buffers_iterator.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/completion_condition.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/read.hpp>
#include <asio/read_at.hpp>
#include <asio/read_until.hpp>
#include <asio/streambuf.hpp>
#include <asio/write.hpp>
#include <asio/write_at.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace {

using sizes = std::vector<std::size_t>;

// Brings `input`, at most `step` bytes at a time, takes `output`, and notes what it was asked for.
class stream {
 public:
  using executor_type = asio::io_context::executor_type;
  using lowest_layer_type = stream;

  stream(asio::io_context& context, std::string text) : input(std::move(text)), context_(context) {}

  executor_type get_executor() noexcept { return context_.get_executor(); }
  lowest_layer_type& lowest_layer() { return *this; }

  template <typename Buffers>
  std::size_t read_some_at(std::uint64_t offset, const Buffers& buffers, asio::error_code& ec) {
    asked.push_back(asio::buffer_size(buffers));
    const asio::const_buffer rest = asio::buffer(input) + static_cast<std::size_t>(offset);
    const bool is_at_end = rest.size() == 0 && asked.back() != 0;
    ec = is_at_end ? make_error_code(asio::error::eof) : asio::error_code();
    const std::size_t bytes = asio::buffer_copy(buffers, rest, step);
    position_ = static_cast<std::size_t>(offset) + bytes;
    return bytes;
  }
  template <typename Buffers>
  std::size_t read_some(const Buffers& buffers, asio::error_code& ec) {
    return read_some_at(position_, buffers, ec);
  }
  template <typename Buffers>
  std::size_t write_some(const Buffers& buffers, asio::error_code& ec) {
    asked.push_back(asio::buffer_size(buffers));
    std::string taken(asked.back(), ' ');
    const std::size_t most = step < room - output.size() ? step : room - output.size();
    taken.resize(asio::buffer_copy(asio::buffer(taken), buffers, most));
    output += taken;
    const bool is_full = taken.empty() && asked.back() != 0;
    ec = is_full ? make_error_code(asio::error::broken_pipe) : asio::error_code();
    return taken.size();
  }
  template <typename Buffers>
  std::size_t write_some_at(std::uint64_t offset, const Buffers& buffers, asio::error_code& ec) {
    output.resize(static_cast<std::size_t>(offset));
    return write_some(buffers, ec);
  }

  template <typename Buffers, typename Handler>
  void async_read_some(const Buffers& buffers, Handler handler) {
    asio::error_code ec;
    const std::size_t bytes = read_some(buffers, ec);
    call(std::move(handler), ec, bytes);
  }
  template <typename Buffers, typename Handler>
  void async_read_some_at(std::uint64_t offset, const Buffers& buffers, Handler handler) {
    asio::error_code ec;
    const std::size_t bytes = read_some_at(offset, buffers, ec);
    call(std::move(handler), ec, bytes);
  }
  template <typename Buffers, typename Handler>
  void async_write_some(const Buffers& buffers, Handler handler) {
    asio::error_code ec;
    const std::size_t bytes = write_some(buffers, ec);
    call(std::move(handler), ec, bytes);
  }

  std::string input;
  std::string output;
  std::size_t step = static_cast<std::size_t>(-1);
  std::size_t room = 1 << 20;
  sizes asked;

 private:
  template <typename Handler>
  void call(Handler handler, asio::error_code ec, std::size_t bytes) {
    auto shared = std::make_shared<Handler>(std::move(handler));
    asio::post(context_, [shared, ec, bytes] { std::move (*shared)(ec, bytes); });
  }

  asio::io_context& context_;
  std::size_t position_ = 0;
};

class ComposedIo : public ::testing::Test {
 protected:
  void run() {
    context_.restart();
    context_.run();
  }
  auto handler() {
    return [this](asio::error_code ec, std::size_t n) {
      ++calls_;
      ec_ = ec;
      bytes_ = n;
    };
  }

  asio::io_context context_;
  stream stream_{context_, "abcdefghijklmnopqrstuvwxyz"};
  char data_[100] = {};
  int calls_ = 0;
  asio::error_code ec_;
  std::size_t bytes_ = 0;
};

TEST_F(ComposedIo, ReadAsksForTheRestUntilItIsThere) {
  stream_.step = 4;
  EXPECT_EQ(asio::read(stream_, asio::buffer(data_, 10)), 10u);
  EXPECT_EQ(stream_.asked, sizes({10, 6, 2}));
  EXPECT_EQ(std::string(data_), "abcdefghij");
}

TEST_F(ComposedIo, AStepIsSixtyFourKilobytesAtMost) {
  stream_.input.assign(150000, 'x');
  std::string data(150000, ' ');
  asio::read(stream_, asio::buffer(data));
  EXPECT_EQ(stream_.asked, sizes({65536, 65536, 18928}));
}

TEST_F(ComposedIo, TheBytesBeforeAnErrorAreReported) {
  EXPECT_EQ(asio::read(stream_, asio::buffer(data_), ec_), 26u);
  EXPECT_EQ(ec_, asio::error::eof);
  stream_.room = 3;
  EXPECT_EQ(asio::write(stream_, asio::buffer(data_, 5), ec_), 3u);
  EXPECT_EQ(ec_, asio::error::broken_pipe);
}

TEST_F(ComposedIo, ConditionsMayReturnBytesOrWhetherItIsEnough) {
  stream_.step = 4;
  asio::mutable_buffer buffer = asio::buffer(data_);
  EXPECT_EQ(asio::read(stream_, buffer, asio::transfer_exactly(6)), 6u);
  EXPECT_EQ(stream_.asked, sizes({6, 2}));
  EXPECT_EQ(asio::read(stream_, buffer, asio::transfer_at_least(5)), 8u);
  const auto is_done = [](const asio::error_code& ec, std::size_t n) { return ec || n >= 1; };
  EXPECT_EQ(asio::read(stream_, buffer, is_done), 4u);
  EXPECT_EQ(stream_.asked.back(), 100u);
}

TEST_F(ComposedIo, ReadingIntoADynamicBufferUsesItsRoomOrSome) {
  std::string text;
  asio::read(stream_, asio::dynamic_buffer(text), asio::transfer_at_least(1));
  EXPECT_EQ(stream_.asked.back(), 512u);
  text.reserve(5000);
  const std::size_t room = text.capacity() - text.size();
  asio::read(stream_, asio::dynamic_buffer(text), ec_);
  EXPECT_EQ(stream_.asked.back(), room);
  EXPECT_EQ(text, stream_.input);
  std::vector<char> bytes;
  EXPECT_EQ(asio::read_at(stream_, 3, asio::buffer(data_, 2)), 2u);
  stream_.step = 4;
  stream_.asked.clear();
  EXPECT_EQ(asio::read(stream_, asio::dynamic_buffer(bytes, 10)), 10u);
  EXPECT_EQ(stream_.asked, sizes({10, 6, 2}));
}

TEST_F(ComposedIo, WritingADynamicBufferTakesOffWhatWasWritten) {
  std::string text = "abcdef";
  stream_.room = 4;
  asio::async_write(stream_, asio::dynamic_buffer(text), handler());
  run();
  EXPECT_EQ(ec_, asio::error::broken_pipe);
  EXPECT_EQ(bytes_, 4u);
  EXPECT_EQ(text, "ef");
  asio::streambuf source;
  std::ostream(&source) << "xyz";
  EXPECT_EQ(asio::write_at(stream_, 1, source, asio::transfer_exactly(2), ec_), 2u);
  EXPECT_EQ(stream_.output.substr(1), "xy");
  EXPECT_EQ(source.size(), 1u);
}

TEST_F(ComposedIo, ReadUntilInAFullBufferIsNotFound) {
  std::string text;
  EXPECT_EQ(asio::read_until(stream_, asio::dynamic_buffer(text, 5), 'z', ec_), 0u);
  EXPECT_EQ(ec_, asio::error::not_found);
  asio::async_read_until(stream_, asio::dynamic_buffer(text, 5), "z", handler());
  run();
  EXPECT_EQ(ec_, asio::error::not_found);
  EXPECT_EQ(bytes_, 0u);
  EXPECT_EQ(stream_.asked, sizes({5, 0}));
}

using iterator = asio::buffers_iterator<asio::streambuf::const_buffers_type>;

std::pair<iterator, bool> match_pair(iterator begin, iterator end) {
  for (; begin != end; ++begin) {
    if (begin + 1 == end) {
      return {begin, false};
    }
    if (begin[0] + 1 == begin[1]) {
      return {begin + 2, true};
    }
  }
  return {end, false};
}

TEST_F(ComposedIo, ReadUntilAMatchOfTheUsers) {
  stream_.input = "kitchen";
  stream_.step = 1;
  asio::streambuf target;
  EXPECT_EQ(asio::read_until(stream_, target, &match_pair, ec_), 0u);
  EXPECT_EQ(ec_, asio::error::eof);
  stream_.input += "stuff";
  EXPECT_EQ(asio::read_until(stream_, target, &match_pair), 9u);
}

TEST_F(ComposedIo, CancellationBetweenStepsEndsIt) {
  stream_.step = 4;
  asio::cancellation_signal stop;
  asio::async_read(stream_, asio::buffer(data_, 10),
                   asio::bind_cancellation_slot(stop.slot(), handler()));
  stop.emit(asio::cancellation_type::total);
  context_.restart();
  context_.run_one();
  EXPECT_EQ(calls_, 0) << "a part may have been transferred, which total does not allow";
  stop.emit(asio::cancellation_type::partial);
  run();
  EXPECT_EQ(ec_, asio::error::operation_aborted);
  EXPECT_EQ(bytes_, 8u);
}

TEST_F(ComposedIo, BufferedStreamsReadAheadAndGather) {
  asio::buffered_stream<stream&> buffered(stream_, 10, 8);
  EXPECT_EQ(asio::read(buffered, asio::buffer(data_, 4)), 4u);
  EXPECT_EQ(buffered.in_avail(), 6u);
  EXPECT_EQ(buffered.peek(asio::buffer(data_, 3), ec_), 3u);
  EXPECT_EQ(buffered.read_some(asio::buffer(data_), ec_), 6u);
  EXPECT_EQ(stream_.asked, sizes({10}));
  EXPECT_EQ(asio::write(buffered, asio::buffer("0123456789", 10)), 10u);
  EXPECT_EQ(stream_.output, "01234567");
  EXPECT_EQ(buffered.flush(ec_), 2u);
  EXPECT_EQ(stream_.output, "0123456789");
}

}  // namespace
