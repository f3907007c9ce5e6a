// SPDX-License-Identifier: BSL-1.0
#include "net/signal/signal_pipe.h"

#include <signal.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <mutex>
#include <utility>

#include "net/fiber/wait.h"
#include "net/socket/socket_operation.h"
#include "netpoll/base/syscall.h"
#include "netpoll/base/unique_fd.h"
#include "netpoll/error.h"
#include "netpoll/fork_count.h"

namespace NET_NAMESPACE::internal {
namespace {

using flags = signal_set_base::flags;

constexpr std::size_t max_pipes = 256;
constexpr int max_signal = 64;

// What the signal handler reads: where each set wants to hear of which signals. A slot is in use
// while its pipe is not -1.
struct slot {
  std::atomic<int> pipe{-1};
  std::atomic<std::uint64_t> signals{0};
  // Which process the pipe is of; see fork_count.h. In another one signals are kept for when it has
  // its own.
  std::atomic<int> forks{0};
  std::atomic<std::uint64_t> kept{0};
  // Guarded by table_mutex().
  signal_pipe* owner = nullptr;
  execution_context* context = nullptr;
};
constinit slot slots[max_pipes];
// How many handlers are looking at the slots.
constinit std::atomic<int> readers{0};

// Taken to change the slots and the dispositions.
std::mutex& table_mutex() {
  static auto* const mutex = new std::mutex;
  return *mutex;
}
// How each signal that is caught was asked to be. Guarded by table_mutex().
constinit flags caught_how[max_signal + 1] = {};

constexpr std::uint64_t bit_of(int signal) noexcept { return std::uint64_t{1} << (signal - 1); }

void on_signal(int signal) {
  const int saved_errno = errno;
  readers.fetch_add(1, std::memory_order_seq_cst);
  for (slot& each : slots) {
    const int pipe = each.pipe.load(std::memory_order_seq_cst);
    if (pipe < 0 || (each.signals.load(std::memory_order_seq_cst) & bit_of(signal)) == 0) {
      continue;
    }
    if (each.forks.load(std::memory_order_seq_cst) == netpoll::known_fork_count()) {
      const auto number = static_cast<unsigned char>(signal);
      // A full pipe holds 65536 signals nobody waited for.
      netpoll::sys::write(pipe, &number, 1);
    } else {
      each.kept.fetch_or(bit_of(signal), std::memory_order_seq_cst);
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

error_code catch_signal(int signal, flags how) noexcept {
  struct ::sigaction action {};
  action.sa_handler = &on_signal;
  action.sa_flags = SA_ONSTACK | (how == flags::dont_care ? SA_RESTART : static_cast<int>(how));
  ::sigfillset(&action.sa_mask);
  const auto set = netpoll::sys::signal_action(signal, &action);
  if (set.ok()) {
    caught_how[signal] = how;
  }
  return netpoll::system_error_code(set.error);
}

// The signal is caught as `how` says from now on, unless that is not what others asked for.
error_code make_sure_of(int signal, flags how, bool is_caught) noexcept {
  if (!is_caught) {
    return catch_signal(signal, how);
  }
  if (how == flags::dont_care || how == caught_how[signal]) {
    return {};
  }
  return caught_how[signal] == flags::dont_care ? catch_signal(signal, how)
                                                : make_error_code(error::invalid_argument);
}

// No signal handler runs in the calling thread while it exists.
class signals_blocked {
 public:
  signals_blocked() noexcept {
    ::sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~signals_blocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  signals_blocked(const signals_blocked&) = delete;
  signals_blocked& operator=(const signals_blocked&) = delete;

 private:
  ::sigset_t before_;
};

// Has the pipes renewed after a fork.
class fork_listener final : public service_base<fork_listener> {
 public:
  explicit fork_listener(execution_context& context) : service_base(context) {}

 private:
  void shutdown() override {}
  void notify_fork(execution_context::fork_event event) override {
    if (event == execution_context::fork_child) {
      signal_pipe::renew_all(context());
    }
  }
};

}  // namespace

signal_pipe::signal_pipe(execution_context& context, netpoll::reactor& where) {
  (void)use_service<fork_listener>(context);
  int ends[2];
  if (const auto made = netpoll::sys::pipe(ends); !made.ok()) {
    throw system_error(made.error, std::system_category(), "signal_set: pipe");
  }
  netpoll::unique_fd writing_end(ends[1]);
  if (const int error = fd_.open(where, netpoll::unique_fd(ends[0]))) {
    throw system_error(error, std::system_category(), "signal_set");
  }
  const std::lock_guard lock(table_mutex());
  for (slot_ = 0; slot_ < max_pipes; ++slot_) {
    slot& mine = slots[slot_];
    if (mine.pipe.load(std::memory_order_seq_cst) < 0) {
      mine.owner = this;
      mine.context = &context;
      mine.forks.store(netpoll::fork_count(), std::memory_order_seq_cst);
      mine.kept.store(0, std::memory_order_seq_cst);
      mine.pipe.store(writing_end.release(), std::memory_order_seq_cst);
      return;
    }
  }
  throw system_error(error::no_buffer_space, "signal_set: more than 256 sets");
}

signal_pipe::~signal_pipe() {
  clear();
  const std::lock_guard lock(table_mutex());
  slots[slot_].owner = nullptr;
  slots[slot_].context = nullptr;
  netpoll::unique_fd writing_end(slots[slot_].pipe.exchange(-1, std::memory_order_seq_cst));
  // A handler in another thread may have read the number just before: wait until it has written.
  while (readers.load(std::memory_order_seq_cst) != 0) {
  }
}

void signal_pipe::renew_all(execution_context& context) {
  const signals_blocked here;
  const std::lock_guard lock(table_mutex());
  for (const slot& each : slots) {
    if (each.owner != nullptr && each.context == &context) {
      each.owner->renew();
    }
  }
}

// Needs table_mutex(), and no signals.
void signal_pipe::renew() {
  slot& mine = slots[slot_];
  int ends[2] = {-1, -1};
  auto done = netpoll::system_error_code(netpoll::sys::pipe(ends).error);
  netpoll::unique_fd reading_end(ends[0]);
  const netpoll::unique_fd writing_end(ends[1]);
  if (!done) {
    done = fd_.replace(std::move(reading_end));
  }
  if (!done) {
    done = netpoll::system_error_code(
        netpoll::sys::duplicate_to(writing_end.get(), mine.pipe.load(std::memory_order_seq_cst))
            .error);
  }
  if (done) {
    throw system_error(done, "signal_set: the pipe of a child process");
  }
  mine.forks.store(netpoll::fork_count(), std::memory_order_seq_cst);
  const std::uint64_t kept = mine.kept.exchange(0, std::memory_order_seq_cst);
  for (int signal = 1; signal <= max_signal; ++signal) {
    if ((kept & bit_of(signal)) != 0) {
      const auto number = static_cast<unsigned char>(signal);
      netpoll::sys::write(writing_end.get(), &number, 1);
    }
  }
}

void signal_pipe::add(int signal, flags how, error_code& ec) {
  ec.clear();
  if (signal < 1 || signal > max_signal) {
    ec = error::invalid_argument;
    return;
  }
  const std::lock_guard lock(table_mutex());
  std::atomic<std::uint64_t>& mine = slots[slot_].signals;
  if ((mine.load(std::memory_order_seq_cst) & bit_of(signal)) != 0) {
    return;
  }
  const bool is_caught = is_wanted(signal);
  mine.fetch_or(bit_of(signal), std::memory_order_seq_cst);
  ec = make_sure_of(signal, how, is_caught);
  if (ec) {
    mine.fetch_and(~bit_of(signal), std::memory_order_seq_cst);
  }
}

void signal_pipe::remove(int signal, error_code& ec) {
  ec.clear();
  if (signal < 1 || signal > max_signal) {
    ec = error::invalid_argument;
    return;
  }
  const std::lock_guard lock(table_mutex());
  const std::uint64_t before =
      slots[slot_].signals.fetch_and(~bit_of(signal), std::memory_order_seq_cst);
  if ((before & bit_of(signal)) != 0 && !is_wanted(signal)) {
    struct ::sigaction action {};
    action.sa_handler = SIG_DFL;
    netpoll::sys::signal_action(signal, &action);
  }
}

void signal_pipe::clear() {
  for (int signal = 1; signal <= max_signal; ++signal) {
    if ((slots[slot_].signals.load(std::memory_order_seq_cst) & bit_of(signal)) != 0) {
      error_code ignored;
      remove(signal, ignored);
    }
  }
}

error_code signal_request::result() const noexcept { return socket_error(error()); }

int wait_for_signal(signal_pipe& pipe, error_code& ec) {
  signal_request request;
  perform(request, pipe.fd());
  ec = request.result();
  return request.number();
}

}  // namespace NET_NAMESPACE::internal
