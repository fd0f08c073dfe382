#pragma once
// Vectors that were computed, kept on disk by what they were computed of, so that nothing is computed twice.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace mi2::vectors {

/// One file of records for one space, appended to and never rewritten: a kill costs the record it was writing. One
/// process at a time.
class VectorCache {
 public:
  /// @param space  what all vectors depend on: weights, dtype, how images are prepared. Another space is another file.
  /// @throws Error{kBadFile} for a file that is none of these or that the disk refuses; {kBadArgument} if another
  ///         process has it.
  VectorCache(const std::filesystem::path& folder, std::string_view space, std::size_t dimensions);
  VectorCache(const VectorCache&) = delete;
  VectorCache& operator=(const VectorCache&) = delete;
  ~VectorCache();

  /// The vector of what `of` names, or none. Valid until add().
  [[nodiscard]] std::span<const float> find(std::string_view of) const;
  /// Keeps a vector of `dimensions` numbers. @throws Error{kBadFile} when the disk refuses.
  void add(std::string_view of, std::span<const float> vector);
  [[nodiscard]] std::size_t size() const noexcept { return places_.size(); }

 private:
  void read(std::string_view header);
  [[noreturn]] void fail(std::string_view what) const;

  std::filesystem::path path_;
  int descriptor_ = -1;
  std::size_t dimensions_;
  std::unordered_map<std::string, std::size_t> places_;  ///< by the hash of what it is of: where in values_
  std::vector<float> values_;
};

/// A file as it is now, without reading it: its path, size and time. Empty if there is none.
std::string identity_of_file(const std::filesystem::path& path);

}  // namespace mi2::vectors
