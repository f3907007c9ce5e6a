// SPDX-License-Identifier: BSL-1.0
#include "net/stream/read_until.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <list>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "net/async/bind_cancellation_slot.h"
#include "net/async/deferred.h"
#include "net/buffer/buffers_iterator.h"
#include "net/buffer/dynamic_buffer.h"
#include "net/buffer/streambuf.h"
#include "net/stream/scripted_stream.h"
#include "net/stream/stream_fixture.h"

namespace net {
namespace {

// Finds a character. Told about by a specialisation.
struct match_character {
  char wanted;

  template <typename Iterator>
  std::pair<Iterator, bool> operator()(Iterator begin, Iterator end) const {
    while (begin != end) {
      if (*begin++ == wanted) {
        return {begin, true};
      }
    }
    return {end, false};
  }
};

// The same, with a result_type, and with a memory of how much it looked at.
struct counting_match {
  using result_type = void;
  char wanted;
  std::size_t* looked_at;

  template <typename Iterator>
  std::pair<Iterator, bool> operator()(Iterator begin, Iterator end) {
    *looked_at += static_cast<std::size_t>(end - begin);
    return match_character{wanted}(begin, end);
  }
};

using iterator = buffers_iterator<const_buffer>;

std::pair<iterator, bool> match_vowel_pair(iterator begin, iterator end) {
  for (; begin != end; ++begin) {
    if (*begin == 'e' || *begin == 'a') {
      if (begin + 1 == end) {
        return {begin, false};
      }
      if (begin[1] == 'a') {
        return {begin + 2, true};
      }
    }
  }
  return {end, false};
}

}  // namespace

template <>
struct is_match_condition<match_character> : std::true_type {};

namespace {

class ReadUntil : public stream_fixture {
 protected:
  scripted_stream stream_{context_, "first line\r\nsecond line\r\nrest"};
  std::string text_;
};

TEST_F(ReadUntil, CountsTheDelimiterAndLeavesWhatFollows) {
  EXPECT_EQ(read_until(stream_, dynamic_buffer(text_), '\n'), 12U);
  EXPECT_EQ(text_, stream_.input);
  EXPECT_EQ(stream_.asked.size(), 1U);
  EXPECT_EQ(stream_.asked[0], 512U);
  text_.erase(0, 12);
  EXPECT_EQ(read_until(stream_, dynamic_buffer(text_), "\r\n"), 13U);
  EXPECT_EQ(stream_.asked.size(), 1U) << "it was there already";
}

TEST_F(ReadUntil, FindsATextThatComesInPieces) {
  stream_.input = "aab..aabaabaac!";
  for (const std::size_t step : {1, 2, 3, 4, 100}) {
    scripted_stream pieces(context_, stream_.input);
    pieces.step_bytes = step;
    text_.clear();
    EXPECT_EQ(read_until(pieces, dynamic_buffer(text_), "aabaac"), 14U) << step;
    streambuf target;
    scripted_stream again(context_, stream_.input);
    again.step_bytes = step;
    EXPECT_EQ(read_until(again, target, std::string("aabaac")), 14U) << step;
  }
}

TEST_F(ReadUntil, FullWithoutAMatchIsNotFound) {
  error_code ec;
  EXPECT_EQ(read_until(stream_, dynamic_buffer(text_, 11), '\n', ec), 0U);
  EXPECT_EQ(ec, error::not_found);
  EXPECT_EQ(text_, "first line\r");
  EXPECT_THROW(read_until(stream_, dynamic_buffer(text_, 11), "\n"), system_error);
  EXPECT_EQ(read_until(stream_, dynamic_buffer(text_, 11), '\r', ec), 11U);
  EXPECT_FALSE(ec);
}

TEST_F(ReadUntil, TheEndOfTheStreamIsItsError) {
  streambuf target;
  error_code ec;
  EXPECT_EQ(read_until(stream_, target, "never", ec), 0U);
  EXPECT_EQ(ec, error::eof);
  EXPECT_EQ(target.size(), stream_.input.size());
}

TEST_F(ReadUntil, TakesMatchConditionsOfAllKinds) {
  EXPECT_TRUE(is_match_condition<decltype(&match_vowel_pair)>::value);
  EXPECT_TRUE(is_match_condition<counting_match>::value);
  EXPECT_TRUE(is_match_condition<match_character>::value);
  EXPECT_FALSE(is_match_condition<char>::value);
  EXPECT_FALSE(is_match_condition<decltype(handler())>::value);
  stream_.input = "beanstalk";
  stream_.step_bytes = 2;
  EXPECT_EQ(read_until(stream_, dynamic_buffer(text_), match_vowel_pair), 3U);
  error_code ec;
  EXPECT_EQ(read_until(stream_, dynamic_buffer(text_), match_character{'t'}, ec), 6U);
  std::size_t looked_at = 0;
  EXPECT_EQ(read_until(stream_, dynamic_buffer(text_), counting_match{'k', &looked_at}, ec), 9U);
  EXPECT_EQ(looked_at, 9U) << "nothing twice";
}

TEST_F(ReadUntil, AsynchronouslyDoesTheSame) {
  stream_.step_bytes = 5;
  async_read_until(stream_, dynamic_buffer(text_), '\n', handler());
  EXPECT_EQ(calls_, 0);
  run();
  EXPECT_EQ(bytes_, 12U);
  EXPECT_FALSE(ec_);
  streambuf target;
  async_read_until(stream_, target, std::string("\r\n"), handler());
  run();
  EXPECT_EQ(bytes_, 10U) << "what came along before is in the other buffer";
  async_read_until(stream_, dynamic_buffer(text_), match_character{'i'}, handler());
  run();
  EXPECT_EQ(bytes_, 2U);
  async_read_until(stream_, dynamic_buffer(text_), &match_vowel_pair, handler());
  run();
  EXPECT_EQ(ec_, error::eof);
  EXPECT_EQ(bytes_, 0U);
  EXPECT_EQ(calls_, 4);
}

TEST_F(ReadUntil, AMatchThatIsThereIsOneStepAsynchronously) {
  text_ = "one\ntwo";
  async_read_until(stream_, dynamic_buffer(text_), '\n', handler());
  EXPECT_EQ(calls_, 0);
  run();
  EXPECT_EQ(bytes_, 4U);
  EXPECT_EQ(stream_.asked, std::vector<std::size_t>({0}));
  async_read_until(stream_, dynamic_buffer(text_, 3), '\n', handler());
  run();
  EXPECT_EQ(ec_, error::not_found);
  EXPECT_EQ(bytes_, 0U);
}

TEST_F(ReadUntil, DeferredKeepsTheDelimiter) {
  auto operation = async_read_until(stream_, dynamic_buffer(text_), std::string("second"));
  std::move(operation)(handler());
  run();
  EXPECT_EQ(bytes_, 18U);
}

TEST_F(ReadUntil, CancellationEndsItBetweenAndWithinSteps) {
  stream_.step_bytes = 3;
  stream_.steps_before_hang = 2;
  cancellation_signal stop;
  async_read_until(stream_, dynamic_buffer(text_), '!',
                   bind_cancellation_slot(stop.slot(), handler()));
  run();
  stop.emit(cancellation_type::partial);
  run();
  EXPECT_EQ(ec_, error::operation_aborted);
  EXPECT_EQ(bytes_, 0U);
  EXPECT_EQ(text_, "first ");
  stream_.steps_before_hang = -1;
  async_read_until(stream_, dynamic_buffer(text_), '!',
                   bind_cancellation_slot(stop.slot(), handler()));
  stop.emit(cancellation_type::terminal);
  run();
  EXPECT_EQ(ec_, error::operation_aborted);
  EXPECT_EQ(text_, "first lin");
}

}  // namespace
}  // namespace net
