// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/stack_overflow.h"

#include <signal.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>

#include "net/fiber/fiber_state.h"

namespace NET_NAMESPACE::internal {
namespace {

constexpr std::size_t signal_stack_size = 64 * 1024;

struct ::sigaction previous_segv;
struct ::sigaction previous_bus;

// A text built without the C library, which a signal handler may not call.
class message {
 public:
  message& operator<<(const char* text) noexcept {
    for (; *text != '\0' && length_ < sizeof(text_); ++text) {
      text_[length_++] = *text;
    }
    return *this;
  }
  message& operator<<(std::uint64_t number) noexcept {
    char digits[21];
    char* first = digits + sizeof(digits) - 1;
    *first = '\0';
    do {
      *--first = static_cast<char>('0' + number % 10);
      number /= 10;
    } while (number != 0);
    return *this << first;
  }
  void write() const noexcept {
    // Nothing can be done when standard error is closed.
    [[maybe_unused]] const auto ignored = ::write(STDERR_FILENO, text_, length_);
  }

 private:
  char text_[512];
  std::size_t length_ = 0;
};

void on_fault(int signal, ::siginfo_t* info, void* context) {
  const fiber_state* const fiber = fiber_state::current();
  const auto* const address = static_cast<const char*>(info->si_addr);
  if (fiber != nullptr && address < fiber->memory().bottom &&
      address >= fiber->memory().bottom - netpoll::stack::guard_size) {
    message text;
    text << "netpoll: stack overflow of fiber " << fiber->id();
    if (*fiber->name() != '\0') {
      text << " \"" << fiber->name() << "\"";
    }
    text << ": its stack is " << fiber->memory().size
         << " bytes; give it a larger one with fiber_options::stack_size\n";
    text.write();
    ::signal(SIGABRT, SIG_DFL);
    std::abort();
  }
  const struct ::sigaction& previous = signal == SIGSEGV ? previous_segv : previous_bus;
  if ((previous.sa_flags & SA_SIGINFO) != 0) {
    previous.sa_sigaction(signal, info, context);
  } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
    previous.sa_handler(signal);
  } else {
    // The faulting instruction runs again, without us.
    ::sigaction(signal, &previous, nullptr);
  }
}

void install_handlers() noexcept {
  struct ::sigaction action{};
  action.sa_sigaction = &on_fault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(SIGSEGV, &action, &previous_segv);
  ::sigaction(SIGBUS, &action, &previous_bus);
}

// A thread's signal stack, unless it has one from somebody else.
class signal_stack {
 public:
  signal_stack() noexcept {
    ::stack_t present{};
    if (::sigaltstack(nullptr, &present) == 0 && (present.ss_flags & SS_DISABLE) == 0) {
      return;
    }
    memory_.reset(new (std::nothrow) char[signal_stack_size]);
    if (memory_ != nullptr) {
      ::stack_t mine{};
      mine.ss_sp = memory_.get();
      mine.ss_size = signal_stack_size;
      ::sigaltstack(&mine, nullptr);
    }
  }
  ~signal_stack() {
    if (memory_ != nullptr) {
      ::stack_t none{};
      none.ss_flags = SS_DISABLE;
      ::sigaltstack(&none, nullptr);
    }
  }
  signal_stack(const signal_stack&) = delete;
  signal_stack& operator=(const signal_stack&) = delete;

 private:
  std::unique_ptr<char[]> memory_;
};

constinit thread_local bool is_installed = false;

}  // namespace

void install_overflow_handler() noexcept {
  if (is_installed) [[likely]] {
    return;
  }
  is_installed = true;
  static std::once_flag once;
  std::call_once(once, install_handlers);
  static thread_local signal_stack mine;
  (void)mine;
}

}  // namespace NET_NAMESPACE::internal
