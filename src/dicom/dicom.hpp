#pragma once
// DICOM objects to display images. No knowledge of the model; DCMTK stays behind this header.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "image/image.hpp"
#include "image/source.hpp"

#include <mi2/image.hpp>

namespace mi2::dicom {

struct Options {
  std::uint64_t max_pixels = 200'000'000;  ///< rows x columns of a frame; checked before pixels are allocated
  std::optional<Window> window;            ///< overrides the file's own VOI
  image::GreyRule fallback;                ///< for grey with neither an override nor a VOI in the file
  bool ignore_voi = false;                 ///< the file's windows and VOI LUTs
  std::function<void(std::uint64_t pixels)> claim{};  ///< as ImageOptions::claim
  bool fingerprint = false;                           ///< whether image::Image::stored is made of grey
};

/// Whether the bytes look like a DICOM object: "DICM" after a preamble, or a plausible dataset without one.
bool looks_like_dicom(std::span<const std::byte> bytes) noexcept;

/// What an object is, without decoding it.
struct ObjectKind {
  bool pixels = true;         ///< or it may have some: what is damaged or cut counts so
  bool unsure = false;        ///< no pixels were found, but the bytes end before the object does
  std::string_view class_of;  ///< of an object without pixels, by its SOP class: "structured report", ..; "" for others
  bool directory = false;     ///< a DICOMDIR
};

/// @param bytes  of an object: all, or with `whole` false the first few thousand.
ObjectKind kind_of(std::span<const std::byte> bytes, bool whole);

/// The files that a DICOMDIR names, each as the folders below its own and a name, in its order. None of them leads out.
/// @throws Error{kBadFile} if it is broken.
std::vector<std::vector<std::string>> referenced_files(std::span<const std::byte> directory, std::string_view name);

/// Opens an object, whose frames are then read one at a time as grey (8-bit) or RGB images: modality LUT, VOI window
/// (the override, the file's first, else percentiles), MONOCHROME1 inversion; palette, RGB and YBR objects as RGB.
/// Reads native, deflated, RLE, JPEG (baseline, extended, lossless) and JPEG-LS transfer syntaxes.
/// The frame that represents an object is number frames / 2. `bytes` outlive the source.
/// @throws Error{kBadFile} corrupt, {kUnsupported} naming the transfer syntax or the missing pixels, {kTooLarge}.
std::unique_ptr<image::Source> open(std::span<const std::byte> bytes, const Options& options, std::string_view name);

}  // namespace mi2::dicom
