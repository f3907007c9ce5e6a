// SPDX-License-Identifier: BSL-1.0
//
// A program in three lines: run() makes a context, runs a function in a fiber on it, and returns
// when that and everything it started has ended.
//
//   int main() {
//     net::run([] { … });
//   }
#pragma once

#include <exception>
#include <type_traits>
#include <utility>
#include <vector>

#include "net/config.h"
#include "net/fiber/fiber.h"
#include "net/io_context.h"

namespace NET_NAMESPACE {

// The context that the calling thread runs; outside of any, one that belongs to the process and
// that nobody runs unless you do: blocking calls need nobody to.
io_context& current_context();

namespace internal {

// Runs `context` on so many threads, this one included, until it stops. Rethrows the first
// exception that left a handler or a detached fiber; the context is then stopped.
void run_on_threads(io_context& context, std::size_t threads);

}  // namespace internal

// Runs function() in a fiber of a new context with `threads` threads, this one included. Returns
// when no fiber is left and no operation under way, or after current_context().stop(), which
// unwinds the fibers that still wait. Returns what function() returned (a default-constructed value
// if it was stopped before it could); rethrows what it threw.
template <typename Function>
auto run(Function&& function, std::size_t threads = 1) {
  using result_type = std::invoke_result_t<std::decay_t<Function>&>;
  std::exception_ptr error;
  if constexpr (std::is_void_v<result_type>) {
    io_context context;
    go(context, [&] {
      try {
        function();
      } catch (const internal::fiber_unwind&) {
        throw;
      } catch (...) {
        error = std::current_exception();
        context.stop();
      }
    });
    internal::run_on_threads(context, threads);
    if (error) {
      std::rethrow_exception(error);
    }
  } else {
    result_type result{};
    run([&] { result = function(); }, threads);
    return result;
  }
}

}  // namespace NET_NAMESPACE
