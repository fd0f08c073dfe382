#include "volume/formats.hpp"

#include <algorithm>
#include <array>

#include "volume/volume.hpp"

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::volume {
namespace {

constexpr std::array kFormats = {
    Format{looks_like_nifti, read_nifti, nifti_data_file, nifti_header_of_one_file},
    Format{looks_like_nrrd, read_nrrd, nrrd_data_file, nrrd_header_of_one_file},
    Format{looks_like_metaimage, read_metaimage, metaimage_data_file, metaimage_header_of_one_file},
};

}  // namespace

const Format* find_format(Bytes head) {
  const auto* const found =
      std::find_if(kFormats.begin(), kFormats.end(), [&](const Format& format) { return format.looks_like(head); });
  return found == kFormats.end() ? nullptr : found;
}

bool looks_like_volume(std::span<const std::byte> head) noexcept {
  try {
    return find_format(head) != nullptr;
  } catch (...) {  // out of memory while a few bytes were inflated
    return false;
  }
}

std::optional<std::filesystem::path> data_file(std::span<const std::byte> header, const std::filesystem::path& path) {
  const Format* format = find_format(header);
  return format == nullptr ? std::nullopt : format->data_file(header, path);
}

std::vector<std::byte> joined(std::span<const std::byte> header, std::vector<std::byte> voxels, std::uint64_t max_bytes,
                              std::string_view name) {
  const Format* format = find_format(header);
  if (format == nullptr) throw Error(Code::kUnsupported, fmt::format("{}: not the header of a volume", name));
  const std::string start = format->header_of_one_file(header);
  if (voxels.size() > max_bytes || start.size() > max_bytes - voxels.size()) {
    throw Error(Code::kTooLarge, fmt::format("{}: {} bytes with its voxels, the limit is {}", name,
                                             voxels.size() + start.size(), max_bytes));
  }
  const auto first = std::as_bytes(std::span(start));
  voxels.insert(voxels.begin(), first.begin(), first.end());
  return voxels;
}

}  // namespace mi2::volume
