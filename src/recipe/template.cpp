#include "recipe/template.hpp"

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/quotes.hpp"

namespace mi2::recipe {

Template::Template(std::string_view text, const Rows& rows) {
  while (true) {
    const std::size_t open = text.find('{');
    texts_.emplace_back(text.substr(0, open));
    if (open == std::string_view::npos) return;
    const std::size_t close = text.find('}', open);
    if (close == std::string_view::npos) {
      throw Error(Code::kBadFile, fmt::format("the text {} has a brace that is not closed", base::in_quotes(text)));
    }
    columns_.push_back(rows.need(text.substr(open + 1, close - open - 1)));
    text.remove_prefix(close + 1);
  }
}

Template Template::of_column(std::string_view name_or_text, const Rows& rows) {
  if (name_or_text.find('{') != std::string_view::npos) return {name_or_text, rows};
  return {fmt::format("{{{}}}", name_or_text), rows};
}

std::vector<std::string> Template::columns_in(std::string_view name_or_text) {
  std::vector<std::string> found;
  std::size_t open = name_or_text.find('{');
  if (open == std::string_view::npos) found.emplace_back(name_or_text);
  while (open != std::string_view::npos) {
    const std::size_t close = name_or_text.find('}', open);
    if (close == std::string_view::npos) break;
    found.emplace_back(name_or_text.substr(open + 1, close - open - 1));
    open = name_or_text.find('{', close);
  }
  return found;
}

std::string Template::text(const Row& row) const {
  std::string whole = texts_.front();
  for (std::size_t i = 0; i < columns_.size(); ++i) whole += row.fields[columns_[i]] + texts_[i + 1];
  return whole;
}

}  // namespace mi2::recipe
