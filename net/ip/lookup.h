// SPDX-License-Identifier: BSL-1.0
//
// Questions for the C library about names and addresses, each with room for its answer. To ask
// blocks; see lookup_pool.h for how to wait for an answer without that.
#pragma once

#include <netdb.h>
#include <sys/socket.h>

#include <memory>
#include <string>
#include <utility>

#include "net/config.h"
#include "net/error.h"

namespace NET_NAMESPACE::ip::internal {

class lookup_wait;

class lookup {
 public:
  lookup() = default;
  lookup(const lookup&) = delete;
  lookup& operator=(const lookup&) = delete;
  virtual ~lookup() = default;

  // Blocks until there is an answer.
  virtual void ask() noexcept = 0;

  // Whether the answer is an error.
  error_code ec;

 private:
  friend class lookup_wait;
  friend class lookup_pool;

  // Under the mutex of the pool that has been asked.
  lookup_wait* who_ = nullptr;  // who waits for the answer
  std::shared_ptr<lookup> next_;
  bool is_submitted_ = false;
  bool is_answered_ = false;
};

// The addresses of a host and a service. An empty name stands for none.
class name_lookup final : public lookup {
 public:
  name_lookup(std::string host, std::string service, const ::addrinfo& hints)
      : host_(std::move(host)), service_(std::move(service)), hints_(hints) {}

  void ask() noexcept override;
  // Asks only for what can be told without asking anybody else. False: for that it is not enough.
  bool ask_without_network() noexcept;

  const std::string& host() const noexcept { return host_; }
  const std::string& service() const noexcept { return service_; }
  // Null if there are none.
  const ::addrinfo* answer() const noexcept { return answer_.get(); }

 private:
  struct list_deleter {
    void operator()(::addrinfo* list) const noexcept { ::freeaddrinfo(list); }
  };

  void ask(int more_flags) noexcept;

  const std::string host_;
  const std::string service_;
  const ::addrinfo hints_;
  std::unique_ptr<::addrinfo, list_deleter> answer_;
};

// The names of an address, and of its port as a service for sockets of `socket_type`. A port that
// has no name is given as a number.
class address_lookup final : public lookup {
 public:
  address_lookup(const ::sockaddr* address, ::socklen_t size, int socket_type) noexcept;

  void ask() noexcept override;

  const char* host() const noexcept { return host_; }
  const char* service() const noexcept { return service_; }

 private:
  ::sockaddr_storage address_{};
  ::socklen_t size_;
  int flags_;
  char host_[NI_MAXHOST] = "";
  char service_[NI_MAXSERV] = "";
};

}  // namespace NET_NAMESPACE::ip::internal
