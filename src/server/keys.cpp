#include "server/keys.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <span>

#include <fmt/format.h>

#include "base/blanks.hpp"
#include "base/files.hpp"
#include "base/hash.hpp"

#include <mi2/error.hpp>

namespace mi2::server {
namespace {

constexpr std::size_t kMaxFileBytes = 1U << 20;
constexpr std::size_t kShortestKey = 16;

std::string digest_of(std::string_view key) { return base::sha256_hex(std::as_bytes(std::span(key))); }

std::string_view trimmed(std::string_view text) { return base::without_blanks(text, " \t\r"); }

/// The key of "Bearer KEY", the scheme in any case; else nothing.
std::string_view bearer(std::string_view value) {
  constexpr std::string_view kScheme = "bearer ";
  const auto same = [](char a, char b) { return a == std::tolower(static_cast<unsigned char>(b)); };
  if (value.size() < kScheme.size() || !std::equal(kScheme.begin(), kScheme.end(), value.begin(), same)) return {};
  return trimmed(value.substr(kScheme.size()));
}

}  // namespace

KeyRing::KeyRing(const std::filesystem::path& file) {
  const std::string text = base::read_text_file(file, kMaxFileBytes);
  std::size_t number = 0;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view key = trimmed(std::string_view(text).substr(begin, end - begin));
    begin = end + 1;
    ++number;
    if (key.empty() || key.front() == '#') continue;
    if (key.size() < kShortestKey ||
        !std::all_of(key.begin(), key.end(), [](char c) { return c > 0x20 && c < 0x7F; })) {
      throw Error(Code::kBadFile, fmt::format("{}: line {}: a key is at least {} printable characters without blanks",
                                              file.string(), number, kShortestKey));
    }
    digests_.push_back(digest_of(key));
  }
  if (digests_.empty())
    throw Error(Code::kBadFile, fmt::format("{}: no key in it; expected one per line", file.string()));
}

bool KeyRing::holds(const std::string& digest) const {
  bool found = false;
  for (const std::string& known : digests_) found = base::same_in_constant_time(known, digest) || found;
  return found;
}

bool KeyRing::has(std::string_view key) const { return holds(digest_of(key)); }

std::optional<std::string> KeyRing::caller(const protocols::HttpRequest& request) const {
  if (digests_.empty()) return std::string();
  for (const std::string_view key : {bearer(request.header("authorization")), trimmed(request.header("api-key")),
                                     trimmed(request.header("x-api-key"))}) {
    if (key.empty()) continue;
    std::string digest = digest_of(key);
    if (holds(digest)) return digest;
  }
  return std::nullopt;
}

}  // namespace mi2::server
