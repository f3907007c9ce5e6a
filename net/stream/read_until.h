// SPDX-License-Identifier: BSL-1.0
//
// read_until() and async_read_until(): read into a dynamic buffer or streambuf until it contains a
// delimiter, or until a function object says that something matches.
//
//   std::string text;
//   std::size_t n = net::read_until(socket, net::dynamic_buffer(text), "\r\n");
//   handle_line(text.substr(0, n));
//   text.erase(0, n);
//
// The result is how many bytes there are up to the end of the match; those behind it, which came
// along, stay in the buffer for the next call. If they match already, nothing is read. When the
// buffer is as long as it may be and there is no match, the error is error::not_found.
//
// A match condition is called with two iterators over the contents, and returns a pair: one behind
// the match and true, or where to look again when there is more, and false. It is a function, or
// has a nested result_type, or is_match_condition is specialised for it.
//
// Composed of read_some(): nobody else may read from the stream meanwhile. Cancellation, terminal
// or partial, ends an asynchronous operation between two steps as within one.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "net/async/async_result.h"
#include "net/async/default_completion_token.h"
#include "net/buffer/buffer.h"
#include "net/buffer/buffers_iterator.h"
#include "net/config.h"
#include "net/error.h"
#include "net/stream/completion_condition.h"
#include "net/stream/transfer.h"
#include "net/stream/transfer_buffers.h"

namespace NET_NAMESPACE {
namespace internal {

template <typename T>
inline constexpr bool has_result_type = requires {
  typename T::result_type;
};

// Finds one character.
class character_match {
 public:
  explicit character_match(char delimiter) noexcept : delimiter_(delimiter) {}

  template <typename Iterator>
  std::pair<Iterator, bool> operator()(Iterator begin, Iterator end) const {
    if constexpr (std::is_pointer_v<Iterator>) {
      using traits = std::char_traits<char>;
      const char* const found =
          begin != end ? traits::find(begin, static_cast<std::size_t>(end - begin), delimiter_)
                       : nullptr;
      return found != nullptr ? std::pair(found + 1, true) : std::pair(end, false);
    } else {
      while (begin != end) {
        if (*begin++ == delimiter_) {
          return {begin, true};
        }
      }
      return {end, false};
    }
  }

 private:
  char delimiter_;
};

// Finds a text. `String` owns it or does not.
template <typename String>
class text_match {
 public:
  explicit text_match(std::string_view delimiter) : delimiter_(delimiter) {}

  template <typename Iterator>
  std::pair<Iterator, bool> operator()(Iterator begin, Iterator end) const {
    for (; begin != end; ++begin) {
      if constexpr (std::is_pointer_v<Iterator>) {
        begin = find_first(begin, end);
        if (begin == end) {
          break;
        }
      }
      Iterator at = begin;
      std::size_t matched = 0;
      while (matched != delimiter_.size() && at != end && *at == delimiter_[matched]) {
        ++at;
        ++matched;
      }
      if (matched == delimiter_.size()) {
        return {at, true};
      }
      if (at == end) {
        return {begin, false};
      }
    }
    return {end, false};
  }

 private:
  // Where the text can begin at the earliest.
  const char* find_first(const char* begin, const char* end) const {
    if (delimiter_.empty()) {
      return begin;
    }
    const char* const found = std::char_traits<char>::find(
        begin, static_cast<std::size_t>(end - begin), delimiter_.front());
    return found != nullptr ? found : end;
  }

  String delimiter_;
};

template <typename Match>
inline constexpr bool is_own_match = false;
template <>
inline constexpr bool is_own_match<character_match> = true;
template <typename String>
inline constexpr bool is_own_match<text_match<String>> = true;

// Reads into a dynamic buffer until something in it matches.
template <typename Dynamic, typename Match>
class search_work {
 public:
  static constexpr bool cancellation_precedes_completion = true;

  template <typename D>
  search_work(D&& target, Match match)
      : buffers_(std::forward<D>(target)), match_(std::move(match)) {}

  std::size_t request(const error_code& ec) {
    if (ec) {
      return 0;
    }
    const auto contents = contents_of(buffers_.target());
    // Users' conditions may name the type of the iterators; the library's take what is faster.
    if constexpr (single_buffer<decltype(contents)> && is_own_match<Match>) {
      const const_buffer whole(contents);
      const char* const begin = static_cast<const char*>(whole.data());
      return look(begin, begin + whole.size());
    } else {
      return look(buffers_begin(contents), buffers_end(contents));
    }
  }
  std::size_t first_request() { return request({}); }
  auto prepare(std::size_t n) { return buffers_.prepare(n); }
  void consume(std::size_t bytes) { buffers_.consume(bytes); }
  std::size_t done() const noexcept { return buffers_.done(); }
  bool is_stuck(const error_code& ec, std::size_t bytes) const noexcept { return ec || bytes == 0; }
  std::size_t finish(error_code& ec) const {
    if (is_full_) {
      ec = error::not_found;
    }
    return ec ? 0 : position_;
  }

 private:
  template <typename Iterator>
  std::size_t look(Iterator begin, Iterator end) {
    const auto [at, is_match] = match_(begin + static_cast<std::ptrdiff_t>(position_), end);
    position_ = static_cast<std::size_t>(at - begin);
    if (is_match) {
      return 0;
    }
    is_full_ = buffers_.target().size() == buffers_.target().max_size();
    return is_full_ ? 0 : buffers_.limit(largest_step_bytes);
  }

  growing_buffer<Dynamic> buffers_;
  Match match_;
  // Where to look from; when there is a match, the end of it.
  std::size_t position_ = 0;
  bool is_full_ = false;
};

template <typename Buffers, typename Match>
using search_work_for = search_work<std::remove_cvref_t<Buffers>, std::decay_t<Match>>;

template <typename Stream, typename Buffers, typename Match>
std::size_t search(Stream& stream, Buffers&& buffers, Match match, error_code& ec) {
  return transfer(stream, read_some_step(),
                  search_work_for<Buffers, Match>(std::forward<Buffers>(buffers), std::move(match)),
                  ec);
}

template <typename Stream>
class initiate_search {
 public:
  using executor_type = typename Stream::executor_type;

  explicit initiate_search(Stream& stream) noexcept : stream_(&stream) {}

  executor_type get_executor() const noexcept { return stream_->get_executor(); }

  template <typename Handler, typename Buffers, typename Match>
  void operator()(Handler&& handler, Buffers&& buffers, Match&& match) const {
    using work = search_work_for<Buffers, Match>;
    transfer_chain<Stream, read_some_step, work, std::decay_t<Handler>>(
        *stream_, read_some_step(),
        work(std::forward<Buffers>(buffers), std::forward<Match>(match)),
        std::forward<Handler>(handler))
        .start();
  }

 private:
  Stream* stream_;
};

template <typename T>
concept search_target = either_dynamic_buffer<std::remove_cvref_t<T>>;

}  // namespace internal

// Whether T may be the match condition of read_until() and async_read_until().
template <typename T>
struct is_match_condition : std::bool_constant<std::is_function_v<std::remove_pointer_t<T>> ||
                                               internal::has_result_type<T>> {};

namespace internal {

template <typename T>
concept match_condition = static_cast<bool>(is_match_condition<T>::value);

}  // namespace internal

template <typename Stream, internal::search_target Buffers>
std::size_t read_until(Stream& stream, Buffers&& buffers, char delimiter, error_code& ec) {
  return internal::search(stream, internal::transferable(std::forward<Buffers>(buffers)),
                          internal::character_match(delimiter), ec);
}
template <typename Stream, internal::search_target Buffers>
std::size_t read_until(Stream& stream, Buffers&& buffers, std::string_view delimiter,
                       error_code& ec) {
  return internal::search(stream, internal::transferable(std::forward<Buffers>(buffers)),
                          internal::text_match<std::string_view>(delimiter), ec);
}
template <typename Stream, internal::search_target Buffers, internal::match_condition Match>
std::size_t read_until(Stream& stream, Buffers&& buffers, Match match, error_code& ec) {
  return internal::search(stream, internal::transferable(std::forward<Buffers>(buffers)),
                          std::move(match), ec);
}

template <typename Stream, internal::search_target Buffers>
std::size_t read_until(Stream& stream, Buffers&& buffers, char delimiter) {
  error_code ec;
  const std::size_t bytes =
      NET_NAMESPACE::read_until(stream, std::forward<Buffers>(buffers), delimiter, ec);
  internal::throw_if(ec, "read_until");
  return bytes;
}
template <typename Stream, internal::search_target Buffers>
std::size_t read_until(Stream& stream, Buffers&& buffers, std::string_view delimiter) {
  error_code ec;
  const std::size_t bytes =
      NET_NAMESPACE::read_until(stream, std::forward<Buffers>(buffers), delimiter, ec);
  internal::throw_if(ec, "read_until");
  return bytes;
}
template <typename Stream, internal::search_target Buffers, internal::match_condition Match>
std::size_t read_until(Stream& stream, Buffers&& buffers, Match match) {
  error_code ec;
  const std::size_t bytes =
      NET_NAMESPACE::read_until(stream, std::forward<Buffers>(buffers), std::move(match), ec);
  internal::throw_if(ec, "read_until");
  return bytes;
}

// handler(error_code, bytes). A delimiter is copied.
template <
    typename Stream, internal::search_target Buffers,
    internal::transfer_token Token = default_completion_token_t<typename Stream::executor_type>>
decltype(auto) async_read_until(Stream& stream, Buffers&& buffers, char delimiter,
                                Token&& token = Token()) {
  return async_initiate<Token, void(error_code, std::size_t)>(
      internal::initiate_search<Stream>(stream), token,
      internal::transferable(std::forward<Buffers>(buffers)), internal::character_match(delimiter));
}
template <
    typename Stream, internal::search_target Buffers,
    internal::transfer_token Token = default_completion_token_t<typename Stream::executor_type>>
decltype(auto) async_read_until(Stream& stream, Buffers&& buffers, std::string_view delimiter,
                                Token&& token = Token()) {
  return async_initiate<Token, void(error_code, std::size_t)>(
      internal::initiate_search<Stream>(stream), token,
      internal::transferable(std::forward<Buffers>(buffers)),
      internal::text_match<std::string>(delimiter));
}
template <
    typename Stream, internal::search_target Buffers, internal::match_condition Match,
    internal::transfer_token Token = default_completion_token_t<typename Stream::executor_type>>
decltype(auto) async_read_until(Stream& stream, Buffers&& buffers, Match match,
                                Token&& token = Token()) {
  return async_initiate<Token, void(error_code, std::size_t)>(
      internal::initiate_search<Stream>(stream), token,
      internal::transferable(std::forward<Buffers>(buffers)), std::move(match));
}

}  // namespace NET_NAMESPACE
