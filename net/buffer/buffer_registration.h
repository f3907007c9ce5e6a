// SPDX-License-Identifier: BSL-1.0
//
// Makes buffers known to a context for as long as the registration lives, so that operations may
// name them by their number.
//
//   std::vector<net::mutable_buffer> pages = …;
//   auto registration = net::register_buffers(context, pages);
//   file.async_read_some_at(0, registration[0], handler);
//
// Where the system has no use for the numbers, a registered buffer is as good as any other, and no
// better. The memory must outlive the registration, and the registration the operations.
#pragma once

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "net/buffer/buffer.h"
#include "net/buffer/fwd.h"
#include "net/buffer/registered_buffer.h"
#include "net/config.h"
#include "net/execution/execution_context.h"
#include "net/execution/properties/context.h"
#include "net/execution/properties/query.h"

namespace NET_NAMESPACE {
namespace internal {

template <typename T>
concept is_context = std::is_convertible_v<T&, execution_context&>;
template <typename T>
concept knows_context_property = can_query_v<const T&, const execution::context_t&>;
template <typename T>
concept knows_context = requires(const T& executor) {
  executor.context();
};

// A context, or an executor of either style.
template <typename T>
concept can_register_buffers = is_context<std::remove_reference_t<T>> ||
    knows_context_property<std::remove_reference_t<T>> || knows_context<std::remove_reference_t<T>>;

template <typename T>
const execution_context& context_to_register_with(T& place) {
  if constexpr (is_context<T>) {
    return place;
  } else if constexpr (knows_context_property<T>) {
    return NET_NAMESPACE::query(place, execution::context);
  } else {
    return place.context();
  }
}

}  // namespace internal

template <typename MutableBufferSequence, typename Allocator>
class buffer_registration {
  using storage = std::vector<
      mutable_registered_buffer,
      typename std::allocator_traits<Allocator>::template rebind_alloc<mutable_registered_buffer>>;

 public:
  using allocator_type = Allocator;
  using const_iterator = typename storage::const_iterator;
  using iterator = const_iterator;

  template <internal::can_register_buffers Where>
  buffer_registration(Where&& executor_or_context, const MutableBufferSequence& buffers,
                      const Allocator& allocator = Allocator())
      : sequence_(buffers), buffers_(allocator) {
    const void* const scope = &internal::context_to_register_with(executor_or_context);
    int index = 0;
    const auto end = buffer_sequence_end(sequence_);
    for (auto at = buffer_sequence_begin(sequence_); at != end; ++at) {
      buffers_.push_back(
          mutable_registered_buffer(mutable_buffer(*at), registered_buffer_id(scope, index++)));
    }
  }
  buffer_registration(buffer_registration&& other) noexcept = default;
  buffer_registration& operator=(buffer_registration&& other) noexcept = default;

  std::size_t size() const noexcept { return buffers_.size(); }
  const_iterator begin() const noexcept { return buffers_.begin(); }
  const_iterator cbegin() const noexcept { return buffers_.cbegin(); }
  const_iterator end() const noexcept { return buffers_.end(); }
  const_iterator cend() const noexcept { return buffers_.cend(); }

  const mutable_registered_buffer& operator[](std::size_t i) const noexcept { return buffers_[i]; }
  // Throws std::out_of_range if there is none.
  const mutable_registered_buffer& at(std::size_t i) const { return buffers_.at(i); }

 private:
  MutableBufferSequence sequence_;
  storage buffers_;
};

template <internal::can_register_buffers Where, typename MutableBufferSequence>
[[nodiscard]] buffer_registration<MutableBufferSequence> register_buffers(
    Where&& executor_or_context, const MutableBufferSequence& buffers) {
  return buffer_registration<MutableBufferSequence>(executor_or_context, buffers);
}
template <internal::can_register_buffers Where, typename MutableBufferSequence, typename Allocator>
[[nodiscard]] buffer_registration<MutableBufferSequence, Allocator> register_buffers(
    Where&& executor_or_context, const MutableBufferSequence& buffers, const Allocator& allocator) {
  return buffer_registration<MutableBufferSequence, Allocator>(executor_or_context, buffers,
                                                               allocator);
}

}  // namespace NET_NAMESPACE
