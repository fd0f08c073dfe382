#pragma once
// The files of a dataset as they lie on a disk.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/progress.hpp"

namespace mi2::recipe {

/// Every regular file below a folder, links followed once. Nothing is read, and nothing is ever written there.
class Listing {
 public:
  struct File {
    std::string path;  ///< from the root, with '/'
    std::uint64_t bytes = 0;
  };

  /// @throws Error{kNotFound} for a root that is no folder; {kTooLarge} over kMostFiles.
  explicit Listing(std::filesystem::path root, const base::OnProgress& progress = {});

  static constexpr std::size_t kMostFiles = 1U << 24;

  [[nodiscard]] const std::filesystem::path& root() const noexcept { return root_; }
  /// Sorted by path, byte by byte.
  [[nodiscard]] std::span<const File> files() const noexcept { return files_; }
  [[nodiscard]] std::filesystem::path whole(std::string_view path) const { return root_ / path; }

  /// The file whose path ends in the first of `names` that any does, whole folders' names compared, as it is or with
  /// .gz behind it: "train.csv" finds "set/set/train.csv.gz". Of several, the one in the fewest folders.
  /// @throws Error{kBadFile} naming two that are equally near the root.
  [[nodiscard]] std::optional<std::string> find(std::span<const std::string> names) const;

  /// A file's text, unpacked where its name ends in .gz. @throws as base::read_text_file and base::inflate.
  [[nodiscard]] std::string text(const std::string& path, std::uint64_t max_bytes) const;

  /// Of all paths and sizes: whether two listings are of the same files.
  [[nodiscard]] std::string sha256() const;

 private:
  std::filesystem::path root_;
  std::vector<File> files_;
};

}  // namespace mi2::recipe
