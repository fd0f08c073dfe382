#pragma once
// Images of a Python iterator through the pipeline.

#include <cstddef>

#include <nanobind/nanobind.h>

#include <mi2/embedder.hpp>

#include "rows.hpp"

namespace mi2::python {

/// Appends a row per image, of NaN for one that cannot be read. The iterator runs on the calling thread and the
/// interpreter is unlocked while images are decoded and computed.
/// @param images    iterator of (name, source): a path as str, a file's bytes, (mode, samples, palette) as
///                  mi2::ImageView has them, or the Error that there is instead.
/// @param on_error  called with position and Error of an image that cannot be read; None: the first is thrown.
/// @param advance   called after each batch with its number of images.
void embed_images(const Embedder& embedder, const nanobind::object& images, std::size_t batch, Rows& rows,
                  const nanobind::object& on_error, const nanobind::callable& advance);

}  // namespace mi2::python
