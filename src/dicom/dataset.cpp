#include "dicom/dataset.hpp"

#include <dcmtk/dcmdata/dcdicent.h>
#include <dcmtk/dcmdata/dcdict.h>
#include <dcmtk/dcmdata/dcistrmb.h>
#include <dcmtk/dcmdata/dcsequen.h>
#include <dcmtk/dcmdata/dcxfer.h>
#include <dcmtk/dcmjpeg/djdecode.h>
#include <dcmtk/dcmjpls/djdecode.h>
#include <dcmtk/oflog/oflog.h>
#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <mutex>

#include <mi2/error.hpp>

#include "dicom/dicom.hpp"

namespace mi2::dicom {
namespace {

struct Entry {
  DcmTagKey key;
  DcmEVR vr;
  const char* name;
};

/// What implicit VR needs to be read without DCMTK's dictionary file (or with someone's own, by DCMDICTPATH).
void fill_dictionary() {
  const std::array entries = std::to_array<Entry>({
      {DCM_SOPClassUID, EVR_UI, "SOPClassUID"},
      {DCM_SamplesPerPixel, EVR_US, "SamplesPerPixel"},
      {DCM_PhotometricInterpretation, EVR_CS, "PhotometricInterpretation"},
      {DCM_PlanarConfiguration, EVR_US, "PlanarConfiguration"},
      {DCM_NumberOfFrames, EVR_IS, "NumberOfFrames"},
      {DCM_Rows, EVR_US, "Rows"},
      {DCM_Columns, EVR_US, "Columns"},
      {DCM_BitsAllocated, EVR_US, "BitsAllocated"},
      {DCM_BitsStored, EVR_US, "BitsStored"},
      {DCM_HighBit, EVR_US, "HighBit"},
      {DCM_PixelRepresentation, EVR_US, "PixelRepresentation"},
      {DCM_WindowCenter, EVR_DS, "WindowCenter"},
      {DCM_WindowWidth, EVR_DS, "WindowWidth"},
      {DCM_RescaleIntercept, EVR_DS, "RescaleIntercept"},
      {DCM_RescaleSlope, EVR_DS, "RescaleSlope"},
      {DCM_VOILUTFunction, EVR_CS, "VOILUTFunction"},
      {DCM_ModalityLUTSequence, EVR_SQ, "ModalityLUTSequence"},
      {DCM_VOILUTSequence, EVR_SQ, "VOILUTSequence"},
      {DCM_LUTDescriptor, EVR_xs, "LUTDescriptor"},
      {DCM_LUTData, EVR_lt, "LUTData"},
      {DCM_RedPaletteColorLookupTableDescriptor, EVR_xs, "RedPaletteColorLookupTableDescriptor"},
      {DCM_GreenPaletteColorLookupTableDescriptor, EVR_xs, "GreenPaletteColorLookupTableDescriptor"},
      {DCM_BluePaletteColorLookupTableDescriptor, EVR_xs, "BluePaletteColorLookupTableDescriptor"},
      {DCM_RedPaletteColorLookupTableData, EVR_OW, "RedPaletteColorLookupTableData"},
      {DCM_GreenPaletteColorLookupTableData, EVR_OW, "GreenPaletteColorLookupTableData"},
      {DCM_BluePaletteColorLookupTableData, EVR_OW, "BluePaletteColorLookupTableData"},
      {DCM_SegmentedRedPaletteColorLookupTableData, EVR_OW, "SegmentedRedPaletteColorLookupTableData"},
      {DCM_SharedFunctionalGroupsSequence, EVR_SQ, "SharedFunctionalGroupsSequence"},
      {DCM_PerFrameFunctionalGroupsSequence, EVR_SQ, "PerFrameFunctionalGroupsSequence"},
      {DCM_PixelValueTransformationSequence, EVR_SQ, "PixelValueTransformationSequence"},
      {DCM_FrameVOILUTSequence, EVR_SQ, "FrameVOILUTSequence"},
      {DCM_FloatPixelData, EVR_OF, "FloatPixelData"},
      {DCM_DoubleFloatPixelData, EVR_OD, "DoubleFloatPixelData"},
      {DCM_PixelData, EVR_px, "PixelData"},
  });
  DcmDataDictionary& dictionary = dcmDataDict.wrlock();
  for (const Entry& entry : entries) {
    if (dictionary.findEntry(entry.key, nullptr) != nullptr) continue;
    dictionary.addEntry(new DcmDictEntry(entry.key.getGroup(), entry.key.getElement(), entry.vr, entry.name, 1, -1,
                                         "DICOM", OFTrue, nullptr));
  }
  dcmDataDict.wrunlock();
}

/// A raw deflate stream (PS3.5 annex A.5), grown step by step so that a bomb stops at the limit.
std::vector<std::byte> inflate_dataset(Bytes deflated, std::uint64_t limit, std::string_view name) {
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw Error(Code::kInternal, fmt::format("{}: zlib failed", name));
  const std::unique_ptr<z_stream, int (*)(z_stream*)> guard(&stream, inflateEnd);
  std::vector<std::byte> out;
  std::array<std::byte, 65536> chunk;
  std::size_t at = 0;
  int status = Z_OK;
  while (status == Z_OK) {
    if (stream.avail_in == 0) {
      const std::size_t step = std::min<std::size_t>(deflated.size() - at, 1U << 30);
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(deflated.data() + at));
      stream.avail_in = static_cast<uInt>(step);
      at += step;
    }
    stream.next_out = reinterpret_cast<Bytef*>(chunk.data());
    stream.avail_out = static_cast<uInt>(chunk.size());
    status = inflate(&stream, Z_NO_FLUSH);
    const std::size_t made = chunk.size() - stream.avail_out;
    if (out.size() + made > limit) {
      throw Error(Code::kTooLarge, fmt::format("{}: the deflated dataset grows past {} bytes", name, limit));
    }
    out.insert(out.end(), chunk.begin(), chunk.begin() + static_cast<std::ptrdiff_t>(made));
  }
  if (status != Z_STREAM_END) {
    throw Error(Code::kBadFile, fmt::format("{}: the deflated dataset is broken after {} bytes", name, out.size()));
  }
  return out;
}

/// The transfer syntax of the meta information; without one, that of the first element.
TransferSyntax choose_syntax(const Header& header, Bytes dataset, std::string_view name) {
  const std::optional<Encoding> guess = guess_encoding(dataset);
  if (!header.transfer_syntax.empty()) {
    TransferSyntax syntax = require_transfer_syntax(header.transfer_syntax, name);
    // Writers are known to confuse implicit and explicit VR; the bytes decide.
    if (syntax.codec == Codec::kNative && guess) syntax.encoding = *guess;
    if (syntax.codec != Codec::kNative && syntax.codec != Codec::kDeflated && guess && !guess->explicit_vr) {
      throw Error(Code::kBadFile, fmt::format("{}: transfer syntax {} needs explicit VR, the dataset is in implicit VR",
                                              name, syntax.name));
    }
    return syntax;
  }
  if (!guess) throw Error(Code::kBadFile, fmt::format("{}: not a DICOM object", name));
  const std::string_view uid = !guess->explicit_vr ? "1.2.840.10008.1.2"
                               : guess->big_endian ? "1.2.840.10008.1.2.2"
                                                   : "1.2.840.10008.1.2.1";
  TransferSyntax syntax = *find_transfer_syntax(uid);
  syntax.encoding = *guess;
  return syntax;
}

E_TransferSyntax dcmtk_syntax_of(const TransferSyntax& syntax) {
  if (syntax.codec == Codec::kNative || syntax.codec == Codec::kDeflated) {
    if (!syntax.encoding.explicit_vr) return EXS_LittleEndianImplicit;
    return syntax.encoding.big_endian ? EXS_BigEndianExplicit : EXS_LittleEndianExplicit;
  }
  const std::string uid(syntax.uid);
  return DcmXfer(uid.c_str()).getXfer();
}

}  // namespace

void prepare_dcmtk() {
  static std::once_flag once;
  std::call_once(once, [] {
    OFLog::configure(OFLogger::OFF_LOG_LEVEL);
    fill_dictionary();
    DJDecoderRegistration::registerCodecs(EDC_photometricInterpretation, EUC_never, EPC_colorByPixel);
    DJLSDecoderRegistration::registerCodecs(EJLSUC_never, EJLSPC_colorByPixel);
  });
}

Object load_object(Bytes file, std::uint64_t max_inflated, std::string_view name) {
  prepare_dcmtk();
  const Header header = read_header(file, name);
  Bytes dataset = file.subspan(header.dataset);
  if (!header.has_prefix && header.dataset == 0 && !looks_like_dicom(file)) {
    throw Error(Code::kBadFile, fmt::format("{}: not a DICOM object", name));
  }
  Object object;
  object.syntax = choose_syntax(header, dataset, name);
  std::vector<std::byte> inflated;
  if (object.syntax.codec == Codec::kDeflated) {
    inflated = inflate_dataset(dataset, max_inflated, name);
    dataset = inflated;
  }
  check_structure(dataset, object.syntax.encoding, name);
  object.dcmtk_syntax = dcmtk_syntax_of(object.syntax);
  object.data = std::make_unique<DcmDataset>();
  DcmInputBufferStream stream;
  if (!dataset.empty()) stream.setBuffer(dataset.data(), static_cast<offile_off_t>(dataset.size()));
  stream.setEos();
  object.data->transferInit();
  const OFCondition status = object.data->read(stream, object.dcmtk_syntax);
  object.data->transferEnd();
  if (status.bad()) {
    throw Error(Code::kBadFile, fmt::format("{}: not a readable DICOM dataset ({})", name, printable(status.text())));
  }
  return object;
}

std::optional<double> number(DcmItem& item, const DcmTagKey& key) {
  DcmElement* element = nullptr;
  if (item.findAndGetElement(key, element).bad() || element == nullptr || element->getVM() == 0) return std::nullopt;
  double value = 0;
  Uint16 u16 = 0;
  Sint16 s16 = 0;
  Uint32 u32 = 0;
  Sint32 s32 = 0;
  Float32 f32 = 0;
  if (element->getUint16(u16, 0).good()) {
    value = u16;
  } else if (element->getSint16(s16, 0).good()) {
    value = s16;
  } else if (element->getUint32(u32, 0).good()) {
    value = u32;
  } else if (element->getSint32(s32, 0).good()) {
    value = s32;
  } else if (element->getFloat32(f32, 0).good()) {
    value = static_cast<double>(f32);
  } else if (element->getFloat64(value, 0).bad()) {
    return std::nullopt;
  }
  if (!std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<std::uint32_t> word(DcmItem& item, const DcmTagKey& key) {
  const std::optional<double> value = number(item, key);
  if (!value || *value < 0 || *value > 65535) return std::nullopt;
  return static_cast<std::uint32_t>(*value);
}

std::string text(DcmItem& item, const DcmTagKey& key) {
  OFString value;
  if (item.findAndGetOFString(key, value).bad()) return {};
  const std::string_view all(value.c_str(), value.size());
  const std::size_t first = all.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return std::string(all.substr(first, all.find_last_not_of(std::string_view(" \t\0", 3)) + 1 - first));
}

DcmItem* sequence_item(DcmItem& item, const DcmTagKey& key, std::uint32_t index) {
  DcmSequenceOfItems* sequence = nullptr;
  if (item.findAndGetSequence(key, sequence).bad() || sequence == nullptr || index >= sequence->card()) return nullptr;
  return sequence->getItem(index);
}

DcmItem* functional_group(DcmItem& data, std::uint64_t frame, const DcmTagKey& group) {
  DcmItem* own = sequence_item(data, DCM_PerFrameFunctionalGroupsSequence, static_cast<std::uint32_t>(frame));
  DcmItem* found = own != nullptr ? sequence_item(*own, group, 0) : nullptr;
  if (found != nullptr) return found;
  DcmItem* shared = sequence_item(data, DCM_SharedFunctionalGroupsSequence, 0);
  return shared != nullptr ? sequence_item(*shared, group, 0) : nullptr;
}

std::vector<std::uint16_t> words(DcmItem& item, const DcmTagKey& key) {
  DcmElement* element = nullptr;
  if (item.findAndGetElement(key, element).bad() || element == nullptr) return {};
  const std::size_t count = element->getLength() / 2;
  Uint16* values = nullptr;
  Sint16* signed_values = nullptr;
  if (element->getUint16Array(values).good() && values != nullptr) return {values, values + count};
  if (element->getSint16Array(signed_values).good() && signed_values != nullptr) {
    return {signed_values, signed_values + count};
  }
  return {};
}

}  // namespace mi2::dicom
