#include "base/base64.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::base {
namespace {

constexpr std::size_t kMaxBytes = 1ULL << 30;  // libcrypto counts in int
constexpr std::size_t kMaxMediaType = 256;
constexpr std::string_view kBlanks = " \t\r\n";

/// Length of the `data:...;base64,` at the start of text, 0 if there is none.
std::size_t data_uri_prefix(std::string_view text) noexcept {
  constexpr std::string_view kScheme = "data:";
  constexpr std::string_view kMark = ";base64,";
  const auto lower = [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); };
  if (text.size() < kScheme.size() ||
      !std::equal(kScheme.begin(), kScheme.end(), text.begin(), [&](char a, char b) { return a == lower(b); })) {
    return 0;
  }
  const std::size_t comma = text.substr(0, kMaxMediaType).find(',');
  if (comma == std::string_view::npos) return 0;
  if (comma + 1 < kScheme.size() + kMark.size()) return 0;
  const std::string_view end = text.substr(comma + 1 - kMark.size(), kMark.size());
  return std::equal(kMark.begin(), kMark.end(), end.begin(), [&](char a, char b) { return a == lower(b); }) ? comma + 1
                                                                                                            : 0;
}

bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/// The text without what may stand between base64's letters; a view of `text` itself if there is nothing to drop.
std::string_view without_blanks(std::string_view text, std::string& storage) {
  // Every letter is looked at: a loop that the compiler makes wide takes a tenth of what stopping at the first takes.
  unsigned char any = 0;
  for (const char c : text) any |= static_cast<unsigned char>(is_blank(c));
  if (any == 0) return text;
  storage.reserve(text.size());
  std::copy_if(text.begin(), text.end(), std::back_inserter(storage), [](char c) { return !is_blank(c); });
  return storage;
}

}  // namespace

std::string base64_encode(std::span<const std::byte> bytes) {
  if (bytes.size() > kMaxBytes) throw Error(Code::kTooLarge, "base64: more than 1 GiB to encode");
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // one more: libcrypto ends with a zero
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

bool is_data_uri(std::string_view text) noexcept {
  const std::size_t start = std::min(text.find_first_not_of(kBlanks), text.size());
  return data_uri_prefix(text.substr(start)) > 0;
}

std::string base64_decode(std::string_view text, std::string_view name) {
  if (text.size() > kMaxBytes) throw Error(Code::kTooLarge, fmt::format("{}: more than 1 GiB of base64", name));
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  text.remove_prefix(data_uri_prefix(text));
  std::string storage;
  const std::string_view letters = without_blanks(text, storage);
  if (letters.size() % 4 != 0) {
    throw Error(Code::kBadArgument,
                fmt::format("{}: not base64: expected a multiple of four letters, got {}", name, letters.size()));
  }
  const std::size_t body = std::min(letters.find('='), letters.size());
  const std::size_t padding = letters.size() - body;
  if (padding > 2 || letters.find_first_not_of('=', body) != std::string_view::npos) {
    throw Error(Code::kBadArgument, fmt::format("{}: not base64: padding before the end", name));
  }
  std::string bytes(letters.size() / 4 * 3, '\0');
  const int length =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                      reinterpret_cast<const unsigned char*>(letters.data()), static_cast<int>(letters.size()));
  // A shorter answer: libcrypto took what stands at the end for the end of a message.
  if (length < 0 || static_cast<std::size_t>(length) != bytes.size()) {
    throw Error(Code::kBadArgument, fmt::format("{}: not base64: a character that is none of its letters", name));
  }
  bytes.resize(bytes.size() - padding);
  return bytes;
}

}  // namespace mi2::base
