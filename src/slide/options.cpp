#include <charconv>

#include <fmt/format.h>

#include <mi2/error.hpp>
#include <mi2/slide.hpp>

namespace mi2 {

std::string_view name_of(SlideOptions::Tiles tiles) noexcept {
  return tiles == SlideOptions::Tiles::kAll ? "all" : "tissue";
}

SlideOptions::Tiles parse_tiles(std::string_view name) {
  if (name == "tissue") return SlideOptions::Tiles::kTissue;
  if (name == "all") return SlideOptions::Tiles::kAll;
  throw Error(Code::kBadArgument, fmt::format("tiles: expected tissue or all, got '{}'", name));
}

unsigned parse_level(std::string_view text) {
  constexpr unsigned kMost = 1000;
  unsigned level = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), level);
  if (error == std::errc() && end == text.data() + text.size() && level <= kMost) return level;
  throw Error(Code::kBadArgument, fmt::format("level: expected a whole number from 0 to {}, got '{}'", kMost, text));
}

double parse_mpp(std::string_view text) {
  double mpp = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mpp);
  if (error == std::errc() && end == text.data() + text.size() && mpp >= 0.01 && mpp <= 1000) return mpp;
  throw Error(Code::kBadArgument, fmt::format("mpp: expected 0.01 to 1000 um per pixel, got '{}'", text));
}

std::string to_string(const SlideOptions& options) {
  std::string text;
  if (options.level) text += fmt::format("level={},", *options.level);
  if (options.mpp) text += fmt::format("mpp={},", *options.mpp);
  return text + fmt::format("tiles={}", name_of(options.tiles));
}

}  // namespace mi2
