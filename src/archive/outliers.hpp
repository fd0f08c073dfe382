#pragma once
// What of an archive lies far from a part of it that is known to be usual.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <vector>

#include "archive/cases.hpp"
#include "archive/filter/filter.hpp"
#include "archive/reader.hpp"
#include "base/progress.hpp"
#include "base/thread_pool.hpp"

namespace mi2::archive {

struct OutlierOptions {
  filter::Expr reference;               ///< what is usual
  std::optional<filter::Expr> test;     ///< what is judged; nothing: all but the reference
  std::optional<filter::Expr> visible;  ///< of the archive these rows alone: no other has a part in it
  Pooling pooling = Pooling::kMean;
  std::size_t k = 2;
  double quantile = 0.99;           ///< of the reference's own scores, above which an outlier's is
  std::optional<double> threshold;  ///< in place of that
  std::size_t most = 0;             ///< of the reference and of what is judged together; 0: any number
  std::uint64_t most_bytes = std::uint64_t{4} << 30;  ///< of pooled vectors
  base::OnProgress on_progress;
  std::stop_token stop;
};

struct Judged {
  std::uint64_t row = 0;      ///< its series' mean, its image, or the first of its images
  std::uint64_t nearest = 0;  ///< the same of the nearest of the reference
  std::size_t images = 1;     ///< that it was pooled from, where it was pooled here
  double score = 0;           ///< mean Euclidean distance to the k nearest of the reference, of other patients
  bool outlier = false;       ///< the score is above the threshold
  /// How much of the reference has a score as high or higher; nothing if none of it could be judged.
  std::optional<double> rarity;
};

struct OutlierAnswer {
  std::vector<Judged> judged;  ///< the highest score first; of equal ones the lower row
  double threshold = 0;
  std::size_t reference = 0;         ///< what the reference consists of
  std::size_t reference_judged = 0;  ///< by the others of it; the rest has fewer than k of other patients
  std::size_t alone = 0;             ///< tested, and the reference has fewer than k of other patients
  std::size_t too_few = 0;           ///< studies of one image, of which kStats7 says nothing
  std::int64_t snapshot = 0;
};

/// Nothing is compared with its own patient: neighbouring slices would make everything usual. Who is not known counts
/// by study, and without one by image.
/// Source: the scores are those of scikit-learn's NearestNeighbors; the threshold needs no labels.
/// @throws Error{kBadArgument} if the reference is empty, or gives no threshold and none is given; {kTooLarge} for
///         more than `most` or `most_bytes`; {kBadFile} for damage; {kInternal} if stopped.
OutlierAnswer find_outliers(Reader& archive, const OutlierOptions& options, base::ThreadPool& pool);

}  // namespace mi2::archive
