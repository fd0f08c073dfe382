#include "report/cohort.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <span>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/numbers.hpp"
#include "evaluation/quantile.hpp"

namespace mi2::report {
namespace {

std::vector<GroupedAttribute> plain_attributes(const Cases& cases, const GroupOptions& options) {
  std::vector<std::string> notes;
  std::vector<GroupedAttribute> found = group_rows(cases, options, notes);
  std::erase_if(found, [](const GroupedAttribute& attribute) { return attribute.name == kSexAndAge; });
  return found;
}

/// One split's rows, and the group that each row is in.
class CohortPart {
 public:
  CohortPart(const Cases& cases, const GroupOptions& options)
      : cases_(cases), attributes_(plain_attributes(cases, options)) {}

  /// Adds the groups that are not listed yet. A column of which the other split has too many values makes none: there
  /// they would seem to have no row.
  void list_groups(const CohortPart& other, std::vector<CohortGroup>& groups) const {
    for (const GroupedAttribute& attribute : attributes_) {
      if (!other.has(attribute.name)) continue;
      for (const Group& group : attribute.groups) {
        const bool is_listed = std::any_of(groups.begin(), groups.end(), [&](const CohortGroup& listed) {
          return listed.attribute == attribute.name && listed.name == group.name;
        });
        if (!is_listed) groups.push_back({attribute.name, group.name});
      }
    }
  }

  [[nodiscard]] CohortRow row(std::string name, std::span<const std::uint8_t> taken,
                              std::span<const CohortGroup> groups) const {
    CohortRow found;
    found.name = std::move(name);
    std::set<std::string_view> patients;
    std::vector<double> ages;
    for (std::size_t r = 0; r < taken.size(); ++r) {
      if (taken[r] == 0) continue;
      ++found.rows;
      if (!cases_.patients.empty()) patients.insert(cases_.patients[r]);
      for (const Attribute& attribute : cases_.attributes) {
        if (attribute.name != "age") continue;
        if (const auto age = base::parse_finite(attribute.values[r]); age && std::abs(*age) <= kMostAge)
          ages.push_back(*age);
      }
    }
    if (!cases_.patients.empty()) found.patients = patients.size();
    found.ages = summarise_ages(std::move(ages));
    for (const CohortGroup& group : groups) found.counts.push_back(count(group, taken));
    return found;
  }

 private:
  [[nodiscard]] bool has(std::string_view attribute) const {
    return std::any_of(attributes_.begin(), attributes_.end(),
                       [&](const GroupedAttribute& own) { return own.name == attribute; });
  }

  [[nodiscard]] std::size_t count(const CohortGroup& wanted, std::span<const std::uint8_t> taken) const {
    for (const GroupedAttribute& attribute : attributes_) {
      if (attribute.name != wanted.attribute) continue;
      for (const Group& group : attribute.groups) {
        if (group.name != wanted.name) continue;
        return static_cast<std::size_t>(
            std::count_if(group.rows.begin(), group.rows.end(), [&](std::size_t r) { return taken[r] != 0; }));
      }
    }
    return 0;
  }

  const Cases& cases_;
  std::vector<GroupedAttribute> attributes_;
};

}  // namespace

std::optional<AgeSummary> summarise_ages(std::vector<double> ages) {
  if (ages.empty()) return std::nullopt;
  std::sort(ages.begin(), ages.end());
  AgeSummary found;
  found.known = ages.size();
  const auto n = static_cast<double>(ages.size());
  found.mean = std::accumulate(ages.begin(), ages.end(), 0.0) / n;
  for (const double age : ages) found.deviation += (age - found.mean) * (age - found.mean);
  found.deviation = ages.size() > 1 ? std::sqrt(found.deviation / (n - 1)) : 0.0;
  found.median = evaluation::quantile(ages, 0.5);
  found.lower_quartile = evaluation::quantile(ages, 0.25);
  found.upper_quartile = evaluation::quantile(ages, 0.75);
  found.least = ages.front();
  found.most = ages.back();
  return found;
}

Cohort describe_cohort(const Study& study, const GroupOptions& options) {
  const CohortPart evaluated(study.evaluated, options);
  const CohortPart validation(study.validation, options);
  Cohort cohort;
  evaluated.list_groups(validation, cohort.groups);
  validation.list_groups(evaluated, cohort.groups);
  const std::vector<std::uint8_t> all(study.evaluated.rows(), 1);
  cohort.rows.push_back(evaluated.row("evaluated", all, cohort.groups));
  if (study.task != Task::kAges && study.labels.size() <= kMostCohortLabels) {
    for (std::size_t c = 0; c < study.labels.size(); ++c) {
      cohort.rows.push_back(evaluated.row(study.labels[c], study.evaluated.positives_of(c), cohort.groups));
    }
  }
  if (study.validation.rows() > 0) {
    const std::vector<std::uint8_t> others(study.validation.rows(), 1);
    cohort.rows.push_back(validation.row("for the choice of operating points", others, cohort.groups));
  }
  return cohort;
}

}  // namespace mi2::report
