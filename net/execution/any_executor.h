// SPDX-License-Identifier: BSL-1.0
//
// any_executor<Properties...> holds an executor of any type that has the properties, and has them
// itself; prefer_only<> in the list marks those that the executor need not have. It may be empty:
// then what is asked of it throws bad_executor.
//
//   net::execution::any_executor<net::execution::blocking_t::never_t> executor = pool.get_executor();
//   net::require(executor, net::execution::blocking.never).execute(f);
//
// Copying, moving and converting to another set of properties do not allocate; only storing an
// executor larger than three words, or one that may throw when moved, does. Two are equal if their
// targets are of one type and equal.
#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <initializer_list>
#include <new>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include "net/config.h"
#include "net/execution/any_executor_base.h"
#include "net/execution/bad_executor.h"
#include "net/execution/executor.h"
#include "net/execution/properties/blocking.h"
#include "net/execution/properties/prefer.h"
#include "net/execution/properties/query.h"
#include "net/execution/properties/require.h"

namespace NET_NAMESPACE {
namespace execution {

template <typename... SupportableProperties>
class any_executor;

template <typename T>
struct context_as_t;

}  // namespace execution

namespace internal {

// A target must do with a property what the property is for.
template <typename Executor, typename Property>
concept supports_property = (!requirable<Property> || can_require<Executor, Property>::value) &&
                            (!preferable<Property> || can_prefer<Executor, Property>::value) &&
                            (requirable<Property> || preferable<Property> ||
                             can_query<Executor, Property>::value);

template <typename Executor, typename... Properties>
concept erasable_executor = execution::is_executor<Executor>::value &&
    (supports_property<Executor, Properties>&&...);

template <typename Property>
concept erasably_queryable = requires {
  typename Property::polymorphic_query_result_type;
};

// Whether the library has the tables of an Any for such executors, which are then not made anew in
// each source that includes a header. There is an explicit instantiation of choose_table() for each,
// or of converted_table() where the executor is an erased one itself.
template <typename Any, typename Executor>
inline constexpr bool has_table_in_library = false;

// What a query of an erased executor gives.
template <typename Property>
struct erased_result {
  using type = void;
};
template <erasably_queryable Property>
struct erased_result<Property> {
  using type = typename Property::polymorphic_query_result_type;
};

// What an erased executor of type Any does with its property number Index.
template <std::size_t Index, typename Any, typename Property>
struct property_functions {
  using property_type = Property;
  using result_type = typename erased_result<Property>::type;

  result_type (*query)(const any_executor_base&, const Property&);
  // The last one is empty, and is given the target.
  void (*require)(const any_executor_base&, const Property&, Any&);
  void (*prefer)(const any_executor_base&, const Property&, Any&);
};

template <typename Any, typename Indices, typename... Properties>
struct property_table;
template <typename Any, std::size_t... Indices, typename... Properties>
struct property_table<Any, std::index_sequence<Indices...>, Properties...>
    : erased_functions, property_functions<Indices, Any, Properties>... {};

template <typename Any>
struct table_of;
template <typename... Properties>
struct table_of<execution::any_executor<Properties...>> {
  using type = property_table<execution::any_executor<Properties...>,
                              std::index_sequence_for<Properties...>, Properties...>;
};

template <std::size_t Index, typename Any, typename Property>
constexpr const property_functions<Index, Any, Property>& functions_at(
    const property_functions<Index, Any, Property>& functions) noexcept {
  return functions;
}

// What the functions of the properties apply to. Target is void when there is nothing.
template <typename Target>
struct erased_target {
  static const Target& of(const any_executor_base& executor) noexcept {
    return *static_cast<const Target*>(erased_access::where(executor));
  }
};
// An erased executor with other properties is made again from the table that it had.
template <typename... Properties>
struct erased_target<execution::any_executor<Properties...>> {
  static execution::any_executor<Properties...> of(const any_executor_base& executor) noexcept {
    return {executor, *erased_access::functions(executor).source};
  }
};

template <typename Target, typename Property>
typename erased_result<Property>::type query_erased([[maybe_unused]] const any_executor_base& self,
                                                    [[maybe_unused]] const Property& property) {
  using result = typename erased_result<Property>::type;
  if constexpr (std::is_void_v<Target>) {
    throw_bad_executor();
  } else if constexpr (can_query<const Target&, const Property&>::value) {
    const auto& target = erased_target<Target>::of(self);
    return static_cast<result>(NET_NAMESPACE::query(target, property));
  } else if constexpr (std::is_reference_v<result>) {
    std::terminate();  // Such a target is not accepted.
  } else {
    return result();  // Only preferred, and not there.
  }
}

// Puts into an empty executor what a function made for it.
template <typename Any, typename Executor>
void give_target(Any& empty, Executor&& executor) {
  using type = std::remove_cvref_t<Executor>;
  if constexpr (std::is_base_of_v<any_executor_base, type>) {
    empty = Any(std::forward<Executor>(executor));
  } else {
    erased_access::fill(empty, type(std::forward<Executor>(executor)));
  }
}

template <typename Any, typename Target, typename Property>
void require_erased([[maybe_unused]] const any_executor_base& self,
                    [[maybe_unused]] const Property& property, [[maybe_unused]] Any& result) {
  if constexpr (std::is_void_v<Target>) {
    throw_bad_executor();
  } else {
    const auto& target = erased_target<Target>::of(self);
    give_target(result, NET_NAMESPACE::require(target, property));
  }
}

template <typename Any, typename Target, typename Property>
void prefer_erased([[maybe_unused]] const any_executor_base& self,
                   [[maybe_unused]] const Property& property, [[maybe_unused]] Any& result) {
  if constexpr (std::is_void_v<Target>) {
    throw_bad_executor();
  } else {
    const auto& target = erased_target<Target>::of(self);
    give_target(result, NET_NAMESPACE::prefer(target, property));
  }
}

template <typename Target, std::size_t Index, typename Any, typename Property>
constexpr void set_functions(property_functions<Index, Any, Property>& functions) noexcept {
  if constexpr (erasably_queryable<Property>) {
    functions.query = &query_erased<Target, Property>;
  }
  if constexpr (requirable<Property>) {
    functions.require = &require_erased<Any, Target, Property>;
  }
  if constexpr (preferable<Property>) {
    functions.prefer = &prefer_erased<Any, Target, Property>;
  }
}

template <typename Target, typename Any, std::size_t... Indices, typename... Properties>
constexpr void set_all_functions(
    property_table<Any, std::index_sequence<Indices...>, Properties...>& table) noexcept {
  (set_functions<Target, Indices, Any, Properties>(table), ...);
}

template <typename Any>
constexpr typename table_of<Any>::type make_empty_table() noexcept {
  typename table_of<Any>::type table{};
  table.type = &typeid(void);
  set_all_functions<void>(table);
  return table;
}

template <typename Any, typename Target, bool IsAlwaysBlocking>
constexpr typename table_of<Any>::type make_table() noexcept {
  typename table_of<Any>::type table{};
  static_cast<erased_functions&>(table) = make_erased_functions<Target, IsAlwaysBlocking>();
  set_all_functions<Target>(table);
  return table;
}

template <typename Any>
constinit const typename table_of<Any>::type empty_table = make_empty_table<Any>();

template <typename Any, typename Target, bool IsAlwaysBlocking>
inline constexpr
    typename table_of<Any>::type table_for = make_table<Any, Target, IsAlwaysBlocking>();

template <typename Any, typename Target>
const erased_functions& choose_table(const Target& target) {
  if constexpr (may_be_always_blocking<Target>()) {
    if (is_always_blocking(target)) {
      return table_for<Any, Target, true>;
    }
  }
  return table_for<Any, Target, false>;
}

// The table for an Any made from a Source with the table `source`. It is made when first needed and
// kept for ever; there is one for each type of target that is converted so. Null: no memory.
template <typename Any, typename Source>
const erased_functions* converted_table(const erased_functions& source) noexcept {
  struct entry {
    typename table_of<Any>::type table{};
    entry* next = nullptr;
  };
  static std::atomic<entry*> entries{nullptr};

  if (source.kind == target_kind::none) {
    return &empty_table<Any>;
  }
  entry* first = entries.load(std::memory_order_acquire);
  for (const entry* known = first; known != nullptr; known = known->next) {
    if (known->table.source == &source) {
      return &known->table;
    }
  }
  auto* const made = new (std::nothrow) entry;
  if (made == nullptr) {
    return nullptr;
  }
  static_cast<erased_functions&>(made->table) = source;
  made->table.source = &source;
  set_all_functions<Source>(made->table);
  // Another thread may add the same: either will do.
  made->next = first;
  while (!entries.compare_exchange_weak(made->next, made, std::memory_order_release,
                                        std::memory_order_relaxed)) {
  }
  return &made->table;
}

inline constexpr std::size_t not_found = static_cast<std::size_t>(-1);

// Where the first true is.
constexpr std::size_t index_of(std::initializer_list<bool> matches) noexcept {
  std::size_t index = 0;
  for (const bool is_match : matches) {
    if (is_match) {
      return index;
    }
    ++index;
  }
  return not_found;
}

template <typename T, typename... Properties>
inline constexpr std::size_t queryable_index =
    index_of({(erasably_queryable<Properties> && std::is_convertible_v<T, Properties>)...});
template <typename T, typename... Properties>
inline constexpr std::size_t requirable_index =
    index_of({(requirable<Properties> && std::is_convertible_v<T, Properties>)...});
template <typename T, typename... Properties>
inline constexpr std::size_t preferable_index =
    index_of({(preferable<Properties> && std::is_convertible_v<T, Properties>)...});

// The first context_as<> of a list.
template <typename... Properties>
struct first_context_as {
  static constexpr bool exists = false;
  using type = void;
};
template <typename First, typename... Rest>
struct first_context_as<First, Rest...> : first_context_as<Rest...> {};
template <typename T, typename... Rest>
struct first_context_as<execution::context_as_t<T>, Rest...> {
  static constexpr bool exists = true;
  using type = T;
};

}  // namespace internal

namespace execution {

template <typename... SupportableProperties>
class any_executor : public internal::any_executor_base {
  using base = internal::any_executor_base;
  using table_type = typename internal::table_of<any_executor>::type;

 public:
  any_executor() noexcept : base(none()) {}
  any_executor(std::nullptr_t) noexcept : base(none()) {}

  any_executor(const any_executor& other) noexcept = default;
  any_executor(any_executor&& other) noexcept : base(std::move(other), none()) {}
  any_executor(std::nothrow_t, const any_executor& other) noexcept : any_executor(other) {}
  any_executor(std::nothrow_t, any_executor&& other) noexcept : any_executor(std::move(other)) {}

  template <typename Executor>
  requires(internal::has_table_in_library<any_executor, Executor> ||
           (!std::is_base_of_v<internal::any_executor_base, Executor> &&
            internal::erasable_executor<Executor, SupportableProperties...>))
      any_executor(Executor executor)
      : base(none()) {
    fill(std::move(executor));
  }

  // Empty if there is no memory.
  template <typename Executor>
  requires(internal::has_table_in_library<any_executor, Executor> ||
           (!std::is_base_of_v<internal::any_executor_base, Executor> &&
            internal::erasable_executor<Executor, SupportableProperties...>))
      any_executor(std::nothrow_t, Executor executor)
  noexcept : base(none()) {
    const internal::erased_functions& table =
        internal::choose_table<any_executor, Executor>(executor);
    if (this->emplace(std::nothrow, std::move(executor))) {
      this->become(table);
    }
  }

  // The target stays the same.
  template <typename... Others>
  requires(!std::is_same_v<any_executor<Others...>, any_executor> &&
           (internal::has_table_in_library<any_executor, any_executor<Others...>> ||
            (internal::supports_property<any_executor<Others...>, SupportableProperties> && ...)))
      any_executor(const any_executor<Others...>& other)
      : base(other, internal::table_or_throw(
                        internal::converted_table<any_executor, any_executor<Others...>>(
                            internal::erased_access::functions(other)))) {}

  template <typename... Others>
  requires(!std::is_same_v<any_executor<Others...>, any_executor> &&
           (internal::has_table_in_library<any_executor, any_executor<Others...>> ||
            (internal::supports_property<any_executor<Others...>, SupportableProperties> && ...)))
      any_executor(std::nothrow_t, const any_executor<Others...>& other)
  noexcept : base(none()) {
    if (const internal::erased_functions* const table =
            internal::converted_table<any_executor, any_executor<Others...>>(
                internal::erased_access::functions(other))) {
      this->assign(any_executor(other, *table), none());
    }
  }

  ~any_executor() = default;

  any_executor& operator=(const any_executor& other) noexcept {
    this->assign(static_cast<const base&>(other), none());
    return *this;
  }
  any_executor& operator=(any_executor&& other) noexcept {
    this->assign(std::move(other), none());
    return *this;
  }
  any_executor& operator=(std::nullptr_t) noexcept {
    this->assign(any_executor(), none());
    return *this;
  }

  void swap(any_executor& other) noexcept {
    any_executor old(std::move(*this));
    *this = std::move(other);
    other = std::move(old);
  }

  // For executors in the style of the Networking TS, whose context is not a property.
  typename internal::first_context_as<SupportableProperties...>::type context() const
      requires(internal::first_context_as<SupportableProperties...>::exists) {
    return query(
        context_as_t<typename internal::first_context_as<SupportableProperties...>::type>());
  }

  template <typename Property>
  requires(internal::queryable_index<Property, SupportableProperties...> !=
           internal::not_found) auto query(const Property& property) const ->
      typename std::remove_cvref_t<decltype(internal::functions_at<internal::queryable_index<
                                                Property, SupportableProperties...>>(
          std::declval<const table_type&>()))>::result_type {
    constexpr std::size_t index = internal::queryable_index<Property, SupportableProperties...>;
    return internal::functions_at<index>(table()).query(*this, property);
  }

  template <typename Property>
  requires(internal::requirable_index<Property, SupportableProperties...> !=
           internal::not_found) any_executor require(const Property& property)
  const {
    any_executor result;
    require_into(property, result);
    return result;
  }

  template <typename Property>
  requires(internal::preferable_index<Property, SupportableProperties...> !=
           internal::not_found) any_executor prefer(const Property& property)
  const {
    any_executor result;
    prefer_into(property, result);
    return result;
  }

  friend bool operator==(const any_executor& a, const any_executor& b) noexcept {
    return base::are_equal(a, b);
  }
  friend bool operator==(const any_executor& a, std::nullptr_t) noexcept { return !a; }

 protected:
  // For those derived from this: the result is in an empty one of theirs.
  template <typename Property>
  void require_into(const Property& property, any_executor& empty) const {
    constexpr std::size_t index = internal::requirable_index<Property, SupportableProperties...>;
    internal::functions_at<index>(table()).require(*this, property, empty);
  }
  template <typename Property>
  void prefer_into(const Property& property, any_executor& empty) const {
    constexpr std::size_t index = internal::preferable_index<Property, SupportableProperties...>;
    internal::functions_at<index>(table()).prefer(*this, property, empty);
  }

 private:
  friend internal::erased_access;
  template <typename>
  friend struct internal::erased_target;

  // This executor is empty.
  template <typename Executor>
  void fill(Executor&& executor) {
    const internal::erased_functions& table =
        internal::choose_table<any_executor, Executor>(executor);
    this->emplace(std::move(executor));
    this->become(table);
  }

  // The target of `other`, with a table for these properties.
  any_executor(const internal::any_executor_base& other,
               const internal::erased_functions& table) noexcept
      : base(other, table) {}

  static const internal::erased_functions& none() noexcept {
    return internal::empty_table<any_executor>;
  }
  const table_type& table() const noexcept {
    return static_cast<const table_type&>(this->functions());
  }
};

template <typename... SupportableProperties>
void swap(any_executor<SupportableProperties...>& a,
          any_executor<SupportableProperties...>& b) noexcept {
  a.swap(b);
}

}  // namespace execution
}  // namespace NET_NAMESPACE
