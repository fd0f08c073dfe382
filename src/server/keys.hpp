#pragma once
// API keys: who may ask.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocols/request_plan.hpp"

namespace mi2::server {

/// Keys, of which only digests stay in memory.
class KeyRing {
 public:
  /// No keys: everyone may ask.
  KeyRing() = default;
  /// One key a line; empty lines and lines that start with '#' are passed over.
  /// @throws Error{kNotFound}, {kBadFile} for a file without keys, or a key of fewer than 16 characters or with blanks.
  explicit KeyRing(const std::filesystem::path& file);

  /// Whether a request shows one of the keys: `Authorization: Bearer KEY`, `api-key: KEY` or `x-api-key: KEY`. Takes
  /// the same time whichever key it is, and however much of one is right.
  [[nodiscard]] bool admits(const protocols::HttpRequest& request) const { return caller(request).has_value(); }
  /// The SHA-256 of the key that admits() a request, as 64 hexadecimal digits: empty if no key is asked for, and
  /// nothing if none was shown.
  [[nodiscard]] std::optional<std::string> caller(const protocols::HttpRequest& request) const;

  /// Whether whom caller() was of before is let in still: keys may have been read anew.
  [[nodiscard]] bool knows(const std::string& digest) const { return digests_.empty() || holds(digest); }

  /// Whether a text is one of the keys, in the same time whichever it is.
  [[nodiscard]] bool has(std::string_view key) const;

  [[nodiscard]] std::size_t size() const noexcept { return digests_.size(); }

 private:
  [[nodiscard]] bool holds(const std::string& digest) const;
  std::vector<std::string> digests_;
};

}  // namespace mi2::server
