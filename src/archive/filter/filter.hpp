#pragma once
// EXPR, the filter of an archive: `modality in (CT,MR) and body_part~chest and date>=2020-01-01 and not site=B`. Parsed
// to a tree, printed, and bound as SQL with parameters; no database is known here.
//
//   expr     or of ands of nots; parentheses; words in any case
//   compare  FIELD OP VALUE, OP one of = != < <= > >= ~ (contains); FIELD in (VALUE, ...); FIELD not in (VALUE, ...)
//   VALUE    a bare word, or text in "double" or 'single' quotes, in which a backslash goes before a quote or a
//   backslash
//
// A comparison with something that a row does not have is false, so `not site=B` finds rows without a site. Text is
// compared without the case of A to Z. Numbers and dates have an order. A date may be a year or a month: 2020 is any
// day of it, > is after its last day, >= from its first. Fields are written in any case, keys are taken as they are.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace mi2::archive::filter {

inline constexpr std::size_t kMaxText = 65536;   ///< bytes of an expression, as given and as printed
inline constexpr std::size_t kMaxDepth = 32;     ///< of parentheses and nots
inline constexpr std::size_t kMaxNodes = 256;    ///< ands, ors, nots and comparisons
inline constexpr std::size_t kMaxValues = 1000;  ///< in all lists together
inline constexpr std::size_t kMaxValueBytes = 256;

enum class FieldKind : std::uint8_t {
  kText,    ///< a text column
  kNumber,  ///< a column of numbers
  kDate,    ///< a text column of dates as YYYY-MM-DD
  kKeyed,   ///< written FIELD.KEY: values by key, as of labels
};

struct Field {
  std::string_view name;
  FieldKind kind;
  std::string_view meaning;  ///< for help texts
};

/// All fields there are.
std::span<const Field> fields() noexcept;

/// Whether a kKeyed field may have this key: at most 64 bytes that need no quotes.
bool is_key(std::string_view key) noexcept;

enum class Op : std::uint8_t { kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual, kContains, kIn, kNotIn };

enum class Kind : std::uint8_t { kAnd, kOr, kNot, kCompare };

/// A node of the tree. One made by parse() or from_json() is within the limits, its values fit their field (numbers in
/// their shortest form, dates with dashes), and no and is right inside an and, nor an or inside an or.
struct Expr {
  Kind kind = Kind::kCompare;
  std::vector<Expr> parts;  ///< kAnd, kOr: two or more; kNot: one

  std::string field;  ///< kCompare: a name of fields()
  std::string key;    ///< of a kKeyed field, else empty
  Op op = Op::kEqual;
  std::vector<std::string> values;  ///< one; one or more for kIn and kNotIn

  bool operator==(const Expr&) const = default;
};

/// @throws Error{kBadArgument} naming the byte and what was expected there, or an unknown field and the nearest one
/// there
///         is; {kTooLarge} over a limit. Messages hold no value: it may be of a patient.
Expr parse(std::string_view text);

/// The tree as JSON: {"and": [..]}, {"or": [..]}, {"not": ..}, {"field": "modality", "op": "in", "value": ["CT",
/// "MR"]}; op is "=" if it is left out, a keyed field is written "label.finding"; a string is an EXPR.
/// @throws as parse(), naming the place in the tree.
Expr from_json(const nlohmann::json& tree);

/// EXPR with as few parentheses as it needs: parse() makes the same tree of it.
std::string to_text(const Expr& expr);
/// from_json() makes the same tree of it.
nlohmann::json to_json(const Expr& expr);

/// What both let by. Not bounded as parse() is.
Expr both(Expr a, Expr b);
/// What `where` lets by, of other studies than these: `where and not study in (..)`, which also lets by what is of no
/// study. As bounded as what parse() makes: parse() of its text is the same tree.
/// @param where  null: all.  @param studies  one or more UIDs.  @param name  what errors call them.
/// @throws Error{kBadArgument} for an empty one; {kTooLarge} over a limit. Messages hold no UID.
Expr without_studies(const Expr* where, const std::vector<std::string>& studies, std::string_view name);
/// Whether a comparison with a field is in it.
bool uses(const Expr& expr, std::string_view field);

/// Where a field's values are.
struct Column {
  std::string_view field;
  /// SQL of the value, as "series.modality".
  std::string_view value;
  /// SQL around a comparison of it, which stands for "@": as "EXISTS (SELECT 1 FROM label WHERE label.item = item.id
  /// AND label.key = ? AND @)". The key of a kKeyed field is the one parameter before the comparison's. Empty: "@"
  /// alone.
  std::string_view around = {};
};

using Parameter = std::variant<std::string, double>;

/// A condition for WHERE, in parentheses, that is true or false and never null. Plain "?" for each parameter in turn.
/// Understood by SQLite and, with its numbered parameters, PostgreSQL.
struct Bound {
  std::string sql;
  std::vector<Parameter> parameters;
};

/// @throws Error{kUnsupported} naming a field for which there is no column.
Bound bind(const Expr& expr, std::span<const Column> columns);

/// What something has of a field; nothing: it has none. A date is a text as YYYY-MM-DD.
using Value = std::variant<std::monostate, std::string, double>;
/// @param compare  a comparison: of its `field` and `key`.
using ValueOf = std::function<Value(const Expr& compare)>;

/// Whether an expression lets by what has these values: as the condition of bind() does.
bool lets_by(const Expr& expr, const ValueOf& value_of);

}  // namespace mi2::archive::filter
