#include "report/age_analysis.hpp"

#include <cmath>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/numbers.hpp"
#include "report/sampling.hpp"
#include "report/subgroups.hpp"
#include "report/used_scores.hpp"
#include "report/worst_rows.hpp"

namespace mi2::report {
namespace {

AgeResult age_result(std::string way, std::vector<double> guesses, const Cases& cases, double level) {
  AgeResult found{std::move(way), std::move(guesses), {}, {}, {}};
  found.errors = evaluation::age_errors(found.guesses, cases.ages);
  found.within_12 = evaluation::figure_of(evaluation::within(found.guesses, cases.ages, 12), level, "");
  found.within_24 = evaluation::figure_of(evaluation::within(found.guesses, cases.ages, 24), level, "");
  return found;
}

/// A single column is a guess; several are texts of an age each.
void guess_ages(const Study& study, Analysis& analysis) {
  const Cases& cases = study.evaluated;
  const double level = analysis.options.level;
  if (study.labels.size() == 1) {
    for (std::size_t r = 0; r < cases.rows(); ++r) {
      if (std::abs(cases.scores.values[r]) <= kMostAge) continue;
      throw Error(Code::kBadArgument, fmt::format("--ages: expected guesses of at most {:g}", kMostAge));
    }
    analysis.scores = "guesses";
    analysis.ages.push_back(age_result("as given", cases.scores.values, cases, level));
    return;
  }
  std::vector<double> ages;
  for (const std::string& label : study.labels) {
    const std::optional<double> age = base::parse_finite(label);
    if (!age || std::abs(*age) > kMostAge) {
      throw Error(Code::kBadArgument,
                  fmt::format("--ages: expected one column of guesses, or a column per age named by its number; "
                              "column '{}' is none",
                              label));
    }
    ages.push_back(*age);
  }
  const UsedScores used = used_scores(cases, Task::kOne, analysis.options.scale, are_probabilities(cases.scores));
  analysis.scores = name_of(used, analysis.options.scale);
  analysis.ages.push_back(age_result("argmax", evaluation::ages_by_argmax(used.scores, ages), cases, level));
  analysis.ages.push_back(age_result("expectation", evaluation::ages_by_expectation(used.scores, ages), cases, level));
}

}  // namespace

void analyse_ages(const Study& study, Analysis& analysis, const base::OnProgress& progress) {
  const Cases& cases = study.evaluated;
  guess_ages(study, analysis);
  const Sampling sampling = sampling_of(cases, {analysis.samples, analysis.options.level, analysis.options.seed});
  SubgroupInputs inputs{&cases, nullptr, analysis.ages.front().guesses, false, {}, {}, {}, {}, {}};
  inputs.options = analysis.options.groups;
  inputs.level = analysis.options.level;
  Subgroups subgroups(inputs, group_rows(cases, analysis.options.groups, analysis.warnings));
  const auto errors = [&](std::span<const double> weights) {
    Values values;
    for (const AgeResult& way : analysis.ages) {
      values.push_back(evaluation::mean_absolute_error(way.guesses, cases.ages, weights));
    }
    return values;
  };
  const Values values = errors({});
  const auto intervals = draw_samples(
      sampling, values.size() + subgroups.under({}).size(),
      [&](std::span<const double> weights) {
        Values all = errors(weights);
        const Values more = subgroups.sampled(weights);
        all.insert(all.end(), more.begin(), more.end());
        return all;
      },
      progress);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::string& way = analysis.ages[i].way;
    analysis.figures.push_back({fmt::format("mae_{}", way == "as given" ? "given" : way),
                                fmt::format("mean absolute error, {} (unit of the labels)", way),
                                sampled_figure(values[i], intervals[i], "no row", analysis.samples),
                                method_of(sampling)});
  }
  analysis.true_ages = cases.ages;
  analysis.attributes = subgroups.results(std::span(intervals).subspan(values.size()));
  analysis.worst = worst_ages(cases, analysis.ages.front().guesses);
  evaluation::Scores guesses{analysis.ages.size(), {}};
  std::vector<std::string> ways;
  for (const AgeResult& way : analysis.ages) ways.push_back(way.way);
  for (std::size_t r = 0; r < cases.rows(); ++r) {
    for (const AgeResult& way : analysis.ages) guesses.values.push_back(way.guesses[r]);
  }
  analysis.scored = scored_rows_of(study, std::move(ways), std::move(guesses));
}

}  // namespace mi2::report
