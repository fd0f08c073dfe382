#include "dimse/store.hpp"

#include <cstddef>
#include <cstring>
#include <exception>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcmetinf.h>
#include <dcmtk/dcmdata/dcostrma.h>
#include <dcmtk/dcmdata/dcuid.h>

#include <mi2/error.hpp>

#include "base/files.hpp"
#include "dicom/describe.hpp"
#include "dicom/names.hpp"

namespace mi2::dimse {
namespace {

/// Where DCMTK puts what it receives: no more than an object may hold and there is room for. It never says so to DCMTK,
/// which would go on to wait for more of an object that had come to its end.
class Consumer : public DcmConsumer {
 public:
  Consumer(Incoming& incoming, std::uint64_t most) : incoming_(incoming), most_(most) {}

  OFBool good() const override { return OFTrue; }
  OFCondition status() const override { return EC_Normal; }
  OFBool isFlushed() const override { return OFTrue; }
  offile_off_t avail() const override { return kAvailable; }
  offile_off_t write(const void* buffer, offile_off_t length) override {
    if (length <= 0) return 0;
    const auto size = static_cast<std::size_t>(length);
    full_ = full_ || size > most_ || incoming_.size() > most_ - size ||
            !incoming_.write({static_cast<const std::byte*>(buffer), size});
    return length;
  }
  void flush() override {}
  [[nodiscard]] bool full() const noexcept { return full_; }

 private:
  /// In one piece; nothing asks for as much.
  static constexpr offile_off_t kAvailable = 1 << 30;
  Incoming& incoming_;
  std::uint64_t most_;
  bool full_ = false;
};

class Stream : public DcmOutputStream {
 public:
  Stream(Incoming& incoming, std::uint64_t most) : DcmOutputStream(&consumer_), consumer_(incoming, most) {}

  /// Whether something did not fit.
  [[nodiscard]] bool full() const noexcept { return consumer_.full(); }

 private:
  Consumer consumer_;
};

/// The beginning of a file. Nothing of whoever sent it, nor of this version: the same object is the same bytes.
void write_meta(Stream& out, const T_DIMSE_C_StoreRQ& request, const char* syntax) {
  constexpr Uint8 kVersion[2] = {0, 1};
  DcmMetaInfo meta;
  const auto put = [&meta](const DcmTagKey& tag, const char* uid) {
    static_cast<void>(meta.putAndInsertString(DcmTag(tag, EVR_UI), uid));
  };
  static_cast<void>(meta.putAndInsertUint32(DcmTag(DCM_FileMetaInformationGroupLength, EVR_UL), 0));
  static_cast<void>(meta.putAndInsertUint8Array(DcmTag(DCM_FileMetaInformationVersion, EVR_OB), kVersion, 2));
  put(DCM_MediaStorageSOPClassUID, request.AffectedSOPClassUID);
  put(DCM_MediaStorageSOPInstanceUID, request.AffectedSOPInstanceUID);
  put(DCM_TransferSyntaxUID, syntax);
  put(DCM_ImplementationClassUID, OFFIS_IMPLEMENTATION_CLASS_UID);
  static_cast<void>(meta.computeGroupLengthAndPadding(EGL_withGL, EPD_noChange, META_HEADER_DEFAULT_TRANSFERSYNTAX,
                                                      EET_UndefinedLength));
  meta.transferInit();
  static_cast<void>(meta.write(out, META_HEADER_DEFAULT_TRANSFERSYNTAX, EET_ExplicitLength, nullptr));
  meta.transferEnd();
}

int seconds_of(const ListenerOptions& options) { return static_cast<int>(options.idle.count()); }

/// Reads what cannot be kept. @returns bad if the association cannot go on.
OFCondition skip_object(T_ASC_Association& association, const ListenerOptions& options) {
  DIC_UL bytes = 0;
  DIC_UL fragments = 0;
  return DIMSE_ignoreDataSet(&association, DIMSE_NONBLOCKING, seconds_of(options), &bytes, &fragments);
}

/// Looks at what was received. @returns the status to answer, and the object's study.
std::pair<DIC_US, std::string> look_at(const Incoming& incoming, const T_DIMSE_C_StoreRQ& request,
                                       const ListenerOptions& options) {
  try {
    const base::MappedFile file(incoming.file());
    dicom::Description said = dicom::describe(file.bytes(), "object");
    if (said.sop_class.empty() || said.sop_instance.empty()) return {STATUS_STORE_Error_CannotUnderstand, ""};
    const bool same = said.sop_class == std::string_view(request.AffectedSOPClassUID) &&
                      said.sop_instance == std::string_view(request.AffectedSOPInstanceUID);
    if (!same) return {STATUS_STORE_Error_DataSetDoesNotMatchSOPClass, ""};
    if (options.wanted && !options.wanted(said.study, said.series)) return {STATUS_STORE_Refused_NotAuthorized, ""};
    return {STATUS_STORE_Success, std::move(said.study)};
  } catch (const Error& error) {
    const bool large = error.code() == Code::kTooLarge;
    return {large ? STATUS_STORE_Refused_OutOfResources : STATUS_STORE_Error_CannotUnderstand, ""};
  }
}

/// As receive_object(), up to the answer. @throws Error{kBadFile} if there is no room to begin.
StoreResult receive(T_ASC_Association& association, T_ASC_PresentationContextID context,
                    const T_DIMSE_C_StoreRQ& request, const char* syntax, const Store& store) {
  Incoming incoming(store.spool);
  Stream stream(incoming, store.options.max_object_bytes);
  write_meta(stream, request, syntax);
  T_ASC_PresentationContextID of_data = 0;
  StoreResult result;
  result.condition = DIMSE_receiveDataSetInFile(&association, DIMSE_NONBLOCKING, seconds_of(store.options), &of_data,
                                                &stream, nullptr, nullptr);
  if (result.condition.good() && of_data != context) result.condition = DIMSE_BADDATA;
  if (result.condition.bad()) return result;
  if (stream.full()) return {EC_Normal, STATUS_STORE_Refused_OutOfResources, 0};
  auto [status, study] = look_at(incoming, request, store.options);
  result.status = status;
  result.bytes = incoming.size();
  if (status != STATUS_STORE_Success) return result;
  try {
    incoming.keep({{}, store.peer, request.AffectedSOPInstanceUID, std::move(study), 0});
  } catch (const Error&) {
    result.status = STATUS_STORE_Refused_OutOfResources;
  }
  return result;
}

}  // namespace

StoreResult receive_object(T_ASC_Association& association, T_ASC_PresentationContextID context,
                           const T_DIMSE_C_StoreRQ& request, const Store& store) {
  T_ASC_PresentationContext accepted{};
  StoreResult result;
  result.condition = ASC_findAcceptedPresentationContext(association.params, context, &accepted);
  if (result.condition.bad()) return result;
  const bool named = dicom::is_uid(request.AffectedSOPInstanceUID) &&
                     std::string_view(accepted.abstractSyntax) == std::string_view(request.AffectedSOPClassUID);
  if (request.DataSetType == DIMSE_DATASET_NULL) {
    result.status = STATUS_STORE_Error_CannotUnderstand;
  } else if (!named) {
    result.condition = skip_object(association, store.options);
    result.status = STATUS_STORE_Error_DataSetDoesNotMatchSOPClass;
  } else {
    try {
      if (store.options.known && store.options.known(request.AffectedSOPInstanceUID)) {
        result.condition = skip_object(association, store.options);
      } else {
        result = receive(association, context, request, accepted.acceptedTransferSyntax, store);
      }
    } catch (const Error&) {
      result.condition = skip_object(association, store.options);
      result.status = STATUS_STORE_Refused_OutOfResources;
    }
  }
  if (result.condition.bad()) return result;
  T_DIMSE_C_StoreRSP response;
  std::memset(&response, 0, sizeof(response));  // as DCMTK does it
  response.DimseStatus = result.status;
  result.condition = DIMSE_sendStoreResponse(&association, context, &request, &response, nullptr);
  return result;
}

}  // namespace mi2::dimse
