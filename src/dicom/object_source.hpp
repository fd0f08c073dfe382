#pragma once
// A loaded object as an image source. Inside the room alone.

#include <memory>
#include <string_view>

#include "dicom/dataset.hpp"
#include "dicom/dicom.hpp"

namespace mi2::dicom {

/// @throws as open().
std::unique_ptr<image::Source> source_of(Object object, const Options& options, std::string_view name);

}  // namespace mi2::dicom
