#include "image/frames.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2 {
namespace {

using Kind = FrameSelection::Kind;

constexpr std::array kWords = {std::pair{std::string_view("middle"), Kind::kMiddle},
                               std::pair{std::string_view("all"), Kind::kAll},
                               std::pair{std::string_view("first"), Kind::kFirst}};
constexpr std::array kPrefixes = {std::pair{std::string_view("every:"), Kind::kEvery},
                                  std::pair{std::string_view("center:"), Kind::kCenter}};

/// A whole number from 1 that is all of `text`.
std::optional<std::uint64_t> count_in(std::string_view text) noexcept {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value == 0) return std::nullopt;
  return value;
}

}  // namespace

FrameSelection parse_frames(std::string_view text) {
  for (const auto& [word, kind] : kWords) {
    if (text == word) return {kind, 1};
  }
  for (const auto& [prefix, kind] : kPrefixes) {
    if (!text.starts_with(prefix)) continue;
    if (const auto value = count_in(text.substr(prefix.size()))) return {kind, *value};
  }
  if (const auto number = count_in(text)) return {Kind::kNumber, *number};
  constexpr std::size_t kShown = 40;
  throw Error(Code::kBadArgument, fmt::format("frames: expected middle, all, first, N, every:K or center:K with whole "
                                              "numbers from 1, got '{}'",
                                              text.substr(0, kShown)));
}

std::string to_string(const FrameSelection& selection) {
  for (const auto& [word, kind] : kWords) {
    if (selection.kind == kind) return std::string(word);
  }
  for (const auto& [prefix, kind] : kPrefixes) {
    if (selection.kind == kind) return fmt::format("{}{}", prefix, selection.value);
  }
  return std::to_string(selection.value);
}

namespace image {

FrameRange select_frames(const FrameSelection& selection, std::uint64_t frames, std::uint64_t middle,
                         std::string_view name) {
  switch (selection.kind) {
    case Kind::kMiddle:
      return {middle, 1, 1};
    case Kind::kAll:
      return {0, 1, frames};
    case Kind::kFirst:
      return {0, 1, 1};
    case Kind::kNumber:
      if (selection.value > frames) {
        throw Error(Code::kBadArgument,
                    fmt::format("{}: expected a frame from 1 to {}, got {}", name, frames, selection.value));
      }
      return {selection.value - 1, 1, 1};
    case Kind::kEvery:
      return {0, selection.value, (frames - 1) / selection.value + 1};
    case Kind::kCenter: {
      const std::uint64_t count = std::min(selection.value, frames);
      const std::uint64_t before = std::min(count / 2, middle);
      return {std::min(middle - before, frames - count), 1, count};
    }
  }
  return {middle, 1, 1};
}

}  // namespace image
}  // namespace mi2
