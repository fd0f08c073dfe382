// POST /v1/heatmap: where in an image texts and other images are.

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "embedder/heatmap.hpp"
#include "protocols/answers.hpp"
#include "protocols/json.hpp"
#include "protocols/parameters.hpp"
#include "protocols/parsers.hpp"
#include "protocols/request.hpp"
#include "protocols/uploads.hpp"

namespace mi2::protocols {
namespace {

/// What a request of either form asks about.
struct Sought {
  std::vector<std::string> images;  ///< the first is looked at, the others are looked for
  bool files = false;               ///< the images are files' bytes, not base64
  std::vector<std::string> texts;
  ImageOptions options;
};

Sought sought_of(const Service& service, Json& body) {
  Sought sought;
  Json* const image = member(body, "image");
  if (image == nullptr) throw Error(Code::kBadArgument, "image: expected the image to look at, got none");
  sought.images.push_back(take_string(*image, "image"));
  for (std::string& query : take_both(body, "query_image", "query_images")) sought.images.push_back(std::move(query));
  sought.texts = take_both(body, "text", "texts");
  sought.options = read_parameters(member(body, "params"), service.images).images;
  return sought;
}

Sought take_sought(const Service& service, HttpRequest& request) {
  std::optional<Upload> upload = take_upload(service, request);
  if (!upload) {
    Json body = json_object(request, service.limits);
    return sought_of(service, body);
  }
  if (upload->images.empty()) throw Error(Code::kBadArgument, "image: expected the image to look at, got none");
  Sought sought{std::move(upload->images), true, std::move(upload->texts), service.images};
  if (upload->params) sought.options = read_parameters(&*upload->params, service.images).images;
  return sought;
}

void add_images(WorkBuilder& work, std::vector<std::string> images, bool files) {
  for (std::size_t i = 0; i < images.size(); ++i) {
    std::string name = i == 0 ? "image" : fmt::format("query image {}", i);
    if (files) {
      work.add_image_bytes(std::move(images[i]), std::move(name));
    } else {
      work.add_image(images[i], std::move(name));
    }
  }
}

std::string maps_json(const Vectors& vectors) {
  const embedder::Patches& patches = vectors.patches.value();
  std::vector<embedder::Heatmap> maps;
  std::vector<std::string> queries;
  for (std::size_t i = 0; i < vectors.texts.rows(); ++i) {
    maps.push_back(embedder::heatmap(patches, vectors.texts.row(i)));
    queries.push_back(fmt::format(R"("query":"text {}")", i + 1));
  }
  for (std::size_t i = 1; i < vectors.images.rows(); ++i) {
    maps.push_back(embedder::heatmap(patches, vectors.images.row(i)));
    queries.push_back(fmt::format(R"("query":"image {}")", i));
  }
  return embedder::heatmaps_json(patches, maps, queries);
}

}  // namespace

RequestPlan parse_heatmap(const Service& service, HttpRequest request, const PathParameters&) {
  const std::shared_ptr<const ServedModel> model = service.model(query_value(request.query, "model"));
  Sought sought = take_sought(service, request);
  if (sought.images.size() == 1 && sought.texts.empty()) {
    throw Error(Code::kBadArgument, "expected something to look for: text, texts, query_image or query_images");
  }
  WorkBuilder work(service, model->name, sought.options);
  work.want_patches();
  add_images(work, std::move(sought.images), sought.files);
  for (std::size_t i = 0; i < sought.texts.size(); ++i) {
    work.add_text(std::move(sought.texts[i]), fmt::format("text {}", i + 1));
  }
  return {work.take(), [model, profile = sought.options.profile](const Vectors& vectors) {
            return model_answer(*model, profile, maps_json(vectors));
          }};
}

}  // namespace mi2::protocols
