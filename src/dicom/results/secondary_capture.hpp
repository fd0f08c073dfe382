#pragma once
// Results as a picture: their thumbnails with rank, score and words.

#include "dicom/results/report.hpp"
#include "dicom/results/study_header.hpp"

namespace mi2::dicom::results {

/// More results are counted, and not shown.
inline constexpr std::size_t kMostShown = 24;

/// The picture alone: RGB [height, width, 3], of at most 640 x 2240 pixels.
image::Raster draw_results(const Report& report);

/// A Secondary Capture (ConversionType WSD) in a series of its own, that says itself that it is for research use. What
/// it says of the patient and the study is `study`; equal arguments make equal objects.
/// @throws Error{kUnsupported} without DCMTK's dictionary; {kInternal}.
ResultObject make_secondary_capture(const Report& report, const StudyHeader& study);

}  // namespace mi2::dicom::results
