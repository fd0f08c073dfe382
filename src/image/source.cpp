#include "image/source.hpp"

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::image {

void check_frame(std::uint64_t index, std::uint64_t frames, std::string_view name) {
  if (index < frames) return;
  throw Error(Code::kBadArgument, fmt::format("{}: expected a frame from 1 to {}, got {}", name, frames, index + 1));
}

std::array<double, 3> normal_of(const std::array<double, 6>& orientation) noexcept {
  const std::array<double, 6>& d = orientation;
  return {d[1] * d[5] - d[2] * d[4], d[2] * d[3] - d[0] * d[5], d[0] * d[4] - d[1] * d[3]};
}

FrameInfo Source::info(std::uint64_t index) const {
  FrameInfo info;
  info.index = index;
  info.frames = frames();
  return info;
}

}  // namespace mi2::image
