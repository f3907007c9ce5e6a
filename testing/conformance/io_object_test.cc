// SPDX-License-Identifier: BSL-1.0
//
// Services of a program's own, with objects that have their state there.
#include <gtest/gtest.h>

#include <asio/basic_io_object.hpp>
#include <asio/io_context.hpp>
#include <string>
#include <type_traits>
#include <utility>

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace {

// Writes down what it is asked for.
class recorder : public asio::io_context::service {
 public:
  static asio::io_context::id id;
  struct implementation_type {
    char name = '-';
  };

  explicit recorder(asio::io_context& context) : asio::io_context::service(context) {}

  void construct(implementation_type& state) { note("c", state); }
  void destroy(implementation_type& state) { note("d", state); }
  void move_construct(implementation_type& to, implementation_type& from) {
    to.name = std::exchange(from.name, '-');
    note("m", to);
  }
  void move_assign(implementation_type& to, recorder&, implementation_type& from) {
    to.name = std::exchange(from.name, '-');
    note("a", to);
  }

  std::string notes;

 private:
  void shutdown() override {}
  void note(const char* what, const implementation_type& state) {
    notes += what, notes += state.name;
  }
};
asio::io_context::id recorder::id;

class object : public asio::basic_io_object<recorder> {
 public:
  object(asio::io_context& context, char name) : asio::basic_io_object<recorder>(context) {
    get_implementation().name = name;
  }
  char name() const { return get_implementation().name; }
  std::string& notes() { return get_service().notes; }
};

TEST(IoObject, StateIsMadeAndEndedByTheService) {
  asio::io_context context;
  std::string& notes = asio::use_service<recorder>(context).notes;
  {
    object one(context, 'x');
    EXPECT_EQ(&one.notes(), &notes);
    EXPECT_TRUE(one.get_executor() == context.get_executor());
    object two(std::move(one));
    EXPECT_EQ(two.name(), 'x');
    one = std::move(two);
    EXPECT_EQ(one.name(), 'x');
  }
  EXPECT_EQ(notes, "c-mxaxd-dx");
}

class simple_service : public asio::io_context::service {
 public:
  static asio::io_context::id id;
  struct implementation_type {};

  explicit simple_service(asio::io_context& context) : asio::io_context::service(context) {}
  void construct(implementation_type&) {}
  void destroy(implementation_type&) {}

 private:
  void shutdown() override {}
};
asio::io_context::id simple_service::id;

struct simple : asio::basic_io_object<simple_service> {
  explicit simple(asio::io_context& context) : asio::basic_io_object<simple_service>(context) {}
};

TEST(IoObject, MovesOnlyIfTheServiceMovesStates) {
  EXPECT_TRUE(std::is_move_constructible<object>::value);
  EXPECT_TRUE(std::is_move_assignable<object>::value);
  EXPECT_FALSE(std::is_copy_constructible<object>::value);
  EXPECT_FALSE(std::is_move_constructible<simple>::value);
  EXPECT_FALSE(std::is_move_assignable<simple>::value);
}

}  // namespace
