// SPDX-License-Identifier: BSL-1.0
//
// A small program that uses most of the library and watches itself: an echo server and its clients
// in one process. Each client sends messages of its own sizes, closes its direction, and reads its
// echo to the end; both ends check every byte. It ends by itself, whatever goes wrong: who gets an
// error notes it and closes what it has, and the listener, so that nobody waits for him.
//
//   const echo_result result = nettest::run_echo(nettest::echo_style::fibers, on_listening);
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <system_error>
#include <vector>

namespace nettest {

enum class echo_style : std::uint8_t {
  fibers,    // everything in fibers of one thread
  handlers,  // everything in completion handlers of one thread
  threads,   // blocking calls on threads that run no loop
  mixed,     // a server in fibers of two threads, clients on threads without a loop
};
inline constexpr echo_style all_echo_styles[] = {echo_style::fibers, echo_style::handlers,
                                                 echo_style::threads, echo_style::mixed};
const char* name_of(echo_style style) noexcept;

// Of its fibers.
inline constexpr std::size_t echo_stack_size = 128 * 1024;

struct noted_error {
  std::string operation;  // as in op_error::operation(), or "context" or "spawn"
  std::error_code ec;
};

struct echo_result {
  // In the order in which they were noted.
  std::vector<noted_error> errors;
  // What must never be, whatever the kernel says: a byte that was not sent, more bytes than were
  // sent, a fiber or handler that is left over.
  std::vector<std::string> violations;
  // Whether every byte went to the server and back, every stream ended, and the timer fired.
  bool is_complete = false;
};

// Is told the port before the first client dials it, and a function that does to the connections
// what must make no difference: moves their deadlines, wakes their loops. It may be called from
// any thread at any time, also after the run.
using on_listening_function = std::function<void(std::uint16_t, std::function<void()>)>;

echo_result run_echo(echo_style style, const on_listening_function& on_listening);

}  // namespace nettest
