#pragma once
// The address of a viewer of studies.

#include <string>

namespace mi2::cli {

/// @param address  empty: there is no viewer.
/// @throws Error{kBadArgument} unless it is an http(s) URL once a study's identifier is in the place of {study}.
void check_viewer_url(const std::string& address);

}  // namespace mi2::cli
