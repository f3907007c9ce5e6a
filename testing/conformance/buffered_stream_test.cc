// SPDX-License-Identifier: BSL-1.0
//
// Streams that read ahead and gather, and the iterators over buffers.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <asio/buffer.hpp>
#include <asio/buffered_read_stream.hpp>
#include <asio/buffered_read_stream_fwd.hpp>
#include <asio/buffered_stream.hpp>
#include <asio/buffered_stream_fwd.hpp>
#include <asio/buffered_write_stream.hpp>
#include <asio/buffered_write_stream_fwd.hpp>
#include <asio/buffers_iterator.hpp>
#include <asio/connect_pipe.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/is_read_buffered.hpp>
#include <asio/is_write_buffered.hpp>
#include <asio/read.hpp>
#include <asio/read_until.hpp>
#include <asio/streambuf.hpp>
#include <asio/write.hpp>
#include <cstddef>
#include <iterator>
#include <string>
#include <type_traits>
#include <vector>

namespace {

using asio::ip::tcp;

// Two sockets that are connected.
struct BufferedStream : testing::Test {
  asio::io_context context;
  tcp::acceptor acceptor{context, {asio::ip::address_v4::loopback(), 0}};
  tcp::socket client{context};
  std::array<char, 64> bytes{};
  asio::error_code ec;

  template <typename Stream>
  void join(Stream& server) {
    client.connect(acceptor.local_endpoint());
    acceptor.accept(server.lowest_layer());
  }
};

TEST_F(BufferedStream, ReadsAheadUpToItsSize) {
  asio::buffered_read_stream<tcp::socket> server(context, 8);
  join(server);
  asio::write(client, asio::buffer("0123456789", 10));
  server.lowest_layer().wait(tcp::socket::wait_read);
  EXPECT_EQ(server.in_avail(), 0u);
  EXPECT_EQ(server.fill(), 8u);
  EXPECT_EQ(server.in_avail(), 8u);
  EXPECT_EQ(server.peek(asio::buffer(bytes, 2)), 2u);
  EXPECT_EQ(server.read_some(asio::buffer(bytes, 3)), 3u);
  EXPECT_EQ(std::string(bytes.data(), 3), "012");
  EXPECT_EQ(server.in_avail(), 5u);
  EXPECT_EQ(asio::read(server, asio::buffer(bytes, 7)), 7u);
  EXPECT_EQ(std::string(bytes.data(), 7), "3456789");
  EXPECT_EQ(server.in_avail(), 0u);
}

TEST_F(BufferedStream, ReadsAsynchronouslyFromWhatIsThere) {
  asio::buffered_read_stream<tcp::socket> server(context, 8);
  join(server);
  asio::write(client, asio::buffer("abcdef", 6));
  std::size_t first = 0;
  std::size_t second = 0;
  server.async_read_some(
      asio::buffer(bytes, 2), [&](const asio::error_code& failed, std::size_t n) {
        EXPECT_FALSE(failed);
        first = n;
        server.async_read_some(asio::buffer(bytes),
                               [&](const asio::error_code&, std::size_t m) { second = m; });
        EXPECT_EQ(second, 0u) << "never inline";
      });
  context.run();
  EXPECT_EQ(first, 2u);
  EXPECT_EQ(second, 4u);
}

TEST_F(BufferedStream, FillsAsynchronouslyUntilTheEnd) {
  asio::buffered_read_stream<tcp::socket> server(context);
  join(server);
  asio::write(client, asio::buffer("ab", 2));
  client.close();
  std::size_t filled = 0;
  server.async_fill([&](const asio::error_code& failed, std::size_t n) {
    EXPECT_FALSE(failed);
    filled = n;
  });
  context.run();
  EXPECT_EQ(filled, 2u);
  EXPECT_EQ(server.fill(ec), 0u);
  EXPECT_EQ(ec, asio::error::eof);
  EXPECT_EQ(server.read_some(asio::buffer(bytes), ec), 2u);
  EXPECT_FALSE(ec);
  EXPECT_EQ(server.read_some(asio::buffer(bytes), ec), 0u);
  EXPECT_EQ(ec, asio::error::eof);
}

TEST_F(BufferedStream, GathersUntilItIsFullOrFlushed) {
  asio::buffered_write_stream<tcp::socket> server(context, 4);
  join(server);
  EXPECT_EQ(server.write_some(asio::buffer("ab", 2)), 2u);
  EXPECT_EQ(client.available(), 0u);
  EXPECT_EQ(server.write_some(asio::buffer("cdef", 4)), 2u) << "what fits";
  EXPECT_EQ(server.write_some(asio::buffer("ef", 2)), 2u) << "flushes first";
  client.wait(tcp::socket::wait_read);
  EXPECT_EQ(client.available(), 4u);
  EXPECT_EQ(server.flush(), 2u);
  EXPECT_EQ(asio::read(client, asio::buffer(bytes, 6)), 6u);
  EXPECT_EQ(std::string(bytes.data(), 6), "abcdef");
}

TEST_F(BufferedStream, FlushesAsynchronously) {
  asio::buffered_write_stream<tcp::socket> server(context);
  join(server);
  std::size_t written = 0;
  std::size_t flushed = 0;
  server.async_write_some(asio::buffer("abc", 3), [&](const asio::error_code&, std::size_t n) {
    written = n;
    EXPECT_EQ(client.available(), 0u);
    server.async_flush([&](const asio::error_code& failed, std::size_t m) {
      EXPECT_FALSE(failed);
      flushed = m;
    });
  });
  context.run();
  EXPECT_EQ(written, 3u);
  EXPECT_EQ(flushed, 3u);
  EXPECT_EQ(asio::read(client, asio::buffer(bytes, 3)), 3u);
}

TEST_F(BufferedStream, DoesBoth) {
  asio::buffered_stream<tcp::socket> server(context);
  join(server);
  asio::write(client, asio::buffer("line\nrest", 9));
  asio::streambuf line;
  EXPECT_EQ(asio::read_until(server, line, '\n'), 5u);
  asio::write(server, asio::buffer("answer", 6));
  server.flush();
  EXPECT_EQ(asio::read(client, asio::buffer(bytes, 6)), 6u);
  EXPECT_TRUE(server.get_executor() == context.get_executor());
  EXPECT_EQ(&server.lowest_layer(), &server.next_layer().lowest_layer());
  server.close();
  EXPECT_FALSE(server.lowest_layer().is_open());
}

TEST_F(BufferedStream, SizesAreAThousandAndTwentyFourUnlessSaid) {
  constexpr std::size_t reading = asio::buffered_read_stream<tcp::socket>::default_buffer_size;
  constexpr std::size_t writing = asio::buffered_write_stream<tcp::socket>::default_buffer_size;
  EXPECT_EQ(reading, 1024u);
  EXPECT_EQ(writing, 1024u);
}

template <typename Stream>
constexpr bool is_read_buffered = asio::is_read_buffered<Stream>::value;
template <typename Stream>
constexpr bool is_write_buffered = asio::is_write_buffered<Stream>::value;

TEST_F(BufferedStream, IsRecognised) {
  using reads = asio::buffered_read_stream<tcp::socket>;
  using writes = asio::buffered_write_stream<tcp::socket>;
  using both = asio::buffered_stream<tcp::socket>;
  EXPECT_FALSE(is_read_buffered<tcp::socket>);
  EXPECT_TRUE(is_read_buffered<reads>);
  EXPECT_FALSE(is_read_buffered<writes>);
  EXPECT_TRUE(is_read_buffered<both>);
  EXPECT_FALSE(is_read_buffered<asio::buffered_write_stream<reads>>);
  EXPECT_FALSE(is_write_buffered<tcp::socket>);
  EXPECT_FALSE(is_write_buffered<reads>);
  EXPECT_TRUE(is_write_buffered<writes>);
  EXPECT_TRUE(is_write_buffered<both>);
  EXPECT_FALSE(is_write_buffered<asio::buffered_read_stream<writes>>);
}

// --- Iterators over the bytes of buffers ----------------------------------------------------------

using sequence = std::vector<asio::const_buffer>;

TEST(BuffersIterator, GoesThroughAllBuffers) {
  const sequence buffers = {asio::buffer("ab", 2), asio::const_buffer(), asio::buffer("cde", 3)};
  const auto begin = asio::buffers_begin(buffers);
  const auto end = asio::buffers_end(buffers);
  EXPECT_EQ(std::string(begin, end), "abcde");
  EXPECT_EQ(end - begin, 5);
  EXPECT_EQ(begin[3], 'd');
  EXPECT_EQ(*(begin + 2), 'c');
  EXPECT_EQ(*(end - 1), 'e');
  EXPECT_EQ(*(3 + begin), 'd');
  EXPECT_TRUE(begin < end);
  EXPECT_TRUE(end >= begin);
  EXPECT_TRUE(begin + 5 == end);
  auto it = end;
  --it;
  it -= 3;
  EXPECT_EQ(*it++, 'b');
  EXPECT_EQ(*it--, 'c');
  EXPECT_EQ(*it, 'b');
}

TEST(BuffersIterator, OfNothingIsAtItsEnd) {
  const sequence none;
  EXPECT_TRUE(asio::buffers_begin(none) == asio::buffers_end(none));
  const sequence empty(3);
  EXPECT_TRUE(asio::buffers_begin(empty) == asio::buffers_end(empty));
}

TEST(BuffersIterator, WritesThrough) {
  char first[2];
  char second[3];
  const std::array<asio::mutable_buffer, 2> buffers = {asio::buffer(first), asio::buffer(second)};
  std::fill(asio::buffers_begin(buffers), asio::buffers_end(buffers), 'x');
  EXPECT_EQ(std::string(first, 2) + std::string(second, 3), "xxxxx");
  using iterator = asio::buffers_iterator<std::array<asio::mutable_buffer, 2>>;
  EXPECT_TRUE((std::is_same_v<iterator::iterator_category, std::random_access_iterator_tag>));
  EXPECT_TRUE((std::is_same_v<iterator::value_type, char>));
}

TEST(BuffersIterator, FindsInAStreambuf) {
  asio::streambuf buffer;
  std::ostream(&buffer) << "key: value";
  const auto begin = asio::buffers_begin(buffer.data());
  const auto end = asio::buffers_end(buffer.data());
  EXPECT_EQ(std::find(begin, end, ':') - begin, 3);
}

}  // namespace
