// SPDX-License-Identifier: BSL-1.0
//
// The requests of sockets that carry messages, with the buffers they point to: to an address, from
// one, and with the flags of what came. All buffers of a sequence are one message; of one that is
// longer than they are, the rest is lost and no error is reported.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <type_traits>

#include "net/config.h"
#include "net/socket/socket_operation.h"
#include "netpoll/iovec_cursor.h"
#include "netpoll/requests.h"

namespace NET_NAMESPACE::internal {

template <typename Iovecs>
class message_parts : private Iovecs {
 protected:
  // `limit`: how many buffers at most; 0 for all.
  template <typename Buffers>
  message_parts(const Buffers& buffers, std::size_t limit) : Iovecs(buffers, limit) {
    header_.msg_iov = Iovecs::data();
    header_.msg_iovlen = Iovecs::count();
  }

  ::msghdr header_{};
};

// A message of more buffers than the kernel takes is not sent.
template <typename Buffers, typename Endpoint>
class send_to_request final : private message_parts<iovecs_of<Buffers>>,
                              public netpoll::send_message_request {
  using parts = message_parts<iovecs_of<Buffers>>;

 public:
  send_to_request(const Buffers& buffers, const Endpoint& to, int flags)
      : parts(buffers, 0), send_message_request(parts::header_, flags), to_(to) {
    this->header_.msg_name = to_.data();
    this->header_.msg_namelen = static_cast<::socklen_t>(to_.size());
  }

 private:
  Endpoint to_;
};

// The sender's address goes to the caller's endpoint, which has to stay until the request is done.
template <typename Buffers, typename Endpoint>
class receive_from_request final : private message_parts<iovecs_of<Buffers>>,
                                   public netpoll::receive_message_request {
  using parts = message_parts<iovecs_of<Buffers>>;

 public:
  receive_from_request(const Buffers& buffers, Endpoint* from, int flags)
      : parts(buffers, netpoll::max_buffers),
        receive_message_request(parts::header_, flags),
        from_(*from) {
    this->header_.msg_name = from_.data();
    this->header_.msg_namelen = static_cast<::socklen_t>(Endpoint::capacity());
  }

 protected:
  outcome attempt(int number) noexcept override {
    const outcome how = receive_message_request::attempt(number);
    if (how == outcome::done && !error_) {
      // The kernel says how long the address is, not how much of it there was room for.
      const std::size_t size = this->header_.msg_namelen;
      from_.resize(size < Endpoint::capacity() ? size : Endpoint::capacity());
    }
    return how;
  }

 private:
  Endpoint& from_;
};

// What the kernel says about the message goes to the caller's flags, which have to stay until the
// request is done; 0 if there was none.
template <typename Buffers>
class receive_flags_request final : private message_parts<iovecs_of<Buffers>>,
                                    public netpoll::receive_message_request {
  using parts = message_parts<iovecs_of<Buffers>>;

 public:
  receive_flags_request(const Buffers& buffers, int flags, int* out_flags)
      : parts(buffers, netpoll::max_buffers),
        receive_message_request(parts::header_, flags),
        out_flags_(*out_flags) {
    out_flags_ = 0;
  }

 protected:
  outcome attempt(int number) noexcept override {
    const outcome how = receive_message_request::attempt(number);
    if (how == outcome::done && !error_) {
      out_flags_ = this->header_.msg_flags & ~MSG_CMSG_CLOEXEC;
    }
    return how;
  }

 private:
  int& out_flags_;
};

}  // namespace NET_NAMESPACE::internal
