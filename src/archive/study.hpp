#pragma once
// The slices of one study, compared with a query or with those of another, from the vectors that are stored.

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "archive/catalog.hpp"
#include "archive/filter/filter.hpp"
#include "archive/reader.hpp"
#include "archive/search.hpp"
#include "base/thread_pool.hpp"

namespace mi2::archive {

/// Images of a study that are looked at as one, each through all its windows.
inline constexpr std::size_t kMostStudyImages = 20'000;
/// Pairs of rows of two studies that are compared.
inline constexpr std::size_t kMostSlicePairs = 4'000'000;

/// Some of a study's images.
struct StudyImages {
  std::vector<StudyImage> images;  ///< of one through several windows there are several
  bool more = false;               ///< there are others
};

/// The first kMostStudyImages of a study, a series once through each window, in the order of the archive's list.
/// @param series, visible  as Catalog::images_of_study().
/// @throws Error{kNotFound} if there is none.
StudyImages study_images(Reader& archive, std::string_view study, std::string_view series, const filter::Expr* visible);

/// "study": .., "date": .., "images": .., "more": .., "series": [{"series": .., "items": [{"item": ..}, ..]}, ..],
/// without braces: what the study is, and its images in order.
std::string study_json(Reader& archive, const StudyImages& study);

/// The cosine of each image with the sum of directions that the parts are, as a search by them scores it.
/// @throws Error{kBadArgument} as direction_of(); {kBadFile} as Reader::row().
std::vector<double> cosines(Reader& archive, std::span<const StudyImage> images, std::span<const QueryPart> parts);

/// The image of another study that is nearest to one.
struct SliceMatch {
  std::size_t other = 0;  ///< its place among the others
  double cosine = 0;
};

/// The nearest of `others` to each image, of those that were seen through the same window if there are any; of equal
/// ones the first.
/// @param others  at least one.
/// @throws Error{kTooLarge} for more than kMostSlicePairs pairs; {kBadFile} as Reader::row(); {kInternal} when stopped.
std::vector<SliceMatch> match_slices(const Reader& archive, std::span<const StudyImage> images,
                                     std::span<const StudyImage> others, base::ThreadPool& pool,
                                     const std::stop_token& stop);

}  // namespace mi2::archive
