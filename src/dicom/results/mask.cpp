#include "dicom/results/mask.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <span>
#include <system_error>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/table.hpp"
#include "dicom/attributes.hpp"
#include "dicom/results/copied_values.hpp"

namespace mi2::dicom::results {
namespace {

constexpr double kMostPixels = 65535;  // of a side, as Rows and Columns have
constexpr double kWhole = 100;         // percent
constexpr std::array<std::string_view, 4> kSides{"x", "y", "width", "height"};
constexpr Tag kManufacturer = 0x00080070, kStation = 0x00081010, kModel = 0x00081090;

struct Side {
  double value = 0;
  bool percent = false;
};

/// Nothing if it is neither a whole number of pixels nor a percentage.
std::optional<Side> side_of(std::string_view text) {
  Side side{0, text.ends_with('%')};
  if (side.percent) text.remove_suffix(1);
  if (text.empty() || text.size() > 9 || !all_of(text, side.percent ? "0123456789." : "0123456789")) return {};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), side.value);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return side.value <= (side.percent ? kWhole : kMostPixels) ? std::optional(side) : std::nullopt;
}

/// Nothing if it is no rectangle.
std::optional<Mask> rectangle_of(const std::array<std::string_view, 4>& texts) {
  std::array<Side, 4> sides;
  for (std::size_t i = 0; i < sides.size(); ++i) {
    const std::optional<Side> side = side_of(texts.at(i));
    if (!side || (i > 0 && side->percent != sides[0].percent)) return std::nullopt;
    sides.at(i) = *side;
  }
  if (sides[2].value <= 0 || sides[3].value <= 0) return std::nullopt;
  Mask mask;
  mask.x = sides[0].value;
  mask.y = sides[1].value;
  mask.width = sides[2].value;
  mask.height = sides[3].value;
  mask.percent = sides[0].percent;
  return mask;
}

/// Where rows of a table have what a mask asks of an object; nothing where the table has no such column.
class Columns {
 public:
  Columns(const base::Table& table, std::string_view name) {
    for (std::size_t i = 0; i < kSides.size(); ++i) sides_.at(i) = table.need(std::span(&kSides.at(i), 1));
    constexpr std::array<std::string_view, 6> kAsked{"modality", "manufacturer", "model", "station", "rows", "columns"};
    for (std::size_t i = 0; i < kAsked.size(); ++i) asked_.at(i) = table.find(kAsked.at(i));
    // A column that is spelt another way would make its line one of all objects.
    for (const std::string& column : table.header()) {
      const auto is_it = [lower = base::lower_ascii(column)](std::string_view known) { return known == lower; };
      if (std::any_of(kSides.begin(), kSides.end(), is_it) || std::any_of(kAsked.begin(), kAsked.end(), is_it)) {
        continue;
      }
      throw Error(Code::kBadFile,
                  fmt::format("{}: expected the columns x, y, width and height, and of {}, got '{}'", name,
                              "modality, manufacturer, model, station, rows, columns", printable(column)));
    }
  }

  [[nodiscard]] Mask mask_of(const base::CsvRow& row, std::string_view name) const {
    std::array<std::string, 4> trimmed_sides;
    std::array<std::string_view, 4> sides;
    for (std::size_t i = 0; i < sides.size(); ++i) {
      sides.at(i) = trimmed_sides.at(i) = trimmed(row.fields[sides_.at(i)]);
    }
    std::optional<Mask> mask = rectangle_of(sides);
    if (!mask) fail(row, name, "expected x, y, width and height in whole pixels, or all in percent");
    mask->modality = asked(row, 0);
    mask->manufacturer = asked(row, 1);
    mask->model = asked(row, 2);
    mask->station = asked(row, 3);
    mask->rows = pixels(row, 4, name);
    mask->columns = pixels(row, 5, name);
    return *std::move(mask);
  }

 private:
  [[noreturn]] static void fail(const base::CsvRow& row, std::string_view name, std::string_view expected) {
    throw Error(Code::kBadFile, fmt::format("{}: line {}: {}", name, row.line, expected));
  }

  [[nodiscard]] std::string asked(const base::CsvRow& row, std::size_t column) const {
    return asked_.at(column) ? upper(trimmed(row.fields[*asked_.at(column)])) : std::string();
  }

  [[nodiscard]] std::uint64_t pixels(const base::CsvRow& row, std::size_t column, std::string_view name) const {
    const std::string text = asked(row, column);
    if (text.empty()) return 0;
    const std::optional<Side> side = side_of(text);
    if (!side || side->percent || side->value < 1) fail(row, name, "expected rows and columns in pixels, 1 to 65535");
    return static_cast<std::uint64_t>(side->value);
  }

  std::array<std::size_t, 4> sides_{};
  std::array<std::optional<std::size_t>, 6> asked_;
};

bool has(const Item& data, Tag tag, const std::string& wanted) {
  if (wanted.empty()) return true;
  const Element* const element = data.find(tag);
  return element != nullptr && upper(trimmed(text_of(element->value, 64))) == wanted;
}

bool is_of(const Mask& mask, const Item& data, std::uint64_t rows, std::uint64_t columns) {
  return has(data, tags::kModality, mask.modality) && has(data, kManufacturer, mask.manufacturer) &&
         has(data, kModel, mask.model) && has(data, kStation, mask.station) && (mask.rows == 0 || mask.rows == rows) &&
         (mask.columns == 0 || mask.columns == columns);
}

Box box_of(const Mask& mask, std::uint64_t rows, std::uint64_t columns) {
  constexpr double kNothing = 1e-6;  // of a pixel: what sums and products of decimals are beside it
  const auto scaled = [&](double value, std::uint64_t side) {
    return mask.percent ? value / kWhole * static_cast<double>(side) : value;
  };
  const auto first = [&](double at, std::uint64_t side) {
    return std::min(static_cast<std::uint64_t>(std::floor(scaled(at, side) + kNothing)), side);
  };
  const auto last = [&](double at, std::uint64_t side) {
    return std::min(static_cast<std::uint64_t>(std::max(0.0, std::ceil(scaled(at, side) - kNothing))), side);
  };
  return {first(mask.x, columns), first(mask.y, rows), last(mask.x + mask.width, columns),
          last(mask.y + mask.height, rows)};
}

}  // namespace

Mask parse_mask(std::string_view text) {
  std::array<std::string_view, 4> sides;
  std::string_view rest = text;
  for (std::size_t i = 0; i < sides.size(); ++i) {
    const std::size_t end = i + 1 < sides.size() ? std::min(rest.find(','), rest.size()) : rest.size();
    sides.at(i) = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (const std::optional<Mask> mask = rectangle_of(sides)) return *mask;
  throw Error(Code::kBadArgument, fmt::format("mask: expected X,Y,WIDTH,HEIGHT in whole pixels, as in 0,0,640,48, or "
                                              "all in percent, as in 0%,0%,100%,12.5%, got '{}'",
                                              printable(text)));
}

std::vector<Mask> parse_masks(std::string_view csv, std::string_view name) {
  constexpr std::size_t kMostColumns = 10;
  base::CsvLimits limits;
  limits.rows = kMostMasks;
  limits.fields = (kMostMasks + 1) * kMostColumns;
  const base::Table table = base::Table::parse(csv, name, limits);
  const Columns columns(table, name);
  std::vector<Mask> masks;
  for (const base::CsvRow& row : table.rows()) masks.push_back(columns.mask_of(row, name));
  if (masks.empty()) throw Error(Code::kBadFile, fmt::format("{}: expected lines of rectangles, got none", name));
  return masks;
}

Boxes boxes_of(const std::vector<Mask>& masks, const Item& data, std::uint64_t rows, std::uint64_t columns) {
  Boxes found;
  for (const Mask& mask : masks) {
    if (!is_of(mask, data, rows, columns)) continue;
    const Box box = box_of(mask, rows, columns);
    if (box.left >= box.right || box.top >= box.bottom) {
      found.outside = true;
    } else if (std::find(found.boxes.begin(), found.boxes.end(), box) == found.boxes.end()) {
      found.boxes.push_back(box);
    }
  }
  return found;
}

}  // namespace mi2::dicom::results
