#include "protocols/synchronous.hpp"

#include <span>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "protocols/answers.hpp"

namespace mi2::protocols {

HttpResponse answer(const Service& service, const Embedders& embedders, HttpRequest request) {
  const Match found = match(request);
  if (found.refusal) return *found.refusal;
  if (auto refused = refuse_headers(found.route, request)) return *refused;
  try {
    if (auto refused = decode_content(found.route, request, service.max_body_bytes)) return *refused;
    const RequestPlan plan = found.route->parse(service, std::move(request), found.parameters);
    const Work& work = plan.work;
    Vectors vectors;
    if (work.images.empty() && work.texts.empty()) return plan.finish(vectors);
    const Embedder& embedder = embedders(work.model);
    std::vector<Pixels> pixels;
    for (const ImageItem& image : work.images) {
      try {
        if (!image.url.empty()) {
          throw Error(Code::kUnsupported, fmt::format("{}: a URL, which is not fetched here", image.name));
        }
        const std::span<const std::byte> bytes = std::as_bytes(std::span(image.bytes));
        if (image.region) {
          pixels.push_back(embedder::prepare_region(embedder, bytes, image.name, *image.region, image.options));
        } else {
          pixels.push_back(embedder.prepare(bytes, image.name, image.options));
        }
        add_warnings(vectors.warnings, image.name, pixels.back().warnings);
      } catch (const Error& error) {
        return item_error_answer(found.route, error);
      }
    }
    if (!pixels.empty()) vectors.images = embedder.embed_images(pixels);
    if (work.patches) vectors.patches = embedder::patches_of(embedder, pixels.front());
    if (!work.texts.empty()) vectors.texts = embedder.embed_texts(work.texts).vectors;
    HttpResponse answer = plan.finish(vectors);
    add_warnings_header(answer, vectors.warnings);
    return answer;
  } catch (const Error& error) {
    return error_answer(found.route, error);
  }
}

}  // namespace mi2::protocols
