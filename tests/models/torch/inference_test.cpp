// A model on a device whose memory runs out, acted out by a stand-in.

#include "models/torch/inference.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <c10/util/Exception.h>
#include <gtest/gtest.h>

#include "models/full_config.hpp"
#include "support/expect_error.hpp"
#include "weights/config.hpp"

#include <mi2/error.hpp>

namespace mi2::models {
namespace {

/// Vectors that say which image or text they are of; at most `room` fit at once.
class Small final : public TorchModel {
 public:
  Small(std::int64_t room, std::vector<std::int64_t>& passes) : room_(room), passes_(passes) {}

  at::Tensor image_features(const at::Tensor& pixels) override {
    take(pixels.size(0));
    return pixels.mean({1, 2});
  }
  std::pair<at::Tensor, at::Tensor> image_features_and_tokens(const at::Tensor& pixels) override {
    take(pixels.size(0));
    return {pixels.mean({1, 2}), pixels};
  }
  at::Tensor features_of_tokens(const at::Tensor& tokens) override {
    take(tokens.size(0));
    return tokens;
  }
  at::Tensor text_features(const ops::TokenBatch& tokens) override {
    take(tokens.texts());
    at::Tensor rows = at::empty({tokens.texts(), 1});
    for (std::int64_t t = 0; t < tokens.texts(); ++t) {
      rows[t][0] = tokens.ids[static_cast<std::size_t>(tokens.offsets[static_cast<std::size_t>(t)])];
    }
    return rows;
  }
  std::vector<ops::TorchParameter>& parameters() override { return parameters_; }
  void set_training(bool) override {}
  tensor::Tensor embed_images(const tensor::Tensor&) override { return {}; }
  ImageFeatures embed_images_and_tokens(const tensor::Tensor&) override { return {}; }
  tensor::Tensor embed_image_tokens(const tensor::Tensor&) override { return {}; }
  tensor::Tensor embed_texts(const ops::TokenBatch&) override { return {}; }
  [[nodiscard]] float logit_scale() const override { return 4; }

 private:
  void take(std::int64_t rows) {
    if (room_ < 0) TORCH_CHECK(false, "a kernel failed\nand a second line");
    if (rows > room_) TORCH_CHECK_WITH(OutOfMemoryError, false, "no room");
    passes_.push_back(rows);
  }

  std::int64_t room_;
  std::vector<std::int64_t>& passes_;
  std::vector<ops::TorchParameter> parameters_;
};

tensor::Tensor numbered_images(std::int64_t count) {
  tensor::Tensor x({count, 2, 2, 3});
  for (std::int64_t i = 0; i < x.shape().count(); ++i) x.data<float>()[i] = static_cast<float>(i / 12);
  return x;
}

void expect_numbered(const tensor::Tensor& vectors, std::int64_t count) {
  ASSERT_EQ(vectors.shape()[0], count);
  for (std::int64_t i = 0; i < count; ++i) {
    EXPECT_EQ(vectors.data<float>()[i * vectors.shape()[1]], static_cast<float>(i)) << i;
  }
}

TEST(Inference, ManyImagesAreComputedInSeveralPasses) {
  std::vector<std::int64_t> passes;
  const auto model = for_inference(std::make_unique<Small>(100, passes), at::kCPU, 4);
  expect_numbered(model->embed_images(numbered_images(10)), 10);
  EXPECT_EQ(passes, (std::vector<std::int64_t>{4, 4, 2}));
}

TEST(Inference, ABatchThatDoesNotFitIsHalvedUntilItDoesAndFromThenOn) {
  std::vector<std::int64_t> passes;
  const auto model = for_inference(std::make_unique<Small>(3, passes), at::kCPU, 64);
  expect_numbered(model->embed_images(numbered_images(9)), 9);
  EXPECT_EQ(passes, (std::vector<std::int64_t>{2, 2, 2, 2, 1}));
  passes.clear();
  expect_numbered(model->embed_images(numbered_images(5)), 5);
  EXPECT_EQ(passes, (std::vector<std::int64_t>{2, 2, 1}));
  ops::TokenBatch tokens;
  for (std::int32_t t = 0; t < 7; ++t) tokens.add({t, 5});
  expect_numbered(model->embed_texts(tokens), 7);
}

TEST(Inference, TokensOfABatchInPartsAreEachImagesOwn) {
  std::vector<std::int64_t> passes;
  const auto model = for_inference(std::make_unique<Small>(3, passes), at::kCPU, 8);
  const ImageFeatures found = model->embed_images_and_tokens(numbered_images(7));
  expect_numbered(found.vectors, 7);
  ASSERT_EQ(found.tokens.shape(), tensor::Shape({7, 2, 2, 3}));
  for (std::int64_t i = 0; i < found.tokens.shape().count(); ++i) {
    EXPECT_EQ(found.tokens.data<float>()[i], static_cast<float>(i / 12)) << i;
  }
}

TEST(Inference, TokensByThemselvesAreComputedInParts) {
  std::vector<std::int64_t> passes;
  const auto model = for_inference(std::make_unique<Small>(3, passes), at::kCPU, 8);
  tensor::Tensor tokens({7, 2});
  for (std::int64_t i = 0; i < tokens.shape().count(); ++i) tokens.data<float>()[i] = static_cast<float>(i / 2);
  expect_numbered(model->embed_image_tokens(tokens), 7);
  EXPECT_EQ(passes, (std::vector<std::int64_t>{3, 3, 1}));
}

TEST(Inference, SaysThatTheMemoryDoesNotSuffice) {
  std::vector<std::int64_t> passes;
  const auto model = for_inference(std::make_unique<Small>(0, passes), at::kCPU, 8);
  test::expect_error(Code::kTooLarge, {"device 'cpu'", "memory does not suffice"},
                     [&] { model->embed_images(numbered_images(5)); });
}

TEST(Inference, ReportsALibrarysErrorInOneLine) {
  std::vector<std::int64_t> passes;
  const auto model = for_inference(std::make_unique<Small>(-1, passes), at::kCPU, 8);
  const Error error = test::error_of([&] { model->embed_images(numbered_images(1)); });
  EXPECT_EQ(error.code(), Code::kInternal);
  EXPECT_EQ(std::string(error.what()), "device 'cpu': a kernel failed");
}

TEST(Inference, TheBatchFollowsTheFreeMemory) {
  const weights::ModelConfig config = weights::parse_config(kFullConfig, "the full model");
  EXPECT_EQ(images_that_fit(config, at::kFloat, 0), 1);
  EXPECT_EQ(images_that_fit(config, at::kBFloat16, std::uint64_t{140} << 30U), kMostImages);
  const std::int64_t f32 = images_that_fit(config, at::kFloat, std::uint64_t{4} << 30U);
  EXPECT_GT(f32, 4);
  EXPECT_GT(images_that_fit(config, at::kBFloat16, std::uint64_t{4} << 30U), f32);
}

}  // namespace
}  // namespace mi2::models
