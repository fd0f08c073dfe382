#pragma once
// Which libtorch runs. Its binary interface changes with every version, and a loader takes whichever it finds first:
// the one that a Python program has imported, or that LD_LIBRARY_PATH names.

namespace mi2::models {

/// @throws Error{kUnsupported} if the loaded libtorch says that it is of another version than the one built against.
void check_libtorch_version();

}  // namespace mi2::models
