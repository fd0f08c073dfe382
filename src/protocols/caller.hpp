#pragma once
// Who asks: by a key, or by the name that a reverse proxy gives them.

#include <string>
#include <string_view>
#include <vector>

namespace mi2::protocols {

/// What a caller may be allowed things by. One of `key` and `user` is empty at least.
struct Caller {
  std::string key;                  ///< SHA-256 of the key that was shown, as 64 hexadecimal digits
  std::string user;                 ///< as is_caller_name()
  std::vector<std::string> groups;  ///< of the user; likewise
};

/// The one text of a caller, which HttpRequest::caller has: the key, or lines with the user and the groups.
std::string to_text(const Caller& caller);
/// @param text  of to_text().
Caller parse_caller(std::string_view text);

/// Whether a caller's text is that of a user.
[[nodiscard]] inline bool is_user(std::string_view text) noexcept { return text.starts_with('\n'); }

/// Whether a text is 1 to 256 printable characters of ASCII, with blanks inside alone: what a user or a group is
/// called.
bool is_caller_name(std::string_view text) noexcept;

/// Whether a text is what a SHA-256 looks like: 64 hexadecimal digits in lower case.
bool is_sha256(std::string_view text) noexcept;

/// What names a key in logs and lists: its digest's first digits. They give nobody a key.
[[nodiscard]] inline std::string_view short_digest(std::string_view digest) noexcept { return digest.substr(0, 12); }

}  // namespace mi2::protocols
