#pragma once
// The figures of groups of rows, their differences, and what becomes of people in them.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "report/groups.hpp"
#include "report/row_figures.hpp"

namespace mi2::report {

/// Of whom sensitivity is said, at which threshold.
struct PositiveLabel {
  std::size_t label = 0;
  double threshold = 0;
};

struct SubgroupInputs {
  const Cases* cases = nullptr;
  const evaluation::Scores* scores = nullptr;  ///< probabilities of Task::kOne; none of ages
  std::span<const double> guesses;             ///< of ages
  bool are_probabilities = false;
  std::optional<PositiveLabel> positive;
  std::optional<std::size_t> no_finding;   ///< the label of people who are well
  std::span<const std::size_t> predicted;  ///< of Task::kOne
  GroupOptions options;
  double level = 0.95;
};

/// All attributes' groups: what the bootstrap asks, and what comes of it.
class Subgroups {
 public:
  Subgroups(SubgroupInputs inputs, std::vector<GroupedAttribute> attributes);

  /// Of each attribute: each group's metric, its difference to the reference group, then the gap.
  [[nodiscard]] Values under(std::span<const double> weights) const;
  /// under() of a bootstrap's sample, and kept for the p-values.
  [[nodiscard]] Values sampled(std::span<const double> weights);
  /// @param intervals  as under(); empty: there was no bootstrap.
  [[nodiscard]] std::vector<AttributeResult> results(
      std::span<const std::optional<evaluation::Interval>> intervals) const;

 private:
  struct Measured {
    std::vector<std::optional<GroupMetric>> metrics;  ///< [groups]; nothing of too few rows
    std::optional<std::size_t> reference;
  };
  [[nodiscard]] bool has_enough(const Group& group) const;
  [[nodiscard]] GroupResult describe(const Group& group) const;
  void describe_point(const Group& group, GroupResult& result) const;
  void add_faults(const GroupedAttribute& attribute, AttributeResult& result) const;
  [[nodiscard]] std::optional<double> whole_metric() const;

  SubgroupInputs inputs_;
  std::vector<GroupedAttribute> attributes_;
  std::vector<Measured> measured_;
  std::vector<std::vector<double>> samples_;  ///< [values of under()]
};

}  // namespace mi2::report
