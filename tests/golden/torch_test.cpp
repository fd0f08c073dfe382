// The model on libtorch's CPU tensors against our own engine and the reference implementation.

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "models/device.hpp"
#include "models/torch/load_on_torch.hpp"
#include "support/matrix.hpp"
#include "support/paths.hpp"
#include "weights/safetensors.hpp"

#include <mi2/embedder.hpp>
#include <mi2/error.hpp>
#include <mi2/image.hpp>
#include <mi2/matrix.hpp>

namespace mi2 {
namespace {

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

double worst_difference(const std::vector<Embedding>& a, const std::vector<Embedding>& b) {
  double worst = a.size() == b.size() && !a.empty() ? 0 : INFINITY;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    for (std::size_t j = 0; j < a[i].size(); ++j)
      worst = std::max(worst, std::abs(static_cast<double>(a[i][j]) - b[i][j]));
  }
  return worst;
}

class OnTorch : public testing::Test {
 protected:
  void SetUp() override {
    models::set_device_loader(models::load_on_torch);
    if (!std::filesystem::exists(model()))
      GTEST_SKIP() << "no weights in " << model() << "; scripts/make_golden.sh makes them";
  }
  static std::filesystem::path model() { return test::golden_weights() / "tiny"; }
  static Embedder open(const std::string& device, const std::string& dtype) {
    EmbedderOptions options;
    options.device = device;
    options.dtype = dtype;
    return Embedder::open(model(), options);
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

TEST_F(OnTorch, F32ImagesAreTheReferences) {
  const Embedder torch = open("torch", "f32");
  const std::vector<float> want =
      weights::SafeTensors(kData / "tiny" / "expected.safetensors").parameter("image_features.raw").to_floats();
  std::size_t at = 0;
  double worst = 0;
  const auto cases = nlohmann::json::parse(std::ifstream(kData / "tiny" / "cases.json"));
  for (const auto& name : cases.at("images")) {
    const std::vector<Pixels> picture{torch.prepare_file(kData / "images" / name.get<std::string>())};
    const std::vector<Embedding> got = test::rows_of(torch.embed_images(picture));
    for (const float value : got.at(0)) {
      worst = std::max(worst, std::abs(static_cast<double>(value) - want.at(at++)));
    }
  }
  EXPECT_EQ(at, want.size());
  EXPECT_LE(worst, 2e-5);
}

// bf16 keeps 8 bits of every factor of a product; the residual stream stays f32.
TEST_F(OnTorch, Bf16VectorsPointTheSameWay) {
  const Embedder f32 = open("torch", "f32");
  const Embedder bf16 = open("torch", "bf16");
  const std::vector<Pixels> images = pictures(f32);
  const std::vector<Embedding> want = test::rows_of(f32.embed_images(images));
  const std::vector<Embedding> got = test::rows_of(bf16.embed_images(images));
  for (std::size_t i = 0; i < want.size(); ++i) {
    double cosine = 0;
    for (std::size_t j = 0; j < want[i].size(); ++j) cosine += static_cast<double>(want[i][j]) * got[i][j];
    EXPECT_GE(cosine, 0.9995) << i;
  }
}

TEST_F(OnTorch, RefusesADeviceThatIsNotThereAndADtypeThatItHasNot) {
  const auto code_of = [](const std::string& device, const std::string& dtype) {
    try {
      open(device, dtype);
    } catch (const Error& error) {
      return error.code();
    }
    return Code::kInternal;
  };
  EXPECT_EQ(code_of("torch", "int8"), Code::kBadArgument);
  EXPECT_EQ(code_of("tpu", "f32"), Code::kBadArgument);
  EXPECT_EQ(code_of("cuda:x", "f32"), Code::kBadArgument);
  if (!std::filesystem::exists("/dev/nvidia0")) {
    EXPECT_EQ(code_of("cuda", "f32"), Code::kUnsupported);
  }
}

}  // namespace
}  // namespace mi2
