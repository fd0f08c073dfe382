#pragma once
// What a receiver says of an object, in numbers that C-STORE and STOW-RS share.

#include <string>

#include <mi2/error.hpp>

#include "dicom/results/receiver.hpp"

namespace mi2::dicom::results {

/// The status of a C-STORE (PS3.4 B.2.3).
/// @throws store_refusal() for one that says that the object was not stored.
Taken read_store_status(unsigned status);

/// The warning reason of an object that was stored by STOW-RS (PS3.18 I.2.1).
std::string store_warning(unsigned reason);

/// The failure reason of an object of STOW-RS. @throws store_refusal() unless it is there already.
Taken read_store_failure(unsigned reason);

/// Why an object was not stored, as Receiver::store() throws it.
Error store_refusal(unsigned status);

}  // namespace mi2::dicom::results
