// SPDX-License-Identifier: BSL-1.0
//
// A stream that follows a script: gives out a text, at most so many bytes a time, then the end; takes what
// is written as slowly; and remembers what it was asked for.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

class script {
 public:
  using executor_type = asio::io_context::executor_type;

  script(asio::io_context& context, std::string text, std::size_t step)
      : executor_(context.get_executor()), text_(std::move(text)), step_(step) {}

  executor_type get_executor() const noexcept { return executor_; }

  template <typename Buffers>
  std::size_t read_some(const Buffers& buffers, asio::error_code& ec) {
    asked.push_back(asio::buffer_size(buffers));
    const std::size_t n = asio::buffer_copy(buffers, asio::buffer(text_), step_);
    text_.erase(0, n);
    ec = n == 0 && asked.back() != 0 ? asio::error::eof : asio::error_code();
    return n;
  }
  template <typename Buffers>
  std::size_t read_some(const Buffers& buffers) {
    asio::error_code ec;
    const std::size_t n = read_some(buffers, ec);
    if (ec) throw asio::system_error(ec);
    return n;
  }
  template <typename Buffers, typename Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    asio::error_code ec;
    const std::size_t n = read_some(buffers, ec);
    asio::post(executor_, [handler = std::forward<Handler>(handler), ec, n]() mutable {
      std::move(handler)(ec, n);
    });
  }

  template <typename Buffers>
  std::size_t write_some(const Buffers& buffers, asio::error_code& ec) {
    asked.push_back(asio::buffer_size(buffers));
    std::string piece(std::min(step_, asked.back()), '\0');
    asio::buffer_copy(asio::buffer(piece), buffers);
    written += piece;
    ec = asio::error_code();
    return piece.size();
  }
  template <typename Buffers>
  std::size_t write_some(const Buffers& buffers) {
    asio::error_code ec;
    return write_some(buffers, ec);
  }
  template <typename Buffers, typename Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    asio::error_code ec;
    const std::size_t n = write_some(buffers, ec);
    asio::post(executor_, [handler = std::forward<Handler>(handler), ec, n]() mutable {
      std::move(handler)(ec, n);
    });
  }

  std::vector<std::size_t> asked;
  std::string written;

 private:
  executor_type executor_;
  std::string text_;
  std::size_t step_;
};

// A context, and what an operation on a script came to.
struct scripted : testing::Test {
  asio::io_context context;
  std::array<char, 8> bytes{};
  asio::error_code ec = asio::error::fault;
  std::size_t got = 99;

  auto result() {
    return [this](const asio::error_code& failed, std::size_t n) {
      ec = failed;
      got = n;
    };
  }
};
