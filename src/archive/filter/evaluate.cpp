#include <algorithm>
#include <string>
#include <string_view>

#include "archive/filter/build.hpp"
#include "archive/filter/dates.hpp"
#include "archive/filter/filter.hpp"
#include "base/table.hpp"

namespace mi2::archive::filter {
namespace {

template <typename T>
bool in_order(Op op, const T& value, const T& bound) {
  switch (op) {
    case Op::kLess:
      return value < bound;
    case Op::kLessEqual:
      return value <= bound;
    case Op::kGreater:
      return value > bound;
    case Op::kGreaterEqual:
      return value >= bound;
    default:
      return false;
  }
}

bool is_text(const Expr& expr, const std::string& text) {
  const std::string lower = base::lower_ascii(text);
  if (expr.op == Op::kContains) return lower.find(base::lower_ascii(expr.values.front())) != std::string::npos;
  return std::any_of(expr.values.begin(), expr.values.end(),
                     [&](const std::string& one) { return lower == base::lower_ascii(one); });
}

bool is_date(const Expr& expr, const std::string& date) {
  if (is_equality(expr.op)) {
    return std::any_of(expr.values.begin(), expr.values.end(),
                       [&](const std::string& one) { return date >= first_day(one) && date <= last_day(one); });
  }
  const std::string& bound = expr.values.front();
  return in_order(expr.op, date, is_from_first_day(expr.op) ? first_day(bound) : last_day(bound));
}

bool is_number(const Expr& expr, double number) {
  if (!is_equality(expr.op)) return in_order(expr.op, number, number_of(expr.values.front()));
  return std::any_of(expr.values.begin(), expr.values.end(),
                     [&](const std::string& one) { return number == number_of(one); });
}

/// Without its negation.
bool compares(const Expr& expr, const Value& value) {
  if (const auto* const number = std::get_if<double>(&value)) return is_number(expr, *number);
  const auto* const text = std::get_if<std::string>(&value);
  if (text == nullptr) return false;
  return kind_of(expr.field) == FieldKind::kDate ? is_date(expr, *text) : is_text(expr, *text);
}

}  // namespace

bool lets_by(const Expr& expr, const ValueOf& value_of) {
  const auto lets = [&](const Expr& part) { return lets_by(part, value_of); };
  switch (expr.kind) {
    case Kind::kNot:
      return !lets(expr.parts.front());
    case Kind::kAnd:
      return std::all_of(expr.parts.begin(), expr.parts.end(), lets);
    case Kind::kOr:
      return std::any_of(expr.parts.begin(), expr.parts.end(), lets);
    case Kind::kCompare:
      break;
  }
  return compares(expr, value_of(expr)) != is_negative(expr.op);
}

}  // namespace mi2::archive::filter
