#include "dimse/kept.hpp"

#include <cstddef>
#include <span>
#include <system_error>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/files.hpp"
#include "base/hash.hpp"
#include "dicom/describe.hpp"
#include "dicom/names.hpp"
#include "dimse/names.hpp"

namespace mi2::dimse {
namespace {

namespace fs = std::filesystem;

/// With the folders above it, each of which is on disk when this returns.
void make_folders(const fs::path& folder) {
  std::error_code error;
  if (fs::is_directory(folder, error)) return;
  if (folder.has_relative_path()) make_folders(folder.parent_path());
  fs::create_directory(folder, error);
  if (error)
    throw Error(Code::kBadFile, fmt::format("{}: the folder cannot be made: {}", folder.string(), error.message()));
  base::sync_folder(folder.parent_path());
}

/// A folder's name. Identifiers are known to be other than the standard has them.
std::string name_of(const std::string& uid) {
  constexpr std::size_t kLongest = 200;  // file systems take 255 bytes
  if (uid.empty()) return "none";
  if (dicom::is_uid(uid)) return uid;
  std::string name = encoded(uid);
  return name.size() <= kLongest ? name : "sha256-" + base::sha256_hex(std::as_bytes(std::span(uid)));
}

}  // namespace

std::string content_hash(const fs::path& file) {
  const base::MappedFile mapped(file);
  return base::sha256_hex(mapped.bytes());
}

KeptObjects::KeptObjects(const fs::path& folder) {
  std::error_code error;
  folder_ = fs::absolute(folder, error).lexically_normal();
  if (error) throw Error(Code::kBadFile, fmt::format("{}: {}", folder.string(), error.message()));
  if (!folder_.has_filename()) folder_ = folder_.parent_path();
  make_folders(folder_);
}

fs::path KeptObjects::place_of(const Spooled& object) const {
  std::string study = object.study;
  std::string series;
  try {
    const base::MappedFile file(object.file);
    const dicom::Description said = dicom::describe(file.bytes(), object.file.string());
    study = said.study;
    series = said.series;
  } catch (const Error& error) {
    if (error.code() == Code::kInternal) throw;
    // It was read when it came: whoever embeds it says what has become of it.
  }
  const fs::path folder = folder_ / name_of(study) / name_of(series);
  fs::path usual = folder / (object.sop_uid + ".dcm");
  std::error_code ignored;
  if (!fs::exists(usual, ignored)) return usual;
  constexpr std::size_t kDigits = 16;
  const std::string hash = content_hash(object.file);
  return content_hash(usual) == hash ? usual
                                     : folder / fmt::format("{}.{}.dcm", object.sop_uid, hash.substr(0, kDigits));
}

void KeptObjects::put(const Spooled& object, const fs::path& place) const {
  make_folders(place.parent_path());
  std::error_code error;
  fs::rename(object.file, place, error);
  if (!error) return base::sync_folder(place.parent_path());
  if (error != std::errc::cross_device_link) {
    throw Error(Code::kBadFile,
                fmt::format("{}: a received object cannot be kept: {}", folder_.string(), error.message()));
  }
  base::AtomicFile copy(place);
  copy.write(base::MappedFile(object.file).bytes());
  copy.commit();
}

}  // namespace mi2::dimse
