#pragma once
// The nearest studies, series, patients or images of an archive: exact under every filter.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "archive/filter/filter.hpp"
#include "archive/reader.hpp"
#include "archive/relevance.hpp"
#include "base/thread_pool.hpp"

namespace mi2::archive {

enum class By : std::uint8_t {
  kStudy,
  kSeries,
  kPatient,
  kImage,  ///< of a whole slide that was added by tiles: all of them
  kTile,   ///< each tile and each image
};
/// @throws Error{kBadArgument} for anything but "study", "series", "patient", "image" and "tile".
By parse_by(std::string_view name);

enum class SamePatient : std::uint8_t { kExclude, kInclude, kOnly };
/// @throws Error{kBadArgument} for anything but "exclude", "include" and "only".
SamePatient parse_same_patient(std::string_view name);

/// With what of a result a query is compared.
enum class Match : std::uint8_t {
  kBest,    ///< its best image
  kMean,    ///< the mean of a series
  kMaxSim,  ///< for each part of the query the image nearest to it: the mean of their cosines
};
/// @throws Error{kBadArgument} for anything but "best", "mean" and "maxsim".
Match parse_match(std::string_view name);

/// What a result has to score to be one.
struct MinScore {
  double score = -1;
  bool automatic = false;  ///< the least that the archive's background does not call none, in place of `score`
};
/// @throws Error{kBadArgument} for anything but "auto" and a number from -1 to 1.
MinScore parse_min_score(std::string_view text);

/// Of whom a query is: the first of these that is known.
struct Subject {
  Id patient = 0;
  Id study = 0;
  Id instance = 0;
};

enum class Asked : std::uint8_t { kText, kImage, kItem, kSeries, kStudy, kVector };

/// What somebody gave for a part of a query.
struct Origin {
  Asked asked = Asked::kVector;
  std::string text;         ///< kText: the query's words
  std::string sha256;       ///< kImage, kVector: of the file; empty: not known
  std::string region;       ///< kImage: the part of it, as "X,Y,WIDTH,HEIGHT" in its pixels; empty: all of it
  std::uint64_t item = 0;   ///< kItem: the row
  std::string uid;          ///< kSeries, kStudy
  std::uint64_t place = 0;  ///< kVector: which vector of the file, from 0
};

/// One thing that is asked for, or with a negative weight looked away from.
struct QueryPart {
  std::vector<float> vector;
  double weight = 1;
  Nature nature = Nature::kOther;
  std::vector<Subject> subjects;
  std::optional<ItemFacts> facts{};  ///< of an image or a series of the archive: what results are compared with
  Origin origin{};                   ///< for a card of the search
};

/// The one direction that a search by these parts goes in: a unit vector. @throws Error{kBadArgument} as
/// scan::combine().
std::vector<float> direction_of(std::span<const QueryPart> parts);

/// The vector of a row of the archive. @param visible  null: every row; a row that it does not let by is not there.
/// @throws Error{kNotFound} if there is no such item.
QueryPart part_of_item(Reader& archive, std::uint64_t row, const filter::Expr* visible = nullptr);
/// The unit mean of the vectors of a series, or of the series of a study. @throws Error{kNotFound}.
QueryPart part_of_series(Reader& archive, std::string_view uid, const filter::Expr* visible = nullptr);
QueryPart part_of_study(Reader& archive, std::string_view uid, const filter::Expr* visible = nullptr);

/// The last result that was shown.
struct After {
  double score = 0;
  std::uint64_t row = 0;
};

struct SearchOptions {
  std::size_t k = 10;
  By by = By::kStudy;
  SamePatient same_patient = SamePatient::kExclude;
  Match match = Match::kBest;
  std::optional<filter::Expr> where;
  std::optional<MinScore> min_score;  ///< results that score less are left out
  /// Rows that are there at all for whoever asks: of others nothing is found, and none is counted.
  std::optional<filter::Expr> visible;
  base::OnProgress on_progress;  ///< while codes are made
  std::stop_token stop;

  std::int64_t at = 0;  ///< rows of the snapshot of this number that are still there; 0: of the newest
  /// With `at`: and those that were deleted since, as long as their vectors are there. What they are of, and what a
  /// filter by slices, path or label lets by, is as it is now. With `paged` they are no results, and only keep their
  /// places: or a study whose best image was deleted would come again, with its next best.
  bool deleted_since = false;
  /// With SamePatient::kExclude, who is left out as linked with the query's patients; none: who is linked now.
  std::optional<std::vector<Id>> linked;

  // A further page of what was found before.
  std::size_t shown = 0;       ///< results that were shown
  std::optional<After> after;  ///< the results behind this one
  bool paged = false;          ///< whether SearchAnswer::more is asked for
};

/// With Match::kMaxSim: an image of the result, the nearest to a part of the query.
struct MatchedImage {
  std::optional<std::uint64_t> asked{};  ///< the image of the archive that the part is, if it is one
  std::uint64_t row = 0;
  double cosine = 0;
};

struct Found {
  double score = 0;
  std::optional<Judgement> judgement;
  ItemFacts item;
  // Of a query by one thing of the archive: tags that both have, and that are the same or not.
  std::vector<std::string_view> agrees{};
  std::vector<std::string_view> differs{};
  std::vector<MatchedImage> pairs{};  ///< with Match::kMaxSim, for each part of the query
};

/// Rows that were not searched, and why.
struct Excluded {
  std::size_t same_patient = 0;
  std::size_t linked_patients = 0;  ///< with SamePatient::kExclude, of those who have pictures of the same patient
  std::size_t other_patients = 0;   ///< with SamePatient::kOnly
  std::size_t filter = 0;
  std::size_t deleted = 0;
  std::size_t erased = 0;  ///< with SearchOptions::deleted_since: of the snapshot, and erased since
  /// With SearchOptions::min_score, no rows but results: of the k nearest, or of those of the page.
  std::size_t score = 0;
};

struct SearchAnswer {
  std::vector<Found> found;
  bool exact = false;  ///< proven
  std::int64_t snapshot = 0;
  std::size_t searched = 0;
  Excluded excluded;
  std::vector<Id> linked;  ///< patients who were left out since they have pictures of the same patient
  bool more = false;       ///< there are further results
  /// The patient that was left out has so many of the studies that the identifier is probably of nobody.
  bool crowded_patient = false;
  std::optional<MinScore> min_score{};  ///< what was asked for, as a number
};

/// With Match::kMaxSim each part is searched for on its own; see slice_parts(). Such a score has no judgement.
/// @throws Error{kBadArgument} without a part to search for, for parts that cancel out, kOnly without a subject, `at`
///         after the snapshot, kMaxSim with By::kImage, kTile or a part to look away from, or an automatic min_score
///         where nothing judges scores; {kBadFile} for damage; {kInternal} if stopped.
SearchAnswer search(Reader& archive, std::span<const QueryPart> parts, const SearchOptions& options,
                    base::ThreadPool& pool);

}  // namespace mi2::archive
