#include "archive/search_parts.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include <mi2/error.hpp>

namespace mi2::archive {

Named group_of(const RowFacts& row, By by) {
  switch (by) {
    case By::kPatient:
      return owner_of(row.patient, row.study, row.instance);
    case By::kStudy:
      if (row.study != 0) return {Level::kStudy, static_cast<std::uint64_t>(row.study)};
      return {Level::kInstance, static_cast<std::uint64_t>(row.instance)};
    case By::kSeries:
      if (row.series != 0) return {Level::kSeries, static_cast<std::uint64_t>(row.series)};
      return {Level::kInstance, static_cast<std::uint64_t>(row.instance)};
    case By::kImage:
      if (row.tile) return {Level::kInstance, static_cast<std::uint64_t>(row.instance)};
      break;
    case By::kTile:
      break;
  }
  return {Level::kRow, row.picture};
}

void require_asked(std::span<const QueryPart> parts) {
  if (std::none_of(parts.begin(), parts.end(), [](const QueryPart& part) { return part.weight > 0; })) {
    throw Error(Code::kBadArgument, "search: expected text, image, item, study, series or vector, got none");
  }
}

Nature nature_of(std::span<const QueryPart> parts) {
  const Nature first = parts.front().nature;
  const bool same = std::all_of(parts.begin(), parts.end(),
                                [&](const QueryPart& part) { return part.nature == first && part.weight > 0; });
  return same ? first : Nature::kOther;
}

void require_subject(bool known) {
  if (known) return;
  throw Error(Code::kBadArgument,
              "--same-patient only: expected a query that says whose it is: an image, item, "
              "series or study of a known patient");
}

std::optional<MinScore> least_score(const SearchOptions& options, const Background& background, Nature nature) {
  if (!options.min_score || !options.min_score->automatic) return options.min_score;
  // The background is of single cosines.
  const std::optional<double> least = options.match == Match::kMaxSim ? std::nullopt : background.least(nature);
  if (least) return MinScore{*least, true};
  throw Error(Code::kBadArgument,
              "min-score: expected a number: the archive has no verdict on what this query finds, from which auto "
              "would follow");
}

const ItemFacts* only_facts(std::span<const QueryPart> parts) {
  const ItemFacts* only = nullptr;
  for (const QueryPart& part : parts) {
    if (part.weight <= 0) continue;
    if (only != nullptr || !part.facts) return nullptr;
    only = &*part.facts;
  }
  return only;
}

void compare_tags(const ItemFacts& asked, Found& found) {
  constexpr std::array<std::pair<std::string_view, std::string ItemFacts::*>, 4> kTags{
      {{"modality", &ItemFacts::modality},
       {"body_part", &ItemFacts::body_part},
       {"site", &ItemFacts::site},
       {"station", &ItemFacts::station}}};
  for (const auto& [name, tag] : kTags) {
    if ((asked.*tag).empty() || (found.item.*tag).empty()) continue;
    (asked.*tag == found.item.*tag ? found.agrees : found.differs).push_back(name);
  }
}

}  // namespace mi2::archive
