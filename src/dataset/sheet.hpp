#pragma once
// A batch as people look at it: its images as the model sees them, each with its text.

#include <filesystem>

#include "dataset/dataset.hpp"
#include "dataset/loader.hpp"

namespace mi2::dataset {

/// The first images of a batch on a sheet.
inline constexpr std::size_t kSheetImages = 24;

/// The images beside and below each other, back in 8-bit RGB, each with its text under it. Characters that are not
/// ASCII are boxes: the sheet has no letters for them.
image::Raster draw_sheet(const Batch& batch, const InputFormat& format);

/// draw_sheet() as a PNG, and beside it, as .csv, the place, the name, the class and the whole text of every image of
/// the batch.
/// @throws Error{kBadFile} when the disk refuses.
void write_sheet(const std::filesystem::path& png, const Batch& batch, const Dataset& dataset,
                 const InputFormat& format);

}  // namespace mi2::dataset
