#include "dataset/sampling.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <string>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::dataset {
namespace {

bool check_weights(std::span<const DataSource> sources) {
  const auto weighted =
      std::ranges::count_if(sources, [](const DataSource& source) { return source.weight.has_value(); });
  if (weighted != 0 && weighted != std::ssize(sources)) {
    throw Error(Code::kBadArgument,
                fmt::format("{} of {} sources have a WEIGHT; expected all of them or none", weighted, sources.size()));
  }
  for (const DataSource& source : sources) {
    if (!source.weight || (*source.weight > 0 && std::isfinite(*source.weight))) continue;
    throw Error(Code::kBadArgument, fmt::format("WEIGHT: expected a number above 0, got {}", *source.weight));
  }
  return weighted != 0;
}

/// What a record shares its part of a source with, numbered: its label, its group or nothing. [records]
std::vector<std::size_t> units_of(const Dataset& dataset, Balance balance) {
  std::vector<std::size_t> units(dataset.size());
  std::map<std::pair<std::size_t, std::string>, std::size_t> groups;
  std::map<std::pair<std::size_t, std::int64_t>, std::size_t> labels;
  std::size_t next = 0;
  for (std::size_t r = 0; r < units.size(); ++r) {
    const std::size_t source = dataset.source_of(r);
    if (balance == Balance::kLabel) {
      const auto [entry, fresh] = labels.try_emplace({source, dataset.class_of(r)}, next);
      units[r] = entry->second;
      next += fresh ? 1 : 0;
    } else if (balance == Balance::kGroup && !dataset.group(r).empty()) {
      const auto [entry, fresh] = groups.try_emplace({source, dataset.group(r)}, next);
      units[r] = entry->second;
      next += fresh ? 1 : 0;
    } else {
      units[r] = next++;
    }
  }
  if (balance != Balance::kGroup || !groups.empty()) return units;
  throw Error(Code::kBadArgument,
              "DATASET.BALANCE is patient, and no record says whose it is; expected a column patient, or GROUP_COLUMN");
}

}  // namespace

std::shared_ptr<const std::vector<double>> sampling_shares(const Dataset& dataset, std::span<const DataSource> sources,
                                                           Balance balance) {
  const bool weighted = check_weights(sources);
  if (!weighted && balance == Balance::kNone) return nullptr;
  const std::vector<std::size_t> units = units_of(dataset, balance);
  const std::size_t count = units.empty() ? 0 : *std::ranges::max_element(units) + 1;
  std::vector<double> records_of_unit(count);
  std::vector<double> records_of_source(sources.size());
  std::vector<double> units_of_source(sources.size());
  for (std::size_t r = 0; r < units.size(); ++r) {
    const std::size_t source = dataset.source_of(r);
    ++records_of_source[source];
    if (records_of_unit[units[r]]++ == 0) ++units_of_source[source];
  }
  auto shares = std::make_shared<std::vector<double>>(units.size());
  for (std::size_t r = 0; r < units.size(); ++r) {
    const std::size_t source = dataset.source_of(r);
    const double of_source = weighted ? *sources[source].weight : records_of_source[source];
    (*shares)[r] = of_source / units_of_source[source] / records_of_unit[units[r]];
  }
  return shares;
}

}  // namespace mi2::dataset
