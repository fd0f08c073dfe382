#include "zip/zip_file.hpp"

#include <zip.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <system_error>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::zip {
namespace {

/// No deflate stream unpacks to more than 1032 times its size; a little more for tiny entries.
constexpr std::uint64_t kMaxRatio = 1032;

struct CloseZip {
  // Opened read-only: there is nothing to write back.
  void operator()(zip_t* zip) const noexcept { zip_discard(zip); }
};
struct CloseEntry {
  void operator()(zip_file_t* entry) const noexcept { zip_fclose(entry); }
};

using ZipHandle = std::unique_ptr<zip_t, CloseZip>;
using EntryHandle = std::unique_ptr<zip_file_t, CloseEntry>;

/// The library's own words; they never hold content.
std::string text_of(zip_error_t* error) {
  std::string text = zip_error_strerror(error);
  zip_error_fini(error);
  return text;
}

std::string text_of(int code) {
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  return text_of(&error);
}

ZipHandle open(const std::filesystem::path& path) {
  int code = 0;
  ZipHandle zip(zip_open(path.c_str(), ZIP_RDONLY, &code));
  if (!zip) {
    const bool missing = code == ZIP_ER_NOENT || (code == ZIP_ER_OPEN && errno == ENOENT);
    throw Error(missing ? Code::kNotFound : Code::kBadFile, fmt::format("{}: {}", path.string(), text_of(code)));
  }
  return zip;
}

ZipHandle open(std::span<const std::byte> bytes, std::string_view name) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  if (source == nullptr) throw Error(Code::kBadFile, fmt::format("{}: {}", name, text_of(&error)));
  ZipHandle zip(zip_open_from_source(source, ZIP_RDONLY, &error));
  if (!zip) {
    zip_source_free(source);
    throw Error(Code::kBadFile, fmt::format("{}: {}", name, text_of(&error)));
  }
  return zip;
}

/// Of a file that is open: 0 where the system does not say, and then nothing of it is read.
std::uint64_t size_of(const std::filesystem::path& path) {
  std::error_code fault;
  const std::uintmax_t bytes = std::filesystem::file_size(path, fault);
  return fault ? 0 : bytes;
}

Code code_of(int error) noexcept {
  const bool unread = error == ZIP_ER_COMPNOTSUPP || error == ZIP_ER_ENCRNOTSUPP || error == ZIP_ER_NOPASSWD;
  return unread ? Code::kUnsupported : Code::kBadFile;
}

}  // namespace

struct ZipFile::Impl {
  Impl(ZipHandle handle, std::string zip_name, std::uint64_t bytes, std::uint64_t max_entries)
      : zip(std::move(handle)), title(std::move(zip_name)), file_bytes(bytes) {
    const zip_int64_t count = zip_get_num_entries(zip.get(), 0);
    if (count < 0 || static_cast<std::uint64_t>(count) > max_entries) {
      throw Error(Code::kTooLarge, fmt::format("{}: {} entries, the limit is {}", title, count, max_entries));
    }
    names.reserve(static_cast<std::size_t>(count));
    for (zip_int64_t i = 0; i < count; ++i) {
      const char* name = zip_get_name(zip.get(), static_cast<zip_uint64_t>(i), ZIP_FL_ENC_GUESS);
      if (name == nullptr) throw Error(Code::kBadFile, fmt::format("{}: entry {} has no name", title, i + 1));
      names.emplace_back(name);
    }
    for (std::uint64_t i = 0; i < names.size(); ++i) {
      if (!by_name.try_emplace(names[i], i).second) {
        throw Error(Code::kBadFile, fmt::format("{}: entry {} has the name of an earlier one", title, i + 1));
      }
    }
  }

  /// What is known of an entry that can be read, before anything of it is unpacked.
  [[nodiscard]] zip_stat_t checked(std::uint64_t entry) const {
    constexpr zip_uint64_t kNeeded = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
    zip_stat_t status;
    zip_stat_init(&status);
    if (zip_stat_index(zip.get(), entry, 0, &status) != 0 || (status.valid & kNeeded) != kNeeded) {
      throw Error(Code::kBadFile, fmt::format("{}: of unknown size", names[entry]));
    }
    const bool stored = status.comp_method == ZIP_CM_STORE;
    if (!stored && status.comp_method != ZIP_CM_DEFLATE) {
      throw Error(Code::kUnsupported, fmt::format("{}: packed by method {}; stored and deflate are read", names[entry],
                                                  status.comp_method));
    }
    // What an entry says of itself is believed only as far as the file can hold it.
    if (status.comp_size > file_bytes) {
      throw Error(Code::kBadFile, fmt::format("{}: announces {} packed bytes, the whole file has {}", names[entry],
                                              status.comp_size, file_bytes));
    }
    if (status.size > (stored ? status.comp_size : (status.comp_size + 1) * kMaxRatio)) {
      throw Error(Code::kBadFile, fmt::format("{}: announces {} bytes, its {} packed ones cannot hold them",
                                              names[entry], status.size, status.comp_size));
    }
    return status;
  }

  /// Unpacks the start of an entry, at most `most` bytes, into memory that grows with what comes.
  [[nodiscard]] std::string unpack(std::uint64_t entry, std::uint64_t most) const {
    const EntryHandle file(zip_fopen_index(zip.get(), entry, 0));
    if (!file) fail(entry, zip_get_error(zip.get()));
    constexpr std::uint64_t kFirst = std::uint64_t{1} << 20;
    std::string bytes;
    std::uint64_t done = 0;
    while (done < most) {
      if (done == bytes.size()) bytes.resize(std::min(most, std::max(kFirst, 2 * done)));
      const zip_int64_t got = zip_fread(file.get(), bytes.data() + done, bytes.size() - done);
      if (got < 0) fail(entry, zip_file_get_error(file.get()));
      if (got == 0) break;
      done += static_cast<std::uint64_t>(got);
    }
    bytes.resize(done);
    return bytes;
  }

  [[noreturn]] void fail(std::uint64_t entry, zip_error_t* error) const {
    throw Error(code_of(zip_error_code_zip(error)), fmt::format("{}: {}", names[entry], zip_error_strerror(error)));
  }

  ZipHandle zip;
  std::string title;
  std::uint64_t file_bytes;
  std::vector<std::string> names;
  std::unordered_map<std::string_view, std::uint64_t> by_name;  ///< views of `names`
  std::mutex turn;                                              ///< the library's handle serves one thread at a time
};

ZipFile::ZipFile(const std::filesystem::path& path)
    : impl_(std::make_unique<Impl>(open(path), path.string(), size_of(path), kMaxZipEntries)) {}
ZipFile::ZipFile(std::span<const std::byte> bytes, std::string_view name, std::uint64_t max_entries)
    : impl_(std::make_unique<Impl>(open(bytes, name), std::string(name), bytes.size(), max_entries)) {}
ZipFile::ZipFile(ZipFile&&) noexcept = default;
ZipFile& ZipFile::operator=(ZipFile&&) noexcept = default;
ZipFile::~ZipFile() = default;

std::uint64_t ZipFile::entries() const noexcept { return impl_->names.size(); }
const std::string& ZipFile::name(std::uint64_t entry) const { return impl_->names[entry]; }

std::optional<std::uint64_t> ZipFile::find(std::string_view name) const {
  const auto found = impl_->by_name.find(name);
  return found == impl_->by_name.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::uint64_t> ZipFile::size(std::uint64_t entry) const {
  const std::lock_guard lock(impl_->turn);
  zip_stat_t status;
  zip_stat_init(&status);
  if (zip_stat_index(impl_->zip.get(), entry, 0, &status) != 0 || (status.valid & ZIP_STAT_SIZE) == 0) {
    return std::nullopt;
  }
  return status.size;
}

std::string ZipFile::read(std::uint64_t entry, std::uint64_t max_bytes) const {
  const std::lock_guard lock(impl_->turn);
  const std::string& name = impl_->names[entry];
  const std::uint64_t size = impl_->checked(entry).size;
  if (size > max_bytes) {
    throw Error(Code::kTooLarge, fmt::format("{}: {} bytes, the limit is {}", name, size, max_bytes));
  }
  // One byte more than announced: the library compares the checksum only when it meets the end.
  std::string bytes = impl_->unpack(entry, size + 1);
  if (bytes.size() != size) {
    throw Error(Code::kBadFile, fmt::format("{}: unpacks to {} bytes{}, {} were announced", name, bytes.size(),
                                            bytes.size() > size ? " or more" : "", size));
  }
  return bytes;
}

std::string ZipFile::head(std::uint64_t entry, std::size_t bytes) const {
  const std::lock_guard lock(impl_->turn);
  return impl_->unpack(entry, std::min<std::uint64_t>(impl_->checked(entry).size, bytes));
}

}  // namespace mi2::zip
