// SPDX-License-Identifier: BSL-1.0
#include <functional>
#include <vector>

#include "net/net.h"
#include "testing/soak/task.h"

namespace soak {
namespace {

// How many actions a style lasts.
unsigned draw_actions(task& what) {
  return static_cast<unsigned>(what.style_dice().between(1, 24));
}

// The buffers of an action, one or two.
template <typename Buffer>
struct split_buffers {
  explicit split_buffers(const action& from)
      : parts{Buffer(from.data, from.split),
              Buffer(from.data + from.split, from.size - from.split)},
        count(from.split != 0 ? 2 : 1),
        first(from.split != 0 ? 0 : 1) {}
  const Buffer* begin() const noexcept { return parts.data() + first; }
  const Buffer* end() const noexcept { return begin() + count; }

  std::array<Buffer, 2> parts;
  std::size_t count;
  std::size_t first;
};
using read_buffers = split_buffers<net::mutable_buffer>;
using write_buffers = split_buffers<net::const_buffer>;

// In a fiber, or in a plain thread: it is the same.
void run_synchronously(const std::shared_ptr<task>& what, unsigned actions) {
  endpoint& end = what->end();
  for (; actions > 0; --actions) {
    const action next = what->next();
    std::error_code ec;
    switch (next.what) {
      case action::kind::read: {
        const auto op = end.begin(direction::read);
        const std::size_t bytes = end.connection().read(read_buffers(next), ec);
        what->complete(end.end(op, ec, bytes), bytes);
        break;
      }
      case action::kind::write: {
        const auto op = end.begin(direction::write);
        const std::size_t bytes = end.connection().write(write_buffers(next), ec);
        what->complete(end.end(op, ec, bytes), bytes);
        break;
      }
      case action::kind::pause:
        net::this_fiber::sleep_for(next.pause);
        break;
      case action::kind::stop:
        return;
    }
  }
  drive(what);
}

// One handler after the other.
void run_handlers(std::shared_ptr<task> what, unsigned actions) {
  if (actions == 0) {
    drive(std::move(what));
    return;
  }
  endpoint& end = what->end();
  const action next = what->next();
  switch (next.what) {
    case action::kind::read: {
      const auto op = end.begin(direction::read);
      end.connection().async_read(read_buffers(next),
                                  [what, op, actions](std::error_code ec, std::size_t bytes) {
                                    what->complete(what->end().end(op, ec, bytes), bytes);
                                    run_handlers(what, actions - 1);
                                  });
      break;
    }
    case action::kind::write: {
      const auto op = end.begin(direction::write);
      end.connection().async_write(write_buffers(next),
                                   [what, op, actions](std::error_code ec, std::size_t bytes) {
                                     what->complete(what->end().end(op, ec, bytes), bytes);
                                     run_handlers(what, actions - 1);
                                   });
      break;
    }
    case action::kind::pause: {
      auto timer = std::make_shared<net::steady_timer>(end.where().context, next.pause);
      net::steady_timer& waited = *timer;
      waited.async_wait([what, actions, timer = std::move(timer)](std::error_code) {
        what->end().where().counts.add(event::timers);
        run_handlers(what, actions - 1);
      });
      break;
    }
    case action::kind::stop:
      break;
  }
}

}  // namespace

void drive(std::shared_ptr<task> what) {
  world& where = what->end().where();
  const unsigned actions = draw_actions(*what);
  const std::uint64_t style = what->style_dice().below(8);
  if (style == 0) {
    std::function<void()> step = [what, actions] { run_synchronously(what, actions); };
    if (where.threads.try_run(step)) {
      where.counts.add(event::steps_in_threads);
      return;
    }
  }
  if (style < 4) {
    where.go([what = std::move(what), actions] { run_synchronously(what, actions); });
  } else {
    net::post(where.context, [what = std::move(what), actions]() mutable {
      run_handlers(std::move(what), actions);
    });
  }
}

}  // namespace soak
