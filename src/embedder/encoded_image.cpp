#include <mi2/encoded_image.hpp>

#include <utility>

#include <fmt/format.h>

#include "embedder/encoded_image_impl.hpp"
#include "slide/slide.hpp"

#include <mi2/error.hpp>

namespace mi2 {
namespace {

std::vector<base::MappedFile> mapped(std::span<const std::filesystem::path> paths) {
  std::vector<base::MappedFile> files;
  files.reserve(paths.size());
  for (const std::filesystem::path& path : paths) files.emplace_back(path);
  return files;
}

std::unique_ptr<image::Source> open_files(std::span<const base::MappedFile> files, std::string_view name,
                                          const ImageOptions& options, embedder::ModelSize size) {
  if (files.empty()) throw Error(Code::kBadArgument, fmt::format("{}: a slide of no files", name));
  std::vector<slide::File> views;
  for (const base::MappedFile& file : files) views.push_back({file.bytes(), file.path()});
  return slide::open(views, embedder::slide_options(options, size), name);
}

}  // namespace

EncodedImage::Impl::Impl(std::vector<std::byte> encoded, std::string_view called, const ImageOptions& options,
                         int model_width, int model_height)
    : name(called),
      bytes(std::move(encoded)),
      preparer(options),
      source(embedder::open_source(bytes, name, options, {model_width, model_height})),
      range(image::select_frames(*source, options.frames, name)),
      width(model_width),
      height(model_height) {}

EncodedImage::Impl::Impl(std::span<const std::filesystem::path> paths, std::string_view called,
                         const ImageOptions& options, int model_width, int model_height)
    : name(called),
      files(mapped(paths)),
      preparer(options),
      source(open_files(files, name, options, {model_width, model_height})),
      range(image::select_frames(*source, options.frames, name)),
      width(model_width),
      height(model_height) {}

EncodedImage::EncodedImage(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
EncodedImage::EncodedImage(EncodedImage&&) noexcept = default;
EncodedImage& EncodedImage::operator=(EncodedImage&&) noexcept = default;
EncodedImage::~EncodedImage() = default;

std::uint64_t EncodedImage::size() const noexcept { return impl_->range.count; }

FramePlace EncodedImage::place(std::uint64_t i) const {
  const std::uint64_t index = impl_->range.first + i * impl_->range.step;
  FramePlace place{index + 1, impl_->source->frames()};
  // What a frame of another image is, its rows do not say.
  if (impl_->preparer.options().slide || !impl_->files.empty()) place.tile = impl_->source->info(index).tile;
  return place;
}

Pixels EncodedImage::prepare(std::uint64_t i) const { return prepare(i, {}); }

Pixels EncodedImage::prepare(std::uint64_t i, const std::function<void(const ImageView&)>& see) const {
  if (i >= size()) {
    throw Error(Code::kBadArgument,
                fmt::format("{}: expected one of {} selected frames, got number {}", impl_->name, size(), i + 1));
  }
  Pixels pixels = impl_->preparer.prepare(*impl_->source, impl_->range.first + i * impl_->range.step, impl_->name,
                                          impl_->width, impl_->height, see);
  // What was read of a slide would stay in this process's memory.
  constexpr std::uint64_t kTilesBetween = 64;
  const bool release = (impl_->read.fetch_add(1) + 1) % kTilesBetween == 0;
  for (const base::MappedFile& file : impl_->files) {
    file.check();
    if (release) file.release(0, file.bytes().size());
  }
  return pixels;
}

}  // namespace mi2
