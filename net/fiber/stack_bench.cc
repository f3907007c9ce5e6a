// SPDX-License-Identifier: BSL-1.0
//
// What it costs to have a stack and to give it back.
#include "net/fiber/stack.h"

#include <benchmark/benchmark.h>

#include <cstddef>
#include <system_error>
#include <vector>

namespace {

netpoll::stack acquire() {
  std::error_code error;
  const netpoll::stack got = netpoll::acquire_stack(0, error);
  if (error) {
    std::abort();
  }
  return got;
}

// As fibers that follow each other.
void one_after_the_other(benchmark::State& state) {
  for (auto _ : state) {
    netpoll::release_stack(acquire());
  }
}
BENCHMARK(one_after_the_other);
BENCHMARK(one_after_the_other)->Threads(2);

// As that many fibers that are spawned, and end. `touch`: each as far as it must.
void many_at_once(benchmark::State& state) {
  std::vector<netpoll::stack> all(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    for (netpoll::stack& each : all) {
      each = acquire();
      static_cast<volatile char*>(each.top())[-1] = 1;
    }
    for (const netpoll::stack& each : all) {
      netpoll::release_stack(each);
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  netpoll::discard_pooled_stacks();
}
BENCHMARK(many_at_once)->Arg(10)->Arg(100)->Arg(1000)->Arg(10'000);

// What the pool saves.
void without_a_pool(benchmark::State& state) {
  const std::size_t limit = netpoll::stack_pool_limit();
  netpoll::discard_pooled_stacks();
  netpoll::set_stack_pool_limit(0);
  for (auto _ : state) {
    const netpoll::stack got = acquire();
    static_cast<volatile char*>(got.top())[-1] = 1;
    netpoll::release_stack(got);
  }
  netpoll::set_stack_pool_limit(limit);
}
BENCHMARK(without_a_pool);

}  // namespace
