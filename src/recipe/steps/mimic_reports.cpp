#include "recipe/steps/mimic_reports.hpp"

#include <zip.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/files.hpp"
#include "recipe/steps/named_files.hpp"

namespace mi2::recipe {
namespace {

struct CloseZip {
  // Opened read-only: there is nothing to write back.
  void operator()(zip_t* zip) const noexcept { zip_discard(zip); }
};
struct CloseEntry {
  void operator()(zip_file_t* entry) const noexcept { zip_fclose(entry); }
};
using ZipHandle = std::unique_ptr<zip_t, CloseZip>;
using EntryHandle = std::unique_ptr<zip_file_t, CloseEntry>;

ZipHandle open_zip(const std::filesystem::path& path) {
  int code = 0;
  ZipHandle zip(zip_open(path.c_str(), ZIP_RDONLY, &code));
  if (zip) return zip;
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  const std::string words = zip_error_strerror(&error);
  zip_error_fini(&error);
  throw Error(Code::kBadFile, fmt::format("{}: {}", path.string(), words));
}

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
    zip_name = path;
    zip = open_zip(files.whole(path));
    const zip_int64_t count = zip_get_num_entries(zip.get(), 0);
    if (count < 0 || static_cast<std::uint64_t>(count) > kMostReports) {
      throw Error(Code::kTooLarge, fmt::format("{}: {} entries, the limit is {}", path, count, kMostReports));
    }
    for (zip_int64_t i = 0; i < count; ++i) {
      const char* name = zip_get_name(zip.get(), static_cast<zip_uint64_t>(i), ZIP_FL_ENC_GUESS);
      if (name == nullptr || !is_report(name)) continue;
      if (const auto study = study_number(name)) in_zip.emplace(*study, static_cast<zip_uint64_t>(i));
    }
  }

  [[nodiscard]] std::string unpack(zip_uint64_t entry) const {
    const EntryHandle file(zip_fopen_index(zip.get(), entry, 0));
    const auto fail = [&](zip_error_t* error) {
      throw Error(Code::kBadFile, fmt::format("{}: entry {}: {}", zip_name, entry + 1, zip_error_strerror(error)));
    };
    if (!file) fail(zip_get_error(zip.get()));
    // Into memory that grows with what comes, whatever the entry announces.
    std::string text;
    std::array<char, 8192> buffer{};
    while (true) {
      const zip_int64_t got = zip_fread(file.get(), buffer.data(), buffer.size());
      if (got < 0) fail(zip_file_get_error(file.get()));
      if (got == 0) return text;
      text.append(buffer.data(), static_cast<std::size_t>(got));
      if (text.size() > kMaxReportBytes) {
        throw Error(Code::kTooLarge, fmt::format("{}: entry {}: the limit of a report is {} bytes", zip_name, entry + 1,
                                                 kMaxReportBytes));
      }
    }
  }

  const Listing& files;
  std::unordered_map<std::uint64_t, const Listing::File*> by_study;
  std::unordered_map<std::uint64_t, zip_uint64_t> in_zip;
  std::string zip_name;
  ZipHandle zip;
};

MimicReports::MimicReports(const Listing& files) : impl_(std::make_unique<Impl>(files)) {}
MimicReports::~MimicReports() = default;

bool MimicReports::empty() const noexcept { return impl_->by_study.empty() && impl_->in_zip.empty(); }

std::optional<std::string> MimicReports::read(std::uint64_t study) const {
  if (const auto found = impl_->by_study.find(study); found != impl_->by_study.end()) {
    return base::read_text_file(impl_->files.whole(found->second->path), kMaxReportBytes);
  }
  if (const auto found = impl_->in_zip.find(study); found != impl_->in_zip.end()) return impl_->unpack(found->second);
  return std::nullopt;
}

}  // namespace mi2::recipe
