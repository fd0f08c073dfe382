#include "image/tiff_stream.hpp"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "image/readers.hpp"

namespace mi2::image {
namespace {

TiffStream& stream_of(thandle_t handle) { return *static_cast<TiffStream*>(handle); }

tmsize_t read_bytes(thandle_t handle, void* out, tmsize_t size) {
  TiffStream& self = stream_of(handle);
  if (size <= 0 || self.at >= self.bytes.size()) return 0;
  const auto step = std::min<std::uint64_t>(static_cast<std::uint64_t>(size), self.bytes.size() - self.at);
  std::memcpy(out, self.bytes.data() + self.at, step);
  self.at += step;
  return static_cast<tmsize_t>(step);
}

tmsize_t write_nothing(thandle_t, void*, tmsize_t) { return 0; }

toff_t seek(thandle_t handle, toff_t offset, int whence) {
  TiffStream& self = stream_of(handle);
  const std::uint64_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? self.at : self.bytes.size();
  self.at = base + offset;
  return self.at;
}

int close_nothing(thandle_t) { return 0; }
toff_t size_of(thandle_t handle) { return stream_of(handle).bytes.size(); }

int map(thandle_t handle, void** base, toff_t* size) {
  TiffStream& self = stream_of(handle);
  *base = const_cast<std::byte*>(self.bytes.data());
  *size = self.bytes.size();
  return 1;
}
void unmap_nothing(thandle_t, void*, toff_t) {}

int on_error(TIFF*, void* user, const char*, const char* format, va_list arguments) {
  auto* self = static_cast<TiffStream*>(user);
  if (self->error[0] == '\0') std::vsnprintf(self->error.data(), self->error.size(), format, arguments);
  return 1;
}

/// Of the warnings about a directory, those where libtiff takes a tag for what it does not say; the others are of tags
/// that are private, unsorted or unused.
bool is_guess(std::string_view text) noexcept {
  constexpr std::array<std::string_view, 4> kGuesses = {"assum", "applying", "calculat", "ignoring and"};
  return std::any_of(kGuesses.begin(), kGuesses.end(),
                     [text](std::string_view word) { return text.find(word) != std::string_view::npos; });
}

int on_warning(TIFF*, void* user, const char*, const char* format, va_list arguments) {
  auto* self = static_cast<TiffStream*>(user);
  std::array<char, 160> buffer{};
  std::vsnprintf(buffer.data(), buffer.size(), format, arguments);
  const std::string_view text(buffer.data());
  if (!self->decoding && !is_guess(text)) return 1;
  const auto has = [text](std::string_view part) { return text.find(part) != std::string_view::npos; };
  self->ends_early = self->ends_early || (self->decoding && (has("remature end of") || has("Premature EOF")));
  add_warning(self->warnings, fmt::format("codec: TIFF: {}", library_text(text)));
  return 1;
}

}  // namespace

std::optional<std::uint64_t> TiffDirectoryCheck::number(std::uint64_t at, std::size_t size) const {
  if (at > bytes_.size() || size > bytes_.size() - at) return std::nullopt;
  const bool big_endian = bytes_[0] == std::byte{'M'};
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) {
    value = value << 8U | std::to_integer<std::uint64_t>(bytes_[at + (big_endian ? i : size - 1 - i)]);
  }
  return value;
}

void TiffDirectoryCheck::refuse(std::string_view what) const {
  throw Error(Code::kBadFile, fmt::format("{}: corrupt TIFF: {}", name_, what));
}

void TiffDirectoryCheck::check_chain() { check_from((is_big() ? number(8, 8) : number(4, 4)).value_or(0)); }

void TiffDirectoryCheck::check_from(std::uint64_t offset) {
  constexpr std::uint64_t kMostTags = 512;
  // What is beyond these, libtiff does not read either.
  constexpr std::uint64_t kMostEntries = 4096;
  constexpr std::size_t kMostDirectories = 1U << 20U;
  const std::size_t count_size = is_big() ? 8 : 2;
  const std::size_t entry_size = is_big() ? 20 : 12;
  while (offset != 0 && seen_.size() < kMostDirectories && seen_.insert(offset).second) {
    const std::uint64_t count = number(offset, count_size).value_or(0);
    const std::uint64_t first = offset + count_size;
    if (count == 0 || count > kMostEntries || count * entry_size > bytes_.size() - first) return;
    entries_ += count;
    if (count > kMostTags) refuse(fmt::format("a directory of {} tags", count));
    if (entries_ * entry_size > bytes_.size()) refuse("directories that overlap");
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t tag = number(first + i * entry_size, 2).value_or(0);
      if (tags_.test(tag)) continue;
      tags_.set(tag);
      ++distinct_;
    }
    if (distinct_ > kMostTags) refuse(fmt::format("directories of {} different tags", distinct_));
    offset = number(first + count * entry_size, is_big() ? 8 : 4).value_or(0);
  }
}

Tiff open_tiff_stream(TiffStream& source, const DecodeOptions& options) {
  const std::unique_ptr<TIFFOpenOptions, decltype(&TIFFOpenOptionsFree)> settings(TIFFOpenOptionsAlloc(),
                                                                                  TIFFOpenOptionsFree);
  TIFFOpenOptionsSetErrorHandlerExtR(settings.get(), on_error, &source);
  TIFFOpenOptionsSetWarningHandlerExtR(settings.get(), on_warning, &source);
  constexpr std::uint64_t kMost = std::uint64_t{1} << 40;
  const std::uint64_t memory = std::min(options.max_pixels, kMost) * 8 + source.bytes.size() + (1U << 20);
  TIFFOpenOptionsSetMaxSingleMemAlloc(settings.get(), static_cast<tmsize_t>(memory));
  return Tiff(TIFFClientOpenExt("memory", "rC", &source, read_bytes, write_nothing, seek, close_nothing, size_of, map,
                                unmap_nothing, settings.get()));
}

void refuse_tiff(const TiffStream& stream, std::string_view name) {
  throw Error(Code::kBadFile, fmt::format("{}: corrupt TIFF: {}", name, library_text(stream.error.data())));
}

}  // namespace mi2::image
