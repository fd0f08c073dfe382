#pragma once
// The images in a zip as inputs, read where they are used.

#include <string>

#include "embedder/inputs.hpp"

namespace mi2::zip::images {

/// As embedder::ExpandArchive: adds the images of a zip, each called after the zip and its own name, which is never
/// taken for a path.
/// @returns true. @throws as ZipFile.
bool expand(const std::string& path, embedder::FoundFiles& found);

}  // namespace mi2::zip::images
