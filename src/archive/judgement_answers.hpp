#pragma once
// What is judged of an archive as JSON objects, the same from the program, from Python and over HTTP. `paths`: whether
// paths are shown.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "archive/catalog.hpp"
#include "archive/drift.hpp"
#include "archive/dups.hpp"
#include "archive/outliers.hpp"
#include "archive/reader.hpp"
#include "archive/tags.hpp"

namespace mi2::archive {

/// A study or series that was pooled is not its first image.
ItemFacts as_pooled(ItemFacts item, Pooling pooling);

/// How much of an answer is written.
struct Shown {
  std::size_t most = static_cast<std::size_t>(-1);  ///< results
  bool only_outliers = false;                       ///< of outliers
  bool paths = true;
};

/// {"judged": .., "outliers": .., "reference": .., "reference_judged": .., "alone": .., "too_few": .., "threshold": ..,
/// "snapshot": .., "more": .., "results": [judged_json(), ..]}
std::string outliers_json(const Reader& archive, const OutlierAnswer& answer, Pooling pooling, const Shown& shown);

/// {"reference": .., "sampled": .., "patients": .., "snapshot": .., "groups": [group_json(), ..]}: all of them.
std::string drift_json(const Reader& archive, const DriftAnswer& answer, std::span<const std::string> by,
                       const Shown& shown);

/// {"judged": .., "agreed": .., "undecided": .., "alone": .., "doubtful": .., "snapshot": .., "more": ..,
/// "results": [doubtful_json(), ..]}
std::string tags_json(const Reader& archive, const TagAnswer& answer, const std::string& field, const Shown& shown);

/// {"rank": .., "score": .., "threshold": .., "outlier": .., "rarity": .., "images": .., "snapshot": .., item_json(),
/// "nearest": {item_json()}}
/// @param rank  from 1.
std::string judged_json(const Reader& archive, const Judged& judged, std::size_t rank, const OutlierAnswer& answer,
                        Pooling pooling, bool paths = true);

/// {"STATION or another of `by`": .., "images": .., "sampled": .., "patients": .., "distance": .., "p": ..,
/// "p_holm": .., "snapshot": .., "moved": [{"by": .., item_json()}, ..]}
std::string group_json(const Reader& archive, const DriftGroup& group, std::span<const std::string> by,
                       std::int64_t snapshot, bool paths = true);

/// {"field": .., "tag": .., "suggested": .., "agreement": .., "same": .., "nearest": [..], "method": .., "snapshot":
/// .., item_json()}
std::string doubtful_json(const DoubtfulTag& found, const ItemFacts& item, const TagAnswer& answer,
                          const std::string& field, bool paths = true);

/// What a member is of; nothing for a file of which the archive has no vector. Its path is the member's, if it has one.
std::optional<ItemFacts> item_of(const Reader& archive, const DupMember& member);

/// {"group": .., "level": .., "patients": .., "snapshot": .., "members": [{"why": .., "cosine": .., "bits": ..,
/// item_json()}, ..]}
/// @param number  of the group, from 1.  @param most  members; further ones are left out.
std::string dup_group_json(const Reader& archive, const DupGroup& group, std::size_t number, DupLevel level,
                           std::int64_t snapshot, bool paths = true, std::size_t most = static_cast<std::size_t>(-1));

/// {"duplicates": .., "compared": .., "blank": .., "plain": .., "unhashed": .., "snapshot": .., "more": ..,
/// "groups": [dup_group_json(), ..]}
/// @param most_members  of all groups; what further ones there are, is left out.
std::string dups_json(const Reader& archive, const DupAnswer& answer, DupLevel level, const Shown& shown,
                      std::size_t most_members = static_cast<std::size_t>(-1));

}  // namespace mi2::archive
