// SPDX-License-Identifier: BSL-1.0
#include "net/fiber/stack_overflow.h"

#include <signal.h>
#include <sys/auxv.h>
#include <ucontext.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>

#include "net/fiber/fiber_state.h"
#include "net/fiber/stack.h"
#include "net/fiber/stack_directory.h"

namespace NET_NAMESPACE::internal {
namespace {

// What the kernel needs for a frame with all registers, from linux/auxvec.h, which older headers
// lack; and what a handler of somebody else's, to which a fault is passed on, may need.
constexpr unsigned long auxv_smallest_signal_stack = 51;
constexpr std::size_t handler_needs = 64 * 1024;

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

std::intptr_t stack_pointer_of(const void* context) noexcept {
  const ::mcontext_t& saved = static_cast<const ::ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  return saved.gregs[REG_RSP];
#else
  return static_cast<std::intptr_t>(saved.sp);
#endif
}

// Whether a fault at `address` is an overflow of `memory`, on which the fiber runs. An overflow
// touches memory near the stack pointer or above it, in the guard of the fiber; or, when a large
// frame took the stack pointer past that at once, in the guard of another. A wild pointer that
// happens to hit a guard, while the stack pointer is where it should be, is something else.
bool is_overflow(const netpoll::stack& memory, const void* address,
                 std::intptr_t stack_pointer) noexcept {
  // Below the stack pointer are the red zone, what a call pushes, and the frame that an instruction
  // makes which moves the stack pointer and stores at once.
  constexpr std::intptr_t reach = 4096;
  const auto bottom = reinterpret_cast<std::intptr_t>(memory.bottom);
  const auto touched = reinterpret_cast<std::intptr_t>(address);
  if (touched >= bottom || stack_pointer - touched > reach) {
    return false;
  }
  return bottom - touched <= static_cast<std::intptr_t>(netpoll::stack::guard_size) ||
         (stack_pointer < bottom && netpoll::is_in_stack_guard(address));
}

void report(const fiber_state& fiber) noexcept {
  // Once: a handler that returns would have us here again.
  static constinit std::atomic<bool> is_reported{false};
  if (is_reported.exchange(true, std::memory_order_relaxed)) {  // relaxed: a flag on its own
    return;
  }
  message text;
  text << "netpoll: stack overflow of fiber " << fiber.id();
  if (*fiber.name() != '\0') {
    text << " \"" << fiber.name() << "\"";
  }
  text << ": its stack is " << fiber.memory().size
       << " bytes; give it a larger one with fiber_options::stack_size\n";
  text.write();
}

// Does what would have happened without us.
void pass_on(int signal, ::siginfo_t* info, void* context) {
  struct ::sigaction& previous = signal == SIGSEGV ? previous_segv : previous_bus;
  if (previous.sa_handler == SIG_DFL || previous.sa_handler == SIG_IGN) {
    // The faulting instruction runs again, without us. A signal that somebody sent comes but once.
    ::sigaction(signal, &previous, nullptr);
    if (info->si_code <= 0 && previous.sa_handler == SIG_DFL) {
      (void)::raise(signal);
    }
    return;
  }
  const struct ::sigaction called = previous;
  if ((called.sa_flags & SA_RESETHAND) != 0) {
    previous.sa_handler = SIG_DFL;
  }
  ::sigset_t before;
  ::pthread_sigmask(SIG_BLOCK, &called.sa_mask, &before);
  if ((called.sa_flags & SA_SIGINFO) != 0) {
    called.sa_sigaction(signal, info, context);
  } else {
    called.sa_handler(signal);
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void on_fault(int signal, ::siginfo_t* info, void* context) {
  const int error = errno;
  const fiber_state* const fiber = fiber_state::current();
  // A positive code: the kernel found a fault, and nobody sent the signal.
  if (fiber != nullptr && info->si_code > 0 &&
      is_overflow(fiber->memory(), info->si_addr, stack_pointer_of(context))) {
    report(*fiber);
  }
  pass_on(signal, info, context);
  errno = error;
}

void install_handlers() noexcept {
  struct ::sigaction action {};
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
    const std::size_t size = ::getauxval(auxv_smallest_signal_stack) + handler_needs;
    memory_.reset(new (std::nothrow) char[size]);
    if (memory_ != nullptr) {
      ::stack_t mine{};
      mine.ss_sp = memory_.get();
      mine.ss_size = size;
      ::sigaltstack(&mine, nullptr);
    }
  }
  ~signal_stack() {
    ::stack_t present{};
    if (memory_ != nullptr && ::sigaltstack(nullptr, &present) == 0 &&
        present.ss_sp == memory_.get()) {
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
