// SPDX-License-Identifier: BSL-1.0
#include "net/stream/buffered_stream.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "net/async/deferred.h"
#include "net/buffer/buffer.h"
#include "net/stream/is_read_buffered.h"
#include "net/stream/is_write_buffered.h"
#include "net/stream/read.h"
#include "net/stream/scripted_stream.h"
#include "net/stream/stream_fixture.h"
#include "net/stream/write.h"

namespace net {
namespace {

using sizes = std::vector<std::size_t>;

const_buffer text(std::string_view what) { return buffer(what); }

class BufferedStream : public stream_fixture {
 protected:
  scripted_stream next_{context_, "abcdefghijklmnopqrstuvwxyz"};
  char data_[100] = {};
};

TEST_F(BufferedStream, TraitsTellWhoBuffersWhat) {
  EXPECT_FALSE(is_read_buffered<scripted_stream>::value);
  EXPECT_TRUE(is_read_buffered<buffered_read_stream<scripted_stream>>::value);
  EXPECT_FALSE(is_read_buffered<buffered_write_stream<scripted_stream>>::value);
  EXPECT_TRUE(is_read_buffered<buffered_stream<scripted_stream>>::value);
  EXPECT_FALSE(is_write_buffered<scripted_stream>::value);
  EXPECT_FALSE(is_write_buffered<buffered_read_stream<scripted_stream>>::value);
  EXPECT_TRUE(is_write_buffered<buffered_write_stream<scripted_stream>>::value);
  EXPECT_TRUE(is_write_buffered<buffered_stream<scripted_stream>>::value);
}

TEST_F(BufferedStream, ReadsAhead) {
  buffered_read_stream<scripted_stream&> stream(next_, 10);
  EXPECT_EQ(read(stream, buffer(data_, 4)), 4U);
  EXPECT_EQ(stream.in_avail(), 6U);
  EXPECT_EQ(stream.peek(buffer(data_ + 4, 3)), 3U);
  EXPECT_EQ(stream.in_avail(ec_), 6U);
  EXPECT_EQ(stream.read_some(buffer(data_ + 4, 96)), 6U);
  EXPECT_EQ(std::string(data_), "abcdefghij");
  EXPECT_EQ(next_.asked, sizes({10}));
  EXPECT_EQ(stream.fill(), 10U);
  EXPECT_EQ(stream.read_some(buffer(data_, 7)), 7U);
  EXPECT_EQ(stream.fill(ec_), 6U) << "all the room behind what is left";
  EXPECT_EQ(next_.asked, sizes({10, 10, 7}));
  EXPECT_EQ(read(stream, buffer(data_), ec_), 9U);
  EXPECT_EQ(std::string(data_, 9), "rstuvwxyz");
  EXPECT_EQ(ec_, error::eof);
  EXPECT_THROW(stream.peek(buffer(data_)), system_error);
  EXPECT_EQ(stream.read_some(mutable_buffer()), 0U);
}

TEST_F(BufferedStream, GathersWrites) {
  buffered_write_stream<scripted_stream&> stream(next_, 10);
  EXPECT_EQ(write(stream, text("abc")), 3U);
  EXPECT_EQ(write(stream, text("def")), 3U);
  EXPECT_EQ(next_.output, "");
  EXPECT_EQ(stream.write_some(text("ghijklm")), 4U);
  EXPECT_EQ(stream.write_some(text("klm")), 3U);
  EXPECT_EQ(next_.output, "abcdefghij");
  EXPECT_EQ(stream.write_some(const_buffer()), 0U);
  EXPECT_EQ(stream.flush(), 3U);
  EXPECT_EQ(stream.flush(ec_), 0U);
  EXPECT_EQ(next_.output, "abcdefghijklm");
}

TEST_F(BufferedStream, KeepsWhatCouldNotBeFlushed) {
  buffered_write_stream<scripted_stream&> stream(next_, 6);
  next_.capacity = 4;
  EXPECT_EQ(write(stream, text("abcdef")), 6U);
  EXPECT_THROW(stream.flush(), system_error);
  next_.capacity = 100;
  EXPECT_EQ(stream.flush(), 2U);
  EXPECT_EQ(next_.output, "abcdef");
}

TEST_F(BufferedStream, AsynchronouslyDoesTheSame) {
  buffered_stream<scripted_stream&> stream(next_, 10, 8);
  async_read(stream, buffer(data_, 4), handler());
  EXPECT_EQ(calls_, 0);
  run();
  EXPECT_EQ(bytes_, 4U);
  EXPECT_EQ(stream.in_avail(), 6U);
  stream.async_read_some(buffer(data_ + 4, 96), handler());
  EXPECT_EQ(calls_, 1);
  run();
  EXPECT_EQ(bytes_, 6U);
  EXPECT_EQ(std::string(data_), "abcdefghij");
  EXPECT_EQ(next_.asked, sizes({10, 0})) << "the second asked only to be called back";
  stream.async_fill(handler());
  run();
  EXPECT_EQ(bytes_, 10U);

  async_write(stream, text("0123456789"), handler());
  run();
  EXPECT_EQ(bytes_, 10U);
  EXPECT_EQ(next_.output, "01234567");
  stream.async_write_some(text("a"), handler());
  run();
  stream.async_flush(handler());
  run();
  EXPECT_EQ(bytes_, 3U);
  EXPECT_EQ(next_.output, "0123456789a");
}

TEST_F(BufferedStream, AnErrorHandsNothingOut) {
  next_.input.clear();
  buffered_read_stream<scripted_stream&> stream(next_);
  stream.async_read_some(buffer(data_), handler());
  run();
  EXPECT_EQ(ec_, error::eof);
  EXPECT_EQ(bytes_, 0U);
  buffered_write_stream<scripted_stream&> writer(next_, 2);
  next_.capacity = 0;
  writer.write_some(text("ab"));
  writer.async_write_some(text("c"), handler());
  run();
  EXPECT_EQ(ec_, error::eof);
  EXPECT_EQ(bytes_, 0U);
}

TEST_F(BufferedStream, PassesOnWhatItDoesNotDo) {
  buffered_stream<scripted_stream> stream(context_);
  EXPECT_EQ(&stream.next_layer(), &stream.lowest_layer());
  EXPECT_EQ(stream.get_executor(), context_.get_executor());
  stream.next_layer().input = "xyz";
  EXPECT_EQ(stream.peek(buffer(data_), ec_), 3U);
  EXPECT_EQ(stream.read_some(buffer(data_), ec_), 3U);
  EXPECT_EQ(stream.write_some(text("w"), ec_), 1U);
  EXPECT_EQ(stream.write_some(text("v")), 1U);
  EXPECT_EQ(stream.flush(), 2U);
  stream.close();
  EXPECT_TRUE(stream.lowest_layer().is_closed);

  buffered_read_stream<scripted_stream&> reader(next_);
  EXPECT_EQ(reader.write_some(text("r"), ec_), 1U);
  reader.async_write_some(text("s"), handler());
  buffered_write_stream<scripted_stream&> writer(next_);
  EXPECT_EQ(writer.read_some(buffer(data_, 2), ec_), 2U);
  writer.async_read_some(buffer(data_ + 2, 1), handler());
  run();
  EXPECT_EQ(calls_, 2);
  EXPECT_EQ(std::string(data_, 3), "abc");
  EXPECT_EQ(next_.output, "rs");
  writer.close(ec_);
  EXPECT_TRUE(next_.is_closed);
}

TEST_F(BufferedStream, OperationsAreDeferredByDefault) {
  buffered_stream<scripted_stream&> stream(next_);
  auto fill = stream.async_fill();
  auto flush = stream.async_flush();
  EXPECT_TRUE(next_.asked.empty());
  std::move(fill)(handler());
  std::move(flush)(handler());
  run();
  EXPECT_EQ(calls_, 2);
  EXPECT_EQ(stream.in_avail(), 26U);
}

}  // namespace
}  // namespace net
