#include "dimse/pull/requester.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstring>
#include <string_view>
#include <utility>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdatset.h>
#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcuid.h>
#include <dcmtk/dcmnet/assoc.h>
#include <dcmtk/dcmnet/cond.h>
#include <dcmtk/dcmnet/dcmlayer.h>
#include <dcmtk/dcmnet/dimse.h>
#include <dcmtk/dcmnet/dul.h>
#include <dcmtk/ofstd/ofstd.h>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "dicomweb/client.hpp"
#include "dicomweb/qido.hpp"
#include "dimse/association.hpp"
#include "dimse/timed_connection.hpp"

namespace mi2::dimse {
namespace {

using Clock = std::chrono::steady_clock;

constexpr const char* kFind = UID_FINDStudyRootQueryRetrieveInformationModel;
constexpr const char* kMove = UID_MOVEStudyRootQueryRetrieveInformationModel;
constexpr int kConnecting = 15;  ///< seconds
constexpr int kAnswering = 60;   ///< seconds, of a message that has begun, or a row
constexpr auto kMoving = std::chrono::minutes(5);
/// Bytes of a row, or of a list of UIDs that could not be moved.
constexpr std::uint64_t kMostRow = 8U << 20U;

class Layer : public DcmTransportLayer {
 public:
  DcmTransportConnection* createConnection(DcmNativeSocketType socket, OFBool /*secure*/) override {
    connection_ = new TimedConnection(socket);
    return connection_;
  }
  /// Belongs to the association. nullptr: there is none.
  [[nodiscard]] TimedConnection* connection() const noexcept { return connection_; }

 private:
  TimedConnection* connection_ = nullptr;
};

std::string_view level_name(Level level) {
  if (level == Level::kStudy) return "STUDY";
  return level == Level::kSeries ? "SERIES" : "IMAGE";
}

void put(DcmDataset& query, const DcmTagKey& tag, DcmEVR type, std::string_view value) {
  const DcmTag of(tag, type);
  const OFCondition done =
      value.empty() ? query.insertEmptyElement(of) : query.putAndInsertString(of, std::string(value).c_str());
  if (done.bad()) throw Error(Code::kInternal, "a query cannot be made");
}

/// The keys by which something is chosen.
void put_chosen(DcmDataset& query, Level level, const Keys& keys) {
  put(query, DCM_QueryRetrieveLevel, EVR_CS, level_name(level));
  if (!keys.study.empty()) put(query, DCM_StudyInstanceUID, EVR_UI, keys.study);
  if (!keys.series.empty()) put(query, DCM_SeriesInstanceUID, EVR_UI, keys.series);
}

/// With what is to be returned.
void put_query(DcmDataset& query, Level level, const Keys& keys) {
  put_chosen(query, level, keys);
  if (level == Level::kStudy) {
    put(query, DCM_StudyInstanceUID, EVR_UI, "");
    put(query, DCM_StudyDate, EVR_DA, keys.date);
    put(query, DCM_ModalitiesInStudy, EVR_CS, keys.modality);
    put(query, DCM_NumberOfStudyRelatedInstances, EVR_IS, "");
  } else if (level == Level::kSeries) {
    put(query, DCM_SeriesInstanceUID, EVR_UI, "");
    put(query, DCM_Modality, EVR_CS, "");
    put(query, DCM_NumberOfSeriesRelatedInstances, EVR_IS, "");
  } else {
    put(query, DCM_SOPInstanceUID, EVR_UI, "");
  }
}

/// All values, however long.
OFString array_of(DcmDataset& row, const DcmTagKey& tag) {
  OFString values;
  if (row.findAndGetOFStringArray(tag, values).bad()) values.clear();
  return values;
}

std::string text_of(DcmDataset& row, const DcmTagKey& tag) {
  const OFString values = array_of(row, tag);
  return dicomweb::row_text({values.data(), values.size()});
}

std::vector<std::string> values_of(DcmDataset& row, const DcmTagKey& tag) {
  constexpr std::size_t kMost = 64;
  const OFString all = array_of(row, tag);
  const std::string_view text(all.data(), all.size());
  std::vector<std::string> values;
  for (std::size_t begin = 0; begin < text.size() && values.size() < kMost;) {
    const std::size_t end = std::min(text.find('\\', begin), text.size());
    std::string one = dicomweb::row_text(text.substr(begin, end - begin));
    if (!one.empty()) values.push_back(std::move(one));
    begin = end + 1;
  }
  return values;
}

std::optional<std::uint64_t> count_of(DcmDataset& row, const DcmTagKey& tag) {
  const std::string text = text_of(row, tag);
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole ? std::optional(count) : std::nullopt;
}

Found row_of(DcmDataset& row, Level level) {
  Found found;
  found.study = text_of(row, DCM_StudyInstanceUID);
  if (level == Level::kStudy) {
    found.date = text_of(row, DCM_StudyDate);
    found.modalities = values_of(row, DCM_ModalitiesInStudy);
    found.objects = count_of(row, DCM_NumberOfStudyRelatedInstances);
    return found;
  }
  found.series = text_of(row, DCM_SeriesInstanceUID);
  if (level == Level::kSeries) {
    found.modalities = values_of(row, DCM_Modality);
    found.objects = count_of(row, DCM_NumberOfSeriesRelatedInstances);
  } else {
    found.object = text_of(row, DCM_SOPInstanceUID);
  }
  return found;
}

bool is_pending(unsigned status) {
  constexpr unsigned kHighByte = 0xFF00;
  return (status & kHighByte) == kHighByte;
}

Error lost(std::string_view why) { return {Code::kBadFile, fmt::format("the peer {}", why)}; }

/// A message without anything in it.
T_DIMSE_Message message_of(T_DIMSE_Command command) {
  T_DIMSE_Message message;
  std::memset(&message, 0, sizeof(message));  // as DCMTK does it
  message.CommandField = command;
  return message;
}

/// What every request with a dataset behind it says.
template <typename Request>
void fill(Request& request, DIC_US number, const char* sop_class) {
  request.MessageID = number;
  OFStandard::strlcpy(request.AffectedSOPClassUID, sop_class, sizeof(request.AffectedSOPClassUID));
  request.Priority = DIMSE_PRIORITY_MEDIUM;
  request.DataSetType = DIMSE_DATASET_PRESENT;
}

}  // namespace

struct Requester::Association {
  explicit Association(const RequesterOptions& of) : options(of) {}
  Association(const Association&) = delete;
  Association& operator=(const Association&) = delete;
  ~Association() {
    // Who is to be left in the middle of an answer is not waited for, as an abort would.
    if (connected) {
      static_cast<void>(sound ? ASC_releaseAssociation(association) : ASC_closeTransportConnection(association));
    }
    if (association != nullptr) {
      static_cast<void>(ASC_destroyAssociation(&association));
    } else if (parameters != nullptr) {
      static_cast<void>(ASC_destroyAssociationParameters(&parameters));
    }
    static_cast<void>(ASC_dropNetwork(&network));
  }

  void connect();
  void propose() const;
  /// Sends a request, after which answers are on their way.
  void send(T_ASC_PresentationContextID context, T_DIMSE_Message& message, DcmDataset& identifier);
  /// Waits for an answer for as long as `on_silence`, called every second, does not throw.
  void wait(const std::function<void()>& on_silence);
  /// Receives an answer's command.
  T_DIMSE_Message receive(T_DIMSE_Command expected);
  std::unique_ptr<DcmDataset> receive_data();
  /// Holds an answer against the request of that number, and receives what is behind it.
  /// @param more  whether further ones come.  @returns null for one without a dataset.
  template <typename Said>
  std::unique_ptr<DcmDataset> take(const Said& said, DIC_US number, bool& more) {
    std::unique_ptr<DcmDataset> data;
    if (said.DataSetType != DIMSE_DATASET_NULL) data = receive_data();
    if (said.MessageIDBeingRespondedTo != number) throw lost("answered something else than was asked");
    more = is_pending(said.DimseStatus);
    sound = !more;
    return data;
  }

  const RequesterOptions& options;
  Layer layer;
  T_ASC_Network* network = nullptr;
  T_ASC_Parameters* parameters = nullptr;  ///< of the association, once there is one
  T_ASC_Association* association = nullptr;
  bool connected = false;
  bool sound = true;  ///< nothing is on its way
};

namespace {

dicomweb::RunEnds no_association(const RequesterOptions& options, const OFCondition& condition,
                                 T_ASC_Parameters* parameters) {
  if (condition != DUL_ASSOCIATIONREJECTED) {
    return {Code::kBadFile, "no association: the peer cannot be reached, or does not answer as a DICOM application"};
  }
  T_ASC_RejectParameters said;
  std::memset(&said, 0, sizeof(said));  // as DCMTK does it
  static_cast<void>(ASC_getRejectParameters(parameters, &said));
  std::string why = "no reason is given";
  if (said.reason == ASC_REASON_SU_CALLINGAETITLENOTRECOGNIZED) {
    why = fmt::format("it does not know our AE title, {} (--aet)", options.title);
  } else if (said.reason == ASC_REASON_SU_CALLEDAETITLENOTRECOGNIZED) {
    why = fmt::format("it is not called {}", options.peer.aet);
  } else if (said.result == ASC_RESULT_REJECTEDTRANSIENT) {
    why = "it is busy";
  }
  return {Code::kBadFile, fmt::format("the peer refuses the association: {}", why)};
}

OFCondition create_parameters(T_ASC_Parameters** parameters) {
#if PACKAGE_VERSION_NUMBER >= 368  // of DCMTK
  return ASC_createAssociationParameters(parameters, ASC_DEFAULTMAXPDU, kConnecting);
#else
  return ASC_createAssociationParameters(parameters, ASC_DEFAULTMAXPDU);
#endif
}

}  // namespace

void Requester::Association::propose() const {
  const char* syntaxes[] = {UID_LittleEndianExplicitTransferSyntax, UID_LittleEndianImplicitTransferSyntax};
  T_ASC_PresentationContextID number = 1;
  for (const char* const kind : {kFind, kMove}) {
    if (ASC_addPresentationContext(parameters, number, kind, syntaxes, 2).bad()) {
      throw Error(Code::kInternal, "an association cannot be proposed");
    }
    number = static_cast<T_ASC_PresentationContextID>(number + 2);
  }
}

void Requester::Association::connect() {
  dcmConnectionTimeout.set(kConnecting);
  const std::string place = fmt::format("{}:{}", options.peer.host, options.peer.port);
  const bool begun = ASC_initializeNetwork(NET_REQUESTOR, 0, kAnswering, &network).good() &&
                     ASC_setTransportLayer(network, &layer, 0).good() && create_parameters(&parameters).good() &&
                     ASC_setAPTitles(parameters, options.title.c_str(), options.peer.aet.c_str(), nullptr).good() &&
                     ASC_setPresentationAddresses(parameters, "localhost", place.c_str()).good();
  if (!begun) throw Error(Code::kInternal, "DCMTK's network cannot be set up");
  propose();
  const OFCondition asked =
      ASC_requestAssociation(network, parameters, &association, nullptr, nullptr, DUL_NOBLOCK, kAnswering);
  if (asked.bad()) throw no_association(options, asked, parameters);
  connected = true;
  for (const auto& [kind, name] : {std::pair{kFind, "C-FIND"}, std::pair{kMove, "C-MOVE"}}) {
    if (ASC_findAcceptedPresentationContextID(association, kind) != 0) continue;
    throw dicomweb::RunEnds(Code::kUnsupported, fmt::format("the peer does not offer {} of the Study Root", name));
  }
}

void Requester::Association::send(T_ASC_PresentationContextID context, T_DIMSE_Message& message,
                                  DcmDataset& identifier) {
  if (!std::exchange(sound, false)) throw lost("was left in the middle of an answer");
  layer.connection()->begin();
  const OFCondition sent =
      DIMSE_sendMessageUsingMemoryData(association, context, &message, nullptr, &identifier, nullptr, nullptr);
  if (sent.bad()) throw lost("ended the connection");
}

void Requester::Association::wait(const std::function<void()>& on_silence) {
  while (!ASC_dataWaiting(association, 1)) {
    on_silence();
    if (options.on_wait) options.on_wait();
  }
  layer.connection()->begin();
}

T_DIMSE_Message Requester::Association::receive(T_DIMSE_Command expected) {
  T_ASC_PresentationContextID context = 0;
  T_DIMSE_Message message = message_of(DIMSE_NOTHING);
  const OFCondition received =
      DIMSE_receiveCommand(association, DIMSE_NONBLOCKING, kAnswering, &context, &message, nullptr);
  if (received.bad()) throw lost("ended the connection before its answer");
  if (message.CommandField != expected) throw lost("answered something else than was asked");
  layer.connection()->allow(kMostRow);
  return message;
}

std::unique_ptr<DcmDataset> Requester::Association::receive_data() {
  T_ASC_PresentationContextID context = 0;
  DcmDataset* data = nullptr;
  const OFCondition received =
      DIMSE_receiveDataSetInMemory(association, DIMSE_NONBLOCKING, kAnswering, &context, &data, nullptr, nullptr);
  std::unique_ptr<DcmDataset> owned(data);
  if (received.bad() || !owned) throw lost("ended the connection in the middle of an answer");
  return owned;
}

Requester::Requester(const RequesterOptions& options) : options_(options) {
  if (!prepare_network()) {
    throw Error(Code::kUnsupported, "DCMTK's dictionary cannot be loaded, without which no command is read");
  }
  association_ = std::make_unique<Association>(options_);
  association_->connect();
}

Requester::~Requester() = default;

Ending Requester::find(Level level, const Keys& keys, const std::function<void(const Found&)>& on_row) {
  Association& of = *association_;
  const DIC_US number = of.association->nextMsgID++;
  T_DIMSE_Message message = message_of(DIMSE_C_FIND_RQ);
  fill(message.msg.CFindRQ, number, kFind);
  DcmDataset query;
  put_query(query, level, keys);
  of.send(ASC_findAcceptedPresentationContextID(of.association, kFind), message, query);
  for (;;) {
    const Clock::time_point begin = Clock::now();
    of.wait([begin] {
      if (Clock::now() - begin > std::chrono::seconds(kAnswering)) throw lost("is silent");
    });
    const T_DIMSE_Message answer = of.receive(DIMSE_C_FIND_RSP);
    bool more = false;
    const std::unique_ptr<DcmDataset> row = of.take(answer.msg.CFindRSP, number, more);
    if (!more) return {answer.msg.CFindRSP.DimseStatus, 0, 0, 0};
    if (row) on_row(row_of(*row, level));
  }
}

Ending Requester::move(Level level, const Keys& keys, const std::function<std::uint64_t()>& arrived) {
  Association& of = *association_;
  const DIC_US number = of.association->nextMsgID++;
  T_DIMSE_Message message = message_of(DIMSE_C_MOVE_RQ);
  T_DIMSE_C_MoveRQ& request = message.msg.CMoveRQ;
  fill(request, number, kMove);
  OFStandard::strlcpy(request.MoveDestination, options_.title.c_str(), sizeof(request.MoveDestination));
  DcmDataset chosen;
  put_chosen(chosen, level, keys);
  of.send(ASC_findAcceptedPresentationContextID(of.association, kMove), message, chosen);
  Ending ending;
  std::uint64_t seen = arrived();
  for (;;) {
    Clock::time_point last = Clock::now();
    of.wait([&] {
      const std::uint64_t now = arrived();
      if (now != std::exchange(seen, now)) last = Clock::now();
      if (Clock::now() - last > kMoving) throw lost("is silent, and sends nothing");
    });
    const T_DIMSE_Message answer = of.receive(DIMSE_C_MOVE_RSP);
    const T_DIMSE_C_MoveRSP& said = answer.msg.CMoveRSP;
    // The UIDs of what failed: what did not come is known here.
    bool more = false;
    static_cast<void>(of.take(said, number, more));
    const auto take = [&said](unsigned option, DIC_US count, std::uint64_t& to) {
      if ((said.opts & option) != 0) to = std::max<std::uint64_t>(to, count);
    };
    take(O_MOVE_NUMBEROFCOMPLETEDSUBOPERATIONS, said.NumberOfCompletedSubOperations, ending.completed);
    take(O_MOVE_NUMBEROFFAILEDSUBOPERATIONS, said.NumberOfFailedSubOperations, ending.failed);
    take(O_MOVE_NUMBEROFWARNINGSUBOPERATIONS, said.NumberOfWarningSubOperations, ending.warned);
    if (more) continue;
    ending.status = said.DimseStatus;
    return ending;
  }
}

}  // namespace mi2::dimse
