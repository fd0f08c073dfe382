// What folders, archives and DICOMDIRs hold.

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <system_error>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/files.hpp"
#include "dicom/dicom.hpp"
#include "embedder/inputs.hpp"
#include "image/source.hpp"
#include "volume/volume.hpp"

namespace mi2::embedder {
namespace {

namespace fs = std::filesystem;

/// Ends of names by which people mean an image, whatever is in it.
constexpr std::array<std::string_view, 19> kEndings = {".png",   ".jpg", ".jpeg",   ".webp", ".tif",  ".tiff", ".dcm",
                                                       ".dicom", ".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha",  ".mhd",
                                                       ".gif",   ".bmp", ".jp2",    ".jxl",  ".heic"};

bool named_as_image(std::string_view path) {
  std::string name(path.substr(path.find_last_of('/') + 1));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return std::any_of(kEndings.begin(), kEndings.end(), [&](std::string_view end) { return name.ends_with(end); });
}

bool is_zip(std::span<const std::byte> head) noexcept {
  constexpr std::array kStart = {std::byte{'P'}, std::byte{'K'}, std::byte{3}, std::byte{4}};
  return head.size() >= kStart.size() && std::equal(kStart.begin(), kStart.end(), head.begin());
}

/// The first bytes; nullopt if the file cannot be read.
std::optional<std::vector<std::byte>> head_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::vector<std::byte> head(kSniffBytes);
  file.read(reinterpret_cast<char*>(head.data()), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(file.gcount()));
  return head;
}

void add_file(const fs::path& path, FoundFiles& found, ExpandedPaths& all) {
  const std::optional<std::vector<std::byte>> head = head_of(path);
  if (!head) {  // whoever reads it is told why it cannot be
    all.inputs.push_back({path.string()});
    return;
  }
  found.add({path.string()}, *head, [&] { return dicom::kind_of(base::MappedFile(path).bytes(), true); });
}

/// The entries of a folder that are not hidden, by name.
std::vector<fs::directory_entry> sorted_entries(const fs::path& folder, std::error_code& error) {
  std::vector<fs::directory_entry> entries;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (!it->path().filename().native().starts_with('.')) entries.push_back(*it);
  }
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.path().filename().native() < b.path().filename().native(); });
  return entries;
}

void add_folder(const fs::path& folder, FoundFiles& found, ExpandedPaths& all) {
  std::error_code error;
  const std::vector<fs::directory_entry> entries = sorted_entries(folder, error);
  if (error) {
    all.inputs.push_back({folder.string(), Error(Code::kBadFile, fmt::format("{}: the folder cannot be read: {}",
                                                                             folder.string(), error.message()))});
    return;
  }
  for (const fs::directory_entry& entry : entries) {
    std::error_code ignored;
    if (entry.is_directory(ignored)) {
      // A linked folder may lead back up; walking it would never end.
      if (entry.is_symlink(ignored)) {
        found.skip(entry.path().string(), "linked folder");
      } else {
        add_folder(entry.path(), found, all);
      }
    } else if (entry.is_regular_file(ignored)) {
      add_file(entry.path(), found, all);
    } else {
      found.skip(entry.path().string(), "no regular file");
    }
  }
}

/// Media carry names in capitals; file systems that they are copied to may not.
fs::path below(const fs::path& folder, const std::vector<std::string>& parts) {
  fs::path plain = folder;
  fs::path lower = folder;
  for (const std::string& part : parts) {
    plain /= part;
    std::string small = part;
    std::transform(small.begin(), small.end(), small.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    lower /= small;
  }
  std::error_code ignored;
  return !fs::exists(plain, ignored) && fs::exists(lower, ignored) ? lower : plain;
}

/// @returns false if the file is no DICOMDIR.
bool add_directory(const fs::path& path, FoundFiles& found, ExpandedPaths& all) {
  const std::optional<std::vector<std::byte>> head = head_of(path);
  if (!head || !dicom::looks_like_dicom(*head)) return false;
  const dicom::ObjectKind kind = dicom::kind_of(*head, false);
  if (!kind.directory && !kind.unsure) return false;
  const base::MappedFile file(path);
  // The list may be longer than what was looked at.
  if (kind.unsure && !dicom::kind_of(file.bytes(), true).directory) return false;
  for (const std::vector<std::string>& parts : dicom::referenced_files(file.bytes(), path.string())) {
    add_file(below(path.parent_path(), parts), found, all);
  }
  return true;
}

/// Adds what a path stands for if it is more than one image.
bool add_many(const std::string& path, const ExpandArchive& archive, FoundFiles& found, ExpandedPaths& all) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) {
    add_folder(path, found, all);
    return true;
  }
  if (!fs::is_regular_file(path, ignored)) return false;
  try {
    if (add_directory(path, found, all)) return true;
    const std::optional<std::vector<std::byte>> head = head_of(path);
    return head && is_zip(*head) && archive && archive(path, found);
  } catch (const Error& error) {
    all.inputs.push_back({path, error});
    return true;
  }
}

}  // namespace

bool looks_like_image(std::span<const std::byte> head) noexcept {
  return image::looks_like_image(head) || dicom::looks_like_dicom(head) || volume::looks_like_volume(head);
}

namespace {

/// What a DICOM file holds, by its head or, where that does not show it, the whole. Of one that cannot be read what the
/// head shows: whoever reads it is told why it cannot be.
dicom::ObjectKind kind_of(std::span<const std::byte> head, const std::function<dicom::ObjectKind()>& whole) {
  const dicom::ObjectKind shown = dicom::kind_of(head, false);
  if (!shown.unsure) return shown;
  try {
    return whole();
  } catch (const Error&) {
    return shown;
  }
}

}  // namespace

void FoundFiles::add(Input input, std::span<const std::byte> head, const std::function<dicom::ObjectKind()>& whole) {
  if (dicom::looks_like_dicom(head)) {
    const dicom::ObjectKind kind = kind_of(head, whole);
    if (kind.pixels) {
      found_.inputs.push_back(std::move(input));
    } else {
      const std::string_view what = kind.class_of.empty() ? "other" : kind.class_of;
      skip(std::move(input.path), fmt::format("DICOM without pixels: {}", what));
    }
    return;
  }
  if (looks_like_image(head)) {
    found_.inputs.push_back(std::move(input));
    return;
  }
  const std::string_view format = is_zip(head) ? "archive" : image::format_name(head);
  // gzip with a volume in it would have been known.
  if (!format.empty() && !(format == "gzip" && named_as_image(input.path)))
    return skip(std::move(input.path), std::string(format));
  const std::string_view what = head.empty() ? "empty" : "no image";
  if (!named_as_image(input.path)) return skip(std::move(input.path), std::string(what));
  input.error = Error(Code::kBadFile, fmt::format("{}: named as an image, but {}", input.path,
                                                  head.empty() ? "empty" : "its content is none"));
  found_.inputs.push_back(std::move(input));
}

ExpandedPaths expand_paths(std::span<const std::string> paths, const ExpandArchive& archive) {
  if (std::count(paths.begin(), paths.end(), "-") > 1) {
    throw Error(Code::kBadArgument, "-: standard input can be read only once");
  }
  ExpandedPaths all;
  FoundFiles found(all);
  for (const std::string& path : paths) {
    const std::size_t before = all.inputs.size();
    const std::size_t skipped = all.skipped.size();
    if (path == "-" || !add_many(path, archive, found, all)) {
      all.inputs.push_back({path});
    } else if (all.inputs.size() == before) {
      const std::string reasons = reasons_of(std::span(all.skipped).subspan(skipped));
      const std::string message =
          fmt::format("{}: no image in it{}", path, reasons.empty() ? "" : " (" + reasons + ")");
      all.inputs.push_back({path, Error(Code::kNotFound, message)});
    }
  }
  return all;
}

std::string reasons_of(std::span<const Skipped> skipped) {
  std::map<std::string_view, std::uint64_t> counts;
  for (const Skipped& one : skipped) ++counts[one.reason];
  std::vector<std::pair<std::string_view, std::uint64_t>> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  std::vector<std::string> parts;
  for (const auto& [reason, count] : sorted) parts.push_back(fmt::format("{} {}", count, reason));
  return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace mi2::embedder
