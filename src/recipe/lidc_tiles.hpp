#pragma once
// The tiles of a slice, and what readers marked in each.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "recipe/lidc_xml.hpp"

namespace mi2::recipe {

inline constexpr int kTileGrid = 5;  ///< tiles along each side
inline constexpr std::size_t kTiles = 25;

struct Tile {
  int left = 0;
  int top = 0;
  int right = 0;  ///< one past
  int bottom = 0;
};

/// Tile `index`, row by row, of a slice: tile k of 512 pixels covers those from floor(102.4 k) to floor(102.4 (k + 1)).
Tile tile_of(std::size_t index, int width, int height) noexcept;

/// Whether something of the outline, of what it encloses, or its one point lies in the tile.
bool lies_in(const Outline& outline, const Tile& tile) noexcept;

/// What one reader marked in one tile.
struct ReaderMark {
  std::size_t reader = 0;
  LesionKind kind = LesionKind::kNone;
  int malignancy = 0;
};

/// Whose word counts.
enum class ReaderRule : std::uint8_t {
  kAny,
  kMajority,  ///< of more than half of the readers
};

struct TileLabel {
  LesionKind kind = LesionKind::kNone;
  bool is_free = false;              ///< no reader marked anything here, not even a hole
  std::optional<double> malignancy;  ///< median of the readers who rated a nodule here
};

/// What one slice has been marked with.
struct SliceMarks {
  std::size_t readers = 0;  ///< of the scan
  struct Mark {
    const Lesion* lesion;
    const Outline* outline;
  };
  std::vector<Mark> marks;
};

/// The greatest kind that one reader, or more than half of them, saw in the tile; who saw a greater one counts for the
/// smaller, too.
std::array<TileLabel, kTiles> label_tiles(const SliceMarks& slice, ReaderRule rule, int width, int height);

/// How the recipe calls a kind.
std::string_view lesion_label(LesionKind kind) noexcept;

}  // namespace mi2::recipe
