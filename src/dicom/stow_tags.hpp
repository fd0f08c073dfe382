#pragma once
// Tags of an answer to STOW-RS, as DICOM JSON names them: who answers and who sends read the same.
// Source: PS3.18, table 10.5.3-1, and PS3.3, C.12.1.

#include <string_view>

namespace mi2::dicom::stow {

inline constexpr std::string_view kSopClass = "00081150";       // Referenced SOP Class UID
inline constexpr std::string_view kSopInstance = "00081155";    // Referenced SOP Instance UID
inline constexpr std::string_view kRetrieve = "00081190";       // Retrieve URL
inline constexpr std::string_view kWarningReason = "00081196";  // Warning Reason
inline constexpr std::string_view kFailureReason = "00081197";  // Failure Reason
inline constexpr std::string_view kFailed = "00081198";         // Failed SOP Sequence
inline constexpr std::string_view kReferenced = "00081199";     // Referenced SOP Sequence
inline constexpr std::string_view kOtherFailures = "0008119A";  // Other Failures Sequence

}  // namespace mi2::dicom::stow
