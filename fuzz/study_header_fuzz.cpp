// Any bytes as an object of a study: an Error, or what an object of results is made with, which is then read back.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include <mi2/error.hpp>

#include "dicom/results/structured_report.hpp"
#include "dicom/results/study_header.hpp"

namespace {

/// Whether each value of the study is in an object that was made for it, byte for byte.
bool says_the_same(const mi2::dicom::results::StudyHeader& made, const mi2::dicom::results::StudyHeader& study) {
  for (const auto& value : study.values) {
    const auto same =
        std::find_if(made.values.begin(), made.values.end(), [&](const auto& other) { return other.tag == value.tag; });
    if (same == made.values.end() || same->bytes != value.bytes) return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mi2::dicom::results;
  StudyHeader header;
  try {
    header = read_study_header(std::as_bytes(std::span(data, size)), "fuzz");
  } catch (const mi2::Error&) {
    return 0;
  }
  for (const StudyHeader::Value& value : header.values) {
    if (value.bytes.size() > size) std::abort();
  }
  Report report;
  report.id = std::string(64, 'a');
  report.made_at = "2026-01-31T12:34:56Z";
  report.version = "0";
  report.asked = {"text: Ergu\xC3\x9F"};
  report.results = 1;
  report.findings.resize(1);
  report.findings.front().series_uid = "1.2.3";
  try {
    const ResultObject object = make_structured_report(report, header);
    const StudyHeader again = read_study_header(object.file, "made");
    if (again.takes_utf8() != header.takes_utf8() || again.study_uid != header.study_uid) std::abort();
    if (!says_the_same(again, header)) std::abort();
  } catch (const mi2::Error&) {
  }
  return 0;
}
