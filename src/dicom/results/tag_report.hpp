#pragma once
// Tags of headers that may be wrong, as a structured report of one study: TID 1500 with a TID 1501 group per tag.

#include <cstdint>
#include <string>
#include <vector>

#include "dicom/results/report.hpp"
#include "dicom/results/study_header.hpp"

namespace mi2::dicom::results {

/// A tag of an image or of a series, and what is suggested in its place. Texts are UTF-8 without control characters.
struct TagFinding {
  std::string series_uid;
  std::string sop_class_uid, sop_uid;  ///< both empty: the series
  std::int64_t frame = 0;              ///< from 1; 0: all of the object
  std::string attribute;               ///< "Body Part Examined (0018,0015)"
  std::string value;                   ///< in the header; empty: none
  std::string suggested;
  double agreement = 0;  ///< the share that agrees, 0 to 1
  std::string method;    ///< by what it is suggested
};

struct TagReport {
  Report about;  ///< its id, time, version and facts
  std::vector<TagFinding> tags;
};

/// An Enhanced SR in a series of its own, COMPLETE if it has all tags, else PARTIAL, and never VERIFIED. What it says
/// of the patient and the study is `study`; equal arguments make equal objects.
/// @throws Error{kNotFound} if no tag is left; {kUnsupported} without DCMTK's dictionary; {kInternal}.
ResultObject make_tag_report(const TagReport& report, const StudyHeader& study);

}  // namespace mi2::dicom::results
