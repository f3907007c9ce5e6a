// SPDX-License-Identifier: BSL-1.0
//
// Functions that go on where they left off, without a stack and without compiler support: a
// `coroutine` remembers a place in the block that follows NET_CORO_REENTER, and the next call of
// the function jumps there. Copyable, an int in size. net/async/yield.h gives the macros the short
// names `reenter`, `yield` and `fork`, which net/async/unyield.h takes away again:
//
//   struct session : net::coroutine {
//     void operator()(std::error_code ec = {}, std::size_t n = 0) {
//       if (!ec) reenter (this) {
//         for (;;) {
//           yield socket->async_read_some(net::buffer(*data), *this);
//           yield net::async_write(*socket, net::buffer(*data, n), *this);
//         }
//       }
//     }
//     …
//   };
//
// `yield statement` runs the statement, then leaves the block; `yield return x` returns x; `yield;`
// just leaves; `yield break` ends the coroutine. `fork statement` runs the statement with a
// coroutine that is the child (a copy made there goes on behind the fork with is_child() true), then
// goes on as the parent. A coroutine has ended when its block was left in any way but by a yield.
//
// One block a function, one yield or fork a line. Local variables do not survive a yield, and none
// may be in scope where a yield is. The function's object may be gone once a yielded statement has
// handed it on: nothing of it is touched after that.
#pragma once

#include "net/config.h"

namespace NET_NAMESPACE {
namespace internal {

class coroutine_cursor;

}  // namespace internal

class coroutine {
 public:
  bool is_child() const { return place_ < 0; }
  bool is_parent() const { return !is_child(); }
  bool is_complete() const { return place_ == ended; }

 private:
  friend class internal::coroutine_cursor;

  static constexpr int ended = -1;

  // 0: at the start. Else the line of the yield or fork to go on from, negative in a fork's child.
  int place_ = 0;
};

namespace internal {

// One run through the block. Ends the coroutine unless it was told where to go on.
class coroutine_cursor {
 public:
  explicit coroutine_cursor(coroutine& which) noexcept : place_(which.place_) {}
  explicit coroutine_cursor(coroutine* which) noexcept : place_(which->place_) {}
  ~coroutine_cursor() {
    if (ends_) {
      place_ = coroutine::ended;
    }
  }
  coroutine_cursor(const coroutine_cursor&) = delete;
  coroutine_cursor& operator=(const coroutine_cursor&) = delete;

  int place() const noexcept { return place_; }

  // From here on the coroutine may be gone, unless end() is called.
  void suspend(int place) noexcept {
    place_ = place;
    ends_ = false;
    leaving_ = true;
  }
  bool leaving() const noexcept { return leaving_; }
  void end() noexcept { ends_ = true; }

  void fork(int place) noexcept {
    place_ = -place;
    forking_ = true;
  }
  bool forking() const noexcept { return forking_; }
  void forked(int place) noexcept {
    if (forking_) {
      place_ = place;
      forking_ = false;
    }
  }

 private:
  int& place_;
  bool ends_ = true;
  bool leaving_ = false;
  bool forking_ = false;
};

}  // namespace internal
}  // namespace NET_NAMESPACE

// The cases of this switch are the start and, anywhere inside the block, the yields and forks. For a
// coroutine that has ended there is none. What stands before `else` is reached by goto only.
#define NET_CORO_REENTER(c)                                                                        \
  switch (::NET_NAMESPACE::internal::coroutine_cursor net_coro_cursor(c); net_coro_cursor.place()) \
  case 0:                                                                                          \
    if (false) {                                                                                   \
    net_coro_end:                                                                                  \
      __attribute__((unused));                                                                     \
      net_coro_cursor.end();                                                                       \
    net_coro_leave:                                                                                \
      __attribute__((unused));                                                                     \
      break;                                                                                       \
    } else

// The statement that follows is the body of the inner loop. It runs to its end, which leaves the
// block, or into a `break`, which ends the coroutine. Who comes by the case, resumed, finds the
// loops' condition false. There is no `if` here for a caller's `else` to belong to.
#define NET_CORO_YIELD NET_CORO_YIELD_AT(__LINE__ + 1)
#define NET_CORO_YIELD_AT(n)                                                 \
  for (net_coro_cursor.suspend(n); net_coro_cursor.leaving();) case (n):     \
    for (; net_coro_cursor.leaving(); __extension__({ goto net_coro_end; })) \
      for (;; __extension__({ goto net_coro_leave; }))

// The same shape: who comes by the case is the child.
#define NET_CORO_FORK NET_CORO_FORK_AT(__LINE__ + 1)
#define NET_CORO_FORK_AT(n)                                                                      \
  for (net_coro_cursor.fork(n); net_coro_cursor.forking(); net_coro_cursor.forked(n)) case -(n): \
    for (; net_coro_cursor.forking(); net_coro_cursor.forked(n))
