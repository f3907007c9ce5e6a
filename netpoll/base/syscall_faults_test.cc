// SPDX-License-Identifier: BSL-1.0
//
// What holds for every system call alike: it tells what the kernel told, a test can make it fail,
// interrupt it, shorten it and see what it answered, and an interruption is retried or reported as
// the header says. The table below has a row for each call; one that is missing is a failure.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "netpoll/base/syscall.h"
#include "netpoll/base/unique_fd.h"
#include "testing/support/faults.h"

namespace netpoll {
namespace {

using sys::call;
using sys::result;

constexpr int nobody = 1'000'000;  // a number that is not open
constexpr int no_fd = -1;          // what a call without a descriptor tells

// The kernel has epoll_pwait2; without it the library stops asking after the first time.
bool has_precise_wait() {
  ::epoll_event event;
  const ::timespec no_time{};
  const long answer = ::syscall(SYS_epoll_pwait2, nobody, &event, 1, &no_time, nullptr, 0);
  return answer >= 0 || errno != ENOSYS;
}

// The kernel has process_madvise, whatever it allows.
bool has_range_advice() { return sys::advise_memory_ranges(nullptr, 0, 0).error != ENOSYS; }

// While it lives the process cannot open anything.
class full_table {
 public:
  full_table() {
    EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0);
    const ::rlimit none{0, before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  }
  ~full_table() { EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before_), 0); }

 private:
  ::rlimit before_{};
};

template <typename Make>
result with_full_table(Make make) {
  const full_table full;
  return make();
}

// A call that the kernel refuses: `attempt` makes it, on `fd`, and the kernel reports `error`.
struct row {
  call which;
  std::function<result()> attempt;
  int error = EBADF;
  int fd = nobody;
  bool retried = true;
};

std::array<char, 8> bytes;
std::array<unsigned char, 16> residency;
::rlimit limit;
::iovec buffers[2] = {{bytes.data(), 4}, {bytes.data() + 4, 4}};
::msghdr message{.msg_name = nullptr,
                 .msg_namelen = 0,
                 .msg_iov = buffers,
                 .msg_iovlen = 2,
                 .msg_control = nullptr,
                 .msg_controllen = 0,
                 .msg_flags = 0};
::sockaddr_storage address;
::socklen_t address_size = sizeof(address);
::sockaddr* where() { return reinterpret_cast<::sockaddr*>(&address); }
int option = 0;
::socklen_t option_size = sizeof(option);
int ends[2];
::epoll_event event;
::pollfd polled{nobody, POLLIN, 0};
struct ::sigaction action;

std::vector<row> all_calls() {
  return {
      {call::read, [] { return sys::read(nobody, bytes.data(), 8); }},
      {call::write, [] { return sys::write(nobody, bytes.data(), 8); }},
      {call::read_vector, [] { return sys::read_vector(nobody, buffers, 2); }},
      {call::write_vector, [] { return sys::write_vector(nobody, buffers, 2); }},
      {call::recv, [] { return sys::recv(nobody, bytes.data(), 8, 0); }},
      {call::send, [] { return sys::send(nobody, bytes.data(), 8, 0); }},
      {call::receive_message, [] { return sys::receive_message(nobody, &message, 0); }},
      {call::send_message, [] { return sys::send_message(nobody, &message, 0); }},
      {call::read_vector_at, [] { return sys::read_vector_at(nobody, buffers, 2, 0); }},
      {call::write_vector_at, [] { return sys::write_vector_at(nobody, buffers, 2, 0); }},
      {call::send_file, [] { return sys::send_file(nobody, nobody + 1, nullptr, 8); }},
      {call::splice, [] { return sys::splice(nobody, nobody + 1, 8); }},
      {call::copy_file_range,
       [] { return sys::copy_file_range(nobody + 1, nullptr, nobody, nullptr, 8); }},
      {call::socket, [] { return sys::socket(-1, SOCK_STREAM, 0); }, EAFNOSUPPORT, no_fd},
      {call::accept, [] { return sys::accept(nobody, nullptr, nullptr); }},
      {call::bind, [] { return sys::bind(nobody, where(), sizeof(address)); }},
      {call::listen, [] { return sys::listen(nobody, 1); }},
      {call::connect, [] { return sys::connect(nobody, where(), sizeof(address)); }, EBADF, nobody,
       false},
      {call::shutdown, [] { return sys::shutdown(nobody, SHUT_RD); }},
      {call::get_socket_name, [] { return sys::get_socket_name(nobody, where(), &address_size); }},
      {call::get_peer_name, [] { return sys::get_peer_name(nobody, where(), &address_size); }},
      {call::get_option, [] { return sys::take_socket_error(nobody); }},
      {call::set_option,
       [] { return sys::set_option(nobody, SOL_SOCKET, SO_RCVBUF, &option, option_size); }},
      {call::available, [] { return sys::available(nobody); }},
      {call::io_control, [] { return sys::io_control(nobody, FIONREAD, &option); }},
      {call::set_non_blocking, [] { return sys::set_non_blocking(nobody, true); }},
      {call::is_non_blocking, [] { return sys::is_non_blocking(nobody); }},
      {call::duplicate, [] { return sys::duplicate(nobody); }},
      {call::duplicate_to, [] { return sys::duplicate_to(nobody, nobody + 1); }},
      {call::file_mode, [] { return sys::file_mode(nobody); }},
      {call::pipe, [] { return with_full_table([] { return sys::pipe(ends); }); }, EMFILE, no_fd},
      {call::set_pipe_size, [] { return sys::set_pipe_size(nobody, 4096); }},
      {call::socket_pair, [] { return sys::socket_pair(AF_INET, SOCK_STREAM, ends); }, EOPNOTSUPP,
       no_fd},
      {call::close, [] { return sys::close(nobody); }, EBADF, nobody, false},
      {call::epoll_create, [] { return with_full_table(sys::epoll_create); }, EMFILE, no_fd},
      {call::epoll_control,
       [] { return sys::epoll_control(nobody + 1, EPOLL_CTL_ADD, nobody, &event); }},
      {call::epoll_wait, [] { return sys::epoll_wait(nobody, &event, 1, -1); }, EBADF, nobody,
       false},
      {call::epoll_wait_precise, [] { return sys::epoll_wait(nobody, &event, 1, 1); }, EBADF,
       nobody, false},
      {call::event_fd, [] { return with_full_table(sys::event_fd); }, EMFILE, no_fd},
      {call::timer_fd, [] { return with_full_table(sys::timer_fd); }, EMFILE, no_fd},
      {call::set_timer_fd, [] { return sys::set_timer_fd(nobody, 1); }},
      {call::poll, [] { return with_full_table([] { return sys::poll(&polled, 1, -1); }); }, EINVAL,
       no_fd, false},
      {call::map_memory, [] { return sys::map_memory(0); }, EINVAL, no_fd},
      {call::unmap_memory, [] { return sys::unmap_memory(nullptr, 0); }, EINVAL, no_fd},
      {call::advise_memory, [] { return sys::advise_memory(nullptr, 4096, -1); }, EINVAL, no_fd},
      {call::advise_memory_ranges, [] { return sys::advise_memory_ranges(nullptr, 2000, 0); },
       has_range_advice() ? EINVAL : ENOSYS, no_fd},  // too many of them
      {call::protect_memory, [] { return sys::protect_memory(bytes.data() + 1, 1, PROT_READ); },
       EINVAL, no_fd},
      {call::memory_residency,
       [] { return sys::memory_residency(nullptr, 4096, residency.data()); }, ENOMEM, no_fd},
      {call::open_file, [] { return sys::open_file("/proc/there is no such file"); }, ENOENT,
       no_fd},
      {call::get_resource_limit, [] { return sys::get_resource_limit(-1, &limit); }, EINVAL, no_fd},
      {call::signal_action, [] { return sys::signal_action(SIGKILL, &action); }, EINVAL, no_fd},
      {call::memory_barrier, [] { return sys::memory_barrier(-1); }, EINVAL, no_fd},
  };
}

class EverySyscall : public ::testing::TestWithParam<row> {
 protected:
  void SetUp() override {
    if (GetParam().which == call::epoll_wait_precise && !has_precise_wait()) {
      GTEST_SKIP() << "this kernel has no epoll_pwait2";
    }
    // The rows count on it.
    ASSERT_EQ(::fcntl(nobody, F_GETFD), -1);
    ASSERT_EQ(::fcntl(nobody + 1, F_GETFD), -1);
  }
  result attempt() const { return GetParam().attempt(); }
  call which() const { return GetParam().which; }
};

INSTANTIATE_TEST_SUITE_P(Calls, EverySyscall, ::testing::ValuesIn(all_calls()),
                         [](const ::testing::TestParamInfo<row>& info) {
                           std::string name = sys::name_of(info.param.which);
                           for (char& each : name) {
                             each = std::isalnum(static_cast<unsigned char>(each)) ? each : '_';
                           }
                           return name;
                         });

TEST_P(EverySyscall, ReportsWhatTheKernelReports) {
  const result answer = attempt();
  EXPECT_EQ(answer.error, GetParam().error) << std::strerror(answer.error);
  EXPECT_FALSE(answer.ok());
}

TEST_P(EverySyscall, FailsAsATestWants) {
  nettest::faults faults;
  faults.fail(which(), EXDEV);
  EXPECT_EQ(attempt().error, EXDEV);
  EXPECT_EQ(faults.count(which(), nettest::only{GetParam().fd}), 1);
  EXPECT_EQ(attempt().error, GetParam().error) << "the next goes to the kernel again";
}

TEST_P(EverySyscall, RetriesOrReportsAnInterruption) {
  nettest::faults faults;
  faults.interrupt(which(), 2);
  const result answer = attempt();
  EXPECT_EQ(answer.error, GetParam().retried ? GetParam().error : EINTR);
  EXPECT_EQ(faults.count(which()), GetParam().retried ? 3 : 1);
}

TEST_P(EverySyscall, TellsItsAnswerFirstToTheTest) {
  nettest::faults faults;
  int fd = -2;
  std::vector<int> errors;
  faults.after(which(), [&](int number, const result& seen) {
    fd = number;
    errors.push_back(seen.error);
  });
  EXPECT_EQ(attempt().error, GetParam().error);
  EXPECT_EQ(fd, GetParam().fd);
  EXPECT_EQ(errors, (std::vector<int>{GetParam().error}));
  faults.after(which(), [&](int, const result& seen) { errors.push_back(seen.error); });
  faults.fail(which(), EXDEV);
  EXPECT_EQ(attempt().error, EXDEV);
  EXPECT_EQ(errors, (std::vector<int>{GetParam().error, EXDEV}));
}

TEST(Syscall, TheTableHasEveryCall) {
  std::set<call> kinds;
  for (const row& each : all_calls()) {
    EXPECT_TRUE(kinds.insert(each.which).second) << sys::name_of(each.which) << " is there twice";
  }
  for (int i = 0; i < sys::call_count; ++i) {
    const auto which = static_cast<call>(i);
    EXPECT_TRUE(kinds.contains(which)) << sys::name_of(which) << " has no row";
  }
}

TEST(Syscall, EveryCallHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (int i = 0; i < sys::call_count; ++i) {
    const std::string_view name = sys::name_of(static_cast<call>(i));
    EXPECT_FALSE(name.empty());
    EXPECT_NE(name, "?") << i;
    EXPECT_TRUE(names.insert(name).second) << name;
  }
  EXPECT_STREQ(sys::name_of(static_cast<call>(sys::call_count)), "?");
}

// Answers every call itself, always the same.
struct answering final : sys::fault_injector {
  explicit answering(result with) : answer(with) { sys::set_fault_injector(this); }
  ~answering() { sys::set_fault_injector(nullptr); }
  std::optional<result> before(call, int, std::size_t& size) noexcept override {
    asked_size = size;
    return answer;
  }
  result answer;
  std::size_t asked_size = 0;
};

TEST(SyscallInjected, SuccessIsBelievedToo) {
  const answering injector({7, 0});
  const result answer = sys::read(nobody, bytes.data(), 5);
  EXPECT_TRUE(answer.ok());
  EXPECT_EQ(answer.bytes(), 7U);
  EXPECT_EQ(sys::connect(nobody, where(), sizeof(address)).value, 7);
}

TEST(SyscallInjected, TheTestIsToldHowMuchIsToBeMoved) {
  const answering injector({0, EIO});
  const auto size_of = [&](auto make) {
    make();
    return injector.asked_size;
  };
  char more[3];
  const ::iovec some[] = {{bytes.data(), 8}, {more, 0}, {more, 3}};
  ::msghdr both = message;
  both.msg_iov = const_cast<::iovec*>(some);
  both.msg_iovlen = 3;
  EXPECT_EQ(size_of([] { sys::read(nobody, bytes.data(), 5); }), 5U);
  EXPECT_EQ(size_of([] { sys::write(nobody, bytes.data(), 5); }), 5U);
  EXPECT_EQ(size_of([] { sys::recv(nobody, bytes.data(), 5, 0); }), 5U);
  EXPECT_EQ(size_of([] { sys::send(nobody, bytes.data(), 5, 0); }), 5U);
  EXPECT_EQ(size_of([&] { sys::read_vector(nobody, some, 3); }), 11U);
  EXPECT_EQ(size_of([&] { sys::write_vector(nobody, some, 3); }), 11U);
  EXPECT_EQ(size_of([&] { sys::read_vector_at(nobody, some, 3, 0); }), 11U);
  EXPECT_EQ(size_of([&] { sys::write_vector_at(nobody, some, 3, 0); }), 11U);
  EXPECT_EQ(size_of([&] { sys::receive_message(nobody, &both, 0); }), 11U);
  EXPECT_EQ(size_of([&] { sys::send_message(nobody, &both, 0); }), 11U);
  EXPECT_EQ(size_of([] { sys::send_file(nobody, nobody, nullptr, 5); }), 5U);
  EXPECT_EQ(size_of([] { sys::splice(nobody, nobody, 5); }), 5U);
  EXPECT_EQ(size_of([] { sys::copy_file_range(nobody, nullptr, nobody, nullptr, 5); }), 5U);
  EXPECT_EQ(size_of([] { sys::close(nobody); }), 0U) << "moves nothing";
}

// Short transfers --------------------------------------------------------------------------------

class ShortTransfer : public ::testing::Test {
 protected:
  ShortTransfer() {
    int made[2];
    EXPECT_TRUE(sys::socket_pair(AF_UNIX, SOCK_STREAM, made).ok());
    ours_.reset(made[0]);
    theirs_.reset(made[1]);
    EXPECT_TRUE(sys::pipe(made).ok());
    out_of_pipe_.reset(made[0]);
    into_pipe_.reset(made[1]);
    file_.reset(make_file("abcdef"));
    other_file_.reset(make_file(""));
  }

  static int make_file(std::string_view content) {
    const int fd = ::memfd_create("content", MFD_CLOEXEC);
    EXPECT_GE(fd, 0);
    EXPECT_EQ(::pwrite(fd, content.data(), content.size(), 0),
              static_cast<::ssize_t>(content.size()));
    return fd;
  }

  // All that has come.
  static std::string drain(int fd) {
    char all[64];
    const result got = sys::read(fd, all, sizeof(all));
    return got.ok() ? std::string(all, got.bytes()) : std::string();
  }
  static std::string content(int fd) {
    char all[64];
    const ::ssize_t got = ::pread(fd, all, sizeof(all), 0);
    return {all, static_cast<std::size_t>(got)};
  }

  // Makes `make` move three bytes, then all it can.
  void expect_short(call which, const std::function<result()>& make, long rest) {
    faults_.shorten(which, 3);
    EXPECT_EQ(make().value, 3);
    EXPECT_EQ(make().value, rest);
    EXPECT_EQ(faults_.count(which), 2);
  }

  nettest::faults faults_;
  unique_fd ours_, theirs_, out_of_pipe_, into_pipe_, file_, other_file_;
  // Six bytes in two parts, with an empty buffer before each.
  char first_[5] = "abcd";
  char second_[3] = "ef";
  ::iovec vector_[4] = {{nullptr, 0}, {first_, 4}, {nullptr, 0}, {second_, 2}};
  ::msghdr message_{.msg_name = nullptr,
                    .msg_namelen = 0,
                    .msg_iov = vector_,
                    .msg_iovlen = 4,
                    .msg_control = nullptr,
                    .msg_controllen = 0,
                    .msg_flags = 0};
};

TEST_F(ShortTransfer, Write) {
  expect_short(
      call::write, [&] { return sys::write(ours_.get(), "abcdef", 6); }, 6);
  EXPECT_EQ(drain(theirs_.get()), "abcabcdef");
}

TEST_F(ShortTransfer, Read) {
  ASSERT_TRUE(sys::write(ours_.get(), "abcdef", 6).ok());
  char got[7] = "------";
  expect_short(
      call::read,
      [&, at = 0]() mutable {
        const result answer = sys::read(theirs_.get(), got + at, 6);
        at += 3;
        return answer;
      },
      3);
  EXPECT_STREQ(got, "abcdef");
}

TEST_F(ShortTransfer, Send) {
  expect_short(
      call::send, [&] { return sys::send(ours_.get(), "abcdef", 6, 0); }, 6);
  EXPECT_EQ(drain(theirs_.get()), "abcabcdef");
}

TEST_F(ShortTransfer, Receive) {
  ASSERT_TRUE(sys::write(ours_.get(), "abcdef", 6).ok());
  char got[6];
  expect_short(
      call::recv, [&] { return sys::recv(theirs_.get(), got, 6, 0); }, 3);
}

TEST_F(ShortTransfer, WriteVector) {
  expect_short(
      call::write_vector, [&] { return sys::write_vector(ours_.get(), vector_, 4); }, 6);
  EXPECT_EQ(drain(theirs_.get()), "abcabcdef");
  EXPECT_EQ(vector_[1].iov_len, 4U) << "the caller's vector stays as it is";
}

TEST_F(ShortTransfer, WriteVectorNeverPassesTheFirstBufferWithContent) {
  faults_.shorten(call::write_vector, 5);
  EXPECT_EQ(sys::write_vector(ours_.get(), vector_, 4).value, 4);
  EXPECT_EQ(drain(theirs_.get()), "abcd");
}

TEST_F(ShortTransfer, ReadVector) {
  ASSERT_TRUE(sys::write(ours_.get(), "uvwxyz", 6).ok());
  expect_short(
      call::read_vector, [&] { return sys::read_vector(theirs_.get(), vector_, 4); }, 3);
  EXPECT_STREQ(first_, "xyzd") << "uvw was overwritten by the second read";
}

TEST_F(ShortTransfer, VectorsWithoutContentStayAsTheyAre) {
  const ::iovec empty[] = {{nullptr, 0}, {nullptr, 0}};
  faults_.shorten(call::write_vector, 3);
  EXPECT_EQ(sys::write_vector(ours_.get(), empty, 2).value, 0);
  faults_.shorten(call::write_vector, 3);
  EXPECT_EQ(sys::write_vector(ours_.get(), nullptr, 0).value, 0);
}

TEST_F(ShortTransfer, ReadVectorAt) {
  expect_short(
      call::read_vector_at, [&] { return sys::read_vector_at(file_.get(), vector_, 4, 1); }, 5);
  EXPECT_STREQ(first_, "bcde");
  EXPECT_STREQ(second_, "ff") << "one byte came";
}

TEST_F(ShortTransfer, WriteVectorAt) {
  expect_short(
      call::write_vector_at,
      [&, at = 0]() mutable {
        at += 2;
        return sys::write_vector_at(file_.get(), vector_, 4, at);
      },
      6);
  EXPECT_EQ(content(file_.get()), "abababcdef") << "abc at 2, then abcdef at 4";
}

TEST_F(ShortTransfer, SendMessage) {
  expect_short(
      call::send_message, [&] { return sys::send_message(ours_.get(), &message_, 0); }, 6);
  EXPECT_EQ(drain(theirs_.get()), "abcabcdef");
  EXPECT_EQ(message_.msg_iov, vector_);
  EXPECT_EQ(message_.msg_iovlen, 4U);
}

TEST_F(ShortTransfer, ReceiveMessage) {
  ASSERT_TRUE(sys::write(ours_.get(), "uvwxyz", 6).ok());
  faults_.shorten(call::receive_message, 3);
  EXPECT_EQ(sys::receive_message(theirs_.get(), &message_, 0).value, 3);
  EXPECT_STREQ(first_, "uvwd");
  EXPECT_EQ(message_.msg_iov, vector_) << "put back after the call";
  EXPECT_EQ(message_.msg_iovlen, 4U);
  EXPECT_EQ(vector_[1].iov_len, 4U);
  EXPECT_EQ(sys::receive_message(theirs_.get(), &message_, 0).value, 3);
  EXPECT_STREQ(first_, "xyzd");
}

TEST_F(ShortTransfer, SendFile) {
  expect_short(
      call::send_file, [&] { return sys::send_file(ours_.get(), file_.get(), nullptr, 6); }, 3);
  EXPECT_EQ(drain(theirs_.get()), "abcdef");
}

TEST_F(ShortTransfer, Splice) {
  ASSERT_TRUE(sys::write(into_pipe_.get(), "abcdef", 6).ok());
  expect_short(
      call::splice, [&] { return sys::splice(out_of_pipe_.get(), ours_.get(), 6); }, 3);
  EXPECT_EQ(drain(theirs_.get()), "abcdef");
}

TEST_F(ShortTransfer, CopyFileRange) {
  expect_short(
      call::copy_file_range,
      [&] { return sys::copy_file_range(file_.get(), nullptr, other_file_.get(), nullptr, 6); }, 3);
  EXPECT_EQ(content(other_file_.get()), "abcdef");
}

TEST_F(ShortTransfer, ToNothingIsWhatTheKernelMakesOfNoBytes) {
  ASSERT_TRUE(sys::write(ours_.get(), "abcdef", 6).ok());
  faults_.shorten(call::read_vector, 0);
  EXPECT_EQ(sys::read_vector(theirs_.get(), vector_, 4).value, 0);
  EXPECT_EQ(drain(theirs_.get()), "abcdef");
}

}  // namespace
}  // namespace netpoll
