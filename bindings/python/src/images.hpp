#pragma once
// Images of a Python iterator through the pipeline.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>

#include <mi2/embedder.hpp>

#include "embedder/pipeline.hpp"
#include "rows.hpp"

namespace mi2::python {

/// Where what a run gives goes, and whom it reports to.
struct Run {
  const Embedder& embedder;
  std::size_t batch;                  ///< images computed together; 0: what is usual on the device
  Rows& rows;                         ///< appended to in order; NaN for one that cannot be read
  Rows* tokens;                       ///< the features of patches; null: they are not wanted
  const nanobind::object& on_error;   ///< called with a position and the Error of a row; None: the first is thrown
  const nanobind::callable& advance;  ///< called after each batch with its number of rows
};

/// Embeds items while the interpreter is unlocked.
/// @param next    called on this thread.
/// @param on_row  called of each row, with the interpreter locked; gives the position that `on_error` is called with.
void embed_items(const Run& run, const embedder::NextItem& next,
                 const std::function<std::uint64_t(const embedder::Embedded&)>& on_row);

/// A UserWarning, which a filter may turn into an exception. @param message  UTF-8.
void warn(const std::string& message);

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
