// SPDX-License-Identifier: BSL-1.0
#include "net/execution/any_executor_base.h"

namespace NET_NAMESPACE::internal {

// What was here goes last: its end may be the end of whatever holds `other`.
void any_executor_base::replace(any_executor_base& other, const erased_functions& none) noexcept {
  any_executor_base old(std::move(*this), none);
  take(other, none);
}

void any_executor_base::finish_copy(const any_executor_base& other) noexcept {
  if (functions_->kind == target_kind::shared) {
    // Relaxed: who copies has a reference, so nothing is destroyed meanwhile.
    static_cast<shared_target*>(words_[0])->references.fetch_add(1, std::memory_order_relaxed);
  } else {
    functions_->copy(other.words_, words_);
  }
}

void any_executor_base::destroy() noexcept {
  if (functions_->kind != target_kind::shared) {
    functions_->destroy(words_);
    return;
  }
  auto* const block = static_cast<shared_target*>(words_[0]);
  // Release what this copy did with the target; the last one acquires what all did.
  if (block->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    block->destroy(block);
  }
}

}  // namespace NET_NAMESPACE::internal
