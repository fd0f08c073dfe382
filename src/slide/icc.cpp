#include "slide/icc.hpp"

#include <lcms2.h>

namespace mi2::slide {
namespace {

struct CloseProfile {
  void operator()(void* profile) const noexcept { cmsCloseProfile(profile); }
};
using Profile = std::unique_ptr<void, CloseProfile>;

}  // namespace

struct ToSrgb::Transform {
  explicit Transform(cmsHTRANSFORM made) : handle(made) {}
  Transform(const Transform&) = delete;
  Transform& operator=(const Transform&) = delete;
  ~Transform() { cmsDeleteTransform(handle); }

  cmsHTRANSFORM handle;
};

ToSrgb::ToSrgb(std::span<const std::byte> profile) {
  if (profile.empty()) return;
  const Profile from(cmsOpenProfileFromMem(profile.data(), static_cast<cmsUInt32Number>(profile.size())));
  if (!from) {
    doubt_ = "icc_profile: the slide's ICC profile cannot be read; its colours are taken for sRGB";
    return;
  }
  if (cmsGetColorSpace(from.get()) != cmsSigRgbData) {
    doubt_ = "icc_profile: the slide's ICC profile is not of RGB; its colours are taken for sRGB";
    return;
  }
  const Profile to(cmsCreate_sRGBProfile());
  // Without its cache of the last colour, a transform has no state.
  const cmsHTRANSFORM made =
      to ? cmsCreateTransform(from.get(), TYPE_RGB_8, to.get(), TYPE_RGB_8, INTENT_PERCEPTUAL, cmsFLAGS_NOCACHE)
         : nullptr;
  if (made == nullptr) {
    doubt_ = "icc_profile: the slide's ICC profile cannot be used; its colours are taken for sRGB";
    return;
  }
  transform_ = std::make_unique<Transform>(made);
}

ToSrgb::~ToSrgb() = default;

void ToSrgb::operator()(std::span<std::uint8_t> rgb) const noexcept {
  if (transform_)
    cmsDoTransform(transform_->handle, rgb.data(), rgb.data(), static_cast<cmsUInt32Number>(rgb.size() / 3));
}

}  // namespace mi2::slide
