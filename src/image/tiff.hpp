#pragma once
// TIFF, by libtiff.

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "image/source.hpp"

namespace mi2::image {

/// The pages of a TIFF, which `bytes` are known to be.
std::unique_ptr<Source> open_tiff(std::span<const std::byte> bytes, const DecodeOptions& options,
                                  std::string_view name);

}  // namespace mi2::image
