// SPDX-License-Identifier: BSL-1.0
//
// Bytes that move inside the kernel: files to sockets, files to files, sockets through pipes.
#include "netpoll/requests.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "gtest/gtest.h"
#include "netpoll/fd.h"
#include "netpoll/reactor.h"
#include "testing/support/driven.h"
#include "testing/support/faults.h"

namespace netpoll {
namespace {

using nettest::driven;
using nettest::read_buffer;
using sys::call;

class Files : public nettest::reactor_and_pair {
 protected:
  fd file_with(const std::string& content) {
    fd file;
    unique_fd number(::memfd_create("content", MFD_CLOEXEC));
    EXPECT_TRUE(number);
    EXPECT_EQ(::write(number.get(), content.data(), content.size()),
              static_cast<::ssize_t>(content.size()));
    EXPECT_EQ(::lseek(number.get(), 0, SEEK_SET), 0);
    EXPECT_EQ(file.open_as_found(reactor_, std::move(number)), 0);
    return file;
  }
  static std::string content(std::size_t size) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i) {
      text[i] = static_cast<char>(i * 131 >> 3);
    }
    return text;
  }
  // What the peer receives until `done`.
  template <typename Done>
  std::string receive_until(Done done) {
    std::string got;
    char data[1 << 16];
    for (;;) {
      const sys::result some = sys::recv(peer_.get(), data, sizeof(data), 0);
      if (some.ok() && some.value > 0) {
        got.append(data, some.bytes());
      } else if (done()) {
        return got;
      }
      reactor_.wait(0);
    }
  }
};

TEST_F(Files, AreSentWholeToASlowReader) {
  const std::string text = content(3 << 20);
  const fd file = file_with(text);
  driven<send_file_request> sending(ours_, file, nullptr, text.size());
  EXPECT_FALSE(sending.is_done()) << "more than the socket takes at once";
  EXPECT_EQ(receive_until([&] { return sending.is_done(); }), text);
  EXPECT_FALSE(sending->error());
  EXPECT_EQ(sending->bytes(), text.size());
}

TEST_F(Files, AreSentFromAnOffsetToTheirEnd) {
  const fd file = file_with("0123456789");
  ::off_t offset = 4;
  driven<send_file_request> sending(ours_, file, &offset, std::size_t{100});
  ASSERT_TRUE(sending.is_done());
  EXPECT_FALSE(sending->error());
  EXPECT_EQ(sending->bytes(), 6U);
  EXPECT_EQ(offset, 10);
  EXPECT_EQ(receive_until([] { return true; }), "456789");
}

TEST_F(Files, ThatCannotBeSentSoSayIt) {
  fd closed;
  driven<send_file_request> from_nothing(ours_, closed, nullptr, std::size_t{1});
  ASSERT_TRUE(from_nothing.is_done());
  EXPECT_EQ(from_nothing->error(), errc::closed);
  const fd file = file_with("x");
  peer_.reset();
  driven<send_file_request> to_nobody(ours_, file, nullptr, std::size_t{1});
  ASSERT_TRUE(to_nobody.is_done());
  EXPECT_EQ(to_nobody->error(), std::errc::broken_pipe);
}

TEST_F(Files, AreCopiedInsideTheKernel) {
  const std::string text = content(200'000);
  const fd from = file_with(text);
  const fd to = file_with("");
  std::size_t bytes = 0;
  const std::error_code error = copy_file(from, to, text.size() + 10, bytes);
  if (error == std::errc::cross_device_link || error == std::errc::operation_not_supported ||
      error == std::errc::function_not_supported || error == std::errc::invalid_argument) {
    EXPECT_EQ(bytes, 0U);
    GTEST_SKIP() << "not on this kernel, between these files: " << error.message();
  }
  ASSERT_FALSE(error);
  EXPECT_EQ(bytes, text.size()) << "up to the end";
  read_buffer buffer(text.size());
  std::size_t read_bytes = 0;
  EXPECT_FALSE(to.read_at(&buffer.view, 1, 0, read_bytes));
  EXPECT_EQ(buffer.text(read_bytes), text);
  EXPECT_EQ(copy_file(fd(), to, 1, bytes), errc::closed);
  EXPECT_EQ(copy_file(from, fd(), 1, bytes), errc::closed);
}

TEST_F(Files, ThatCannotBeCopiedInsideTheKernelSaySo) {
  const fd from = file_with("abcdef");
  const fd to = file_with("");
  nettest::faults faults;
  faults.fail(call::copy_file_range, EXDEV);
  std::size_t bytes = 7;
  EXPECT_EQ(copy_file(from, to, 6, bytes), std::errc::cross_device_link);
  EXPECT_EQ(bytes, 0U);
  EXPECT_FALSE(copy_file(from, to, 0, bytes)) << "there is nothing to be refused";
  EXPECT_EQ(faults.count(call::copy_file_range), 1);
}

// Bytes from one socket to another, through a pipe.
class Splicing : public Files {
 protected:
  Splicing() {
    open_pair(source_, source_peer_);
    EXPECT_EQ(pipe_.open(), 0);
  }
  fd source_;
  unique_fd source_peer_;
  splice_pipe pipe_;
};

TEST_F(Splicing, MovesAllBytesAndTheEnd) {
  const std::string text = content(1 << 20);
  std::size_t fed = 0;
  std::string got;
  char data[1 << 16];
  bool is_over = false;
  while (!is_over) {
    driven<splice_in_request> filling(source_, pipe_, std::size_t{1} << 20);
    while (!filling.is_done()) {
      if (fed < text.size()) {
        const sys::result some =
            sys::send(source_peer_.get(), text.data() + fed, text.size() - fed, 0);
        fed += some.ok() ? some.bytes() : 0;
      } else {
        source_peer_.reset();
      }
      reactor_.wait(0);
    }
    is_over = filling->error() == errc::end_of_file;
    ASSERT_TRUE(is_over || !filling->error());
    driven<splice_out_request> draining(ours_, pipe_);
    const auto take = [&] {
      const sys::result some = sys::recv(peer_.get(), data, sizeof(data), 0);
      if (some.ok()) {
        got.append(data, some.bytes());
      }
      return some.ok();
    };
    while (!draining.is_done()) {
      take();
      reactor_.wait(0);
    }
    EXPECT_EQ(pipe_.held_bytes(), 0U);
    while (take()) {
    }
  }
  EXPECT_EQ(got, text);
}

TEST_F(Splicing, AnEmptySourceIsWaitedFor) {
  driven<splice_in_request> filling(source_, pipe_, std::size_t{100});
  reactor_.wait(0);
  EXPECT_FALSE(filling.is_done());
  send(source_peer_, "abc");
  reactor_.wait(0);
  ASSERT_TRUE(filling.is_done());
  EXPECT_EQ(filling->bytes(), 3U);
  EXPECT_EQ(pipe_.held_bytes(), 3U);
}

TEST_F(Splicing, WhatAPipeHoldsWhenItIsOpenedAnewIsGone) {
  send(source_peer_, "secret");
  driven<splice_in_request> filling(source_, pipe_, std::size_t{100});
  reactor_.wait(0);
  ASSERT_EQ(pipe_.held_bytes(), 6U);
  ASSERT_EQ(pipe_.open(), 0);
  driven<splice_out_request> draining(ours_, pipe_);
  ASSERT_TRUE(draining.is_done());
  EXPECT_EQ(draining->bytes(), 0U);
  EXPECT_EQ(receive_until([] { return true; }), "");
}

TEST_F(Splicing, ReportsWhatItCannotMove) {
  nettest::faults faults;
  faults.fail(call::pipe, EMFILE);
  splice_pipe none;
  EXPECT_EQ(none.open(), EMFILE);
  faults.fail(call::set_pipe_size, EPERM);
  EXPECT_EQ(none.open(), 0) << "a pipe of the usual size does as well";
  send(source_peer_, "x");
  faults.fail(call::splice, EINVAL);
  driven<splice_in_request> filling(source_, none, std::size_t{10});
  reactor_.wait(0);
  ASSERT_TRUE(filling.is_done());
  EXPECT_EQ(filling->error(), std::errc::invalid_argument);
  EXPECT_EQ(none.held_bytes(), 0U);
  driven<splice_in_request> again(source_, none, std::size_t{10});
  ASSERT_TRUE(again.is_done());
  peer_.reset();
  driven<splice_out_request> draining(ours_, none);
  ASSERT_TRUE(draining.is_done());
  EXPECT_EQ(draining->error(), std::errc::broken_pipe);
  EXPECT_EQ(none.held_bytes(), 1U);
}

TEST_F(Splicing, AFullTargetIsWaitedFor) {
  send(source_peer_, "abc");
  driven<splice_in_request> filling(source_, pipe_, std::size_t{100});
  reactor_.wait(0);
  ASSERT_TRUE(filling.is_done());
  const std::string chunk(1 << 16, 'x');
  while (sys::send(ours_.native_handle(), chunk.data(), chunk.size(), 0).ok()) {
  }
  driven<splice_out_request> draining(ours_, pipe_);
  reactor_.wait(0);
  ASSERT_FALSE(draining.is_done());
  EXPECT_EQ(pipe_.held_bytes(), 3U);
  std::string got = receive_until([&] { return draining.is_done(); });
  EXPECT_FALSE(draining->error());
  EXPECT_EQ(draining->bytes(), 3U);
  EXPECT_EQ(got.substr(got.size() - 3), "abc");
}

TEST_F(Splicing, ATargetThatTakesNothingIsAnErrorAndNoLoop) {
  send(source_peer_, "abc");
  driven<splice_in_request> filling(source_, pipe_, std::size_t{100});
  reactor_.wait(0);
  ASSERT_TRUE(filling.is_done());
  struct idler final : sys::fault_injector {
    idler() { sys::set_fault_injector(this); }
    ~idler() { sys::set_fault_injector(nullptr); }
    std::optional<sys::result> before(call which, int, std::size_t&) noexcept override {
      return which == call::splice ? std::optional(sys::result{0, 0}) : std::nullopt;
    }
  } idle;
  driven<splice_out_request> draining(ours_, pipe_);
  ASSERT_TRUE(draining.is_done());
  EXPECT_EQ(draining->error(), std::errc::io_error);
  EXPECT_EQ(pipe_.held_bytes(), 3U);
}

TEST_F(Splicing, OfNothingIsDoneAtOnce) {
  driven<splice_in_request> filling(source_, pipe_, std::size_t{0});
  send(source_peer_, "x");
  reactor_.wait(0);
  ASSERT_TRUE(filling.is_done());
  EXPECT_FALSE(filling->error());
  EXPECT_EQ(filling->bytes(), 0U);
}

}  // namespace
}  // namespace netpoll
