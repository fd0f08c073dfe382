#include <algorithm>
#include <string>
#include <string_view>

#include "archive/filter/build.hpp"
#include "archive/filter/filter.hpp"

namespace mi2::archive::filter {
namespace {

void append_value(std::string& text, std::string_view value) {
  if (!value.empty() && std::all_of(value.begin(), value.end(), is_bare)) {
    text += value;
    return;
  }
  text += '"';
  for (const char c : value) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  text += '"';
}

void append_comparison(std::string& text, const Expr& expr) {
  text += expr.field;
  if (!expr.key.empty()) text.append(".").append(expr.key);
  if (expr.op != Op::kIn && expr.op != Op::kNotIn) {
    text += text_of(expr.op);
    append_value(text, expr.values.front());
    return;
  }
  text.append(" ").append(text_of(expr.op)).append(" (");
  for (std::size_t i = 0; i < expr.values.size(); ++i) {
    if (i > 0) text += ',';
    append_value(text, expr.values[i]);
  }
  text += ')';
}

void append(std::string& text, const Expr& expr);

/// In parentheses if it binds less than what is around it.
void append_part(std::string& text, const Expr& part, bool parentheses) {
  if (parentheses) text += '(';
  append(text, part);
  if (parentheses) text += ')';
}

void append(std::string& text, const Expr& expr) {
  if (expr.kind == Kind::kCompare) return append_comparison(text, expr);
  if (expr.kind == Kind::kNot) {
    const Expr& part = expr.parts.front();
    text += "not ";
    return append_part(text, part, part.kind == Kind::kAnd || part.kind == Kind::kOr);
  }
  for (std::size_t i = 0; i < expr.parts.size(); ++i) {
    if (i > 0) text += expr.kind == Kind::kAnd ? " and " : " or ";
    const Expr& part = expr.parts[i];
    append_part(text, part, part.kind == expr.kind || (expr.kind == Kind::kAnd && part.kind == Kind::kOr));
  }
}

}  // namespace

std::string to_text(const Expr& expr) {
  std::string text;
  append(text, expr);
  return text;
}

}  // namespace mi2::archive::filter
