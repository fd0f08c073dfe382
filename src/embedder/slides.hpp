#pragma once
// Files as whole slides.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include <mi2/embedder.hpp>

#include "embedder/inputs.hpp"
#include "embedder/preparer.hpp"

namespace mi2::embedder {

/// The inputs of one slide: an only one, or the DICOM objects of its levels, the finest first.
using SlideInputs = std::vector<std::size_t>;

/// Groups DICOM whole slides by series, in the order of the first of each; every other input is alone. An image of the
/// glass that is no level, as of its label, is left out beside levels of its series.
std::vector<SlideInputs> group_slides(std::span<const Input> inputs);

/// Of the images of a model, which is not loaded. @throws as weights::ModelSource.
ModelSize model_size(const std::filesystem::path& model);
ModelSize model_size(const Embedder& embedder);

/// Opens a slide's files, as Embedder::open_slide.
using OpenSlide = std::function<EncodedImage(std::span<const std::filesystem::path> files, std::string_view name)>;

/// One item per selected tile of each slide, called after the file of its finest level; or one with the error of a
/// slide that cannot be opened. The inputs outlive the items.
/// @param open_bytes  opens what is in no file of its own: standard input, and what is in an archive, of `max_bytes` at
///                    most.
NextItem slides_of(std::span<const Input> inputs, std::uint64_t max_bytes, OpenSlide open, OpenImage open_bytes);

}  // namespace mi2::embedder
