// SPDX-License-Identifier: BSL-1.0
//
// What buffered_read_stream and buffered_write_stream have in common: the layer below, the memory
// between that and the user, and the steps that go by it. Filling the memory from the layer below, or
// flushing it to there, is a transfer that makes room; then bytes are moved between the memory and
// the user's buffers.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include "net/config.h"
#include "net/error.h"
#include "net/stream/composed_step.h"
#include "net/stream/stream_storage.h"

namespace NET_NAMESPACE::internal {

// Tells the memory how much was transferred: commit() after filling it, consume() after flushing.
template <void (stream_storage::*Account)(std::size_t) noexcept, typename Handler>
class account_step : public wrapped_handler<Handler> {
 public:
  template <typename H>
  account_step(stream_storage& storage, H&& handler)
      : wrapped_handler<Handler>(std::in_place, std::forward<H>(handler)), storage_(&storage) {}

  void operator()(const error_code& ec, std::size_t bytes) {
    (storage_->*Account)(bytes);
    this->complete(ec, bytes);
  }

 private:
  stream_storage* storage_;
};

// Which way bytes are moved to or from the user's buffers, once that is possible.
struct hand_out {
  template <typename Buffers>
  static std::size_t move(stream_storage& storage, const Buffers& buffers) {
    return storage.hand_out(buffers);
  }
};
struct take_in {
  template <typename Buffers>
  static std::size_t move(stream_storage& storage, const Buffers& buffers) {
    return storage.take_in(buffers);
  }
};

template <typename Way, typename Buffers, typename Handler>
class move_step : public wrapped_handler<Handler> {
 public:
  template <typename H>
  move_step(stream_storage& storage, const Buffers& buffers, H&& handler)
      : wrapped_handler<Handler>(std::in_place, std::forward<H>(handler)),
        storage_(&storage),
        buffers_(buffers) {}

  void operator()(const error_code& ec, std::size_t) {
    this->complete(ec, ec ? 0 : Way::move(*storage_, buffers_));
  }

 private:
  stream_storage* storage_;
  Buffers buffers_;
};

// An initiation that begins something of the layer below.
template <typename NextLayer>
class layer_initiation {
 public:
  using executor_type = typename NextLayer::lowest_layer_type::executor_type;

  explicit layer_initiation(NextLayer& next_layer) noexcept : next_layer_(&next_layer) {}

  executor_type get_executor() const noexcept { return next_layer_->lowest_layer().get_executor(); }

 protected:
  NextLayer* next_layer_;
};

template <typename Stream>
class buffered_layer {
 public:
  using next_layer_type = std::remove_reference_t<Stream>;
  using lowest_layer_type = typename next_layer_type::lowest_layer_type;
  using executor_type = typename lowest_layer_type::executor_type;

  static constexpr std::size_t default_buffer_size = 1024;

  // The next layer is made from the argument.
  template <typename Arg>
  explicit buffered_layer(Arg&& arg, std::size_t buffer_size = default_buffer_size)
      : next_layer_(std::forward<Arg>(arg)), storage_(buffer_size) {}
  buffered_layer(const buffered_layer&) = delete;
  buffered_layer& operator=(const buffered_layer&) = delete;

  next_layer_type& next_layer() noexcept { return next_layer_; }
  lowest_layer_type& lowest_layer() { return next_layer_.lowest_layer(); }
  const lowest_layer_type& lowest_layer() const { return next_layer_.lowest_layer(); }
  executor_type get_executor() noexcept { return lowest_layer().get_executor(); }

  void close() { next_layer_.close(); }
  void close(error_code& ec) { next_layer_.close(ec); }

 protected:
  ~buffered_layer() = default;

  Stream next_layer_;
  stream_storage storage_;
};

}  // namespace NET_NAMESPACE::internal
