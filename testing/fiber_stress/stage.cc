// SPDX-License-Identifier: BSL-1.0
#include "testing/fiber_stress/stage.h"

namespace fiber_stress {

void stage::verify() {
  for (vault& each : vaults) {
    each.verify(books);
  }
  for (library& each : libraries) {
    each.verify(books);
  }
  for (gate& each : gates) {
    each.verify(books);
  }
  std::uint64_t unheard = 0;
  for (bell& each : bells) {
    books.expect(each.mutex.try_lock(), "the mutex of a bell was not free at the end");
    unheard += each.rings;
    each.mutex.unlock();
  }
  books.expect(books.of(event::rung) == books.of(event::heard) + unheard,
               "a bell was not heard as often as it was rung");
  for (mailbox& each : mailboxes) {
    each.renew(books);
  }
  for (lane& each : lanes) {
    each.inside.verify(books);
  }
}

}  // namespace fiber_stress
