#pragma once
// Whether what headers say of images is what images like them have.

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "archive/filter/filter.hpp"
#include "archive/reader.hpp"
#include "base/progress.hpp"
#include "base/thread_pool.hpp"

namespace mi2::archive {

/// Fields that an image shows, so that neighbours can tell; their values are those of tag_column().
inline constexpr std::array<std::string_view, 7> kTagFields{"modality", "body_part", "laterality", "plane",
                                                            "contrast", "sequence",  "protocol"};

/// A value, and how sure whoever says it is: 0 to 1.
struct TagVote {
  std::string value;
  double share = 0;
};

struct TagOptions {
  std::string field = "body_part";  ///< of kTagFields
  std::size_t k = 10;               ///< patients that are asked, each by the nearest series
  /// Asked in place of neighbours, by the unit vector of a series or an image; empty: neighbours are asked.
  std::function<TagVote(std::span<const float> vector)> head{};
  std::string head_name{};              ///< SHA-256 of what `head` is made of
  double min_agreement = 0.8;           ///< the share of the patients that must have the same value, or that of `head`
  std::optional<filter::Expr> where;    ///< what is judged; neighbours may be any
  std::optional<filter::Expr> visible;  ///< of the archive these rows alone: no other has a part in it
  std::size_t most = 0;                 ///< series, and images of none, to compare; 0: any number
  base::OnProgress on_progress;
  std::stop_token stop;
};

struct DoubtfulTag {
  std::uint64_t row = 0;                 ///< the mean of a series, or an image of none
  std::string tag;                       ///< empty: it has none
  std::string suggested;                 ///< what most of its neighbours have
  double agreement = 0;                  ///< the share of them that have it, or that of the head
  std::size_t same = 0;                  ///< how many have its own tag
  std::vector<std::uint64_t> nearest{};  ///< up to three with the suggested tag, the nearest first; of a head none
};

struct TagAnswer {
  std::vector<DoubtfulTag> doubtful;  ///< those with a tag first, then by agreement, the highest first, then by row
  std::size_t judged = 0;             ///< series, and images of none
  std::size_t agreed = 0;             ///< have what their neighbours have
  std::size_t undecided = 0;          ///< the neighbours do not agree enough, or the head is not sure enough
  std::size_t alone = 0;              ///< fewer than k other patients have the field
  std::string method;                 ///< "neighbours:10", or "adapter:" and head_name
  std::int64_t snapshot = 0;
};

/// Each series, by its mean, is compared with the nearest series that has the field of each of the k nearest other
/// patients: many series of one patient are one opinion. A head is asked of each series instead.
/// @throws Error{kBadArgument} for another field; {kTooLarge} for more than `most`; {kBadFile} for damage; {kInternal}
///         if stopped.
TagAnswer check_tags(Reader& archive, const TagOptions& options, base::ThreadPool& pool);

}  // namespace mi2::archive
