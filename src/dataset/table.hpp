#pragma once
// Columns of a CSV by name.

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/csv.hpp"

namespace mi2::dataset {

std::optional<std::size_t> find_column(const base::CsvTable& table, std::string_view column);

/// @throws Error{kBadFile} naming the table, the column and the columns there are.
std::size_t required_column(const base::CsvTable& table, std::string_view column, std::string_view name);

}  // namespace mi2::dataset
