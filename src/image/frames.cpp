#include "image/frames.hpp"

#include <charconv>
#include <optional>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2 {
namespace {

using Kind = FrameSelection::Kind;

/// A whole number of at least 1, in digits alone.
std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value == 0) return std::nullopt;
  return value;
}

}  // namespace

std::string to_string(const FrameSelection& selection) {
  switch (selection.kind) {
    case Kind::kMiddle:
      return "middle";
    case Kind::kAll:
      return "all";
    case Kind::kFirst:
      return "first";
    case Kind::kNumber:
      return fmt::format("{}", selection.value);
    case Kind::kEvery:
      return fmt::format("every:{}", selection.value);
    case Kind::kCenter:
      return fmt::format("center:{}", selection.value);
  }
  return {};
}

FrameSelection parse_frames(std::string_view text) {
  constexpr std::string_view kEvery = "every:";
  constexpr std::string_view kCenter = "center:";
  if (text == "middle") return {Kind::kMiddle, 0};
  if (text == "all") return {Kind::kAll, 0};
  if (text == "first") return {Kind::kFirst, 0};
  Kind kind = Kind::kNumber;
  std::string_view digits = text;
  if (text.starts_with(kEvery)) {
    kind = Kind::kEvery;
    digits.remove_prefix(kEvery.size());
  } else if (text.starts_with(kCenter)) {
    kind = Kind::kCenter;
    digits.remove_prefix(kCenter.size());
  }
  const std::optional<std::uint64_t> value = whole_number(digits);
  if (!value) {
    throw Error(Code::kBadArgument,
                fmt::format("frames: expected middle, all, first, N, every:K or center:K, got '{}'", text));
  }
  return {kind, *value};
}

namespace image {

FrameRange select_frames(const Source& source, const FrameSelection& selection, std::string_view name) {
  switch (selection.kind) {
    case Kind::kMiddle:
      return {source.middle(), 1, 1};
    case Kind::kFirst:
      return {0, 1, 1};
    default:
      break;
  }
  const std::uint64_t frames = source.frames();
  // One error for the image, not one per frame that it claims.
  if (selection.kind != Kind::kNumber) source.check();
  if (selection.kind == Kind::kAll) return {0, 1, frames};
  const std::uint64_t value = selection.value;
  if (value == 0) throw Error(Code::kBadArgument, fmt::format("{}: frames: expected at least 1, got 0", name));
  switch (selection.kind) {
    case Kind::kNumber:
      check_frame(value - 1, frames, name);
      return {value - 1, 1, 1};
    case Kind::kEvery:
      return {0, value, (frames - 1) / value + 1};
    default:
      return value >= frames ? FrameRange{0, 1, frames} : FrameRange{frames / 2 - value / 2, 1, value};
  }
}

}  // namespace image
}  // namespace mi2
