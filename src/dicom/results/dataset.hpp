#pragma once
// Writing datasets with DCMTK: for the sources of this room only.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdatset.h>
#include <dcmtk/dcmdata/dctag.h>
#include <dcmtk/dcmdata/dctagkey.h>
#include <dcmtk/ofstd/ofcond.h>

#include "dicom/results/report.hpp"
#include "dicom/results/study_header.hpp"

namespace mi2::dicom::results {

inline constexpr std::string_view kProduct = "mi2";
inline constexpr std::string_view kResearchUse = "For research use only. Not for diagnosis.";

/// DCMTK can be used from now on. @throws Error{kUnsupported} if its data dictionary is not installed.
void require_dcmtk();

/// @throws Error{kInternal} if `status` is bad.
void require(const OFCondition& status, std::string_view what);

void put(DcmItem& item, const DcmTagKey& key, DcmEVR vr, std::string_view value);

/// A text of ours as the object's character set takes it: other characters than ASCII become '?' unless it takes UTF-8.
std::string fitting(std::string_view utf8, const StudyHeader& study);

/// "20200131" and "120000".
std::string date_of(const Report& report);
std::string time_of(const Report& report);

/// The names of an object and of its series, the same for the same report and study.
/// @param kind  with a version, which changes when the same report makes another object.
void name_object(ResultObject& object, const Report& report, const StudyHeader& study, std::string_view kind);

/// Puts what all objects of the study have, what is the same for ours, and the names of `object`.
/// @param description  of the series.
void put_common(DcmItem& data, const ResultObject& object, const Report& report, const StudyHeader& study,
                std::string_view description);

/// The dataset as a file. @throws Error{kInternal}.
std::vector<std::byte> file_of(DcmDataset& data);

}  // namespace mi2::dicom::results
