#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "recipe/steps.hpp"
#include "yaml/scalars.hpp"

namespace mi2::recipe {
namespace {

constexpr double kOldest = 120;

std::optional<double> years_of(std::string_view text) {
  double per_year = 1;
  if (!text.empty()) {
    switch (text.back()) {
      case 'Y':
        text.remove_suffix(1);
        break;
      case 'M':
        per_year = 12;
        text.remove_suffix(1);
        break;
      case 'W':
        per_year = 365.25 / 7;
        text.remove_suffix(1);
        break;
      case 'D':
        per_year = 365.25;
        text.remove_suffix(1);
        break;
      default:
        break;
    }
  }
  const auto number = yaml::to_number(text);
  if (!number || *number < 0 || *number / per_year > kOldest) return std::nullopt;
  return *number / per_year;
}

}  // namespace

void years(Job& job, Rows& rows) {
  const std::size_t age = rows.column("age");
  for (Row& row : rows.all()) {
    std::string& cell = row.fields[age];
    if (cell.empty()) continue;
    if (const auto found = years_of(cell)) {
      cell = fmt::format("{:.4g}", *found);
    } else {
      cell.clear();
      ++job.notes.counts["cells that are not ages, left empty"];
    }
  }
}

}  // namespace mi2::recipe
