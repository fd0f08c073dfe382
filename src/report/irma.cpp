#include "report/irma.hpp"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/blanks.hpp"
#include "base/numbers.hpp"
#include "report/columns.hpp"
#include "report/label_rows.hpp"
#include "report/sampling.hpp"

namespace mi2::report {
namespace {

constexpr std::array<std::string_view, 6> kCodeColumn{"code", "irma_code", "label", "class_name", "class", "labels"};

std::string code_of(std::string_view text) { return std::string(base::without_blanks(text)); }

/// The best answer of each id.
std::unordered_map<std::string, std::string> best_answers(base::Table& table) {
  struct Best {
    std::string code;
    double score = 0;
  };
  const std::size_t id = table.need(kIdColumn);
  const std::size_t code = table.need(kCodeColumn);
  const auto score = table.find(kScoreColumn);
  std::unordered_map<std::string, Best> best;
  for (base::CsvRow& row : table.take_rows()) {
    const auto value = score ? base::parse_finite(row.fields[*score]) : std::optional(0.0);
    if (!value) {
      throw Error(Code::kBadFile,
                  fmt::format("{}: line {}: expected a finite number as score", table.name(), row.line));
    }
    const auto [known, is_new] = best.emplace(row.fields[id], Best{code_of(row.fields[code]), *value});
    if (is_new) continue;
    if (!score)
      throw Error(Code::kBadFile, fmt::format("{}: line {}: this id is there already", table.name(), row.line));
    if (*value > known->second.score) known->second = {code_of(row.fields[code]), *value};
  }
  std::unordered_map<std::string, std::string> answers;
  for (auto& [name, answer] : best) answers.emplace(name, std::move(answer.code));
  return answers;
}

/// The mean of what rows have, under weights.
std::optional<double> mean_error(const std::vector<IrmaRow>& rows, std::span<const double> weights) {
  double sum = 0;
  double all = 0;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    sum += weights[r] * rows[r].error.image;
    all += weights[r];
  }
  return all > 0 ? std::optional(sum / all) : std::nullopt;
}

void add_sums(IrmaResult& result) {
  std::array<double, evaluation::kIrmaAxes> sums{};
  std::array<std::size_t, evaluation::kIrmaAxes> counts{};
  for (const IrmaRow& row : result.rows) {
    result.sum += row.error.image;
    if (row.error.image == 0) ++result.exact;
    for (std::size_t i = 0; i < evaluation::kIrmaAxes; ++i) {
      if (!row.error.axes[i]) continue;
      sums[i] += *row.error.axes[i];
      ++counts[i];
    }
  }
  for (std::size_t i = 0; i < evaluation::kIrmaAxes; ++i) {
    if (counts[i] > 0) result.axes[i] = sums[i] / static_cast<double>(counts[i]);
  }
}

void add_mean(IrmaResult& result, const std::vector<std::string>& patients, const base::OnProgress& progress) {
  const IrmaOptions& options = result.options;
  Sampling sampling{
      std::vector<std::size_t>(result.rows.size(), 0), {}, {options.samples, options.level, options.seed}};
  result.by_patient = std::ranges::none_of(patients, &std::string::empty);
  if (result.by_patient) sampling.groups = patient_numbers(patients);
  const auto means = [&](std::span<const double> weights) {
    return std::vector<std::optional<double>>{mean_error(result.rows, weights)};
  };
  const auto intervals = draw_samples(sampling, 1, means, progress);
  result.mean = {result.sum / static_cast<double>(result.rows.size()), intervals.front()};
}

}  // namespace

std::vector<IrmaAnswer> read_irma_answers(base::Table answers, base::Table labels, const CaseOptions& options,
                                          std::size_t& unanswered) {
  const std::string source = answers.name();
  const std::unordered_map<std::string, std::string> best = best_answers(answers);
  CaseOptions of_labels = options;
  if (of_labels.label_column.empty()) of_labels.label_column = labels.header()[labels.need(kCodeColumn)];
  LabelRows rows = read_label_rows(std::move(labels), of_labels);
  const auto is_of = [](vectors::Split split) { return [split](const LabelRow& row) { return row.split == split; }; };
  const vectors::Split evaluated = std::ranges::any_of(rows.rows, is_of(vectors::Split::kTest))
                                       ? vectors::Split::kTest
                                       : vectors::Split::kValidation;
  std::vector<IrmaAnswer> found;
  unanswered = 0;
  for (LabelRow& row : rows.rows) {
    if (row.split && *row.split != evaluated) continue;
    const auto answer = best.find(row.id);
    if (answer == best.end()) {
      ++unanswered;
      continue;
    }
    found.push_back({row.id,
                     fmt::format("{}: line {}", rows.source, row.line),
                     code_of(row.label),
                     answer->second,
                     {},
                     std::move(row.patient)});
  }
  if (unanswered > 0 && !options.allow_missing) {
    throw Error(Code::kBadFile,
                fmt::format("{}: {} rows of {} have no answer; expected one for each, or --allow-missing", source,
                            unanswered, rows.source));
  }
  if (found.empty()) throw Error(Code::kBadArgument, fmt::format("{}: no row is left to evaluate", rows.source));
  return found;
}

IrmaResult judge_irma(const std::vector<IrmaAnswer>& answers, const evaluation::IrmaMeasure& measure, bool skip_unknown,
                      const IrmaOptions& options, const base::OnProgress& progress) {
  IrmaResult result;
  result.options = options;
  std::vector<std::string> patients;
  double least = 0;
  bool leaves_open = false;
  for (const IrmaAnswer& one : answers) {
    if (skip_unknown && !measure.has(one.truth)) {
      ++result.not_judged;
      continue;
    }
    try {
      result.rows.push_back({one.id, one.truth, one.answer, measure.error(one.truth, one.answer)});
      leaves_open = leaves_open || !one.best.empty();
      if (!one.best.empty()) least += measure.error(one.truth, one.best).image;
    } catch (const Error& error) {
      throw Error(Code::kBadFile, fmt::format("{}: {}", one.where, error.what()));
    }
    patients.push_back(one.patient);
  }
  if (result.rows.empty()) {
    throw Error(Code::kBadArgument,
                fmt::format("no image can be judged by its IRMA code: of {} none is in the table", answers.size()));
  }
  if (leaves_open) result.least = least;
  if (result.not_judged > 0) {
    result.warnings.push_back(
        fmt::format("{} images have a code that the table does not have, and are in no IRMA error", result.not_judged));
  }
  add_sums(result);
  add_mean(result, patients, progress);
  return result;
}

}  // namespace mi2::report
