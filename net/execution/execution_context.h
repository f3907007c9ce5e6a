// SPDX-License-Identifier: BSL-1.0
//
// An execution_context is a place where function objects run. It is the common base of the
// contexts, so that an executor can say where it belongs without naming the concrete type, and it
// holds services: objects of which a context has no more than one of each kind.
//
//   auto& cache = net::use_service<name_cache>(context);  // made on first use
//
// A kind of service is a class derived from execution_context::service with a constructor that
// takes the context, and either a nested type key_type or a static member `id` of type
// execution_context::id.
//
// At the context's end all services are told to shut down, the youngest first, and then destroyed
// in the same order. What a context allocates for itself and its services comes from the allocator
// it was given, and goes back there.
//
// Services may be looked for, made and added from any thread.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include "net/config.h"

namespace NET_NAMESPACE {

namespace internal {
class loop_host;

// Where a context gets its memory.
class context_memory {
 public:
  virtual void* allocate(std::size_t size, std::size_t alignment) = 0;
  virtual void deallocate(void* block, std::size_t size, std::size_t alignment) noexcept = 0;
  // Ends the object itself.
  virtual void release() noexcept = 0;

  static context_memory& of_heap() noexcept;

 protected:
  ~context_memory() = default;
};

struct service_access;
}  // namespace internal

class execution_context {
 public:
  template <typename T>
  class allocator;
  class id;
  class service;
  class service_maker;

  execution_context();
  explicit execution_context(const service_maker& initial_services);
  // All that the context allocates comes from `memory`.
  template <typename Allocator>
  execution_context(std::allocator_arg_t, const Allocator& memory);
  template <typename Allocator>
  execution_context(std::allocator_arg_t, const Allocator& memory,
                    const service_maker& initial_services);
  execution_context(const execution_context&) = delete;
  execution_context& operator=(const execution_context&) = delete;
  virtual ~execution_context();

  enum fork_event {
    fork_prepare,  // the process is about to fork
    fork_parent,   // it has, and this is the one that was there before
    fork_child     // it has, and this is the new one
  };
  // Has the context used in both processes after a fork: to be called before it, and after it in
  // each process that goes on with the context. What waits in the child goes on there, too, with
  // descriptors, timers and signals of its own. A process that does not call it may only destroy
  // the context. Services are told the youngest first before the fork, last after it. Nobody else
  // may use the context from the first call to the last; a function that the context runs may call
  // it. Throws std::system_error in the child when the kernel refuses what it needs there.
  void notify_fork(fork_event event);

  // What the library keeps here about the loop that runs the context; see loop_host.h.
  internal::loop_host* host() const noexcept { return host_; }

 protected:
  // For the destructors of derived classes, whose members services may depend on. Each service is
  // told to shut down once.
  void shutdown() noexcept;
  void destroy() noexcept;

  void set_host(internal::loop_host& host) noexcept { host_ = &host; }

 private:
  friend struct internal::service_access;

  // What tells kinds of services apart.
  struct service_key {
    const std::type_info* type = nullptr;
    const execution_context::id* id = nullptr;

    friend bool operator==(const service_key& left, const service_key& right) noexcept {
      return left.id == right.id &&
             (left.type == right.type ||
              (left.type != nullptr && right.type != nullptr && *left.type == *right.type));
    }
  };
  struct memory_releaser {
    void operator()(internal::context_memory* memory) const noexcept { memory->release(); }
  };

  explicit execution_context(internal::context_memory& memory);

  // For contexts that have a loop of their own: before all services, but last when preparing.
  virtual void notify_loop_of_fork(fork_event event);

  service* find(const service_key& key) const noexcept;
  service* find_locked(const service_key& key) const noexcept;
  void add(service& what, const service_key& key);

  // Before the services, so that it is released after them.
  std::unique_ptr<internal::context_memory, memory_releaser> memory_;
  internal::loop_host* host_ = nullptr;
  mutable std::mutex mutex_;
  service* youngest_ = nullptr;  // under mutex_
};

// What distinguishes a kind of service that has no key_type.
class execution_context::id {
 public:
  id() = default;
  id(const id&) = delete;
  id& operator=(const id&) = delete;
};

class execution_context::service {
 public:
  service(const service&) = delete;
  service& operator=(const service&) = delete;

  execution_context& context() { return owner_; }

 protected:
  explicit service(execution_context& owner) : owner_(owner) {}
  virtual ~service();

 private:
  friend class execution_context;
  friend struct internal::service_access;

  // Destroys the handlers that the service holds, and has no more of them called.
  virtual void shutdown() = 0;
  virtual void notify_fork(fork_event event);

  execution_context& owner_;
  service_key key_;
  service* next_ = nullptr;
  void (*destroy_)(service& self) = nullptr;
  bool is_shut_down_ = false;
};

// Makes the services that a context has from the beginning.
class execution_context::service_maker {
 public:
  service_maker(const service_maker&) = delete;
  service_maker& operator=(const service_maker&) = delete;

  virtual void make(execution_context& context) const = 0;

 protected:
  service_maker() = default;
  virtual ~service_maker();
};

// Allocates what a context would allocate for itself.
template <typename T>
class execution_context::allocator {
 public:
  using value_type = T;

  explicit allocator(execution_context& context) noexcept : memory_(context.memory_.get()) {}
  template <typename U>
  allocator(const allocator<U>& other) noexcept : memory_(other.memory_) {}

  T* allocate(std::size_t count) const {
    return static_cast<T*>(memory_->allocate(sizeof(T) * count, alignof(T)));
  }
  void deallocate(T* block, std::size_t count) const noexcept {
    memory_->deallocate(block, sizeof(T) * count, alignof(T));
  }

  template <typename U>
  bool operator==(const allocator<U>& other) const noexcept {
    return memory_ == other.memory_;
  }

 private:
  template <typename>
  friend class allocator;

  internal::context_memory* memory_;
};

template <>
class execution_context::allocator<void> {
 public:
  using value_type = void;

  explicit allocator(execution_context& context) noexcept : memory_(context.memory_.get()) {}
  template <typename U>
  allocator(const allocator<U>& other) noexcept : memory_(other.memory_) {}

  template <typename U>
  bool operator==(const allocator<U>& other) const noexcept {
    return memory_ == other.memory_;
  }

 private:
  template <typename>
  friend class allocator;

  internal::context_memory* memory_;
};

class service_already_exists : public std::logic_error {
 public:
  service_already_exists();
};

class invalid_service_owner : public std::logic_error {
 public:
  invalid_service_owner();
};

// The context's service of a kind, which is made if there is none.
template <typename Service>
Service& use_service(execution_context& context);

// Makes a service of the context, from `context` and the arguments. Throws service_already_exists
// if there is one of its kind.
template <typename Service, typename... Args>
Service& make_service(execution_context& context, Args&&... args);

// Adds a service made with `new`, which from then on belongs to the context. Throws
// service_already_exists, or invalid_service_owner when the service was made for another context;
// then it stays the caller's.
template <typename Service>
void add_service(execution_context& context, Service* service);

template <typename Service>
bool has_service(execution_context& context);

// ---------------------------------------------------------------------------------------------

namespace internal {

// An id that stands for a class: services with one are told apart by the class, wherever the
// program's parts were linked.
template <typename Service>
class service_id : public execution_context::id {};

// The base of the library's services. Those derived from `Service` are of the same kind.
template <typename Service>
class service_base : public execution_context::service {
 public:
  static inline service_id<Service> id;

 protected:
  explicit service_base(execution_context& context) : service(context) {}
};

template <typename Allocator>
class allocator_memory final : public context_memory {
 public:
  explicit allocator_memory(const Allocator& allocator) : allocator_(allocator) {}

  static context_memory& make(const Allocator& allocator) {
    typename own_traits::allocator_type mine(allocator);
    allocator_memory* const place = own_traits::allocate(mine, 1);
    return *::new (static_cast<void*>(place)) allocator_memory(allocator);
  }

  void* allocate(std::size_t size, std::size_t alignment) override {
    typename traits::allocator_type blocks(allocator_);
    if (alignment <= sizeof(block)) {
      return traits::allocate(blocks, count_of(size));
    }
    // Room to align in, and where the block begins just before what is returned.
    const std::size_t count = count_of(size + alignment + sizeof(block));
    block* const begin = traits::allocate(blocks, count);
    void* aligned = begin + 1;
    std::size_t space = (count - 1) * sizeof(block);
    std::align(alignment, size, aligned, space);
    static_cast<block**>(aligned)[-1] = begin;
    return aligned;
  }

  void deallocate(void* what, std::size_t size, std::size_t alignment) noexcept override {
    typename traits::allocator_type blocks(allocator_);
    if (alignment <= sizeof(block)) {
      traits::deallocate(blocks, static_cast<block*>(what), count_of(size));
    } else {
      traits::deallocate(blocks, static_cast<block**>(what)[-1],
                         count_of(size + alignment + sizeof(block)));
    }
  }

  void release() noexcept override {
    typename own_traits::allocator_type mine(allocator_);
    this->~allocator_memory();
    own_traits::deallocate(mine, this, 1);
  }

 private:
  struct alignas(std::max_align_t) block {
    char bytes[alignof(std::max_align_t)];
  };
  using traits = typename std::allocator_traits<Allocator>::template rebind_traits<block>;
  using own_traits =
      typename std::allocator_traits<Allocator>::template rebind_traits<allocator_memory>;

  static constexpr std::size_t count_of(std::size_t size) noexcept {
    return (size + sizeof(block) - 1) / sizeof(block);
  }

  Allocator allocator_;
};

struct service_access {
  using key = execution_context::service_key;

  template <typename>
  struct tag {};
  template <typename Service>
  static const std::type_info* type_of_id(const service_id<Service>&) noexcept {
    return &typeid(tag<Service>);
  }

  template <typename Service>
  static key key_of() noexcept {
    if constexpr (requires { typename Service::key_type; }) {
      static_assert(std::is_base_of_v<typename Service::key_type, Service>);
      return {&typeid(tag<Service>), nullptr};
    } else if constexpr (requires { type_of_id(Service::id); }) {
      return {type_of_id(Service::id), nullptr};
    } else {
      return {nullptr, &Service::id};
    }
  }

  // Owns a service that no context has yet.
  template <typename Service>
  struct unowned {
    explicit unowned(Service* made) noexcept : what(made) {}
    ~unowned() {
      if (what != nullptr) {
        destroy_made<Service>(*what);
      }
    }
    unowned(const unowned&) = delete;
    unowned& operator=(const unowned&) = delete;

    Service* what;
  };

  template <typename Service>
  static void destroy_made(execution_context::service& base) {
    auto& self = static_cast<Service&>(base);
    execution_context::allocator<Service> memory(base.owner_);
    std::destroy_at(&self);
    memory.deallocate(&self, 1);
  }

  template <typename Service, typename Context, typename... Args>
  static Service* create(Context& context, Args&&... args) {
    execution_context::allocator<Service> memory(context);
    Service* const place = memory.allocate(1);
    try {
      Service* const made =
          ::new (static_cast<void*>(place)) Service(context, std::forward<Args>(args)...);
      static_cast<execution_context::service&>(*made).destroy_ = &destroy_made<Service>;
      return made;
    } catch (...) {
      memory.deallocate(place, 1);
      throw;
    }
  }

  template <typename Service, typename Context>
  static Service& use(Context& context) {
    const key wanted = key_of<Service>();
    execution_context& base = context;
    if (execution_context::service* const found = base.find(wanted)) {
      return static_cast<Service&>(*found);
    }
    // Not under the context's mutex: a service may need others.
    unowned<Service> made(create<Service>(context));
    try {
      base.add(*made.what, wanted);
    } catch (const service_already_exists&) {
      return static_cast<Service&>(*base.find(wanted));
    }
    return *std::exchange(made.what, nullptr);
  }

  template <typename Service, typename Context, typename... Args>
  static Service& make(Context& context, Args&&... args) {
    unowned<Service> made(create<Service>(context, std::forward<Args>(args)...));
    static_cast<execution_context&>(context).add(*made.what, key_of<Service>());
    return *std::exchange(made.what, nullptr);
  }

  template <typename Service>
  static void add(execution_context& context, Service& what) {
    context.add(what, key_of<Service>());
  }

  template <typename Service>
  static bool has(execution_context& context) {
    return context.find(key_of<Service>()) != nullptr;
  }
};

}  // namespace internal

template <typename Allocator>
execution_context::execution_context(std::allocator_arg_t, const Allocator& memory)
    : execution_context(internal::allocator_memory<Allocator>::make(memory)) {}

template <typename Allocator>
execution_context::execution_context(std::allocator_arg_t, const Allocator& memory,
                                     const service_maker& initial_services)
    : execution_context(internal::allocator_memory<Allocator>::make(memory)) {
  initial_services.make(*this);
}

template <typename Service>
Service& use_service(execution_context& context) {
  return internal::service_access::use<Service>(context);
}

template <typename Service, typename... Args>
Service& make_service(execution_context& context, Args&&... args) {
  return internal::service_access::make<Service>(context, std::forward<Args>(args)...);
}

template <typename Service>
void add_service(execution_context& context, Service* service) {
  internal::service_access::add(context, *service);
}

template <typename Service>
bool has_service(execution_context& context) {
  return internal::service_access::has<Service>(context);
}

}  // namespace NET_NAMESPACE
