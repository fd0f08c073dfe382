#include "dataset/table.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::dataset {

std::optional<std::size_t> find_column(const base::CsvTable& table, std::string_view column) {
  const auto found = std::find(table.header.begin(), table.header.end(), column);
  if (found == table.header.end()) return std::nullopt;
  return static_cast<std::size_t>(found - table.header.begin());
}

std::size_t required_column(const base::CsvTable& table, std::string_view column, std::string_view name) {
  if (const auto found = find_column(table, column)) return *found;
  throw Error(Code::kBadFile,
              fmt::format("{}: no column '{}'; its columns are: {}", name, column, fmt::join(table.header, ", ")));
}

}  // namespace mi2::dataset
