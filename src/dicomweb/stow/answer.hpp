#pragma once
// Answers of STOW-RS to one object (PS3.18 10.5.3 and I.2). A status alone says nothing: servers answer 200 to what
// they have refused, and 400 to what the rest of the answer explains.

#include <cstdint>
#include <string_view>

#include "dicom/results/receiver.hpp"

namespace mi2::dicomweb::stow {

/// Bytes of one answer, once it is unpacked.
inline constexpr std::uint64_t kMostAnswer = 1U << 20U;

/// @param body  DICOM JSON: an object, or an array of one.
/// @param sop_uid  of the object that was sent.
/// @throws Error as dicom::results::Receiver::store() if the object is among the failed ones, if it is not said to be
///         stored, or for a status other than 200 and 202. Messages hold nothing of the answer but numbers.
dicom::results::Taken read_answer(unsigned status, std::string_view body, std::string_view sop_uid);

}  // namespace mi2::dicomweb::stow
