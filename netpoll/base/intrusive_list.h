// SPDX-License-Identifier: BSL-1.0
//
// intrusive_list<T> is the one doubly linked list of the library, for sets whose members leave in
// any order. Members link through intrusive_list_node<T>; adding and removing never allocate. The
// list does not own its members. Not thread-safe.
#pragma once

namespace netpoll {

template <typename T>
struct intrusive_list_node {
  T* list_previous = nullptr;
  T* list_next = nullptr;
};

template <typename T>
class intrusive_list {
 public:
  intrusive_list() = default;
  intrusive_list(const intrusive_list&) = delete;
  intrusive_list& operator=(const intrusive_list&) = delete;

  bool empty() const noexcept { return first_ == nullptr; }
  T* front() const noexcept { return first_; }

  void add(T& member) noexcept {
    member.list_previous = last_;
    member.list_next = nullptr;
    (last_ != nullptr ? last_->list_next : first_) = &member;
    last_ = &member;
  }

  // `member` must be in this list.
  void remove(T& member) noexcept {
    (member.list_previous != nullptr ? member.list_previous->list_next : first_) = member.list_next;
    (member.list_next != nullptr ? member.list_next->list_previous : last_) = member.list_previous;
    member.list_previous = nullptr;
    member.list_next = nullptr;
  }

 private:
  T* first_ = nullptr;
  T* last_ = nullptr;
};

}  // namespace netpoll
