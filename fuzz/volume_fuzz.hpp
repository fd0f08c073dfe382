#pragma once
// Any bytes as a volume of one format: an Error or slices, nothing else.

#include <cstddef>
#include <cstdint>
#include <span>

#include <mi2/error.hpp>

#include "volume/formats.hpp"
#include "volume/volume.hpp"

/// @param looks_so  whether bytes start as the format does: others are another target's.
inline int fuzz_volume(bool (*looks_so)(std::span<const std::byte>), const std::uint8_t* data, std::size_t size) {
  const std::span<const std::byte> bytes = std::as_bytes(std::span(data, size));
  if (!looks_so(bytes)) return 0;
  mi2::volume::Options options;
  options.max_pixels = 1U << 20U;
  options.max_bytes = 1U << 24U;
  try {
    static_cast<void>(mi2::volume::data_file(bytes, "folder/header"));
    static_cast<void>(mi2::volume::joined(bytes, {}, options.max_bytes, "fuzz"));
  } catch (const mi2::Error&) {
  }
  for (const mi2::Plane plane : {mi2::Plane::kAxial, mi2::Plane::kSagittal}) {
    try {
      options.plane = plane;
      const auto source = mi2::volume::open(bytes, options, "fuzz");
      static_cast<void>(source->read(source->middle()));
      static_cast<void>(source->info(0));
      static_cast<void>(source->read(source->frames() - 1));
    } catch (const mi2::Error&) {
    }
  }
  return 0;
}
