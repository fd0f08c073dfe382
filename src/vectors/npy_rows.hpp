#pragma once
// What the rows of a NumPy array are of, in a file beside it: an array has no place for names.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <mi2/frames.hpp>
#include <mi2/provenance.hpp>

#include "base/byte_sink.hpp"
#include "vectors/embedding_writers.hpp"
#include "vectors/file_rows.hpp"
#include "vectors/vectors.hpp"

namespace mi2::vectors {

/// "v.npy.rows.jsonl" of "v.npy".
std::filesystem::path rows_file(const std::filesystem::path& array);

/// Writes a line per row, {"path": ..} or {"text": ..} with "frame", "frames", "tile", "window", "warnings" and
/// "provenance" as the JSON lines of embeddings have them, and at the end one with the number of rows and a checksum of
/// the array's numbers.
class RowsWriter {
 public:
  RowsWriter(base::ByteSink& sink, const std::optional<Provenance>& provenance);
  void write(InputKind kind, std::string_view input, const std::optional<FramePlace>& frame,
             std::span<const float> embedding, std::span<const std::string> warnings);
  /// As EmbeddingWriter.
  void set_window(std::string_view window) { window_ = window; }
  void finish();

 private:
  base::ByteSink& sink_;
  std::string tail_;
  std::string window_;
  std::uint64_t rows_ = 0;
  RowsChecksum checksum_;
};

/// Gives an array's table the names, frames and provenance of the file beside it, if there is one.
/// @throws Error{kBadFile} for a file that is not one of RowsWriter, or is of another array.
void read_rows(VectorTable& table, const std::filesystem::path& array);

/// As read_rows, of the file's text. @param source  what errors call it.
void parse_rows(VectorTable& table, std::string_view text, std::string_view source);

}  // namespace mi2::vectors
