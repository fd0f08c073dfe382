#include "adapter/target_rows.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <fmt/format.h>

#include "adapter/training.hpp"
#include "base/utf8.hpp"
#include "evaluation/findings.hpp"

namespace mi2::adapter {
namespace {

using evaluation::kUnknown;

void check_labels(const TrainingSet& set) {
  std::vector<std::size_t> rows(set.labels.size());
  for (const std::size_t c : set.train.classes) ++rows.at(c);
  for (std::size_t c = 0; c < rows.size(); ++c) {
    if (rows[c] > 0) continue;
    throw Error(Code::kBadArgument, fmt::format("train: label {} of {} has no training row", c + 1, rows.size()));
  }
}

void check_findings(const TrainingSet& set) {
  if (set.labels.empty()) throw Error(Code::kBadArgument, "train: no training row has a finding");
  for (std::size_t c = 0; c < set.labels.size(); ++c) {
    bool with = false;
    bool without = false;
    for (std::size_t r = 0; r < set.train.rows(); ++r) {
      const std::uint8_t is = set.train.findings.at(r * set.labels.size() + c);
      with |= is == 1;
      without |= is == 0;
    }
    if (with && without) continue;
    throw Error(Code::kBadArgument, fmt::format("train: finding '{}' is in {} training row; expected rows with and "
                                                "without it",
                                                base::printable(set.labels[c]), with ? "every" : "no"));
  }
}

void check_numbers(const TrainingSet& set) {
  if (set.train.rows() < 2) throw Error(Code::kBadArgument, "train: expected two or more training rows");
  for (const Samples* samples : {&set.train, &set.validation, &set.test}) {
    if (samples->numbers.size() != samples->rows() ||
        !std::ranges::all_of(samples->numbers, [](double number) { return std::isfinite(number); })) {
      throw Error(Code::kBadArgument, "train: expected a finite number for each row");
    }
  }
  if (set.target != Target::kSurvival) return;
  for (const Samples* samples : {&set.train, &set.validation, &set.test}) {
    if (std::ranges::any_of(samples->numbers, [](double time) { return time < 0; })) {
      throw Error(Code::kBadArgument, "train: expected times of at least 0");
    }
    if (samples->rows() > 0 && std::ranges::count(samples->classes, std::size_t{1}) == 0) {
      throw Error(Code::kBadArgument, fmt::format("train: no {} row has had the event; expected events among them",
                                                  samples == &set.train  ? "training"
                                                  : samples == &set.test ? "test"
                                                                         : "val"));
    }
  }
}

}  // namespace

std::size_t classes_of(const TrainingSet& set) {
  switch (set.target) {
    case Target::kLabel:
    case Target::kOrdinal:
      return set.labels.size();
    case Target::kFindings:
      return set.labels.size() + 1;
    case Target::kNumber:
    case Target::kSurvival:
      break;
  }
  return 2;
}

std::vector<std::size_t> rarest_labels(const std::vector<std::uint8_t>& findings, std::size_t labels) {
  std::vector<std::size_t> rows_of(labels);
  for (std::size_t i = 0; i < findings.size(); ++i) rows_of[i % labels] += findings[i] == 1 ? 1 : 0;
  std::vector<std::size_t> rarest(labels == 0 ? 0 : findings.size() / labels);
  for (std::size_t r = 0; r < rarest.size(); ++r) {
    for (std::size_t c = 0; c < labels; ++c) {
      if (findings[r * labels + c] != 1) continue;
      if (rarest[r] == 0 || rows_of[c] < rows_of[rarest[r] - 1]) rarest[r] = c + 1;
    }
  }
  return rarest;
}

void check_truth(const TrainingSet& set) {
  switch (set.target) {
    case Target::kOrdinal:
      check_numbers(set);
      [[fallthrough]];
    case Target::kLabel:
      return check_labels(set);
    case Target::kFindings:
      return check_findings(set);
    case Target::kNumber:
    case Target::kSurvival:
      check_numbers(set);
  }
}

std::vector<std::uint8_t> known_labels(Target target, const Samples& train, const std::vector<std::size_t>& rows,
                                       std::size_t labels) {
  std::vector<std::uint8_t> with(labels);
  std::vector<std::uint8_t> without(labels);
  for (const std::size_t r : rows) {
    if (is_one_label(target)) with[train.classes[r]] = 1;
    if (target == Target::kNumber) with[0] = 1;
    if (target == Target::kSurvival && train.classes[r] == 1) with[0] = 1;
    for (std::size_t c = 0; target == Target::kFindings && c < labels; ++c) {
      with[c] |= train.findings[r * labels + c] == 1 ? 1 : 0;
      without[c] |= train.findings[r * labels + c] == 0 ? 1 : 0;
    }
  }
  for (std::size_t c = 0; target == Target::kFindings && c < labels; ++c) with[c] &= without[c];
  const bool too_few = is_one_label(target) && std::ranges::count(with, std::uint8_t{1}) < 2;
  if (too_few) std::ranges::fill(with, std::uint8_t{0});
  return with;
}

void keep_descending(std::vector<float>& cuts) {
  for (std::size_t k = 1; k < cuts.size(); ++k) {
    if (cuts[k] < cuts[k - 1]) continue;
    cuts[k] = std::nextafter(cuts[k - 1], -std::numeric_limits<float>::infinity());
  }
}

NumberScale::NumberScale(const std::vector<double>& numbers) {
  std::vector<double> sorted = numbers;
  std::ranges::sort(sorted);
  const std::size_t count = sorted.size();
  centre = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
  const double mean = std::accumulate(sorted.begin(), sorted.end(), 0.0) / static_cast<double>(count);
  double squares = 0;
  for (const double number : sorted) squares += (number - mean) * (number - mean) / static_cast<double>(count);
  if (squares > 0 && std::isfinite(squares)) spread = std::sqrt(squares);
}

Samples NumberScale::apply(Samples samples) const {
  for (double& number : samples.numbers) number = (number - centre) / spread;
  return samples;
}

void NumberScale::fold(AdapterTensor& weight, AdapterTensor& bias) const {
  for (float& value : weight.values) value = static_cast<float>(value * spread);
  for (float& value : bias.values) value = static_cast<float>(value * spread + centre);
}

}  // namespace mi2::adapter
