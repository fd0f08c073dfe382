#pragma once
// Which tiles of a whole slide are its frames. docs/slides.md

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <mi2/export.h>

namespace mi2 {

/// How a whole slide is cut into tiles, each of which becomes an input of the model.
struct SlideOptions {
  enum class Tiles : std::uint8_t {
    kTissue,  ///< those with tissue
    kAll,
  };
  std::optional<unsigned> level{};  ///< of the slide's levels, 0 the finest: tiles have the model's size in its pixels
  std::optional<double> mpp{};      ///< um: tiles have the model's size in pixels of this distance
  Tiles tiles = Tiles::kTissue;

  friend bool operator==(const SlideOptions&, const SlideOptions&) = default;
};

/// "tissue" or "all".
MI2_EXPORT std::string_view name_of(SlideOptions::Tiles tiles) noexcept;
/// @throws Error{kBadArgument} if `name` is neither.
MI2_EXPORT SlideOptions::Tiles parse_tiles(std::string_view name);
/// A whole number of at most 1000. @throws Error{kBadArgument} for anything else.
MI2_EXPORT unsigned parse_level(std::string_view text);
/// Micrometres, 0.01 to 1000. @throws Error{kBadArgument} for anything else.
MI2_EXPORT double parse_mpp(std::string_view text);

/// "level=0,tiles=tissue": what a run depends on.
MI2_EXPORT std::string to_string(const SlideOptions& options);

}  // namespace mi2
