#pragma once
// What a DICOM object says of itself: what it is an image of, by what, and of whom.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mi2::dicom {

/// Who an object is of. Never in a message, a log or a result.
struct Identity {
  std::string patient_id;
  std::string issuer;  ///< of the identifier
  std::string accession;
  /// All of these that are long enough to be found in other text, and the words of the patient's names.
  std::vector<std::string> secrets;
};

/// Texts are UTF-8 without control characters, at most kMaxDescription bytes, empty where the object says nothing.
struct Description {
  std::string sop_class;
  std::string sop_instance;
  std::string study;   ///< StudyInstanceUID
  std::string series;  ///< SeriesInstanceUID
  std::string transfer_syntax;
  std::string modality;
  std::string body_part;
  std::string laterality;
  std::string study_date;  ///< "2020-01-31"
  std::string study_description;
  std::string series_description;
  std::string protocol;
  std::string manufacturer;
  std::string model;
  std::string station;
  std::string software;
  std::string kernel;
  std::string contrast;
  std::string image_type;  ///< all values, with backslashes between
  std::string frame_of_reference;
  std::string sex;  ///< "M", "F" or "O"
  std::string age;  ///< at the study: "061Y", "018M"
  std::optional<std::int64_t> birth_year;
  std::optional<double> field_strength;  ///< T
  std::optional<double> kvp;
  std::optional<double> thickness;  ///< mm
  Identity identity;
};

inline constexpr std::size_t kMaxDescription = 256;

/// What is kept of a text that an object has: printable, and at most kMaxDescription bytes of it.
std::string kept_text(std::string_view text);

/// Where a text that describes an object holds one of its patient's names or identifiers, that becomes "***".
/// @throws Error{kBadFile} not DICOM or broken, {kUnsupported} the transfer syntax, {kTooLarge}.
Description describe(std::span<const std::byte> bytes, std::string_view name);

/// Whether `text` holds one of `secrets`, in whatever case.
bool holds_secret(std::string_view text, std::span<const std::string> secrets);

}  // namespace mi2::dicom
