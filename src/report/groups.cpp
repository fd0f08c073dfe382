#include "report/groups.hpp"
#include "base/numbers.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/numbers.hpp"

namespace mi2::report {
namespace {

constexpr const char* kMissing = "missing";

/// "18-39"; the last one "80+".
std::string band_name(const std::vector<double>& bands, std::size_t band) {
  if (band + 1 == bands.size()) return fmt::format("{:g}+", bands[band]);
  const double end = bands[band + 1];
  // Of whole numbers the last one inside; of others where the next band starts.
  const bool whole = end == std::floor(end) && bands[band] == std::floor(bands[band]);
  return fmt::format("{:g}-{:g}", bands[band], whole ? end - 1 : end);
}

/// Groups in the order of their keys, and a group of rows that are in none, if there are any.
GroupedAttribute gathered(const std::string& name, const std::map<std::pair<std::size_t, std::string>, Group>& groups,
                          Group missing) {
  GroupedAttribute found{name, {}};
  for (const auto& [key, group] : groups) found.groups.push_back(group);
  missing.name = kMissing;
  if (!missing.rows.empty()) found.groups.push_back(std::move(missing));
  return found;
}

GroupedAttribute by_age(const Attribute& attribute, const std::vector<double>& bands) {
  std::map<std::pair<std::size_t, std::string>, Group> groups;
  Group missing;
  for (std::size_t r = 0; r < attribute.values.size(); ++r) {
    const std::optional<double> age = base::parse_finite(attribute.values[r]);
    if (!age) {
      missing.rows.push_back(r);
      continue;
    }
    const auto above = std::upper_bound(bands.begin(), bands.end(), *age);
    const auto band = static_cast<std::size_t>(above - bands.begin());  // 0: below the first one
    Group& group = groups[{band, ""}];
    group.name = band == 0 ? fmt::format("below {:g}", bands.front()) : band_name(bands, band - 1);
    group.rows.push_back(r);
  }
  return gathered("age", groups, std::move(missing));
}

GroupedAttribute by_value(const Attribute& attribute) {
  std::map<std::pair<std::size_t, std::string>, Group> groups;
  Group missing;
  for (std::size_t r = 0; r < attribute.values.size(); ++r) {
    const std::string& value = attribute.values[r];
    if (value.empty()) {
      missing.rows.push_back(r);
      continue;
    }
    Group& group = groups[{0, value}];
    group.name = value;
    group.rows.push_back(r);
  }
  return gathered(attribute.name, groups, std::move(missing));
}

/// Rows that are in a group of both.
GroupedAttribute crossed(const GroupedAttribute& first, const GroupedAttribute& second, std::size_t rows) {
  std::vector<const std::string*> name_of(rows, nullptr);
  for (const Group& group : first.groups) {
    for (const std::size_t r : group.rows) name_of[r] = &group.name;
  }
  GroupedAttribute found{kSexAndAge, {}};
  for (const Group& a : first.groups) {
    for (const Group& b : second.groups) {
      Group both{fmt::format("{}, {}", a.name, b.name), {}};
      for (const std::size_t r : b.rows) {
        if (name_of[r] == &a.name) both.rows.push_back(r);
      }
      if (!both.rows.empty()) found.groups.push_back(std::move(both));
    }
  }
  return found;
}

}  // namespace

std::vector<GroupedAttribute> group_rows(const Cases& cases, const GroupOptions& options,
                                         std::vector<std::string>& notes) {
  std::vector<GroupedAttribute> found;
  for (const Attribute& attribute : cases.attributes) {
    GroupedAttribute grouped = attribute.name == "age" ? by_age(attribute, options.age_bands) : by_value(attribute);
    const bool named = attribute.name == "age" || attribute.name == "sex";
    if (!named && grouped.groups.size() > options.most_values) {
      notes.push_back(fmt::format("the column '{}' has {} values: not an attribute of groups", attribute.name,
                                  grouped.groups.size()));
      continue;
    }
    found.push_back(std::move(grouped));
  }
  const auto named = [&](const char* name) {
    return std::find_if(found.begin(), found.end(), [&](const auto& attribute) { return attribute.name == name; });
  };
  if (named("sex") != found.end() && named("age") != found.end()) {
    found.push_back(crossed(*named("sex"), *named("age"), cases.rows()));
  }
  return found;
}

}  // namespace mi2::report
