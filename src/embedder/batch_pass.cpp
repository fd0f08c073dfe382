#include "embedder/batch_pass.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <mi2/matrix.hpp>

namespace mi2::embedder {
namespace {

/// A model whose file was damaged (kBadFile) has no vectors for anything.
bool is_of_an_input(const Error& error) { return error.code() != Code::kInternal && error.code() != Code::kBadFile; }

}  // namespace

BatchPass::BatchPass(std::span<Ready> batch) {
  for (Ready& ready : batch) {
    Prepared& prepared = ready.prepared;
    Item& item = items_.emplace_back();
    item.name = std::move(ready.name);
    item.frame = ready.frame;
    item.error = std::move(ready.error);
    item.has_image = prepared.image.has_value();
    item.has_text = prepared.text.has_value();
    if (item.has_image) {
      item.warnings = std::move(prepared.image->warnings);
      images_.push_back(std::move(*prepared.image));
    }
    if (item.has_text) texts_.push_back(std::move(*prepared.text));
  }
}

/// All at once, or after an error one by one: whatever input is at fault, its neighbours get their vectors.
/// @param embed  TextEmbeddings of a span of inputs.
template <typename Input, typename Embed>
BatchPass::Vectors BatchPass::vectors_of(std::span<const Input> inputs, std::size_t dimensions, const Embed& embed) {
  Vectors result{{}, std::vector<std::optional<Error>>(inputs.size())};
  try {
    result.rows = embed(inputs);
    return result;
  } catch (const Error& error) {
    if (!is_of_an_input(error)) throw;
  }
  result.rows = {EmbeddingMatrix(inputs.size(), dimensions), std::vector<bool>(inputs.size())};
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    try {
      const TextEmbeddings one = embed(inputs.subspan(i, 1));
      std::ranges::copy(one.vectors.row(0), result.rows.vectors.row(i).begin());
      if (!one.truncated.empty()) result.rows.truncated[i] = one.truncated.front();
    } catch (const Error& error) {
      if (!is_of_an_input(error)) throw;
      result.errors[i] = error;
    }
  }
  return result;
}

void BatchPass::run(const Embedder& embedder) {
  const auto dimensions = static_cast<std::size_t>(embedder.dimensions());
  of_images_ = vectors_of(std::span<const Pixels>(images_), dimensions, [&](std::span<const Pixels> some) {
    return TextEmbeddings{embedder.embed_images(some), {}};
  });
  of_texts_ = vectors_of(std::span<const std::string>(texts_), dimensions,
                         [&](std::span<const std::string> some) { return embedder.embed_texts(some); });
  std::vector<Pixels>().swap(images_);
}

void BatchPass::hand_over(const std::function<void(std::span<const Embedded>)>& on_batch) const {
  std::vector<Embedded> embedded;
  std::vector<std::optional<Error>> errors(items_.size());
  std::size_t image = 0;
  std::size_t text = 0;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    const Item& item = items_[i];
    Embedded& result = embedded.emplace_back();
    result.name = item.name;
    result.frame = item.frame;
    result.warnings = item.warnings;
    errors[i] = item.error;
    const auto fail = [&](const std::optional<Error>& error) {
      if (error && !errors[i]) errors[i].emplace(error->code(), fmt::format("{}: {}", item.name, error->what()));
    };
    if (item.has_image) {
      fail(of_images_.errors[image]);
      result.image = of_images_.rows.vectors.row(image++);
    }
    if (item.has_text) {
      fail(of_texts_.errors[text]);
      result.truncated = of_texts_.rows.truncated[text];
      result.text = of_texts_.rows.vectors.row(text++);
    }
    if (errors[i]) {
      result.image = result.text = {};
      result.error = &*errors[i];
    }
  }
  on_batch(embedded);
}

}  // namespace mi2::embedder
