// NIfTI-1 and NIfTI-2, plain or in gzip. Source: nifti1.h, nifti2.h and nibabel.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <string>

#include <fmt/format.h>

#include "base/inflate.hpp"
#include "volume/formats.hpp"
#include "volume/nifti_header.hpp"
#include "volume/orientation.hpp"

#include <mi2/error.hpp>

namespace mi2::volume {
namespace {

struct Datatype {
  int code;
  std::string_view name;
  std::optional<Sample> sample;  ///< none: known only to be refused by name
};

constexpr std::array kDatatypes = {
    Datatype{2, "uint8", Sample::kU8},          Datatype{256, "int8", Sample::kI8},
    Datatype{512, "uint16", Sample::kU16},      Datatype{4, "int16", Sample::kI16},
    Datatype{768, "uint32", Sample::kU32},      Datatype{8, "int32", Sample::kI32},
    Datatype{1280, "uint64", Sample::kU64},     Datatype{1024, "int64", Sample::kI64},
    Datatype{16, "float32", Sample::kF32},      Datatype{64, "float64", Sample::kF64},
    Datatype{128, "RGB24", Sample::kRgb},       Datatype{2304, "RGBA32", Sample::kRgba},
    Datatype{1, "binary", std::nullopt},        Datatype{32, "complex64", std::nullopt},
    Datatype{1536, "float128", std::nullopt},   Datatype{1792, "complex128", std::nullopt},
    Datatype{2048, "complex256", std::nullopt},
};

struct Intent {
  int code;
  std::string_view name;
};
/// What makes a voxel more than one number.
constexpr std::array kIntents = {
    Intent{1004, "matrices"},      Intent{1005, "symmetric matrices"},
    Intent{1006, "displacements"}, Intent{1007, "vectors"},
    Intent{1008, "points"},        Intent{1009, "triangles"},
    Intent{1010, "quaternions"},
};

bool is_gzip(Bytes file) {
  return file.size() > 2 && std::to_integer<int>(file[0]) == 0x1F && std::to_integer<int>(file[1]) == 0x8B;
}

std::string_view chars(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

/// The header of a file, plain or compressed.
std::optional<NiftiHeader> header_of(Bytes file) {
  if (!is_gzip(file)) return read_nifti_header(file);
  std::array<char, 540> start{};
  const std::size_t got = base::inflate_some(chars(file), start);
  return read_nifti_header(std::as_bytes(std::span(start).first(got)));
}

Sample sample_of(const NiftiHeader& header, std::string_view name) {
  const auto* const found = std::find_if(kDatatypes.begin(), kDatatypes.end(),
                                         [&](const Datatype& type) { return type.code == header.datatype; });
  if (found == kDatatypes.end()) {
    throw Error(Code::kBadFile, fmt::format("{}: NIfTI has no data type {}", name, header.datatype));
  }
  if (!found->sample) throw Error(Code::kUnsupported, fmt::format("{}: voxels of {} are not read", name, found->name));
  return *found->sample;
}

Axes axes_of(const NiftiHeader& header, std::string_view name) {
  const std::int64_t rank = header.dim[0];
  if (rank < 1 || rank > 7) {
    throw Error(Code::kBadFile, fmt::format("{}: expected 1 to 7 dimensions, got {}", name, rank));
  }
  Axes axes;
  for (int i = 1; i <= static_cast<int>(rank); ++i) {
    const std::int64_t size = header.dim.at(static_cast<std::size_t>(i));
    if (size < 0) throw Error(Code::kBadFile, fmt::format("{}: a volume of size {} along axis {}", name, size, i));
    axes.sizes.push_back(static_cast<std::uint64_t>(size));
    axes.roles.push_back(i <= 3 ? i - 1 : Axes::kSeries);
  }
  const auto* const intent =
      std::find_if(kIntents.begin(), kIntents.end(), [&](const Intent& one) { return one.code == header.intent; });
  if (intent != kIntents.end() && rank >= 5 && header.dim[5] > 1) {
    throw Error(Code::kUnsupported, fmt::format("{}: voxels that are {} are not read", name, intent->name));
  }
  return axes;
}

/// By left, back and up, in mm.
void set_affine(Volume& volume, const NiftiHeader& header, const Affine& affine) {
  constexpr int kMetre = 1;
  constexpr int kMicron = 3;
  const int unit = header.units & 7;
  const double mm = unit == kMetre ? 1000 : unit == kMicron ? 0.001 : 1;
  for (std::size_t i = 0; i < 3; ++i) {
    const double sign = i < 2 ? -mm : mm;
    for (std::size_t axis = 0; axis < 3; ++axis) volume.step.at(axis).at(i) = sign * affine.at(i).at(axis);
    volume.origin.at(i) = sign * affine.at(i)[3];
  }
}

/// Whether two give other slices. One that is none differs from nothing; the one that is followed is refused where its
/// slices are cut.
bool differ(const std::array<Vector, 3>& a, const std::array<Vector, 3>& b, std::string_view name) {
  try {
    return directions_of(a, name) != directions_of(b, name);
  } catch (const Error&) {
    return false;
  }
}

void set_orientation(Volume& volume, const NiftiHeader& header, std::string_view name) {
  if (header.sform <= 0 && header.qform <= 0) {
    image::add_warning(
        volume.warnings,
        "no_orientation: the file does not say which way the volume lies; left and right may be swapped");
    return set_affine(volume, header, sizes_alone(header));
  }
  if (header.sform > 0 && header.qform > 0) {
    Volume other;
    set_affine(other, header, qform_of(header));
    set_affine(volume, header, header.srow);
    if (differ(other.step, volume.step, name)) {
      image::add_warning(volume.warnings, "two_orientations: qform and sform disagree; sform is followed");
    }
    return;
  }
  set_affine(volume, header, header.sform > 0 ? Affine(header.srow) : qform_of(header));
}

std::uint64_t offset_of(const NiftiHeader& header, std::string_view name) {
  const std::uint64_t least = header.bytes() + 4;
  if (header.vox_offset == 0) return least;
  constexpr double kMost = 1e15;
  if (!(header.vox_offset >= static_cast<double>(header.bytes())) || header.vox_offset > kMost ||
      header.vox_offset != std::floor(header.vox_offset)) {
    throw Error(Code::kBadFile,
                fmt::format("{}: expected voxels after the header, got an offset of {}", name, header.vox_offset));
  }
  return static_cast<std::uint64_t>(header.vox_offset);
}

}  // namespace

bool looks_like_nifti(Bytes head) { return header_of(head).has_value(); }

Volume read_nifti(Bytes file, const Unpacking& unpacking, std::string_view name) {
  const std::optional<NiftiHeader> header = header_of(file);
  if (!header) throw Error(Code::kBadFile, fmt::format("{}: no NIfTI header", name));
  if (header->analyze) {
    throw Error(Code::kUnsupported,
                fmt::format("{}: an Analyze 7.5 header, which does not say which side is left; NIfTI does", name));
  }
  if (header->pair) {
    throw Error(Code::kUnsupported, fmt::format("{}: a NIfTI header whose voxels are in another file", name));
  }
  Volume volume;
  volume.big_endian = header->big_endian;
  volume.sample = sample_of(*header, name);
  const std::uint64_t size = set_axes(volume, axes_of(*header, name), name);
  set_orientation(volume, *header, name);
  const bool none = header->slope == 0 || std::isnan(header->slope);
  if (!none && !is_colour(volume.sample)) set_scale(volume, header->slope, header->intercept, name);
  const std::uint64_t offset = offset_of(*header, name);
  if (is_gzip(file)) {
    take_compressed(volume, file, offset, size, unpacking, name);
  } else {
    take_raw(volume, file.subspan(std::min<std::uint64_t>(offset, file.size())), size, name);
  }
  return volume;
}

std::optional<std::filesystem::path> nifti_data_file(Bytes header, const std::filesystem::path& path) {
  const std::optional<NiftiHeader> fields = header_of(header);
  if (!fields || !fields->pair || is_gzip(header)) return std::nullopt;
  std::filesystem::path voxels = path;
  return voxels.replace_extension(path.extension() == ".HDR" ? ".IMG" : ".img");
}

std::string nifti_header_of_one_file(Bytes header) {
  const std::optional<NiftiHeader> fields = header_of(header);
  if (!fields || is_gzip(header)) throw Error(Code::kUnsupported, "a NIfTI header in gzip whose voxels are elsewhere");
  std::string start(chars(header.first(fields->bytes())));
  start.resize(fields->bytes() + 4);
  start[fields->second ? 5 : 345] = '+';
  const auto put = [&](std::size_t offset, auto value) {
    std::array<char, sizeof value> bytes{};
    std::memcpy(bytes.data(), &value, sizeof value);
    if (fields->big_endian) std::reverse(bytes.begin(), bytes.end());
    std::copy(bytes.begin(), bytes.end(), start.begin() + static_cast<std::ptrdiff_t>(offset));
  };
  // An offset of nothing is one of 0 in the other file.
  const double offset = static_cast<double>(start.size()) + fields->vox_offset;
  if (fields->second) {
    put(168, static_cast<std::int64_t>(std::clamp(offset, 0.0, 1e15)));
  } else {
    put(108, static_cast<float>(offset));
  }
  return start;
}

}  // namespace mi2::volume
