// SPDX-License-Identifier: BSL-1.0
#include "net/buffer/buffer.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <list>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "net/buffer/buffer_literals.h"
#include "net/buffer/iovec_view.h"
#include "net/buffer/is_contiguous_iterator.h"
#include "net/buffer/null_buffers.h"

namespace {

template <typename Expected, typename Actual>
constexpr bool is_type(const Actual&) {
  return std::is_same_v<Expected, Actual>;
}

std::string text_of(const net::const_buffer& buffer) {
  return {static_cast<const char*>(buffer.data()), buffer.size()};
}

TEST(Buffer, OfPointerAndSizeKeepsBoth) {
  char data[4] = {};
  const char* const read_only = data;
  const auto writable = net::buffer(static_cast<void*>(data), 3);
  const auto readable = net::buffer(static_cast<const void*>(read_only), 2);
  EXPECT_TRUE(is_type<net::mutable_buffer>(writable));
  EXPECT_TRUE(is_type<net::const_buffer>(readable));
  EXPECT_EQ(writable.data(), data);
  EXPECT_EQ(writable.size(), 3u);
  EXPECT_EQ(readable.data(), data);
  EXPECT_EQ(readable.size(), 2u);
}

TEST(Buffer, OfDefaultIsEmpty) {
  EXPECT_EQ(net::mutable_buffer().data(), nullptr);
  EXPECT_EQ(net::mutable_buffer().size(), 0u);
  EXPECT_EQ(net::const_buffer().data(), nullptr);
  EXPECT_EQ(net::const_buffer().size(), 0u);
}

TEST(Buffer, OfArraysCountsBytes) {
  int plain[3] = {};
  const int constant[2] = {};
  std::array<short, 5> array{};
  const std::array<short, 5> constant_array{};
  EXPECT_TRUE(is_type<net::mutable_buffer>(net::buffer(plain)));
  EXPECT_TRUE(is_type<net::const_buffer>(net::buffer(constant)));
  EXPECT_TRUE(is_type<net::mutable_buffer>(net::buffer(array)));
  EXPECT_TRUE(is_type<net::const_buffer>(net::buffer(constant_array)));
  EXPECT_EQ(net::buffer(plain).size(), sizeof(plain));
  EXPECT_EQ(net::buffer(constant).size(), sizeof(constant));
  EXPECT_EQ(net::buffer(array).size(), sizeof(array));
  EXPECT_EQ(net::buffer(constant_array).data(), constant_array.data());
}

TEST(Buffer, OfContainersViewsTheirElements) {
  std::vector<int> vector(4);
  std::string string = "hello";
  const std::string constant = "constant";
  EXPECT_TRUE(is_type<net::mutable_buffer>(net::buffer(vector)));
  EXPECT_TRUE(is_type<net::mutable_buffer>(net::buffer(string)));
  EXPECT_TRUE(is_type<net::const_buffer>(net::buffer(constant)));
  EXPECT_TRUE(is_type<net::const_buffer>(net::buffer(std::string_view("view"))));
  EXPECT_EQ(net::buffer(vector).size(), 4 * sizeof(int));
  EXPECT_EQ(net::buffer(vector).data(), vector.data());
  EXPECT_EQ(net::buffer(string).data(), string.data());
  EXPECT_EQ(text_of(net::buffer(constant)), "constant");
  EXPECT_EQ(text_of(net::buffer(std::string_view("view"))), "view");
}

TEST(Buffer, OfSpanIsAsConstAsItsElements) {
  char data[6] = "abcde";
  const std::span<char> writable(data);
  const std::span<const char> readable(data);
  EXPECT_TRUE(is_type<net::mutable_buffer>(net::buffer(writable)));
  EXPECT_TRUE(is_type<net::const_buffer>(net::buffer(readable)));
  EXPECT_EQ(net::buffer(writable).size(), 6u);
  EXPECT_EQ(net::buffer(readable).data(), data);
}

// Only what an array-like container of no standard has in common with those of the standard.
template <typename T>
class container {
 public:
  using value_type = T;
  using iterator = T*;
  iterator begin() { return data_; }
  const T* begin() const { return data_; }
  iterator end() { return data_ + 3; }
  const T* end() const { return data_ + 3; }
  std::size_t size() const { return 3; }

 private:
  T data_[3] = {};
};

TEST(Buffer, OfOtherContiguousContainers) {
  container<int> mine;
  const container<int> constant;
  EXPECT_TRUE(is_type<net::mutable_buffer>(net::buffer(mine)));
  EXPECT_TRUE(is_type<net::const_buffer>(net::buffer(constant)));
  EXPECT_EQ(net::buffer(mine).size(), 3 * sizeof(int));
  EXPECT_EQ(net::buffer(constant, 5).size(), 5U);
  EXPECT_EQ(net::buffer(mine).data(), mine.begin());
  EXPECT_TRUE(net::is_contiguous_iterator<std::vector<int>::iterator>::value);
  EXPECT_FALSE(net::is_contiguous_iterator<std::list<int>::iterator>::value);
}

TEST(Buffer, OfElementsThatAreNotBytes) {
  std::vector<std::pair<int, int>> pairs(3);
  int matrix[2][3] = {};
  std::span<int> numbers(matrix[0]);
  EXPECT_EQ(net::buffer(pairs).size(), 3 * sizeof(pairs[0]));
  EXPECT_EQ(net::buffer(matrix).size(), sizeof(matrix));
  EXPECT_EQ(net::buffer(numbers).size(), sizeof(matrix[0]));
  EXPECT_TRUE(is_type<net::mutable_buffer>(net::buffer(matrix)));
}

TEST(Buffer, OfATemporaryIsOnlyReadFrom) {
  EXPECT_TRUE(is_type<net::const_buffer>(net::buffer(std::string("gone"))));
  EXPECT_TRUE(is_type<net::const_buffer>(net::buffer(std::vector<char>(3), 2)));
}

TEST(Buffer, OfNothingHasNoAddress) {
  std::vector<char> empty;
  EXPECT_EQ(net::buffer(empty).data(), nullptr);
  EXPECT_EQ(net::buffer(std::string_view()).size(), 0U);
}

TEST(Buffer, MaximumLimitsTheSize) {
  std::string string = "hello";
  char data[8] = {};
  EXPECT_EQ(net::buffer(string, 2).size(), 2u);
  EXPECT_EQ(net::buffer(string, 99).size(), 5u);
  EXPECT_EQ(net::buffer(data, 0).size(), 0u);
  EXPECT_EQ(net::buffer(net::buffer(data), 3).size(), 3u);
  EXPECT_EQ(net::buffer(net::const_buffer(data, 8), 7).size(), 7u);
  EXPECT_EQ(net::buffer(net::buffer(data)).size(), 8u);
}

TEST(Buffer, PlusEqualsDropsFromTheFront) {
  char data[8] = {};
  net::mutable_buffer writable = net::buffer(data);
  writable += 3;
  EXPECT_EQ(writable.data(), data + 3);
  EXPECT_EQ(writable.size(), 5u);
  net::const_buffer readable = writable;
  readable += 1;
  EXPECT_EQ(readable.data(), data + 4);
  EXPECT_EQ(readable.size(), 4u);
}

TEST(Buffer, PlusEqualsStopsAtTheEnd) {
  char data[8] = {};
  net::mutable_buffer writable = net::buffer(data);
  writable += 9;
  EXPECT_EQ(writable.data(), data + 8);
  EXPECT_EQ(writable.size(), 0u);
  net::const_buffer readable(data, 2);
  readable += 1000;
  EXPECT_EQ(readable.data(), data + 2);
  EXPECT_EQ(readable.size(), 0u);
}

TEST(Buffer, PlusLeavesTheOperandAlone) {
  char data[8] = {};
  const net::mutable_buffer whole = net::buffer(data);
  EXPECT_EQ((whole + 2).data(), data + 2);
  EXPECT_EQ((2 + whole).size(), 6u);
  EXPECT_EQ((net::const_buffer(whole) + 5).size(), 3u);
  EXPECT_EQ((5 + net::const_buffer(whole)).data(), data + 5);
  EXPECT_EQ(whole.size(), 8u);
}

TEST(BufferSequence, ConceptsTellWhatIsOne) {
  EXPECT_TRUE(net::const_buffer_sequence<net::const_buffer>);
  EXPECT_TRUE(net::const_buffer_sequence<net::mutable_buffer>);
  EXPECT_TRUE(net::mutable_buffer_sequence<net::mutable_buffer>);
  EXPECT_FALSE(net::mutable_buffer_sequence<net::const_buffer>);
  EXPECT_TRUE((net::const_buffer_sequence<std::vector<net::mutable_buffer>>));
  EXPECT_TRUE((net::mutable_buffer_sequence<std::array<net::mutable_buffer, 2>>));
  EXPECT_FALSE((net::mutable_buffer_sequence<std::array<net::const_buffer, 2>>));
  EXPECT_FALSE(net::const_buffer_sequence<int>);
  EXPECT_FALSE(net::const_buffer_sequence<std::string>);
}

TEST(BufferSequence, SingleBufferIsASequenceOfOne) {
  char data[3] = {};
  const net::mutable_buffer single = net::buffer(data);
  EXPECT_EQ(net::buffer_sequence_begin(single), &single);
  EXPECT_EQ(net::buffer_sequence_end(single) - net::buffer_sequence_begin(single), 1);
}

TEST(BufferSequence, TraitsAgreeWithTheConcepts) {
  EXPECT_TRUE(net::is_const_buffer_sequence<net::mutable_buffer>::value);
  EXPECT_FALSE(net::is_mutable_buffer_sequence<net::const_buffer>::value);
  EXPECT_TRUE(net::is_mutable_buffer_sequence<std::list<net::mutable_buffer>>::value);
  EXPECT_FALSE(net::is_const_buffer_sequence<std::string>::value);
}

TEST(BufferSequence, SpanOfBytesIsOne) {
  char data[4] = "abc";
  const std::span<char> writable(data);
  const std::span<const std::byte> readable = std::as_bytes(writable);
  EXPECT_TRUE(net::is_mutable_buffer_sequence<std::span<char>>::value);
  EXPECT_TRUE(net::is_const_buffer_sequence<std::span<const std::byte>>::value);
  EXPECT_FALSE(net::is_mutable_buffer_sequence<std::span<const std::byte>>::value);
  EXPECT_FALSE(net::is_const_buffer_sequence<std::span<int>>::value);
  EXPECT_EQ(net::buffer_size(readable), 4U);
  EXPECT_EQ(net::mutable_buffer(writable).data(), data);
  char target[4] = {};
  EXPECT_EQ(net::buffer_copy(std::span<char>(target), readable), 4U);
  EXPECT_STREQ(target, "abc");
  EXPECT_EQ(net::buffer(writable, 2).size(), 2U);
}

class converts_to_buffer {
 public:
  explicit converts_to_buffer(char* data) : data_(data) {}
  operator net::mutable_buffer() const { return {data_, 1}; }

 private:
  char* data_;
};

TEST(BufferSequence, WhatConvertsToABufferIsOne) {
  char data[1] = {'x'};
  const converts_to_buffer mine(data);
  EXPECT_TRUE(net::is_mutable_buffer_sequence<converts_to_buffer>::value);
  EXPECT_EQ(net::buffer_sequence_begin(mine), &mine);
  EXPECT_EQ(net::buffer_sequence_end(mine), &mine + 1);
  char target = 0;
  EXPECT_EQ(net::buffer_copy(net::buffer(&target, 1), std::array{net::mutable_buffer(mine)}), 1U);
  EXPECT_EQ(target, 'x');
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
TEST(BufferSequence, NullBuffersIsOneOfNothing) {
  EXPECT_TRUE(net::is_mutable_buffer_sequence<net::null_buffers>::value);
  EXPECT_EQ(net::buffer_size(net::null_buffers()), 0U);
}
#pragma GCC diagnostic pop

std::string bytes_of(const net::const_buffer& buffer) { return text_of(buffer); }

TEST(BufferLiterals, OfText) {
  using namespace net::buffer_literals;
  EXPECT_EQ(bytes_of(""_buf), "");
  EXPECT_EQ(bytes_of("hello\0you"_buf), std::string("hello\0you", 9));
}

TEST(BufferLiterals, OfNumbersAreTheirBytes) {
  using namespace net::buffer_literals;
  EXPECT_EQ(bytes_of(0x00_buf), std::string(1, '\0'));
  EXPECT_EQ(bytes_of(0Xab01CD_buf), "\xab\x01\xcd");
  EXPECT_EQ(bytes_of(0xdead'beef_buf), "\xde\xad\xbe\xef");
  EXPECT_EQ(bytes_of(0b11110000'00001111_buf), "\xf0\x0f");
  EXPECT_EQ(bytes_of(0B00000001_buf), "\x01");
  EXPECT_EQ((0x000102030405060708090a0b0c0d0e0f10_buf).size(), 17U);
}

TEST(BufferSize, AddsUpAllBuffers) {
  char data[10] = {};
  EXPECT_EQ(net::buffer_size(net::buffer(data)), 10u);
  EXPECT_EQ(net::buffer_size(std::array{net::buffer(data, 3), net::buffer(data, 4)}), 7u);
  EXPECT_EQ(net::buffer_size(std::list{net::const_buffer(data, 1), net::const_buffer()}), 1u);
  EXPECT_EQ(net::buffer_size(std::vector<net::const_buffer>()), 0u);
}

TEST(BufferCopy, CopiesWhatFits) {
  char target[4] = {};
  EXPECT_EQ(net::buffer_copy(net::buffer(target), net::buffer(std::string_view("abcdef"))), 4u);
  EXPECT_EQ(std::string(target, 4), "abcd");
  EXPECT_EQ(net::buffer_copy(net::buffer(target), net::buffer(std::string_view("xy"))), 2u);
  EXPECT_EQ(std::string(target, 4), "xycd");
}

TEST(BufferCopy, CrossesBuffersOfDifferentSizes) {
  char first[2] = {};
  char second[3] = {};
  char third[5] = {};
  const std::array targets{net::buffer(first), net::mutable_buffer(), net::buffer(second),
                           net::buffer(third)};
  const std::vector<net::const_buffer> sources{net::buffer(std::string_view("abc")),
                                               net::const_buffer(),
                                               net::buffer(std::string_view("defgh"))};
  EXPECT_EQ(net::buffer_copy(targets, sources), 8u);
  EXPECT_EQ(std::string(first, 2), "ab");
  EXPECT_EQ(std::string(second, 3), "cde");
  EXPECT_EQ(std::string(third, 3), "fgh");
}

TEST(BufferCopy, StopsAtTheMaximum) {
  char target[8] = ".......";
  const auto source = net::buffer(std::string_view("abcdef"));
  EXPECT_EQ(net::buffer_copy(net::buffer(target), source, 0), 0u);
  EXPECT_EQ(std::string(target), ".......");
  EXPECT_EQ(net::buffer_copy(net::buffer(target), source, 3), 3u);
  EXPECT_EQ(std::string(target), "abc....");
}

TEST(BufferCopy, OfNothingIsNothing) {
  char target[1] = {'x'};
  EXPECT_EQ(net::buffer_copy(net::buffer(target), net::const_buffer()), 0u);
  EXPECT_EQ(net::buffer_copy(net::mutable_buffer(), net::buffer(target)), 0u);
  EXPECT_EQ(target[0], 'x');
}

TEST(IovecView, OfOneBuffer) {
  char data[5] = {};
  net::internal::iovec_view view(net::buffer(data));
  ASSERT_EQ(view.count(), 1u);
  EXPECT_EQ(view.data()[0].iov_base, data);
  EXPECT_EQ(view.data()[0].iov_len, 5u);
}

TEST(IovecView, HoldsMoreThanEightBuffersInOrder) {
  char data[40] = {};
  for (const std::size_t count : {std::size_t{8}, std::size_t{9}, std::size_t{17}, sizeof(data)}) {
    std::vector<net::const_buffer> buffers;
    for (std::size_t i = 0; i != count; ++i) {
      buffers.emplace_back(data + i, i + 1);
    }
    net::internal::iovec_view view(buffers);
    ASSERT_EQ(view.count(), count);
    for (std::size_t i = 0; i != count; ++i) {
      EXPECT_EQ(view.data()[i].iov_base, data + i);
      EXPECT_EQ(view.data()[i].iov_len, i + 1);
    }
  }
}

TEST(IovecView, LeavesEmptyBuffersOut) {
  char data[2] = {};
  const std::array buffers{net::mutable_buffer(), net::buffer(data), net::buffer(data, 0)};
  net::internal::iovec_view view(buffers);
  ASSERT_EQ(view.count(), 1u);
  EXPECT_EQ(view.data()[0].iov_base, data);
}

TEST(IovecView, TakesAsManyAsTheLimitAllows) {
  char data[1] = {};
  const std::vector<net::const_buffer> buffers(20, net::const_buffer(data, 1));
  EXPECT_EQ(net::internal::iovec_view(buffers, 10).count(), 10u);
  EXPECT_EQ(net::internal::iovec_view(buffers, 30).count(), 20u);
  EXPECT_EQ(net::internal::iovec_view(buffers, 0).count(), 20u);
}

}  // namespace
