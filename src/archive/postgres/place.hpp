#pragma once
// Which database, as a user names it: postgres://[USER@]HOST[:PORT]/DB[?schema=NAME].

#include <string>
#include <string_view>

namespace mi2::archive::postgres {

struct Place {
  std::string url;     ///< for libpq: without the schema and without a password
  std::string schema;  ///< lower-case letters, digits and _
  std::string name;    ///< for people: user, host, port, database and schema
};

inline constexpr std::string_view kUsualSchema = "mi2";

/// Whether a text names a database and not a folder.
inline bool is_url(std::string_view text) noexcept {
  return text.starts_with("postgres:") || text.starts_with("postgresql:");
}

/// @throws Error{kBadArgument} for a URL that libpq does not understand, or one with a password in it; its text is not
///         repeated. {kUnsupported} in a program without libpq.
Place parse_place(const std::string& url);

}  // namespace mi2::archive::postgres
