#pragma once
// Embeddings as JSON lines, CSV or a NumPy array, as vectors.hpp reads them. Rows are written as they come; nothing is
// kept.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include <mi2/provenance.hpp>

#include "base/byte_sink.hpp"

namespace mi2::vectors {

enum class InputKind : std::uint8_t { kImage, kText };

class EmbeddingWriter {
 public:
  virtual ~EmbeddingWriter() = default;
  /// @param input  the path or the text.
  virtual void write(InputKind kind, std::string_view input, std::span<const float> embedding) = 0;
  /// After the last row, before the sink is closed.
  virtual void finish() {}
};

/// @param format      "jsonl", "csv" or "npy".
/// @param dimensions  length of every embedding.
/// @param provenance  if given, part of every row.
/// @throws Error{kBadArgument} for another format, or npy with provenance: an array has no place for it.
std::unique_ptr<EmbeddingWriter> make_embedding_writer(std::string_view format, base::ByteSink& sink,
                                                       std::size_t dimensions,
                                                       const std::optional<Provenance>& provenance);

}  // namespace mi2::vectors
