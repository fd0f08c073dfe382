#pragma once
// What every object of a study says of its patient and of the study, so that an object that joins the study says the
// same.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mi2::dicom::results {

struct StudyHeader {
  struct Value {
    std::uint32_t tag = 0;
    std::string bytes;  ///< as they are stored, without padding at the end
  };
  std::string study_uid;
  std::string sop_uid;        ///< of the object that it was read from
  std::string character_set;  ///< (0008,0005) of `values`; empty: none
  std::vector<Value> values;  ///< of the Patient, General Study and Patient Study modules, by tag; some may be empty
  bool ascii = true;          ///< all `values` are printable ASCII

  /// Whether an object with these values may have texts in UTF-8.
  [[nodiscard]] bool takes_utf8() const { return ascii || character_set == "ISO_IR 192"; }
};

/// One attribute that joins an object to a study.
struct StudyAttribute {
  std::uint32_t tag;
  const char* vr;
  bool always;  ///< written without a value too, where the study has none (type 2)
};
/// All of them, by tag.
std::span<const StudyAttribute> study_attributes() noexcept;

/// @param object      a whole DICOM file.
/// @param name        what errors call it.
/// @throws Error{kBadFile} not DICOM or broken, without a StudyInstanceUID, or with a value of more than 1024 bytes;
///         {kUnsupported} the transfer syntax; {kTooLarge}.
StudyHeader read_study_header(std::span<const std::byte> object, std::string_view name);

}  // namespace mi2::dicom::results
