#pragma once
// What `mi2 index outliers`, `drift`, `tags` and `dups` answer, over the rows that the caller may see.

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "protocols/archives/asked.hpp"
#include "protocols/json.hpp"
#include "protocols/request_plan.hpp"
#include "protocols/service.hpp"

namespace mi2::protocols::archives {

/// Series, studies or images that one request compares; more are refused.
inline constexpr std::size_t kMostCompared = 200'000;
/// Neighbours of all of them that it keeps, 16 bytes each.
inline constexpr std::size_t kMostKept = std::size_t{1} << 24;
/// The same if of each k neighbours are kept.
constexpr std::size_t most_compared(std::size_t k) { return std::min(kMostCompared, kMostKept / k); }
/// Images of which dups compares hashes, some 250 bytes each.
inline constexpr std::size_t kMostHashed = 2'000'000;
/// Bytes of the vectors that it pools.
inline constexpr std::uint64_t kMostPooled = std::uint64_t{512} << 20;
/// Groups of drift.
inline constexpr std::size_t kMostGroups = 1000;
/// Results of outliers and tags, groups of dups, and members of one of these, that an answer has.
inline constexpr std::size_t kMostShownOf = 10'000;

enum class Judging : std::uint8_t { kOutliers, kDrift, kTags, kDups };

/// The members of a GET's query as those of a POST's body. @throws Error{kBadArgument}.
Json judgement_body(Judging judging, const HttpRequest& request);

/// @param body  an object.
/// @throws Error{kBadArgument} naming the member that is wrong, never what it holds; {kTooLarge}.
RequestPlan judge(Judging judging, const Asked& asked, Json body);

}  // namespace mi2::protocols::archives
