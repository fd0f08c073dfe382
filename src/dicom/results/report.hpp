#pragma once
// What a search has found in one study, as DICOM objects say it. Texts are UTF-8 without control characters.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "image/resize.hpp"

namespace mi2::dicom::results {

/// One result: an image of the study, or a series as a whole.
struct Finding {
  std::size_t rank = 1;  ///< among all results of the search
  double score = 0;      ///< cosine
  std::optional<double> percentile;
  std::string verdict;  ///< "match", "weak", "none"; empty: not judged
  std::string series_uid;
  std::string sop_class_uid, sop_uid;      ///< both empty: the series
  std::int64_t frame = 0;                  ///< from 1; 0: all of the object
  std::string words;                       ///< for people, ASCII: "CT CHEST"
  std::optional<image::Raster> picture{};  ///< RGB [height, width, 3], small
};

struct Report {
  std::string id;       ///< of what the search is recorded in: with the study's UID it makes the objects' UIDs
  std::string made_at;  ///< "2020-01-31T12:00:00Z"
  std::string version;  ///< of mi2
  std::vector<std::string> asked;  ///< a line each
  /// What else is to be said of the search: a name of codes.hpp, and the text.
  std::vector<std::pair<std::string, std::string>> facts;
  std::size_t results = 0;  ///< of the search, in all studies
  std::vector<Finding> findings;
};

/// An object that is ready to be sent.
struct ResultObject {
  std::string kind;  ///< "SR", "SC"
  std::string sop_class_uid, sop_uid, series_uid, study_uid;
  std::size_t findings = 0;     ///< that are in it
  std::size_t left_out = 0;     ///< of the report, that are not: nothing says of which object they are
  std::vector<std::byte> file;  ///< DICOM, explicit VR little endian
};

}  // namespace mi2::dicom::results
