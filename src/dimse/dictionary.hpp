#pragma once
// DCMTK's dictionary, without which it reads no command of the network.

namespace mi2::dimse {

/// Loads what of it commands and queries need, where DCMTK has not found the file that has all of it: this program runs
/// without DCMTK's packages too. @returns false if it cannot be loaded.
bool load_dictionary();

}  // namespace mi2::dimse
