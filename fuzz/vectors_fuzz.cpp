// Files of embeddings, at once and row by row: whatever the bytes, whole rows (at once of finite numbers) or a
// mi2::Error.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <mi2/error.hpp>

#include "vectors/vector_file.hpp"
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
  try {
    const auto file = vectors::VectorFile::of({reinterpret_cast<const char*>(data), size}, "fuzz");
    for (std::uint64_t row = 0; row < file->rows(); ++row) {
      if (file->fault(row) == nullptr && file->vector(row).size() != file->dimensions()) std::abort();
    }
  } catch (const Error&) {
    // A refusal is an answer.
  }
  return 0;
}
