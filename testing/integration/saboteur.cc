// SPDX-License-Identifier: BSL-1.0
#include "testing/integration/saboteur.h"

#include <execinfo.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <limits>
#include <utility>

#include "testing/integration/fault_table.h"

namespace nettest {
namespace {

// Whether the call this thread is in has been made a short one.
thread_local bool is_shortened = false;

// How many callers tell one chain from another.
constexpr std::size_t deepest_caller = 8;

// How often a delayed call yields. It does not wait until the others have run: they may need a
// lock that is held where the call is made.
constexpr int yields = 100;

}  // namespace

std::string fault::to_string() const {
  std::string text = netpoll::sys::name_of(which);
  switch (how) {
    case sabotage::none: return "no fault";
    case sabotage::fail: text += " reports " + name_of_error(error); break;
    case sabotage::one_byte: text += " moves one byte"; break;
    case sabotage::half: text += " moves half"; break;
    case sabotage::delay: text += " is delayed"; break;
  }
  text += ", call " + std::to_string(first);
  if (times > 1) {
    text += " and " + std::to_string(times - 1) + " more";
  }
  return text;
}

saboteur::saboteur(const fault& what, bool notes_callers)
    : fault_(what), notes_callers_(notes_callers), null_(::open("/dev/null", O_RDWR | O_CLOEXEC)) {
  netpoll::sys::set_fault_injector(this);
}

saboteur::~saboteur() {
  netpoll::sys::set_fault_injector(nullptr);
  if (bystander_.joinable()) {
    is_over_ = true;
    ++requested_;
    requested_.notify_one();
    bystander_.join();
  }
  for (const int each : planted_) {
    ::close(each);
  }
  ::close(null_);
}

bool saboteur::was_robbed() const {
  const std::lock_guard lock(mutex_);
  struct ::stat mine {};
  ::fstat(null_, &mine);
  return std::any_of(planted_.begin(), planted_.end(), [&](int each) {
    struct ::stat found {};
    return ::fstat(each, &found) != 0 || found.st_rdev != mine.st_rdev;
  });
}

// The number is taken again at once, unless another thread was faster.
void saboteur::close_and_reuse(int fd) noexcept {
  ::close(fd);
  const int got = ::fcntl(null_, F_DUPFD_CLOEXEC, fd);
  if (got == fd) {
    const std::lock_guard lock(mutex_);
    planted_.push_back(got);
  } else if (got >= 0) {
    ::close(got);
  }
}

// Makes epoll report again what the socket is ready for, as it does when more comes in or goes out:
// when it is told of a descriptor anew it looks, too.
void saboteur::report_again(int fd) noexcept {
  const std::lock_guard lock(mutex_);
  const auto found = registered_.find(fd);
  if (found != registered_.end() &&
      ::epoll_ctl(found->second.epoll, EPOLL_CTL_MOD, fd, &found->second.event) != 0) {
    registered_.erase(found);  // closed meanwhile
  }
}

void saboteur::epoll_control_asked(int epoll, int operation, int fd,
                                   const ::epoll_event& event) noexcept {
  const std::lock_guard lock(mutex_);
  if (operation == EPOLL_CTL_DEL) {
    registered_.erase(fd);
  } else {
    registered_.insert_or_assign(fd, registration{epoll, event});
  }
}

void saboteur::begin(std::uint16_t port, std::function<void()> meddle) {
  port_ = port;
  if (fault_.how == sabotage::delay) {
    meddle_ = std::move(meddle);
    bystander_ = std::thread([this] { meddle_on_request(); });
  }
}

void saboteur::meddle_on_request() {
  for (int seen = 0;;) {
    requested_.wait(seen);
    // Read first: what is asked for from now on, the end included, is seen by the next wait.
    seen = requested_;
    if (is_over_) {
      return;
    }
    meddle_();
    meddled_ = seen;
  }
}

void saboteur::let_others_run() noexcept {
  const int mine = ++requested_;
  requested_.notify_one();
  for (int i = 0; i < yields || (i < 10 * yields && meddled_ < mine); ++i) {
    ::sched_yield();
  }
}

std::vector<int> saboteur::first_by_caller(call which) const {
  std::vector<int> numbers;
  for (const auto& [chain, number] : callers_[static_cast<std::size_t>(which)]) {
    numbers.push_back(number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

void saboteur::note_caller(call which, int number) noexcept {
  void* frames[deepest_caller + 2];
  const int found = ::backtrace(frames, static_cast<int>(std::size(frames)));
  const std::lock_guard lock(mutex_);
  // Without this function and before().
  callers_[static_cast<std::size_t>(which)].try_emplace(
      std::vector<void*>(frames + std::min(found, 2), frames + found), number);
}

std::optional<saboteur::result> saboteur::before(call which, int fd, std::size_t& size) noexcept {
  const int number = ++counts_[static_cast<std::size_t>(which)];
  if (notes_callers_) {
    note_caller(which, number);
  }
  is_shortened = false;
  if (fault_.how == sabotage::none || which != fault_.which || number < fault_.first ||
      number - fault_.first >= fault_.times) {
    return std::nullopt;
  }
  switch (fault_.how) {
    case sabotage::none: break;
    case sabotage::fail: ++hits_; return fail(fd);
    case sabotage::one_byte:
    case sabotage::half:
      if (size > 1) {
        ++hits_;
        size = fault_.how == sabotage::half ? size / 2 : 1;
        is_shortened = true;
      }
      break;
    case sabotage::delay:
      ++hits_;
      let_others_run();
      break;
  }
  return std::nullopt;
}

void saboteur::after(call which, int fd, const result& /*answer*/) noexcept {
  if (std::exchange(is_shortened, false)) {
    report_again(fd);
  }
  if (fault_.how == sabotage::delay && which == fault_.which) {
    const int number = count(which);
    if (number >= fault_.first && number - fault_.first < fault_.times) {
      let_others_run();
    }
  }
}

// What has to happen for the answer to be true.
std::optional<saboteur::result> saboteur::fail(int fd) noexcept {
  switch (fault_.which) {
    case call::close: close_and_reuse(fd); break;
    case call::recv:
    case call::receive_message:
    case call::send:
    case call::send_message:
    case call::accept:
      if (fault_.error == EAGAIN) {
        report_again(fd);
      }
      break;
    case call::get_peer_name:
      if (fault_.error == ENOTCONN) {
        report_again(fd);
      }
      break;
    case call::write:
      if (fault_.error == EAGAIN) {
        const std::uint64_t full = std::numeric_limits<std::uint64_t>::max() - 1;
        if (::write(fd, &full, sizeof(full)) < 0) {
          // It was not empty, and so is readable already.
        }
      }
      break;
    case call::connect:
      if (fault_.error == EINTR || fault_.error == EINPROGRESS || fault_.error == EALREADY) {
        ::sockaddr_in where{};
        where.sin_family = AF_INET;
        where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        where.sin_port = htons(port_);
        ::connect(fd, reinterpret_cast<const ::sockaddr*>(&where), sizeof(where));
      }
      break;
    default: break;
  }
  return result{-1, fault_.error};
}

}  // namespace nettest
