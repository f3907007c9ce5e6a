// SPDX-License-Identifier: BSL-1.0
//
// Goes over what a resolver found, and keeps it alive. At the end it equals a default-constructed
// one.
#pragma once

#include <cstddef>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "net/config.h"
#include "net/ip/basic_resolver_entry.h"

namespace NET_NAMESPACE::ip {

template <typename InternetProtocol>
class basic_resolver_results;

template <typename InternetProtocol>
class basic_resolver_iterator {
 public:
  using value_type = basic_resolver_entry<InternetProtocol>;
  using difference_type = std::ptrdiff_t;
  using pointer = const value_type*;
  using reference = const value_type&;
  using iterator_category = std::forward_iterator_tag;

  basic_resolver_iterator() noexcept = default;
  basic_resolver_iterator(const basic_resolver_iterator&) noexcept = default;
  basic_resolver_iterator& operator=(const basic_resolver_iterator&) noexcept = default;
  // What was moved from is at the end.
  basic_resolver_iterator(basic_resolver_iterator&& other) noexcept
      : entries_(std::move(other.entries_)), index_(std::exchange(other.index_, 0)) {}
  basic_resolver_iterator& operator=(basic_resolver_iterator&& other) noexcept {
    if (this != &other) {
      entries_ = std::move(other.entries_);
      index_ = std::exchange(other.index_, 0);
    }
    return *this;
  }

  reference operator*() const { return (*entries_)[index_]; }
  pointer operator->() const { return &**this; }

  basic_resolver_iterator& operator++() {
    if (++index_ == entries_->size()) {
      entries_.reset();
      index_ = 0;
    }
    return *this;
  }
  basic_resolver_iterator operator++(int) {
    basic_resolver_iterator before = *this;
    ++*this;
    return before;
  }

  friend bool operator==(const basic_resolver_iterator&,
                         const basic_resolver_iterator&) noexcept = default;

 private:
  friend class basic_resolver_results<InternetProtocol>;
  using entries = std::shared_ptr<const std::vector<value_type>>;

  explicit basic_resolver_iterator(const entries& all) noexcept : entries_(all) {}

  entries entries_;  // null at the end
  std::size_t index_ = 0;
};

}  // namespace NET_NAMESPACE::ip
