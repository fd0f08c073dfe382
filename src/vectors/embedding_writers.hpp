#pragma once
// Embeddings as JSON lines, CSV or a NumPy array, as vectors.hpp reads them. Rows are written as they come; nothing is
// kept.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <mi2/frames.hpp>
#include <mi2/provenance.hpp>

#include "base/byte_sink.hpp"

namespace mi2::vectors {

enum class InputKind : std::uint8_t { kImage, kText };

/// What rows say of where in an image they are of: nothing, a frame, a frame that is a tile of a slide, or one and the
/// window that it was seen through.
enum class RowPlaces : std::uint8_t { kNone, kFrames, kTiles, kWindows };

class EmbeddingWriter {
 public:
  virtual ~EmbeddingWriter() = default;
  /// @param input  the path or the text.
  /// @param frame  the frame of the image, where frames were chosen.
  /// @param warnings  doubts about the image, for JSON lines.
  virtual void write(InputKind kind, std::string_view input, const std::optional<FramePlace>& frame,
                     std::span<const float> embedding, std::span<const std::string> warnings) = 0;
  /// Of the rows that follow: the window that they were seen through, of several; empty: none is named.
  void set_window(std::string_view window) { window_ = window; }
  /// After the last row, before the sink is closed.
  virtual void finish() {}

 protected:
  std::string window_;
};

/// What stands before the numbers of a NumPy array of little-endian float32 in C order: 128 bytes, version 1.0.
/// @param shape  2 to 4 extents.
std::string npy_header(std::span<const std::uint64_t> shape);

/// @param format      "jsonl", "csv" or "npy".
/// @param dimensions  length of every embedding.
/// @param provenance  if given, part of every row.
/// @param places      columns of CSV: "frame", and of tiles where they lie or "window". JSON lines have "frame",
///                    "frames", "tile" and "window" where a row has them; an array has rows in order and no names at
///                    all.
/// @throws Error{kBadArgument} for another format, or npy with provenance: an array has no place for it.
std::unique_ptr<EmbeddingWriter> make_embedding_writer(std::string_view format, base::ByteSink& sink,
                                                       std::size_t dimensions,
                                                       const std::optional<Provenance>& provenance,
                                                       RowPlaces places = RowPlaces::kNone);

}  // namespace mi2::vectors
