#include "report/comparison.hpp"

#include <algorithm>
#include <functional>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/numbers.hpp"
#include "evaluation/ages.hpp"
#include "evaluation/binary.hpp"
#include "report/label_rows.hpp"
#include "report/row_figures.hpp"
#include "report/sampling.hpp"

namespace mi2::report {
namespace {

[[noreturn]] void refuse_pair(const ScoredRows& first, const ScoredRows& second, const std::string& what) {
  throw Error(Code::kBadArgument, fmt::format("--compare: {} and {}: {}; expected two reports of the same rows",
                                              first.source, second.source, what));
}

/// The second's rows and labels in the first's order.
void align(const ScoredRows& first, ScoredRows& second) {
  if (first.task != second.task) refuse_pair(first, second, "are of different tasks");
  std::unordered_map<std::string_view, std::size_t> row_of;
  for (std::size_t r = 0; r < second.ids.size(); ++r) row_of.emplace(second.ids[r], r);
  std::vector<std::size_t> columns;
  for (const std::string& label : first.labels) {
    const auto found = std::find(second.labels.begin(), second.labels.end(), label);
    if (found != second.labels.end()) columns.push_back(static_cast<std::size_t>(found - second.labels.begin()));
  }
  // Ages may have been guessed in other ways: the first of each is compared.
  if (first.task == Task::kAges) columns = {0};
  if (first.task != Task::kAges && (columns.size() != first.labels.size() || columns.size() != second.labels.size())) {
    refuse_pair(first, second, "have different labels");
  }
  if (first.ids.size() != second.ids.size()) {
    refuse_pair(first, second, fmt::format("have {} and {} rows", first.ids.size(), second.ids.size()));
  }
  if (first.patients.empty() != second.patients.empty())
    refuse_pair(first, second, "name patients in one of them alone");
  ScoredRows sorted = first;
  sorted.source = second.source;
  sorted.scores = {columns.size(), {}};
  std::size_t missing = 0;
  std::size_t other_truth = 0;
  std::size_t other_patients = 0;
  for (std::size_t r = 0; r < first.ids.size(); ++r) {
    const auto found = row_of.find(first.ids[r]);
    if (found == row_of.end()) {
      ++missing;
      continue;
    }
    other_truth += second.truth[found->second] != first.truth[r] ? 1 : 0;
    if (!first.patients.empty() && !second.patients.empty()) {
      other_patients += second.patients[found->second] != first.patients[r] ? 1 : 0;
    }
    for (const std::size_t c : columns) sorted.scores.values.push_back(second.scores.row(found->second)[c]);
  }
  if (missing > 0) refuse_pair(first, second, fmt::format("{} ids of the first are not in the second", missing));
  if (other_truth > 0) refuse_pair(first, second, fmt::format("{} rows have other labels", other_truth));
  if (other_patients > 0) refuse_pair(first, second, fmt::format("{} rows are of other patients", other_patients));
  second = std::move(sorted);
}

Cases cases_of(const ScoredRows& rows) {
  Cases cases;
  cases.ids = rows.ids;
  cases.patients = rows.patients;
  cases.scores = rows.scores;
  std::unordered_map<std::string_view, std::size_t> label_of;
  for (std::size_t c = 0; c < rows.labels.size(); ++c) label_of.emplace(rows.labels[c], c);
  const auto place = [&](const std::string& name) {
    const auto found = label_of.find(name);
    if (found == label_of.end()) {
      throw Error(Code::kBadFile, fmt::format("{}: a row has a label without scores", rows.source));
    }
    return found->second;
  };
  for (const std::string& truth : rows.truth) {
    if (rows.task == Task::kOne) {
      cases.truth.push_back(place(truth));
    } else if (rows.task == Task::kAges) {
      const std::optional<double> age = base::parse_finite(truth);
      if (!age) throw Error(Code::kBadFile, fmt::format("{}: a row has no number as age", rows.source));
      cases.ages.push_back(*age);
    } else {
      std::vector<std::uint8_t> positive(rows.labels.size());
      for (const std::string& name : split_labels(truth)) positive[place(name)] = 1;
      cases.positive.insert(cases.positive.end(), positive.begin(), positive.end());
    }
  }
  return cases;
}

/// Draws samples of the differences, keeping them for the p-values.
class DifferenceSampler {
 public:
  using Under = std::function<Values(std::span<const double> weights)>;

  DifferenceSampler(const Cases& cases, Under first, Under second)
      : cases_(cases), first_(std::move(first)), second_(std::move(second)) {}

  void draw(const ComparisonOptions& options, const base::OnProgress& progress) {
    figures_of_first_ = first_({});
    figures_of_second_ = second_({});
    sampling_ = sampling_of(cases_, {options.samples, options.level, options.seed});
    intervals_ = draw_samples(
        sampling_, figures_of_first_.size(),
        [&](std::span<const double> weights) {
          Values values = differences(weights);
          samples_.resize(values.size());
          for (std::size_t i = 0; i < values.size(); ++i) {
            if (values[i]) samples_[i].push_back(*values[i]);
          }
          return values;
        },
        progress);
  }

  [[nodiscard]] Values differences(std::span<const double> weights) const {
    Values a = first_(weights);
    const Values b = second_(weights);
    for (std::size_t i = 0; i < a.size(); ++i) a[i] = a[i] && b[i] ? std::optional(*a[i] - *b[i]) : std::nullopt;
    return a;
  }

  /// Difference, interval and p of one of the figures.
  void fill(std::size_t at, ComparedFigure& figure) const {
    figure.first = figures_of_first_[at];
    figure.second = figures_of_second_[at];
    if (figure.first && figure.second) figure.difference.value = *figure.first - *figure.second;
    if (!figure.difference.value) figure.difference.why = "not defined of both";
    figure.method = method_of(sampling_);
    if (at >= samples_.size() || samples_[at].size() < 2) return;
    figure.difference.interval = intervals_[at];
    figure.p = bootstrap_p(samples_[at]);
  }

 private:
  const Cases& cases_;
  Under first_;
  Under second_;
  Values figures_of_first_;  ///< of all rows
  Values figures_of_second_;
  Sampling sampling_;
  std::vector<std::optional<evaluation::Interval>> intervals_;
  std::vector<std::vector<double>> samples_;
};

ComparedFigure unfilled(std::string key, std::string name) {
  ComparedFigure figure;
  figure.key = std::move(key);
  figure.name = std::move(name);
  return figure;
}

void compare_labels(const Cases& a, const Cases& b, const ScoredRows& first, bool by_patient, Comparison& found) {
  std::vector<double> p;
  for (std::size_t c = 0; c < first.labels.size(); ++c) {
    const evaluation::RankedScores left(a.scores.column(c), a.positives_of(c));
    const evaluation::RankedScores right(b.scores.column(c), b.positives_of(c));
    ComparedLabel label{first.labels[c], left.auc(), right.auc(), {}, {}};
    label.difference = evaluation::delong_difference(left, right, found.options.level);
    if (by_patient && label.difference) {
      label.difference = {label.difference->difference,
                          {},
                          {},
                          {},
                          "several rows per patient: DeLong's test counts rows as independent"};
    }
    if (label.difference && label.difference->p) p.push_back(*label.difference->p);
    found.labels.push_back(std::move(label));
  }
  const std::vector<double> raised = evaluation::holm(p);
  std::size_t next = 0;
  for (ComparedLabel& label : found.labels) {
    if (label.difference && label.difference->p) label.p_holm = raised[next++];
  }
}

void compare_answers(const Cases& a, const Cases& b, bool by_patient, Comparison& found) {
  const std::vector<std::size_t> left = evaluation::predictions(a.scores);
  const std::vector<std::size_t> right = evaluation::predictions(b.scores);
  for (std::size_t r = 0; r < a.truth.size(); ++r) {
    const bool first = left[r] == a.truth[r];
    const bool second = right[r] == a.truth[r];
    found.only_first += first && !second ? 1 : 0;
    found.only_second += second && !first ? 1 : 0;
  }
  for (ComparedFigure& figure : found.figures) {
    if (figure.key != "accuracy" || by_patient) continue;  // its test counts rows as independent
    figure.p = evaluation::mcnemar_exact(found.only_first, found.only_second);
    figure.method += "; p: McNemar, exact";
  }
}

void compare_ages(const Cases& a, const Cases& b, const base::OnProgress& progress, Comparison& found) {
  const std::vector<double> left = a.scores.column(0);
  const std::vector<double> right = b.scores.column(0);
  const auto error = [&a](const std::vector<double>& guesses) {
    return [&a, &guesses](std::span<const double> weights) {
      return Values{evaluation::mean_absolute_error(guesses, a.ages, weights)};
    };
  };
  DifferenceSampler sampler(a, error(left), error(right));
  sampler.draw(found.options, progress);
  found.figures.push_back(unfilled("mae", "mean absolute error (unit of the labels)"));
  sampler.fill(0, found.figures.front());
}

void compare_scores(const Cases& a, const Cases& b, const ScoredRows& first, const base::OnProgress& progress,
                    Comparison& found) {
  const RowFigures left(a, a.scores, nullptr, first.task);
  const RowFigures right(b, b.scores, nullptr, first.task);
  const std::size_t named = left.names().size();
  const auto leading = [named](const RowFigures& figures) {
    return [named, &figures](std::span<const double> weights) {
      Values values = figures.under(weights);
      values.resize(named);
      return values;
    };
  };
  DifferenceSampler sampler(a, leading(left), leading(right));
  sampler.draw(found.options, progress);
  for (std::size_t i = 0; i < named; ++i) {
    found.figures.push_back(unfilled(left.names()[i].key, left.names()[i].name));
    sampler.fill(i, found.figures.back());
  }
  const bool by_patient = found.patients && *found.patients < found.rows;
  compare_labels(a, b, first, by_patient, found);
  if (first.task == Task::kOne) compare_answers(a, b, by_patient, found);
}

}  // namespace

Comparison compare(const ScoredRows& first, ScoredRows second, const ComparisonOptions& options,
                   const base::OnProgress& progress) {
  align(first, second);
  Comparison found;
  found.first = first.source;
  found.second = second.source;
  found.task = first.task;
  found.rows = first.ids.size();
  found.options = options;
  if (!first.patients.empty()) {
    found.patients = std::set<std::string_view>(first.patients.begin(), first.patients.end()).size();
  }
  const Cases a = cases_of(first);
  Cases b = a;
  b.scores = second.scores;
  if (first.task == Task::kAges) {
    compare_ages(a, b, progress, found);
  } else {
    compare_scores(a, b, first, progress, found);
  }
  return found;
}

}  // namespace mi2::report
