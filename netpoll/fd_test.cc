// SPDX-License-Identifier: BSL-1.0
//
// Descriptors of other kinds than sockets: files and pipes, blocking mode, and what a handle says
// of what it holds. See fd_sharing_test.cc and fd_linger_test.cc too.
#include "netpoll/fd.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "netpoll/reactor.h"
#include "netpoll/requests.h"
#include "testing/support/driven.h"
#include "testing/support/faults.h"

namespace netpoll {
namespace {

using nettest::driven;
using nettest::read_buffer;
using sys::call;

unique_fd temporary_file(const std::string& content = "") {
  const char* const directory = std::getenv("TEST_TMPDIR");
  std::string name = std::string(directory != nullptr ? directory : "/tmp") + "/netpollXXXXXX";
  unique_fd file(::mkstemp(name.data()));
  EXPECT_TRUE(file);
  ::unlink(name.c_str());
  EXPECT_EQ(::write(file.get(), content.data(), content.size()),
            static_cast<::ssize_t>(content.size()));
  EXPECT_EQ(::lseek(file.get(), 0, SEEK_SET), 0);
  return file;
}

using Fd = nettest::reactor_and_pair;

TEST_F(Fd, ARegularFileIsReadAndWrittenWithoutWaiting) {
  fd file;
  ASSERT_EQ(file.open_as_found(reactor_, temporary_file("some text")), 0);
  EXPECT_FALSE(file.is_pollable());
  read_buffer buffer(100);
  driven<read_request> reading(file, transport::pipe, &buffer.view, std::size_t{1});
  ASSERT_TRUE(reading.is_done());
  EXPECT_EQ(buffer.text(reading->bytes()), "some text");
  driven<read_request> at_the_end(file, transport::pipe, &buffer.view, std::size_t{1});
  ASSERT_TRUE(at_the_end.is_done());
  EXPECT_EQ(at_the_end->error(), errc::end_of_file);
  std::string more = " and more";
  ::iovec view{more.data(), more.size()};
  driven<write_request> writing(file, transport::pipe, &view, std::size_t{1},
                                write_request::amount::all);
  ASSERT_TRUE(writing.is_done());
  EXPECT_FALSE(writing->error());
  EXPECT_EQ(writing->bytes(), more.size());
}

TEST_F(Fd, ANonBlockingRegularFileIsFoundOutAtTheFirstWait) {
  // O_NONBLOCK means nothing for a file, so the mode does not tell; epoll does, by refusing it.
  unique_fd number = temporary_file("text");
  ASSERT_TRUE(sys::set_non_blocking(number.get(), true).ok());
  fd file;
  ASSERT_EQ(file.open(reactor_, std::move(number)), 0);
  EXPECT_TRUE(file.is_pollable()) << "nobody knows yet";
  read_buffer buffer(100);
  driven<read_request> reading(file, transport::pipe, &buffer.view, std::size_t{1});
  ASSERT_TRUE(reading.is_done());
  EXPECT_EQ(buffer.text(reading->bytes()), "text");
  EXPECT_FALSE(file.is_pollable());
}

TEST_F(Fd, WhatCannotBePolledHasNoDeadlines) {
  fd file;
  ASSERT_EQ(file.open_as_found(reactor_, temporary_file()), 0);
  EXPECT_EQ(file.set_deadline(directions::both, 1), errc::no_deadline);
  EXPECT_EQ(file.set_timeout(directions::read, 1), errc::no_deadline);
  EXPECT_EQ(make_error_code(errc::no_deadline), std::errc::operation_not_supported);
  EXPECT_FALSE(file.set_deadline(directions::both, never)) << "there being none is no error";
  file.close();
  EXPECT_EQ(file.set_deadline(directions::both, 1), errc::closed);
}

TEST_F(Fd, ADirectoryCanBeHeldToo) {
  fd directory;
  ASSERT_EQ(directory.open_as_found(reactor_, unique_fd(::open("/", O_RDONLY | O_DIRECTORY))), 0);
  read_buffer buffer(10);
  driven<read_request> reading(directory, transport::pipe, &buffer.view, std::size_t{1});
  ASSERT_TRUE(reading.is_done());
  EXPECT_EQ(reading->error(), std::errc::is_a_directory);
}

TEST_F(Fd, APipeFoundNonBlockingWaits) {
  int ends[2];
  ASSERT_TRUE(sys::pipe(ends).ok());
  unique_fd writer(ends[1]);
  fd reader;
  ASSERT_EQ(reader.open_as_found(reactor_, unique_fd(ends[0])), 0);
  EXPECT_TRUE(reader.is_pollable());
  read_buffer buffer(10);
  driven<read_request> reading(reader, transport::pipe, &buffer.view, std::size_t{1});
  EXPECT_FALSE(reading.is_done());
  ASSERT_TRUE(sys::write(writer.get(), "x", 1).ok());
  reactor_.wait(0);
  EXPECT_TRUE(reading.is_done());
}

TEST_F(Fd, TheEndOfAPipeThatWasEmptyEndsItsReader) {
  int ends[2];
  ASSERT_TRUE(sys::pipe(ends).ok());
  unique_fd writer(ends[1]);
  fd reader;
  ASSERT_EQ(reader.open(reactor_, unique_fd(ends[0])), 0);
  read_buffer buffer(10);
  driven<read_request> reading(reader, transport::pipe, &buffer.view, std::size_t{1});
  writer.reset();  // a hang-up, and nothing to read
  reactor_.wait(0);
  ASSERT_TRUE(reading.is_done());
  EXPECT_EQ(reading->error(), errc::end_of_file);
}

TEST_F(Fd, BlockingModeIsFoundAndLeftAlone) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  unique_fd writer(ends[1]);
  const unique_fd copy(static_cast<int>(sys::duplicate(ends[0]).value));
  fd reader;
  ASSERT_EQ(reader.open_as_found(reactor_, unique_fd(ends[0])), 0);
  EXPECT_FALSE(reader.is_pollable());
  EXPECT_EQ(sys::is_non_blocking(copy.get()).value, 0) << "others share the description";
  // The read blocks its thread in the kernel until there is something.
  read_buffer buffer(10);
  std::thread blocked([&] {
    driven<read_request> reading(reader, transport::pipe, &buffer.view, std::size_t{1});
    EXPECT_TRUE(reading.is_done());
    EXPECT_EQ(buffer.text(reading->bytes()), "late");
  });
  ASSERT_TRUE(sys::write(writer.get(), "late", 4).ok());
  blocked.join();
}

TEST_F(Fd, CloseDoesNotWaitForWhoIsBlockedInTheKernel) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  unique_fd writer(ends[1]);
  fd reader;
  ASSERT_EQ(reader.open_as_found(reactor_, unique_fd(ends[0])), 0);
  std::atomic<bool> is_inside{false};
  struct entering final : sys::fault_injector {
    explicit entering(std::atomic<bool>& inside) : inside_(inside) {
      sys::set_fault_injector(this);
    }
    ~entering() { sys::set_fault_injector(nullptr); }
    std::optional<sys::result> before(call which, int, std::size_t&) noexcept override {
      if (which == call::read) {
        inside_ = true;
      }
      return std::nullopt;
    }
    std::atomic<bool>& inside_;
  } watching(is_inside);
  std::thread blocked([&] {
    read_buffer buffer(10);
    driven<read_request> reading(reader, transport::pipe, &buffer.view, std::size_t{1});
    EXPECT_TRUE(reading.is_done());
  });
  while (!is_inside) {
    std::this_thread::yield();
  }
  EXPECT_FALSE(reader.close());
  EXPECT_EQ(reader.close(), errc::closed);
  writer.reset();  // lets the reader go, who closes the number
  blocked.join();
}

TEST_F(Fd, OpeningWhatIsNoDescriptorFails) {
  fd nothing;
  EXPECT_EQ(nothing.open_as_found(reactor_, unique_fd()), EBADF);
  EXPECT_FALSE(nothing.is_open());
}

TEST_F(Fd, OpeningReportsThatEpollHasNoRoom) {
  int ends[2];
  ASSERT_TRUE(sys::pipe(ends).ok());
  const unique_fd writer(ends[1]);
  const int number = ends[0];
  nettest::faults faults;
  faults.fail(call::epoll_control, ENOSPC);
  fd reader;
  EXPECT_EQ(reader.open_as_found(reactor_, unique_fd(number)), ENOSPC);
  EXPECT_FALSE(reader.is_open());
  EXPECT_EQ(::fcntl(number, F_GETFD), -1) << "closed, as after every failed open";
  EXPECT_EQ(faults.count(call::epoll_control), 1) << "what was not added is not deleted";
}

TEST_F(Fd, ReadsAndWritesAtAPlaceOfAFile) {
  fd file;
  ASSERT_EQ(file.open_as_found(reactor_, temporary_file("0123456789")), 0);
  char low[3];
  char high[3];
  std::array<::iovec, 2> into{{{low, 3}, {high, 3}}};
  std::size_t bytes = 0;
  EXPECT_FALSE(file.read_at(into.data(), into.size(), 2, bytes));
  EXPECT_EQ(bytes, 6U);
  EXPECT_EQ(std::string(low, 3) + std::string(high, 3), "234567");
  EXPECT_FALSE(file.read_at(into.data(), into.size(), 8, bytes));
  EXPECT_EQ(bytes, 2U) << "up to the end";
  EXPECT_EQ(file.read_at(into.data(), into.size(), 10, bytes), errc::end_of_file);
  EXPECT_FALSE(file.read_at(into.data(), 0, 10, bytes)) << "nothing asked for, nothing missing";

  std::string text = "abc";
  ::iovec from{text.data(), text.size()};
  EXPECT_FALSE(file.write_at(&from, 1, 4, bytes));
  EXPECT_EQ(bytes, 3U);
  EXPECT_FALSE(file.read_at(into.data(), 1, 4, bytes));
  EXPECT_EQ(std::string(low, 3), "abc");
  file.close();
  EXPECT_EQ(file.read_at(into.data(), 1, 0, bytes), errc::closed);
  EXPECT_EQ(file.write_at(&from, 1, 0, bytes), errc::closed);
}

TEST_F(Fd, WritingAtAPlaceGoesOnAfterAShortWrite) {
  fd file;
  ASSERT_EQ(file.open_as_found(reactor_, temporary_file()), 0);
  struct shortener final : sys::fault_injector {
    shortener() { sys::set_fault_injector(this); }
    ~shortener() { sys::set_fault_injector(nullptr); }
    std::optional<sys::result> before(call which, int, std::size_t& size) noexcept override {
      if (which == call::write_vector_at) {
        size = 1;
      }
      return std::nullopt;
    }
  };
  std::string text = "abcdef";
  std::array<::iovec, 2> from{{{text.data(), 2}, {text.data() + 2, 4}}};
  std::size_t bytes = 0;
  {
    const shortener short_writes;
    EXPECT_FALSE(file.write_at(from.data(), from.size(), 0, bytes));
  }
  EXPECT_EQ(bytes, 6U);
  read_buffer buffer(10);
  EXPECT_FALSE(file.read_at(&buffer.view, 1, 0, bytes));
  EXPECT_EQ(buffer.text(bytes), "abcdef");
}

TEST_F(Fd, PositionalCallsSayWhatTheKernelSays) {
  std::string text = "x";
  ::iovec view{text.data(), 1};
  std::size_t bytes = 7;
  EXPECT_EQ(ours_.read_at(&view, 1, 0, bytes), std::errc::invalid_seek);
  EXPECT_EQ(bytes, 0U);
  EXPECT_EQ(ours_.write_at(&view, 1, 0, bytes), std::errc::invalid_seek);
}

TEST_F(Fd, ANonBlockingRegularFileIsFoundOutWhenItIsOpenedAsFound) {
  unique_fd number = temporary_file("text");
  ASSERT_TRUE(sys::set_non_blocking(number.get(), true).ok());
  fd file;
  ASSERT_EQ(file.open_as_found(reactor_, std::move(number)), 0) << "refused by epoll, no error";
  EXPECT_FALSE(file.is_pollable());
  EXPECT_EQ(file.set_deadline(directions::both, 1), errc::no_deadline);
}

TEST_F(Fd, ABlockingSocketIsReadInTheKernelAndReportsItsOwnTimeouts) {
  unique_fd number(static_cast<int>(sys::duplicate(ours_.native_handle()).value));
  ASSERT_TRUE(sys::set_non_blocking(number.get(), false).ok());
  const ::timeval soon{.tv_sec = 0, .tv_usec = 1000};
  ASSERT_TRUE(sys::set_option(number.get(), SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof(soon)).ok());
  fd socket;
  ASSERT_EQ(socket.open_as_found(reactor_, std::move(number)), 0);
  read_buffer buffer(10);
  send("there");
  auto reading = read(socket, buffer);
  ASSERT_TRUE(reading.is_done());
  EXPECT_EQ(buffer.text(reading->bytes()), "there");
  auto too_long = read(socket, buffer);
  ASSERT_TRUE(too_long.is_done()) << "nobody would tell when to try again";
  EXPECT_EQ(too_long->error(), std::errc::resource_unavailable_try_again);
  EXPECT_EQ(too_long->bytes(), 0U);
}

TEST_F(Fd, AHandleOfNothingIsClosed) {
  fd nothing;
  EXPECT_FALSE(nothing.is_open());
  EXPECT_FALSE(nothing.is_pollable());
  EXPECT_EQ(nothing.native_handle(), -1);
  EXPECT_EQ(nothing.close(), errc::closed);
  nothing.cancel();
  EXPECT_EQ(nothing.set_deadline(directions::both, 1), errc::closed);
  EXPECT_EQ(nothing.set_timeout(directions::both, 1), errc::closed);
  ours_.close();
  EXPECT_EQ(ours_.native_handle(), -1);
}

TEST_F(Fd, MovedToItselfItStaysAsItIs) {
  fd& same = ours_;
  ours_ = std::move(same);
  ASSERT_TRUE(ours_.is_open());
  send("x");
  read_buffer buffer(1);
  auto reading = read(buffer);
  reactor_.wait(0);
  EXPECT_TRUE(reading.is_done());
}

TEST_F(Fd, WhatCannotBePolledTakesTimeoutsBackWithoutAnError) {
  fd file;
  ASSERT_EQ(file.open_as_found(reactor_, temporary_file()), 0);
  EXPECT_FALSE(file.set_timeout(directions::both, 0));
  file.close();
  EXPECT_EQ(file.set_timeout(directions::both, 1), errc::closed);
}

TEST_F(Fd, AWriteAtAPlaceThatMovesNothingIsAnErrorAndNoLoop) {
  fd file;
  ASSERT_EQ(file.open_as_found(reactor_, temporary_file()), 0);
  struct idler final : sys::fault_injector {
    idler() { sys::set_fault_injector(this); }
    ~idler() { sys::set_fault_injector(nullptr); }
    std::optional<sys::result> before(call which, int, std::size_t&) noexcept override {
      return which == call::write_vector_at ? std::optional(sys::result{0, 0}) : std::nullopt;
    }
  } idle;
  std::string text = "x";
  ::iovec view{text.data(), 1};
  std::size_t bytes = 7;
  EXPECT_EQ(file.write_at(&view, 1, 0, bytes), std::errc::io_error);
  EXPECT_EQ(bytes, 0U);
}

TEST_F(Fd, AReactorEndsAlthoughSomebodyIsBlockedInTheKernel) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  unique_fd writer(ends[1]);
  fd reader;
  {
    reactor other;
    ASSERT_EQ(other.open(), 0);
    ASSERT_EQ(reader.open_as_found(other, unique_fd(ends[0])), 0);
    // As if a thread were in read(2).
    ASSERT_TRUE(reader.descriptor()->mutex().add_reference());
  }
  reader.descriptor()->drop_reference();  // it comes back when there is no reactor any more
  EXPECT_EQ(::fcntl(ends[0], F_GETFD), -1);
}

TEST_F(Fd, WhatIsFoundMayBeLevelTriggered) {
  int ends[2];
  ASSERT_TRUE(sys::pipe(ends).ok());
  const unique_fd writer(ends[1]);
  fd reader;
  ASSERT_EQ(reader.open_as_found(reactor_, unique_fd(ends[0]), trigger::level), 0);
  read_buffer buffer(1);
  ASSERT_TRUE(sys::write(writer.get(), "ab", 2).ok());
  for (int i = 0; i < 2; ++i) {
    driven<read_request> reading(reader, transport::pipe, &buffer.view, std::size_t{1});
    reactor_.wait(0);
    ASSERT_TRUE(reading.is_done());
  }
  EXPECT_EQ(reader.descriptor()->how_triggered(), trigger::level);
}

TEST_F(Fd, ReadingAtAPlacePassesEmptyBuffers) {
  fd file;
  ASSERT_EQ(file.open_as_found(reactor_, temporary_file("x")), 0);
  char data = 0;
  std::vector<::iovec> into(1100, ::iovec{nullptr, 0});
  into.push_back({&data, 1});
  std::size_t bytes = 0;
  EXPECT_FALSE(file.read_at(into.data(), into.size(), 0, bytes));
  EXPECT_EQ(bytes, 1U);
  EXPECT_EQ(data, 'x');
}

}  // namespace
}  // namespace netpoll
