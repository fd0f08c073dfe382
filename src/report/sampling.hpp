#pragma once
// How a study's rows are drawn again and again, and what comes of it.

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/progress.hpp"
#include "evaluation/bootstrap.hpp"
#include "evaluation/figure.hpp"
#include "report/cases.hpp"
#include "report/row_figures.hpp"

namespace mi2::report {

/// What the bootstrap draws: rows of one stratum keep their number; patients are drawn as wholes.
struct Sampling {
  std::vector<std::size_t> strata;
  std::vector<std::size_t> groups;  ///< empty: rows are drawn
  evaluation::BootstrapOptions options;
};

/// By label, and by patient where one has several rows.
Sampling sampling_of(const Cases& cases, const evaluation::BootstrapOptions& options);

/// Equal numbers of equal names. [rows]
std::vector<std::size_t> patient_numbers(std::span<const std::string> patients);

/// For people: how intervals were made.
std::string method_of(const Sampling& sampling);

/// A figure with its interval, or why it has none. @param why  there may be no value.
evaluation::Figure sampled_figure(const std::optional<double>& value,
                                  const std::optional<evaluation::Interval>& interval, const char* why,
                                  std::size_t samples);

/// Everything that takes weights, under them.
using Sampled = std::function<Values(std::span<const double> weights)>;

/// @param values  how many numbers `sampled` returns, and so how many intervals there are.
std::vector<std::optional<evaluation::Interval>> draw_samples(const Sampling& sampling, std::size_t values,
                                                              const Sampled& sampled, const base::OnProgress& progress);

}  // namespace mi2::report
