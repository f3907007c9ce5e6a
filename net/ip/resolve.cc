// SPDX-License-Identifier: BSL-1.0
#include "net/ip/resolve.h"

#include <netdb.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "net/fiber/wait.h"
#include "netpoll/census.h"
#include "netpoll/fd.h"
#include "netpoll/requests.h"

namespace NET_NAMESPACE::ip::internal {
namespace {

error_code from_gai(int code, int saved_errno) noexcept {
  switch (code) {
    case 0:
      return {};
    case EAI_AGAIN:
      return error::host_not_found_try_again;
    case EAI_NONAME:
    case EAI_ADDRFAMILY:
      return error::host_not_found;
    case EAI_NODATA:
      return error::no_data;
    case EAI_FAIL:
      return error::no_recovery;
    case EAI_FAMILY:
      return error::address_family_not_supported;
    case EAI_MEMORY:
      return error::no_memory;
    case EAI_SERVICE:
      return error::service_not_found;
    case EAI_SOCKTYPE:
      return error::socket_type_not_supported;
    case EAI_SYSTEM:
      return {saved_errno, std::system_category()};
    default:
      return error::no_recovery;
  }
}

// One question, its answer, and the end of a pipe that says that the answer is there.
struct lookup {
  std::string host;
  std::string service;
  int family;
  int flags;
  netpoll::unique_fd answered;
  std::vector<tcp::endpoint> endpoints;
  error_code ec;
  // Publishes the answer to who finds the pipe at its end.
  std::atomic<bool> is_answered{false};

  void ask() {
    ::addrinfo hints{};
    hints.ai_family = family;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = flags;
    ::addrinfo* list = nullptr;
    const int code = ::getaddrinfo(host.empty() ? nullptr : host.c_str(), service.c_str(), &hints,
                                   &list);
    ec = from_gai(code, errno);
    for (const ::addrinfo* each = list; each != nullptr; each = each->ai_next) {
      if ((each->ai_family == AF_INET || each->ai_family == AF_INET6) &&
          each->ai_addrlen <= sizeof(::sockaddr_storage)) {
        ::sockaddr_storage storage{};
        std::memcpy(&storage, each->ai_addr, each->ai_addrlen);
        endpoints.emplace_back(storage);
      }
    }
    if (list != nullptr) {
      ::freeaddrinfo(list);
    }
    if (!ec && endpoints.empty()) {
      ec = error::no_data;
    }
  }
};

// The thread that asks. Never destroyed: it may be inside getaddrinfo when the process ends.
class resolver_thread {
 public:
  static resolver_thread& instance() {
    static auto* const only = new resolver_thread;
    return *only;
  }

  void submit(std::shared_ptr<lookup> question) {
    const std::lock_guard lock(mutex_);
    if (!is_started_) {
      std::thread([this] { answer_all(); }).detach();
      is_started_ = true;
    }
    questions_.push_back(std::move(question));
    has_question_.notify_one();
  }

 private:
  [[noreturn]] void answer_all() {
    const netpoll::bystander here;  // answers through the kernel
    for (;;) {
      std::shared_ptr<lookup> next;
      {
        std::unique_lock lock(mutex_);
        has_question_.wait(lock, [this] { return !questions_.empty(); });
        next = std::move(questions_.front());
        questions_.pop_front();
      }
      next->ask();
      next->is_answered.store(true, std::memory_order_release);
      next->answered.reset();  // the reader's end of the pipe sees the end
    }
  }

  std::mutex mutex_;
  std::condition_variable has_question_;
  std::deque<std::shared_ptr<lookup>> questions_;  // under mutex_
  bool is_started_ = false;                        // under mutex_
};

}  // namespace

std::vector<tcp::endpoint> resolve(netpoll::reactor& reactor, const std::string& host,
                                   const std::string& service, int family, bool passive,
                                   netpoll::nanotime deadline, error_code& ec) {
  // The C library would read up to the terminator and find something else than was asked for.
  if (host.find('\0') != std::string::npos) {
    ec = error::host_not_found;
    return {};
  }
  if (service.find('\0') != std::string::npos) {
    ec = error::service_not_found;
    return {};
  }
  const int flags = passive ? AI_PASSIVE : 0;
  lookup numeric{host, service, family, flags | AI_NUMERICHOST, {}, {}, {}, false};
  numeric.ask();
  if (numeric.ec != error::host_not_found) {
    ec = numeric.ec;
    return std::move(numeric.endpoints);
  }

  int ends[2];
  if (const auto made = netpoll::sys::pipe(ends); !made.ok()) {
    ec = netpoll::system_error_code(made.error);
    return {};
  }
  netpoll::fd answer;
  const std::shared_ptr<lookup> question(
      new lookup{host, service, family, flags, netpoll::unique_fd(ends[1]), {}, {}, false});
  if (const int error = answer.open(reactor, netpoll::unique_fd(ends[0]))) {
    ec = netpoll::system_error_code(error);
    return {};
  }
  answer.set_deadline(netpoll::directions::read, deadline);
  resolver_thread::instance().submit(question);

  char nothing = 0;
  ::iovec buffer{&nothing, 1};
  netpoll::read_request request(netpoll::transport::pipe, &buffer, 1);
  perform(request, answer);
  if (!question->is_answered.load(std::memory_order_acquire)) {
    ec = request.error();
    return {};
  }
  ec = question->ec;
  return std::move(question->endpoints);
}

}  // namespace NET_NAMESPACE::ip::internal
