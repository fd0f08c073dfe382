#include "volume_fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz_volume(mi2::volume::looks_like_metaimage, data, size);
}
