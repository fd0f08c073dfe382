#include "dicom/dicom.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include <mi2/error.hpp>

#include "dicom/structure.hpp"

namespace mi2::dicom {
namespace {

/// One finite number that is all of `text`.
bool parse_double(std::string_view text, double& out) noexcept {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size() && std::isfinite(out);
}

}  // namespace

Window parse_window(std::string_view text) {
  Window window;
  const std::size_t comma = text.find(',');
  const bool ok = comma != std::string_view::npos && parse_double(text.substr(0, comma), window.center) &&
                  parse_double(text.substr(comma + 1), window.width) && window.width >= 1;
  if (!ok) {
    throw Error(Code::kBadArgument,
                fmt::format("window '{}': CENTER,WIDTH is needed, both finite, WIDTH at least 1", printable(text)));
  }
  return window;
}

bool looks_like_dicom(std::span<const std::byte> bytes) noexcept {
  constexpr std::string_view kPrefix = "DICM";
  if (bytes.size() >= 132) {
    bool prefixed = true;
    for (std::size_t i = 0; i < 4; ++i) prefixed &= std::to_integer<char>(bytes[128 + i]) == kPrefix[i];
    if (prefixed) return true;
  }
  const std::optional<Encoding> encoding = guess_encoding(bytes);
  if (!encoding) return false;
  const auto low = std::to_integer<unsigned>(bytes[encoding->big_endian ? 1 : 0]);
  const auto high = std::to_integer<unsigned>(bytes[encoding->big_endian ? 0 : 1]);
  return high == 0 && (low == 0x02 || low == 0x08);
}

image::Picture decode(std::span<const std::byte> bytes, const Options& options, std::string_view name) {
  const std::unique_ptr<image::Source> source = open(bytes, options, name);
  return source->read(source->middle());
}

}  // namespace mi2::dicom
