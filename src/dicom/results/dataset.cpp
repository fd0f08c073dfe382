#include "dicom/results/dataset.hpp"

#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcdict.h>
#include <dcmtk/dcmdata/dcfilefo.h>
#include <dcmtk/dcmdata/dcmetinf.h>
#include <dcmtk/dcmdata/dcostrmb.h>
#include <dcmtk/dcmdata/dcuid.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/process.hpp"
#include "dicom/dcmtk_codecs.hpp"
#include "dicom/results/uid.hpp"

namespace mi2::dicom::results {
namespace {

/// "2020-01-31T12:00:00Z" without what is between the digits.
std::string digits_of(const std::string& time, std::size_t from, std::size_t to) {
  constexpr std::size_t kLength = 20;
  if (time.size() != kLength) throw Error(Code::kInternal, "DICOM object: expected the time as YYYY-MM-DDThh:mm:ssZ");
  std::string digits;
  std::copy_if(time.begin() + static_cast<std::ptrdiff_t>(from), time.begin() + static_cast<std::ptrdiff_t>(to),
               std::back_inserter(digits), [](char c) { return c >= '0' && c <= '9'; });
  return digits;
}

void put_study(DcmItem& data, const StudyHeader& study) {
  for (const StudyAttribute& attribute : study_attributes()) {
    const auto found = std::find_if(study.values.begin(), study.values.end(),
                                    [&](const StudyHeader::Value& value) { return value.tag == attribute.tag; });
    const DcmTagKey key(static_cast<Uint16>(attribute.tag >> 16), static_cast<Uint16>(attribute.tag & 0xFFFF));
    if (found != study.values.end()) {
      put(data, key, DcmVR(attribute.vr).getEVR(), found->bytes);
    } else if (attribute.always) {
      put(data, key, DcmVR(attribute.vr).getEVR(), "");
    }
  }
  // ASCII is UTF-8 too, so that texts of ours may be more.
  const std::string set = study.ascii ? std::string("ISO_IR 192") : study.character_set;
  if (set.empty()) {
    delete data.remove(DCM_SpecificCharacterSet);
  } else {
    put(data, DCM_SpecificCharacterSet, EVR_CS, set);
  }
}

/// DCMTK takes a dictionary of private attributes alone for a dictionary too.
bool knows_attributes() {
  const bool known = dcmDataDict.rdlock().findEntry(DCM_SeriesDescription, nullptr) != nullptr;
  dcmDataDict.rdunlock();
  return known;
}

/// DCMTK looks where DCMDICTPATH says, else where its own package puts the file. What is packed for machines without
/// that package has the file near the program.
bool has_dictionary() {
  if (knows_attributes()) return true;
  const std::filesystem::path folder = base::program_folder();
  if (std::getenv("DCMDICTPATH") != nullptr || folder.empty()) return false;
  const bool loaded = dcmDataDict.wrlock().loadDictionary((folder.parent_path() / "share/dicom.dic").c_str());
  dcmDataDict.wrunlock();
  return loaded && knows_attributes();
}

}  // namespace

void require_dcmtk() {
  prepare_dcmtk();
  static const bool has = has_dictionary();
  if (!has) {
    throw Error(Code::kUnsupported,
                "DICOM objects: expected DCMTK's data dictionary (dicom.dic), found none; DCMDICTPATH names it");
  }
}

void require(const OFCondition& status, std::string_view what) {
  if (status.bad()) throw Error(Code::kInternal, fmt::format("{}: {}", what, status.text()));
}

void put(DcmItem& item, const DcmTagKey& key, DcmEVR vr, std::string_view value) {
  const std::string text(value);
  require(item.putAndInsertString(DcmTag(key, DcmVR(vr)), text.c_str(), static_cast<Uint32>(text.size())),
          fmt::format("DICOM object: ({:04X},{:04X})", key.getGroup(), key.getElement()));
}

std::string fitting(std::string_view utf8, const StudyHeader& study) {
  if (study.takes_utf8()) return std::string(utf8);
  std::string text;
  for (const char c : utf8) {
    const auto byte = static_cast<unsigned char>(c);
    const bool continues = (byte & 0xC0U) == 0x80U;
    if (!continues) text += byte < 0x80U ? c : '?';
  }
  return text;
}

std::string date_of(const Report& report) { return digits_of(report.made_at, 0, 10); }

std::string time_of(const Report& report) { return digits_of(report.made_at, 11, 19); }

void name_object(ResultObject& object, const Report& report, const StudyHeader& study, std::string_view kind) {
  const std::string name = fmt::format("mi2 {} {} {} ", kind, report.id, study.study_uid);
  object.study_uid = study.study_uid;
  object.series_uid = uid_of(name + "series");
  object.sop_uid = uid_of(name + "object");
}

void put_common(DcmItem& data, const ResultObject& object, const Report& report, const StudyHeader& study,
                std::string_view description) {
  put_study(data, study);
  put(data, DCM_SOPClassUID, EVR_UI, object.sop_class_uid);
  put(data, DCM_SOPInstanceUID, EVR_UI, object.sop_uid);
  put(data, DCM_SeriesInstanceUID, EVR_UI, object.series_uid);
  put(data, DCM_SeriesDescription, EVR_LO, description);
  put(data, DCM_InstanceNumber, EVR_IS, "1");
  put(data, DCM_Manufacturer, EVR_LO, kProduct);
  put(data, DCM_ManufacturerModelName, EVR_LO, "mi2 index");
  put(data, DCM_SoftwareVersions, EVR_LO, report.version);
  // The time of the search and not of the writing, so that the same object is written again.
  for (const DcmTagKey& key : {DCM_InstanceCreationDate, DCM_ContentDate, DCM_SeriesDate}) {
    put(data, key, EVR_DA, date_of(report));
  }
  for (const DcmTagKey& key : {DCM_InstanceCreationTime, DCM_ContentTime, DCM_SeriesTime}) {
    put(data, key, EVR_TM, time_of(report));
  }
}

std::vector<std::byte> file_of(DcmDataset& data) {
  constexpr std::size_t kMeta = 64U << 10;  // of the meta information, and more
  DcmFileFormat file(&data);
  const std::size_t most = data.calcElementLength(EXS_LittleEndianExplicit, EET_ExplicitLength) + kMeta;
  std::vector<std::byte> bytes(most + most % 2);
  DcmOutputBufferStream stream(bytes.data(), static_cast<offile_off_t>(bytes.size()));
  file.transferInit();
  const OFCondition status =
      file.write(stream, EXS_LittleEndianExplicit, EET_ExplicitLength, nullptr, EGL_withoutGL, EPD_withoutPadding);
  file.transferEnd();
  require(status, "DICOM object");
  bytes.resize(static_cast<std::size_t>(stream.filled()));
  return bytes;
}

}  // namespace mi2::dicom::results
