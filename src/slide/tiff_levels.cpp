#include "slide/tiff_levels.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "slide/pyramid.hpp"

namespace mi2::slide {
namespace {

using image::TiffDirectory;
using Directories = std::span<const TiffDirectory>;

bool holds(std::string_view text, std::string_view part) noexcept { return text.find(part) != std::string_view::npos; }

/// Layouts in which tiles overlap, lie in other files or mean something else; empty: none of these.
std::string_view foreign_layout(Directories directories) noexcept {
  const TiffDirectory& first = directories.front();
  for (const TiffDirectory& one : directories) {
    if (one.hamamatsu) return "Hamamatsu NDPI";
    if (holds(one.xmp, "<iScan")) return "Ventana";
  }
  if (holds(first.description, "http://www.leica-microsystems.com/scn/")) return "Leica SCN";
  if (first.software.starts_with("Philips")) return "Philips TIFF";
  if (first.software.starts_with("MedScan")) return "Trestle";
  return {};
}

/// The number that starts a text; nullopt if none does, or it is no distance.
std::optional<double> distance_at(std::string_view text) noexcept {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || !std::isfinite(value) || value <= 0 || value > 1e6) return std::nullopt;
  return value;
}

/// "..|MPP = 0.2520|.."
std::array<double, 2> aperio_mpp(std::string_view description) noexcept {
  while (!description.empty()) {
    std::string_view field = description.substr(0, description.find('|'));
    description.remove_prefix(std::min(description.size(), field.size() + 1));
    const std::size_t equals = field.find('=');
    if (equals == std::string_view::npos) continue;
    std::string_view key = field.substr(0, equals);
    while (key.starts_with(' ')) key.remove_prefix(1);
    while (key.ends_with(' ')) key.remove_suffix(1);
    if (key != "MPP") continue;
    field.remove_prefix(equals + 1);
    while (field.starts_with(' ')) field.remove_prefix(1);
    const double mpp = distance_at(field).value_or(0);
    return {mpp, mpp};
  }
  return {};
}

/// The value of an attribute of an XML element's start tag.
std::string_view xml_attribute(std::string_view tag, const std::string& name) noexcept {
  const std::string start = name + "=\"";
  std::size_t at = tag.find(start);
  while (at != std::string_view::npos && at > 0 && tag[at - 1] != ' ' && tag[at - 1] != '\n') {
    at = tag.find(start, at + 1);
  }
  if (at == std::string_view::npos) return {};
  tag.remove_prefix(at + start.size());
  return tag.substr(0, tag.find('"'));
}

/// 0 for a unit that is none.
double um_of(std::string_view unit) noexcept {
  if (unit.empty() || unit == "\xC2\xB5m" || unit == "\xCE\xBCm" || unit == "um") return 1;
  return unit == "nm" ? 0.001 : unit == "mm" ? 1000 : unit == "cm" ? 10000 : 0;
}

/// PhysicalSizeX and Y of the first Pixels.
std::array<double, 2> ome_mpp(std::string_view description) {
  const std::size_t start = description.find("<Pixels");
  if (start == std::string_view::npos) return {};
  const std::string_view tag = description.substr(start, description.find('>', start) - start);
  std::array<double, 2> mpp{};
  for (std::size_t i = 0; i < 2; ++i) {
    const std::string name = i == 0 ? "PhysicalSizeX" : "PhysicalSizeY";
    mpp.at(i) = distance_at(xml_attribute(tag, name)).value_or(0) * um_of(xml_attribute(tag, name + "Unit"));
  }
  return mpp[0] > 0 && mpp[1] > 0 ? mpp : std::array<double, 2>{};
}

Level size_of(const TiffDirectory& directory) { return {directory.width, directory.height, 1, 1, {}}; }

bool smaller_copy(const TiffDirectory& finest, const TiffDirectory& one) {
  return one.width > 0 && one.height > 0 && one.width < finest.width && one.height < finest.height &&
         same_shape(size_of(finest), size_of(one));
}

/// Tiled copies of the first directory, below it or after it.
std::vector<std::size_t> copies_of_first(Directories directories, std::string_view name) {
  const TiffDirectory& first = directories.front();
  std::vector<std::size_t> levels = {0};
  bool below_first = true;
  for (std::size_t i = 1; i < directories.size(); ++i) {
    const TiffDirectory& one = directories[i];
    below_first = below_first && one.sub;
    if (one.sub && !below_first) continue;
    if (!one.sub && one.width == first.width && one.height == first.height) {
      throw Error(Code::kUnsupported,
                  fmt::format("{}: expected a whole slide, got a TIFF of several images or planes of "
                              "{} x {} pixels; without --level, --mpp and --tiles its pages are "
                              "frames",
                              name, first.width, first.height));
    }
    if ((one.tiled || one.sub) && smaller_copy(first, one)) levels.push_back(i);
  }
  return levels;
}

std::vector<std::size_t> aperio_levels(Directories directories) {
  std::vector<std::size_t> levels;
  for (std::size_t i = 0; i < directories.size(); ++i) {
    // Thumbnail, label and macro image are in strips.
    if (!directories[i].tiled || directories[i].sub) continue;
    if (i == 0 || smaller_copy(directories.front(), directories[i])) levels.push_back(i);
  }
  return levels;
}

}  // namespace

TiffLevels find_tiff_levels(std::span<const TiffDirectory> directories, std::string_view name) {
  const TiffDirectory& first = directories.front();
  TiffLevels found;
  found.other = foreign_layout(directories);
  if (!found.other.empty()) return found;
  if (!first.tiled) {
    throw Error(Code::kUnsupported,
                fmt::format("{}: expected a whole slide, got a TIFF without tiles; without --level, "
                            "--mpp and --tiles it is read as an image",
                            name));
  }
  if (first.description.starts_with("Aperio")) {
    found.mpp = aperio_mpp(first.description);
    found.directories = aperio_levels(directories);
  } else {
    const bool ome = holds(first.description, "<OME");
    found.mpp = ome ? ome_mpp(first.description) : first.mpp;
    found.directories = copies_of_first(directories, name);
  }
  std::stable_sort(found.directories.begin(), found.directories.end(),
                   [&](std::size_t a, std::size_t b) { return directories[a].width > directories[b].width; });
  // A level that is there twice, below and after, is one.
  const auto last = std::unique(found.directories.begin(), found.directories.end(), [&](std::size_t a, std::size_t b) {
    return directories[a].width == directories[b].width && directories[a].height == directories[b].height;
  });
  found.directories.erase(last, found.directories.end());
  return found;
}

}  // namespace mi2::slide
