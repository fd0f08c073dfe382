#include "recipe/dicom_files.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/files.hpp"
#include "base/table.hpp"
#include "dicom/dicom.hpp"

namespace mi2::recipe {
namespace {

/// Endings of what lies beside DICOM objects and need not be opened.
constexpr std::array<std::string_view, 14> kOthers{".csv", ".gz",  ".html", ".jpg", ".json", ".md",   ".nii",
                                                   ".pdf", ".png", ".tsv",  ".txt", ".xls",  ".xlsx", ".xml"};

bool may_be_object(const Listing::File& file) {
  const std::filesystem::path path(file.path);
  const std::string ending = base::lower_ascii(path.extension().string());
  return file.bytes > 0 && path.filename() != "DICOMDIR" && std::ranges::find(kOthers, ending) == kOthers.end();
}

}  // namespace

std::string object_name(const Job& job, std::size_t file) {
  const std::string& path = job.files.files()[file].path;
  return fmt::format("{} (file {} of the dataset by their paths)", path.substr(path.rfind('/') + 1), file + 1);
}

void warn(Notes& notes, std::string text) {
  constexpr std::size_t kMost = 50;
  if (notes.warnings.size() < kMost) notes.warnings.push_back(std::move(text));
}

void each_object(Job& job, std::string_view stage, const UseObject& use) {
  const std::span<const Listing::File> files = job.files.files();
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (job.progress) job.progress({stage, i, files.size()});
    if (!may_be_object(files[i])) continue;
    const auto failed = [&](std::string what) {
      ++job.notes.counts["DICOM files that cannot be read"];
      warn(job.notes, std::move(what));
    };
    std::optional<base::MappedFile> file;
    try {
      file.emplace(job.files.whole(files[i].path));
    } catch (const Error&) {
      failed(fmt::format("{}: cannot be opened", object_name(job, i)));
    }
    if (!file || !dicom::looks_like_dicom(file->bytes())) continue;
    try {
      use(i, file->bytes());
    } catch (const Error& error) {
      failed(error.what());
    }
  }
}

}  // namespace mi2::recipe
