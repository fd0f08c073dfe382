#include "recipe/zip_parts.hpp"

#include <zip.h>

#include <algorithm>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/quotes.hpp"

namespace mi2::recipe {
namespace {

constexpr zip_int64_t kMostEntries = 1 << 14;
/// No deflate stream unpacks to more than 1032 times its size; a little more for tiny entries.
constexpr std::uint64_t kMaxRatio = 1032;

struct CloseZip {
  void operator()(zip_t* zip) const noexcept { zip_discard(zip); }  // opened to read
};
struct CloseEntry {
  void operator()(zip_file_t* entry) const noexcept { zip_fclose(entry); }
};

}  // namespace

struct ZipParts::Impl {
  [[noreturn]] void bad(std::string_view what, Code code = Code::kBadFile) const {
    throw Error(code, fmt::format("{}: {}", name, what));
  }

  [[nodiscard]] zip_int64_t find(const std::string& part) const {
    return zip_name_locate(zip.get(), part.c_str(), ZIP_FL_NOCASE);
  }

  /// What is known of a part that can be read, before anything of it is unpacked.
  [[nodiscard]] std::uint64_t checked_size(zip_uint64_t entry, const std::string& part, std::uint64_t most) const {
    constexpr zip_uint64_t kNeeded = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
    zip_stat_t status;
    zip_stat_init(&status);
    if (zip_stat_index(zip.get(), entry, 0, &status) != 0 || (status.valid & kNeeded) != kNeeded) {
      bad(fmt::format("{} is of unknown size", base::in_quotes(part)));
    }
    if ((status.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 && status.encryption_method != ZIP_EM_NONE) {
      bad(fmt::format("{} is encrypted", base::in_quotes(part)), Code::kUnsupported);
    }
    if (status.comp_method != ZIP_CM_STORE && status.comp_method != ZIP_CM_DEFLATE) {
      bad(fmt::format("{} is packed by method {}; stored and deflate are read", base::in_quotes(part),
                      status.comp_method),
          Code::kUnsupported);
    }
    // Believed only as far as the file can hold it.
    if (status.comp_size > bytes || status.size > (status.comp_size + 1) * kMaxRatio) {
      bad(fmt::format("{} announces {} bytes, more than the file can hold", base::in_quotes(part), status.size));
    }
    if (status.size > most) {
      bad(fmt::format("{} has {} bytes, the limit is {}", base::in_quotes(part), status.size, most), Code::kTooLarge);
    }
    return status.size;
  }

  std::unique_ptr<zip_t, CloseZip> zip;
  std::string_view name;
  std::uint64_t bytes = 0;
};

ZipParts::ZipParts(std::span<const std::byte> bytes, std::string_view name) : impl_(std::make_unique<Impl>()) {
  impl_->name = name;
  impl_->bytes = bytes.size();
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* const source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
  if (source != nullptr) impl_->zip.reset(zip_open_from_source(source, ZIP_RDONLY, &error));
  if (source != nullptr && !impl_->zip) zip_source_free(source);
  zip_error_fini(&error);
  if (!impl_->zip) impl_->bad("is no whole zip, which every .xlsx is");
  const zip_int64_t count = zip_get_num_entries(impl_->zip.get(), 0);
  if (count < 0 || count > kMostEntries) {
    impl_->bad(fmt::format("has {} files in it, the limit is {}", count, kMostEntries), Code::kTooLarge);
  }
}

ZipParts::~ZipParts() = default;

bool ZipParts::has(const std::string& part) const { return impl_->find(part) >= 0; }

std::string ZipParts::read(const std::string& part, std::uint64_t most) const {
  const zip_int64_t found = impl_->find(part);
  if (found < 0) impl_->bad(fmt::format("lacks its part {}", base::in_quotes(part)));
  const auto entry = static_cast<zip_uint64_t>(found);
  const std::uint64_t size = impl_->checked_size(entry, part, most);
  const std::unique_ptr<zip_file_t, CloseEntry> file(zip_fopen_index(impl_->zip.get(), entry, 0));
  // One byte more than announced: the library compares the checksum only when it meets the end.
  std::string content(size + 1, '\0');
  std::uint64_t done = 0;
  while (file && done < content.size()) {
    const zip_int64_t got = zip_fread(file.get(), content.data() + done, content.size() - done);
    if (got < 0) impl_->bad(fmt::format("{} is damaged", base::in_quotes(part)));
    if (got == 0) break;
    done += static_cast<std::uint64_t>(got);
  }
  if (done != size)
    impl_->bad(fmt::format("{} is damaged: it does not unpack to its {} bytes", base::in_quotes(part), size));
  content.resize(size);
  return content;
}

}  // namespace mi2::recipe
