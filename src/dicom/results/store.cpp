// C-STORE, by DCMTK.

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcfilefo.h>
#include <dcmtk/dcmdata/dcistrmb.h>
#include <dcmtk/dcmdata/dcuid.h>
#include <dcmtk/dcmnet/cond.h>
#include <dcmtk/dcmnet/dcmlayer.h>
#include <dcmtk/dcmnet/scu.h>

#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/utf8.hpp"
#include "dicom/prompt_connection.hpp"
#include "dicom/results/dataset.hpp"
#include "dicom/results/peer.hpp"
#include "dicom/results/store_status.hpp"

namespace mi2::dicom::results {
namespace {

class PromptLayer : public DcmTransportLayer {
 public:
  DcmTransportConnection* createConnection(DcmNativeSocketType socket, OFBool /*secure*/) override {
    return new PromptConnection(socket);  // the association's
  }
};

class PromptScu : public DcmSCU {
 public:
  /// As DcmSCU, whose only way to another kind of connection is called after the usual one, TLS.
  OFCondition initNetwork() override {
    const OFCondition started = DcmSCU::initNetwork();
    return started.bad() ? started : useSecureConnection(&layer_);
  }

 private:
  PromptLayer layer_;
};

class StorePeer final : public Receiver {
 public:
  StorePeer(const Peer& peer, const StoreOptions& options)
      : name_(options.name.empty() ? fmt::format("{}@{}:{}", peer.aet, peer.host, peer.port) : options.name) {
    scu_.setAETitle(options.own_aet.c_str());
    scu_.setPeerAETitle(peer.aet.c_str());
    scu_.setPeerHostName(peer.host.c_str());
    scu_.setPeerPort(peer.port);
    scu_.setConnectionTimeout(static_cast<Sint32>(options.connecting.count()));
    scu_.setACSETimeout(static_cast<Uint32>(options.answering.count()));
    scu_.setDIMSETimeout(static_cast<Uint32>(options.answering.count()));
    scu_.setDIMSEBlockingMode(DIMSE_NONBLOCKING);
    scu_.setDatasetConversionMode(OFTrue);
    OFList<OFString> syntaxes;
    syntaxes.push_back(UID_LittleEndianExplicitTransferSyntax);
    syntaxes.push_back(UID_LittleEndianImplicitTransferSyntax);
    for (const char* kind : {UID_EnhancedSRStorage, UID_SecondaryCaptureImageStorage}) {
      require(scu_.addPresentationContext(kind, syntaxes), "C-STORE");
    }
    connect();
  }
  StorePeer(const StorePeer&) = delete;
  StorePeer& operator=(const StorePeer&) = delete;
  ~StorePeer() override {
    if (scu_.isConnected()) scu_.releaseAssociation();
  }

  Taken store(const ResultObject& object) override {
    if (!scu_.isConnected()) reconnect();
    DcmFileFormat file;
    read(object, file);
    // Of a context that is named, DCMTK converts to the syntax that the peer has chosen.
    const T_ASC_PresentationContextID context =
        scu_.findAnyPresentationContextID(object.sop_class_uid.c_str(), UID_LittleEndianExplicitTransferSyntax);
    if (context == 0) throw Error(Code::kUnsupported, fmt::format("{} takes no objects of this class", name_));
    constexpr Uint16 kNoAnswer = 0xFFFF;
    Uint16 status = kNoAnswer;
    const OFCondition sent = scu_.sendSTORERequest(context, "", file.getDataset(), status);
    if (sent.good()) return read_store_status(status);
    // Whatever is still on its way belongs to no later object.
    if (scu_.isConnected()) scu_.abortAssociation();
    throw failed(sent);
  }

 private:
  [[nodiscard]] Error failed(const OFCondition& condition) const {
    return {Code::kOverloaded, fmt::format("{}: {}", name_, base::printable(condition.text()))};
  }

  void connect() {
    const OFCondition started = scu_.initNetwork();
    if (started.bad()) throw failed(started);
    const OFCondition agreed = scu_.negotiateAssociation();
    if (agreed.good()) return;
    if (scu_.isConnected()) scu_.abortAssociation();
    if (agreed == DIMSE_NOVALIDPRESENTATIONCONTEXTID || agreed == NET_EC_NoAcceptablePresentationContexts) {
      throw Error(Code::kUnsupported,
                  fmt::format("{} takes neither Enhanced SR nor Secondary Capture, uncompressed", name_));
    }
    throw failed(agreed);
  }

  void reconnect() {
    if (lost_) throw Error(Code::kOverloaded, fmt::format("{}: the connection is lost", name_));
    lost_ = true;
    connect();
    lost_ = false;
  }

  static void read(const ResultObject& object, DcmFileFormat& file) {
    DcmInputBufferStream stream;
    stream.setBuffer(object.file.data(), static_cast<offile_off_t>(object.file.size()));
    stream.setEos();
    file.transferInit();
    const OFCondition status = file.read(stream);
    file.transferEnd();
    require(status, "C-STORE");
  }

  std::string name_;
  PromptScu scu_;
  bool lost_ = false;
};

}  // namespace

std::unique_ptr<Receiver> open_peer(const Peer& peer, const StoreOptions& options) {
  require_dcmtk();
  return std::make_unique<StorePeer>(peer, options);
}

}  // namespace mi2::dicom::results
