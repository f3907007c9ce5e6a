// SPDX-License-Identifier: BSL-1.0
//
// netpoll::wakeup, and how reactor::wait(), arm() and wake() use it: one thread that sleeps in
// epoll_wait, one that arms timers, two that wake. README.md in this folder says what is checked;
// check_model.sh runs it. -DMUTANT_x breaks the protocol in one place.

#define AWAKE    0
#define ASLEEP   1
#define NOTIFIED 2

#define NEVER 9

// The words, and the store buffer: one entry for each process that may have a weak store under way.
// Who reads a word reads its own buffered store first; others cannot write the word meanwhile.
byte state = AWAKE;
byte first = NEVER;       // timer_queue::next_
bit state_is_buffered;    // by the sleeper
byte buffered_state;
bit first_is_buffered;    // by the one who arms
byte buffered_first;

bit timers_mutex;
byte event;               // the eventfd's counter is not zero
byte now;
byte posted;              // what wake() is called for, under a mutex of its own
byte seen;                // what of it the sleeper has found
bit sleeping;             // in epoll_wait
byte until;               // and how long at most

#define LAST_MOMENT 2
#define ARMINGS 2
#define WAKES 2

// reactor::wait(), called again and again by a run loop that then looks at what was posted.
active proctype sleeper() {
  byte timeout_at;
  bit sleeps, fetched;
  do
  :: // The run loop looks at what was posted, under its mutex.
    atomic { seen = posted };
    atomic { timeout_at = first; sleeps = (timeout_at > now) };
    if
    :: atomic { !sleeps -> timeout_at = 0 }
    :: atomic { sleeps -> skip };
#ifdef MUTANT_timeout_before_begin_sleep
      atomic { timeout_at = first };
#endif
      // begin_sleep()
      atomic {
        if
        :: state == AWAKE ->
#ifdef MUTANT_begin_sleep_acq_rel
          state_is_buffered = 1; buffered_state = ASLEEP
#else
          state = ASLEEP
#endif
#ifdef MUTANT_begin_sleep_overwrites
        :: else -> state = ASLEEP
#else
        :: else -> state = AWAKE; sleeps = 0
#endif
        fi
      };
      if
      :: atomic { !sleeps -> timeout_at = 0 }
      :: atomic { sleeps -> skip };
#ifndef MUTANT_timeout_before_begin_sleep
        atomic { timeout_at = first };
#endif
      fi
    fi;
    // epoll_wait
    atomic { sleeping = 1; until = timeout_at };
end_sleeping:
    atomic {
      event || until <= now;
      fetched = event;
      sleeping = 0;
      until = 0
    };
    // end_sleep()
    if
    :: atomic { sleeps ->
        if :: state_is_buffered -> state_is_buffered = 0 :: else fi;
        state = AWAKE;
        sleeps = 0
      }
    :: atomic { !sleeps -> skip }
    fi;
    if
    :: atomic { fetched -> event = 0; fetched = 0 }  // drain()
    :: atomic { !fetched -> skip }
    fi;
    // timers_.expire(): everything due is taken out.
    if
    :: atomic { first > now -> skip }
    :: atomic { first <= now -> skip };
      atomic { !timers_mutex -> timers_mutex = 1 };
      atomic { if :: first <= now -> first = NEVER :: else fi; timers_mutex = 0 }
    fi;
    timeout_at = 0
  od
}

#define signal() event = 1

// reactor::arm() for a time that is the first of all, and notify_if_asleep().
active proctype arms() {
  byte when, times;
  bit is_first, writes;
  do
  :: times < ARMINGS ->
    times++;
    if :: when = 1 :: when = 2 fi;
    atomic { !timers_mutex -> timers_mutex = 1 };
    atomic {
      if
      :: when < first ->
        is_first = 1;
#ifdef MUTANT_arm_release
        first_is_buffered = 1; buffered_first = when
#else
        first = when
#endif
      :: else
      fi
    };
    // Stores become visible in order: while the one above waits, so does the unlocking behind it.
    atomic { if :: first_is_buffered :: else -> timers_mutex = 0 fi };
    if
    :: is_first ->
      // notify_if_asleep(): a load, then an exchange if that can still be one
      if
      :: atomic { state != ASLEEP -> skip }
      :: atomic { state == ASLEEP -> skip };
        atomic {
          !state_is_buffered;
          if :: state == ASLEEP -> state = NOTIFIED; writes = 1 :: else fi
        };
        if
        :: writes -> atomic { signal(); writes = 0 }
        :: else
        fi
      fi
    :: else
    fi;
    atomic { is_first = 0; when = 0 }
  :: else -> break
  od
}

// reactor::wake(): the news first, then notify().
active [WAKES] proctype wakes() {
  bit writes;
  posted++;
#ifndef MUTANT_notify_only_if_asleep
  if
  :: atomic { state == NOTIFIED -> skip }
  :: atomic { state != NOTIFIED -> skip };
    atomic {
      !state_is_buffered;
      writes = (state == ASLEEP);
      state = NOTIFIED
    };
    if
    :: writes -> signal()
    :: else
    fi
  fi
#else
  atomic {
    !state_is_buffered;
    if :: state == ASLEEP -> state = NOTIFIED; signal() :: else fi
  }
#endif
}

active proctype clock() {
  do
  :: atomic { now < LAST_MOMENT -> now++ }
  :: atomic { now == LAST_MOMENT -> break }
  od
}

active proctype memory() {
end_empty:
  do
  :: atomic { state_is_buffered ->
      state = buffered_state; state_is_buffered = 0; buffered_state = 0 }
  :: atomic { first_is_buffered ->
      first = buffered_first; first_is_buffered = 0; buffered_first = 0; timers_mutex = 0 }
  od
}

// When nobody can move any more, the sleeper has found everything, and may sleep for ever.
active proctype judge() {
  timeout;
  assert(sleeping);
  assert(seen == WAKES);
  assert(first == NEVER)
}
