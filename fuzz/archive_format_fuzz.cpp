// Any bytes as archive.json and as a header of a segment or a pack: an Error or a description, nothing else.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

#include <mi2/error.hpp>

#include "archive/format.hpp"
#include "archive/segments.hpp"
#include "archive/slices.hpp"
#include "archive/thumbs.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mi2::archive;
  const std::span<const std::byte> bytes = std::as_bytes(std::span(data, size));
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const Format format = parse_format(text, "fuzz");
    const Format again = parse_format(to_json(format), "again");
    if (again.space != format.space || again.reembedded_from != format.reembedded_from) std::abort();
    if (!are_related(format, again)) std::abort();
    const std::string header = segment_header(format, 1);
    check_segment_header(std::as_bytes(std::span(header)), format, 1, "fuzz");
    const std::string pack = pack_header(format, 1);
    check_pack_header(std::as_bytes(std::span(pack)), format, 1, "fuzz");
  } catch (const mi2::Error&) {
  }
  Format known;
  known.dimensions = 128;
  known.id = "00112233445566778899aabbccddeeff";
  try {
    check_segment_header(bytes, known, 1, "fuzz");
  } catch (const mi2::Error&) {
  }
  try {
    check_pack_header(bytes, known, 1, "fuzz");
  } catch (const mi2::Error&) {
  }
  try {
    const Slices slices = parse_slices(text);
    for (const std::uint64_t place : chosen(slices, 1000)) {
      if (place >= 1000) std::abort();
    }
  } catch (const mi2::Error&) {
  }
  return 0;
}
