// SPDX-License-Identifier: BSL-1.0
//
// The protocol of one slot of the poll_descriptor pool, over one or two uses: operations, events,
// deadlines, cancellation, close and recycling. README.md in this folder says what of the library
// each process mirrors and what is checked; check_model.sh runs it.
//
// -D switches choose who takes part (else nobody does, apart from what is needed):
//   READERS=n    operations of the read direction in the first use
//   WRITER       one of the write direction
//   ARRIVALS=n   how often data arrives at most in a use
//   EVENTS       the reactor takes events in
//   CLOSER       the handle is destroyed at some time
//   CLOSER_TOO   another thread closes
//   RECYCLE      the slot is opened again, with a reader for whom data certainly arrives
//   MOVES=n      n changes of the read deadline, and timers
//   CANCELLER    cancels once
//   SELF         the readers are threads that keep the time themselves; nobody runs the reactor
// -DMUTANT_x breaks the protocol in one place; every one of these must be found.

#ifndef READERS
#define READERS 1
#endif
#ifndef ARRIVALS
#define ARRIVALS 0
#endif
#ifndef MOVES
#define MOVES 0
#endif
#ifdef WRITER
#define DIRECTIONS 2
#else
#define DIRECTIONS 1
#endif

// ---- Memory -------------------------------------------------------------------------------------
//
// A sequentially consistent access is one step on `mem`. A weaker store or read-modify-write stays
// in the store buffer of its process (one entry each) until the process `memory` or the next write
// of the same process makes it visible: others read the old value meanwhile, and cannot write there.

#define STATE(d)    (d)
#define INTERRUPTS  2
#define DEADLINE    3 /* of the read direction */
#define ARMED_AT    4
#define GENERATION  5
#define SELF_SERVERS 6
#define LOCATIONS   7

byte mem[LOCATIONS];
byte buffered_by[LOCATIONS];  // the process whose store waits, 0 for none
byte buffered[LOCATIONS];     // its value
#define PROCESSES 14
byte store_of[PROCESSES];     // by process: where its store waits to be written, + 1, 0 for none

#define load(at)       (buffered_by[at] == _pid -> buffered[at] : mem[at])
#define is_writable(at) (buffered_by[at] == 0 || buffered_by[at] == _pid)

inline flush(process) {
  mem[store_of[process] - 1] = buffered[store_of[process] - 1];
  buffered[store_of[process] - 1] = 0;
  buffered_by[store_of[process] - 1] = 0;
  store_of[process] = 0
}

inline flush_mine() {
  if
  :: store_of[_pid] != 0 -> flush(_pid)
  :: else
  fi
}

// The writing half of a step; the caller has waited for is_writable() in the same atomic step.
inline write_seq_cst(at, what) { flush_mine(); mem[at] = what }
inline write_weak(at, what) {
  flush_mine();
  buffered_by[at] = _pid;
  buffered[at] = what;
  store_of[_pid] = at + 1
}

// ---- The words ----------------------------------------------------------------------------------

#define NONE    0
#define READY   1
#define PARKING 2
#define WAITER  3 /* + the number of the operation */

#define CLOSED_BIT  1
#define EXPIRED_BIT 2 /* of the read direction */
#define CANCEL_ONE  4
#define cancel_count(interrupts) ((interrupts) / CANCEL_ONE)

#define NEVER 9

// fd_mutex::word_: every access is a seq_cst read-modify-write of the whole word.
bit is_closed;
bit is_owned;
bit is_locked[2];
byte references;
byte queue_length[2];
// Its queues, under queue_mutex.
bit queue_mutex;
chan queue[2] = [3] of { byte };

bit is_registered;
bit timer_mutex;
byte sequence;            // under timer_mutex
byte self_server;         // under timer_mutex: an operation + 1
bit is_in_pool;

// The timer queue's entry.
byte timer_when = NEVER;
byte timer_sequence;
byte timer_use;           // for the assertions: the use it was armed in

// The kernel: the number and its epoll entry.
bit number_is_open;
byte inside;              // calls on the number under way
byte available[2];        // what a try would find
bit is_in_epoll;          // the epoll set has it
bit edge;                 // an event that nobody has fetched
byte edge_generation;     // the generation in its tag, as of epoll_ctl(2)

byte now;
#define LAST_MOMENT 2

// ---- What is only there to be asserted ----------------------------------------------------------

#define OPERATIONS 4
byte use;                 // the current use; moves on when the slot is opened
byte handle;              // the use whose handle exists, 0 for none
byte handle_users;        // who is inside a member of it: its owner must not destroy it then
byte use_of[OPERATIONS];
byte epoch_of[OPERATIONS];
bit is_published[OPERATIONS];
byte resumed[OPERATIONS]; // reason, 0 for not resumed
byte owners[2];           // operations that own the direction
byte deadline = NEVER;    // what set_deadline() was last given
byte movers;              // calls of set_deadline() under way
bit signalled[OPERATIONS]; // recheck() of a thread that keeps the time itself

#define BY_EVENT    1
#define BY_DEADLINE 2
#define BY_CLOSE    3
#define BY_CANCEL   4
#define HANDED_OVER 5

// The one place where anybody is resumed: whoever took `who` out of where it was published.
inline resume(who, why) {
  assert(is_published[who]);
  is_published[who] = 0;
  resumed[who] = why
}

// ---- fd_mutex -----------------------------------------------------------------------------------

#define NOTHING 0
#define DESTROY 1
#define GIVE_BACK 2

#ifdef MUTANT_recycle_while_owned
#define is_abandoned (is_closed && !is_owned && references == 0)
#else
#define is_abandoned (is_closed && !is_owned && references == 0 && \
                      !is_locked[0] && !is_locked[1] && \
                      queue_length[0] == 0 && queue_length[1] == 0)
#endif
#define after_step() duty = (is_abandoned -> GIVE_BACK : NOTHING)

inline lock_mutex(which) { atomic { !which -> which = 1 } }

inline drop_reference() {
  atomic {
    assert(references > 0);
    if
#ifdef MUTANT_destroy_while_referenced
    :: is_closed -> duty = DESTROY
#else
    :: is_closed && references == 1 -> duty = DESTROY
#endif
    :: else -> references--; after_step()
    fi
  }
}

inline finish_destroy() { atomic { references--; after_step() } }

// poll_descriptor::destroy() and settle().
inline settle() {
  if
  :: duty == DESTROY ->
#ifndef MUTANT_generation_moves_late
    atomic {
      is_writable(GENERATION);
      next = load(GENERATION) + 1;
      write_weak(GENERATION, next);
      next = 0
    }
#endif
    atomic { if :: is_registered -> is_in_epoll = 0; edge = 0 :: else fi };
    atomic {  // close(2)
      assert(number_is_open);
      assert(inside == 0);
      number_is_open = 0
    }
    // The read-modify-write that follows makes what was stored before it visible.
    atomic { flush_mine(); references--; after_step() }
#ifdef MUTANT_generation_moves_late
    atomic {
      is_writable(GENERATION);
      next = load(GENERATION) + 1;
      write_weak(GENERATION, next);
      next = 0
    }
#endif
  :: else
  fi;
  if
  :: duty == GIVE_BACK ->
    atomic { flush_mine(); assert(!is_in_pool); is_in_pool = 1; duty = NOTHING }
  :: else
  fi
}

inline unlock_direction(d) {
  do
  :: queue_length[d] != 0 ->
    lock_mutex(queue_mutex);
    if
    :: atomic { queue[d]?who -> queue_length[d]--; queue_mutex = 0 };
      atomic { resume(who, HANDED_OVER); who = 0; duty = NOTHING; break }
    :: atomic { empty(queue[d]) -> queue_mutex = 0 }
    fi
  :: atomic { queue_length[d] == 0 ->
      assert(is_locked[d] && owners[d] == 1);
      is_locked[d] = 0;
      owners[d]--;
      after_step();
      break
    }
  od
}

// poll_descriptor::unlock() of one who holds a reference.
inline unlock_and_drop(d) {
  if
  :: atomic { !is_closed && queue_length[d] == 0 ->
      assert(is_locked[d] && owners[d] == 1);
      is_locked[d] = 0;
      owners[d]--;
      references--
    }
  :: atomic { else -> skip };
    drop_reference();
    settle();
    unlock_direction(d);
    settle()
  fi
}

inline flush_queues(why) {
  lock_mutex(queue_mutex);
  do
  :: atomic { queue[0]?who -> queue_length[0]--; taken!who; who = 0 }
  :: atomic { empty(queue[0]) -> queue_mutex = 0; break }  // nobody queues to write here
  od;
  do
  :: atomic { taken?who -> resume(who, why); who = 0 }
  :: atomic { empty(taken) -> break }
  od
}

// ---- poll_descriptor ----------------------------------------------------------------------------

// Leaves in `who` the waiter (+ 1) to be resumed, 0 for none.
inline evict(d) {
  atomic {
    who = 0;
    if
    :: load(STATE(d)) == NONE || load(STATE(d)) == READY
    :: else ->
      is_writable(STATE(d));
      if
      :: mem[STATE(d)] >= WAITER -> who = mem[STATE(d)] - WAITER + 1
      :: else
      fi;
#ifndef MUTANT_resume_before_taking_out
      if
      :: mem[STATE(d)] != READY && mem[STATE(d)] != NONE -> write_seq_cst(STATE(d), NONE)
      :: else -> who = 0 // only under a mutation
      fi
#endif
    fi
  }
}
#ifdef MUTANT_resume_before_taking_out
#define take_out_late(d) \
  if :: who != 0 -> atomic { write_seq_cst(STATE(d), NONE) } :: else fi
#else
#define take_out_late(d) skip
#endif

// Needs timer_mutex. Leaves in `expired` the waiter (+ 1) to be resumed.
inline reconcile_locked() {
  expired = 0;
  if
  :: atomic { load(INTERRUPTS) & CLOSED_BIT -> skip }
  :: atomic { !(load(INTERRUPTS) & CLOSED_BIT) -> moment = now };
    atomic { is_over = load(DEADLINE) <= moment };
    if
    :: is_over ->
      atomic {
        is_writable(INTERRUPTS);
        next = load(INTERRUPTS) | EXPIRED_BIT;
#ifdef MUTANT_expired_bit_acq_rel
        write_weak(INTERRUPTS, next);
#else
        write_seq_cst(INTERRUPTS, next);
#endif
        next = 0
      };
#ifndef MUTANT_no_second_look_at_deadline
      atomic { is_over = load(DEADLINE) <= moment }
#endif
    :: else
    fi;
    if
#ifdef MUTANT_fire_acq_rel
    // Without this the next read-modify-write would make the store to armed_at_ visible in time.
    :: atomic { !is_over && !(load(INTERRUPTS) & EXPIRED_BIT) }
#endif
    :: !is_over ->
      atomic {
        is_writable(INTERRUPTS);
        next = load(INTERRUPTS) & (255 - EXPIRED_BIT);
        write_seq_cst(INTERRUPTS, next);
        next = 0
      }
    :: else ->
      evict(0);
      atomic { expired = who; who = 0; is_over = 0 }
    fi;
#ifdef SELF
    atomic { if :: self_server != 0 -> signalled[self_server - 1] = 1 :: else fi };
#endif
    // arm_timer()
    atomic {
      moment = 0;
      next = ((load(INTERRUPTS) & EXPIRED_BIT) -> NEVER : load(DEADLINE))
    };
    if
    :: atomic { next < load(ARMED_AT) -> is_writable(ARMED_AT); write_seq_cst(ARMED_AT, next) };
      atomic {
        sequence++;
        timer_when = next;
        timer_sequence = sequence;
        timer_use = use;
        next = 0
      }
    :: atomic { else -> next = 0 }
    fi
  fi
}

#define resume_expired()                                                          \
  if                                                                              \
  :: atomic { expired != 0 -> resume(expired - 1, BY_DEADLINE); expired = 0 }     \
  :: else                                                                         \
  fi

inline unlock_timer_mutex() { atomic { flush_mine(); timer_mutex = 0 } }

inline reconcile() {
  lock_mutex(timer_mutex);
  reconcile_locked();
  unlock_timer_mutex();
  resume_expired()
}

inline ensure_registered() {
  if
  :: is_registered
  :: else ->
    lock_mutex(timer_mutex);
    if
    :: is_registered
    :: else ->
      atomic {  // epoll_ctl(2) reports at once what is there already
        assert(number_is_open);
        is_in_epoll = 1;
        edge = (available[0] > 0 || available[1] > 0);
        edge_generation = load(GENERATION)
      };
      is_registered = 1
    fi;
    unlock_timer_mutex()
  fi
}

#define is_interrupted(value) (((value) & CLOSED_BIT) || (d == 0 && ((value) & EXPIRED_BIT)) || \
                               cancel_count(value) != epoch)

// ---- An operation: io_request and who drives it -------------------------------------------------

proctype operation(byte me; byte d; byte of_use; byte times) {
  byte duty, next, who, expired, moment, generation, epoch;
  bit is_over, holds, insists, is_ready, is_server, own, event_only;
  byte until;

start:
  atomic {
    use >= of_use;
    if
    :: times > 0 && handle == of_use ->
      times--;
      use_of[me] = of_use;
      generation = load(GENERATION);
      epoch = cancel_count(load(INTERRUPTS));
      epoch_of[me] = epoch;
      resumed[me] = 0
    :: else -> goto over
    fi
  };

  // begin()
  if
  :: atomic { is_closed -> goto start }
  :: atomic { !is_closed && !is_locked[d] ->
      is_locked[d] = 1; references++; owners[d]++; holds = 1 }
  :: atomic { !is_closed && is_locked[d] };
enqueue:
    // commit() in phase idle: lock_or_enqueue()
    lock_mutex(queue_mutex);
    if
    :: atomic { is_closed -> queue_mutex = 0; goto start }
    :: atomic { !is_closed && !is_locked[d] ->
        is_locked[d] = 1; references++; owners[d]++; holds = 1; queue_mutex = 0 }
    :: atomic { !is_closed && is_locked[d] -> queue_length[d]++ };
      // Being counted, and with queue_mutex, it keeps this use from ending: what it reads now is of
      // the use in whose queue it is about to stand.
#ifndef MUTANT_queue_in_another_use
      if
      :: atomic { load(GENERATION) != generation -> queue_length[d]--; queue_mutex = 0; goto start }
      :: atomic { else -> skip }
      fi;
#endif
#ifndef MUTANT_queue_after_cancel
      if
      :: atomic { cancel_count(load(INTERRUPTS)) != epoch ->
          queue_length[d]--; queue_mutex = 0; goto start }
      :: atomic { else -> skip }
      fi;
#endif
      atomic { queue[d]!me; is_published[me] = 1; queue_mutex = 0 };
end_queued:
      atomic {
        resumed[me] != 0;
        if
        :: resumed[me] != HANDED_OVER -> resumed[me] = 0; goto start  // closed or cancelled
        :: else -> resumed[me] = 0
        fi
      };
      // take_over()
      if
      :: atomic { is_closed -> goto finish }
      :: atomic { !is_closed -> references++; holds = 1 }
      fi
    fi
  fi;
#ifndef MUTANT_no_generation_after_lock
  // The handle may have been destroyed since start(), and the slot opened anew.
  if
  :: atomic { load(GENERATION) != generation -> goto finish }
  :: atomic { else -> skip }
  fi;
#endif
  assert(use == of_use);

  // begin_operation()
  if
  :: atomic { d == 0 && (load(INTERRUPTS) & EXPIRED_BIT) }; reconcile()
  :: atomic { else -> skip }
  fi;

try_on:
  assert(use == of_use);
  if
  :: atomic { !holds && is_closed -> goto finish }
  :: atomic { !holds && !is_closed -> references++; holds = 1 }
  :: atomic { holds -> skip }
  fi;
again:
#ifdef SELF
  // keeps_time_: is_expired() looks at the clock.
  if
  :: atomic { d == 0 && load(DEADLINE) != NEVER }; goto confirm
  :: atomic { else -> skip }
  fi;
#endif
  if
  :: atomic { is_interrupted(load(INTERRUPTS)) };
    if
    :: atomic { cancel_count(load(INTERRUPTS)) != epoch -> goto finish }
    :: atomic { else -> skip }
    fi;
    // is_expired()
    if
    :: atomic { d == 0 && (load(INTERRUPTS) & EXPIRED_BIT) -> skip };
confirm:
#ifdef MUTANT_believe_expired_bit
      atomic { assert(deadline <= now || movers > 0); goto finish }
#else
      lock_mutex(timer_mutex);
      reconcile_locked();
      atomic {
        flush_mine();
        is_over = ((load(INTERRUPTS) & EXPIRED_BIT) != 0);
        assert(!is_over || deadline <= now || movers > 0);
        timer_mutex = 0
      };
      resume_expired();
      if
      :: atomic { is_over -> is_over = 0; goto finish }
      :: atomic { else -> skip }
      fi
#endif
    :: atomic { else -> skip }
    fi
  :: atomic { else -> skip }
  fi;

#ifndef MUTANT_clear_after_try
  // consume_ready()
  atomic {
    is_writable(STATE(d));
    is_ready = (load(STATE(d)) == READY);
#ifdef MUTANT_clear_acq_rel
    write_weak(STATE(d), NONE)
#else
    write_seq_cst(STATE(d), NONE)
#endif
  };
#else
  atomic { is_ready = (load(STATE(d)) == READY) };
#endif
  if
  :: atomic { !is_ready && !insists -> goto wait }
  :: atomic { else -> insists = 0; is_ready = 0 }
  fi;

  // attempt()
  atomic { assert(number_is_open && use == of_use); inside++ };
  if
  :: atomic { available[d] > 0 -> available[d]--; inside-- };
    if
#ifndef MUTANT_no_restore
    :: true -> // a full buffer: restore_ready()
      atomic {
        is_writable(STATE(d));
        if :: load(STATE(d)) == NONE -> write_seq_cst(STATE(d), READY) :: else fi
      }
#endif
#ifdef MUTANT_no_restore
    :: true
#else
    :: available[d] == 0 // a short one: drained
#endif
    fi;
    goto finish
  :: atomic { available[d] == 0 -> inside-- }
#ifdef MUTANT_clear_after_try
    ; atomic { is_writable(STATE(d)); write_seq_cst(STATE(d), NONE) }
#endif
  fi;
  goto again;

wait:
#ifdef SELF
  // begin_self_service()
  lock_mutex(timer_mutex);
  atomic { self_server = me + 1; signalled[me] = 0 };
  atomic {
    is_writable(SELF_SERVERS);
    next = load(SELF_SERVERS) + 1;
    write_seq_cst(SELF_SERVERS, next);
    next = 0
  };
  unlock_timer_mutex();
  atomic { until = load(DEADLINE) };
  atomic { if :: !is_closed -> references++; own = 1 :: else fi };
#else
  ensure_registered();
#endif
  // commit()
  holds = 0;
  drop_reference();
  settle();
  // arm()
  if
  :: atomic { load(STATE(d)) != NONE -> assert(load(STATE(d)) == READY); goto awake }
  :: atomic { load(STATE(d)) == NONE ->
      is_writable(STATE(d));
#ifdef MUTANT_arm_acq_rel
      write_weak(STATE(d), PARKING)
#else
      write_seq_cst(STATE(d), PARKING)
#endif
    }
  fi;
#ifndef MUTANT_no_second_look_at_interrupts
  if
  :: atomic { is_interrupted(load(INTERRUPTS)) };
    // disarm()
    atomic {
      is_writable(STATE(d));
      if :: load(STATE(d)) == PARKING -> write_seq_cst(STATE(d), NONE) :: else fi
    };
    goto awake
  :: atomic { else -> skip }
  fi;
#endif
  // publish()
  atomic {
    is_writable(STATE(d));
    flush_mine();
    if
#ifdef MUTANT_publish_always
    :: true -> is_published[me] = 1; mem[STATE(d)] = WAITER + me
#else
    :: mem[STATE(d)] == PARKING -> is_published[me] = 1; mem[STATE(d)] = WAITER + me
    :: else -> goto awake
#endif
    fi
  };

end_parked:
#ifdef SELF
  // thread_parker::sleep()
  if
  :: atomic { resumed[me] != 0 -> goto was_resumed }
  :: atomic { !event_only && (signalled[me] || until <= now) -> signalled[me] = 0 }
  :: atomic { !event_only && own && available[d] > 0 -> insists = 1 }
  fi;
  // withdraw()
  if
  :: atomic { load(STATE(d)) == WAITER + me ->
      is_writable(STATE(d)); write_seq_cst(STATE(d), NONE); is_published[me] = 0; goto awake }
  :: atomic { else -> event_only = 1; goto end_parked }
  fi;
was_resumed:
#else
  resumed[me] != 0;
#endif
  atomic {
    event_only = 0;
    if
    :: resumed[me] == BY_CANCEL -> resumed[me] = 0; is_over = 1
    :: else -> resumed[me] = 0
    fi
  };

awake:
#ifdef SELF
  // end_self_service()
  lock_mutex(timer_mutex);
  self_server = 0;
  atomic {
    is_writable(SELF_SERVERS);
    next = load(SELF_SERVERS) - 1;
    write_seq_cst(SELF_SERVERS, next);
    next = 0
  };
  unlock_timer_mutex();
  if
  :: atomic { own -> own = 0 }; drop_reference(); settle()
  :: atomic { else -> skip }
  fi;
#endif
  atomic { if :: is_over -> is_over = 0; goto finish :: else -> goto try_on fi };

finish:
  if
  :: holds -> holds = 0; unlock_and_drop(d)
  :: else -> unlock_direction(d); settle()
  fi;
  goto start;

over:
  skip
}

// ---- The others ---------------------------------------------------------------------------------

// reactor::wait(): one event at a time, which may be held for any time before it is looked at.
proctype reactor() {
  byte generation, of_use, who, d, ready[2], looked_in;
end_idle:
  do
  :: atomic { edge -> edge = 0; generation = edge_generation; of_use = use };
    if
#ifdef MUTANT_no_generation_check
    :: atomic { true -> looked_in = use }
#else
    :: atomic { load(GENERATION) == generation -> looked_in = use }
    :: atomic { load(GENERATION) != generation -> goto next_event }
#endif
    fi;
    // An event that was over when it was looked at must reach nobody.
    d = 0;
    do
    :: d < DIRECTIONS ->
      // notify()
      atomic {
        ready[d] = 0;
        if
        :: load(STATE(d)) == READY
        :: else ->
          is_writable(STATE(d));
          if
          :: mem[STATE(d)] >= WAITER -> ready[d] = mem[STATE(d)] - WAITER + 1
          :: else
          fi;
          write_seq_cst(STATE(d), READY)
        fi;
        d++
      }
    :: else -> break
    od;
    d = 0;
    do
    :: d < DIRECTIONS ->
      atomic {
        if
        :: ready[d] != 0 ->
          assert(use_of[ready[d] - 1] == of_use || looked_in == of_use);
          resume(ready[d] - 1, BY_EVENT);
          ready[d] = 0
        :: else
        fi;
        d++
      }
    :: atomic { else -> d = 0; break }
    od;
next_event:
    atomic { generation = 0; of_use = 0; looked_in = 0 }
  od
}

// timer_queue::expire() copies the sequence; timer_fired() is called any time later.
proctype timers() {
  byte fired, of_use, next, who, expired, moment;
  bit is_over;
end_idle:
  do
  :: atomic { timer_when <= now -> fired = timer_sequence; of_use = timer_use; timer_when = NEVER };
    lock_mutex(timer_mutex);
    if
#ifdef MUTANT_no_sequence_check
    :: true ->
#else
    :: fired != sequence
    :: fired == sequence ->
#endif
      assert(of_use == use);  // a firing of an earlier use touches nothing
      atomic {
        is_writable(ARMED_AT);
#ifdef MUTANT_fire_acq_rel
        write_weak(ARMED_AT, NEVER)
#else
        write_seq_cst(ARMED_AT, NEVER)
#endif
      };
      reconcile_locked();
      if
      :: expired != 0 -> assert(use_of[expired - 1] == of_use)
      :: else
      fi
    fi;
    unlock_timer_mutex();
    resume_expired();
    atomic { fired = 0; of_use = 0 }
  od
}

// fd::set_deadline(): later, earlier, none.
proctype mover(byte times) {
  byte duty, next, who, expired, moment, when;
  bit is_over, must_look;
  atomic { if :: handle == 1 -> handle_users++ :: else -> goto over fi };
  do
  :: atomic { times > 0 -> times-- };
    if
    :: atomic { is_closed -> break }
    :: atomic { !is_closed -> references++ }
    fi;
    if
    :: when = 1
    :: when = 2
    :: when = NEVER
    fi;
#if defined(SELF) && defined(MUTANT_look_for_self_servers_first)
    atomic { must_look = load(SELF_SERVERS) != 0 };
#endif
    atomic {
      is_writable(DEADLINE);
      movers++;
      deadline = when;
#ifdef MUTANT_deadline_release
      write_weak(DEADLINE, when)
#else
      write_seq_cst(DEADLINE, when)
#endif
    };
#if defined(SELF) && !defined(MUTANT_look_for_self_servers_first)
    atomic { must_look = load(SELF_SERVERS) != 0 };
#endif
#ifndef MUTANT_move_ignores_expired_bit
    atomic { must_look = must_look || (load(INTERRUPTS) & EXPIRED_BIT) };
#endif
    if
    :: atomic { must_look || when < load(ARMED_AT) -> must_look = 0 }; reconcile()
    :: atomic { else -> skip }
    fi;
    atomic { movers--; when = 0; flush_mine() };
    drop_reference();
    settle()
  :: atomic { times == 0 -> break }
  od;
  handle_users--;
over:
  skip
}

// fd::cancel(), of one who may use the handle.
proctype canceller() {
  byte who;
  chan taken = [3] of { byte };
  atomic { if :: handle == 1 -> handle_users++ :: else -> goto over fi };
  atomic {
    is_writable(INTERRUPTS);
    who = load(INTERRUPTS) + CANCEL_ONE;
#ifdef MUTANT_cancel_acq_rel
    write_weak(INTERRUPTS, who);
#else
    write_seq_cst(INTERRUPTS, who);
#endif
    who = 0
  };
  evict(0);
  atomic { if :: who != 0 -> resume(who - 1, BY_CANCEL); who = 0 :: else fi };
#ifdef WRITER
  evict(1);
  atomic { if :: who != 0 -> resume(who - 1, BY_CANCEL); who = 0 :: else fi };
#endif
  flush_queues(BY_CANCEL);
  handle_users--;
over:
  skip
}

// fd::close() and, by the owner, fd::reset(). The owner waits for those who are inside a member, as
// fd.h asks it to; operations are not inside one.
proctype closer(bit is_owner; byte of_use) {
  byte duty, next, who, woken[2];
  chan taken = [3] of { byte };
  atomic {
    if
    :: handle == of_use -> handle_users = handle_users + !is_owner
    :: else -> goto over
    fi
  };
  if
  :: atomic { is_closed -> goto closed }
  :: atomic { !is_closed -> is_closed = 1; references++ }
  fi;
  flush_queues(BY_CLOSE);
  lock_mutex(timer_mutex);
#ifdef MUTANT_evict_before_closed_bit
  evict(0);
  atomic { woken[0] = who; who = 0 };
#endif
  atomic {
    is_writable(INTERRUPTS);
    next = load(INTERRUPTS) | CLOSED_BIT;
#ifdef MUTANT_close_acq_rel
    write_weak(INTERRUPTS, next);
#else
    write_seq_cst(INTERRUPTS, next);
#endif
    next = 0
  };
#if MOVES > 0
#ifndef MUTANT_close_without_disarming
  sequence++;
  atomic { is_writable(ARMED_AT); write_seq_cst(ARMED_AT, NEVER) };
  timer_when = NEVER;
#endif
#elif defined(MUTANT_close_acq_rel)
  // armed_at_'s store that follows would make the bit visible; without timers it is left out.
#else
  atomic { is_writable(ARMED_AT); write_seq_cst(ARMED_AT, NEVER) };
#endif
#if !defined(MUTANT_evict_before_closed_bit) && !defined(MUTANT_close_without_evicting)
  evict(0);
  atomic { woken[0] = who };
  take_out_late(0);
#ifdef WRITER
  evict(1);
  atomic { woken[1] = who };
#endif
#endif
  unlock_timer_mutex();
  atomic {
    who = 0;
    if
    :: woken[0] != 0 -> assert(use_of[woken[0] - 1] == of_use); resume(woken[0] - 1, BY_CLOSE)
    :: else
    fi;
    woken[0] = 0
  };
#ifdef WRITER
  atomic {
    if
    :: woken[1] != 0 -> assert(use_of[woken[1] - 1] == of_use); resume(woken[1] - 1, BY_CLOSE)
    :: else
    fi;
    woken[1] = 0
  };
#endif
  drop_reference();
  settle();
  // wait_until_destroyed()
  atomic { references == 0 };
closed:
  if
  :: is_owner ->
    // disown()
    atomic { handle_users == 0 -> handle = 0; is_owned = 0; after_step() };
    settle()
  :: else -> handle_users--
  fi;
over:
  skip
}

// poll_descriptor_pool::acquire() and poll_descriptor::open(), by anybody who needs a descriptor.
proctype opener() {
  atomic { is_in_pool -> is_in_pool = 0; assert(owners[0] == 0 && owners[1] == 0) };
  use++;
  atomic {
    number_is_open = 1;
    available[0] = 0;
    available[1] = 0;
    deadline = NEVER;
    is_registered = 0
  };
#ifndef MUTANT_generation_moves_once
  atomic { is_writable(GENERATION); write_weak(GENERATION, mem[GENERATION] + 1) };
#endif
  atomic { is_writable(INTERRUPTS); write_weak(INTERRUPTS, 0) };
  atomic { is_writable(STATE(0)); write_weak(STATE(0), NONE) };
  atomic { is_writable(STATE(1)); write_weak(STATE(1), READY) };
  atomic { is_writable(DEADLINE); write_weak(DEADLINE, NEVER) };
  // fd_mutex::reset()
  atomic { flush_mine(); is_owned = 1; is_closed = 0 };
  atomic { handle = use }
}

// The other end of the connection, for one use: what it sends may arrive or not, but certainly does
// if `must`.
proctype peer(byte of_use; byte d; byte times; bit must) {
end_not_open:
  atomic { use >= of_use };
  do
  :: atomic { times > 0 && use == of_use && number_is_open ->
      times--;
      available[d]++;
      if :: is_in_epoll -> edge = 1 :: else fi
    }
  :: atomic { times == 0 || !must || use != of_use || !number_is_open -> break }
  od
}

proctype clock() {
  do
  :: atomic { now < LAST_MOMENT -> now++ }
  :: atomic { now == LAST_MOMENT -> break }
  od
}

proctype memory() {
end_empty:
  do
  :: atomic { store_of[3] != 0 -> flush(3) }
  :: atomic { store_of[4] != 0 -> flush(4) }
  :: atomic { store_of[5] != 0 -> flush(5) }
  :: atomic { store_of[6] != 0 -> flush(6) }
  :: atomic { store_of[7] != 0 -> flush(7) }
  :: atomic { store_of[8] != 0 -> flush(8) }
  :: atomic { store_of[9] != 0 -> flush(9) }
  :: atomic { store_of[10] != 0 -> flush(10) }
  :: atomic { store_of[11] != 0 -> flush(11) }
  :: atomic { store_of[12] != 0 -> flush(12) }
  :: atomic { store_of[13] != 0 -> flush(13) }
  od
}

// When nobody can move any more, whoever still waits must have nothing to wake him.
proctype judge() {
  byte i;
  timeout;
  atomic {
    do
    :: i < OPERATIONS ->
      if
      :: is_published[i] ->
        assert(use_of[i] == use);
        assert(!is_closed);
        assert(available[i == 3] == 0);
        assert(i == 3 || deadline > now);
        assert(cancel_count(mem[INTERRUPTS]) == epoch_of[i])
      :: else
      fi;
      i++
    :: else -> break
    od;
    assert(!is_closed || (!number_is_open && (is_in_pool || handle != 0)))
  }
}

#ifndef TIMES
#define TIMES 1
#endif

init {
  atomic {
    mem[STATE(1)] = READY;
    mem[DEADLINE] = NEVER;
    mem[ARMED_AT] = NEVER;
    use = 1;
    handle = 1;
    is_owned = 1;
    number_is_open = 1;
    run memory();
    run judge();
    run operation(0, 0, 1, TIMES);
#if READERS > 1
    run operation(1, 0, 1, 1);
#endif
#if READERS > 2
    run operation(2, 0, 1, 1);
#endif
#ifdef WRITER
    run operation(3, 1, 1, 1);
    run peer(1, 1, 1, 0);
#endif
#if ARRIVALS > 0
    run peer(1, 0, ARRIVALS, 0);
#endif
#ifdef EVENTS
    run reactor();
#endif
#if MOVES > 0
    run mover(MOVES);
    run clock();
#ifndef SELF
    run timers();
#endif
#endif
#ifdef CANCELLER
    run canceller();
#endif
#ifdef CLOSER
    run closer(1, 1);
#endif
#ifdef CLOSER_TOO
    run closer(0, 1);
#endif
#ifdef RECYCLE
    run opener();
    run operation(2, 0, 2, 1);
    run peer(2, 0, 1, 1);
#endif
  }
}
