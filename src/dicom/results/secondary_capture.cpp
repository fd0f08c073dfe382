#include "dicom/results/secondary_capture.hpp"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcuid.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "dicom/results/canvas.hpp"
#include "dicom/results/dataset.hpp"

namespace mi2::dicom::results {
namespace {

/// Changes when the same report makes another object.
constexpr std::string_view kKind = "SC 1";
constexpr std::string_view kDescription = "mi2 search results, picture (research use)";

constexpr int kWidth = 640;
constexpr int kMargin = 16;
constexpr int kColumns = 3;
constexpr int kCell = (kWidth - (kColumns + 1) * kMargin) / kColumns;
constexpr int kSide = 192;  ///< of a thumbnail
constexpr int kLarge = 2;
constexpr int kSmall = 1;
constexpr int kGap = 4;
constexpr int kCellHeight = kSide + 16 + 2 * (8 + kGap) + kMargin;
constexpr std::uint8_t kWhite = 255;
constexpr std::uint8_t kLight = 190;
constexpr std::uint8_t kDark = 40;
constexpr std::size_t kMostLines = 8;

/// As much of a line as there is room for.
std::string cut(std::string_view text, int width, int scale) {
  const auto most = static_cast<std::size_t>(width / text_width(1, scale));
  if (text.size() <= most) return std::string(text);
  return std::string(text.substr(0, most - 2)) + "..";
}

/// A character that has no glyph is one '?'.
std::string ascii(std::string_view utf8) {
  StudyHeader plain;
  plain.ascii = false;
  return fitting(utf8, plain);
}

std::vector<std::string> head_lines(const Report& report) {
  std::vector<std::string> lines{std::string(kResearchUse)};
  for (const std::string& asked : report.asked) {
    if (lines.size() == kMostLines) break;
    lines.push_back(ascii(asked));
  }
  std::string of_all = fmt::format("{} of {} results are in this study", report.findings.size(), report.results);
  if (report.findings.size() > kMostShown) of_all += fmt::format("; the first {} are shown", kMostShown);
  lines.push_back(std::move(of_all));
  lines.push_back(fmt::format("mi2 {}, {}, card {}", report.version, report.made_at, report.id.substr(0, 16)));
  return lines;
}

void draw_thumbnail(Canvas& canvas, int x, int y, const Finding& finding) {
  canvas.fill(x, y, kSide, kSide, kDark);
  if (!finding.picture) {
    canvas.write(x + kMargin, y + kSide / 2, "NO THUMBNAIL", kSmall, kLight);
    return;
  }
  const image::Raster& picture = *finding.picture;
  if (picture.width <= kSide && picture.height <= kSide) {
    canvas.paste(x + (kSide - picture.width) / 2, y + (kSide - picture.height) / 2, picture);
    return;
  }
  const int longer = std::max(picture.width, picture.height);
  const int width = std::max(1, picture.width * kSide / longer);
  const int height = std::max(1, picture.height * kSide / longer);
  canvas.paste(x + (kSide - width) / 2, y + (kSide - height) / 2, image::resize_bicubic(picture, width, height));
}

void draw_finding(Canvas& canvas, int x, int y, const Finding& finding) {
  draw_thumbnail(canvas, x, y, finding);
  y += kSide + kGap;
  std::string line = fmt::format("#{} {:.4f}", finding.rank, finding.score);
  if (!finding.verdict.empty()) line += ' ' + finding.verdict;
  canvas.write(x, y, cut(line, kCell, kLarge), kLarge, kWhite);
  y += text_height(kLarge) + kGap;
  std::string words = ascii(finding.words);
  if (finding.percentile) words += fmt::format("{}{:.1f} PERCENTILE", words.empty() ? "" : ", ", *finding.percentile);
  canvas.write(x, y, cut(words, kCell, kSmall), kSmall, kLight);
}

/// PS3.3 C.7.6.1.1.4: the images that are shown, with CID 7202's code for those of a montage.
void put_sources(DcmDataset& data, const Report& report) {
  signed long place = 0;
  std::vector<std::string> seen;
  for (const Finding& finding : std::span(report.findings).first(std::min(report.findings.size(), kMostShown))) {
    if (finding.sop_uid.empty() || finding.sop_class_uid.empty()) continue;
    if (std::find(seen.begin(), seen.end(), finding.sop_uid) != seen.end()) continue;
    seen.push_back(finding.sop_uid);
    DcmItem* source = nullptr;
    require(data.findOrCreateSequenceItem(DCM_SourceImageSequence, source, place), "SC");
    put(*source, DCM_ReferencedSOPClassUID, EVR_UI, finding.sop_class_uid);
    put(*source, DCM_ReferencedSOPInstanceUID, EVR_UI, finding.sop_uid);
    DcmItem* purpose = nullptr;
    require(source->findOrCreateSequenceItem(DCM_PurposeOfReferenceCodeSequence, purpose, 0), "SC");
    put(*purpose, DCM_CodeValue, EVR_SH, "121329");
    put(*purpose, DCM_CodingSchemeDesignator, EVR_SH, "DCM");
    put(*purpose, DCM_CodeMeaning, EVR_LO, "Source image for montage");
    ++place;
  }
}

void put_word(DcmDataset& data, const DcmTagKey& key, int value) {
  require(data.putAndInsertUint16(DcmTag(key, DcmVR(EVR_US)), static_cast<Uint16>(value)), "SC");
}

void put_pixels(DcmDataset& data, const image::Raster& picture) {
  constexpr int kBits = 8;
  put_word(data, DCM_SamplesPerPixel, picture.channels);
  put(data, DCM_PhotometricInterpretation, EVR_CS, "RGB");
  put_word(data, DCM_PlanarConfiguration, 0);
  put_word(data, DCM_Rows, picture.height);
  put_word(data, DCM_Columns, picture.width);
  put_word(data, DCM_BitsAllocated, kBits);
  put_word(data, DCM_BitsStored, kBits);
  put_word(data, DCM_HighBit, kBits - 1);
  put_word(data, DCM_PixelRepresentation, 0);
  require(data.putAndInsertUint8Array(DcmTag(DCM_PixelData, DcmVR(EVR_OB)), picture.samples.data(),
                                      static_cast<unsigned long>(picture.samples.size())),
          "SC");
}

}  // namespace

image::Raster draw_results(const Report& report) {
  const std::vector<std::string> lines = head_lines(report);
  const std::size_t shown = std::min(report.findings.size(), kMostShown);
  const int line_height = text_height(kLarge) + 2 * kGap;
  const int top = 2 * kMargin + static_cast<int>(lines.size()) * line_height;
  const int rows = (static_cast<int>(shown) + kColumns - 1) / kColumns;
  Canvas canvas(kWidth, top + rows * kCellHeight);
  int y = kMargin;
  for (const std::string& line : lines) {
    const int scale = text_width(line.size(), kLarge) <= kWidth - 2 * kMargin ? kLarge : kSmall;
    canvas.write(kMargin, y, cut(line, kWidth - 2 * kMargin, scale), scale, kWhite);
    y += line_height;
  }
  for (std::size_t i = 0; i < shown; ++i) {
    const int column = static_cast<int>(i) % kColumns;
    const int row = static_cast<int>(i) / kColumns;
    draw_finding(canvas, kMargin + column * (kCell + kMargin), top + row * kCellHeight, report.findings[i]);
  }
  return canvas.pixels();
}

ResultObject make_secondary_capture(const Report& report, const StudyHeader& study) {
  require_dcmtk();
  ResultObject object;
  object.kind = "SC";
  object.sop_class_uid = UID_SecondaryCaptureImageStorage;
  object.findings = report.findings.size();
  name_object(object, report, study, kKind);

  DcmDataset data;
  put_common(data, object, report, study, kDescription);
  put(data, DCM_Modality, EVR_CS, "OT");
  put(data, DCM_SeriesNumber, EVR_IS, "9902");
  put(data, DCM_Laterality, EVR_CS,
      "");  // of several pictures; for a paired part of the body it is required, empty or not
  put(data, DCM_ConversionType, EVR_CS, "WSD");
  put(data, DCM_SecondaryCaptureDeviceManufacturer, EVR_LO, kProduct);
  put(data, DCM_SecondaryCaptureDeviceManufacturerModelName, EVR_LO, "mi2 index");
  put(data, DCM_SecondaryCaptureDeviceSoftwareVersions, EVR_LO, report.version);
  put(data, DCM_DateOfSecondaryCapture, EVR_DA, date_of(report));
  put(data, DCM_TimeOfSecondaryCapture, EVR_TM, time_of(report));
  put(data, DCM_ImageType, EVR_CS, "DERIVED\\SECONDARY");
  put(data, DCM_PatientOrientation, EVR_CS, "");
  put(data, DCM_ImageComments, EVR_LT, kResearchUse);
  // There is text of ours, and thumbnails show what was burned into their images.
  put(data, DCM_BurnedInAnnotation, EVR_CS, "YES");
  put(data, DCM_LossyImageCompression, EVR_CS, "01");  // of the thumbnails
  put_sources(data, report);
  put_pixels(data, draw_results(report));
  object.file = file_of(data);
  return object;
}

}  // namespace mi2::dicom::results
