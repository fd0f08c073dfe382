#include "dicom/results/structured_report.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmsr/codes/dcm.h>
#include <dcmtk/dcmsr/dsrdoc.h>
#include <fmt/format.h>

#include <mi2/error.hpp>

#include "dicom/results/codes.hpp"
#include "dicom/results/dataset.hpp"
#include "dicom/results/sr_content.hpp"
#include "dicom/results/uid.hpp"

namespace mi2::dicom::results {
namespace {

constexpr ReportKind kReport{"SR 2", "mi2 search results (research use)", "9901"};

/// TID 1501. Numbers are texts: they measure no image, and viewers expect a region with a measurement.
void add_group(Content& content, const Report& report, const StudyHeader& study, const Finding& finding,
               const Referred& referred) {
  const auto contains = DSRTypes::RT_contains;
  const auto context = DSRTypes::RT_hasObsContext;
  content.open(contains, CODE_DCM_MeasurementGroup, "1501");
  content.text(context, CODE_DCM_TrackingIdentifier,
               fmt::format("Search result {} of {}", finding.rank, report.results));
  content.uid(context, CODE_DCM_TrackingUniqueIdentifier,
              uid_of(fmt::format("mi2 {} {} {} result {}", kReport.name, report.id, study.study_uid, finding.rank)));
  content.code(contains, CODE_DCM_Finding, own_code("found"));
  if (!meaning_of(finding.verdict).empty()) content.code(contains, own_code("verdict"), own_code(finding.verdict));
  content.text(contains, own_code("rank"), fmt::format("{} of {}", finding.rank, report.results));
  content.number(contains, own_code("score"), finding.score);
  if (finding.percentile) content.number(contains, own_code("percentile"), *finding.percentile);
  add_referred(content, referred);
  content.close();
}

}  // namespace

ResultObject make_structured_report(const Report& report, const StudyHeader& study) {
  require_dcmtk();
  std::vector<Referred> referred;
  const std::vector<const Finding*> findings = referring(std::span(report.findings), referred);
  if (findings.empty()) {
    throw Error(Code::kNotFound, "SR: expected a result whose object is known by its identifiers, found none");
  }
  DSRDocument document;
  Content content(document.getTree());
  begin_report(document, content, "results", report);
  add_library(content, referred);
  content.open(DSRTypes::RT_contains, CODE_DCM_ImagingMeasurements);
  for (std::size_t i = 0; i < findings.size(); ++i) add_group(content, report, study, *findings[i], referred[i]);
  content.close();
  add_about(content, report, study);
  return end_report(document, report, study, kReport, referred, report.findings.size());
}

}  // namespace mi2::dicom::results
