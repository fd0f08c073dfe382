#include "images.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>

#include <mi2/error.hpp>
#include <mi2/image.hpp>

#include "bindings.hpp"
#include "embedder/pipeline.hpp"

namespace nb = nanobind;

namespace mi2::python {
namespace {

using Samples = nb::ndarray<nb::ro, nb::c_contig, nb::device::cpu>;
using Decoded = std::tuple<std::string, Samples, nb::bytes>;
using Prepare = std::function<embedder::Prepared()>;

/// What any thread may read and drop, locked or not.
template <typename Held>
std::shared_ptr<const Held> shared(Held held) {
  return {new Held(std::move(held)), [](const Held* last) {
            const nb::gil_scoped_acquire locked;
            delete last;
          }};
}

Prepare of_bytes(const Embedder& embedder, nb::bytes encoded, std::string name) {
  const std::span bytes(static_cast<const std::byte*>(encoded.data()), encoded.size());
  return [&embedder, bytes, held = shared(std::move(encoded)), name = std::move(name)] {
    return embedder::Prepared{embedder.prepare(bytes, name), std::nullopt};
  };
}

Prepare of_samples(const Embedder& embedder, Decoded decoded, std::string name) {
  const auto held = shared(std::move(decoded));
  const auto& [mode, samples, palette] = *held;
  if (samples.ndim() < 2) {
    throw Error(Code::kBadArgument, fmt::format("{}: samples need [height, width] or [height, width, channels]", name));
  }
  ImageView view;
  view.mode = mode;
  view.height = samples.shape(0);
  view.width = samples.shape(1);
  view.samples = {static_cast<const std::byte*>(samples.data()), samples.nbytes()};
  view.palette = {static_cast<const std::uint8_t*>(palette.data()), palette.size()};
  return [&embedder, held, view, name = std::move(name)] {
    return embedder::Prepared{embedder.prepare(view, name), std::nullopt};
  };
}

Prepare prepare_of(const Embedder& embedder, const nb::object& source, const std::string& name) {
  if (nb::isinstance<nb::str>(source)) {
    return [&embedder, path = nb::cast<std::filesystem::path>(source)] {
      return embedder::Prepared{embedder.prepare_file(path), std::nullopt};
    };
  }
  if (nb::isinstance<nb::bytes>(source)) return of_bytes(embedder, nb::cast<nb::bytes>(source), name);
  if (nb::isinstance<nb::tuple>(source)) return of_samples(embedder, nb::cast<Decoded>(source), name);
  return [error = error_of(source)]() -> embedder::Prepared { throw Error(error); };
}

embedder::Item item_of(const Embedder& embedder, const nb::object& entry) {
  const auto [name, source] = nb::cast<std::pair<std::string, nb::object>>(entry);
  return {name, std::nullopt, prepare_of(embedder, source, name)};
}

}  // namespace

void embed_images(const Embedder& embedder, const nb::object& images, std::size_t batch, Rows& rows,
                  const nb::object& on_error, const nb::callable& advance) {
  const auto next = [&]() -> std::optional<embedder::Item> {
    const nb::gil_scoped_acquire locked;
    const nb::object entry = nb::steal(PyIter_Next(images.ptr()));
    if (entry.is_valid()) return item_of(embedder, entry);
    if (PyErr_Occurred() != nullptr) throw nb::python_error();
    return std::nullopt;
  };
  embedder::PipelineOptions options;
  options.batch = batch;
  options.threads = embedder.options().threads;
  std::uint64_t index = 0;
  const nb::gil_scoped_release unlocked;
  embedder::embed_all(embedder, next, options, [&](std::span<const embedder::Embedded> done) {
    const nb::gil_scoped_acquire locked;
    for (const embedder::Embedded& item : done) {
      if (item.error == nullptr) {
        rows.append(item.image);
      } else if (on_error.is_none()) {
        throw Error(*item.error);
      } else {
        rows.append_missing();
        on_error(index, error_object(*item.error));
      }
      ++index;
    }
    advance(done.size());
  });
}

}  // namespace mi2::python
