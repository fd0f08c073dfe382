#include "embedder/heatmap.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/numbers.hpp"

namespace mi2::embedder {
namespace {

std::vector<double> scaled(std::vector<double> edges, double side) {
  for (double& edge : edges) edge *= side;
  return edges;
}

/// What a cell inside the grid has of the model's image, in pixels. @param edges  of a PatchEdges.
std::int64_t side_of_cell(std::span<const double> edges, int side) {
  const double part = edges.size() > 3 ? edges[2] - edges[1] : 1.0 / static_cast<double>(edges.size() - 1);
  return std::llround(part * side);
}

double dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

void append_list(std::string& text, std::string_view name, std::span<const double> numbers) {
  text += fmt::format(R"("{}":[)", name);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (i > 0) text += ',';
    base::append_number(text, numbers[i]);
  }
  text += "],";
}

void append_map(std::string& text, const Heatmap& map, std::string_view query, std::size_t columns) {
  text += '{';
  if (!query.empty()) text += fmt::format("{},", query);
  for (const auto& [name, value] : {std::pair("least", map.least), {"most", map.most}, {"whole", map.whole}}) {
    text += fmt::format(R"("{}":)", name);
    base::append_number(text, value);
    text += ',';
  }
  text += R"("cosines":[)";
  for (std::size_t at = 0; at < map.cosines.size(); at += columns) {
    text += at > 0 ? ",[" : "[";
    base::append_numbers(text, std::span(map.cosines).subspan(at, columns), ',');
    text += ']';
  }
  text += "]}";
}

}  // namespace

Patches patches_of(const Embedder& embedder, const Pixels& pixels, std::span<const float> tokens,
                   std::span<const float> whole) {
  PatchEdges edges = embedder.patch_edges();
  Patches patches;
  patches.width = pixels.source_width;
  patches.height = pixels.source_height;
  patches.resolution = fmt::format(
      "{} x {} cells, one per {} x {} of the model's {} x {} pixels, fewer or more at the sides; the model looks at a "
      "cell together with its surroundings",
      edges.x.size() - 1, edges.y.size() - 1, side_of_cell(edges.x, pixels.width), side_of_cell(edges.y, pixels.height),
      pixels.width, pixels.height);
  patches.x = scaled(std::move(edges.x), patches.width);
  patches.y = scaled(std::move(edges.y), patches.height);
  patches.vectors = embedder.embed_patches(tokens);
  patches.whole.assign(whole.begin(), whole.end());
  return patches;
}

Patches patches_of(const Embedder& embedder, const Pixels& pixels) {
  const ImageFeatures found = embedder.embed_images_and_tokens({&pixels, 1});
  return patches_of(embedder, pixels, found.tokens.row(0), found.vectors.row(0));
}

Heatmap heatmap(const Patches& patches, std::span<const float> query) {
  if (query.size() != patches.whole.size()) {
    throw Error(Code::kBadArgument, fmt::format("vector: expected {} numbers, as the model has, got {}",
                                                patches.whole.size(), query.size()));
  }
  const double length = std::sqrt(dot(query, query));
  if (!std::isfinite(length) || length == 0) {
    throw Error(Code::kBadArgument, "vector: expected a length above 0 and finite numbers");
  }
  const auto cosine = [&](std::span<const float> unit) { return static_cast<float>(dot(unit, query) / length); };
  Heatmap map;
  map.cosines.reserve(patches.vectors.rows());
  for (std::size_t i = 0; i < patches.vectors.rows(); ++i) map.cosines.push_back(cosine(patches.vectors.row(i)));
  const auto [least, most] = std::ranges::minmax_element(map.cosines);
  map.least = *least;
  map.most = *most;
  map.whole = cosine(patches.whole);
  return map;
}

std::string heatmaps_json(const Patches& patches, std::span<const Heatmap> maps, std::span<const std::string> queries) {
  std::string text = fmt::format(R"({{"rows":{},"cols":{},"picture":[{},{}],"covers":[0,0,{},{}],)", patches.rows(),
                                 patches.columns(), patches.width, patches.height, patches.width, patches.height);
  append_list(text, "x", patches.x);
  append_list(text, "y", patches.y);
  text += fmt::format(R"("resolution":"{}","maps":[)", patches.resolution);
  for (std::size_t i = 0; i < maps.size(); ++i) {
    if (i > 0) text += ',';
    append_map(text, maps[i], queries[i], patches.columns());
  }
  return text + "]}";
}

}  // namespace mi2::embedder
