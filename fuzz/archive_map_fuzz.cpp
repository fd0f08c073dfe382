// Any bytes as the map of an archive: an Error or a map that is written as it was read. Its checksum would stop almost
// every input at the door, so it gets the one it needs.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>

#include <mi2/error.hpp>

#include "archive/map_file.hpp"
#include "base/hash.hpp"

namespace {

constexpr std::size_t kHashAt = 24;
constexpr std::size_t kHeader = 32;

std::string with_right_checksum(std::string bytes) {
  if (bytes.size() < kHeader) return bytes;
  const std::uint64_t hash = mi2::base::xxh3(std::as_bytes(std::span(bytes)).subspan(kHeader));
  std::memcpy(bytes.data() + kHashAt, &hash, sizeof hash);
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mi2::archive;
  Format known;
  known.dimensions = 128;
  known.id = "00112233445566778899aabbccddeeff";
  const std::string bytes = with_right_checksum({reinterpret_cast<const char*>(data), size});
  for (const MapBy by : {MapBy::kImage, MapBy::kSeries}) {
    try {
      const KeptMap map = parse_map(std::as_bytes(std::span(bytes)), known, by, "fuzz");
      const std::string again = map_bytes(map, known);
      if (parse_map(std::as_bytes(std::span(again)), known, by, "again") != map) std::abort();
    } catch (const mi2::Error&) {
      // A refusal is an answer.
    }
  }
  return 0;
}
