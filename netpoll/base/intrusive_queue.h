// SPDX-License-Identifier: BSL-1.0
//
// intrusive_queue<T> is the one FIFO of the library. A T is queued by its own `next_in_queue` link,
// so pushing and popping never allocate, and a T is in one queue at a time. The queue does not own
// its elements. Not thread-safe.
//
//   struct job : netpoll::intrusive_queue_node<job> { … };
//   netpoll::intrusive_queue<job> jobs;
//   jobs.push(one);
#pragma once

#include <utility>

namespace netpoll {

template <typename T>
struct intrusive_queue_node {
  T* next_in_queue = nullptr;
};

template <typename T>
class intrusive_queue {
 public:
  intrusive_queue() = default;
  intrusive_queue(const intrusive_queue&) = delete;
  intrusive_queue& operator=(const intrusive_queue&) = delete;
  intrusive_queue(intrusive_queue&& other) noexcept
      : front_(std::exchange(other.front_, nullptr)), back_(std::exchange(other.back_, nullptr)) {}
  intrusive_queue& operator=(intrusive_queue&& other) noexcept {
    front_ = std::exchange(other.front_, nullptr);
    back_ = std::exchange(other.back_, nullptr);
    return *this;
  }

  bool empty() const noexcept { return front_ == nullptr; }
  T* front() const noexcept { return front_; }

  void push(T& element) noexcept {
    element.next_in_queue = nullptr;
    if (back_ != nullptr) {
      back_->next_in_queue = &element;
    } else {
      front_ = &element;
    }
    back_ = &element;
  }

  // Returns null when the queue is empty.
  T* pop() noexcept {
    T* element = front_;
    if (element != nullptr) {
      front_ = element->next_in_queue;
      if (front_ == nullptr) {
        back_ = nullptr;
      }
      element->next_in_queue = nullptr;
    }
    return element;
  }

  // Appends all of `other`, in order, and leaves it empty.
  void splice(intrusive_queue& other) noexcept {
    if (other.front_ == nullptr) {
      return;
    }
    if (back_ != nullptr) {
      back_->next_in_queue = other.front_;
    } else {
      front_ = other.front_;
    }
    back_ = std::exchange(other.back_, nullptr);
    other.front_ = nullptr;
  }

  // Takes `element` out wherever it stands, in time linear in its position. False if it is not
  // here.
  bool remove(T& element) noexcept {
    T* previous = nullptr;
    for (T* at = front_; at != nullptr; previous = at, at = at->next_in_queue) {
      if (at != &element) {
        continue;
      }
      (previous != nullptr ? previous->next_in_queue : front_) = at->next_in_queue;
      if (back_ == at) {
        back_ = previous;
      }
      at->next_in_queue = nullptr;
      return true;
    }
    return false;
  }

 private:
  T* front_ = nullptr;
  T* back_ = nullptr;
};

}  // namespace netpoll
