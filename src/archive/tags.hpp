#pragma once
// Whether what headers say of images is what images like them have.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "archive/filter/filter.hpp"
#include "archive/reader.hpp"
#include "base/progress.hpp"
#include "base/thread_pool.hpp"

namespace mi2::archive {

/// Fields that an image shows, so that neighbours can tell.
inline constexpr std::array<std::string_view, 6> kTagFields{"modality", "body_part", "laterality",
                                                            "plane",    "contrast",  "protocol"};

struct TagOptions {
  std::string field = "body_part";    ///< of kTagFields
  std::size_t k = 10;                 ///< patients that are asked, each by the nearest series
  double min_agreement = 0.8;         ///< the share of them that must have the same value
  std::optional<filter::Expr> where;  ///< what is judged; neighbours may be any
  base::OnProgress on_progress;
  std::stop_token stop;
};

struct DoubtfulTag {
  std::uint64_t row = 0;                 ///< the mean of a series, or an image of none
  std::string tag;                       ///< empty: it has none
  std::string suggested;                 ///< what most of its neighbours have
  double agreement = 0;                  ///< the share of them that have it
  std::size_t same = 0;                  ///< how many have its own tag
  std::vector<std::uint64_t> nearest{};  ///< up to three with the suggested tag, the nearest first
};

struct TagAnswer {
  std::vector<DoubtfulTag> doubtful;  ///< those with a tag first, then by agreement, the highest first, then by row
  std::size_t judged = 0;             ///< series, and images of none
  std::size_t agreed = 0;             ///< have what their neighbours have
  std::size_t undecided = 0;          ///< the neighbours do not agree enough
  std::size_t alone = 0;              ///< fewer than k other patients have the field
  std::int64_t snapshot = 0;
};

/// Each series, by its mean, is compared with the nearest series that has the field of each of the k nearest other
/// patients: many series of one patient are one opinion.
/// @throws Error{kBadArgument} for another field; {kBadFile} for damage; {kInternal} if stopped.
TagAnswer check_tags(Reader& archive, const TagOptions& options, base::ThreadPool& pool);

}  // namespace mi2::archive
