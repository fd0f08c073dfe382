#include "archive/packed.hpp"

#include <array>
#include <cstddef>
#include <span>

#include <mi2/error.hpp>

#include "base/hash.hpp"

namespace mi2::archive {
namespace {

constexpr char kOther = '\xEE';
constexpr unsigned kDot = 0xA;
constexpr unsigned kPad = 0xF;

/// 0 to 15; 16 of what is no hexadecimal digit.
unsigned digit_of(char one) {
  if (one >= '0' && one <= '9') return static_cast<unsigned>(one - '0');
  if (one >= 'a' && one <= 'f') return static_cast<unsigned>(one - 'a' + 10);
  return one >= 'A' && one <= 'F' ? static_cast<unsigned>(one - 'A' + 10) : 16U;
}

char byte_of(unsigned high, unsigned low) { return static_cast<char>(high << 4U | low); }

}  // namespace

std::string packed_uid(std::string_view uid) {
  if (uid.empty() || uid.find_first_not_of("0123456789.") != std::string_view::npos) return kOther + std::string(uid);
  std::string packed;
  const auto half = [&](std::size_t at) {
    if (at == uid.size()) return kPad;
    return uid[at] == '.' ? kDot : digit_of(uid[at]);
  };
  for (std::size_t i = 0; i < uid.size(); i += 2) packed += byte_of(half(i), half(i + 1));
  return packed;
}

std::string unpacked_uid(std::string_view packed) {
  if (packed.starts_with(kOther)) return std::string(packed.substr(1));
  std::string uid;
  for (std::size_t i = 0; i < 2 * packed.size(); ++i) {
    const auto byte = static_cast<unsigned char>(packed[i / 2]);
    const unsigned half = i % 2 == 0 ? byte >> 4U : byte & 0xFU;
    if (half == kPad && i + 1 == 2 * packed.size() && i > 0) break;
    if (half > kDot) throw Error(Code::kBadFile, "catalog: an identifier of an object that is none");
    uid += half == kDot ? '.' : static_cast<char>('0' + half);
  }
  return uid;
}

std::string bytes_of_hex(std::string_view digits) {
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const unsigned high = digit_of(digits[i]);
    const unsigned low = i + 1 < digits.size() ? digit_of(digits[i + 1]) : 16U;
    if (high > 15 || low > 15) throw Error(Code::kBadFile, "catalog: a hash that is none");
    bytes += byte_of(high, low);
  }
  return bytes;
}

LocatorParts parts_of(std::string_view locator) noexcept {
  const std::size_t end = locator.rfind('/') + 1;  // of none: 0
  return {locator.substr(0, end), locator.substr(end)};
}

std::int64_t number_of(const Stamp& stamp) noexcept {
  if (stamp == Stamp{}) return 0;
  constexpr std::int64_t kHalf = std::int64_t{1} << 47;
  const std::array<std::int64_t, 3> all{stamp.size, stamp.mtime_ns, stamp.ctime_ns};
  return static_cast<std::int64_t>(base::xxh3(std::as_bytes(std::span(all))) >> 16U) - kHalf;
}

}  // namespace mi2::archive
