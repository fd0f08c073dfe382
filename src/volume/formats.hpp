#pragma once
// The formats of volumes. The next one is a file of its own and a row of the table in formats.cpp.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "volume/voxels.hpp"

namespace mi2::volume {

/// Reads a file to its voxels. @param unpacking  what is allowed of a compressed one.
using Reader = Volume (*)(Bytes file, const Unpacking& unpacking, std::string_view name);

struct Format {
  bool (*looks_like)(Bytes head);
  Reader read;
  /// Where else the voxels are, as volume::data_file.
  std::optional<std::filesystem::path> (*data_file)(Bytes header, const std::filesystem::path& path);
  /// A header that says that the voxels follow it, and nothing else behind that.
  std::string (*header_of_one_file)(Bytes header);
};

/// nullptr: none.
const Format* find_format(Bytes head);

bool looks_like_nifti(Bytes head);
Volume read_nifti(Bytes file, const Unpacking& unpacking, std::string_view name);
std::optional<std::filesystem::path> nifti_data_file(Bytes header, const std::filesystem::path& path);
std::string nifti_header_of_one_file(Bytes header);

bool looks_like_nrrd(Bytes head);
Volume read_nrrd(Bytes file, const Unpacking& unpacking, std::string_view name);
std::optional<std::filesystem::path> nrrd_data_file(Bytes header, const std::filesystem::path& path);
std::string nrrd_header_of_one_file(Bytes header);

bool looks_like_metaimage(Bytes head);
Volume read_metaimage(Bytes file, const Unpacking& unpacking, std::string_view name);
std::optional<std::filesystem::path> metaimage_data_file(Bytes header, const std::filesystem::path& path);
std::string metaimage_header_of_one_file(Bytes header);

}  // namespace mi2::volume
