#pragma once
// Pixel data in fragments.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "dicom/dataset.hpp"

namespace mi2::dicom {

/// The fragments of an encapsulated object, indexed once, so that each frame is found at once.
class Fragments {
 public:
  /// @param object  outlives this.   @throws Error{kBadFile} if the pixel data is not in fragments.
  Fragments(const Object& object, const Element& pixels, std::uint64_t frames, std::string_view name);

  /// @throws Error{kBadFile} if there are fewer fragments than frames.
  void check(std::string_view name) const;

  /// The bytes of frame `index`: its fragments joined. One fragment per frame, or one frame in all, or by an offset
  /// table, or by where codestreams start and end.
  /// @throws Error{kBadFile} if the frame's fragments cannot be told from the others, or are cut off.
  [[nodiscard]] std::vector<std::uint8_t> codestream(std::uint64_t index, std::string_view name) const;

  /// Codestreams that there are beyond the frames that the object says; 0 if that is not known.
  [[nodiscard]] std::uint64_t more() const noexcept;

 private:
  using Fragment = std::span<const std::uint8_t>;
  /// Fragments [first, last); empty if they are not known.
  using Range = std::pair<std::size_t, std::size_t>;

  [[nodiscard]] Range range_of(std::uint64_t index) const;
  [[nodiscard]] Range by_offset_table(std::uint64_t index) const;
  [[nodiscard]] Range by_starts(std::uint64_t index) const;
  [[nodiscard]] Range by_end_markers(std::uint64_t index) const;
  [[nodiscard]] std::size_t at_offset(std::uint64_t offset) const;

  std::uint64_t frames_;
  bool cut_ = false;                    ///< the last fragment
  Fragment table_;                      ///< the basic offset table, or the extended one
  std::size_t entry_ = 4;               ///< bytes of an entry of it
  std::vector<Fragment> fragments_;     ///< those after it
  std::vector<std::uint64_t> offsets_;  ///< of each fragment's item, from the first; ascending
  std::vector<std::size_t> starts_;     ///< the fragments that start a codestream
  std::vector<std::size_t> ends_;       ///< the fragments that end with an end-of-image marker
};

}  // namespace mi2::dicom
