#include <dcmtk/dcmdata/dccodec.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dcxfer.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include <mi2/error.hpp>

#include "base/checked.hpp"
#include "dicom/decode_jpeg.hpp"
#include "dicom/jpeg_header.hpp"

namespace mi2::dicom {
namespace {

JpegHeader check_header(const std::vector<std::uint8_t>& stream, const Layout& layout, std::string_view name) {
  const std::optional<JpegHeader> header = read_jpeg_header(stream);
  if (!header) throw Error(Code::kBadFile, fmt::format("{}: the compressed frame has no JPEG frame header", name));
  const bool same = header->width == layout.columns && header->height == layout.rows;
  if (!same || header->components != layout.samples) {
    throw Error(
        Code::kBadFile,
        fmt::format("{}: the compressed frame is {} x {} with {} components, the object says {} x {} with {}", name,
                    header->width, header->height, header->components, layout.columns, layout.rows, layout.samples));
  }
  if (header->precision < 2 || header->precision > 16) {
    throw Error(Code::kUnsupported, fmt::format("{}: JPEG of {} bits a sample is not read", name, header->precision));
  }
  return *header;
}

/// The attributes the codecs look at, for one frame.
void describe(DcmDataset& item, const Layout& layout, unsigned allocated) {
  item.putAndInsertUint16(DCM_SamplesPerPixel, static_cast<Uint16>(layout.samples));
  item.putAndInsertString(DCM_PhotometricInterpretation, layout.photometric.c_str());
  if (layout.samples > 1) item.putAndInsertUint16(DCM_PlanarConfiguration, 0);
  item.putAndInsertString(DCM_NumberOfFrames, "1");
  item.putAndInsertUint16(DCM_Rows, static_cast<Uint16>(layout.rows));
  item.putAndInsertUint16(DCM_Columns, static_cast<Uint16>(layout.columns));
  item.putAndInsertUint16(DCM_BitsAllocated, static_cast<Uint16>(allocated));
  item.putAndInsertUint16(DCM_BitsStored, static_cast<Uint16>(std::min(layout.stored, allocated)));
  item.putAndInsertUint16(DCM_HighBit, static_cast<Uint16>(std::min(layout.stored, allocated) - 1));
  item.putAndInsertUint16(DCM_PixelRepresentation, layout.is_signed ? 1 : 0);
}

}  // namespace

std::vector<std::uint8_t> decode_jpeg(const std::vector<std::uint8_t>& stream, const Object& object, Layout& layout,
                                      std::string_view name) {
  const JpegHeader header = check_header(stream, layout, name);
  const unsigned allocated = header.precision > 8 ? 16 : 8;
  const std::uint64_t samples = base::checked_mul(layout.pixels(), layout.samples, "a frame");
  const std::uint64_t size = base::checked_mul(samples, allocated / 8, "a frame");
  if (size + 1 > std::numeric_limits<Uint32>::max() || stream.size() > std::numeric_limits<Uint32>::max() - 1) {
    throw Error(Code::kTooLarge, fmt::format("{}: a frame of {} bytes is too large for the codec", name, size));
  }
  DcmDataset item;
  describe(item, layout, allocated);
  DcmPixelSequence sequence(DcmTag(DCM_PixelData, EVR_OB));
  sequence.insert(new DcmPixelItem(DcmTag(DCM_Item, EVR_OB)));
  auto* fragment = new DcmPixelItem(DcmTag(DCM_Item, EVR_OB));
  sequence.insert(fragment);
  std::vector<std::uint8_t> padded(stream);
  if (padded.size() % 2 != 0) padded.push_back(0);
  fragment->putUint8Array(padded.data(), padded.size());

  std::vector<std::uint8_t> out(size + size % 2);
  Uint32 first_fragment = 1;
  OFString model;
  const OFCondition status =
      DcmCodecList::decodeFrame(DcmXfer(object.dcmtk_syntax), nullptr, &sequence, &item, 0, first_fragment, out.data(),
                                static_cast<Uint32>(out.size()), model);
  if (status.bad()) {
    throw Error(Code::kBadFile, fmt::format("{}: the {} frame cannot be decoded ({})", name, object.syntax.name,
                                            printable(status.text())));
  }
  out.resize(size);
  layout.allocated = allocated;
  layout.stored = std::min(layout.stored, allocated);
  layout.high_bit = layout.stored - 1;
  layout.planar = false;
  if (layout.samples == 3) layout.photometric = model.c_str();
  return out;
}

}  // namespace mi2::dicom
