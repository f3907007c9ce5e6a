// SPDX-License-Identifier: BSL-1.0
//
// A message that carries a descriptor beside its bytes (SCM_RIGHTS), to be sent over a unix socket.
//
//   nettest::descriptor_message message(text, size, number);
//   netpoll::sys::send_message(socket, &message.header, 0);
#pragma once

#include <sys/socket.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstring>

namespace nettest {

struct descriptor_message {
  descriptor_message(char* text, std::size_t size, int number) : bytes{text, size} {
    header.msg_iov = &bytes;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof(control);
    ::cmsghdr* const rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(rights), &number, sizeof(number));
  }
  descriptor_message(const descriptor_message&) = delete;
  descriptor_message& operator=(const descriptor_message&) = delete;

  ::iovec bytes;
  alignas(::cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  ::msghdr header{};
};

}  // namespace nettest
