// SPDX-License-Identifier: BSL-1.0
//
// The shipping descriptor, operation and reactor code in every order of steps of two and three
// actors: operations that park, events, closes, deadlines that fire and are moved, cancellations,
// descriptors used anew. In every order each operation ends, is resumed once for each time it
// parked, and makes no call on a number that was closed.
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "netpoll/error.h"
#include "testing/interleave/expect.h"
#include "testing/interleave/world.h"

namespace netpoll::interleave {
namespace {

// ---- One operation and what ends it -------------------------------------------------------------

template <trigger How>
class reader_and_event : public descriptor_scenario {
 public:
  reader_and_event() { (void)fd_.set_trigger(How); }

  std::vector<actor> actors() override {
    return {[this] {
              first_.run(fd_);
              second_.run(fd_);
              is_over_ = true;
            },
            [this] {
              kernel_.arrive(number_);
              kernel_.arrive(number_);
            },
            [this] { run_reactor(); }};
  }
  std::string verify() override {
    return first_of({first_.verify(), second_.verify(),
                     first_.error() || second_.error() ? "an error" : "",
                     kernel_.at(number_).items != 0 ? "an item was not read" : "",
                     first_.attempts() + second_.attempts() > 8 ? "tries in vain" : ""});
  }

 private:
  operation first_{kernel_};
  operation second_{kernel_};
};

TEST(PollDescriptorOrders, AnEdgeIsNotLost) {
  explore_and_expect_fine<reader_and_event<trigger::edge>>("two reads, two items, edge", 3);
}

TEST(PollDescriptorOrders, ALevelIsNotLost) {
  explore_and_expect_fine<reader_and_event<trigger::level>>("two reads, two items, level", 3);
}

TEST(PollDescriptorOrders, AOneShotReportIsNotLost) {
  explore_and_expect_fine<reader_and_event<trigger::one_shot>>("two reads, two items, one-shot", 3);
}

class reader_and_closer : public descriptor_scenario {
 public:
  std::vector<actor> actors() override {
    return {[this] { reading_.run(fd_); },
            [this] {
              (void)fd_.close();
              closes_at_return_ = kernel_.times_closed(number_);
            }};
  }
  std::string verify() override {
    return first_of({reading_.verify(), reading_.error() != errc::closed ? "not closed" : "",
                     closes_at_return_ != 1 ? "close() returned before the number was closed" : "",
                     kernel_.times_closed(number_) != 1 ? "closed more than once" : ""});
  }

 private:
  operation reading_{kernel_};
  int closes_at_return_ = 0;
};

TEST(PollDescriptorOrders, ACloseEndsAReader) {
  explore_and_expect_fine<reader_and_closer>("read, close", 4);
}

class reader_event_and_closer : public descriptor_scenario {
 public:
  std::vector<actor> actors() override {
    return {[this] {
              reading_.run(fd_);
              is_over_ = true;
            },
            [this] { (void)fd_.close(); },
            [this] {
              kernel_.arrive(number_);
              run_reactor();
            }};
  }
  std::string verify() override {
    const bool is_right = reading_.error() == errc::closed
                              ? reading_.taken_from() < 0
                              : !reading_.error() && reading_.taken_from() == number_;
    return first_of({reading_.verify(), is_right ? "" : "neither read nor closed"});
  }

 private:
  operation reading_{kernel_};
};

TEST(PollDescriptorOrders, ACloseAndAnEventEndAReaderOnce) {
  explore_and_expect_fine<reader_event_and_closer>("read, item, close", 3);
}

class two_closers : public descriptor_scenario {
 public:
  std::vector<actor> actors() override {
    const actor close = [this] { succeeded_ += fd_.close() ? 0 : 1; };
    return {close, close, [this] { reading_.run(fd_); }};
  }
  std::string verify() override {
    return first_of({reading_.verify(), succeeded_ != 1 ? "not exactly one close succeeded" : "",
                     kernel_.times_closed(number_) != 1 ? "not closed exactly once" : ""});
  }

 private:
  operation reading_{kernel_};
  int succeeded_ = 0;
};

TEST(PollDescriptorOrders, OfTwoClosesOneCloses) {
  explore_and_expect_fine<two_closers>("close, close, read", 3);
}

class reader_and_canceller : public descriptor_scenario {
 public:
  std::vector<actor> actors() override {
    // The read has begun before it is cancelled; where it is by then, is open.
    reading_.start(fd_);
    return {[this] { reading_.finish(); }, [this] { fd_.cancel(); }};
  }
  std::string verify() override {
    return first_of({reading_.verify(),
                     reading_.error() == std::errc::operation_canceled ? "" : "not cancelled"});
  }

 private:
  operation reading_{kernel_};
};

TEST(PollDescriptorOrders, ACancellationEndsAReader) {
  explore_and_expect_fine<reader_and_canceller>("read, cancel", 4);
}

class queued_readers : public descriptor_scenario {
 public:
  std::vector<actor> actors() override {
    first_.start(fd_);
    second_.start(fd_);
    return {[this] { first_.finish(); }, [this] { second_.finish(); }, [this] { fd_.cancel(); }};
  }
  std::string verify() override {
    return first_of(
        {first_.verify(), second_.verify(),
         first_.error() == std::errc::operation_canceled ? "" : "the first was not cancelled",
         second_.error() == std::errc::operation_canceled ? "" : "the second was not cancelled"});
  }

 private:
  operation first_{kernel_};
  operation second_{kernel_};
};

TEST(PollDescriptorOrders, ACancellationEndsTheParkedAndTheQueued) {
  explore_and_expect_fine<queued_readers>("read, read, cancel", 3);
}

class queued_readers_and_closer : public descriptor_scenario {
 public:
  std::vector<actor> actors() override {
    return {[this] { first_.run(fd_); }, [this] { second_.run(fd_); },
            [this] { (void)fd_.close(); }};
  }
  std::string verify() override {
    return first_of({first_.verify(), second_.verify(),
                     first_.error() == errc::closed ? "" : "the first was not closed",
                     second_.error() == errc::closed ? "" : "the second was not closed",
                     kernel_.times_closed(number_) != 1 ? "not closed exactly once" : ""});
  }

 private:
  operation first_{kernel_};
  operation second_{kernel_};
};

TEST(PollDescriptorOrders, ACloseEndsTheParkedAndTheQueued) {
  explore_and_expect_fine<queued_readers_and_closer>("read, read, close", 3);
}

class reader_and_writer_and_closer : public descriptor_scenario {
 public:
  std::vector<actor> actors() override {
    return {[this] { reading_.run(fd_); }, [this] { writing_.run(fd_); },
            [this] { (void)fd_.close(); }};
  }
  std::string verify() override {
    return first_of({reading_.verify(), writing_.verify(),
                     kernel_.times_closed(number_) != 1 ? "not closed exactly once" : ""});
  }

 private:
  operation reading_{kernel_};
  operation writing_{kernel_, direction::write};
};

TEST(PollDescriptorOrders, ACloseEndsBothDirections) {
  explore_and_expect_fine<reader_and_writer_and_closer>("read, write, close", 2);
}

// ---- Deadlines ----------------------------------------------------------------------------------

class reader_and_past_deadline : public descriptor_scenario {
 public:
  std::vector<actor> actors() override {
    return {[this] { reading_.run(fd_); },
            [this] { (void)fd_.set_deadline(directions::read, now_ - 1); }};
  }
  std::string verify() override {
    return first_of(
        {reading_.verify(), reading_.error() == errc::deadline_exceeded ? "" : "did not time out"});
  }

 private:
  operation reading_{kernel_};
};

TEST(PollDescriptorOrders, ADeadlineInThePastEndsAReader) {
  explore_and_expect_fine<reader_and_past_deadline>("read, past deadline", 4);
}

// The deadline's timer is due. `Move` is what somebody does with the deadline meanwhile.
enum class move { later, none, earlier };

template <move How>
class timer_and_mover : public descriptor_scenario {
 public:
  timer_and_mover() { (void)fd_.set_deadline(directions::both, now_ + 100); }

  std::vector<actor> actors() override {
    return {[this] {
              reading_.run(fd_);
              is_over_ = true;
            },
            [this] {
              const nanotime to = How == move::later  ? now_ + 10'000
                                  : How == move::none ? never
                                                      : now_ + 50;
              (void)fd_.set_deadline(directions::both, to);
              has_moved_ = true;
            },
            [this] {
              const bool moved_before = has_moved_;
              now_ += 200;
              reactor_.timers().expire(now_);
              timed_out_in_vain_ = moved_before && How != move::earlier && reading_.is_done() &&
                                   reading_.error() == errc::deadline_exceeded;
              // What ends those that were spared, or whose deadline was moved after it had passed.
              kernel_.arrive(number_);
              now_ += 20'000;
              reactor_.timers().expire(now_);
              run_reactor();
            }};
  }
  std::string verify() override {
    return first_of(
        {reading_.verify(), timed_out_in_vain_ ? "a deadline that had been moved was fired" : "",
         How == move::none && fd_.descriptor()->is_expired(direction::read, false)
             ? "still expired although the deadline was taken back"
             : "",
         !reading_.error() || reading_.error() == errc::deadline_exceeded ? "" : "another error"});
  }

 private:
  operation reading_{kernel_};
  bool has_moved_ = false;
  bool timed_out_in_vain_ = false;
};

TEST(PollDescriptorOrders, ADeadlineMovedLaterWhileItFires) {
  explore_and_expect_fine<timer_and_mover<move::later>>("read, deadline fires, is moved later", 2);
}

TEST(PollDescriptorOrders, ADeadlineTakenBackWhileItFires) {
  explore_and_expect_fine<timer_and_mover<move::none>>("read, deadline fires, is taken back", 2);
}

TEST(PollDescriptorOrders, ADeadlinePulledEarlierWhileItFires) {
  explore_and_expect_fine<timer_and_mover<move::earlier>>("read, deadline fires, is pulled earlier",
                                                          2);
}

// Two move the deadline, one to a time that comes and one to none: a reader ends if the former was
// last.
class two_movers : public descriptor_scenario {
 public:
  std::vector<actor> actors() override {
    return {[this] {
              (void)fd_.set_deadline(directions::read, now_ + 100);
              last_ = 1;
            },
            [this] {
              (void)fd_.set_deadline(directions::read, now_ + 300);
              last_ = 2;
            }};
  }
  std::string verify() override {
    poll_descriptor& descriptor = *fd_.descriptor();
    const nanotime set = descriptor.deadline(direction::read);
    // Whoever was last, the timer must not be later than what stands.
    return reactor_.timers().next() <= set ? "" : "the timer is armed too late";
  }

 private:
  int last_ = 0;
};

TEST(PollDescriptorOrders, TheTimerIsNeverArmedLaterThanTheDeadline) {
  explore_and_expect_fine<two_movers>("two move a deadline", 4);
}

// Once a deadline has been moved, no operation that begins afterwards ends by the old one.
class mover_then_reader : public descriptor_scenario {
 public:
  mover_then_reader() { (void)fd_.set_deadline(directions::both, now_ + 100); }

  std::vector<actor> actors() override {
    return {[this] {
              (void)fd_.set_deadline(directions::both, never);
              reading_.run(fd_);
              is_over_ = true;
            },
            [this] {
              now_ += 200;
              reactor_.timers().expire(now_);
            },
            [this] {
              kernel_.arrive(number_);
              run_reactor();
            }};
  }
  std::string verify() override {
    return first_of(
        {reading_.verify(), reading_.error() ? "timed out by a deadline of the past" : ""});
  }

 private:
  operation reading_{kernel_};
};

TEST(PollDescriptorOrders, ADeadlineMovedBeforeAnOperationBeganDoesNotEndIt) {
  explore_and_expect_fine<mover_then_reader>("deadline is moved, then read, deadline fires", 3);
}

// A thread that keeps the time itself while somebody moves the deadline: it is told, or has seen
// it.
class self_server_and_mover : public descriptor_scenario, private resumer {
 public:
  self_server_and_mover() {
    // The timer stays armed for an early time, so that moving the deadline is a mere store.
    (void)fd_.set_deadline(directions::read, now_ + 5);
    (void)fd_.set_deadline(directions::read, never);
    request_.keep_time_yourself();
    request_.set_resumer(*this);
  }

  std::vector<actor> actors() override {
    return {[this] {
              request_.start(fd_);
              if (request_.advance() != io_request::step::wait) {
                return;
              }
              const waiter::self_service help = request_.begin_self_service();
              if (request_.commit()) {
                block_until("poll", this,
                            [&] { return was_told_ || was_resumed_ || help.until <= now_ + 10; });
                if (!was_resumed_) {
                  (void)request_.withdraw();
                }
              }
              request_.end_self_service(false);
              request_.abandon();
            },
            [this] { (void)fd_.set_deadline(directions::read, now_ + 10); }};
  }
  std::string verify() override { return {}; }

 private:
  class silent_request final : public io_request {
   public:
    silent_request() : io_request(direction::read) {}

   private:
    outcome attempt(int) noexcept override { return outcome::blocked; }
  };

  void resume(waiter&) noexcept override { was_resumed_ = true; }
  void recheck() noexcept override { was_told_ = true; }

  silent_request request_;
  bool was_told_ = false;
  bool was_resumed_ = false;
};

TEST(PollDescriptorOrders, AThreadThatKeepsTheTimeItselfIsToldOfADeadline) {
  explore_and_expect_fine<self_server_and_mover>("self-served read, deadline is moved", 5);
}

class closer_and_timer : public descriptor_scenario {
 public:
  closer_and_timer() { (void)fd_.set_deadline(directions::both, now_ + 100); }

  std::vector<actor> actors() override {
    return {[this] { (void)fd_.close(); },
            [this] {
              now_ += 200;
              reactor_.timers().expire(now_);
            },
            [this] { reading_.run(fd_); }};
  }
  std::string verify() override {
    return first_of({reading_.verify(),
                     reactor_.timers().next() == never ? "" : "a timer was left behind",
                     reading_.error() == errc::closed || reading_.error() == errc::deadline_exceeded
                         ? ""
                         : "neither closed nor timed out"});
  }

 private:
  operation reading_{kernel_};
};

TEST(PollDescriptorOrders, ACloseAndADeadlineThatFiresEndAReaderOnce) {
  explore_and_expect_fine<closer_and_timer>("read, close, deadline fires", 3);
}

// ---- A descriptor used anew ---------------------------------------------------------------------

// The operation has been started when the handle goes and its descriptor gets another use.
class late_first_try : public descriptor_scenario {
 public:
  std::vector<actor> actors() override {
    first_.start(fd_);
    return {[this] { first_.finish(); },
            [this] {
              second_number_ = use_anew();
              kernel_.arrive(second_number_);
            }};
  }
  std::string verify() override {
    return first_of({first_.verify(), first_.error() == errc::closed ? "" : "not closed",
                     first_.taken_from() >= 0 ? "took what was the next use's" : ""});
  }

 private:
  operation first_{kernel_};
  int second_number_ = -1;
};

TEST(PollDescriptorOrders, AnOperationNeverRunsOnTheNextUse) {
  explore_and_expect_fine<late_first_try>("started, descriptor used anew", 4);
}

// The same, queued behind an operation of the next use.
class late_first_try_queued : public descriptor_scenario {
 public:
  std::vector<actor> actors() override {
    first_.start(fd_);
    return {[this] { first_.finish(); },
            [this] {
              second_number_ = use_anew();
              second_.start(fd_);
              fd_.cancel();
              second_.finish();
            }};
  }
  std::string verify() override {
    return first_of(
        {first_.verify(), second_.verify(), first_.error() == errc::closed ? "" : "not closed",
         second_.error() == std::errc::operation_canceled ? "" : "the next use was disturbed"});
  }

 private:
  operation first_{kernel_};
  operation second_{kernel_};
  int second_number_ = -1;
};

TEST(PollDescriptorOrders, AnOperationQueuedOnTheNextUseIsClosed) {
  explore_and_expect_fine<late_first_try_queued>("started, queued on the next use", 3);
}

// The reader of the next use gets its own item and no other, whatever the event of the last use
// does.
class stale_event_and_next_reader : public descriptor_scenario {
 public:
  stale_event_and_next_reader() {
    // The first use has been waited on, so epoll knows it and an event is there.
    (void)fd_.descriptor()->ensure_reported(direction::read);
    kernel_.arrive(number_);
    stale_ = kernel_.fetch();
  }

  std::vector<actor> actors() override {
    return {[this] { dispatch(stale_); },
            [this] {
              second_number_ = use_anew();
              is_reopened_ = true;
              reading_.run(fd_);
              is_over_ = true;
            },
            [this] {
              block_until("reopened", this, [this] { return is_reopened_; });
              kernel_.arrive(second_number_);
              run_reactor();
            }};
  }
  std::string verify() override {
    return first_of({reading_.verify(),
                     reading_.taken_from() == second_number_ ? "" : "did not read its own item"});
  }

 private:
  std::optional<fake_kernel::event> stale_;
  operation reading_{kernel_};
  int second_number_ = -1;
  bool is_reopened_ = false;
};

TEST(PollDescriptorOrders, AStaleEventDoesNotDisturbTheNextUse) {
  explore_and_expect_fine<stale_event_and_next_reader>("stale event, next use reads", 3);
}

}  // namespace
}  // namespace netpoll::interleave
