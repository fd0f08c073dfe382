#pragma once
// Colours of a scanner to sRGB, by Little CMS.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace mi2::slide {

/// Safe to use from several threads.
class ToSrgb {
 public:
  /// @param profile  of the pixels; empty: they stay as they are, as with a profile that cannot be used.
  explicit ToSrgb(std::span<const std::byte> profile);
  ~ToSrgb();
  ToSrgb(const ToSrgb&) = delete;
  ToSrgb& operator=(const ToSrgb&) = delete;

  /// RGB samples, in place. Perceptual intent, as Pillow's ImageCms has it by default.
  void operator()(std::span<std::uint8_t> rgb) const noexcept;
  /// Why a profile cannot be used; empty: it can, or there is none.
  [[nodiscard]] const std::string& doubt() const noexcept { return doubt_; }

 private:
  struct Transform;
  std::unique_ptr<Transform> transform_;
  std::string doubt_;
};

}  // namespace mi2::slide
