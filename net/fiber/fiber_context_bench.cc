// SPDX-License-Identifier: BSL-1.0
//
// What a switch between contexts costs, in nanoseconds per switch. The second argument is how many
// functions are called before each switch and returned from after it: a processor that mispredicts
// those returns takes many times as long, and a program's fibers do return after they waited.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "net/fiber/fiber_context.h"

namespace {

constexpr std::size_t stack_size = 64 * 1024;

// Switches after `depth` calls, each of which has something left to do when it returns.
template <int depth>
[[gnu::noinline]] int switch_below(void** saved, void* next) {
  if constexpr (depth == 0) {
    netpoll_switch_context(saved, next);
    return 0;
  } else {
    int result = switch_below<depth - 1>(saved, next);
    asm volatile("" : "+r"(result));
    return result + depth;
  }
}

// A ring of contexts, each of which switches to the next, for as many switches as are wanted.
template <int depth>
class ring {
 public:
  explicit ring(std::size_t size) : members_(size) {
    for (std::size_t i = 0; i != size; ++i) {
      member& each = members_[i];
      each.owner = this;
      each.next = &members_[(i + 1) % size];
      each.memory.reset(new char[stack_size]);
      // Stacks whose tops lie at the same place of their pages would share a few lines of the
      // cache.
      each.context = netpoll::make_context(each.memory.get() + stack_size - i % 32 * 64, &enter,
                                           &each);
    }
  }

  // Each member has run once when this returns, and is inside its loop.
  void warm_up() { run(static_cast<std::int64_t>(members_.size()) + 1); }

  void run(std::int64_t switches) {
    left_ = switches;
    netpoll_switch_context(&outside_, at_->context);
  }

 private:
  struct member {
    ring* owner = nullptr;
    member* next = nullptr;
    void* context = nullptr;
    std::unique_ptr<char[]> memory;
  };

  static void enter(void* argument) {
    member& self = *static_cast<member*>(argument);
    ring& owner = *self.owner;
    for (;;) {
      if (--owner.left_ <= 0) {
        owner.at_ = &self;
        netpoll_switch_context(&self.context, owner.outside_);
      } else {
        benchmark::DoNotOptimize(switch_below<depth>(&self.context, self.next->context));
      }
    }
  }

  std::vector<member> members_;
  member* at_ = members_.data();
  std::int64_t left_ = 0;
  void* outside_ = nullptr;
};

template <int depth>
void from_context_to_context(benchmark::State& state) {
  ring<depth> contexts(static_cast<std::size_t>(state.range(0)));
  contexts.warm_up();
  constexpr std::int64_t batch = 10'000;
  while (state.KeepRunningBatch(batch)) {
    contexts.run(batch);
  }
}
BENCHMARK(from_context_to_context<0>)->Arg(2)->Arg(1'000);
BENCHMARK(from_context_to_context<5>)->Arg(2)->Arg(1'000);

// A thread enters a context, which switches back: two switches.
template <int depth>
void from_thread_to_context_and_back(benchmark::State& state) {
  struct pair {
    static void enter(void* argument) {
      pair& self = *static_cast<pair*>(argument);
      for (;;) {
        benchmark::DoNotOptimize(switch_below<depth>(&self.context, self.thread));
      }
    }
    void* context = nullptr;
    void* thread = nullptr;
  } both;
  const std::unique_ptr<char[]> memory(new char[stack_size]);
  both.context = netpoll::make_context(memory.get() + stack_size, &pair::enter, &both);
  while (state.KeepRunningBatch(2)) {
    netpoll_switch_context(&both.thread, both.context);
  }
}
BENCHMARK(from_thread_to_context_and_back<0>);
BENCHMARK(from_thread_to_context_and_back<5>);

void make_context(benchmark::State& state) {
  const std::unique_ptr<char[]> memory(new char[stack_size]);
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        netpoll::make_context(memory.get() + stack_size, +[](void*) {}, nullptr));
  }
}
BENCHMARK(make_context);

}  // namespace
