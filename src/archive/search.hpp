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

enum class By : std::uint8_t { kStudy, kSeries, kPatient, kImage };
/// @throws Error{kBadArgument} for anything but "study", "series", "patient" and "image".
By parse_by(std::string_view name);

enum class SamePatient : std::uint8_t { kExclude, kInclude, kOnly };
/// @throws Error{kBadArgument} for anything but "exclude", "include" and "only".
SamePatient parse_same_patient(std::string_view name);

/// Of whom a query is: the first of these that is known.
struct Subject {
  Id patient = 0;
  Id study = 0;
  Id instance = 0;
};

/// One thing that is asked for, or with a negative weight looked away from.
struct QueryPart {
  std::vector<float> vector;
  double weight = 1;
  Nature nature = Nature::kOther;
  std::vector<Subject> subjects;
  std::optional<ItemFacts> facts{};  ///< of an image or a series of the archive: what results are compared with
};

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
  bool mean = false;  ///< search the means of series, not their images
  std::optional<filter::Expr> where;
  /// Rows that are there at all for whoever asks: of others nothing is found, and none is counted.
  std::optional<filter::Expr> visible;
  base::OnProgress on_progress;  ///< while codes are made
  std::stop_token stop;

  // A further page of what was found before.
  std::int64_t at = 0;         ///< rows of the snapshot of this number that are still there; 0: of the newest
  std::size_t shown = 0;       ///< results that were shown
  std::optional<After> after;  ///< the results behind this one
  bool paged = false;          ///< whether SearchAnswer::more is asked for
};

struct Found {
  double score = 0;
  std::optional<Judgement> judgement;
  ItemFacts item;
  // Of a query by one thing of the archive: tags that both have, and that are the same or not.
  std::vector<std::string_view> agrees{};
  std::vector<std::string_view> differs{};
};

/// Rows that were not searched, and why.
struct Excluded {
  std::size_t same_patient = 0;
  std::size_t other_patients = 0;  ///< with SamePatient::kOnly
  std::size_t filter = 0;
  std::size_t deleted = 0;
};

struct SearchAnswer {
  std::vector<Found> found;
  bool exact = false;  ///< proven
  std::int64_t snapshot = 0;
  std::size_t searched = 0;
  Excluded excluded;
  bool more = false;  ///< there are further results
  /// The patient that was left out has so many of the studies that the identifier is probably of nobody.
  bool crowded_patient = false;
};

/// @throws Error{kBadArgument} for parts that cancel out, kOnly without a subject, or `at` after the snapshot;
///         {kBadFile} for damage; {kInternal} if stopped.
SearchAnswer search(Reader& archive, std::span<const QueryPart> parts, const SearchOptions& options,
                    base::ThreadPool& pool);

}  // namespace mi2::archive
