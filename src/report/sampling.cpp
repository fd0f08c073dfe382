#include "report/sampling.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <unordered_map>

#include <fmt/format.h>

namespace mi2::report {
namespace {

bool has_several_rows(const Cases& cases) {
  const std::set<std::string_view> patients(cases.patients.begin(), cases.patients.end());
  return !cases.patients.empty() && patients.size() < cases.rows();
}

}  // namespace

std::vector<std::size_t> patient_numbers(std::span<const std::string> patients) {
  std::unordered_map<std::string_view, std::size_t> number_of;
  std::vector<std::size_t> numbers;
  for (const std::string& patient : patients) {
    numbers.push_back(number_of.emplace(patient, number_of.size()).first->second);
  }
  return numbers;
}

Sampling sampling_of(const Cases& cases, const evaluation::BootstrapOptions& options) {
  Sampling found{cases.truth, {}, options};
  if (cases.truth.empty()) found.strata.assign(cases.rows(), 0);
  if (has_several_rows(cases)) found.groups = patient_numbers(cases.patients);
  return found;
}

std::string method_of(const Sampling& sampling) {
  if (sampling.options.samples == 0) return "no bootstrap";
  return fmt::format(
      "bootstrap, {} samples{}{}, seed {}", sampling.options.samples,
      sampling.groups.empty() ? " of rows" : " of patients",
      std::adjacent_find(sampling.strata.begin(), sampling.strata.end(), std::not_equal_to<>()) == sampling.strata.end()
          ? ""
          : ", by label",
      sampling.options.seed);
}

evaluation::Figure sampled_figure(const std::optional<double>& value,
                                  const std::optional<evaluation::Interval>& interval, const char* why,
                                  std::size_t samples) {
  if (!value) return evaluation::undefined(why);
  if (samples == 0) return {value, std::nullopt, "no bootstrap was made"};
  if (!interval) return {value, std::nullopt, "undefined in more than half of the samples"};
  if (!(interval->low < interval->high)) return {value, std::nullopt, "all samples agree, which says nothing"};
  return {value, interval};
}

std::vector<std::optional<evaluation::Interval>> draw_samples(const Sampling& sampling, std::size_t values,
                                                              const Sampled& sampled,
                                                              const base::OnProgress& progress) {
  std::uint64_t done = 0;
  auto intervals =
      evaluation::bootstrap(sampling.strata, sampling.groups, sampling.options, [&](std::span<const double> weights) {
        if (progress) progress({"drawing samples", done++, sampling.options.samples});
        return sampled(weights);
      });
  intervals.resize(values);
  return intervals;
}

}  // namespace mi2::report
