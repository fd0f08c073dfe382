// NRRD, in one file or a header (.nhdr) with its data beside it. Source: teem.sourceforge.net/nrrd/format.html.

#include <algorithm>
#include <array>
#include <string>

#include <fmt/format.h>

#include "image/readers.hpp"
#include "volume/formats.hpp"
#include "volume/header_text.hpp"

#include <mi2/error.hpp>

namespace mi2::volume {
namespace {

constexpr std::string_view kMagic = "NRRD000";

struct Type {
  std::string_view names;  ///< separated by |
  Sample sample;
};

constexpr std::array kTypes = {
    Type{"|uchar|unsigned char|uint8|uint8_t|", Sample::kU8},
    Type{"|signed char|int8|int8_t|", Sample::kI8},
    Type{"|ushort|unsigned short|unsigned short int|uint16|uint16_t|", Sample::kU16},
    Type{"|short|short int|signed short|signed short int|int16|int16_t|", Sample::kI16},
    Type{"|uint|unsigned int|uint32|uint32_t|", Sample::kU32},
    Type{"|int|signed int|int32|int32_t|", Sample::kI32},
    Type{"|ulonglong|unsigned long long|unsigned long long int|uint64|uint64_t|", Sample::kU64},
    Type{"|longlong|long long|long long int|signed long long|signed long long int|int64|int64_t|", Sample::kI64},
    Type{"|float|", Sample::kF32},
    Type{"|double|", Sample::kF64},
};

struct Header {
  Fields fields;
  std::size_t end = 0;  ///< of the header, where its own data start
};

/// "field: value" lines up to an empty one. Keys with their own values (":=") are not fields.
std::optional<Header> header_of(Bytes file) {
  Header header;
  std::size_t at = 0;
  std::optional<std::string_view> line = next_line(file, at);
  if (!line || !line->starts_with(kMagic)) return std::nullopt;
  while ((line = next_line(file, at))) {
    if (line->empty()) {
      header.end = at;
      return header;
    }
    const std::size_t colon = line->find(':');
    if (line->starts_with('#') || colon == std::string_view::npos || line->substr(colon).starts_with(":=")) continue;
    std::string name = lower(trim(line->substr(0, colon)));
    std::erase(name, ' ');
    header.fields.add(std::move(name), trim(line->substr(colon + 1)));
  }
  // A header alone need not end with an empty line.
  if (!header.fields.has("datafile")) return std::nullopt;
  header.end = file.size();
  return header;
}

[[noreturn]] void refuse(std::string_view name, std::string_view what, std::string_view value) {
  throw Error(Code::kUnsupported, fmt::format("{}: NRRD {} '{}' is not read", name, what, image::library_text(value)));
}

/// A direction of each axis; none for those that are not in space.
std::vector<std::optional<Vector>> directions_in(std::string_view text, std::size_t rank, std::string_view name) {
  std::vector<std::optional<Vector>> directions;
  while (!(text = trim(text)).empty()) {
    if (text.starts_with("none")) {
      directions.emplace_back(std::nullopt);
      text.remove_prefix(4);
      continue;
    }
    const std::size_t close = text.find(')');
    if (text.front() != '(' || close == std::string_view::npos) break;
    std::string inner(text.substr(1, close - 1));
    std::replace(inner.begin(), inner.end(), ',', ' ');
    const std::vector<double> numbers = numbers_of(inner, "space directions", name);
    if (numbers.size() < 3) refuse(name, "space of dimension", fmt::format("{}", numbers.size()));
    directions.emplace_back(Vector{numbers[0], numbers[1], numbers[2]});
    text.remove_prefix(close + 1);
  }
  if (!text.empty() || directions.size() != rank) {
    throw Error(Code::kBadFile, fmt::format("{}: expected {} space directions, got {}", name, rank, directions.size()));
  }
  return directions;
}

/// What makes left, back and up of the space's own directions; nullopt for one that is not a patient's.
std::optional<Vector> signs_of(std::string_view space) {
  std::string known = lower(space);
  std::erase(known, '-');
  if (known.ends_with("time")) known.resize(known.size() - 4);
  if (known == "rightanteriorsuperior" || known == "ras" || known == "rast") return Vector{-1, -1, 1};
  if (known == "leftanteriorsuperior" || known == "las" || known == "last") return Vector{1, -1, 1};
  if (known == "leftposteriorsuperior" || known == "lps" || known == "lpst") return Vector{1, 1, 1};
  return std::nullopt;
}

/// Whether the values along an axis are one voxel's: then its kind.
bool is_of_one_voxel(std::string_view kind) {
  constexpr std::string_view kSeries = "|list|time|none|???|";
  return kSeries.find(fmt::format("|{}|", kind)) == std::string_view::npos && kind != "domain" && kind != "space";
}

struct Layout {
  Axes axes;
  std::array<std::size_t, 3> in_space{};  ///< which axis of the file each axis of the volume is
  std::size_t spatial = 0;
};

/// Takes colours off the axes, and finds which are in space.
Layout layout_of(const Fields& fields, Volume& volume, const std::vector<std::optional<Vector>>& directions,
                 std::string_view name) {
  std::vector<std::uint64_t> sizes = sizes_of(fields["sizes"], "sizes", name);
  std::vector<std::string_view> kinds = words_of(fields["kinds"]);
  kinds.resize(sizes.size(), "???");
  Layout layout;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    const std::string kind = lower(kinds[i]);
    const bool space = directions.empty() ? kind == "domain" || kind == "space" || (kind == "???" && layout.spatial < 3)
                                          : directions[i].has_value();
    if (!space && is_of_one_voxel(kind) && sizes[i] != 1) {
      const bool colour = i == 0 && volume.sample == Sample::kU8 && (sizes[i] == 3 || sizes[i] == 4);
      if (!colour) refuse(name, "axis of kind", kinds[i]);
      volume.sample = sizes[i] == 3 ? Sample::kRgb : Sample::kRgba;
      continue;
    }
    if (space && layout.spatial == 3) refuse(name, "space of dimension", "4");
    layout.axes.sizes.push_back(sizes[i]);
    layout.axes.roles.push_back(space ? static_cast<int>(layout.spatial) : Axes::kSeries);
    if (space) layout.in_space.at(layout.spatial++) = i;
  }
  return layout;
}

void set_orientation(Volume& volume, const Fields& fields, const Layout& layout,
                     const std::vector<std::optional<Vector>>& directions, std::string_view name) {
  const std::optional<Vector> signs = signs_of(fields["space"]);
  if (!signs || directions.empty() || layout.spatial < 3) {
    image::add_warning(
        volume.warnings,
        "no_orientation: the file does not say which way the volume lies; slices are as they are stored");
    const std::vector<double> spacings = numbers_of(fields["spacings"], "spacings", name);
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const std::size_t of_file = layout.in_space.at(axis);
      const double spacing = axis < layout.spatial && of_file < spacings.size() ? std::abs(spacings[of_file]) : 1;
      volume.step.at(axis).at(axis) = std::isfinite(spacing) && spacing > 0 ? spacing : 1;
    }
    return;
  }
  std::string origin(fields["spaceorigin"]);
  std::replace_if(
      origin.begin(), origin.end(), [](char c) { return c == '(' || c == ')' || c == ','; }, ' ');
  const std::vector<double> first = numbers_of(origin, "space origin", name);
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      volume.step.at(axis).at(i) = signs->at(i) * directions[layout.in_space.at(axis)]->at(i);
    }
    if (i < first.size()) volume.origin.at(i) = signs->at(i) * first[i];
  }
}

void set_sample(Volume& volume, const Fields& fields, std::string_view name) {
  const std::string type = fmt::format("|{}|", fmt::join(words_of(lower(fields["type"])), " "));
  const auto* const found = std::find_if(
      kTypes.begin(), kTypes.end(), [&](const Type& one) { return one.names.find(type) != std::string_view::npos; });
  if (found == kTypes.end()) refuse(name, "type", fields["type"]);
  volume.sample = found->sample;
  const std::string endian = lower(fields["endian"]);
  if (bytes_of(volume.sample) > 1 && endian != "little" && endian != "big") {
    throw Error(Code::kBadFile,
                fmt::format("{}: expected endian little or big, got '{}'", name, image::library_text(endian)));
  }
  volume.big_endian = endian == "big";
}

void take_data(Volume& volume, const Fields& fields, Bytes data, std::uint64_t size, const Unpacking& unpacking,
               std::string_view name) {
  const std::string encoding = lower(fields["encoding"]);
  const bool gzip = encoding == "gzip" || encoding == "gz";
  if (!gzip && encoding != "raw") refuse(name, "encoding", fields["encoding"]);
  const auto skip_of = [&](std::string_view field) {
    const std::optional<std::int64_t> skip = fields.has(field) ? whole_number_of(fields[field]) : 0;
    if (!skip || *skip < -1) refuse(name, field, fields[field]);
    return *skip;
  };
  const std::int64_t bytes = skip_of("byteskip");
  if (skip_of("lineskip") != 0) refuse(name, "lineskip", fields["lineskip"]);
  if (gzip) {
    if (bytes != 0) refuse(name, "byteskip", fields["byteskip"]);
    return take_compressed(volume, data, 0, size, unpacking, name);
  }
  const std::uint64_t skip = bytes >= 0 ? static_cast<std::uint64_t>(bytes) : data.size() - std::min(data.size(), size);
  take_raw(volume, data.subspan(std::min<std::uint64_t>(skip, data.size())), size, name);
}

}  // namespace

bool looks_like_nrrd(Bytes head) {
  return std::string_view(reinterpret_cast<const char*>(head.data()), head.size()).starts_with(kMagic);
}

Volume read_nrrd(Bytes file, const Unpacking& unpacking, std::string_view name) {
  const std::optional<Header> header = header_of(file);
  if (!header) throw Error(Code::kBadFile, fmt::format("{}: an NRRD header that does not end", name));
  const Fields& fields = header->fields;
  if (fields.has("datafile")) {
    throw Error(Code::kUnsupported, fmt::format("{}: an NRRD header whose voxels are in another file", name));
  }
  const std::vector<std::uint64_t> sizes = sizes_of(fields["sizes"], "sizes", name);
  constexpr std::size_t kMostAxes = 16;  // teem's own limit
  if (sizes.empty() || sizes.size() > kMostAxes || fields["dimension"] != fmt::format("{}", sizes.size())) {
    throw Error(Code::kBadFile, fmt::format("{}: expected as many sizes as dimensions, 1 to {}, got {}", name,
                                            kMostAxes, sizes.size()));
  }
  Volume volume;
  set_sample(volume, fields, name);
  std::vector<std::optional<Vector>> directions;
  if (fields.has("spacedirections")) directions = directions_in(fields["spacedirections"], sizes.size(), name);
  const Layout layout = layout_of(fields, volume, directions, name);
  const std::uint64_t size = set_axes(volume, layout.axes, name);
  set_orientation(volume, fields, layout, directions, name);
  take_data(volume, fields, file.subspan(header->end), size, unpacking, name);
  return volume;
}

std::optional<std::filesystem::path> nrrd_data_file(Bytes header, const std::filesystem::path& path) {
  const std::optional<Header> found = header_of(header);
  if (!found || !found->fields.has("datafile")) return std::nullopt;
  const std::string_view file = found->fields["datafile"];
  if (file.starts_with("LIST") || file.find('%') != std::string_view::npos) {
    throw Error(Code::kUnsupported, fmt::format("{}: its voxels are in several files", path.string()));
  }
  return sibling(path, file.starts_with("./") ? file.substr(2) : file);
}

std::string nrrd_header_of_one_file(Bytes header) {
  std::string out;
  std::size_t at = 0;
  while (const std::optional<std::string_view> line = next_line(header, at)) {
    if (line->empty()) break;
    const std::string start = lower(line->substr(0, 10));
    if (start.starts_with("data file:") || start.starts_with("datafile:")) continue;
    out += *line;
    out += '\n';
  }
  return out + '\n';
}

}  // namespace mi2::volume
