// SPDX-License-Identifier: BSL-1.0
#include "testing/interleave/scheduler.h"

#include <algorithm>
#include <cstdio>
#include <system_error>

#include "net/fiber/fiber_context.h"
#include "net/fiber/sanitizer.h"
#include "net/fiber/stack.h"
#include "netpoll/base/check.h"

namespace netpoll::interleave {
namespace {

// A point at which somebody had to be chosen.
struct choice {
  std::vector<std::size_t> possible;  // in the order in which they are tried
  std::size_t chosen = 0;             // index into `possible`
  // Whether possible[0] is the actor that was running: choosing another one is a preemption.
  bool can_continue = false;
  std::size_t preemptions_before = 0;
};

struct trace_entry {
  std::size_t actor;
  const char* what;
  const void* where;
};

// A stack on which actors run, one after another; it lasts as long as the process.
class runner {
 public:
  runner() {
    std::error_code error;
    stack_ = acquire_stack(std::size_t{256} << 10, error);
    check(!error, "no stack for an actor");
    sanitizer_.create(stack_.bottom, stack_.size);
    context_ = make_context(stack_.top(), &runner::enter, this);
  }

  void start(actor what) {
    function_ = std::move(what);
    is_finished_ = false;
    what_ = "begin";
    where_ = nullptr;
    is_possible_ = nullptr;
  }
  bool is_finished() const { return is_finished_; }
  bool is_enabled() const { return !is_finished_ && (!is_possible_ || is_possible_()); }

  // Runs the actor until its next access. Called by the scheduler.
  void go_on(sanitizer_stack& outside) {
    outside_ = &outside;
    outside.start_switch(sanitizer_, false);
    netpoll_switch_context(&outer_context_, context_);
    outside.finish_switch(sanitizer_);
  }
  // Back to the scheduler. Called by the actor.
  void pause() {
    sanitizer_.start_switch(*outside_, false);
    netpoll_switch_context(&context_, outer_context_);
    sanitizer_.finish_switch(*outside_);
  }

  std::function<bool()> is_possible_;  // set while blocked
  const char* what_ = "begin";
  const void* where_ = nullptr;

 private:
  static void enter(void* self) {
    auto& mine = *static_cast<runner*>(self);
    mine.sanitizer_.finish_switch(*mine.outside_);
    for (;;) {
      mine.function_();
      mine.function_ = nullptr;
      mine.is_finished_ = true;
      mine.pause();
    }
  }

  stack stack_{};
  sanitizer_stack sanitizer_;
  sanitizer_stack* outside_ = nullptr;
  void* context_ = nullptr;
  void* outer_context_ = nullptr;
  actor function_;
  bool is_finished_ = true;
};

// The actor that runs; null outside an exploration and in the scheduler itself.
runner* running = nullptr;

class explorer {
 public:
  explorer(const std::function<std::unique_ptr<scenario>()>& make, limits bounds)
      : make_(make), bounds_(bounds) {
    outside_.adopt_current_thread();
  }

  exploration run() {
    exploration result;
    do {
      result.failure = run_once();
      ++result.orders;
      result.longest = std::max(result.longest, trace_.size());
      if (!result.failure.empty()) {
        result.failure += describe_trace();
        return result;
      }
    } while (advance());
    return result;
  }

 private:
  // Stacks are kept: an order takes microseconds, a stack does not. Those of actors that never
  // ended are given up, with what stands on them.
  static std::vector<runner*>& idle_runners() {
    static auto* const all = new std::vector<runner*>;
    return *all;
  }
  static runner* take_runner() {
    auto& idle = idle_runners();
    if (idle.empty()) {
      return new runner;
    }
    runner* const taken = idle.back();
    idle.pop_back();
    return taken;
  }

  std::string run_once() {
    trace_.clear();
    position_ = 0;
    std::unique_ptr<scenario> current = make_();
    std::vector<actor> actors = current->actors();
    std::vector<runner*> runners;
    for (actor& each : actors) {
      runners.push_back(take_runner());
      runners.back()->start(std::move(each));
    }
    std::string failure = drive(runners);
    if (!failure.empty()) {
      (void)current.release();  // actors that did not end still use it
      return failure;
    }
    idle_runners().insert(idle_runners().end(), runners.rbegin(), runners.rend());
    return current->verify();
  }

  std::string drive(const std::vector<runner*>& runners) {
    std::size_t last = runners.size();
    std::size_t preemptions = 0;
    for (;;) {
      std::vector<std::size_t> enabled;
      bool all_finished = true;
      for (std::size_t i = 0; i < runners.size(); ++i) {
        all_finished &= runners[i]->is_finished();
        if (runners[i]->is_enabled()) {
          enabled.push_back(i);
        }
      }
      if (all_finished) {
        return {};
      }
      if (enabled.empty()) {
        std::string who;
        for (std::size_t i = 0; i < runners.size(); ++i) {
          if (!runners[i]->is_finished()) {
            who += " " + std::to_string(i) + " (" + runners[i]->what_ + ")";
          }
        }
        return "nobody can go on; actors that wait:" + who;
      }
      if (trace_.size() >= bounds_.steps) {
        return "does not end";
      }
      const std::size_t next = choose(enabled, last, preemptions);
      const bool was_preempted = next != last && last < runners.size() &&
                                 std::find(enabled.begin(), enabled.end(), last) != enabled.end();
      preemptions += was_preempted ? 1 : 0;
      last = next;
      runner& chosen = *runners[next];
      trace_.push_back({next, chosen.what_, chosen.where_});
      chosen.is_possible_ = nullptr;
      running = &chosen;
      chosen.go_on(outside_);
      running = nullptr;
    }
  }

  // Follows the order being repeated, and beyond its end goes on with whoever was running.
  std::size_t choose(const std::vector<std::size_t>& enabled, std::size_t last,
                     std::size_t preemptions) {
    if (enabled.size() == 1) {
      return enabled.front();
    }
    if (position_ == choices_.size()) {
      choice fresh;
      fresh.can_continue = std::find(enabled.begin(), enabled.end(), last) != enabled.end();
      fresh.preemptions_before = preemptions;
      if (fresh.can_continue) {
        fresh.possible.push_back(last);
      }
      for (const std::size_t each : enabled) {
        if (!fresh.can_continue || each != last) {
          fresh.possible.push_back(each);
        }
      }
      choices_.push_back(std::move(fresh));
    }
    const choice& here = choices_[position_++];
    return here.possible[here.chosen];
  }

  // On to the next order. False: that was the last.
  bool advance() {
    while (!choices_.empty()) {
      choice& latest = choices_.back();
      const bool may_preempt =
          !latest.can_continue || latest.preemptions_before < bounds_.preemptions;
      if (may_preempt && latest.chosen + 1 < latest.possible.size()) {
        ++latest.chosen;
        return true;
      }
      choices_.pop_back();
    }
    return false;
  }

  std::string describe_trace() const {
    std::string text = "\nthe order (actor: access, to what):\n";
    for (const trace_entry& each : trace_) {
      char line[96];
      std::snprintf(line, sizeof(line), "  %zu: %s %p\n", each.actor, each.what, each.where);
      text += line;
    }
    return text;
  }

  const std::function<std::unique_ptr<scenario>()>& make_;
  const limits bounds_;
  sanitizer_stack outside_;
  std::vector<choice> choices_;
  std::size_t position_ = 0;
  std::vector<trace_entry> trace_;
};

}  // namespace

void step(const char* what, const void* where) noexcept {
  if (runner* const self = running) {
    self->what_ = what;
    self->where_ = where;
    self->pause();
  }
}

void block_until(const char* what, const void* where, const std::function<bool()>& is_possible) {
  check(running != nullptr, "an actor's wait outside an exploration would never end");
  runner& self = *running;
  while (!is_possible()) {
    self.what_ = what;
    self.where_ = where;
    self.is_possible_ = is_possible;
    self.pause();
  }
}

const void* current_actor() noexcept { return running; }

exploration explore(const std::function<std::unique_ptr<scenario>()>& make, limits bounds) {
  return explorer(make, bounds).run();
}

}  // namespace netpoll::interleave
