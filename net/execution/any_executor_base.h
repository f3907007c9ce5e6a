// SPDX-License-Identifier: BSL-1.0
//
// What type erased executors share: the target and the table of what can be done with it.
//
// A small target is in the object itself, and if it is trivially copyable too, which the executors of
// the contexts are, copying and destroying the erased executor are copying bytes and nothing: no
// indirect call. Another target is in a block that the copies share. An empty executor has a table
// too, whose functions throw bad_executor; so nothing else asks whether there is a target.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstring>
#include <new>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include "net/config.h"
#include "net/execution/bad_executor.h"
#include "net/execution/erased_function.h"
#include "net/execution/properties/blocking.h"
#include "net/execution/properties/query.h"

namespace NET_NAMESPACE::internal {

// Where the target is, and so how it is copied.
enum class target_kind : unsigned char {
  none,
  bytes,   // In the object, trivially copyable.
  object,  // In the object.
  shared,  // In a block of its own, which is counted.
};

// For one type of target. The table of each set of properties begins with it.
struct erased_functions {
  const std::type_info* type;
  target_kind kind;
  // Of an executor that was made from one with other properties: the table that one had.
  const erased_functions* source;
  // From the first place to the second. A move leaves nothing behind to destroy.
  void (*copy)(const void*, void*) noexcept;
  void (*move)(void*, void*) noexcept;
  void (*destroy)(void*) noexcept;
  bool (*equal)(const void*, const void*) noexcept;
  // One of the two is null. `call` is for targets that never return before the function has.
  void (*execute)(const void*, erased_operation&);
  void (*call)(const void*, function_reference);
};

// The head of a block that copies share.
struct shared_target {
  std::atomic<std::size_t> references{1};
  void* target;
  void (*destroy)(shared_target*) noexcept;

  shared_target(void* where, void (*how)(shared_target*) noexcept) noexcept
      : target(where), destroy(how) {}
};

template <typename Executor>
struct shared_target_of : shared_target {
  Executor executor;

  explicit shared_target_of(Executor&& from)
      : shared_target(&executor, &destroy_this), executor(std::move(from)) {}

  static void destroy_this(shared_target* base) noexcept {
    delete static_cast<shared_target_of*>(base);
  }
};

inline constexpr std::size_t target_words = 3;

template <typename Executor>
inline constexpr bool fits_in_place =
    sizeof(Executor) <= target_words * sizeof(void*) &&
    alignof(Executor) <= alignof(void*) && std::is_nothrow_move_constructible_v<Executor>;

template <typename Executor>
constexpr target_kind kind_of() {
  if constexpr (!fits_in_place<Executor>) {
    return target_kind::shared;
  } else if constexpr (std::is_trivially_copyable_v<Executor>) {
    return target_kind::bytes;
  } else {
    return target_kind::object;
  }
}

template <typename Executor>
void execute_operation(const void* target, erased_operation& operation) {
  const auto& executor = *static_cast<const Executor*>(target);
  if constexpr (operation_executor<Executor>::is_supported) {
    operation_executor<Executor>::execute(executor, operation);
  } else {
    executor.execute(erased_function(&operation));
  }
}

template <typename Executor, bool IsAlwaysBlocking>
constexpr erased_functions make_erased_functions() {
  erased_functions functions{};
  functions.type = &typeid(Executor);
  functions.kind = kind_of<Executor>();
  if constexpr (kind_of<Executor>() == target_kind::object) {
    functions.copy = [](const void* from, void* to) noexcept {
      ::new (to) Executor(*static_cast<const Executor*>(from));
    };
    functions.move = [](void* from, void* to) noexcept {
      ::new (to) Executor(std::move(*static_cast<Executor*>(from)));
      static_cast<Executor*>(from)->~Executor();
    };
    functions.destroy = [](void* target) noexcept { static_cast<Executor*>(target)->~Executor(); };
  }
  functions.equal = [](const void* a, const void* b) noexcept {
    return static_cast<bool>(*static_cast<const Executor*>(a) == *static_cast<const Executor*>(b));
  };
  if constexpr (IsAlwaysBlocking) {
    functions.call = [](const void* target, function_reference function) {
      static_cast<const Executor*>(target)->execute(function);
    };
  } else {
    functions.execute = &execute_operation<Executor>;
  }
  return functions;
}

// Whether execute() of this executor returns only after the function has. Known from the type for
// most, so that the other branch is not even compiled.
template <typename Executor>
constexpr bool may_be_always_blocking() {
  using query_type = query_call<const Executor&, const execution::blocking_t&>;
  if constexpr (!query_type::is_valid) {
    return false;
  } else if constexpr (traits::static_query<const Executor&,
                                            const execution::blocking_t&>::is_valid) {
    return traits::static_query<Executor, execution::blocking_t>::value() ==
           execution::blocking_t(execution::blocking_t::always_t());
  } else {
    return true;
  }
}

template <typename Executor>
bool is_always_blocking(const Executor& executor) {
  if constexpr (may_be_always_blocking<Executor>()) {
    return execution::blocking_t(NET_NAMESPACE::query(executor, execution::blocking)) ==
           execution::blocking_t(execution::blocking_t::always_t());
  } else {
    return false;
  }
}

// What the functions of the properties need to know of an executor.
struct erased_access;

class any_executor_base {
 public:
  // A null pointer unless the target is an Executor; target<void>() is of any type.
  template <typename Executor>
  Executor* target() noexcept {
    return const_cast<Executor*>(std::as_const(*this).template target<Executor>());
  }
  template <typename Executor>
  const Executor* target() const noexcept {
    if constexpr (std::is_void_v<Executor>) {
      return functions_->kind == target_kind::none ? nullptr : where();
    } else {
      // The addresses differ if a shared object has a type_info of its own.
      if (functions_->type == &typeid(Executor) || *functions_->type == typeid(Executor)) {
        return static_cast<const Executor*>(where());
      }
      return nullptr;
    }
  }

  const std::type_info& target_type() const noexcept { return *functions_->type; }

  explicit operator bool() const noexcept { return functions_->kind != target_kind::none; }

  template <typename Function>
  void execute(Function&& function) const {
    const erased_functions& functions = *functions_;
    if (functions.execute != nullptr) [[likely]] {
      functions.execute(where(), *make_erased_operation(std::forward<Function>(function),
                                                        std::allocator<void>()));
    } else if (functions.kind == target_kind::none) {
      throw_bad_executor();
    } else if constexpr (std::is_lvalue_reference_v<Function> &&
                         !std::is_const_v<std::remove_reference_t<Function>>) {
      functions.call(where(), function_reference(function));
    } else {
      std::decay_t<Function> local(std::forward<Function>(function));
      functions.call(where(), function_reference(local));
    }
  }

 protected:
  explicit any_executor_base(const erased_functions& none) noexcept : words_{}, functions_(&none) {}

  // With another table for the same target.
  any_executor_base(const any_executor_base& other, const erased_functions& functions) noexcept
      : functions_(&functions) {
    std::memcpy(words_, other.words_, sizeof(words_));
    if (functions.kind >= target_kind::object) {
      finish_copy(other);
    }
  }

  any_executor_base(const any_executor_base& other) noexcept
      : any_executor_base(other, *other.functions_) {}

  // Leaves nothing in `other`.
  any_executor_base(any_executor_base&& other, const erased_functions& none) noexcept {
    take(other, none);
  }

  ~any_executor_base() {
    if (functions_->kind >= target_kind::object) {
      destroy();
    }
  }

  any_executor_base& operator=(const any_executor_base&) = delete;

  void assign(const any_executor_base& other, const erased_functions& none) noexcept {
    if (are_bytes(other)) [[likely]] {
      functions_ = other.functions_;
      std::memmove(words_, other.words_, sizeof(words_));
    } else {
      any_executor_base copy(other);
      replace(copy, none);
    }
  }
  void assign(any_executor_base&& other, const erased_functions& none) noexcept {
    if (this == &other) {
      return;
    }
    if (are_bytes(other)) [[likely]] {
      take(other, none);
    } else {
      replace(other, none);
    }
  }

  // Once the target is there.
  void become(const erased_functions& functions) noexcept { functions_ = &functions; }

  // For a constructor, before it sets the table. False if there is no memory.
  template <typename Executor>
  void emplace(Executor&& executor) {
    using type = std::remove_cvref_t<Executor>;
    if constexpr (fits_in_place<type>) {
      ::new (static_cast<void*>(words_)) type(std::move(executor));
    } else {
      words_[0] = static_cast<shared_target*>(new shared_target_of<type>(std::move(executor)));
    }
  }
  template <typename Executor>
  bool emplace(std::nothrow_t, Executor&& executor) noexcept {
    using type = std::remove_cvref_t<Executor>;
    if constexpr (fits_in_place<type>) {
      ::new (static_cast<void*>(words_)) type(std::move(executor));
    } else {
      auto* const block = new (std::nothrow) shared_target_of<type>(std::move(executor));
      if (block == nullptr) {
        return false;
      }
      words_[0] = static_cast<shared_target*>(block);
    }
    return true;
  }

  const void* where() const noexcept {
    return functions_->kind == target_kind::shared
               ? static_cast<const shared_target*>(words_[0])->target
               : words_;
  }

  const erased_functions& functions() const noexcept { return *functions_; }

  static bool are_equal(const any_executor_base& a, const any_executor_base& b) noexcept {
    const erased_functions& functions = *a.functions_;
    if (functions.kind == target_kind::none || b.functions_->kind == target_kind::none) {
      return functions.kind == b.functions_->kind;
    }
    if (functions.type != b.functions_->type && *functions.type != *b.functions_->type) {
      return false;
    }
    return functions.equal(a.where(), b.where());
  }

 private:
  friend erased_access;

  // There is nothing here to destroy.
  void take(any_executor_base& other, const erased_functions& none) noexcept {
    functions_ = std::exchange(other.functions_, &none);
    std::memcpy(words_, other.words_, sizeof(words_));
    if (functions_->kind == target_kind::object) {
      functions_->move(other.words_, words_);
    }
  }

  bool are_bytes(const any_executor_base& other) const noexcept {
    return functions_->kind <= target_kind::bytes && other.functions_->kind <= target_kind::bytes;
  }

  // Not in the way of those that are bytes.
  void replace(any_executor_base& other, const erased_functions& none) noexcept;
  void finish_copy(const any_executor_base& other) noexcept;
  void destroy() noexcept;

  void* words_[target_words];
  const erased_functions* functions_;
};

inline const erased_functions& table_or_throw(const erased_functions* table) {
  if (table == nullptr) {
    throw std::bad_alloc();
  }
  return *table;
}

struct erased_access {
  static const void* where(const any_executor_base& executor) noexcept { return executor.where(); }
  static const erased_functions& functions(const any_executor_base& executor) noexcept {
    return executor.functions();
  }
  template <typename Any, typename Executor>
  static void fill(Any& empty, Executor&& executor) {
    empty.fill(std::forward<Executor>(executor));
  }
};

}  // namespace NET_NAMESPACE::internal
