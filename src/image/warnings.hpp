#pragma once
// Doubts about an image that was read all the same. They travel with its pixels to whoever gets the vector.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace mi2::image {

/// Each "name: what was found", in ASCII, without paths, pixels and identifiers. docs/warnings.md lists the names.
using Warnings = std::vector<std::string>;

/// At most 16, each once.
void add_warning(Warnings& warnings, std::string warning);

struct Range;
struct Image;

/// Says why a range that intensity_range() gave shows nothing: no finite sample, one value, percentiles that collapse.
void warn_of_range(std::span<const float> samples, const Range& range, Warnings& warnings);
void warn_of_range(std::span<const std::int32_t> samples, const Range& range, Warnings& warnings);
void warn_of_range(std::span<const std::uint16_t> samples, const Range& range, Warnings& warnings);
void warn_of_range(std::span<const std::uint32_t> samples, const Range& range, Warnings& warnings);
void warn_of_range(std::span<const double> samples, const Range& range, Warnings& warnings);

/// Adds to image.warnings if its pixels show nothing: one value, or one with a few pixels of others.
void warn_of_content(Image& image);

}  // namespace mi2::image
