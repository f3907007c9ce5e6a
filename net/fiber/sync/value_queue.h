// SPDX-License-Identifier: BSL-1.0
//
// The values that a channel holds: a ring of a fixed size, or as many rings as it takes. Nothing is
// allocated while values are pushed and popped; who wants more room brings it. Not thread-safe.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>

#include "net/config.h"

namespace NET_NAMESPACE::internal {

template <typename T>
class value_queue {
  static_assert(std::is_nothrow_move_constructible_v<T> && std::is_nothrow_destructible_v<T>,
                "what goes through a channel must be movable and destructible without exceptions: "
                "wrap it in a std::unique_ptr");

 public:
  // Room for so many values, once the queue has it.
  class ring {
   public:
    explicit ring(std::size_t capacity)
        : slots_(std::allocator<T>().allocate(capacity)), capacity_(capacity) {}
    ring(const ring&) = delete;
    ring& operator=(const ring&) = delete;
    ~ring() {
      while (count_ != 0) {
        drop();
      }
      std::allocator<T>().deallocate(slots_, capacity_);
    }

   private:
    friend class value_queue;

    T& front() noexcept { return slots_[first_]; }
    void push(T&& value) noexcept {
      std::size_t at = first_ + count_;
      at = at < capacity_ ? at : at - capacity_;
      ::new (static_cast<void*>(slots_ + at)) T(std::move(value));
      ++count_;
    }
    void drop() noexcept {
      slots_[first_].~T();
      first_ = first_ + 1 < capacity_ ? first_ + 1 : 0;
      --count_;
    }

    T* const slots_;
    const std::size_t capacity_;
    std::size_t first_ = 0;
    std::size_t count_ = 0;
    std::unique_ptr<ring> next_;
  };

  explicit value_queue(std::size_t capacity)
      : first_(capacity != 0 ? std::make_unique<ring>(capacity) : nullptr), last_(first_.get()) {}
  ~value_queue() {
    while (first_ != nullptr) {
      first_ = std::move(first_->next_);  // not by recursion
    }
  }

  std::size_t size() const noexcept { return size_; }
  bool has_room() const noexcept { return last_ != nullptr && last_->count_ != last_->capacity_; }

  // Needs room.
  void push(T&& value) noexcept {
    last_->push(std::move(value));
    ++size_;
  }

  // Needs a value. Returns a ring that is not needed any more, to be destroyed at leisure.
  std::unique_ptr<ring> pop(std::optional<T>& into) noexcept {
    into.emplace(std::move(first_->front()));
    first_->drop();
    --size_;
    if (first_->count_ != 0 || first_->next_ == nullptr) {
      return nullptr;
    }
    std::unique_ptr<ring> emptied = std::move(first_);
    first_ = std::move(emptied->next_);
    return emptied;
  }

  // How many values the next ring should have room for.
  std::size_t next_capacity() const noexcept {
    constexpr std::size_t most = 4096;
    const std::size_t doubled = last_ == nullptr ? 16 : last_->capacity_ * 2;
    return doubled < most ? doubled : most;
  }
  void add_room(std::unique_ptr<ring> more) noexcept {
    ring* const added = more.get();
    (last_ != nullptr ? last_->next_ : first_) = std::move(more);
    last_ = added;
  }

 private:
  std::unique_ptr<ring> first_;
  ring* last_;
  std::size_t size_ = 0;
};

}  // namespace NET_NAMESPACE::internal
