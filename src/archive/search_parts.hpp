#pragma once
// What a search does with its parts and its rows, whoever finds the rows.

#include <optional>
#include <span>

#include "archive/owners.hpp"
#include "archive/search.hpp"

namespace mi2::archive {

/// What of a row is one result.
Named group_of(const RowFacts& row, By by);

/// @throws Error{kBadArgument} without a part that is asked for.
void require_asked(std::span<const QueryPart> parts);

/// What all parts are; kOther if they differ, or if one is looked away from.
Nature nature_of(std::span<const QueryPart> parts);

/// @param known  whether it is known whose the query of a search with SamePatient::kOnly is.
/// @throws Error{kBadArgument} unless it is.
void require_subject(bool known);

/// What results have to score, as a number; nothing: anything. @throws Error{kBadArgument} if it is automatic and the
/// archive has no verdict on such scores.
std::optional<MinScore> least_score(const SearchOptions& options, const Background& background, Nature nature);

/// What the only thing of the archive that is asked for is; null: there is none, or there are several.
const ItemFacts* only_facts(std::span<const QueryPart> parts);

/// Finds the tags that what is asked for and a result both have.
void compare_tags(const ItemFacts& asked, Found& found);

}  // namespace mi2::archive
