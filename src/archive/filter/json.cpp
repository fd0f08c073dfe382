#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "archive/filter/build.hpp"
#include "archive/filter/filter.hpp"
#include "base/numbers.hpp"

namespace mi2::archive::filter {
namespace {

using nlohmann::json;

[[noreturn]] void refuse_json(std::string_view place, std::string_view what) {
  throw Error(Code::kBadArgument, fmt::format("filter: {}: expected {}", place, what));
}

std::optional<Op> operator_named(std::string_view text) {
  for (std::size_t i = 0; i <= static_cast<std::size_t>(Op::kNotIn); ++i) {
    if (text_of(static_cast<Op>(i)) == text) return static_cast<Op>(i);
  }
  return std::nullopt;
}

std::string value_text(const json& value, std::string_view place) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_integer()) return value.dump();
  if (!value.is_number()) refuse_json(place, "a string or a number as value");
  std::string text;
  base::append_number(text, value.get<double>());
  return text;
}

class Reader {
 public:
  Expr node(const json& tree, const std::string& place, std::size_t depth) {
    check_depth(depth);
    if (tree.is_string()) return inserted(parse(tree.get_ref<const std::string&>()), depth);
    if (!tree.is_object()) refuse_json(place, "an object or an expression");
    if (tree.contains("field")) return comparison(tree, place);
    if (tree.size() != 1) refuse_json(place, R"(one of "and", "or", "not", or "field" with "op" and "value")");
    const std::string& name = tree.begin().key();
    const json& inside = *tree.begin();
    if (name == "not") return builder_.negation(node(inside, place + ".not", depth + 1));
    if (name != "and" && name != "or") refuse_json(place, R"("and", "or", "not" or "field")");
    if (!inside.is_array() || inside.empty()) refuse_json(place + "." + name, "a list that is not empty");
    std::vector<Expr> parts;
    for (std::size_t i = 0; i < inside.size(); ++i) {
      parts.push_back(node(inside[i], fmt::format("{}.{}[{}]", place, name, i), depth + 1));
    }
    return builder_.group(name == "and" ? Kind::kAnd : Kind::kOr, std::move(parts));
  }

 private:
  Expr comparison(const json& tree, const std::string& place) {
    std::size_t known = 0;
    for (const char* name : {"field", "op", "value"}) known += tree.count(name);
    if (known != tree.size()) refuse_json(place, R"(nothing but "field", "op" and "value")");
    if (!tree["field"].is_string()) refuse_json(place + ".field", "a string");
    const Name name = read_name(tree["field"].get_ref<const std::string&>(), place + ".field");
    Op op = Op::kEqual;
    if (tree.contains("op")) {
      const auto named =
          tree["op"].is_string() ? operator_named(tree["op"].get_ref<const std::string&>()) : std::nullopt;
      if (!named) refuse_json(place + ".op", R"("=", "!=", "<", "<=", ">", ">=", "~", "in" or "not in")");
      op = *named;
    }
    if (!tree.contains("value")) refuse_json(place, R"(a "value")");
    const json& value = tree["value"];
    const std::string there = place + ".value";
    const bool many = op == Op::kIn || op == Op::kNotIn;
    if (many && (!value.is_array() || value.empty())) refuse_json(there, "a list that is not empty");
    std::vector<std::string> values;
    if (!many) {
      values.push_back(value_text(value, there));
    } else {
      for (const json& one : value) values.push_back(value_text(one, there));
    }
    return builder_.compare(name, op, std::move(values), there);
  }

  /// A tree that was parsed of its own counts for the limits of the whole.
  Expr inserted(const Expr& expr, std::size_t depth) {
    check_depth(depth);
    if (expr.kind == Kind::kCompare) {
      const std::string name = expr.key.empty() ? expr.field : expr.field + "." + expr.key;
      return builder_.compare(read_name(name, "expression"), expr.op, expr.values, "expression");
    }
    std::vector<Expr> parts;
    for (const Expr& part : expr.parts) parts.push_back(inserted(part, depth + 1));
    if (expr.kind == Kind::kNot) return builder_.negation(std::move(parts.front()));
    return builder_.group(expr.kind, std::move(parts));
  }

  Builder builder_;
};

json value_json(const Expr& expr, const std::string& value) {
  for (const Field& field : fields()) {
    if (field.name == expr.field && field.kind == FieldKind::kNumber) return number_of(value);
  }
  return value;
}

}  // namespace

Expr from_json(const json& tree) { return Builder::finish(Reader().node(tree, "filter", 0)); }

json to_json(const Expr& expr) {
  if (expr.kind == Kind::kCompare) {
    const bool many = expr.op == Op::kIn || expr.op == Op::kNotIn;
    json value = many ? json::array() : value_json(expr, expr.values.front());
    if (many) {
      for (const std::string& one : expr.values) value.push_back(value_json(expr, one));
    }
    json tree;
    tree["field"] = expr.key.empty() ? expr.field : expr.field + "." + expr.key;
    tree["op"] = text_of(expr.op);
    tree["value"] = std::move(value);
    return tree;
  }
  json tree;
  if (expr.kind == Kind::kNot) {
    tree["not"] = to_json(expr.parts.front());
    return tree;
  }
  json parts = json::array();
  for (const Expr& part : expr.parts) parts.push_back(to_json(part));
  tree[expr.kind == Kind::kAnd ? "and" : "or"] = std::move(parts);
  return tree;
}

}  // namespace mi2::archive::filter
