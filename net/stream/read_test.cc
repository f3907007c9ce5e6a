// SPDX-License-Identifier: BSL-1.0
#include "net/stream/read.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "net/async/associated_allocator.h"
#include "net/async/bind_allocator.h"
#include "net/async/bind_cancellation_slot.h"
#include "net/async/bind_executor.h"
#include "net/async/deferred.h"
#include "net/buffer/dynamic_buffer.h"
#include "net/buffer/registered_buffer.h"
#include "net/buffer/streambuf.h"
#include "net/execution/strand.h"
#include "net/stream/read_at.h"
#include "net/stream/scripted_stream.h"
#include "net/stream/stream_fixture.h"

namespace net {
namespace {

using sizes = std::vector<std::size_t>;

// Dynamic buffers of one model each.
class first_model {
 public:
  using const_buffers_type = const_buffer;
  using mutable_buffers_type = mutable_buffer;
  explicit first_model(std::string& text) : target_(dynamic_buffer(text)) {}
  std::size_t size() const { return target_.size(); }
  std::size_t max_size() const { return target_.max_size(); }
  std::size_t capacity() const { return target_.capacity(); }
  const_buffer data() const { return target_.data(); }
  mutable_buffer prepare(std::size_t n) { return target_.prepare(n); }
  void commit(std::size_t n) { target_.commit(n); }
  void consume(std::size_t n) { target_.consume(n); }

 private:
  decltype(dynamic_buffer(std::declval<std::string&>())) target_;
};

class second_model {
 public:
  using const_buffers_type = const_buffer;
  using mutable_buffers_type = mutable_buffer;
  explicit second_model(std::string& text) : target_(dynamic_buffer(text)) {}
  std::size_t size() const { return target_.size(); }
  std::size_t max_size() const { return target_.max_size(); }
  std::size_t capacity() const { return target_.capacity(); }
  const_buffer data(std::size_t at, std::size_t n) const { return target_.data(at, n); }
  mutable_buffer data(std::size_t at, std::size_t n) { return target_.data(at, n); }
  void grow(std::size_t n) { target_.grow(n); }
  void shrink(std::size_t n) { target_.shrink(n); }
  void consume(std::size_t n) { target_.consume(n); }

 private:
  decltype(dynamic_buffer(std::declval<std::string&>())) target_;
};

struct outcome {
  int calls = 0;
  error_code ec;
  std::size_t bytes = 0;

  auto handler() {
    return [this](error_code error, std::size_t n) {
      ++calls;
      ec = error;
      bytes = n;
    };
  }
};

class Read : public stream_fixture {
 protected:
  scripted_stream stream_{context_, "abcdefghijklmnopqrstuvwxyz"};
};

TEST_F(Read, FillsOneBufferStepByStep) {
  stream_.step_bytes = 4;
  char data[10];
  EXPECT_EQ(read(stream_, buffer(data)), 10U);
  EXPECT_EQ(std::string(data, 10), "abcdefghij");
  EXPECT_EQ(stream_.asked, sizes({10, 6, 2}));
}

TEST_F(Read, FillsASequenceAcrossItsBuffers) {
  stream_.step_bytes = 3;
  char data[20];
  const std::list<mutable_buffer> buffers{buffer(data, 2), mutable_buffer(), buffer(data, 4) + 2,
                                          mutable_buffer(data + 4, 1),
                                          mutable_buffer(data + 5, 15)};
  error_code ec;
  EXPECT_EQ(read(stream_, buffers, ec), 20U);
  EXPECT_FALSE(ec);
  EXPECT_EQ(std::string(data, 20), stream_.input.substr(0, 20));
}

TEST_F(Read, LooksAtSixteenBuffersAtOnce) {
  std::string data(26, ' ');
  std::vector<mutable_buffer> buffers;
  for (char& byte : data) {
    buffers.push_back(buffer(&byte, 1));
  }
  EXPECT_EQ(read(stream_, buffers), 26U);
  EXPECT_EQ(data, stream_.input);
  EXPECT_EQ(stream_.asked, sizes({16, 10}));
}

TEST_F(Read, AsksForSixtyFourKilobytesAtMost) {
  stream_.input.assign(150000, 'x');
  std::string data(150000, ' ');
  EXPECT_EQ(read(stream_, buffer(data)), 150000U);
  EXPECT_EQ(stream_.asked, sizes({65536, 65536, 18928}));
}

TEST_F(Read, ReportsTheBytesBeforeAnError) {
  char data[30];
  error_code ec;
  EXPECT_EQ(read(stream_, buffer(data), ec), 26U);
  EXPECT_EQ(ec, error::eof);
  EXPECT_THROW(read(stream_, buffer(data)), system_error);
}

TEST_F(Read, OfNothingAsksForNothing) {
  error_code ec = error::eof;
  EXPECT_EQ(read(stream_, mutable_buffer(), ec), 0U);
  EXPECT_FALSE(ec);
  EXPECT_TRUE(stream_.asked.empty());
}

TEST_F(Read, ConditionsSayHowMuchAndWhenToStop) {
  stream_.step_bytes = 4;
  char data[26];
  EXPECT_EQ(read(stream_, buffer(data), transfer_exactly(6)), 6U);
  EXPECT_EQ(stream_.asked, sizes({6, 2}));
  EXPECT_EQ(read(stream_, buffer(data), transfer_at_least(5)), 8U);
  const auto is_done = [](const error_code& ec, std::size_t n) { return ec || n >= 1; };
  EXPECT_EQ(read(stream_, buffer(data), is_done), 4U);
  EXPECT_EQ(read(stream_, buffer(data), [](error_code, std::size_t) { return std::size_t{0}; }),
            0U);
  EXPECT_TRUE(is_completion_condition<decltype(is_done)>::value);
  EXPECT_TRUE(is_completion_condition<decltype(transfer_all())>::value);
  EXPECT_FALSE(is_completion_condition<decltype(outcome().handler())>::value);
  EXPECT_FALSE(is_completion_condition<error_code>::value);
}

TEST_F(Read, GoesOnAfterAStepOfNothing) {
  stream_.empty_steps = 2;
  char data[3];
  EXPECT_EQ(read(stream_, buffer(data)), 3U);
}

TEST_F(Read, GrowsADynamicBufferOfEitherModel) {
  const auto expect_all = [&](auto&& target, const std::string& text) {
    error_code ec;
    scripted_stream fresh(context_, stream_.input);
    EXPECT_EQ(read(fresh, target, ec), 26U);
    EXPECT_EQ(ec, error::eof);
    EXPECT_EQ(text, "head" + fresh.input);
    ASSERT_EQ(fresh.asked.size(), 2U);
    EXPECT_EQ(fresh.asked[0], 512U);
  };
  std::string texts[3] = {"head", "head", "head"};
  expect_all(first_model(texts[0]), texts[0]);
  expect_all(second_model(texts[1]), texts[1]);
  expect_all(dynamic_buffer(texts[2]), texts[2]);
}

TEST_F(Read, UsesTheRoomThatADynamicBufferHas) {
  std::string text;
  text.reserve(5000);
  const std::size_t capacity = text.capacity();
  EXPECT_EQ(read(stream_, dynamic_buffer(text), transfer_at_least(1)), 26U);
  EXPECT_EQ(stream_.asked, sizes({capacity}));
}

TEST_F(Read, FillsADynamicBufferUpToItsMaximum) {
  stream_.step_bytes = 4;
  std::vector<char> target{'!'};
  EXPECT_EQ(read(stream_, dynamic_buffer(target, 11)), 10U);
  EXPECT_EQ(std::string(target.begin(), target.end()), "!abcdefghij");
  EXPECT_EQ(stream_.asked, sizes({10, 6, 2}));
}

TEST_F(Read, FillsAStreambuf) {
  streambuf target(7);
  EXPECT_EQ(read(stream_, target), 7U);
  EXPECT_EQ(target.size(), 7U);
  target.consume(7);
  EXPECT_EQ(read(stream_, basic_streambuf_ref<>(target), transfer_exactly(2)), 2U);
}

TEST_F(Read, KeepsARegisteredBufferRegistered) {
  using rest = internal::remaining_buffers<mutable_buffer, mutable_registered_buffer>;
  static_assert(
      std::is_same_v<decltype(std::declval<rest>().prepare(1)), mutable_registered_buffer>);
  EXPECT_EQ(read(stream_, mutable_registered_buffer()), 0U);
}

TEST_F(Read, AtAPositionGoesOnWhereTheLastStepEnded) {
  stream_.step_bytes = 3;
  char data[8];
  EXPECT_EQ(read_at(stream_, 10, buffer(data)), 8U);
  EXPECT_EQ(std::string(data, 8), "klmnopqr");
  EXPECT_EQ(stream_.offsets, std::vector<std::uint64_t>({10, 13, 16}));
  streambuf target;
  error_code ec;
  EXPECT_EQ(read_at(stream_, 20, target, transfer_exactly(5), ec), 5U);
  EXPECT_EQ(read_at(stream_, 24, buffer(data), ec), 2U);
  EXPECT_EQ(ec, error::eof);
  EXPECT_THROW(read_at(stream_, 26, buffer(data)), system_error);
}

TEST_F(Read, AsynchronouslyDoesTheSame) {
  stream_.step_bytes = 4;
  char data[10];
  outcome result;
  async_read(stream_, buffer(data), result.handler());
  EXPECT_EQ(result.calls, 0);
  run();
  EXPECT_EQ(result.calls, 1);
  EXPECT_FALSE(result.ec);
  EXPECT_EQ(result.bytes, 10U);
  EXPECT_EQ(std::string(data, 10), "abcdefghij");
  EXPECT_EQ(stream_.asked, sizes({10, 6, 2}));

  std::string text;
  async_read(stream_, dynamic_buffer(text, 9), transfer_at_least(5), result.handler());
  run();
  EXPECT_EQ(text, "klmnopqr");
  streambuf target;
  async_read(stream_, target, result.handler());
  run();
  EXPECT_EQ(result.ec, error::eof);
  EXPECT_EQ(result.bytes, 8U);
  async_read_at(stream_, 3, buffer(data), transfer_exactly(2), result.handler());
  run();
  EXPECT_EQ(std::string(data, 2), "de");
  async_read_at(stream_, 20, target, result.handler());
  run();
  EXPECT_EQ(result.bytes, 6U);
}

TEST_F(Read, OfNothingIsOneStepAsynchronously) {
  outcome result;
  async_read(stream_, mutable_buffer(), result.handler());
  EXPECT_EQ(result.calls, 0);
  run();
  EXPECT_EQ(result.calls, 1);
  EXPECT_EQ(stream_.asked, sizes({0}));
  char data[5];
  async_read(stream_, buffer(data), transfer_exactly(0), result.handler());
  run();
  EXPECT_EQ(stream_.asked, sizes({0, 0}));
  EXPECT_EQ(result.bytes, 0U);
}

TEST_F(Read, AStepOfNothingEndsItAsynchronously) {
  stream_.step_bytes = 2;
  stream_.steps_before_hang = 5;
  char data[10];
  outcome result;
  async_read(stream_, buffer(data), result.handler());
  stream_.empty_steps = 1;
  run();
  EXPECT_EQ(result.calls, 1);
  EXPECT_FALSE(result.ec);
  EXPECT_EQ(result.bytes, 2U);
}

TEST_F(Read, DeferredStartsWhenItIsCalled) {
  char data[3];
  outcome result;
  auto operation = async_read(stream_, buffer(data));
  auto other = async_read(stream_, buffer(data), transfer_exactly(1), deferred);
  EXPECT_TRUE(stream_.asked.empty());
  std::move(operation)(result.handler());
  run();
  EXPECT_EQ(result.bytes, 3U);
  std::move(other)(result.handler());
  run();
  EXPECT_EQ(result.bytes, 1U);
}

TEST_F(Read, IsCalledOnTheHandlersExecutorThroughout) {
  auto own = make_strand(context_.get_executor());
  stream_.step_bytes = 1;
  char data[3];
  outcome result;
  const auto is_done = [&](const error_code&, std::size_t n) {
    EXPECT_EQ(n != 0, own.running_in_this_thread());
    return n == 3;
  };
  async_read(stream_, buffer(data), is_done,
             bind_executor(own, [&, handler = result.handler()](error_code ec, std::size_t n) {
               EXPECT_TRUE(own.running_in_this_thread());
               handler(ec, n);
             }));
  run();
  EXPECT_EQ(result.calls, 1);
}

struct marked_allocator : std::allocator<void> {
  int mark = 42;
};

class allocator_probe : public scripted_stream {
 public:
  using scripted_stream::scripted_stream;

  template <typename Handler>
  void async_read_some(const mutable_buffer& target, Handler handler) {
    seen = get_associated_allocator(handler).mark;
    scripted_stream::async_read_some(target, std::move(handler));
  }

  int seen = 0;
};

TEST_F(Read, PassesTheHandlersAllocatorToEachStep) {
  allocator_probe stream(context_, "x");
  char data[1];
  outcome result;
  async_read(stream, buffer(data), bind_allocator(marked_allocator(), result.handler()));
  run();
  EXPECT_EQ(stream.seen, 42);
}

TEST_F(Read, CancellationReachesTheStepThatIsPending) {
  stream_.step_bytes = 4;
  stream_.steps_before_hang = 2;
  cancellation_signal stop;
  char data[20];
  outcome result;
  async_read(stream_, buffer(data), bind_cancellation_slot(stop.slot(), result.handler()));
  run();
  EXPECT_EQ(result.calls, 0);
  stop.emit(cancellation_type::total);
  EXPECT_TRUE(stream_.cancellations.empty()) << "bytes may have been transferred";
  stop.emit(cancellation_type::partial | cancellation_type::total);
  run();
  EXPECT_EQ(stream_.cancellations, std::vector({cancellation_type::partial}));
  EXPECT_EQ(result.ec, error::operation_aborted);
  EXPECT_EQ(result.bytes, 8U);
}

TEST_F(Read, CancellationBetweenStepsEndsItToo) {
  stream_.step_bytes = 4;
  cancellation_signal stop;
  char data[20];
  outcome result;
  async_read(stream_, buffer(data), bind_cancellation_slot(stop.slot(), result.handler()));
  stop.emit(cancellation_type::terminal);
  run();
  EXPECT_EQ(result.ec, error::operation_aborted);
  EXPECT_EQ(result.bytes, 4U);
}

TEST_F(Read, CancellationComesTooLateWhenAllIsThere) {
  cancellation_signal stop;
  char data[20];
  outcome result;
  async_read(stream_, buffer(data), bind_cancellation_slot(stop.slot(), result.handler()));
  stop.emit(cancellation_type::terminal);
  run();
  EXPECT_FALSE(result.ec);
  EXPECT_EQ(result.bytes, 20U);
}

TEST_F(Read, TakesHandlersThatOnlyMove) {
  char data[3];
  std::size_t bytes = 0;
  async_read(stream_, buffer(data),
             [&, owned = std::make_unique<int>(1)](error_code, std::size_t n) {
               bytes = n + static_cast<std::size_t>(*owned);
             });
  run();
  EXPECT_EQ(bytes, 4U);
}

}  // namespace
}  // namespace net
