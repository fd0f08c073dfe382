#pragma once
// From the command line's PATHs, texts and labels to lists of inputs.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <mi2/error.hpp>

namespace mi2::cli {

/// One picture to read.
struct Input {
  std::string path;            ///< as it is printed: a file's path, or "-" for standard input
  std::optional<Error> error;  ///< set when it is already known that there is nothing to read
};

struct ExpandedPaths {
  std::vector<Input> inputs;
  std::uint64_t skipped = 0;  ///< files inside folders that are not pictures
};

/// Files and "-" stay as they are; a folder becomes the pictures below it, sorted by name in each folder, without
/// hidden entries, linked folders, DICOMDIR indexes and whatever does not look like a picture. A folder that cannot
/// be read or holds no picture becomes an Input with an error.
/// @throws Error{kBadArgument} if "-" is given twice.
ExpandedPaths expand_paths(std::span<const std::string> paths);

/// How many leading bytes looks_like_picture() wants to see.
inline constexpr std::size_t kSniffBytes = 4096;

/// Whether a file that starts so is PNG, JPEG, WebP, TIFF or DICOM.
bool looks_like_picture(std::span<const std::byte> head) noexcept;

/// All of standard input.
/// @throws Error{kTooLarge} over `max_bytes`, {kBadFile} when it cannot be read.
std::vector<std::byte> read_standard_input(std::uint64_t max_bytes);

/// The texts of the command line, then those of --texts-json ("-" reads standard input; empty: no file).
/// @throws as parse_texts_json and read_file; Error{kBadArgument} for a text that is not UTF-8, by its number.
std::vector<std::string> gather_texts(std::vector<std::string> texts, const std::string& texts_json);

/// "a, b,c" -> a, b, c: commas separate, blanks around and empty labels are dropped.
std::vector<std::string> split_labels(std::string_view text);

/// A label per line. @throws as base::read_list.
std::vector<std::string> read_labels(const std::string& path);

}  // namespace mi2::cli
