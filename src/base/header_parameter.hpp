#pragma once
// Parameters of a header of HTTP or MIME: name="value" after a semicolon.

#include <optional>
#include <string>
#include <string_view>

namespace mi2::base {

/// The value of a parameter of "form-data; name=..; filename=..", without its quotes and backslashes.
/// @param wanted  in lower case; names are compared in any case. @param where  what errors call the header.
/// @throws Error{kBadArgument} for a quote that is not closed.
std::optional<std::string> header_parameter(std::string_view header, std::string_view wanted, std::string_view where);

}  // namespace mi2::base
