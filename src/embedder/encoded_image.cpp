#include <mi2/encoded_image.hpp>

#include <utility>

#include <fmt/format.h>

#include "embedder/encoded_image_impl.hpp"

#include <mi2/error.hpp>

namespace mi2 {

EncodedImage::Impl::Impl(std::vector<std::byte> encoded, std::string_view called, const ImageOptions& options,
                         int model_width, int model_height)
    : name(called),
      bytes(std::move(encoded)),
      preparer(options),
      source(embedder::open_source(bytes, name, options)),
      range(image::select_frames(*source, options.frames, name)),
      width(model_width),
      height(model_height) {}

EncodedImage::EncodedImage(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
EncodedImage::EncodedImage(EncodedImage&&) noexcept = default;
EncodedImage& EncodedImage::operator=(EncodedImage&&) noexcept = default;
EncodedImage::~EncodedImage() = default;

std::uint64_t EncodedImage::size() const noexcept { return impl_->range.count; }

FramePlace EncodedImage::place(std::uint64_t i) const {
  return {impl_->range.first + i * impl_->range.step + 1, impl_->source->frames()};
}

Pixels EncodedImage::prepare(std::uint64_t i) const {
  if (i >= size()) {
    throw Error(Code::kBadArgument,
                fmt::format("{}: expected one of {} selected frames, got number {}", impl_->name, size(), i + 1));
  }
  return impl_->preparer.prepare(*impl_->source, impl_->range.first + i * impl_->range.step, impl_->name, impl_->width,
                                 impl_->height);
}

}  // namespace mi2
