// The loss of mixed batches, as numpy computes it.

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <vector>

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "train/trainer/loss.hpp"

namespace mi2::train {
namespace {

template <typename T>
at::Tensor tensor_of(const nlohmann::json& values) {
  return at::tensor(values.get<std::vector<T>>());
}

/// mixed_losses.json is numpy's: make_mixed_losses.py.
TEST(MixedLoss, EqualsNumpysAtEveryLambda) {
  const nlohmann::json cases =
      nlohmann::json::parse(std::ifstream(std::filesystem::path(MI2_TRAIN_DATA_DIR) / "mixed_losses.json"));
  ASSERT_GE(cases.size(), 5U);
  for (const nlohmann::json& want : cases) {
    const at::Tensor classes = tensor_of<std::int64_t>(want.at("classes"));
    const at::Tensor others = classes.index_select(0, tensor_of<std::int64_t>(want.at("partners")));
    const at::Tensor images = tensor_of<float>(want.at("images")).view({classes.size(0), -1});
    const at::Tensor texts = tensor_of<float>(want.at("texts")).view({classes.size(0), -1});
    const at::Tensor targets = mixed_pair_targets(classes, others, want.at("lambda").get<double>());
    const double loss = unicl_loss(images, texts, at::tensor(2.0F), targets).item<double>();
    // A sum of 8 x 8 terms in f32, of a loss of about 3.
    EXPECT_NEAR(loss, want.at("loss").get<double>(), 2e-6) << want.at("lambda");
  }
}

}  // namespace
}  // namespace mi2::train
