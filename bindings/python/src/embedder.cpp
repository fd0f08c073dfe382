#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <mi2/classifier.hpp>
#include <mi2/embedder.hpp>
#include <mi2/matrix.hpp>

#include "bindings.hpp"
#include "images.hpp"
#include "rows.hpp"
#include "slides.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace mi2::python {
namespace {

using Vectors = nb::ndarray<const float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Scores = std::vector<std::pair<std::string, double>>;

Embedder open(const std::filesystem::path& model, const std::string& dtype, const std::string& device, unsigned threads,
              const std::string& profile, int azure_size, int azure_quality, const std::string& intensity,
              const std::optional<std::string>& window, const std::optional<std::string>& plane, bool strict,
              std::uint64_t max_pixels, std::uint64_t max_file_bytes, const std::filesystem::path& lora) {
  const nb::gil_scoped_release unlocked;
  EmbedderOptions options;
  if (!dtype.empty()) options.dtype = parse_dtype(dtype);
  options.device = parse_device(device);
  options.threads = threads;
  options.image.profile = parse_profile(profile);
  options.image.azure_size = azure_size;
  options.image.azure_quality = azure_quality;
  options.image.intensity = parse_intensity(intensity);
  if (window) options.image.window = parse_window(*window);
  if (plane) options.image.plane = parse_plane(*plane);
  options.image.strict = strict;
  options.image.max_pixels = max_pixels;
  options.image.max_file_bytes = max_file_bytes;
  options.lora = lora;
  return Embedder::open(model, options);
}

std::vector<bool> embed_texts(const Embedder& embedder, const std::vector<std::string>& texts, Rows& rows) {
  TextEmbeddings found = embedder.embed_texts(texts);
  for (std::size_t i = 0; i < found.vectors.rows(); ++i) rows.append(found.vectors.row(i));
  return std::move(found.truncated);
}

std::tuple<std::string, std::string, std::string, std::string, std::string> provenance(const Embedder& embedder) {
  Provenance p = embedder.provenance();
  return {std::move(p.version), std::move(p.weights_sha256), std::move(p.profile), std::move(p.dtype),
          std::move(p.instructions)};
}

std::tuple<int, int, int> token_grid(const Embedder& embedder) {
  const TokenGrid grid = embedder.token_grid();
  return {grid.height, grid.width, grid.channels};
}

std::pair<std::vector<double>, std::vector<double>> patch_edges(const Embedder& embedder) {
  PatchEdges edges = embedder.patch_edges();
  return {std::move(edges.y), std::move(edges.x)};
}

void embed_patches(const Embedder& embedder, const Vectors& tokens, Rows& rows) {
  const nb::gil_scoped_release unlocked;
  const EmbeddingMatrix found = embedder.embed_patches({tokens.data(), tokens.size()});
  for (std::size_t i = 0; i < found.rows(); ++i) rows.append(found.row(i));
}

std::vector<Scores> classify(const Classifier& classifier, const Vectors& images) {
  const nb::gil_scoped_release unlocked;
  std::vector<Scores> result;
  for (std::size_t row = 0; row < images.shape(0); ++row) {
    const float* numbers = images.data() + row * images.shape(1);
    Scores& scores = result.emplace_back();
    for (LabelScore& label : classifier.classify({numbers, images.shape(1)})) {
      scores.emplace_back(std::move(label.label), label.score);
    }
  }
  return result;
}

}  // namespace

void bind_embedder(nb::module_& module) {
  using Unlocked = nb::call_guard<nb::gil_scoped_release>;
  nb::class_<Embedder>(module, "Embedder", "One model in memory; see mi2::Embedder.")
      .def(nb::new_(&open), "model"_a, nb::kw_only(), "dtype"_a, "device"_a, "threads"_a, "profile"_a, "azure_size"_a,
           "azure_quality"_a, "intensity"_a, "window"_a.none(), "plane"_a.none(), "strict"_a, "max_pixels"_a,
           "max_file_bytes"_a, "lora"_a)
      .def_prop_ro("dimensions", &Embedder::dimensions)
      .def_prop_ro("logit_scale", &Embedder::logit_scale)
      .def_prop_ro("dtype", [](const Embedder& self) { return std::string(name_of(self.options().dtype.value())); })
      .def_prop_ro("device", [](const Embedder& self) { return to_string(self.options().device); })
      .def_prop_ro("why_cpu", &Embedder::why_cpu)
      .def_prop_ro("profile", [](const Embedder& self) { return std::string(name_of(self.options().image.profile)); })
      .def("provenance", &provenance, Unlocked(), "(version, weights_sha256, profile, dtype)")
      .def("embed_images", &embed_images, "images"_a, "batch"_a, "rows"_a, "tokens"_a.none(), "frames"_a.none(),
           "on_error"_a.none(), "advance"_a,
           nb::sig("def embed_images(self, images: collections.abc.Iterator[tuple[str, object]], batch: int, "
                   "rows: Rows, tokens: Rows | None, frames: str | None, "
                   "on_error: collections.abc.Callable[..., None] | None, "
                   "advance: collections.abc.Callable[[int], None]) -> list[tuple[int, int]]"),
           "Appends a row per image of (name, source), or per selected frame, of NaN for one that cannot be read; to "
           "`tokens`, if given, the features of its patches. "
           "(position of the image, number of the frame or 0) of each row.")
      .def("embed_tiles", &embed_tiles, "paths"_a, "level"_a.none(), "mpp"_a.none(), "tiles"_a, "frames"_a, "batch"_a,
           "rows"_a, "on_error"_a.none(), "advance"_a,
           nb::sig(
               "def embed_tiles(self, paths: list[str], level: str | None, mpp: str | None, tiles: str, frames: str, "
               "batch: int, rows: Rows, on_error: collections.abc.Callable[..., None] | None, "
               "advance: collections.abc.Callable[[int], None]) "
               "-> list[tuple[str, int, int, int, int, int, int, float]]"),
           "Appends a row per selected tile of the slides. (path, number of the tile or 0, level, x, y, width, height, "
           "mpp) of each row.")
      .def_prop_ro("token_grid", &token_grid, "(height, width, channels)")
      .def("patch_edges", &patch_edges, "(y, x) of the grid's cells, in parts of an image's height and width")
      .def("embed_patches", &embed_patches, "tokens"_a, "rows"_a,
           "Appends one row per patch of tokens [patches, channels].")
      .def("embed_texts", &embed_texts, "texts"_a, "rows"_a, Unlocked(),
           "Appends one row per text. Which texts were longer than the model's context.");
  nb::class_<Classifier>(module, "Classifier", "Zero-shot classification; see mi2::Classifier.")
      .def(
          "__init__",
          [](Classifier* self, const Embedder& embedder, std::vector<std::string> labels,
             std::vector<std::string> templates, bool multilabel) {
            new (self) Classifier(embedder, std::move(labels), {std::move(templates), multilabel});
          },
          "embedder"_a, "labels"_a, "templates"_a, "multilabel"_a, Unlocked())
      .def_prop_ro("truncated", &Classifier::truncated)
      .def("classify", &classify, "images"_a, "(label, score) pairs of each row, best first.");
}

}  // namespace mi2::python
