#pragma once
// Images of a Python iterator through the pipeline.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>

#include <mi2/embedder.hpp>

#include "rows.hpp"

namespace mi2::python {

/// Of a row: the position of its image, and the number of its frame from 1, or 0 if there is none.
using RowPlace = std::pair<std::uint64_t, std::uint64_t>;

/// Appends a row per image, or per selected frame of each, in order; of NaN for one that cannot be read. The iterator
/// runs on the calling thread and the interpreter is unlocked while images are decoded and computed.
/// @param images    iterator of (name, source): a path as str, a file's bytes, (mode, samples, palette) as
///                  mi2::ImageView has them, or the Error that there is instead.
/// @param tokens    appends of each row the features of its patches; null: they are not wanted.
/// @param frames    as mi2::parse_frames reads it. None: a row per image, of the frame that represents it.
/// @param batch     images computed together; 0: what is usual on the device.
/// @param on_error  called with an image's position and the Error of a row of it; None: the first is thrown.
/// @param advance   called after each batch with its number of rows.
/// @throws Error{kBadArgument} for `frames`.
std::vector<RowPlace> embed_images(const Embedder& embedder, const nanobind::object& images, std::size_t batch,
                                   Rows& rows, Rows* tokens, const std::optional<std::string>& frames,
                                   const nanobind::object& on_error, const nanobind::callable& advance);

}  // namespace mi2::python
