// MetaImage, in one file (.mha) or a header (.mhd) with its data beside it. Source: itk.org, MetaIO/Documentation.

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include <fmt/format.h>

#include "image/readers.hpp"
#include "volume/formats.hpp"
#include "volume/header_text.hpp"

#include <mi2/error.hpp>

namespace mi2::volume {
namespace {

struct Type {
  std::string_view name;
  Sample sample;
};

/// MET_LONG is 4 bytes to some writers and 8 to others, and so not here.
constexpr std::array kTypes = {
    Type{"MET_UCHAR", Sample::kU8},       Type{"MET_CHAR", Sample::kI8},       Type{"MET_USHORT", Sample::kU16},
    Type{"MET_SHORT", Sample::kI16},      Type{"MET_UINT", Sample::kU32},      Type{"MET_INT", Sample::kI32},
    Type{"MET_ULONG_LONG", Sample::kU64}, Type{"MET_LONG_LONG", Sample::kI64}, Type{"MET_FLOAT", Sample::kF32},
    Type{"MET_DOUBLE", Sample::kF64},
};

struct Header {
  Fields fields;
  std::size_t end = 0;
};

/// "Key = value" lines, of which ElementDataFile is the last.
std::optional<Header> header_of(Bytes file) {
  Header header;
  std::size_t at = 0;
  while (const std::optional<std::string_view> line = next_line(file, at)) {
    const std::size_t equals = line->find('=');
    if (equals == std::string_view::npos) {
      if (trim(*line).empty() || line->starts_with('#')) continue;
      return std::nullopt;
    }
    const std::string_view key = trim(line->substr(0, equals));
    header.fields.add(std::string(key), trim(line->substr(equals + 1)));
    if (key != "ElementDataFile") continue;
    header.end = at;
    return header;
  }
  return std::nullopt;
}

bool is_true(std::string_view value) {
  return value.starts_with('T') || value.starts_with('t') || value.starts_with('1');
}

[[noreturn]] void refuse(std::string_view name, std::string_view what, std::string_view value) {
  throw Error(Code::kUnsupported,
              fmt::format("{}: MetaImage {} '{}' is not read", name, what, image::library_text(value)));
}

/// The first of several names that is there.
std::string_view any_of(const Fields& fields, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    if (fields.has(name)) return fields[name];
  }
  return {};
}

void set_sample(Volume& volume, const Fields& fields, std::string_view name) {
  std::string_view type = fields["ElementType"];
  if (type.ends_with("_ARRAY")) type.remove_suffix(6);
  const auto* const found =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const Type& one) { return one.name == type; });
  if (found == kTypes.end()) refuse(name, "ElementType", fields["ElementType"]);
  volume.sample = found->sample;
  volume.big_endian = is_true(any_of(fields, {"BinaryDataByteOrderMSB", "ElementByteOrderMSB"}));
  if (!fields.has("ElementNumberOfChannels")) return;
  const std::optional<std::int64_t> channels = whole_number_of(fields["ElementNumberOfChannels"]);
  if (channels == 1) return;
  if (volume.sample != Sample::kU8 || (channels != 3 && channels != 4)) {
    refuse(name, "ElementNumberOfChannels", fields["ElementNumberOfChannels"]);
  }
  volume.sample = channels == 3 ? Sample::kRgb : Sample::kRgba;
}

Axes axes_of(const Fields& fields, std::string_view name) {
  Axes axes;
  axes.sizes = sizes_of(fields["DimSize"], "DimSize", name);
  constexpr std::size_t kMostAxes = 10;  // MetaIO's own limit
  if (axes.sizes.empty() || axes.sizes.size() > kMostAxes || fields["NDims"] != fmt::format("{}", axes.sizes.size())) {
    throw Error(Code::kBadFile, fmt::format("{}: expected as many sizes as NDims, 1 to {}, got {}", name, kMostAxes,
                                            axes.sizes.size()));
  }
  for (std::size_t i = 0; i < axes.sizes.size(); ++i) axes.roles.push_back(i < 3 ? static_cast<int>(i) : Axes::kSeries);
  return axes;
}

/// Row i of TransformMatrix is the direction of axis i: left, back, up.
void set_orientation(Volume& volume, const Fields& fields, std::size_t rank, std::string_view name) {
  std::vector<double> spacing = numbers_of(any_of(fields, {"ElementSpacing", "ElementSize"}), "ElementSpacing", name);
  spacing.resize(std::max<std::size_t>(spacing.size(), 3), 1);
  const std::vector<double> matrix =
      numbers_of(any_of(fields, {"TransformMatrix", "Rotation", "Orientation"}), "TransformMatrix", name);
  const bool given = rank >= 3 && matrix.size() == rank * rank;
  if (!given && !matrix.empty() && matrix.size() != rank * rank) {
    throw Error(Code::kBadFile,
                fmt::format("{}: TransformMatrix: expected {} numbers, got {}", name, rank * rank, matrix.size()));
  }
  if (!given) {
    image::add_warning(
        volume.warnings,
        "no_orientation: the file does not say which way the volume lies; slices are as they are stored");
  }
  const std::vector<double> origin = numbers_of(any_of(fields, {"Offset", "Position", "Origin"}), "Offset", name);
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const double size = spacing[axis] != 0 ? std::abs(spacing[axis]) : 1;
    for (std::size_t i = 0; i < 3; ++i) {
      volume.step.at(axis).at(i) = size * (given ? matrix[axis * rank + i] : (axis == i ? 1 : 0));
    }
    if (axis < origin.size()) volume.origin.at(axis) = origin[axis];
  }
}

double scale_of(const Fields& fields, std::string_view key, double otherwise, std::string_view name) {
  if (!fields.has(key)) return otherwise;
  const std::vector<double> numbers = numbers_of(fields[key], key, name);
  return numbers.size() == 1 ? numbers[0] : NAN;  // which set_scale() refuses
}

void take_data(Volume& volume, const Fields& fields, Bytes data, std::uint64_t size, const Unpacking& unpacking,
               std::string_view name) {
  if (fields.has("BinaryData") && !is_true(fields["BinaryData"])) refuse(name, "BinaryData", "False");
  const std::optional<std::int64_t> skip = fields.has("HeaderSize") ? whole_number_of(fields["HeaderSize"]) : 0;
  if (!skip || *skip < -1) refuse(name, "HeaderSize", fields["HeaderSize"]);
  if (is_true(fields["CompressedData"])) {
    if (*skip > 0) refuse(name, "HeaderSize", fields["HeaderSize"]);
    return take_compressed(volume, data, 0, size, unpacking, name);
  }
  const std::uint64_t first =
      *skip >= 0 ? static_cast<std::uint64_t>(*skip) : data.size() - std::min(data.size(), size);
  take_raw(volume, data.subspan(std::min<std::uint64_t>(first, data.size())), size, name);
}

}  // namespace

bool looks_like_metaimage(Bytes head) {
  std::size_t at = 0;
  constexpr int kFirstLines = 8;
  for (int i = 0; i < kFirstLines; ++i) {
    const std::optional<std::string_view> line = next_line(head, at);
    if (!line) return false;
    const std::size_t equals = line->find('=');
    if (equals == std::string_view::npos) {
      if (trim(*line).empty() || line->starts_with('#')) continue;
      return false;
    }
    const std::string_view key = trim(line->substr(0, equals));
    if (key == "NDims") return true;
    if (key == "ObjectType" && trim(line->substr(equals + 1)) != "Image") return false;
  }
  return false;
}

Volume read_metaimage(Bytes file, const Unpacking& unpacking, std::string_view name) {
  const std::optional<Header> header = header_of(file);
  if (!header) throw Error(Code::kBadFile, fmt::format("{}: a MetaImage header without ElementDataFile", name));
  const Fields& fields = header->fields;
  if (lower(fields["ElementDataFile"]) != "local") {
    throw Error(Code::kUnsupported, fmt::format("{}: a MetaImage header whose voxels are in another file", name));
  }
  Volume volume;
  set_sample(volume, fields, name);
  const Axes axes = axes_of(fields, name);
  const std::uint64_t size = set_axes(volume, axes, name);
  set_orientation(volume, fields, axes.sizes.size(), name);
  if (!is_colour(volume.sample)) {
    set_scale(volume, scale_of(fields, "ElementToIntensityFunctionSlope", 1, name),
              scale_of(fields, "ElementToIntensityFunctionOffset", 0, name), name);
  }
  take_data(volume, fields, file.subspan(header->end), size, unpacking, name);
  return volume;
}

std::optional<std::filesystem::path> metaimage_data_file(Bytes header, const std::filesystem::path& path) {
  const std::optional<Header> found = header_of(header);
  if (!found) return std::nullopt;
  const std::string_view file = found->fields["ElementDataFile"];
  if (lower(file) == "local") return std::nullopt;
  if (file.starts_with("LIST") || file.find('%') != std::string_view::npos) {
    throw Error(Code::kUnsupported, fmt::format("{}: its voxels are in several files", path.string()));
  }
  return sibling(path, file.starts_with("./") ? file.substr(2) : file);
}

std::string metaimage_header_of_one_file(Bytes header) {
  std::string out;
  std::size_t at = 0;
  while (const std::optional<std::string_view> line = next_line(header, at)) {
    if (line->starts_with("ElementDataFile")) break;
    out += *line;
    out += '\n';
  }
  return out + "ElementDataFile = LOCAL\n";
}

}  // namespace mi2::volume
