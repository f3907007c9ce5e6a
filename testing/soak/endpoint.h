// SPDX-License-Identifier: BSL-1.0
//
// One end of a link: a net::conn, and the judge of what is done on it. It lives as long as somebody
// has work to do on it; when the last one leaves, the connection is closed.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "net/net.h"
#include "testing/soak/disturbed.h"
#include "testing/soak/link.h"
#include "testing/soak/world.h"

namespace soak {

class endpoint : public std::enable_shared_from_this<endpoint> {
 public:
  // Side 0 is the client's. `on_end` is called when the endpoint goes. start_tasks() comes next.
  endpoint(world& where, std::shared_ptr<link> what, int side, net::conn connection,
           std::function<void()> on_end);
  ~endpoint();

  world& where() noexcept { return world_; }
  link& shared() noexcept { return *link_; }
  int side() const noexcept { return side_; }
  net::conn& connection() noexcept { return conn_; }
  disturbed& judge() noexcept { return judge_; }
  const link::side_plan& plan() const noexcept {
    return link_->what().sides[static_cast<std::size_t>(side_)];
  }
  // What this end sends and what it receives.
  link::progress& outgoing() noexcept { return link_->directions[static_cast<std::size_t>(side_)]; }
  link::progress& incoming() noexcept {
    return link_->directions[static_cast<std::size_t>(1 - side_)];
  }

  disturbed::operation begin(direction which) noexcept;
  outcome end(const disturbed::operation& op, const std::error_code& ec, std::size_t bytes);

  // What others do to it, from anywhere at any time.
  void disturb(random& dice);
  void clear_deadline(direction which);
  // In the middle of things.
  void break_off();
  void half_close();

  std::string describe() const;

  // For the world's list.
  std::size_t place = 0;

 private:
  world& world_;
  std::shared_ptr<link> link_;
  const int side_;
  disturbed judge_;
  net::conn conn_;
  std::function<void()> on_end_;
};

}  // namespace soak
