#pragma once
// An evidence card: what was asked of an archive, what was searched for it and what was found, so exactly that the
// search can be repeated later and compared bit for bit (replay.hpp). Text is UTF-8.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <mi2/provenance.hpp>

#include "archive/catalog.hpp"
#include "archive/format.hpp"
#include "archive/search.hpp"

namespace mi2::archive::cards {

/// The newest. A card is written in the oldest that has all of it: 1 has no notes and no pins, 2 no search slice by
/// slice, 3 no tiles, 4 no least score, 5 no windows of results.
inline constexpr int kCardFormat = 6;
inline constexpr std::size_t kMaxCardBytes = 16U << 20;
inline constexpr std::size_t kMostResults = 1000;
inline constexpr std::size_t kMostParts = 256;
inline constexpr std::size_t kMostSubjects = 64;  ///< of one part
inline constexpr std::size_t kMostLinkedPatients = 1000;
inline constexpr std::size_t kMostNote = 4000;  ///< bytes of a note

using archive::Asked;
using archive::Origin;
/// "text", "image", "item", "series", "study", "vector".
std::string_view name_of(Asked asked) noexcept;
/// As the options --by and --same-patient have them.
std::string_view name_of(By by) noexcept;
std::string_view name_of(SamePatient rule) noexcept;

/// Tags of an image or a series that was asked for, with which those of results were compared.
struct Tags {
  std::string modality, body_part, site, station;

  friend bool operator==(const Tags&, const Tags&) = default;
};

/// One thing that was asked for, or with a negative weight looked away from.
struct Part {
  Origin origin;
  double weight = 1;
  std::vector<float> vector;      ///< [Card::dimensions], as it was searched with
  std::vector<Subject> subjects;  ///< of whom it is, by numbers that mean something in this archive only
  std::optional<Tags> tags{};
};

/// One result, in the order of their ranks.
struct Result {
  std::size_t rank = 1;              ///< from 1
  double score = 0;                  ///< cosine, exact to the last bit
  std::optional<double> percentile;  ///< of the archive's background, 0 to 100
  std::string verdict;               ///< "match", "weak", "none"; empty: nothing to judge it by
  std::uint64_t item = 0;            ///< the row
  std::string kind;                  ///< "frame", or "series" for the mean of one
  // As the archive has them; empty: not known, as of an image that is no DICOM object. A mean has no object.
  std::string sop_class_uid, sop_uid, series_uid, study_uid;
  std::int64_t frame = 0;         ///< from 1; of a mean: 0
  std::int64_t frames = 0;        ///< of the object; of a mean: images in it
  std::optional<TilePlace> tile;  ///< of a whole slide
  std::string window;             ///< of several, the one that it was seen through
  std::optional<double> position;
  std::string file_sha256;
  std::string path;  ///< only if it was asked for: a path may hold a name
  std::string modality, body_part, date, study_description, series_description, site, station;
  std::vector<std::string> agrees, differs;  ///< names of tags, of a query by one thing of the archive
  Provenance provenance;                     ///< of the row's vector
  bool pinned = false;                       ///< whoever made the card chose it among the results
  std::string note;                          ///< what they say of it
};

struct Card {
  std::string id;        ///< sha256 of the canonical JSON of all else, 64 hexadecimal digits
  std::string previous;  ///< id of the card before in the same folder; empty: the first
  std::string made_at;   ///< "2020-01-31T12:00:00Z"
  std::string version;   ///< of mi2

  // What was asked.
  std::vector<Part> parts;
  std::string where;  ///< EXPR; empty: no filter
  std::size_t k = 10;
  By by = By::kStudy;
  SamePatient same_patient = SamePatient::kExclude;
  Match match = Match::kBest;
  std::optional<double> min_score;  ///< of results
  bool min_score_auto = false;      ///< it came of the background
  std::optional<Provenance> model;  ///< that embedded texts and images of the query

  // What was searched.
  std::string archive_id;       ///< 32 hexadecimal digits
  std::string archive_created;  ///< as made_at
  std::size_t dimensions = 0;
  Space space;
  std::int64_t snapshot = 0;
  bool exact = false;
  std::size_t searched = 0;  ///< rows
  Excluded excluded;
  std::vector<Id> linked_patients;  ///< SearchAnswer::linked
  bool crowded_patient = false;     ///< SearchAnswer::crowded_patient
  std::string background_sha256;    ///< of what percentiles and verdicts rest on; empty: there was none

  std::vector<Result> results;

  std::string note;  ///< what whoever made the card says of it
};

/// Canonical JSON: keys in order, no blanks, numbers in the shortest form that reads back to the same bits, one line
/// without its end. Equal cards have equal text.
std::string to_json(const Card& card);
/// The id that a card should have, whatever Card::id says.
std::string id_of(const Card& card);

/// A card that was read from a file, with or without a line end behind it.
/// @param name  what errors call it.
/// @throws Error{kBadFile} naming the place, for text that is not to_json() of a card to the last byte or whose id is
///         not of its content; {kTooLarge} over a limit; {kUnsupported} for another format's number. Messages never
///         hold what the text holds.
Card from_json(std::string_view text, std::string_view name);

}  // namespace mi2::archive::cards
