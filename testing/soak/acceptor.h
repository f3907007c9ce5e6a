// SPDX-License-Identifier: BSL-1.0
//
// A listener, the judge of its accepts, and what becomes of the connections: each gets a fiber that
// reads which link it is, and then the tasks of the server's end.
#pragma once

#include <memory>
#include <string>

#include "net/net.h"
#include "testing/soak/disturbed.h"
#include "testing/soak/random.h"
#include "testing/soak/world.h"

namespace soak {

class acceptor {
 public:
  explicit acceptor(world& where);

  std::string address() const { return listener_.local_endpoint().to_string(); }
  unsigned short port() const { return listener_.local_endpoint().port(); }

  // Each accepts until the listener is closed. May run side by side.
  void accept_synchronously();
  void accept_with_handlers();

  void disturb(random& dice);
  void close();
  std::string describe() const;

 private:
  // False if there is no use in going on.
  bool accepted(const disturbed::operation& op, const std::error_code& ec, net::conn connection);
  void greet(net::conn connection);

  world& world_;
  disturbed judge_;
  net::listener listener_;
};

}  // namespace soak
