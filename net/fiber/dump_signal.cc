// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/dump_signal.h"

#include <sys/poll.h>
#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <exception>
#include <map>
#include <mutex>
#include <ostream>
#include <streambuf>
#include <string_view>
#include <system_error>
#include <thread>

#include "net/fiber/backtrace.h"
#include "net/fiber/dump.h"
#include "net/fiber/helper_thread.h"
#include "net/fiber/symbolize.h"
#include "netpoll/base/syscall.h"
#include "netpoll/event_fd.h"

namespace NET_NAMESPACE {
namespace {

namespace sys = netpoll::sys;

// A stream that goes to standard error, some lines at a time; what cannot be written is lost.
class standard_error final : public std::streambuf {
 public:
  standard_error() { setp(memory_, memory_ + sizeof(memory_)); }

 private:
  int_type overflow(int_type character) override {
    sync();
    return traits_type::eq_int_type(character, traits_type::eof())
               ? traits_type::not_eof(character)
               : sputc(traits_type::to_char_type(character));
  }

  int sync() override {
    std::string_view left(pbase(), static_cast<std::size_t>(pptr() - pbase()));
    while (!left.empty()) {
      const sys::result written = sys::write(STDERR_FILENO, left.data(), left.size());
      if (!written.ok() || written.value == 0) {
        break;
      }
      left.remove_prefix(written.bytes());
    }
    setp(memory_, memory_ + sizeof(memory_));
    return 0;
  }

  char memory_[4096];
};

void dump() noexcept {
  standard_error buffer;
  try {
    std::ostream out(&buffer);
    out.exceptions(std::ios::badbit);
    out << "netpoll: fibers of process " << ::getpid() << '\n';
    dump_fibers(out);
    out.flush();
  } catch (const std::exception&) {
    dump_fibers(STDERR_FILENO);  // without memory, as well as it goes
  }
}

// What the handler knows. The eventfd is opened once and never closed: a handler may be about to
// write.
constinit netpoll::event_fd* to_wake = nullptr;
constinit std::atomic<::pid_t> process{0};
constinit std::atomic<bool> is_wanted{false};

void on_signal(int) {
  const int error = errno;
  // The eventfd of a child is its parent's, too.
  if (::getpid() == process.load(std::memory_order_relaxed)) {  // relaxed: it never changes again
    is_wanted.store(true, std::memory_order_release);           // pairs with serve()
    to_wake->signal();
  }
  errno = error;
}

class dumper {
 public:
  // Never destroyed: signals come until the process ends.
  static dumper& instance() {
    static auto* const only = new dumper;
    return *only;
  }

  void add(int signal) {
    const std::lock_guard lock(mutex_);
    const auto [place, is_new] = previous_.try_emplace(signal);
    if (!is_new) {
      return;
    }
    try {
      start();
      struct ::sigaction action {};
      action.sa_handler = &on_signal;
      action.sa_flags = SA_RESTART | SA_ONSTACK;
      ::sigemptyset(&action.sa_mask);
      if (::sigaction(signal, &action, &place->second) != 0) {
        throw std::system_error(errno, std::system_category(),
                                "dump_fibers_on_signal: the signal cannot be caught");
      }
    } catch (...) {
      previous_.erase(place);
      stop_if_unused();
      throw;
    }
  }

  void remove(int signal) {
    const std::lock_guard lock(mutex_);
    const auto found = previous_.find(signal);
    if (found != previous_.end()) {
      ::sigaction(signal, &found->second, nullptr);
      previous_.erase(found);
      wait_until_written();
      stop_if_unused();
    }
  }

 private:
  // Needs mutex_.
  void start() {
    if (thread_.joinable()) {
      return;
    }
    if (to_wake == nullptr) {
      if (const int error = event_.open()) {
        throw std::system_error(error, std::system_category(),
                                "dump_fibers_on_signal: cannot create its eventfd");
      }
      to_wake = &event_;
      process.store(::getpid(), std::memory_order_relaxed);  // relaxed: sigaction() comes after it
      // What can be done before it is needed.
      netpoll::prepare_backtrace();
      (void)netpoll::symbolize(reinterpret_cast<const void*>(&on_signal));
    }
    is_over_.store(false, std::memory_order_relaxed);  // relaxed: the thread begins after it
    thread_ = internal::start_helper_thread("net-dump", [this] { serve(); });
  }

  void wait_until_written() {
    // In this order: it is dumping before it is not wanted any more.
    while (is_wanted.load(std::memory_order_acquire) ||
           is_dumping_.load(std::memory_order_acquire)) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

  // Needs mutex_.
  void stop_if_unused() {
    if (previous_.empty() && thread_.joinable()) {
      is_over_.store(true, std::memory_order_release);  // pairs with serve()
      event_.signal();
      thread_.join();
    }
  }

  void serve() noexcept {
    for (bool is_over = false; !is_over;) {
      ::pollfd readable{.fd = event_.number(), .events = POLLIN, .revents = 0};
      (void)sys::poll(&readable, 1, -1);
      event_.drain();
      is_over = is_over_.load(std::memory_order_acquire);
      is_dumping_.store(true, std::memory_order_relaxed);  // relaxed: the exchange releases it
      if (is_wanted.exchange(false, std::memory_order_acq_rel)) {
        dump();
      }
      is_dumping_.store(false, std::memory_order_release);  // pairs with wait_until_written()
    }
  }

  std::mutex mutex_;
  std::map<int, struct ::sigaction> previous_;  // under mutex_
  std::thread thread_;                          // under mutex_
  netpoll::event_fd event_;
  std::atomic<bool> is_over_{false};
  std::atomic<bool> is_dumping_{false};
};

}  // namespace

void dump_fibers_on_signal(int signal) { dumper::instance().add(signal); }

void stop_dumping_fibers_on_signal(int signal) { dumper::instance().remove(signal); }

}  // namespace NET_NAMESPACE
