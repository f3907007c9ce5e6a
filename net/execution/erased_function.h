// SPDX-License-Identifier: BSL-1.0
//
// Function objects whose type an executor does not see.
//
// An erased_operation holds one that is to be called once, in memory of an allocator; that memory is
// free again before the call. It is an operation, so a run loop can queue it as it is. An
// erased_function owns such an operation and is the function object for executors that want one. A
// function_reference is neither more nor less than a pointer: for calls that end before the function
// object does.
#pragma once

#include <type_traits>
#include <utility>

#include "net/async/handler_memory.h"
#include "net/config.h"
#include "net/execution/operation.h"

namespace NET_NAMESPACE::internal {

class erased_operation : public operation {
 public:
  // Calls the function and ends the operation, or only ends it.
  void call() { finish_(*this, true); }
  void discard() noexcept { finish_(*this, false); }

 protected:
  using finish_function = void (*)(erased_operation& self, bool is_called);

  explicit erased_operation(finish_function finish) noexcept
      : operation(&run_operation), finish_(finish) {}

 private:
  static bool run_operation(operation& self, run_loop* loop) {
    auto& erased = static_cast<erased_operation&>(self);
    erased.finish_(erased, loop != nullptr);
    return true;
  }

  finish_function finish_;
};

template <typename Function, typename Allocator>
class erased_operation_for final : public erased_operation {
 public:
  template <typename F>
  erased_operation_for(F&& function, const Allocator& allocator)
      : erased_operation(&finish), function_(std::forward<F>(function)), allocator_(allocator) {}

 private:
  static void finish(erased_operation& base, bool is_called) {
    auto& self = static_cast<erased_operation_for&>(base);
    // Frees the memory also when moving the function throws.
    struct releaser {
      erased_operation_for* self;
      Allocator allocator;
      void release() noexcept {
        if (self != nullptr) {
          destroy_operation(Allocator(std::move(allocator)), std::exchange(self, nullptr));
        }
      }
      ~releaser() { release(); }
    } memory{&self, self.allocator_};
    if (!is_called) {
      return;
    }
    Function function(std::move(self.function_));
    memory.release();
    function();
  }

  Function function_;
  [[no_unique_address]] Allocator allocator_;
};

template <typename Function, typename Allocator>
erased_operation* make_erased_operation(Function&& function, const Allocator& allocator) {
  using type = erased_operation_for<std::decay_t<Function>, Allocator>;
  return make_operation<type>(allocator, std::forward<Function>(function), allocator);
}

// Move only; called at most once.
class erased_function {
 public:
  explicit erased_function(erased_operation* operation) noexcept : operation_(operation) {}
  erased_function(erased_function&& other) noexcept
      : operation_(std::exchange(other.operation_, nullptr)) {}
  erased_function& operator=(erased_function&&) = delete;
  ~erased_function() {
    if (operation_ != nullptr) {
      operation_->discard();
    }
  }

  void operator()() {
    if (operation_ != nullptr) {
      std::exchange(operation_, nullptr)->call();
    }
  }

 private:
  erased_operation* operation_;
};

class function_reference {
 public:
  template <typename Function>
  requires(!std::is_same_v<Function, function_reference>) explicit function_reference(
      Function& function) noexcept
      : function_(&function), call_([](void* what) { (*static_cast<Function*>(what))(); }) {}

  void operator()() const { call_(function_); }

 private:
  void* function_;
  void (*call_)(void*);
};

// Executors that queue an operation as it is specialise this: `is_supported` is then true, and
// execute(executor, operation) does what executor.execute() does with a function, taking the
// operation over even when it throws. It saves an allocation for each function that goes through a
// type erased executor.
template <typename Executor>
struct operation_executor {
  static constexpr bool is_supported = false;
};

}  // namespace NET_NAMESPACE::internal
