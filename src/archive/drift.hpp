#pragma once
// Whether images of a scanner, a month or a site still look as those before.

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

/// By what images can be grouped.
inline constexpr std::array<std::string_view, 5> kDriftFields{"station", "month", "modality", "body_part", "site"};

struct DriftOptions {
  filter::Expr reference;                           ///< what the others are compared with
  std::optional<filter::Expr> test;                 ///< what is grouped and compared; nothing: all but the reference
  std::optional<filter::Expr> visible;              ///< of the archive these rows alone: no other has a part in it
  std::vector<std::string> by{"station", "month"};  ///< of kDriftFields
  std::size_t permutations = 999;
  std::size_t sample = 500;  ///< images of the reference, and of each group, that are compared: at most so many
  std::size_t moved = 12;    ///< images that are named for each group
  std::size_t most = 0;      ///< groups; 0: any number
  bool release = false;      ///< lets the catalog go once rows are read: the caller asks nothing more of it
  std::uint64_t seed = 1;
  base::OnProgress on_progress;
  std::stop_token stop;
};

struct Moved {
  std::uint64_t row = 0;
  double by = 0;  ///< mean distance to the reference's sample, less that to the group's own
};

struct DriftGroup {
  std::vector<std::string> values;  ///< of DriftOptions::by; empty where an image has none
  std::size_t images = 0;
  std::size_t sampled = 0;
  std::size_t patients = 0;  ///< of the sample; who is not known counts by study, and without one by image
  /// Energy distance between the samples: twice the mean distance between them, less the mean distances within. 0 of
  /// equal samples; of others above it by chance too. @see https://doi.org/10.1016/j.jspi.2013.03.018
  double distance = 0;
  /// How often a division of all patients into groups as large has such a distance or a larger one, by chance.
  double p = 1;
  double p_holm = 1;         ///< over the groups
  std::vector<Moved> moved;  ///< those that moved most first
};

struct DriftAnswer {
  std::vector<DriftGroup> groups;  ///< in the order of their values
  std::size_t reference = 0;       ///< images
  std::size_t sampled = 0;         ///< of them
  std::size_t patients = 0;        ///< of the sample
  std::int64_t snapshot = 0;
};

/// Compares samples of the images' vectors, drawn with the seed, the same on every machine. Patients are permuted, not
/// images: images of one patient are alike, and would make every difference look certain.
/// Source: Szekely and Rizzo, Energy statistics, J. Stat. Plan. Inference 2013.
/// @throws Error{kBadArgument} for an unknown field or one twice, or fewer than two patients in the reference;
///         {kTooLarge} for more than `most` groups; {kBadFile} for damage; {kInternal} if stopped.
DriftAnswer find_drift(Reader& archive, const DriftOptions& options, base::ThreadPool& pool);

}  // namespace mi2::archive
