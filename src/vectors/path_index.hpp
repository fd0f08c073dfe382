#pragma once
// Which row of a table of labels a path belongs to: the one rule by which paths match.

#include <cstddef>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "vectors/label_table.hpp"

namespace mi2::vectors {

/// Longer ones are no paths; looking up all ends of one takes time that grows with the square of its length.
inline constexpr std::size_t kMaxPathBytes = 4096;

/// Gives two paths one key if they are of one file: one name in one folder, by whatever links and dots the folder is
/// reached. A link in the name's own place is not followed: data stores link equal images to one file.
class FileKeys {
 public:
  /// Empty for what cannot be a file's path.
  std::string of(const std::filesystem::path& path);

 private:
  std::unordered_map<std::string, std::string> folders_;  ///< as written -> canonical
};

/// Refers to the table.
class PathIndex {
 public:
  /// @throws Error{kBadFile} naming both lines of two rows that name one file.
  explicit PathIndex(const LabelTable& labels);

  /// The row of the same file. Relative rows start at the table's folder, `path` at the working directory.
  [[nodiscard]] std::optional<std::size_t> same_file(const std::string& path);
  /// The row with the longest common end: whole names of folders and files, and all of the shorter path.
  /// @throws Error{kBadArgument} naming two lines that match equally well.
  [[nodiscard]] std::optional<std::size_t> longest_end(const std::string& path) const;

 private:
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();
  /// The rows of which a path is the end.
  struct Rows {
    std::size_t first = 0;
    std::size_t second = kNone;
  };

  void refuse_duplicate(std::size_t row, std::size_t earlier) const;

  const LabelTable& labels_;
  FileKeys keys_;
  std::unordered_map<std::string, std::size_t> files_;
  std::vector<std::string> paths_;
  std::unordered_map<std::string_view, std::size_t> whole_;
  std::unordered_map<std::string_view, Rows> ends_;
};

}  // namespace mi2::vectors
