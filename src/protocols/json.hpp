#pragma once
// Request bodies as JSON, within limits. Messages name positions and kinds, never what a client wrote.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace mi2::protocols {

using Json = nlohmann::json;

/// The value of a whole body, whose memory is given back. @throws as base::parse_json() by its usual rules.
Json parse_json(std::string body, std::size_t max_values);

/// "a string", "an object", ..
std::string_view kind_of(const Json& value) noexcept;

/// The member of an object, or null if it is not there or is JSON's null.
Json* member(Json& object, const char* key);

/// @throws Error{kBadArgument} "NAME: expected an object, got a number" unless it is one.
Json& need_object(Json& value, std::string_view name);
Json& need_array(Json& value, std::string_view name);
/// The string itself, moved out.
std::string take_string(Json& value, std::string_view name);

/// The strings of a list, moved out; none if it is null. @throws Error{kBadArgument} "NAME 2: expected a string, ..".
std::vector<std::string> take_strings(Json* list, std::string_view name);

/// What a body has under the name of one, then under that of several. @throws as take_string and take_strings.
std::vector<std::string> take_both(Json& body, const char* one, const char* several);

/// @throws Error{kBadArgument} always: NAME: found KIND, NEEDED is needed.
[[noreturn]] void refuse_kind(const Json& value, std::string_view name, std::string_view needed);

}  // namespace mi2::protocols
