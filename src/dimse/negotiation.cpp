#include "dimse/negotiation.hpp"

#include <algorithm>
#include <string_view>

#include <dcmtk/dcmdata/dcuid.h>
#include <dcmtk/dcmdata/dcxfer.h>

#include "base/blanks.hpp"
#include "dicom/transfer_syntax.hpp"

namespace mi2::dimse {
namespace {

struct Refusal {
  std::string_view why;
  T_ASC_RejectParametersResult result = ASC_RESULT_REJECTEDPERMANENT;
  T_ASC_RejectParametersSource source = ASC_SOURCE_SERVICEUSER;
  T_ASC_RejectParametersReason reason = ASC_REASON_SU_NOREASON;
};

/// What is read here, and what DCMTK's network knows: it takes no objects of syntaxes that are newer than it is.
bool takes(const char* syntax) {
  const dicom::TransferSyntax* const ours = dicom::find_transfer_syntax(syntax);
  return ours != nullptr && ours->codec != dicom::Codec::kNotRead && DcmXfer(syntax).getXfer() != EXS_Unknown;
}

/// The first that a sender names and that is taken: it names the one first that it has. nullptr: none.
const char* chosen_syntax(const T_ASC_PresentationContext& context) {
  for (unsigned i = 0; i < context.transferSyntaxCount; ++i) {
    if (takes(context.proposedTransferSyntaxes[i])) return context.proposedTransferSyntaxes[i];
  }
  return nullptr;
}

/// Accepts what can be stored, and verification. @returns whether there is anything.
bool accept_contexts(T_ASC_Parameters* parameters) {
  bool any = false;
  const int count = ASC_countPresentationContexts(parameters);
  for (int i = 0; i < count; ++i) {
    T_ASC_PresentationContext context{};
    const bool known = ASC_getPresentationContext(parameters, i, &context).good();
    const std::string_view abstract(context.abstractSyntax);
    const bool verification = abstract == UID_VerificationSOPClass;
    if (!verification && !dcmIsaStorageSOPClassUID(context.abstractSyntax, ESSC_All)) {
      static_cast<void>(
          ASC_refusePresentationContext(parameters, context.presentationContextID, ASC_P_ABSTRACTSYNTAXNOTSUPPORTED));
      continue;
    }
    const char* const syntax = known ? chosen_syntax(context) : nullptr;
    if (syntax == nullptr) {
      static_cast<void>(
          ASC_refusePresentationContext(parameters, context.presentationContextID, ASC_P_TRANSFERSYNTAXESNOTSUPPORTED));
      continue;
    }
    any = ASC_acceptPresentationContext(parameters, context.presentationContextID, syntax).good() || any;
  }
  return any;
}

Refusal judge(T_ASC_Association& association, const ListenerOptions& options, bool full) {
  if (full) {
    return {"full", ASC_RESULT_REJECTEDTRANSIENT, ASC_SOURCE_SERVICEPROVIDER_PRESENTATION_RELATED,
            ASC_REASON_SP_PRES_LOCALLIMITEXCEEDED};
  }
  const DUL_ASSOCIATESERVICEPARAMETERS& asked = association.params->DULparams;
  if (std::string_view(asked.applicationContextName) != UID_StandardApplicationContext) {
    return {.why = "application context", .reason = ASC_REASON_SU_APPCONTEXTNAMENOTSUPPORTED};
  }
  if (base::without_blanks(asked.calledAPTitle, " ") != options.title) {
    return {.why = "called title", .reason = ASC_REASON_SU_CALLEDAETITLENOTRECOGNIZED};
  }
  const std::string_view peer = base::without_blanks(asked.callingAPTitle, " ");
  const bool listed = std::find(options.peers.begin(), options.peers.end(), peer) != options.peers.end();
  if (peer.empty() || (!listed && !options.peers.empty())) {
    return {.why = "calling title", .reason = ASC_REASON_SU_CALLINGAETITLENOTRECOGNIZED};
  }
  if (!accept_contexts(association.params)) return {.why = "nothing to store"};
  return {};
}

}  // namespace

std::string_view negotiate(T_ASC_Association& association, const ListenerOptions& options, bool full) {
  const Refusal refusal = judge(association, options, full);
  if (refusal.why.empty()) {
    static_cast<void>(ASC_setAPTitles(association.params, nullptr, nullptr, options.title.c_str()));
    return ASC_acknowledgeAssociation(&association).good() ? "" : "lost";
  }
  const T_ASC_RejectParameters parameters{refusal.result, refusal.source, refusal.reason};
  static_cast<void>(ASC_rejectAssociation(&association, &parameters));
  return refusal.why;
}

}  // namespace mi2::dimse
