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
