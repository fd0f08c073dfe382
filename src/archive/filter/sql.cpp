#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/filter/build.hpp"
#include "archive/filter/dates.hpp"
#include "archive/filter/filter.hpp"

namespace mi2::archive::filter {
namespace {

/// For LIKE with ESCAPE '\': `value` anywhere.
std::string anywhere(std::string_view value) {
  std::string pattern = "%";
  for (const char c : value) {
    if (c == '%' || c == '_' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern + '%';
}

class Binder {
 public:
  explicit Binder(std::span<const Column> columns) : columns_(columns) {}

  std::string condition(const Expr& expr) {
    switch (expr.kind) {
      case Kind::kNot:
        return "(NOT " + condition(expr.parts.front()) + ")";
      case Kind::kAnd:
        return group(expr, " AND ");
      case Kind::kOr:
        return group(expr, " OR ");
      case Kind::kCompare:
        break;
    }
    return comparison(expr);
  }

  std::vector<Parameter> parameters;

 private:
  std::string group(const Expr& expr, std::string_view word) {
    std::string sql = "(";
    for (std::size_t i = 0; i < expr.parts.size(); ++i) {
      if (i > 0) sql += word;
      sql += condition(expr.parts[i]);
    }
    return sql + ")";
  }

  std::string comparison(const Expr& expr) {
    const auto column =
        std::find_if(columns_.begin(), columns_.end(), [&](const Column& c) { return c.field == expr.field; });
    if (column == columns_.end()) {
      throw Error(Code::kUnsupported, fmt::format("filter: nothing here has the field {}", expr.field));
    }
    if (!expr.key.empty()) parameters.emplace_back(expr.key);
    std::string sql = plain(expr, column->value);
    if (!column->around.empty()) {
      std::string around(column->around);
      const std::size_t at = around.find('@');
      if (at == std::string::npos) {
        throw Error(Code::kInternal, fmt::format("filter: the column of {} has no place for a comparison", expr.field));
      }
      sql = around.replace(at, 1, sql);
    }
    // What a row does not have is null, and so would be any comparison of it.
    return fmt::format("({}COALESCE({}, FALSE))", is_negative(expr.op) ? "NOT " : "", sql);
  }

  /// Without what is around it; a negative operator as its opposite.
  std::string plain(const Expr& expr, std::string_view value) {
    switch (kind_of(expr.field)) {
      case FieldKind::kNumber:
        return numbers(expr, value);
      case FieldKind::kDate:
        return dates(expr, value);
      case FieldKind::kText:
      case FieldKind::kKeyed:
        break;
    }
    if (expr.op == Op::kContains) {
      parameters.emplace_back(anywhere(expr.values.front()));
      return fmt::format("(lower({}) LIKE lower(?) ESCAPE '\\')", value);
    }
    for (const std::string& one : expr.values) parameters.emplace_back(one);
    return fmt::format("(lower({}) IN ({}))", value, repeated("lower(?)", expr.values.size()));
  }

  std::string numbers(const Expr& expr, std::string_view value) {
    for (const std::string& one : expr.values) parameters.emplace_back(number_of(one));
    if (is_equality(expr.op)) return fmt::format("({} IN ({}))", value, repeated("?", expr.values.size()));
    return fmt::format("({} {} ?)", value, text_of(expr.op));
  }

  std::string dates(const Expr& expr, std::string_view value) {
    if (is_equality(expr.op)) {
      for (const std::string& date : expr.values) {
        parameters.emplace_back(first_day(date));
        parameters.emplace_back(last_day(date));
      }
      return any_of(fmt::format("{} BETWEEN ? AND ?", value), expr.values.size());
    }
    parameters.emplace_back(is_from_first_day(expr.op) ? first_day(expr.values.front())
                                                       : last_day(expr.values.front()));
    return fmt::format("({} {} ?)", value, text_of(expr.op));
  }

  /// The same condition so many times, as a tree of little depth: SQLite refuses one of more than 1000 levels.
  static std::string any_of(const std::string& one, std::size_t times) {
    if (times == 1) return "(" + one + ")";
    return "(" + any_of(one, times / 2) + " OR " + any_of(one, times - times / 2) + ")";
  }

  static std::string repeated(std::string_view text, std::size_t times) {
    std::string list(text);
    for (std::size_t i = 1; i < times; ++i) list.append(", ").append(text);
    return list;
  }

  std::span<const Column> columns_;
};

}  // namespace

Bound bind(const Expr& expr, std::span<const Column> columns) {
  Binder binder(columns);
  Bound bound;
  bound.sql = binder.condition(expr);
  bound.parameters = std::move(binder.parameters);
  return bound;
}

}  // namespace mi2::archive::filter
