#include "report/subgroups.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace mi2::report {
namespace {

std::optional<double> minus(const std::optional<double>& a, const std::optional<double>& b) {
  return a && b ? std::optional(*a - *b) : std::nullopt;
}

std::optional<double> gap_of(std::span<const std::optional<double>> metrics) {
  std::optional<double> low;
  std::optional<double> high;
  std::size_t count = 0;
  for (const std::optional<double>& metric : metrics) {
    if (!metric) continue;
    ++count;
    low = std::min(low.value_or(*metric), *metric);
    high = std::max(high.value_or(*metric), *metric);
  }
  if (count < 2) return std::nullopt;
  return *high - *low;
}

void raise_by_holm(std::vector<GroupResult>& groups) {
  std::vector<double> p;
  for (const GroupResult& group : groups) {
    if (group.p) p.push_back(*group.p);
  }
  const std::vector<double> raised = evaluation::holm(p);
  std::size_t next = 0;
  for (GroupResult& group : groups) {
    if (group.p) group.p_holm = raised[next++];
  }
}

}  // namespace

Subgroups::Subgroups(SubgroupInputs inputs, std::vector<GroupedAttribute> attributes)
    : inputs_(std::move(inputs)), attributes_(std::move(attributes)) {
  for (const GroupedAttribute& attribute : attributes_) {
    Measured measured;
    for (std::size_t g = 0; g < attribute.groups.size(); ++g) {
      const Group& group = attribute.groups[g];
      measured.metrics.emplace_back();
      if (!has_enough(group)) continue;
      if (inputs_.scores != nullptr) {
        measured.metrics.back().emplace(*inputs_.cases, *inputs_.scores, group.rows);
      } else {
        measured.metrics.back().emplace(inputs_.guesses, inputs_.cases->ages, group.rows);
      }
      if (!measured.reference || group.rows.size() > attribute.groups[*measured.reference].rows.size()) {
        measured.reference = g;
      }
    }
    measured_.push_back(std::move(measured));
  }
}

bool Subgroups::has_enough(const Group& group) const {
  if (group.rows.size() < inputs_.options.fewest_rows) return false;
  if (!inputs_.positive) return true;
  const std::vector<std::uint8_t> positive = inputs_.cases->positives_of(inputs_.positive->label);
  const auto positives = static_cast<std::size_t>(
      std::count_if(group.rows.begin(), group.rows.end(), [&](std::size_t r) { return positive[r] != 0; }));
  return positives >= inputs_.options.fewest_of_kind && group.rows.size() - positives >= inputs_.options.fewest_of_kind;
}

Values Subgroups::under(std::span<const double> weights) const {
  Values values;
  for (const Measured& measured : measured_) {
    Values metrics;
    for (const std::optional<GroupMetric>& metric : measured.metrics) {
      metrics.push_back(metric ? metric->under(weights) : std::nullopt);
    }
    for (std::size_t g = 0; g < metrics.size(); ++g) {
      values.push_back(metrics[g]);
      values.push_back(measured.reference && g != *measured.reference ? minus(metrics[g], metrics[*measured.reference])
                                                                      : std::nullopt);
    }
    values.push_back(gap_of(metrics));
  }
  return values;
}

Values Subgroups::sampled(std::span<const double> weights) {
  Values values = under(weights);
  samples_.resize(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i]) samples_[i].push_back(*values[i]);
  }
  return values;
}

void Subgroups::describe_point(const Group& group, GroupResult& result) const {
  if (inputs_.positive && inputs_.scores != nullptr) {
    const std::vector<std::uint8_t> all = inputs_.cases->positives_of(inputs_.positive->label);
    std::vector<double> scores;
    std::vector<std::uint8_t> positive;
    for (const std::size_t r : group.rows) {
      scores.push_back(inputs_.scores->row(r)[inputs_.positive->label]);
      positive.push_back(all[r]);
    }
    const evaluation::BinaryCounts counts = evaluation::counts_at(scores, positive, inputs_.positive->threshold);
    result.positives = counts.sensitivity().whole;
    result.sensitivity = evaluation::figure_of(counts.sensitivity(), inputs_.level, "no positive row");
    result.specificity = evaluation::figure_of(counts.specificity(), inputs_.level, "no negative row");
    result.precision = evaluation::figure_of(counts.precision(), inputs_.level, "no row is called positive");
    if (inputs_.are_probabilities) {
      result.calibration_error = evaluation::reliability_of(scores, positive, kCalibrationBins).expected_error;
      result.line = evaluation::calibration_line(scores, positive);
    }
  }
  if (inputs_.no_finding && !inputs_.predicted.empty()) {
    evaluation::Proportion missed;
    for (const std::size_t r : group.rows) {
      if (inputs_.cases->truth[r] == *inputs_.no_finding) continue;
      ++missed.whole;
      missed.part += inputs_.predicted[r] == *inputs_.no_finding ? 1 : 0;
    }
    result.underdiagnosis = evaluation::figure_of(missed, inputs_.level, "nobody has a finding");
  } else {
    result.underdiagnosis = evaluation::undefined("no label of people who are well; --no-finding names it");
  }
}

GroupResult Subgroups::describe(const Group& group) const {
  GroupResult result;
  result.name = group.name;
  result.rows = group.rows.size();
  if (!inputs_.cases->patients.empty()) {
    std::set<std::string> patients;
    for (const std::size_t r : group.rows) patients.insert(inputs_.cases->patients[r]);
    result.patients = patients.size();
  }
  result.too_few = !has_enough(group);
  describe_point(group, result);
  if (result.too_few) {
    const auto& options = inputs_.options;
    result.metric = evaluation::undefined(
        fmt::format("too few: fewer than {} rows{}", options.fewest_rows,
                    inputs_.positive ? fmt::format(", or {} positive or negative ones", options.fewest_of_kind) : ""));
    result.sensitivity = result.specificity = result.precision = result.underdiagnosis = result.metric;
    result.calibration_error.reset();
    result.line = {};
  }
  return result;
}

std::optional<double> Subgroups::whole_metric() const {
  std::vector<std::size_t> rows(inputs_.cases->rows());
  for (std::size_t r = 0; r < rows.size(); ++r) rows[r] = r;
  if (inputs_.scores != nullptr) return GroupMetric(*inputs_.cases, *inputs_.scores, rows).under({});
  return GroupMetric(inputs_.guesses, inputs_.cases->ages, rows).under({});
}

void Subgroups::add_faults(const GroupedAttribute& attribute, AttributeResult& result) const {
  std::size_t rows = 0;
  for (const Group& group : attribute.groups) rows += group.rows.size();
  if (rows != inputs_.cases->rows()) {
    result.faults.push_back(
        fmt::format("the groups have {} rows together, of {} rows in all", rows, inputs_.cases->rows()));
  }
  // A mean error is the mean of its groups' mean errors, each with its rows; an area is not.
  if (inputs_.scores != nullptr) return;
  double sum = 0;
  for (const Group& group : attribute.groups) {
    const auto mean = GroupMetric(inputs_.guesses, inputs_.cases->ages, group.rows).under({});
    sum += mean.value_or(0.0) * static_cast<double>(group.rows.size());
  }
  const double whole = whole_metric().value_or(0.0);
  if (std::abs(sum / static_cast<double>(inputs_.cases->rows()) - whole) > 1e-9 * (1 + whole)) {
    result.faults.push_back("the mean of the groups' errors is not the error of all rows");
  }
}

std::vector<AttributeResult> Subgroups::results(std::span<const std::optional<evaluation::Interval>> intervals) const {
  const Values values = under({});
  const auto figure = [&](std::size_t at, const char* why) {
    if (!values[at]) return evaluation::undefined(why);
    return evaluation::Figure{values[at], at < intervals.size() ? intervals[at] : std::nullopt};
  };
  std::vector<AttributeResult> found;
  std::size_t at = 0;
  for (std::size_t a = 0; a < attributes_.size(); ++a) {
    AttributeResult result;
    result.name = attributes_[a].name;
    result.metric = inputs_.scores != nullptr ? "mean AUC" : "mean absolute error (unit of the labels)";
    if (measured_[a].reference) result.reference = attributes_[a].groups[*measured_[a].reference].name;
    std::optional<double> worst;
    std::vector<evaluation::GroupRates> rates;
    for (std::size_t g = 0; g < attributes_[a].groups.size(); ++g, at += 2) {
      GroupResult group = describe(attributes_[a].groups[g]);
      if (!group.too_few) {
        group.metric = figure(at, "no label has both kinds of rows");
        group.difference = figure(at + 1, "the group that others are compared with");
        group.defined_labels = measured_[a].metrics[g]->defined_labels();
        if (at + 1 < samples_.size() && samples_[at + 1].size() > 1) group.p = bootstrap_p(samples_[at + 1]);
        rates.push_back({group.sensitivity.value,
                         group.specificity.value ? std::optional(1 - *group.specificity.value) : std::nullopt});
        const auto value = group.metric.value;
        if (value && (!worst || (inputs_.scores != nullptr ? *value < *worst : *value > *worst))) {
          worst = value;
          result.worst = group.name;
        }
      }
      result.groups.push_back(std::move(group));
    }
    result.gap = figure(at++, "fewer than two groups have enough rows");
    if (inputs_.positive) result.equalised_odds = evaluation::equalized_odds_difference(rates);
    raise_by_holm(result.groups);
    add_faults(attributes_[a], result);
    found.push_back(std::move(result));
  }
  return found;
}

}  // namespace mi2::report
