#pragma once
// Results as a structured report: TID 1500 with a qualitative TID 1501 group per result.

#include "dicom/results/report.hpp"
#include "dicom/results/study_header.hpp"

namespace mi2::dicom::results {

/// An Enhanced SR in a series of its own. It is COMPLETE if it has all findings, else PARTIAL, and never VERIFIED. What
/// it says of the patient and the study is `study`; equal arguments make equal objects.
/// @throws Error{kNotFound} if no finding is left; {kUnsupported} without DCMTK's dictionary; {kInternal}.
ResultObject make_structured_report(const Report& report, const StudyHeader& study);

}  // namespace mi2::dicom::results
