// The model on libtorch's CPU tensors against our own engine and the reference implementation.

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "golden/expected.hpp"
#include "models/device.hpp"
#include "models/torch/load_on_torch.hpp"
#include "support/distance.hpp"
#include "support/expect_error.hpp"
#include "support/matrix.hpp"
#include "support/paths.hpp"

#include <mi2/embedder.hpp>
#include <mi2/error.hpp>
#include <mi2/image.hpp>
#include <mi2/matrix.hpp>

namespace mi2 {
namespace {

using test::worst_difference;

const std::filesystem::path kData = test::golden_data();

/// The pictures of tests/golden, in the order of the file names.
std::vector<Pixels> pictures(const Embedder& embedder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(kData / "images")) paths.push_back(entry.path());
  std::ranges::sort(paths);
  std::vector<Pixels> prepared;
  for (const auto& path : paths) prepared.push_back(embedder.prepare_file(path));
  return prepared;
}

class OnTorch : public testing::Test {
 protected:
  void SetUp() override {
    models::device_loader().provide(models::load_on_torch);
    if (!std::filesystem::exists(model()))
      GTEST_SKIP() << "no weights in " << model() << "; scripts/make_golden.sh makes them";
  }
  static std::filesystem::path model() { return test::golden_weights() / "tiny"; }
  static Embedder open(const std::string& device, const std::string& dtype) {
    return Embedder::open(model(), {.dtype = parse_dtype(dtype), .device = parse_device(device)});
  }
  // Of unlike lengths, so that a batch has to be padded.
  const std::vector<std::string> texts_{"ct", "chest x-ray anteroposterior, no finding, in two views",
                                        "mr brain glioma"};
};

// Both sum in f32, in unlike orders; docs/numerics.md allows either 2e-5 from the reference.
TEST_F(OnTorch, F32VectorsAreOurOwnEngines) {
  const Embedder own = open("cpu", "f32");
  const Embedder torch = open("torch", "f32");
  const std::vector<Pixels> images = pictures(own);
  EXPECT_LE(worst_difference(test::rows_of(torch.embed_images(images)), test::rows_of(own.embed_images(images))), 2e-5);
  EXPECT_LE(worst_difference(test::rows_of(torch.embed_texts(texts_).vectors),
                             test::rows_of(own.embed_texts(texts_).vectors)),
            2e-5);
  EXPECT_EQ(torch.logit_scale(), own.logit_scale());
  EXPECT_EQ(torch.provenance().dtype, "f32");
}

TEST_F(OnTorch, TokensAreOurOwnEnginesAndLeaveTheVectorsBits) {
  const Embedder own = open("cpu", "f32");
  const Embedder torch = open("torch", "f32");
  const std::vector<Pixels> images = pictures(own);
  const ImageFeatures found = torch.embed_images_and_tokens(images);
  const ImageFeatures wanted = own.embed_images_and_tokens(images);
  EXPECT_EQ(found.vectors, torch.embed_images(images));
  ASSERT_EQ(found.tokens.dimensions(), wanted.tokens.dimensions());
  for (std::size_t i = 0; i < images.size(); ++i) {
    // Both sum in f32, in unlike orders; relative to the largest.
    EXPECT_LE(test::relative_difference(found.tokens.row(i), wanted.tokens.row(i)), 2e-5) << i;
  }
}

TEST_F(OnTorch, F32VectorsAreTheReferences) {
  const Embedder torch = open("torch", "f32");
  std::vector<test::Embedding> images;
  for (const std::string& name : golden::cases("tiny", "images")) {
    const std::vector<Pixels> image{torch.prepare_file(kData / "images" / name)};
    images.push_back(test::rows_of(torch.embed_images(image)).at(0));
  }
  EXPECT_LE(worst_difference(images, golden::expected_rows("tiny", "image_features.raw")), 2e-5);
  const std::vector<test::Embedding> texts = test::rows_of(torch.embed_texts(golden::cases("tiny", "texts")).vectors);
  EXPECT_LE(worst_difference(texts, golden::expected_rows("tiny", "text_features")), 2e-5);
}

// bf16 keeps 8 bits of every factor of a product; the residual stream stays f32.
TEST_F(OnTorch, Bf16VectorsPointTheSameWay) {
  const Embedder f32 = open("torch", "f32");
  const Embedder bf16 = open("torch", "bf16");
  const std::vector<Pixels> images = pictures(f32);
  EXPECT_GE(test::least_cosine(test::rows_of(bf16.embed_images(images)), test::rows_of(f32.embed_images(images))),
            0.9995);
  EXPECT_GE(test::least_cosine(test::rows_of(bf16.embed_texts(texts_).vectors),
                               test::rows_of(f32.embed_texts(texts_).vectors)),
            0.9995);
}

TEST_F(OnTorch, F16VectorsPointTheSameWay) {
  const Embedder f32 = open("torch", "f32");
  const Embedder f16 = open("torch", "f16");
  const std::vector<Pixels> images{pictures(f32).front()};
  EXPECT_GE(test::least_cosine(test::rows_of(f16.embed_images(images)), test::rows_of(f32.embed_images(images))),
            0.9999);
  EXPECT_GE(test::least_cosine(test::rows_of(f16.embed_texts(texts_).vectors),
                               test::rows_of(f32.embed_texts(texts_).vectors)),
            0.9999);
}

// Sums of another batch may be in another order.
TEST_F(OnTorch, ABatchGivesWhatEachGetsAlone) {
  const Embedder torch = open("torch", "f32");
  std::vector<Pixels> images = pictures(torch);
  images.resize(3);
  std::vector<test::Embedding> alone;
  for (const Pixels& image : images) alone.push_back(test::rows_of(torch.embed_images({&image, 1})).at(0));
  EXPECT_LE(worst_difference(test::rows_of(torch.embed_images(images)), alone), 1e-6);
  std::vector<std::string> texts = texts_;
  for (const char* more : {"", "ct", "a b c d e f g h i j k l m n o p q r s t u v w x y z a b c d e f g h i j k"}) {
    texts.emplace_back(more);
  }
  alone.clear();
  for (const std::string& text : texts) alone.push_back(test::rows_of(torch.embed_texts({&text, 1}).vectors).at(0));
  EXPECT_LE(worst_difference(test::rows_of(torch.embed_texts(texts).vectors), alone), 1e-6);
}

TEST_F(OnTorch, RefusesADeviceThatIsNotThereAndADtypeThatItHasNot) {
  const auto code_of = [](const std::string& device, const std::string& dtype) {
    return test::error_of([&] { return open(device, dtype); }).code();
  };
  EXPECT_EQ(code_of("torch", "int8"), Code::kBadArgument);
  EXPECT_EQ(code_of("torch", "bf16x3"), Code::kBadArgument);
  if (!std::filesystem::exists("/dev/nvidia0")) {
    EXPECT_EQ(code_of("cuda", "f32"), Code::kUnsupported);
  }
}

}  // namespace
}  // namespace mi2
