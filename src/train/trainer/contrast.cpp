#include "train/trainer/contrast.hpp"

#include <algorithm>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <ATen/Context.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include "ops/torch/autocast.hpp"
#include "ops/torch/torch_ops.hpp"
#include "train/trainer/loss.hpp"

namespace mi2::train {
namespace {

at::Tensor integers(std::span<const std::int64_t> values, at::Device device) {
  return at::tensor(at::ArrayRef<std::int64_t>(values.data(), values.size())).to(device);
}

/// A part of `count` things: [first, end).
struct Range {
  std::int64_t first = 0;
  std::int64_t end = 0;
  [[nodiscard]] std::int64_t size() const noexcept { return end - first; }
};

Range part(std::int64_t count, std::int64_t number, std::int64_t pieces) {
  return {count * number / pieces, count * (number + 1) / pieces};
}

/// The parts below each other; undefined if there are none.
at::Tensor stacked(const std::vector<at::Tensor>& parts) { return parts.empty() ? at::Tensor() : at::cat(parts); }

}  // namespace

Contrast::Texts Contrast::distinct_texts(const std::vector<std::string>& texts) {
  Texts found;
  std::unordered_map<std::string_view, std::int64_t> places;
  for (const std::string& text : texts) {
    const auto [place, fresh] = places.emplace(text, static_cast<std::int64_t>(found.distinct.size()));
    if (fresh) found.distinct.push_back(text);
    found.rows.push_back(place->second);
  }
  return found;
}

Contrast::Features Contrast::piece(const dataset::Batch& batch, const Texts& texts, std::int64_t number,
                                   std::int64_t pieces) const {
  const tensor::Shape& shape = batch.pixels.shape();
  const Range images = part(shape[0], number, pieces);
  const Range captions = part(static_cast<std::int64_t>(texts.distinct.size()), number, pieces);
  const ops::torch_ops::Autocast autocast(device_, dtype_);
  Features features;
  if (images.size() > 0) {
    const float* const first = batch.pixels.data<float>() + images.first * shape[1] * shape[2] * shape[3];
    features.images =
        model_.image_features(ops::TorchOps::on_device(first, {images.size(), shape[1], shape[2], shape[3]}, device_));
  }
  if (captions.size() > 0) {
    features.texts = model_.text_features(tokens_.encode(
        std::span(texts.distinct)
            .subspan(static_cast<std::size_t>(captions.first), static_cast<std::size_t>(captions.size()))));
  }
  return features;
}

/// Rows of all processes in the order of ranks. Gradients reach this process's own: each process's loss is the whole
/// batch's, so the sum of their gradients is the whole gradient.
at::Tensor Contrast::joined(const at::Tensor& mine) const {
  if (processes_.size() == 1) return mine;
  const at::Tensor all = processes_.gather(mine);
  const std::int64_t rows = mine.size(0);
  const std::int64_t first = processes_.rank() * rows;
  return at::cat({all.narrow(0, 0, first), mine, all.narrow(0, first + rows, all.size(0) - first - rows)});
}

at::Tensor Contrast::targets_of(const dataset::Batch& batch) const {
  const at::Tensor classes = integers(batch.classes, device_);
  if (!batch.mixup) return pair_targets(processes_.gather(classes));
  std::vector<std::int64_t> partners;
  for (const std::size_t partner : batch.mixup->partner) partners.push_back(batch.classes[partner]);
  return mixed_pair_targets(processes_.gather(classes), processes_.gather(integers(partners, device_)),
                            batch.mixup->lambda);
}

/// Every process computes the whole loss, and their gradients are added up: only one may have the scale's.
bool Contrast::has_scale() const { return processes_.rank() == 0 && model_.scale_parameter().requires_grad(); }

at::Tensor Contrast::loss_of(const Features& features, const Texts& texts, const dataset::Batch& batch) const {
  const at::Tensor targets = targets_of(batch);
  at::Tensor scale = model_.scale_parameter();
  if (!has_scale()) scale = scale.detach();
  const at::Tensor captions = features.texts.index_select(0, integers(texts.rows, device_));
  return unicl_loss(joined(features.images), joined(captions), scale, targets);
}

at::Tensor Contrast::loss(const dataset::Batch& batch) const {
  const Texts texts = distinct_texts(batch.texts);
  return loss_of(piece(batch, texts, 0, 1), texts, batch);
}

double Contrast::backward_in_pieces(const dataset::Batch& batch, std::int64_t pieces, std::uint64_t seed,
                                    const std::function<void()>& before_last) const {
  const Texts texts = distinct_texts(batch.texts);
  const auto features_of = [&](std::int64_t number) {
    at::manual_seed(seed + 0xD1B54A32D192ED03ULL * static_cast<std::uint64_t>(number));
    return piece(batch, texts, number, pieces);
  };
  std::vector<at::Tensor> images;
  std::vector<at::Tensor> captions;
  {
    const at::NoGradGuard no_graph;
    for (std::int64_t number = 0; number < pieces; ++number) {
      const Features features = features_of(number);
      if (features.images.defined()) images.push_back(features.images);
      if (features.texts.defined()) captions.push_back(features.texts);
    }
  }
  const Features all{stacked(images).requires_grad_(), stacked(captions).requires_grad_()};
  const at::Tensor loss = loss_of(all, texts, batch);
  torch::autograd::variable_list inputs{all.images, all.texts};
  if (has_scale()) inputs.push_back(model_.scale_parameter());
  const torch::autograd::variable_list gradients = torch::autograd::grad({loss}, inputs);

  std::int64_t image = 0;
  std::int64_t caption = 0;
  for (std::int64_t number = 0; number < pieces; ++number) {
    const Features features = features_of(number);
    torch::autograd::variable_list roots;
    torch::autograd::variable_list by_root;
    const auto add = [&](const at::Tensor& root, const at::Tensor& gradient, std::int64_t& first) {
      if (!root.defined()) return;
      // A frozen tower has no graph.
      if (root.requires_grad()) {
        roots.push_back(root);
        by_root.push_back(gradient.narrow(0, first, root.size(0)));
      }
      first += root.size(0);
    };
    add(features.images, gradients[0], image);
    add(features.texts, gradients[1], caption);
    if (number + 1 == pieces) {
      if (has_scale()) {
        roots.push_back(model_.scale_parameter());
        by_root.push_back(gradients[2]);
      }
      before_last();
    }
    if (!roots.empty()) torch::autograd::backward(roots, by_root);
  }
  return loss.item<double>();
}

}  // namespace mi2::train
