#pragma once
// Names that a client wrote: those that are known, or an error with the nearest one.

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <mi2/image.hpp>

#include "protocols/json.hpp"

namespace mi2::protocols::archives {

/// The values of a query string, percent-decoded.
/// @throws Error{kBadArgument} for a name that is none of `known`, which the message does not repeat, or one twice.
std::map<std::string, std::string, std::less<>> read_query(std::string_view query, std::span<const std::string> known);

/// @throws Error{kBadArgument} for a member that is none of `known`.
void check_members(const Json& object, std::string_view name, std::span<const std::string> known);

/// A member that is one of `choices`; nothing if it is not there. @throws Error{kBadArgument} for any other.
std::optional<std::string> read_choice(Json& body, const char* name, std::span<const std::string_view> choices);

/// A member that is a whole number from `low` to `high`; nothing if it is not there. @throws Error{kBadArgument}.
std::optional<std::uint64_t> read_whole(Json& body, const char* name, std::uint64_t low, std::uint64_t high);

/// A member that is a number from `low` to `high`; nothing if it is not there. @throws Error{kBadArgument}.
std::optional<double> read_real(Json& body, const char* name, double low, double high);

/// A member that is true or false; false if it is not there. @throws Error{kBadArgument} for any other.
bool read_switch(Json& body, const char* name);

/// "true" or "false". @throws Error{kBadArgument}.
bool read_flag(std::string_view text, std::string_view name);

/// A whole number. @throws Error{kBadArgument} for anything else, or one that is not from `low` to `high`.
std::uint64_t read_number(std::string_view text, std::string_view name, std::uint64_t low, std::uint64_t high);

/// A window as parse_window() takes it. @throws Error{kBadArgument}, which does not repeat the text.
Window read_window(const std::string& text);

}  // namespace mi2::protocols::archives
