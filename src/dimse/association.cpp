#include "dimse/association.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmnet/assoc.h>
#include <dcmtk/dcmnet/dcmlayer.h>
#include <dcmtk/dcmnet/dcmtrans.h>
#include <dcmtk/dcmnet/dimse.h>

#include "base/blanks.hpp"
#include "dicom/dcmtk_codecs.hpp"
#include "dimse/dictionary.hpp"
#include "dimse/names.hpp"
#include "dimse/negotiation.hpp"
#include "dimse/store.hpp"
#include "dimse/timed_connection.hpp"

namespace mi2::dimse {
namespace {

using Clock = std::chrono::steady_clock;

constexpr long kMostPdu = ASC_MAXIMUMPDUSIZE;
/// For who goes on sending once a stop was requested.
constexpr auto kStopping = std::chrono::seconds(5);
/// For a connection that is new to say what it wants, and for one that was ended to close; seconds.
constexpr int kAnswering = 15;
constexpr int kClosing = 2;

/// DCMTK takes a socket that others have accepted from a variable of the whole process.
std::mutex handing_over;

/// Hands a socket over to DCMTK, which believes to have accepted it.
class HandOver : public DcmTransportLayer {
 public:
  explicit HandOver(int socket) : socket_(socket), lock_(handing_over) { dcmExternalSocketHandle.set(socket_); }
  ~HandOver() override {
    finish();
    if (socket_ >= 0) ::close(socket_);
  }
  DcmTransportConnection* createConnection(DcmNativeSocketType /*socket*/, OFBool /*secure*/) override {
    finish();
    connection_ = new TimedConnection(std::exchange(socket_, -1));
    return connection_;
  }
  /// Belongs to the association. nullptr: there is none.
  [[nodiscard]] TimedConnection* connection() const noexcept { return connection_; }

 private:
  void finish() {
    if (!lock_.owns_lock()) return;
    dcmExternalSocketHandle.set(-1);
    lock_.unlock();
  }

  int socket_;
  std::unique_lock<std::mutex> lock_;
  TimedConnection* connection_ = nullptr;
};

class Association {
 public:
  Association(int socket, const ListenerOptions& options, Spool& spool, const std::stop_token& stop)
      : options_(options), spool_(spool), stop_(stop), layer_(socket) {}
  Association(const Association&) = delete;
  Association& operator=(const Association&) = delete;
  ~Association() {
    if (association_ != nullptr) static_cast<void>(ASC_dropSCPAssociation(association_, closing_));
    static_cast<void>(ASC_destroyAssociation(&association_));
    static_cast<void>(ASC_dropNetwork(&network_));
  }

  AssociationRecord run(bool full) {
    record_.outcome = "lost";
    if (!receive()) return record_;
    const std::string peer(base::without_blanks(association_->params->DULparams.callingAPTitle, " "));
    const std::string_view refused = negotiate(*association_, options_, full);
    record_.outcome = refused;
    const bool listed = std::find(options_.peers.begin(), options_.peers.end(), peer) != options_.peers.end();
    if (listed) record_.peer = peer;
    if (!refused.empty()) {
      closing_ = kClosing;
      return record_;
    }
    store_.emplace(Store{options_, spool_, encoded(peer)});
    finish(serve());
    return record_;
  }

 private:
  /// An object that is too large is read to its end, so that its sender is told; but not one without an end.
  static std::uint64_t most_bytes(const ListenerOptions& options) {
    const std::uint64_t most = std::min(options.max_object_bytes, std::uint64_t{1} << 62U);
    return most + most / 2;
  }

  bool receive() {
    // With a socket of its own at hand, DCMTK opens none.
    if (ASC_initializeNetwork(NET_ACCEPTOR, 0, kAnswering, &network_).bad()) return false;
    if (ASC_setTransportLayer(network_, &layer_, 0).bad()) return false;
    return ASC_receiveAssociation(network_, &association_, kMostPdu).good();
  }

  /// Waits for the next command. @returns nothing if there is one, else why there will be none.
  std::optional<std::string_view> wait() {
    constexpr auto kSilent = std::chrono::seconds(2);
    const Clock::time_point begin = Clock::now();
    if (stop_.stop_requested()) {
      if (!stopping_) stopping_ = begin;
      // One that always has a further request would go on for ever.
      if (begin - *stopping_ >= kStopping) return "stopped";
    }
    while (!ASC_dataWaiting(association_, 1)) {
      const Clock::duration waited = Clock::now() - begin;
      if (waited >= options_.idle) return "idle";
      if (stop_.stop_requested() && waited >= kSilent) return "stopped";
    }
    layer_.connection()->begin();
    return std::nullopt;
  }

  /// Answers commands until there are no more. @returns how it ends.
  std::string_view serve() {
    for (;;) {
      if (const auto ended = wait()) return *ended;
      T_ASC_PresentationContextID context = 0;
      T_DIMSE_Message message;
      std::memset(&message, 0, sizeof(message));  // as DCMTK does it
      const OFCondition received = DIMSE_receiveCommand(
          association_, DIMSE_NONBLOCKING, static_cast<int>(options_.idle.count()), &context, &message, nullptr);
      if (received == DUL_PEERREQUESTEDRELEASE) return "released";
      if (received == DUL_PEERABORTEDASSOCIATION) return "aborted";
      if (received.bad()) return "lost";
      if (!answer(context, message)) return "lost";
    }
  }

  bool answer(T_ASC_PresentationContextID context, T_DIMSE_Message& message) {
    if (message.CommandField == DIMSE_C_ECHO_RQ) {
      ++record_.echoes;
      return DIMSE_sendEchoResponse(association_, context, &message.msg.CEchoRQ, STATUS_Success, nullptr).good();
    }
    if (message.CommandField != DIMSE_C_STORE_RQ) return false;
    layer_.connection()->allow(most_bytes(options_));
    const StoreResult result = receive_object(*association_, context, message.msg.CStoreRQ, *store_);
    // What is in the spool counts, whether or not its sender has heard of it.
    const bool stored = result.status == STATUS_STORE_Success && result.bytes > 0;
    if (stored) {
      ++record_.stored;
      record_.bytes += result.bytes;
    } else if (result.status != STATUS_STORE_Success) {
      ++record_.refused;
    }
    return result.condition.good();
  }

  void finish(std::string_view outcome) {
    record_.outcome = outcome;
    if (outcome == "released") {
      static_cast<void>(ASC_acknowledgeRelease(association_));
      closing_ = kClosing;
    } else if (outcome != "aborted") {
      static_cast<void>(ASC_abortAssociation(association_));
    }
  }

  const ListenerOptions& options_;
  Spool& spool_;
  std::stop_token stop_;
  HandOver layer_;
  T_ASC_Network* network_ = nullptr;
  T_ASC_Association* association_ = nullptr;
  std::optional<Store> store_;
  AssociationRecord record_;
  int closing_ = 0;                            ///< seconds
  std::optional<Clock::time_point> stopping_;  ///< since when the stop is known
};

}  // namespace

AssociationRecord serve_association(int socket, const ListenerOptions& options, Spool& spool, bool full,
                                    const std::stop_token& stop) {
  const Clock::time_point begin = Clock::now();
  AssociationRecord record = Association(socket, options, spool, stop).run(full);
  record.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  return record;
}

bool prepare_network() {
  dicom::prepare_dcmtk();
  // A connection says how long a read may take when it is made.
  dcmDisableGethostbyaddr.set(OFTrue);
  dcmSocketReceiveTimeout.set(static_cast<Sint32>(TimedConnection::kTime.count()));
  dcmSocketSendTimeout.set(static_cast<Sint32>(TimedConnection::kTime.count()));
  return load_dictionary();
}

}  // namespace mi2::dimse
