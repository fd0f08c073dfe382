#pragma once
// Answers as JSON text, the same from the program and over HTTP.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "archive/catalog.hpp"
#include "archive/energy.hpp"
#include "archive/reader.hpp"
#include "archive/search.hpp"

namespace mi2::archive {

/// "item": .., "path": .., "study": .. and what else is known, without braces.
std::string item_json(const ItemFacts& item, bool path);

/// "rank": .., "score": .., "percentile": .., "verdict": .., "agrees": [..], "differs": [..], and item_json().
/// @param rank  from 1.
std::string found_json(const Found& found, std::size_t rank, bool path);

/// "results": [{found_json()}, ..]. @param shown  results of pages before.
std::string results_json(const SearchAnswer& answer, std::size_t shown, bool path);

/// "min_score": .., if it was asked for, with a comma before it.
std::string min_score_json(const SearchAnswer& answer);

/// "exact": .., "snapshot": .., "searched": .., "excluded": {..} and min_score_json().
std::string searched_json(const SearchAnswer& answer);

/// What there is in an archive.
struct Stats {
  using Counts = std::vector<std::pair<std::string, std::int64_t>>;
  std::uintmax_t bytes = 0;  ///< of all files
  std::string newest;        ///< date of a study
  Counts totals;
  std::vector<std::pair<std::string, Counts>> tables;  ///< "modality", .., "sources", "refused_by"
  std::optional<std::vector<SourceFacts>> sources;     ///< those of "sources"
  std::optional<EnergySpent> energy;
};
/// @param sources  whether it has "sources", which are paths.
Stats read_stats(Reader& archive, bool sources);

/// An object with what the archive is, and the stats.
std::string stats_json(Reader& archive, const Stats& stats);

/// "id": .., "created": .., "dimensions": .., "weights_sha256": .., "profile": .., "windows": .., "snapshot": ..
std::string archive_json(Reader& archive);

/// "BY": {"values": [{"value": .., "images": ..}, ..], "more": ..}. @param most  values: further ones of `counts` are
/// left out, and "more" is true.
std::string facet_json(std::string_view by, std::span<const ValueCount> counts, std::size_t most);

/// "patients": .., "studies": .., "series": .., "instances": .., "images": ..
std::string totals_json(const Totals& totals);

}  // namespace mi2::archive
