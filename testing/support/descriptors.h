// SPDX-License-Identifier: BSL-1.0
//
// Descriptors to try system calls on, and what is asked of them. Making one that fails fails the
// test.
//
//   const auto [reader, writer] = nettest::make_pipe();
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

#include "gtest/gtest.h"
#include "netpoll/base/syscall.h"
#include "netpoll/base/unique_fd.h"

namespace nettest {

inline bool is_close_on_exec(int fd) { return (::fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0; }
inline bool is_non_blocking(int fd) { return (::fcntl(fd, F_GETFL) & O_NONBLOCK) != 0; }

// The descriptor a call made.
inline netpoll::unique_fd made(const netpoll::sys::result& answer) {
  EXPECT_TRUE(answer.ok()) << std::strerror(answer.error);
  return netpoll::unique_fd(answer.ok() ? static_cast<int>(answer.value) : -1);
}

struct ends {
  netpoll::unique_fd first;
  netpoll::unique_fd second;
};

inline ends make_pipe() {
  int both[2] = {-1, -1};
  EXPECT_TRUE(netpoll::sys::pipe(both).ok());
  return {netpoll::unique_fd(both[0]), netpoll::unique_fd(both[1])};
}

inline ends make_socket_pair(int type = SOCK_STREAM) {
  int both[2] = {-1, -1};
  EXPECT_TRUE(netpoll::sys::socket_pair(AF_UNIX, type, both).ok());
  return {netpoll::unique_fd(both[0]), netpoll::unique_fd(both[1])};
}

inline netpoll::unique_fd make_file(std::string_view content) {
  netpoll::unique_fd file(::memfd_create("content", MFD_CLOEXEC));
  EXPECT_EQ(::pwrite(file.get(), content.data(), content.size(), 0),
            static_cast<::ssize_t>(content.size()));
  return file;
}

inline std::string content(int fd) {
  char all[64];
  const ::ssize_t got = ::pread(fd, all, sizeof(all), 0);
  return {all, static_cast<std::size_t>(got < 0 ? 0 : got)};
}

inline ::off_t position(int fd) { return ::lseek(fd, 0, SEEK_CUR); }

// Reads once, all that has come.
inline std::string drain(int fd) {
  char all[64];
  const netpoll::sys::result got = netpoll::sys::read(fd, all, sizeof(all));
  return got.ok() ? std::string(all, got.bytes()) : "error " + std::to_string(got.error);
}

}  // namespace nettest
