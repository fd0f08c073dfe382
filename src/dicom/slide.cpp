#include "dicom/slide.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "dicom/dataset.hpp"
#include "dicom/layout.hpp"
#include "dicom/object_source.hpp"

namespace mi2::dicom {
namespace {

constexpr std::uint64_t kMaxProfileBytes = 16U << 20U;

/// Value `index` of a text with several.
std::string value_of(const Item& item, Tag tag, std::size_t index) {
  const Element* element = item.find(tag);
  if (element == nullptr) return {};
  std::string_view rest(reinterpret_cast<const char*>(element->value.data()), element->value.size());
  for (; index > 0; --index) {
    const std::size_t end = rest.find('\\');
    if (end == std::string_view::npos) return {};
    rest.remove_prefix(end + 1);
  }
  return trimmed(rest.substr(0, rest.find('\\')));
}

/// A whole number of at least 1; 0 if it is none.
std::uint64_t count_of(const Item& item, Tag tag) {
  constexpr double kMost = 4294967295.0;
  const double value = number(item, tag).value_or(0);
  return value >= 1 && value <= kMost ? static_cast<std::uint64_t>(value) : 0;
}

SlideHead head_of(const Item& data) {
  return {text(data, tags::kSeries), value_of(data, tags::kImageType, 2), count_of(data, tags::kMatrixColumns),
          count_of(data, tags::kMatrixRows)};
}

void check_class(const Item& data, std::string_view name) {
  if (text(data, tags::kSopClass) == kSlideClass) return;
  throw Error(Code::kUnsupported, fmt::format("{}: expected a whole slide, got another DICOM object (SOP class {}); "
                                              "without --level, --mpp and --tiles it is read as an image",
                                              name, printable(text(data, tags::kSopClass))));
}

/// The grid of tiles.
struct Grid {
  std::uint64_t columns;
  std::uint64_t rows;
  std::uint64_t tile_width;
  std::uint64_t tile_height;
};

/// TILED_FULL: every tile, row by row, of each focal plane after the other.
TileFrames full_frames(const Item& data, const Grid& grid, std::uint64_t frames, image::Warnings& warnings,
                       std::string_view name) {
  const std::uint64_t planes = std::max<std::uint64_t>(1, count_of(data, tags::kFocalPlanes));
  const std::uint64_t tiles = grid.columns * grid.rows;  // below 2^64: both are below 2^32
  if (frames / planes != tiles || frames % planes != 0) {
    throw Error(Code::kBadFile, fmt::format("{}: expected a frame for each of {} x {} tiles in {} focal planes, got {}",
                                            name, grid.columns, grid.rows, planes, frames));
  }
  if (planes > 1) {
    image::add_warning(warnings,
                       fmt::format("focal_planes: {} in the file, number {} is read", planes, planes / 2 + 1));
  }
  return {grid.columns, grid.rows, planes / 2 * tiles};
}

/// Where a frame lies in the slide.
struct Position {
  std::uint64_t place;
  double z;
  std::uint64_t frame;
};

Position position_of(const Item& data, const Grid& grid, std::uint64_t frame, std::string_view name) {
  // Its own: a place that all share is none, and NumberOfFrames may be anything.
  const Item* own = data.item(tags::kPerFrame, frame);
  const Item* group = own == nullptr ? nullptr : own->item(tags::kSlidePosition, 0);
  const std::uint64_t x = group == nullptr ? 0 : count_of(*group, tags::kColumnPosition);
  const std::uint64_t y = group == nullptr ? 0 : count_of(*group, tags::kRowPosition);
  if (x == 0 || y == 0) {
    throw Error(Code::kBadFile, fmt::format("{}: frame {} does not say where in the slide it lies", name, frame + 1));
  }
  if ((x - 1) % grid.tile_width != 0 || (y - 1) % grid.tile_height != 0) {
    throw Error(Code::kUnsupported, fmt::format("{}: tiles that do not lie on a grid are not read: frame {} of {} x {} "
                                                "is at {}, {}",
                                                name, frame + 1, grid.tile_width, grid.tile_height, x, y));
  }
  const std::uint64_t column = (x - 1) / grid.tile_width;
  const std::uint64_t row = (y - 1) / grid.tile_height;
  if (column >= grid.columns || row >= grid.rows) {
    throw Error(Code::kBadFile, fmt::format("{}: frame {} lies outside of the slide", name, frame + 1));
  }
  return {row * grid.columns + column, number(*group, tags::kZOffset).value_or(0), frame};
}

/// TILED_SPARSE: each frame says where it is.
TileFrames sparse_frames(const Item& data, const Grid& grid, std::uint64_t frames, image::Warnings& warnings,
                         std::string_view name) {
  std::vector<Position> positions;
  std::vector<double> depths;
  for (std::uint64_t i = 0; i < frames; ++i) {  // each is there, or the first that is not ends this
    positions.push_back(position_of(data, grid, i, name));
    depths.push_back(positions.back().z);
  }
  std::sort(depths.begin(), depths.end());
  depths.erase(std::unique(depths.begin(), depths.end()), depths.end());
  const double depth = depths[depths.size() / 2];
  if (depths.size() > 1) {
    image::add_warning(
        warnings, fmt::format("focal_planes: {} in the file, number {} is read", depths.size(), depths.size() / 2 + 1));
  }
  std::vector<TileFrames::Placed> placed;
  for (const Position& position : positions) {
    if (position.z == depth) placed.push_back({position.place, position.frame});
  }
  std::sort(placed.begin(), placed.end(), [](const auto& a, const auto& b) { return a.place < b.place; });
  const auto twice =
      std::adjacent_find(placed.begin(), placed.end(), [](const auto& a, const auto& b) { return a.place == b.place; });
  if (twice != placed.end()) {
    throw Error(Code::kBadFile, fmt::format("{}: frames {} and {} lie in one place", name, twice->frame + 1,
                                            std::next(twice)->frame + 1));
  }
  return {grid.columns, grid.rows, std::move(placed)};
}

TileFrames frames_of(const Item& data, const Grid& grid, std::uint64_t frames, image::Warnings& warnings,
                     std::string_view name) {
  if (data.item(tags::kOpticalPaths, 1) != nullptr) {
    throw Error(Code::kUnsupported, fmt::format("{}: a slide of several optical paths is not read", name));
  }
  if (data.find(tags::kConcatenationOffset) != nullptr) {
    throw Error(Code::kUnsupported, fmt::format("{}: a part of a concatenation, whose tiles are in several files, is "
                                                "not read",
                                                name));
  }
  const std::string organization = text(data, tags::kOrganization);
  const bool placed = functional_group(data, 0, tags::kSlidePosition) != nullptr;
  if (organization == "TILED_SPARSE" || (organization != "TILED_FULL" && placed)) {
    return sparse_frames(data, grid, frames, warnings, name);
  }
  return full_frames(data, grid, frames, warnings, name);
}

std::vector<std::byte> profile_of(const Item& data, std::string_view name) {
  const Item* path = data.item(tags::kOpticalPaths, 0);
  const Element* profile = path == nullptr ? nullptr : path->find(tags::kIccProfile);
  if (profile == nullptr) profile = data.find(tags::kIccProfile);
  if (profile == nullptr) return {};
  if (profile->value.size() > kMaxProfileBytes) {
    throw Error(Code::kTooLarge, fmt::format("{}: an ICC profile of {} bytes, the limit is {}", name,
                                             profile->value.size(), kMaxProfileBytes));
  }
  return {profile->value.begin(), profile->value.end()};
}

std::array<double, 2> mpp_of(const Item& data) {
  const Item* measures = functional_group(data, 0, tags::kPixelMeasures);
  const auto spacing = numbers<2>(measures != nullptr ? *measures : data, tags::kSpacing);
  constexpr double kPerMm = 1000;
  constexpr double kMostMm = 1000;  // of a pixel; with more a tile's resolution would not be finite
  const auto fits = [](double mm) { return mm > 0 && mm < kMostMm; };
  if (!spacing || !fits((*spacing)[0]) || !fits((*spacing)[1])) return {};
  return {(*spacing)[1] * kPerMm, (*spacing)[0] * kPerMm};
}

}  // namespace

std::optional<std::uint64_t> TileFrames::at(std::uint64_t column, std::uint64_t row) const noexcept {
  if (column >= columns_ || row >= rows_) return std::nullopt;
  const std::uint64_t place = row * columns_ + column;
  if (full_) return first_ + place;
  const auto found = std::lower_bound(placed_.begin(), placed_.end(), place,
                                      [](const Placed& tile, std::uint64_t wanted) { return tile.place < wanted; });
  return found != placed_.end() && found->place == place ? std::optional(found->frame) : std::nullopt;
}

std::optional<SlideHead> slide_head(std::span<const std::byte> bytes) {
  try {
    if (!looks_like_dicom(bytes)) return std::nullopt;
    const Object object = load_header(bytes, "");
    if (text(object.data, tags::kSopClass) != kSlideClass) return std::nullopt;
    return head_of(object.data);
  } catch (const Error&) {  // whoever reads it is told why it cannot be
    return std::nullopt;
  }
}

SlideObject open_slide(std::span<const std::byte> bytes, const Options& options, std::string_view name) {
  Object object = load_object(bytes, options.max_pixels, name);
  check_class(object.data, name);
  const Layout layout = read_layout(object.data, false, options.max_pixels, name);
  SlideHead head = head_of(object.data);
  if (head.width == 0 || head.height == 0) {
    throw Error(Code::kBadFile, fmt::format("{}: the slide does not say its size (TotalPixelMatrixColumns)", name));
  }
  const Grid grid{(head.width - 1) / layout.columns + 1, (head.height - 1) / layout.rows + 1, layout.columns,
                  layout.rows};
  image::Warnings warnings;
  TileFrames places = frames_of(object.data, grid, layout.frames, warnings, name);
  std::vector<std::byte> profile = profile_of(object.data, name);
  const std::array<double, 2> mpp = mpp_of(object.data);
  return {std::move(head),    layout.columns,      layout.rows,       mpp,
          std::move(profile), std::move(warnings), std::move(places), source_of(std::move(object), options, name)};
}

}  // namespace mi2::dicom
