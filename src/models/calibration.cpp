#include "models/calibration.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "models/on_cpu.hpp"
#include "models/packed.hpp"
#include "models/watching_ops.hpp"
#include "weights/checkpoint.hpp"

namespace mi2::models {
namespace {

/// 1 - cosine to bf16's vectors that int8 may cost the worst input. The golden models lose less with all their layers
/// in bytes; other inputs than these lose up to ten times more (docs/numerics.md).
constexpr double kMostLost = 5e-4;

/// How much of a tower's layers stay bf16, those that lose most first, until kMostLost is kept.
constexpr std::array kWideShares{1.0 / 16, 1.0 / 8, 1.0 / 4, 1.0 / 2, 1.0};

/// A watched model, through its op set.
class Watched : public ModelOn<Model, WatchingOps> {
 public:
  using ModelOn::ModelOn;
  WatchingOps::Watch& watch() { return ops_.watch(); }
};

/// Unit vectors of inputs, a row each.
using Rows = std::vector<float>;

Rows image_rows(Model& model, const CalibrationInputs& inputs) {
  Rows rows;
  for (const tensor::Tensor& image : inputs.images) {
    const tensor::Tensor vector = model.embed_images(image);
    rows.insert(rows.end(), vector.floats().begin(), vector.floats().end());
  }
  return rows;
}

Rows text_rows(Model& model, const CalibrationInputs& inputs) {
  const tensor::Tensor vectors = model.embed_texts(inputs.texts);
  return {vectors.floats().begin(), vectors.floats().end()};
}

/// The least cosine of a row of `a` and the same of `b`; 1 where `b` is not finite: there is nothing to be near to.
double least_cosine(const Rows& a, const Rows& b, std::size_t width) {
  double least = 1;
  for (std::size_t at = 0; at < a.size(); at += width) {
    double cosine = 0;
    bool finite = true;
    for (std::size_t c = at; c < at + width; ++c) {
      cosine += static_cast<double>(a[c]) * b[c];
      finite = finite && std::isfinite(b[c]);
    }
    if (!finite) continue;
    least = std::min(least, std::isfinite(cosine) ? cosine : -1.0);
  }
  return least;
}

/// Blocks that are there already.
class GivenBlocks final : public ops::PreparedBlocks {
 public:
  void give(const weights::NamedBlock& block) { blocks_.insert_or_assign(block.first, block.second); }
  std::optional<ops::PreparedBlock> take(const std::string& name,
                                         std::span<const ops::BlockLayout> /*wanted*/) override {
    return blocks_.at(name);
  }
  void add(const std::string& /*name*/, ops::PreparedBlock /*block*/) override {}

 private:
  std::map<std::string, ops::PreparedBlock> blocks_;
};

std::shared_ptr<GivenBlocks> given(const std::vector<weights::NamedBlock>& blocks) {
  auto result = std::make_shared<GivenBlocks>();
  for (const weights::NamedBlock& block : blocks) result->give(block);
  return result;
}

struct Tower {
  std::string_view prefix;
  Rows (*rows)(Model& model, const CalibrationInputs& inputs);
  TowerFit Int8Fit::*fit;
};

constexpr std::array<Tower, 2> kTowers{Tower{"image_encoder.", image_rows, &Int8Fit::image},
                                       Tower{"lang_encoder.", text_rows, &Int8Fit::text}};

/// A load in its steps.
class Fitting {
 public:
  Fitting(const weights::StoredWeights& weights, const weights::ModelConfig& config,
          const ops::CpuOps::Options& options, const CalibrationInputs& inputs)
      : weights_(weights), config_(config), options_(options), inputs_(inputs) {}

  FittedModel run() {
    measure();
    ops::cpu::PackedWeights::trim();  // of the bf16 model, which is twice as large
    FittedModel result{load_narrow(), {}};
    bool good = true;
    for (std::size_t t = 0; t < kTowers.size(); ++t) {
      TowerFit& fit = fit_.*kTowers.at(t).fit;
      fit.before = fit.after = cosine(t, *result.model);
      good = good && 1 - fit.before <= kMostLost;
    }
    if (!good) {
      choose();
      result.model = load_chosen();
    }
    ops::cpu::PackedWeights::trim();
    if (options_.prepared) {
      for (const auto& [name, block] : blocks_) options_.prepared->add(name, block);
    }
    result.fit = std::move(fit_);
    return result;
  }

 private:
  [[nodiscard]] ops::CpuOps::Options in(ops::Precision precision, std::shared_ptr<ops::PreparedBlocks> blocks) const {
    ops::CpuOps::Options options = options_;
    options.precision = precision;
    options.prepared = std::move(blocks);
    return options;
  }

  [[nodiscard]] double cosine(std::size_t tower, Model& model) const {
    return least_cosine(kTowers.at(tower).rows(model, inputs_), wanted_.at(tower),
                        static_cast<std::size_t>(config_.projection));
  }

  /// bf16's vectors, and what they make of the layers' inputs.
  void measure() {
    weights::Checkpoint checkpoint(weights_);
    Watched model(checkpoint, config_, in(ops::Precision::kBF16, nullptr), std::nullopt);
    checkpoint.finish();
    model.watch().ranges = true;
    for (std::size_t t = 0; t < kTowers.size(); ++t) wanted_.at(t) = kTowers.at(t).rows(model, inputs_);
    weights::Checkpoint again(weights_);
    for (const auto& [layer, range] : model.watch().seen) {
      const weights::TensorInfo& tensor = again.file().tensors()[again.left().at(layer)];
      std::vector<std::int8_t> exponents = shared_exponents(range.largest, again.take(layer, tensor.shape));
      if (std::ranges::all_of(exponents, [](std::int8_t e) { return e == 0; })) continue;
      fit_.sharing[layer] = {range.norm, std::move(exponents)};
    }
  }

  std::unique_ptr<CpuModel> load_narrow() {
    weights::Checkpoint checkpoint(weights_);
    SharedParameters source(checkpoint, fit_.sharing);
    const auto collected = std::make_shared<CollectedBlocks>();
    auto model = std::make_unique<OnCpu>(source, config_, in(ops::Precision::kInt8, collected));
    blocks_ = collected->blocks();
    return model;
  }

  /// Which layers stay bf16; their blocks take the others' places.
  void choose() {
    weights::Checkpoint checkpoint(weights_);
    SharedParameters source(checkpoint, fit_.sharing);
    const auto wide_blocks = std::make_shared<CollectedBlocks>();
    Watched model(source, config_, in(ops::Precision::kBF16, wide_blocks), in(ops::Precision::kInt8, given(blocks_)));
    WatchingOps::Watch& watch = model.watch();
    watch.losses = true;
    for (const Tower& tower : kTowers) tower.rows(model, inputs_);
    watch.losses = false;
    for (std::size_t t = 0; t < kTowers.size(); ++t) choose(t, model);
    fit_.wide = watch.wide;
    for (auto& [name, block] : blocks_) {
      if (!fit_.wide.contains(name)) continue;
      block = std::ranges::find(wide_blocks->blocks(), name, &weights::NamedBlock::first)->second;
    }
  }

  void choose(std::size_t tower, Watched& model) {
    TowerFit& fit = fit_.*kTowers.at(tower).fit;
    WatchingOps::Watch& watch = model.watch();
    std::vector<std::pair<double, std::string>> order;
    for (const auto& [layer, lost] : watch.lost) {
      if (layer.starts_with(kTowers.at(tower).prefix)) order.emplace_back(lost, layer);
    }
    std::ranges::sort(order, std::greater<>());
    fit.layers = order.size();
    for (const double share : kWideShares) {
      if (1 - fit.after <= kMostLost) break;
      const auto count = static_cast<std::size_t>(std::ceil(share * static_cast<double>(order.size())));
      for (; fit.wide < count; ++fit.wide) watch.wide.insert(order[fit.wide].second);
      fit.after = cosine(tower, model);
    }
  }

  std::unique_ptr<CpuModel> load_chosen() {
    const std::shared_ptr<GivenBlocks> chosen = given(blocks_);
    weights::Checkpoint checkpoint(weights_);
    const float scale = checkpoint.take("logit_scale", {}).to_floats().front();
    CollectedBlocks scalar;
    scalar.add_scalar("logit_scale", scale);
    chosen->give(scalar.blocks().front());
    PackedParameters source(*chosen);
    return std::make_unique<OnCpu>(source, config_, in(ops::Precision::kInt8, chosen));
  }

  const weights::StoredWeights& weights_;
  const weights::ModelConfig& config_;
  const ops::CpuOps::Options& options_;
  const CalibrationInputs& inputs_;
  std::array<Rows, kTowers.size()> wanted_;
  std::vector<weights::NamedBlock> blocks_;
  Int8Fit fit_;
};

}  // namespace

FittedModel load_int8_model(const weights::StoredWeights& weights, const weights::ModelConfig& config,
                            const ops::CpuOps::Options& options, const CalibrationInputs& inputs) {
  return Fitting(weights, config, options, inputs).run();
}

}  // namespace mi2::models
