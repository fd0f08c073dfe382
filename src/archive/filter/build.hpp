#pragma once
// What makes a tree, whatever it is read from: all of a filter's rules but its spelling.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "archive/filter/filter.hpp"

namespace mi2::archive::filter {

/// What a field is called in an expression: "modality", or "label" and "finding".
struct Name {
  const Field* field = nullptr;
  std::string key;
};

/// Whether a byte may be in a bare word.
bool is_bare(char c) noexcept;

/// @param place  for errors: "byte 12".
/// @throws Error{kBadArgument} for an unknown field, which the message does not repeat, or a key where none belongs.
Name read_name(std::string_view text, std::string_view place);

class Builder {
 public:
  /// @throws Error{kBadArgument} if the operator or a value does not fit the field; {kTooLarge} over a limit.
  Expr compare(const Name& name, Op op, std::vector<std::string> values, std::string_view place);
  /// kAnd or kOr of one or more; of one, itself.
  Expr group(Kind kind, std::vector<Expr> parts);
  Expr negation(Expr part);
  /// @throws Error{kTooLarge} if what was built is too long.
  static Expr finish(Expr expr);

 private:
  void count_node();

  std::size_t nodes_ = 0;
  std::size_t values_ = 0;
};

/// The operator as it is written: "=", "in".
std::string_view text_of(Op op) noexcept;

/// Of a name of fields(); kText for any other.
FieldKind kind_of(std::string_view field) noexcept;

/// One of =, !=, in and not in.
bool is_equality(Op op) noexcept;
/// One of != and not in, which are the opposite of = and in.
bool is_negative(Op op) noexcept;
/// Whether a year or a month is compared by its first day, not by its last.
bool is_from_first_day(Op op) noexcept;

/// The number that a value of a kNumber field is.
double number_of(std::string_view value) noexcept;

/// @throws Error{kTooLarge} if `depth`, of parentheses and nots, is over the limit.
void check_depth(std::size_t depth);

}  // namespace mi2::archive::filter
