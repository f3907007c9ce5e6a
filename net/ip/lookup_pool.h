// SPDX-License-Identifier: BSL-1.0
//
// Threads that ask the C library, which blocks, so that others can wait for its answers as for
// anything else: in a fiber, in a thread, or with an operation.
//
//   auto question = std::make_shared<name_lookup>("localhost", "http", hints);
//   await(pool, *question, netpoll::never, question->ec);
//
// The threads start with the first questions that need them. A question that nobody waits for any
// more is not asked, or ends unheard. So a pool can end at any time: a thread that is inside the C
// library then ends later by itself.
//
// Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "net/config.h"
#include "net/error.h"
#include "net/ip/lookup.h"
#include "netpoll/base/clock.h"
#include "netpoll/base/intrusive_list.h"
#include "netpoll/waiter.h"

namespace NET_NAMESPACE::ip::internal {

class lookup_pool {
 public:
  explicit lookup_pool(std::size_t most_threads);
  lookup_pool(const lookup_pool&) = delete;
  lookup_pool& operator=(const lookup_pool&) = delete;
  // Nobody may be waiting: see shut_down().
  ~lookup_pool();

  // Ends the waits of `owner` as cancelled.
  void cancel(std::uint64_t owner) noexcept;
  // Ends all waits so, and those to come.
  void shut_down() noexcept;

  // Around a fork: the first waits until no thread is asking.
  void before_fork();
  void after_fork();

 private:
  friend class lookup_wait;
  struct state;

  // Shared with the threads, which may be there when the pool is not any more.
  std::shared_ptr<state> state_;
};

// Waiting for the answer to one question, which it asks. Of no use a second time.
class lookup_wait final : public netpoll::waiter, public netpoll::intrusive_list_node<lookup_wait> {
 public:
  // `owner`: see lookup_pool::cancel().
  lookup_wait(lookup_pool& pool, std::shared_ptr<lookup> what, std::uint64_t owner) noexcept;

  bool commit() noexcept override;
  bool withdraw() noexcept override;
  void describe(netpoll::description& into) const noexcept override;
  bool waits_for_kernel() const noexcept override { return true; }

 private:
  friend class lookup_pool;

  const std::shared_ptr<lookup_pool::state> state_;
  const std::shared_ptr<lookup> what_;
  const std::uint64_t owner_;
};

// Asks, and waits until `deadline` at the longest. Errors: error::deadline_exceeded,
// error::operation_aborted, and that of the answer.
void await(lookup_pool& pool, const std::shared_ptr<lookup>& what, netpoll::nanotime deadline,
           error_code& ec);

}  // namespace NET_NAMESPACE::ip::internal
