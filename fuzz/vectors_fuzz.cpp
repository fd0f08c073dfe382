// Files of embeddings: whatever the bytes, whole rows of finite numbers or a mi2::Error.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <mi2/error.hpp>

#include "vectors/vectors.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mi2;
  try {
    const vectors::VectorTable table = vectors::parse_vectors({reinterpret_cast<const char*>(data), size}, "fuzz");
    const EmbeddingMatrix& rows = table.vectors;
    if (rows.rows() * rows.dimensions() != rows.numbers().size()) std::abort();
    if (!table.names.empty() && table.names.size() != rows.rows()) std::abort();
    for (const float value : rows.numbers()) {
      if (!std::isfinite(value)) std::abort();
    }
  } catch (const Error&) {
    // A refusal is an answer.
  }
  return 0;
}
