#include "dicom/results/study_header.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/utf8.hpp"
#include "dicom/attributes.hpp"
#include "dicom/dataset.hpp"
#include "dicom/names.hpp"

namespace mi2::dicom::results {
namespace {

constexpr std::size_t kMaxValue = 1024;
constexpr Tag kCharacterSet = 0x00080005;

/// PS3.3 C.7.1.1, C.7.2.1 and C.7.2.2: what tells patients and studies apart. Ascending.
constexpr std::array kStudyAttributes = std::to_array<StudyAttribute>({
    {0x00080020, "DA", true},   // StudyDate
    {0x00080030, "TM", true},   // StudyTime
    {0x00080050, "SH", true},   // AccessionNumber
    {0x00080090, "PN", true},   // ReferringPhysicianName
    {0x00081030, "LO", false},  // StudyDescription
    {0x00100010, "PN", true},   // PatientName
    {0x00100020, "LO", true},   // PatientID
    {0x00100021, "LO", false},  // IssuerOfPatientID
    {0x00100022, "CS", false},  // TypeOfPatientID
    {0x00100030, "DA", true},   // PatientBirthDate
    {0x00100040, "CS", true},   // PatientSex
    {0x00101010, "AS", false},  // PatientAge
    {0x00101020, "DS", false},  // PatientSize
    {0x00101030, "DS", false},  // PatientWeight
    {tags::kStudy, "UI", true},
    {0x00200010, "SH", true},  // StudyID
});

/// What else is read: what tells the object, and where its pixels are, at which reading ends.
constexpr std::array kOthers = std::to_array<Attribute>({
    {kCharacterSet, Kind::kText},
    {tags::kSopInstance, Kind::kText},
    {tags::kRows, Kind::kWords},
    {tags::kFloatPixels, Kind::kBytes},
    {tags::kDoublePixels, Kind::kBytes},
    {tags::kPixelData, Kind::kBytes},
});

/// Ascending.
constexpr auto kRead = [] {
  std::array<Attribute, kStudyAttributes.size() + kOthers.size()> all{};
  auto next = std::copy(kOthers.begin(), kOthers.end(), all.begin());
  for (const StudyAttribute& attribute : kStudyAttributes) *next++ = {attribute.tag, Kind::kText};
  std::sort(all.begin(), all.end(), [](const Attribute& a, const Attribute& b) { return a.tag < b.tag; });
  return all;
}();

const Attribute* find_read(Tag tag) noexcept {
  const auto* found =
      std::lower_bound(kRead.begin(), kRead.end(), tag, [](const Attribute& a, Tag t) { return a.tag < t; });
  return found != kRead.end() && found->tag == tag ? found : nullptr;
}

/// Padding goes; an escape sequence at the start belongs to the value.
std::string unpadded(Bytes bytes) {
  std::string value;
  for (const std::byte byte : bytes) value += static_cast<char>(byte);
  value.erase(value.find_last_not_of(std::string_view("\0 ", 2)) + 1);
  return value;
}

bool printable_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

}  // namespace

std::span<const StudyAttribute> study_attributes() noexcept { return kStudyAttributes; }

StudyHeader read_study_header(std::span<const std::byte> object, std::string_view name) {
  const Object read = load_header(object, name, find_read);
  StudyHeader header;
  if (const Element* set = read.data.find(kCharacterSet); set != nullptr && set->value.size() <= kMaxValue) {
    header.character_set = unpadded(set->value);
  }
  header.sop_uid = text(read.data, tags::kSopInstance);
  header.study_uid = text(read.data, tags::kStudy);
  if (header.study_uid.empty()) {
    throw Error(Code::kBadFile, fmt::format("{}: expected a StudyInstanceUID (0020,000D), found none", name));
  }
  // Some that are longer than the standard allows are about; viewers and archives take them.
  if (!is_uid(header.study_uid, kMaxValue)) {
    throw Error(Code::kBadFile,
                fmt::format("{}: expected digits and dots as the StudyInstanceUID (0020,000D), found '{}'", name,
                            base::printable(header.study_uid)));
  }
  for (const StudyAttribute& attribute : kStudyAttributes) {
    const Element* element = read.data.find(attribute.tag);
    if (element == nullptr) continue;
    if (element->value.size() > kMaxValue) {
      throw Error(Code::kBadFile,
                  fmt::format("{}: ({:04X},{:04X}): expected at most {} bytes, found {}", name, attribute.tag >> 16,
                              attribute.tag & 0xFFFF, kMaxValue, element->value.size()));
    }
    // Objects of the study are found by what reads as its UID, so that they say this and no blanks around it.
    std::string value = attribute.tag == tags::kStudy ? header.study_uid : unpadded(element->value);
    header.ascii = header.ascii && printable_ascii(value);
    header.values.push_back({attribute.tag, std::move(value)});
  }
  return header;
}

}  // namespace mi2::dicom::results
