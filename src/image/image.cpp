#include "image/image.hpp"

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::image {

int channels(Mode mode) noexcept {
  switch (mode) {
    case Mode::kBilevel:
    case Mode::kGrey:
    case Mode::kPalette:
      return 1;
    case Mode::kGreyAlpha:
      return 2;
    case Mode::kRgb:
      return 3;
    case Mode::kRgba:
    case Mode::kCmyk:
      return 4;
  }
  return 0;
}

Profile parse_profile(std::string_view name) {
  if (name == "raw") return Profile::kRaw;
  if (name == "azure") return Profile::kAzure;
  throw Error(Code::kBadArgument, fmt::format("profile '{}': expected 'raw' or 'azure'", name));
}

std::string_view name_of(Profile profile) noexcept { return profile == Profile::kRaw ? "raw" : "azure"; }

}  // namespace mi2::image
