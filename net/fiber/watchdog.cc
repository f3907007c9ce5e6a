// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/watchdog.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstddef>
#include <iostream>
#include <mutex>
#include <sstream>
#include <string_view>
#include <system_error>
#include <thread>
#include <unordered_map>
#include <utility>

#include "net/execution/worker_beat.h"
#include "net/fiber/backtrace.h"
#include "net/fiber/fiber_state.h"
#include "net/fiber/helper_thread.h"
#include "net/fiber/symbolize.h"
#include "netpoll/describe.h"

namespace NET_NAMESPACE {
namespace {

using internal::fiber_state;
using internal::worker_beat;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

// How long a thread may take to answer.
constexpr std::chrono::seconds longest_answer(1);
constexpr std::chrono::microseconds between_looks_for_the_answer(200);

// What a thread is asked for, and its answer.
struct sample {
  static constexpr int most_frames = 64;

  std::uint64_t word = 0;  // what it was doing
  std::uint64_t fiber = 0;
  char name[64];
  std::size_t name_size = 0;
  const void* pcs[most_frames];
  int frames = 0;
  std::atomic<bool> is_done{false};
};

// Nothing here allocates or locks.
void answer(worker_beat& mine, sample& asked) noexcept {
  asked.word = mine.word();
  if (const fiber_state* const fiber = fiber_state::current()) {
    asked.fiber = fiber->id();
    asked.name_size = std::string_view(fiber->name()).copy(asked.name, sizeof(asked.name));
  }
  asked.frames = netpoll::backtrace_here(asked.pcs, sample::most_frames);
  asked.is_done.store(true, std::memory_order_release);  // pairs with take_sample()
}

struct ::sigaction previous_actions[NSIG];

void on_signal(int signal, ::siginfo_t* info, void* context) {
  const int error = errno;
  worker_beat* const mine = worker_beat::find_of_this_thread();
  // acquire: pairs with take_sample().
  void* const asked =
      mine != nullptr ? mine->request.exchange(nullptr, std::memory_order_acquire) : nullptr;
  if (asked != nullptr) {
    answer(*mine, *static_cast<sample*>(asked));
  } else {
    const struct ::sigaction& previous = previous_actions[signal];
    if ((previous.sa_flags & SA_SIGINFO) != 0) {
      previous.sa_sigaction(signal, info, context);
    } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
      previous.sa_handler(signal);
    }
  }
  errno = error;
}

void install_handler(int signal) {
  static constinit std::mutex mutex;
  static constinit bool is_installed[NSIG] = {};
  const std::lock_guard lock(mutex);
  if (signal <= 0 || signal >= NSIG) {
    throw std::system_error(EINVAL, std::system_category(), "watchdog: no such signal");
  }
  if (is_installed[signal]) {
    return;
  }
  netpoll::prepare_backtrace();
  struct ::sigaction action {};
  action.sa_sigaction = &on_signal;
  // On the thread's stack for signals: fibers have small ones.
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  ::sigemptyset(&action.sa_mask);
  if (::sigaction(signal, &action, &previous_actions[signal]) != 0) {
    throw std::system_error(errno, std::system_category(), "watchdog: no handler for the signal");
  }
  is_installed[signal] = true;
}

// Asks a thread where it is. False: it has not answered.
bool take_sample(worker_beat& of, int signal, sample& into) {
  // release: pairs with on_signal().
  of.request.store(&into, std::memory_order_release);
  const bool is_sent = of.send_signal(signal);
  const auto until = steady_clock::now() + longest_answer;
  for (;;) {
    if (into.is_done.load(std::memory_order_acquire)) {  // pairs with answer()
      return true;
    }
    if ((!is_sent || steady_clock::now() >= until) &&
        of.request.exchange(nullptr, std::memory_order_relaxed) != nullptr) {
      return false;  // relaxed: nobody has looked at it
    }
    std::this_thread::sleep_for(between_looks_for_the_answer);
  }
}

void report_to_standard_error(const held_thread& what) {
  // In one piece: other threads write there, too.
  std::ostringstream text;
  text << what;
  std::cerr << text.str() << std::flush;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const held_thread& what) {
  netpoll::description duration;
  duration << netpoll::duration_text{what.duration.count()};
  out << "netpoll: thread " << what.thread << " has been held for " << duration.view();
  if (!what.has_answered) {
    return out << "; it does not answer, so there is no stack\n";
  }
  if (what.fiber == 0) {
    out << " by a handler\n";
  } else {
    out << " by fiber " << what.fiber;
    if (!what.fiber_name.empty()) {
      out << " \"" << what.fiber_name << '"';
    }
    out << '\n';
  }
  for (const void* const each : what.stack) {
    out << "    " << netpoll::symbolize(each) << '\n';
  }
  return out;
}

class watchdog::looker {
 public:
  explicit looker(watchdog_options options) : options_(std::move(options)) {
    install_handler(options_.signal);
    if (!options_.report) {
      options_.report = &report_to_standard_error;
    }
    if (options_.has_thread) {
      start_thread();
    }
  }

  ~looker() {
    if (thread_.joinable()) {
      {
        const std::lock_guard lock(mutex_);
        is_over_ = true;
      }
      end_.notify_one();
      thread_.join();
    }
  }

  void check(steady_clock::time_point now) {
    std::vector<suspect> suspects;
    worker_beat::for_each([&](worker_beat& each) {
      const std::uint64_t word = each.word();
      memory& seen = memories_[&each];
      if (word != seen.word || worker_beat::is_resting(word)) {
        seen = {.word = word, .since = now, .next_report = options_.limit};
        return;
      }
      const nanoseconds duration = now - seen.since;
      if (duration >= seen.next_report) {
        seen.next_report = 2 * duration;
        suspects.push_back({&each, each.thread_id(), word, duration});
      }
    });
    for (const suspect& each : suspects) {
      look_at(each);
    }
  }

 private:
  // What was seen of a thread when it was looked at last.
  struct memory {
    std::uint64_t word = 0;
    steady_clock::time_point since;
    nanoseconds next_report{};
  };
  struct suspect {
    worker_beat* beat;
    ::pid_t thread;
    std::uint64_t word;
    nanoseconds duration;
  };

  void look_at(const suspect& which) {
    sample seen;
    held_thread what;
    what.thread = which.thread;
    what.duration = which.duration;
    what.has_answered = take_sample(*which.beat, options_.signal, seen);
    if ((what.has_answered ? seen.word : which.beat->word()) != which.word) {
      return;  // it has gone on meanwhile
    }
    if (what.has_answered) {
      what.fiber = seen.fiber;
      what.fiber_name.assign(seen.name, seen.name_size);
      what.stack.assign(seen.pcs, seen.pcs + seen.frames);
    }
    options_.report(what);
  }

  void start_thread() {
    thread_ = internal::start_helper_thread("net-watchdog", [this] { look_around(); });
  }

  void look_around() {
    const nanoseconds interval =
        std::max<nanoseconds>(options_.limit / 4, std::chrono::milliseconds(1));
    std::unique_lock lock(mutex_);
    while (!end_.wait_for(lock, interval, [this] { return is_over_; })) {
      lock.unlock();
      check(steady_clock::now());
      lock.lock();
    }
  }

  watchdog_options options_;
  std::unordered_map<const worker_beat*, memory> memories_;

  std::mutex mutex_;
  std::condition_variable end_;
  bool is_over_ = false;  // under mutex_
  std::thread thread_;
};

watchdog::watchdog(watchdog_options options)
    : looker_(std::make_unique<looker>(std::move(options))) {}

watchdog::~watchdog() = default;

void watchdog::check(std::chrono::steady_clock::time_point now) { looker_->check(now); }

}  // namespace NET_NAMESPACE
