#include "dicom/results/tag_report.hpp"

#include <cstddef>
#include <string_view>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmsr/codes/dcm.h>
#include <dcmtk/dcmsr/dsrdoc.h>
#include <fmt/format.h>

#include <mi2/error.hpp>

#include "dicom/results/dataset.hpp"
#include "dicom/results/sr_content.hpp"
#include "dicom/results/uid.hpp"

namespace mi2::dicom::results {
namespace {

constexpr ReportKind kTagReport{"TAGS 1", "mi2 tags to check (research use)", "9903"};
constexpr std::string_view kAlgorithm = "mi2 index tags";

/// TID 4019: by what, and by which numbers, a value is suggested.
void add_algorithm(Content& content, const Report& about, const TagFinding& tag) {
  const auto modifies = DSRTypes::RT_hasConceptMod;
  content.text(modifies, CODE_DCM_AlgorithmName, kAlgorithm);
  content.text(modifies, CODE_DCM_AlgorithmVersion, about.version);
  content.text(modifies, CODE_DCM_AlgorithmParameters, tag.method);
}

/// TID 1501. The share is a text: it measures no image, and viewers expect a region with a measurement.
void add_tag(Content& content, const Report& about, const StudyHeader& study, const TagFinding& tag, std::size_t number,
             const Referred& referred) {
  const auto contains = DSRTypes::RT_contains;
  const auto context = DSRTypes::RT_hasObsContext;
  content.open(contains, CODE_DCM_MeasurementGroup, "1501");
  content.text(context, CODE_DCM_TrackingIdentifier, fmt::format("Tag {}", number));
  content.uid(context, CODE_DCM_TrackingUniqueIdentifier,
              uid_of(fmt::format("mi2 {} {} {} tag {}", kTagReport.name, about.id, study.study_uid, number)));
  content.code(contains, CODE_DCM_Finding, own_code("tag_doubt"));
  add_algorithm(content, about, tag);
  content.text(contains, own_code("tag"), tag.attribute);
  if (tag.value.empty()) {
    content.code(contains, own_code("tag_is"), own_code("tag_none"));
  } else {
    content.text(contains, own_code("tag_is"), fitting(tag.value, study));
  }
  content.text(contains, own_code("tag_suggested"), fitting(tag.suggested, study));
  content.number(contains, own_code("tag_agreement"), tag.agreement);
  add_referred(content, referred);
  content.close();
}

}  // namespace

ResultObject make_tag_report(const TagReport& report, const StudyHeader& study) {
  require_dcmtk();
  std::vector<Referred> referred;
  const std::vector<const TagFinding*> tags = referring(std::span(report.tags), referred);
  if (tags.empty()) {
    throw Error(Code::kNotFound, "SR: expected a tag of an object that is known by its identifiers, found none");
  }
  DSRDocument document;
  Content content(document.getTree());
  begin_report(document, content, "tags", report.about);
  add_library(content, referred);
  content.open(DSRTypes::RT_contains, CODE_DCM_ImagingMeasurements);
  for (std::size_t i = 0; i < tags.size(); ++i) {
    add_tag(content, report.about, study, *tags[i], i + 1, referred[i]);
  }
  content.close();
  add_about(content, report.about, study);
  return end_report(document, report.about, study, kTagReport, referred, report.tags.size());
}

}  // namespace mi2::dicom::results
