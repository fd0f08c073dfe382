#pragma once
// One object from an association into the spool. Shows DCMTK: private to this room.

#include <cstdint>
#include <string>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmnet/assoc.h>
#include <dcmtk/dcmnet/dimse.h>

#include "dimse/listener.hpp"

namespace mi2::dimse {

struct Store {
  const ListenerOptions& options;
  Spool& spool;
  std::string peer;  ///< encoded() title
};

struct StoreResult {
  OFCondition condition;    ///< bad: the association cannot go on
  DIC_US status = 0;        ///< that was answered; 0: the object is in the spool, or known
  std::uint64_t bytes = 0;  ///< of the object
};

/// Receives what follows a C-STORE request, and answers it.
StoreResult receive_object(T_ASC_Association& association, T_ASC_PresentationContextID context,
                           const T_DIMSE_C_StoreRQ& request, const Store& store);

}  // namespace mi2::dimse
