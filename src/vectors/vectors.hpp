#pragma once
// Embeddings as mi2 embed writes them: JSON lines, CSV or a NumPy array.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <mi2/frames.hpp>
#include <mi2/matrix.hpp>
#include <mi2/provenance.hpp>

namespace mi2::vectors {

/// Numbers of one table, 8 GiB of them: checked before memory is taken.
inline constexpr std::uint64_t kMaxNumbers = 1ULL << 31;
inline constexpr std::size_t kMaxDimensions = 1U << 16;

struct VectorTable {
  std::string source;              ///< what errors call it
  std::vector<std::string> names;  ///< a path or text per row; none at all in a NumPy array
  EmbeddingMatrix vectors;         ///< all finite
  std::optional<Provenance> provenance;
  /// The frame of its image that each row is of, from 1; 0: none named. Empty: the file names no frames.
  std::vector<std::uint64_t> frames{};

  /// The frame of row `r`, if one is named; of how many, the file does not say.
  [[nodiscard]] std::optional<FramePlace> place(std::size_t r) const {
    if (frames.empty() || frames[r] == 0) return std::nullopt;
    return FramePlace{frames[r], 0};
  }
};

/// Reads a file of any of the three formats, recognised by its first bytes.
/// @param with_rows  whether an array takes its names from the file beside it (npy_rows.hpp), if there is one.
/// @throws Error{kNotFound}; {kBadFile} naming the line or what is wrong: rows of different lengths, a number that is
/// not
///         finite, rows of different models; {kUnsupported} for an array of another element type; {kTooLarge} over the
///         limits.
VectorTable read_vectors(const std::filesystem::path& path, bool with_rows = true);

/// As read_vectors, of bytes; errors call them `source`.
VectorTable parse_vectors(std::string_view bytes, std::string_view source);

/// {"path": .., "embedding": [..]} or {"text": .., "embedding": [..]} a line; "provenance" and "frame" and further keys
/// are optional.
VectorTable parse_jsonl(std::string_view bytes, std::string_view source);
/// A header with input (or path, file, name), e0, e1, ..; a column frame and the four of a provenance may stand
/// between.
VectorTable parse_csv_vectors(std::string_view bytes, std::string_view source);
/// float32 or float64 [rows, dimensions] in C order.      Source: numpy.lib.format, versions 1.0 to 3.0.
VectorTable parse_npy(std::string_view bytes, std::string_view source);

/// Gives a table without names one per line of a file. @throws as read_text_file; Error{kBadArgument} if the table has
/// names; {kBadFile} for another number of lines than rows.
void name_rows(VectorTable& table, const std::filesystem::path& names);

/// The lines of a text, without line ends; a last line that is empty does not count.
std::vector<std::string_view> lines_of(std::string_view text);

}  // namespace mi2::vectors
