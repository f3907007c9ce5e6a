// SPDX-License-Identifier: BSL-1.0
//
// The fault sweep: an echo with several clients, run again and again, with another system call
// going wrong each time. Every kind of call that the run makes, with every error that its manual
// page lists, at its first, second, third, a middle and its last occurrence and wherever a chain
// of callers makes it for the first time, once and for several calls in a row; also short
// transfers, and delays. What is to be tried is found out by runs without a fault, so a new call
// site is picked up by itself.
//
// Whatever goes wrong, the run must end, leave no descriptor, fiber or memory behind, deliver no
// byte that was not sent, and, unless somebody was told of an error, deliver all of them. The
// first error that anybody is told must be the one that was injected, from the operation it
// belongs to; and an error that the library deals with by itself must not be seen at all.
//
// The runs are made in child processes: one that crashes or hangs is reported with its fault, and
// the sweep goes on.
#include <dirent.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "net/fiber/stack.h"
#include "net/net.h"
#include "netpoll/base/syscall.h"
#include "testing/integration/echo_run.h"
#include "testing/integration/fault_table.h"
#include "testing/integration/saboteur.h"

namespace nettest {
namespace {

using netpoll::sys::call;

// A run takes some milliseconds. One that takes this long hangs.
constexpr unsigned hang_seconds = 60;

// How many calls in a row go wrong in a stretch.
constexpr int stretch = 4;

// After so many failures of one kind of call, more of them say nothing new.
constexpr int most_failures = 10;

constexpr std::size_t styles = std::size(all_echo_styles);

bool is_single_threaded(echo_style style) {
  return style == echo_style::fibers || style == echo_style::handlers;
}

// The newest system calls are used where there are any, and the process remembers when there are
// none. The sweep goes over what takes their place as well.
enum class kernel : std::uint8_t { this_one, old };

struct job {
  echo_style style{};
  fault what;
  effect seen = effect::masked;

  std::string to_string() const {
    return std::string("the echo in ") + name_of(style) + ", " + what.to_string();
  }
};

// What a run without a fault makes of each call.
struct call_counts {
  static constexpr std::size_t most_sites = 64;

  int counts[styles][netpoll::sys::call_count];
  // The number of the first call of each chain of callers; the rest is 0.
  int sites[styles][netpoll::sys::call_count][most_sites];
};

// What parent and child share.
struct shared_state {
  std::atomic<std::size_t> next;
  std::atomic<int> runs;
  std::atomic<int> hits;
  std::atomic<int> not_reached;
  char text[4096];
  call_counts plain[2];
};

shared_state& shared() {
  static auto* const state = static_cast<shared_state*>(::mmap(
      nullptr, sizeof(shared_state), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  return *state;
}

// What was tried, for the last line.
struct {
  std::size_t calls = 0;
  std::size_t places = 0;
  std::size_t errors = 0;
  int failures = 0;
} totals;

// What the watchdog says; it may only call write(2).
char watchdog_text[512];

void watchdog(int /*signal*/) {
  [[maybe_unused]] const auto written = ::write(2, watchdog_text, std::strlen(watchdog_text));
  std::abort();
}

void watch(const job& which) {
  std::snprintf(watchdog_text, sizeof(watchdog_text), "\nThe watchdog: this run does not end: %s\n",
                which.to_string().c_str());
  ::alarm(hang_seconds);
}

void be_expendable() {
  const ::rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  ::signal(SIGALRM, watchdog);
}

// Calls function() in a child, which ends with it. Returns what waitpid(2) says.
template <typename Function>
int in_child(Function function) {
  std::fflush(nullptr);
  shared();  // must be there before there are two processes
  const ::pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    be_expendable();
    function();
    ::alarm(0);
    std::exit(0);  // where a sanitizer looks for leaks
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  return status;
}

std::set<std::string> open_descriptors() {
  std::set<std::string> all;
  ::DIR* const directory = ::opendir("/proc/self/fd");
  const std::string own = std::to_string(::dirfd(directory));
  while (const ::dirent* const entry = ::readdir(directory)) {
    if (entry->d_name != own) {
      all.insert(entry->d_name);
    }
  }
  ::closedir(directory);
  return all;
}

std::string describe(const noted_error& error) {
  return error.operation + " (" + error.ec.category().name() + ' ' +
         std::to_string(error.ec.value()) + ": " + error.ec.message() + ")";
}

// What is wrong with the errors that the run reports; empty if nothing is.
std::string judge_errors(const job& which, const std::vector<noted_error>& errors, int hits) {
  const noted_error& first = errors.front();
  if (hits == 0) {
    return "  an error though no call went wrong: " + describe(first) + '\n';
  }
  if (which.seen == effect::masked) {
    return "  reports what it should deal with: " + describe(first) + '\n';
  }
  const auto is_cause = [&](const noted_error& each) {
    return may_show(which.what.which, which.what.error, each.ec) &&
           may_report(which.what.which, each.operation);
  };
  // On one thread it is told before anything can follow from it.
  const bool is_told = is_single_threaded(which.style)
                           ? is_cause(first)
                           : std::any_of(errors.begin(), errors.end(), is_cause);
  return is_told ? ""
                 : "  reports another error, or from another operation: " + describe(first) + '\n';
}

// What is wrong with the run; empty if nothing is.
std::string judge(const job& which, const echo_result& result, int hits) {
  std::string wrong;
  for (const std::string& each : result.violations) {
    wrong += "  " + each + '\n';
  }
  for (const noted_error& each : result.errors) {
    if (each.ec == net::error::deadline_exceeded) {
      wrong += "  waited for nothing: " + describe(each) + '\n';
    }
  }
  if (!result.errors.empty()) {
    return wrong + judge_errors(which, result.errors, hits);
  }
  if (!result.is_complete) {
    wrong += "  bytes are missing, and nobody was told\n";
  }
  if (hits > 0 && which.seen == effect::reported) {
    wrong += "  the error was not reported\n";
  }
  return wrong;
}

std::string run_job(const job& which) {
  watch(which);
  const std::set<std::string> before = open_descriptors();
  std::string wrong;
  int hits = 0;
  {
    saboteur between(which.what);
    const echo_result result =
        run_echo(which.style, [&](std::uint16_t port, std::function<void()> meddle) {
          between.begin(port, std::move(meddle));
        });
    hits = between.hits();
    wrong = judge(which, result, hits);
    if (between.was_robbed()) {
      wrong += "  a number was closed that had been closed before\n";
    }
  }
  for (const std::string& each : open_descriptors()) {
    if (before.count(each) == 0) {
      wrong += "  descriptor " + each + " is left open\n";
    }
  }
  ++shared().runs;
  shared().hits += hits;
  shared().not_reached += hits == 0 ? 1 : 0;
  return wrong;
}

// Stacks are reserved many at a time and kept: only the first run of a process asks the kernel for
// all.
bool needs_its_own_process(call which) {
  return which == call::map_memory || which == call::advise_memory ||
         which == call::advise_memory_ranges || which == call::protect_memory;
}

// Takes the stacks that earlier runs left behind, so that the next one makes guards again.
void use_up_stacks() {
  for (int i = 0; i < 1000 && netpoll::get_stack_statistics().pooled != 0; ++i) {
    for (const std::size_t size : {std::size_t{0}, echo_stack_size}) {
      std::error_code error;
      (void)netpoll::acquire_stack(size, error);
    }
  }
}

// Makes this process find out that its kernel does not know the newest calls, and go on without.
// Returns what went wrong with that.
std::string become_old() {
  std::string wrong;
  // Memory first: the second run finds stacks that have their guards.
  for (const fault& missing : {fault{call::advise_memory, sabotage::fail, EINVAL, 1, 1000},
                               fault{call::epoll_wait_precise, sabotage::fail, ENOSYS, 1, 1}}) {
    wrong += run_job({echo_style::fibers, missing, effect::masked});
  }
  use_up_stacks();
  return wrong;
}

// Runs all of them, in as many children as it takes, and reports what fails.
void run_all(kernel which_kernel, const std::vector<job>& jobs) {
  shared_state& state = shared();
  state.next = 0;
  int failures = 0;
  while (state.next < jobs.size() && failures < most_failures) {
    state.text[0] = '\0';
    const int status = in_child([&] {
      std::string wrong = which_kernel == kernel::old ? become_old() : "";
      while (wrong.empty() && state.next < jobs.size()) {
        const job& next = jobs[state.next];
        wrong = run_job(next);
        state.next += wrong.empty() ? 1 : 0;
        if (needs_its_own_process(next.what.which)) {
          break;
        }
      }
      if (!wrong.empty()) {
        std::snprintf(state.text, sizeof(state.text), "%s", wrong.c_str());
        ::_exit(1);
      }
    });
    if (status == 0) {
      continue;
    }
    ++failures;
    ++totals.failures;
    const std::size_t failed = state.next++;
    if (failed >= jobs.size()) {
      ADD_FAILURE() << "the process did not end well after its last run: a leak?";
    } else if (state.text[0] != '\0') {
      ADD_FAILURE() << jobs[failed].to_string() << ":\n" << state.text;
    } else {
      ADD_FAILURE() << jobs[failed].to_string() << ": the process ended with "
                    << (WIFSIGNALED(status) ? ::strsignal(WTERMSIG(status)) : "an exit code");
    }
  }
}

// How often the run makes each call, and where; found out in children, so that this process stays
// as it is, and so that each run begins with nothing.
bool find_out(kernel which_kernel) {
  call_counts& found = shared().plain[static_cast<int>(which_kernel)];
  bool is_well = true;
  for (std::size_t i = 0; i < styles; ++i) {
    const int status = in_child([&] {
      std::string wrong = which_kernel == kernel::old ? become_old() : "";
      const job plain{all_echo_styles[i], {}, effect::masked};
      watch(plain);
      saboteur counting({}, true);
      const echo_result result = run_echo(plain.style, [](std::uint16_t, auto&&) {});
      if (const std::string why = judge(plain, result, 0); !why.empty()) {
        wrong += plain.to_string() + ":\n" + why;
      }
      for (int which = 0; which < netpoll::sys::call_count; ++which) {
        found.counts[i][which] = counting.count(static_cast<call>(which));
        const std::vector<int> sites = counting.first_by_caller(static_cast<call>(which));
        std::copy_n(sites.begin(), std::min(sites.size(), call_counts::most_sites),
                    found.sites[i][which]);
      }
      if (!wrong.empty()) {
        std::fputs(wrong.c_str(), stderr);
        ::_exit(1);
      }
    });
    is_well = is_well && status == 0;
  }
  return is_well;
}

const call_counts& baseline(kernel which_kernel) {
  static const std::array<bool, 2> is_found{find_out(kernel::this_one), find_out(kernel::old)};
  EXPECT_TRUE(is_found[static_cast<std::size_t>(which_kernel)]) << "it fails without a fault";
  return shared().plain[static_cast<int>(which_kernel)];
}

// Threads that run no loop wait on an eventfd of their own, and abort when there is none: a death
// test's matter. Those of the contexts come first.
int most_swept(echo_style style, call which, int count) {
  if (which == call::event_fd && style == echo_style::threads) {
    return std::min(count, 1);
  }
  if (which == call::event_fd && style == echo_style::mixed) {
    return std::min(count, 2);
  }
  return count;
}

// The numbers of the calls at which a fault is tried.
std::set<int> occurrences(kernel which_kernel, std::size_t style, call which) {
  const auto index = static_cast<std::size_t>(which);
  const call_counts& plain = baseline(which_kernel);
  const int count = most_swept(all_echo_styles[style], which, plain.counts[style][index]);
  std::set<int> numbers{1, 2, 3, (count + 1) / 2, count};
  for (const int site : plain.sites[style][index]) {
    numbers.insert(site);
  }
  numbers.erase(numbers.begin(), numbers.upper_bound(0));
  numbers.erase(numbers.upper_bound(count), numbers.end());
  return numbers;
}

std::vector<job> jobs_for(kernel which_kernel, call which) {
  std::vector<job> jobs;
  for (std::size_t i = 0; i < styles; ++i) {
    const std::set<int> numbers = occurrences(which_kernel, i, which);
    if (numbers.empty()) {
      continue;
    }
    std::set<std::pair<int, int>> where;  // the first call, and how many
    for (const int number : numbers) {
      where.emplace(number, 1);
    }
    // From some call on; no further than what is swept.
    const int last = *numbers.rbegin();
    for (const int from : {1, (last + 1) / 2}) {
      where.emplace(from, std::min(stretch, last - from + 1));
    }
    const auto add = [&](sabotage how, int error, effect seen) {
      for (const auto& [first, times] : where) {
        jobs.push_back({all_echo_styles[i], {which, how, error, first, times}, seen});
      }
    };
    for (const possible_error& each : errors_of(which)) {
      add(sabotage::fail, each.error, each.seen);
    }
    if (can_be_short(which)) {
      add(sabotage::one_byte, 0, effect::masked);
      add(sabotage::half, 0, effect::masked);
    }
    add(sabotage::delay, 0, effect::masked);
    totals.places += numbers.size();
  }
  return jobs;
}

void sweep(kernel which_kernel, call which) {
  const std::vector<job> jobs = jobs_for(which_kernel, which);
  if (jobs.empty()) {
    GTEST_SKIP() << "the runs make no such call";
  }
  // It does not fail once it has worked, and can only be late.
  const bool never_fails = which == call::memory_barrier;
  EXPECT_EQ(errors_of(which).empty(), never_fails) << "the runs make this call: list its errors";
  ++totals.calls;
  totals.errors += errors_of(which).size();
  run_all(which_kernel, jobs);
}

TEST(FaultSweepBaseline, MakesTheCallsOfAnEcho) {
  for (std::size_t i = 0; i < styles; ++i) {
    for (const call which : {call::socket, call::bind, call::listen, call::accept, call::connect,
                             call::recv, call::send, call::receive_message, call::send_message,
                             call::shutdown, call::close, call::epoll_control}) {
      EXPECT_FALSE(occurrences(kernel::this_one, i, which).empty())
          << name_of(all_echo_styles[i]) << ": " << netpoll::sys::name_of(which);
    }
  }
}

TEST(FaultSweepOldKernel, WaitsInMilliseconds) { sweep(kernel::old, call::epoll_wait); }

TEST(FaultSweepOldKernel, GuardsAStackByProtection) { sweep(kernel::old, call::protect_memory); }

class FaultSweep : public ::testing::TestWithParam<int> {};

TEST_P(FaultSweep, EndsCleanlyWhateverTheCallSays) {
  sweep(kernel::this_one, static_cast<call>(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(Calls, FaultSweep, ::testing::Range(0, netpoll::sys::call_count),
                         [](const auto& info) {
                           std::string name = netpoll::sys::name_of(static_cast<call>(info.param));
                           std::replace_if(
                               name.begin(), name.end(),
                               [](unsigned char c) { return !std::isalnum(c); }, '_');
                           return name;
                         });

// What only a program can cause that works on the library's own descriptors, and a thread that
// finds no descriptor to wait with, end the process and say why.
TEST(FaultSweepDeathTest, AnEpollSetThatIsNoneAborts) {
  const auto wait_with = [](call which, int error) {
    be_expendable();
    saboteur between({which, sabotage::fail, error, 1, 1});
    net::io_context context;
    const auto work = net::make_work_guard(context);
    if (which == call::epoll_wait) {
      context.run();
    } else {
      context.run_for(std::chrono::hours(1));
    }
  };
  for (const int error : {EBADF, EFAULT, EINVAL}) {
    EXPECT_DEATH(wait_with(call::epoll_wait, error), "epoll_wait failed");
    EXPECT_DEATH(wait_with(call::epoll_wait_precise, error), "epoll_wait failed");
  }
}

TEST(FaultSweepDeathTest, AnEventfdThatIsNoneAborts) {
  const auto wake_with = [](int error) {
    be_expendable();
    net::io_context context;
    context.native_handle();  // so that every wake-up is written
    context.poll();
    saboteur between({call::write, sabotage::fail, error, 1, 1});
    net::post(context, [] {});
  };
  for (const int error : {EBADF, EINVAL, EIO, ENOSPC}) {
    EXPECT_DEATH(wake_with(error), "eventfd cannot be written");
  }
}

TEST(FaultSweepDeathTest, AThreadWithoutADescriptorToWaitWithAborts) {
  const auto run_with = [](int error) {
    be_expendable();
    // The first is the context's.
    saboteur between({call::event_fd, sabotage::fail, error, 2, 1});
    run_echo(echo_style::threads, [](std::uint16_t, auto&&) {});
  };
  for (const int error : {EMFILE, ENFILE, ENOMEM}) {
    EXPECT_DEATH(run_with(error), "no descriptor left for a thread to wait with");
  }
}

class summary final : public ::testing::Environment {
 public:
  void TearDown() override {
    std::printf(
        "Fault sweep: %zu kinds of calls at %zu places, %zu errors of theirs; %d runs, %d calls "
        "gone "
        "wrong (none in %d runs); failures: %d\n",
        totals.calls, totals.places, totals.errors, shared().runs.load(), shared().hits.load(),
        shared().not_reached.load(), totals.failures);
  }
};

const auto* const the_summary = ::testing::AddGlobalTestEnvironment(new summary);

}  // namespace
}  // namespace nettest
