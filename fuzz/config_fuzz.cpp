// Any text as config.yaml: either refused with mi2::Error, or its numbers describe a model.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <mi2/error.hpp>
#include "models/tensor_list.hpp"
#include "weights/config.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto config = mi2::weights::parse_config({reinterpret_cast<const char*>(data), size}, "fuzz");
    for (const mi2::models::ListedTensor& row : mi2::models::tensor_list(config)) {
      if (row.shape.count() <= 0) std::abort();
    }
  } catch (const mi2::Error&) {
  }
  return 0;
}
