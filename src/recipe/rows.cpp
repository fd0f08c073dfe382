#include "recipe/rows.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <mi2/error.hpp>

#include "base/quotes.hpp"

namespace mi2::recipe {

std::size_t Rows::column(std::string_view name) {
  if (const auto found = find(name)) return *found;
  columns_.emplace_back(name);
  for (Row& row : rows_) row.fields.emplace_back();
  return columns_.size() - 1;
}

std::optional<std::size_t> Rows::find(std::string_view name) const {
  const auto found = std::find(columns_.begin(), columns_.end(), name);
  if (found == columns_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - columns_.begin());
}

std::size_t Rows::need(std::string_view name) const {
  if (const auto found = find(name)) return *found;
  throw Error(Code::kBadFile, fmt::format("the dataset has no column {}; its rows have {}", base::in_quotes(name),
                                          fmt::join(columns_, ", ")));
}

std::uint32_t Rows::source(std::string name) {
  sources_.push_back(std::move(name));
  return static_cast<std::uint32_t>(sources_.size() - 1);
}

std::string Rows::where(const Row& row) const {
  const std::string& name = sources_.at(row.source);
  return row.line == 0 ? name : fmt::format("{}: line {}", name, row.line);
}

Row& Rows::add(std::uint32_t source, std::size_t line) {
  rows_.push_back({source, line, std::vector<std::string>(columns_.size())});
  return rows_.back();
}

}  // namespace mi2::recipe
