#include "image/tiff.hpp"

#include <mutex>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "image/readers.hpp"
#include "image/tiff_stream.hpp"

namespace mi2::image {
namespace {

class TiffPages final : public Source {
 public:
  TiffPages(std::span<const std::byte> bytes, const DecodeOptions& options, std::string_view name)
      : bytes_(bytes), options_(options), name_(name) {}

  /// A chain of pages that breaks off counts as one page more, which cannot be read: those before it can.
  [[nodiscard]] std::uint64_t frames() const override { return offsets().size() + (broken_.empty() ? 0 : 1); }

  [[nodiscard]] Image read(std::uint64_t index) const override {
    TiffStream stream{bytes_};
    const Tiff tiff = open_tiff_stream(stream, options_);
    if (!tiff) refuse_tiff(stream, name_);
    if (index > 0) check_frame(index, frames(), name_);
    if (index > 0 && index == offsets().size()) throw Error(Code::kBadFile, broken_);
    if (index > 0 && TIFFSetSubDirectory(tiff.get(), offsets().at(index)) != 1) refuse_tiff(stream, name_);
    return read_tiff_page(tiff.get(), stream, options_, name_);
  }

 private:
  /// Where each page's directory lies, found once: libtiff would walk from the first to each.
  const std::vector<std::uint64_t>& offsets() const {
    const std::lock_guard lock(mutex_);
    if (offsets_.empty()) offsets_ = find_pages();
    return offsets_;
  }

  std::vector<std::uint64_t> find_pages() const {
    TiffStream stream{bytes_};
    const Tiff tiff = open_tiff_stream(stream, options_);
    if (!tiff) refuse_tiff(stream, name_);
    std::vector<std::uint64_t> pages;
    for (;;) {
      std::uint32_t kind = 0;
      TIFFGetFieldDefaulted(tiff.get(), TIFFTAG_SUBFILETYPE, &kind);
      const bool counts = (kind & (FILETYPE_REDUCEDIMAGE | FILETYPE_MASK)) == 0;
      if (pages.empty() || counts) pages.push_back(TIFFCurrentDirOffset(tiff.get()));
      if (TIFFLastDirectory(tiff.get()) != 0) break;
      if (TIFFReadDirectory(tiff.get()) != 1) {
        const std::string reason = library_text(stream.error.data());
        broken_ = fmt::format("{}: corrupt TIFF: no page can be read after page {}{}{}", name_, pages.size(),
                              reason.empty() ? "" : ": ", reason);
        break;
      }
    }
    return pages;
  }

  std::span<const std::byte> bytes_;
  DecodeOptions options_;
  std::string name_;
  mutable std::mutex mutex_;
  mutable std::vector<std::uint64_t> offsets_;
  mutable std::string broken_;  ///< why no further page can be read
};

}  // namespace

std::unique_ptr<Source> open_tiff(std::span<const std::byte> bytes, const DecodeOptions& options,
                                  std::string_view name) {
  TiffDirectoryCheck(bytes, name).check_chain();
  return std::make_unique<TiffPages>(bytes, options, name);
}

}  // namespace mi2::image
