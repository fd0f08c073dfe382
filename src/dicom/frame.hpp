#pragma once
// One frame as it is stored: the samples before any look-up table. What they mean is for grey.cpp and colour.cpp.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "dicom/dataset.hpp"
#include "dicom/layout.hpp"

namespace mi2::dicom {

/// A frame's samples: bytes of its own, or the object's where those are stored as a frame has them. Moved, not copied.
class FrameBytes {
 public:
  FrameBytes() = default;
  FrameBytes(FrameBytes&&) noexcept = default;
  FrameBytes& operator=(FrameBytes&&) noexcept = default;
  FrameBytes(const FrameBytes&) = delete;
  FrameBytes& operator=(const FrameBytes&) = delete;
  ~FrameBytes() = default;

  FrameBytes& operator=(std::vector<std::uint8_t> own) noexcept {
    own_ = std::move(own);
    view_ = own_;
    return *this;
  }
  /// @param of_object  outlives these.
  void view(std::span<const std::uint8_t> of_object) noexcept { view_ = of_object; }

  [[nodiscard]] const std::uint8_t* data() const noexcept { return view_.data(); }
  [[nodiscard]] std::size_t size() const noexcept { return view_.size(); }

 private:
  std::vector<std::uint8_t> own_;
  std::span<const std::uint8_t> view_;
};

/// bytes: little endian, one byte for a 1-bit sample.
struct Frame {
  Layout layout;
  std::uint64_t index = 0;  ///< 0-based number of the frame in its object
  FrameBytes bytes;

  /// The stored bits of sample i (of rows x columns x samples, in the order of `bytes`): masked, not sign-extended.
  [[nodiscard]] std::uint32_t code(std::size_t i) const noexcept;
  /// The stored value of sample i, with its sign; floating samples as they are.
  [[nodiscard]] double value(std::size_t i) const noexcept;
};

class Fragments;

/// The pixel data of an object, from which frames are taken one at a time. Safe to use from several threads.
class FrameReader {
 public:
  /// @param object  outlives the reader.
  /// @throws Error{kBadFile} attributes missing or contradictory; {kUnsupported} no pixels, or a depth that is not
  ///         read; {kTooLarge} rows x columns over `max_pixels`.
  FrameReader(const Object& object, std::uint64_t max_pixels, std::string_view name);
  ~FrameReader();
  FrameReader(const FrameReader&) = delete;
  FrameReader& operator=(const FrameReader&) = delete;

  [[nodiscard]] std::uint64_t frames() const noexcept { return layout_.frames; }
  /// Of a frame, as the object says.
  [[nodiscard]] std::uint64_t pixels() const noexcept { return layout_.pixels(); }

  /// @throws Error{kBadFile} if there is less pixel data than all frames take, or fewer fragments.
  void check(std::string_view name) const;

  /// Of a compressed object only frame `index` is decoded. The frame may view the object's bytes.
  /// @throws Error{kBadFile} if its pixels are missing, contradictory or short.
  Frame read(std::uint64_t index, std::string_view name, image::Warnings& warnings) const;

 private:
  const Object& object_;
  const Element* element_ = nullptr;
  Layout layout_;
  std::unique_ptr<Fragments> fragments_;  ///< of a compressed object
};

}  // namespace mi2::dicom
