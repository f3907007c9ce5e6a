// SPDX-License-Identifier: BSL-1.0
//
// net::executor holds any executor in the style of the Networking TS, see is_executor.h. Its target
// is in a block that copies share; one without any state, such as system_executor, needs none. An
// empty one throws bad_executor.
//
//   net::executor executor = context.get_executor();
//   net::post(executor, f);
#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <memory>
#include <new>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include "net/config.h"
#include "net/execution/erased_function.h"
#include "net/execution/is_executor.h"

namespace NET_NAMESPACE {

class execution_context;

class bad_executor : public std::exception {
 public:
  bad_executor() noexcept = default;
  ~bad_executor() noexcept override;
  const char* what() const noexcept override;
};

class executor {
 public:
  executor() noexcept = default;
  executor(std::nullptr_t) noexcept {}
  executor(const executor& other) noexcept : target_(other.share()) {}
  executor(executor&& other) noexcept : target_(std::exchange(other.target_, nullptr)) {}
  executor(std::nothrow_t, const executor& other) noexcept : executor(other) {}
  executor(std::nothrow_t, executor&& other) noexcept : executor(std::move(other)) {}

  template <typename Executor>
  requires(!std::is_same_v<Executor, executor> && is_executor<Executor>::value)
      executor(Executor from)
      : executor(std::allocator_arg, std::allocator<void>(), std::move(from)) {}

  // Empty if there is no memory.
  template <typename Executor>
  requires(!std::is_same_v<Executor, executor> && is_executor<Executor>::value)
      executor(std::nothrow_t, Executor from)
  noexcept {
    using type = holder<Executor, std::allocator<void>>;
    if constexpr (std::is_empty_v<Executor>) {
      target_ = type::only_one(from);
    } else {
      target_ = new (std::nothrow) type(std::move(from), std::allocator<void>());
    }
  }

  // The block comes from `allocator`, and what is posted uses it unless it brings its own.
  template <typename Executor, typename Allocator>
  requires(!std::is_same_v<Executor, executor> && is_executor<Executor>::value)
      executor(std::allocator_arg_t, const Allocator& allocator, Executor from) {
    using type = holder<Executor, Allocator>;
    if constexpr (std::is_empty_v<Executor> && std::is_empty_v<Allocator>) {
      target_ = type::only_one(from);
    } else {
      typename type::block_allocator blocks(allocator);
      type* const block = blocks.allocate(1);
      target_ = ::new (static_cast<void*>(block)) type(std::move(from), allocator);
    }
  }

  ~executor() { release(); }

  executor& operator=(const executor& other) noexcept {
    executor copy(other);
    std::swap(target_, copy.target_);
    return *this;
  }
  executor& operator=(executor&& other) noexcept {
    executor taken(std::move(other));
    std::swap(target_, taken.target_);
    return *this;
  }
  executor& operator=(std::nullptr_t) noexcept {
    release();
    target_ = nullptr;
    return *this;
  }

  execution_context& context() const noexcept { return get().context(); }
  void on_work_started() const noexcept { get().on_work_started(); }
  void on_work_finished() const noexcept { get().on_work_finished(); }

  template <typename Function, typename Allocator>
  void dispatch(Function&& function, const Allocator& allocator) const {
    get().dispatch(erase(std::forward<Function>(function), allocator));
  }
  template <typename Function, typename Allocator>
  void post(Function&& function, const Allocator& allocator) const {
    get().post(erase(std::forward<Function>(function), allocator));
  }
  template <typename Function, typename Allocator>
  void defer(Function&& function, const Allocator& allocator) const {
    get().defer(erase(std::forward<Function>(function), allocator));
  }

  explicit operator bool() const noexcept { return target_ != nullptr; }

  const std::type_info& target_type() const noexcept {
    return target_ != nullptr ? target_->type() : typeid(void);
  }

  // Null unless the target is an Executor.
  template <typename Executor>
  Executor* target() noexcept {
    return target_ != nullptr && target_->type() == typeid(Executor)
               ? static_cast<Executor*>(target_->address())
               : nullptr;
  }
  template <typename Executor>
  const Executor* target() const noexcept {
    return const_cast<executor*>(this)->target<Executor>();
  }

  friend bool operator==(const executor& a, const executor& b) noexcept {
    if (a.target_ == b.target_) {
      return true;
    }
    return a.target_ != nullptr && b.target_ != nullptr && a.target_->type() == b.target_->type() &&
           a.target_->equals(b.target_->address());
  }

 private:
  class holder_base {
   public:
    virtual holder_base* share() noexcept = 0;
    virtual void release() noexcept = 0;
    virtual execution_context& context() noexcept = 0;
    virtual void on_work_started() noexcept = 0;
    virtual void on_work_finished() noexcept = 0;
    virtual void dispatch(internal::erased_function&& function) = 0;
    virtual void post(internal::erased_function&& function) = 0;
    virtual void defer(internal::erased_function&& function) = 0;
    virtual const std::type_info& type() const noexcept = 0;
    virtual void* address() noexcept = 0;
    virtual bool equals(const void* other) const noexcept = 0;

   protected:
    ~holder_base() = default;
  };

  template <typename Executor, typename Allocator>
  class holder final : public holder_base {
   public:
    using block_allocator =
        typename std::allocator_traits<Allocator>::template rebind_alloc<holder>;

    holder(Executor&& executor, const Allocator& allocator) noexcept
        : executor_(std::move(executor)), allocator_(allocator) {}

    // For executors without state: it is never released.
    static holder_base* only_one(const Executor& executor) noexcept {
      static holder* const instance = [&] {
        alignas(holder) static unsigned char place[sizeof(holder)];
        return ::new (static_cast<void*>(place)) holder(Executor(executor), Allocator());
      }();
      return instance;
    }

    // Relaxed: who shares has a reference already.
    holder_base* share() noexcept override {
      if constexpr (!is_only_one) {
        references_.fetch_add(1, std::memory_order_relaxed);
      }
      return this;
    }
    // Release what was done with the target; the last acquires what all did.
    void release() noexcept override {
      if constexpr (!is_only_one) {
        if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
          block_allocator blocks(allocator_);
          this->~holder();
          blocks.deallocate(this, 1);
        }
      }
    }

    execution_context& context() noexcept override { return executor_.context(); }
    void on_work_started() noexcept override { executor_.on_work_started(); }
    void on_work_finished() noexcept override { executor_.on_work_finished(); }
    void dispatch(internal::erased_function&& function) override {
      executor_.dispatch(std::move(function), allocator_);
    }
    void post(internal::erased_function&& function) override {
      executor_.post(std::move(function), allocator_);
    }
    void defer(internal::erased_function&& function) override {
      executor_.defer(std::move(function), allocator_);
    }
    const std::type_info& type() const noexcept override { return typeid(Executor); }
    void* address() noexcept override { return &executor_; }
    bool equals(const void* other) const noexcept override {
      return executor_ == *static_cast<const Executor*>(other);
    }

   private:
    static constexpr bool is_only_one = std::is_empty_v<Executor> && std::is_empty_v<Allocator>;

    std::atomic<std::size_t> references_{1};
    Executor executor_;
    [[no_unique_address]] Allocator allocator_;
  };

  template <typename Function, typename Allocator>
  static internal::erased_function erase(Function&& function, const Allocator& allocator) {
    return internal::erased_function(
        internal::make_erased_operation(std::forward<Function>(function), allocator));
  }

  [[noreturn]] static void throw_bad_executor();

  holder_base& get() const {
    if (target_ == nullptr) {
      throw_bad_executor();
    }
    return *target_;
  }
  holder_base* share() const noexcept { return target_ != nullptr ? target_->share() : nullptr; }
  void release() noexcept {
    if (target_ != nullptr) {
      target_->release();
    }
  }

  holder_base* target_ = nullptr;
};

}  // namespace NET_NAMESPACE

template <typename Allocator>
struct std::uses_allocator<NET_NAMESPACE::executor, Allocator> : std::true_type {};
