#include "embedder/batch_pass.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <mi2/embedder.hpp>
#include <mi2/matrix.hpp>

namespace mi2::embedder {
namespace {

/// A model whose file was damaged (kBadFile) has no vectors for anything.
bool is_of_an_input(const Error& error) { return error.code() != Code::kInternal && error.code() != Code::kBadFile; }

}  // namespace

BatchPass::BatchPass(std::span<Ready> batch, bool tokens) : tokens_(tokens) {
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
/// @param embed  Rows of a span of inputs, without errors; of none, with the dimensions that there would be.
template <typename Input, typename Embed>
BatchPass::Rows BatchPass::rows_of(std::span<const Input> inputs, const Embed& embed) {
  try {
    Rows all = embed(inputs);
    all.errors.resize(inputs.size());
    return all;
  } catch (const Error& error) {
    if (!is_of_an_input(error)) throw;
  }
  const Rows none = embed(inputs.first(0));
  Rows result{EmbeddingMatrix(inputs.size(), none.vectors.dimensions()), std::vector<bool>(inputs.size()),
              EmbeddingMatrix(inputs.size(), none.tokens.dimensions()),
              std::vector<std::optional<Error>>(inputs.size())};
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    try {
      const Rows one = embed(inputs.subspan(i, 1));
      std::ranges::copy(one.vectors.row(0), result.vectors.row(i).begin());
      std::ranges::copy(one.tokens.row(0), result.tokens.row(i).begin());
      if (!one.truncated.empty()) result.truncated[i] = one.truncated.front();
    } catch (const Error& error) {
      if (!is_of_an_input(error)) throw;
      result.errors[i] = error;
    }
  }
  return result;
}

void BatchPass::run(const Embedder& embedder) {
  of_images_ = rows_of(std::span<const Pixels>(images_), [&](std::span<const Pixels> some) {
    if (!tokens_) return Rows{embedder.embed_images(some), {}, {}, {}};
    ImageFeatures found = embedder.embed_images_and_tokens(some);
    return Rows{std::move(found.vectors), {}, std::move(found.tokens), {}};
  });
  of_texts_ = rows_of(std::span<const std::string>(texts_), [&](std::span<const std::string> some) {
    TextEmbeddings found = embedder.embed_texts(some);
    return Rows{std::move(found.vectors), std::move(found.truncated), {}, {}};
  });
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
      result.tokens = of_images_.tokens.row(image);
      result.image = of_images_.vectors.row(image++);
    }
    if (item.has_text) {
      fail(of_texts_.errors[text]);
      result.truncated = of_texts_.truncated[text];
      result.text = of_texts_.vectors.row(text++);
    }
    if (errors[i]) {
      result.image = result.text = result.tokens = {};
      result.error = &*errors[i];
    }
  }
  on_batch(embedded);
}

}  // namespace mi2::embedder
