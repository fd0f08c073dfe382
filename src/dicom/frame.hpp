#pragma once
// One frame as it is stored: the samples before any look-up table. What they mean is for grey.cpp and colour.cpp.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

class DcmElement;

namespace mi2::dicom {

struct Object;

/// The Image Pixel module (PS3.3 C.7.6.3), checked.
struct Layout {
  std::uint64_t rows = 0;
  std::uint64_t columns = 0;
  std::uint64_t frames = 1;
  bool unreadable_count = false;  ///< NumberOfFrames is there, but no number: then `frames` is 1
  unsigned samples = 1;           ///< a pixel: 1 or 3
  unsigned allocated = 8;         ///< bits a sample: 1, 8, 16, 32; 32 or 64 if floating
  unsigned stored = 8;            ///< bits of them that count, the highest being high_bit
  unsigned high_bit = 7;
  bool is_signed = false;
  bool floating = false;
  bool planar = false;  ///< all red, then all green, then all blue
  std::string photometric;

  [[nodiscard]] std::uint64_t pixels() const noexcept { return rows * columns; }
};

/// bytes: little endian, one byte for a 1-bit sample.
struct Frame {
  Layout layout;
  std::uint64_t index = 0;  ///< 0-based number of the frame in its object
  std::vector<std::uint8_t> bytes;

  /// The stored bits of sample i (of rows x columns x samples, in the order of `bytes`): masked, not sign-extended.
  [[nodiscard]] std::uint32_t code(std::size_t i) const noexcept;
  /// The stored value of sample i, with its sign; floating samples as they are.
  [[nodiscard]] double value(std::size_t i) const noexcept;
};

class Fragments;

/// The pixel data of an object, from which frames are taken one at a time.
class FrameReader {
 public:
  /// @param object  outlives the reader.
  /// @throws Error{kBadFile} attributes missing or contradictory; {kUnsupported} no pixels, or a depth that is not
  /// read;
  ///         {kTooLarge} rows x columns over `max_pixels`.
  FrameReader(Object& object, std::uint64_t max_pixels, std::string_view name);
  ~FrameReader();
  FrameReader(const FrameReader&) = delete;
  FrameReader& operator=(const FrameReader&) = delete;

  [[nodiscard]] std::uint64_t frames() const noexcept { return layout_.frames; }

  /// @throws Error{kBadFile} if there is less pixel data than all frames take, or fewer fragments.
  void check(std::string_view name);

  /// Of a compressed object only frame `index` is decoded.
  /// @throws Error{kBadFile} if its pixels are missing, contradictory or short.
  Frame read(std::uint64_t index, std::string_view name);

 private:
  const Fragments& fragments(std::string_view name);

  Object& object_;
  DcmElement* element_ = nullptr;
  Layout layout_;
  bool compressed_ = false;
  std::unique_ptr<Fragments> fragments_;  ///< of a compressed object, once a frame was read
};

}  // namespace mi2::dicom
