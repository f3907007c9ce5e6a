// SPDX-License-Identifier: BSL-1.0
#include "net/execution/properties/completion_gate.h"

namespace NET_NAMESPACE::internal {

completion_gate::completion_gate() noexcept
    : mutex_(PTHREAD_MUTEX_INITIALIZER), opened_(PTHREAD_COND_INITIALIZER) {}

completion_gate::~completion_gate() {
  pthread_cond_destroy(&opened_);
  pthread_mutex_destroy(&mutex_);
}

void completion_gate::open() noexcept {
  pthread_mutex_lock(&mutex_);
  is_open_ = true;
  // Under the mutex: the one that waits destroys both as soon as it has seen is_open_.
  pthread_cond_signal(&opened_);
  pthread_mutex_unlock(&mutex_);
}

void completion_gate::wait() noexcept {
  pthread_mutex_lock(&mutex_);
  while (!is_open_) {
    pthread_cond_wait(&opened_, &mutex_);
  }
  pthread_mutex_unlock(&mutex_);
}

}  // namespace NET_NAMESPACE::internal
