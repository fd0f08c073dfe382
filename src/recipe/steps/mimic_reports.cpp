#include "recipe/steps/mimic_reports.hpp"

#include <array>
#include <charconv>
#include <cstddef>
#include <optional>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/files.hpp"
#include "recipe/steps/named_files.hpp"
#include "zip/zip_file.hpp"

namespace mi2::recipe {
namespace {

bool is_report(std::string_view path) { return path.ends_with(".txt"); }

}  // namespace

std::optional<std::uint64_t> study_number(std::string_view name) {
  name = name.substr(name.rfind('/') + 1);
  if (name.ends_with(".txt")) name.remove_suffix(4);
  if (name.starts_with('s')) name.remove_prefix(1);
  std::uint64_t number = 0;
  const auto [end, fault] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (name.empty() || fault != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return number;
}

struct MimicReports::Impl {
  explicit Impl(const Listing& listing) : files(listing) {
    for (const Listing::File& file : files.files()) {
      const std::string_view path = file.path;
      if (!is_report(path) || !path.substr(path.rfind('/') + 1).starts_with('s')) continue;
      if (const auto study = study_number(path)) {
        const auto [other, is_new] = by_study.emplace(*study, &file);
        if (!is_new && depth_of(path) < depth_of(other->second->path)) other->second = &file;
      }
    }
    static const std::array<std::string, 1> kZip{"mimic-cxr-reports.zip"};
    if (const auto found = files.find(kZip)) open(*found);
  }

  void open(const std::string& path) {
    packed.emplace(files.whole(path));
    if (packed->entries() > kMostReports) {
      throw Error(Code::kTooLarge,
                  fmt::format("{}: {} entries, the limit is {}", path, packed->entries(), kMostReports));
    }
    for (std::uint64_t i = 0; i < packed->entries(); ++i) {
      if (!is_report(packed->name(i))) continue;
      if (const auto study = study_number(packed->name(i))) in_zip.emplace(*study, i);
    }
  }

  const Listing& files;
  std::unordered_map<std::uint64_t, const Listing::File*> by_study;
  std::unordered_map<std::uint64_t, std::uint64_t> in_zip;
  std::optional<zip::ZipFile> packed;
};

MimicReports::MimicReports(const Listing& files) : impl_(std::make_unique<Impl>(files)) {}
MimicReports::~MimicReports() = default;

bool MimicReports::empty() const noexcept { return impl_->by_study.empty() && impl_->in_zip.empty(); }

std::optional<std::string> MimicReports::read(std::uint64_t study) const {
  if (const auto found = impl_->by_study.find(study); found != impl_->by_study.end()) {
    return base::read_text_file(impl_->files.whole(found->second->path), kMaxReportBytes);
  }
  if (const auto found = impl_->in_zip.find(study); found != impl_->in_zip.end()) {
    return impl_->packed->read(found->second, kMaxReportBytes);
  }
  return std::nullopt;
}

}  // namespace mi2::recipe
