#pragma once
// Stored samples to what a screen shows. The rule, step by step: docs/dicom.md.

#include <cstdint>
#include <string_view>
#include <vector>

#include "dicom/dataset.hpp"
#include "dicom/dicom.hpp"
#include "dicom/frame.hpp"
#include "image/intensity.hpp"

namespace mi2::dicom {

/// Modality LUT, VOI, MONOCHROME1 inversion. @returns rows x columns.
/// @throws Error{kBadFile} for a rescale that is no number or has a slope of 0, or a modality LUT that is cut.
std::vector<std::uint8_t> render_grey(const Object& object, const Frame& frame, const Options& options,
                                      std::string_view name, image::Warnings& warnings);

/// Hands over the modality values by which grey levels of a frame are chosen; nothing if it has a window or a VOI LUT,
/// or is shown as stored. @throws as render_grey().
void visit_grey(const Object& object, const Frame& frame, const Options& options, std::string_view name,
                const image::UseBlock& use);

/// Whether an object's values are Hounsfield units, for which windows have names.
bool is_ct(const Item& data);

/// RGB, YBR_FULL, YBR_FULL_422 and PALETTE COLOR; YBR_ICT and YBR_RCT, which exist inside JPEG 2000 alone, are RGB.
/// @returns rows x columns x 3.
/// @throws Error{kUnsupported} naming another photometric interpretation, {kBadFile} a palette that is missing.
std::vector<std::uint8_t> render_colour(const Object& object, const Frame& frame, std::string_view name,
                                        image::Warnings& warnings);

}  // namespace mi2::dicom
