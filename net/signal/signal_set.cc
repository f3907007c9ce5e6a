// SPDX-License-Identifier: BSL-1.0
#include "net/signal/signal_set.h"

#include <atomic>
#include <cerrno>
#include <mutex>

#include "net/socket/socket_operation.h"
#include "netpoll/base/syscall.h"

namespace NET_NAMESPACE {
namespace {

constexpr std::size_t max_sets = 32;
constexpr int max_signal = 64;

// What the signal handler reads: where each set wants to hear of which signals. A slot is in use
// while its pipe is not -1.
struct slot {
  std::atomic<int> pipe{-1};
  std::atomic<std::uint64_t> signals{0};
};
constinit slot slots[max_sets];
// How many handlers are looking at the slots.
constinit std::atomic<int> readers{0};

// Taken to change the slots and the dispositions.
std::mutex& table_mutex() {
  static auto* const mutex = new std::mutex;
  return *mutex;
}

constexpr std::uint64_t bit_of(int signal) noexcept { return std::uint64_t{1} << (signal - 1); }

void on_signal(int signal) {
  const int saved_errno = errno;
  readers.fetch_add(1, std::memory_order_seq_cst);
  for (slot& each : slots) {
    const int pipe = each.pipe.load(std::memory_order_seq_cst);
    if (pipe >= 0 && (each.signals.load(std::memory_order_seq_cst) & bit_of(signal)) != 0) {
      const auto number = static_cast<unsigned char>(signal);
      // A full pipe holds 65536 signals nobody waited for.
      netpoll::sys::write(pipe, &number, 1);
    }
  }
  readers.fetch_sub(1, std::memory_order_seq_cst);
  errno = saved_errno;
}

bool is_wanted(int signal) noexcept {
  for (const slot& each : slots) {
    if ((each.signals.load(std::memory_order_seq_cst) & bit_of(signal)) != 0) {
      return true;
    }
  }
  return false;
}

}  // namespace

void signal_set::open() {
  int ends[2];
  if (const auto made = netpoll::sys::pipe(ends); !made.ok()) {
    throw system_error(made.error, std::system_category(), "signal_set: pipe");
  }
  netpoll::unique_fd writing_end(ends[1]);
  if (const int error = fd_.open(executor_.context().reactor(), netpoll::unique_fd(ends[0]))) {
    throw system_error(error, std::system_category(), "signal_set");
  }
  const std::lock_guard lock(table_mutex());
  for (slot_ = 0; slot_ < max_sets; ++slot_) {
    if (slots[slot_].pipe.load(std::memory_order_seq_cst) < 0) {
      slots[slot_].pipe.store(writing_end.release(), std::memory_order_seq_cst);
      return;
    }
  }
  throw system_error(error::no_buffer_space, "signal_set: more than 32 sets");
}

signal_set::~signal_set() {
  clear();
  const std::lock_guard lock(table_mutex());
  netpoll::unique_fd writing_end(
      slots[slot_].pipe.exchange(-1, std::memory_order_seq_cst));
  // A handler in another thread may have read the number just before: wait until it has written.
  while (readers.load(std::memory_order_seq_cst) != 0) {
  }
}

void signal_set::add(int signal) {
  error_code ec;
  add(signal, ec);
  internal::throw_if(ec, "add");
}

void signal_set::add(int signal, error_code& ec) {
  ec.clear();
  if (signal < 1 || signal > max_signal) {
    ec = error::invalid_argument;
    return;
  }
  const std::lock_guard lock(table_mutex());
  const bool was_wanted = is_wanted(signal);
  slots[slot_].signals.fetch_or(bit_of(signal), std::memory_order_seq_cst);
  if (!was_wanted) {
    struct ::sigaction action{};
    action.sa_handler = &on_signal;
    action.sa_flags = SA_RESTART | SA_ONSTACK;
    ::sigfillset(&action.sa_mask);
    if (const auto set = netpoll::sys::signal_action(signal, &action); !set.ok()) {
      ec = netpoll::system_error_code(set.error);
      slots[slot_].signals.fetch_and(~bit_of(signal), std::memory_order_seq_cst);
    }
  }
}

void signal_set::remove(int signal) {
  error_code ec;
  remove(signal, ec);
  internal::throw_if(ec, "remove");
}

void signal_set::remove(int signal, error_code& ec) {
  ec.clear();
  if (signal < 1 || signal > max_signal) {
    ec = error::invalid_argument;
    return;
  }
  const std::lock_guard lock(table_mutex());
  const std::uint64_t before =
      slots[slot_].signals.fetch_and(~bit_of(signal), std::memory_order_seq_cst);
  if ((before & bit_of(signal)) != 0 && !is_wanted(signal)) {
    struct ::sigaction action{};
    action.sa_handler = SIG_DFL;
    netpoll::sys::signal_action(signal, &action);
  }
}

void signal_set::clear() {
  for (int signal = 1; signal <= max_signal; ++signal) {
    if ((slots[slot_].signals.load(std::memory_order_seq_cst) & bit_of(signal)) != 0) {
      error_code ignored;
      remove(signal, ignored);
    }
  }
}

int signal_set::wait() {
  error_code ec;
  const int number = wait(ec);
  internal::throw_if(ec, "wait");
  return number;
}

int signal_set::wait(error_code& ec) {
  number_request request;
  perform(request, fd_);
  ec = request.result();
  return request.number();
}

error_code signal_set::number_request::result() const noexcept {
  return internal::socket_error(error());
}

}  // namespace NET_NAMESPACE
