#include "dicom/dcmtk_codecs.hpp"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dccodec.h>
#include <dcmtk/dcmdata/dcdatset.h>
#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dcvrcs.h>
#include <dcmtk/dcmdata/dcvris.h>
#include <dcmtk/dcmdata/dcvrus.h>
#include <dcmtk/dcmjpeg/djdecode.h>
#include <dcmtk/dcmjpls/djdecode.h>
#include <dcmtk/oflog/appender.h>
#include <dcmtk/oflog/logger.h>
#include <dcmtk/oflog/oflog.h>
#include <dcmtk/oflog/spi/logevent.h>

#include <algorithm>
#include <mutex>

namespace mi2::dicom {
namespace {

constexpr std::size_t kMaxComplaints = 8;

/// Of the call that runs on this thread; nullptr outside of one.
thread_local std::vector<std::string>* complaints = nullptr;

/// Takes DCMTK's log, which goes nowhere else.
class Listener : public dcmtk::log4cplus::Appender {
 public:
  ~Listener() override { destructorImpl(); }
  void close() override {}

 protected:
  void append(const dcmtk::log4cplus::spi::InternalLoggingEvent& event) override {
    if (complaints == nullptr || complaints->size() >= kMaxComplaints) return;
    complaints->emplace_back(event.getMessage().c_str());
  }
};

/// The one whose codec reads what the stream is.
E_TransferSyntax syntax_of(const JpegHeader& header) noexcept {
  if (header.process == 0xF7) return EXS_JPEGLSLossless;
  if (header.lossless()) return EXS_JPEGProcess14;
  if (header.progressive()) return EXS_JPEGProcess10_12;
  return header.precision > 8 ? EXS_JPEGProcess2_4 : EXS_JPEGProcess1;
}

void put(DcmItem& item, const DcmTagKey& key, std::uint64_t value) {
  auto* element = new DcmUnsignedShort(DcmTag(key, EVR_US));
  element->putUint16(static_cast<Uint16>(value), 0);
  item.insert(element);
}

/// The attributes the codecs look at, for one frame. With VRs, so that DCMTK needs no dictionary.
void describe(DcmDataset& item, const Layout& layout, const char* photometric) {
  put(item, DCM_SamplesPerPixel, layout.samples);
  auto* model = new DcmCodeString(DcmTag(DCM_PhotometricInterpretation, EVR_CS));
  model->putString(photometric);
  item.insert(model);
  if (layout.samples > 1) put(item, DCM_PlanarConfiguration, 0);
  auto* frames = new DcmIntegerString(DcmTag(DCM_NumberOfFrames, EVR_IS));
  frames->putString("1");
  item.insert(frames);
  put(item, DCM_Rows, layout.rows);
  put(item, DCM_Columns, layout.columns);
  put(item, DCM_BitsAllocated, layout.allocated);
  put(item, DCM_BitsStored, layout.stored);
  put(item, DCM_HighBit, layout.stored - 1);
  put(item, DCM_PixelRepresentation, layout.is_signed ? 1 : 0);
}

}  // namespace

void prepare_dcmtk() {
  static std::once_flag once;
  std::call_once(once, [] {
    OFLog::configure(OFLogger::WARN_LOG_LEVEL);
    dcmtk::log4cplus::Logger root = dcmtk::log4cplus::Logger::getRoot();
    root.removeAllAppenders();
    root.addAppender(dcmtk::log4cplus::SharedAppenderPtr(new Listener));
    DJDecoderRegistration::registerCodecs(EDC_photometricInterpretation, EUC_never, EPC_colorByPixel);
    DJLSDecoderRegistration::registerCodecs(EJLSUC_never, EJLSPC_colorByPixel);
  });
}

Decoded decode_with_dcmtk(std::span<const std::uint8_t> stream, const JpegHeader& header, const Layout& layout,
                          bool ycbcr) {
  prepare_dcmtk();
  DcmDataset item;
  describe(item, layout, layout.samples == 1 ? "MONOCHROME2" : ycbcr ? "YBR_FULL" : "RGB");
  DcmPixelSequence sequence(DcmTag(DCM_PixelData, EVR_OB));
  sequence.insert(new DcmPixelItem(DcmTag(DCM_Item, EVR_OB)));
  auto* fragment = new DcmPixelItem(DcmTag(DCM_Item, EVR_OB));
  sequence.insert(fragment);
  std::vector<std::uint8_t> padded(stream.begin(), stream.end());
  if (padded.size() % 2 != 0) padded.push_back(0);
  fragment->putUint8Array(padded.data(), padded.size());

  Decoded out;
  const std::size_t size = layout.pixels() * layout.samples * (layout.allocated / 8);
  out.bytes.resize(size + size % 2);
  Uint32 first_fragment = 1;
  OFString model;
  complaints = &out.complaints;
  const OFCondition status =
      DcmCodecList::decodeFrame(DcmXfer(syntax_of(header)), nullptr, &sequence, &item, 0, first_fragment,
                                out.bytes.data(), static_cast<Uint32>(out.bytes.size()), model);
  complaints = nullptr;
  out.bytes.resize(size);
  out.photometric = model.c_str();
  if (status.good()) return out;
  out.bytes.clear();
  out.error = status.text();
  return out;
}

}  // namespace mi2::dicom
