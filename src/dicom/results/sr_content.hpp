#pragma once
// What our structured reports have in common: for the sources of this room only.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmsr/dsrcodvl.h>
#include <dcmtk/dcmsr/dsrdoc.h>
#include <dcmtk/dcmsr/dsrimgvl.h>
#include <dcmtk/dcmsr/dsrtypes.h>

#include "dicom/results/report.hpp"
#include "dicom/results/study_header.hpp"

namespace mi2::dicom::results {

/// A code of codes.hpp.
DSRCodedEntryValue own_code(std::string_view value);

/// Content items one after the other, level by level.
class Content {
 public:
  explicit Content(DSRDocumentTree& tree) : tree_(tree) {}

  /// A container; what is added next is in it, until close().
  void open(DSRTypes::E_RelationshipType how, const DSRCodedEntryValue& name, const char* tid = nullptr);
  void close();
  void code(DSRTypes::E_RelationshipType how, const DSRCodedEntryValue& name, const DSRCodedEntryValue& value);
  void text(DSRTypes::E_RelationshipType how, const DSRCodedEntryValue& name, std::string_view value);
  /// As text that reads back to the same number.
  void number(DSRTypes::E_RelationshipType how, const DSRCodedEntryValue& name, double value);
  void uid(DSRTypes::E_RelationshipType how, const DSRCodedEntryValue& name, std::string_view value);
  void image(const DSRImageReferenceValue& value);

 private:
  void add(DSRTypes::E_RelationshipType how, DSRTypes::E_ValueType what, const DSRCodedEntryValue& name);
  DSRContentItem& item() { return tree_.getCurrentContentItem(); }

  DSRDocumentTree& tree_;
  bool first_ = false;  ///< the next one is the first in the container at the cursor
};

/// What a group of a report is of.
struct Referred {
  std::string series_uid;
  DSRImageReferenceValue image;  ///< empty: the series
  [[nodiscard]] bool is_series() const { return image.getSOPInstanceUID().empty(); }
};

/// What says of which object something is; the last three empty or 0: of the series.
struct ObjectName {
  std::string series_uid, sop_class_uid, sop_uid;
  std::int64_t frame = 0;  ///< from 1; 0: all of the object
};
/// @returns false if nothing names it: no series, or identifiers that are not an image's.
bool refer(const ObjectName& of, Referred& to);

/// Those of a report's findings that name an object or a series, and what they name: equally many.
template <typename Finding>
std::vector<const Finding*> referring(std::span<const Finding> all, std::vector<Referred>& referred) {
  std::vector<const Finding*> found;
  for (const Finding& one : all) {
    Referred to;
    if (!refer({one.series_uid, one.sop_class_uid, one.sop_uid, one.frame}, to)) continue;
    found.push_back(&one);
    referred.push_back(to);
  }
  return found;
}

/// A new Enhanced SR that declares our codes, up to its root: TID 1500 with the language, who observed and what.
/// @param title  a code of codes.hpp.
void begin_report(DSRDocument& document, Content& content, std::string_view title, const Report& about);
/// TID 1600: each image once.
void add_library(Content& content, std::span<const Referred> all);
/// The image or the series itself, in its group.
void add_referred(Content& content, const Referred& one);
/// TID 1500 row 12: of the report as a whole.
void add_about(Content& content, const Report& about, const StudyHeader& study);

/// How reports of a kind are called.
struct ReportKind {
  std::string_view name;         ///< with a version, which changes when the same report makes another object
  std::string_view description;  ///< of the series
  std::string_view series;       ///< its number
};

/// The object of a document whose content is whole. It is COMPLETE unless it lacks some of `wanted`.
ResultObject end_report(DSRDocument& document, const Report& about, const StudyHeader& study, const ReportKind& kind,
                        std::span<const Referred> all, std::size_t wanted);

}  // namespace mi2::dicom::results
