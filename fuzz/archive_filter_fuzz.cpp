// Filters, as EXPR or as a tree of JSON: whatever the bytes, a tree that prints, reads back and binds, or a mi2::Error.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "archive/filter/filter.hpp"
#include "base/json.hpp"

namespace {

namespace filter = mi2::archive::filter;

filter::Expr read(std::string_view text) {
  if (!text.starts_with('{')) return filter::parse(text);
  mi2::base::JsonRules rules;
  rules.max_depth = 64;
  return filter::from_json(mi2::base::parse_json(text, rules));
}

std::vector<filter::Column> columns() {
  std::vector<filter::Column> all;
  for (const filter::Field& field : filter::fields()) all.push_back({field.name, "x", "(? IS ? AND @)"});
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<filter::Column> all = columns();
  try {
    const filter::Expr expr = read({reinterpret_cast<const char*>(data), size});
    // What was accepted survives a trip through both of its forms.
    const std::string text = filter::to_text(expr);
    if (filter::parse(text) != expr || filter::to_text(filter::parse(text)) != text) std::abort();
    if (filter::from_json(filter::to_json(expr)) != expr) std::abort();
    // No value gets into the SQL: it is made of what is written in the program.
    const filter::Bound bound = filter::bind(expr, all);
    constexpr std::string_view kLetters = "()?,. <=>x@%'\\ABCDEFGHIJKLMNOPQRSTUVWXYZlower";
    if (bound.sql.find_first_not_of(kLetters) != std::string::npos) std::abort();
  } catch (const mi2::Error&) {
    // A refusal is an answer.
  }
  return 0;
}
