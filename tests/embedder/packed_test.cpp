// A packed model through the public API: the same bits as its folder.

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "embedder/pipeline.hpp"
#include "export/pack.hpp"
#include "support/expect_error.hpp"
#include "support/matrix.hpp"
#include "support/paths.hpp"
#include "support/temporary_folder.hpp"
#include "weights/checkpoint.hpp"
#include "weights/packed_file.hpp"

#include <mi2/classifier.hpp>
#include <mi2/dtype.hpp>
#include <mi2/embedder.hpp>
#include <mi2/error.hpp>
#include <mi2/image.hpp>
#include <mi2/matrix.hpp>
#include <mi2/tokenize.hpp>

namespace mi2 {
namespace {

using test::expect_error;

const std::filesystem::path kStarter = test::starter_model();
const std::filesystem::path kTiny = test::golden_weights() / "tiny";
const std::filesystem::path kImages = test::golden_data() / "images";

std::filesystem::path model() { return exists(kTiny / "model.safetensors") ? kTiny : kStarter; }

exporting::PackReport pack(const std::filesystem::path& from, const std::filesystem::path& out, DType dtype) {
  exporting::PackOptions options;
  options.dtype = dtype;
  return exporting::pack_model(from, out, options);
}

EmbedderOptions in(DType dtype) {
  EmbedderOptions options;
  options.dtype = dtype;
  return options;
}

std::vector<EmbeddingMatrix> vectors_of(const Embedder& embedder) {
  const std::vector<Pixels> pictures{embedder.prepare_file(kImages / "colour_a.jpg"),
                                     embedder.prepare_file(kImages / "gray.png")};
  const std::vector<std::string> texts{"chest x-ray", "", "a brain MRI, axial"};
  return {embedder.embed_images(pictures), embedder.embed_texts(texts).vectors};
}

class PackedEmbedder : public testing::TestWithParam<DType> {
 protected:
  test::TemporaryFolder folder_;
};

TEST_P(PackedEmbedder, GivesTheSameBitsAsTheFolder) {
  const DType dtype = GetParam();
  if (std::ranges::count(supported_dtypes(), dtype) == 0) {
    expect_error(Code::kUnsupported, {std::string(name_of(dtype))}, [&] { pack(model(), folder_ / "m.mi2", dtype); });
    return;
  }
  const exporting::PackReport report = pack(model(), folder_ / "m.mi2", dtype);
  EXPECT_EQ(report.bytes, std::filesystem::file_size(folder_ / "m.mi2"));
  const Embedder folder = Embedder::open(model(), in(dtype));
  const Embedder packed = Embedder::open(folder_ / "m.mi2");
  EXPECT_EQ(packed.options().dtype, dtype);
  EXPECT_EQ(packed.provenance().dtype, name_of(dtype));
  EXPECT_EQ(packed.provenance().weights_sha256, folder.provenance().weights_sha256);
  EXPECT_EQ(packed.logit_scale(), folder.logit_scale());
  EXPECT_EQ(packed.dimensions(), folder.dimensions());
  EXPECT_EQ(vectors_of(packed), vectors_of(folder));
}

INSTANTIATE_TEST_SUITE_P(In, PackedEmbedder, testing::Values(DType::kF32, DType::kBF16, DType::kInt8, DType::kBF16x3),
                         [](const auto& test) { return std::string(name_of(test.param)); });

/// A model whose weights `change` has changed, by their current names, in `folder`.
std::filesystem::path changed_model(const std::filesystem::path& folder,
                                    const std::function<void(const std::string&, std::vector<float>&)>& change) {
  std::filesystem::create_directories(folder);
  std::filesystem::copy_file(model() / "config.yaml", folder / "config.yaml");
  weights::Checkpoint checkpoint(model() / "model.safetensors");
  std::vector<std::vector<float>> values;
  std::vector<ops::Parameter> tensors;
  for (const auto& [name, row] : std::map(checkpoint.left())) {
    const weights::TensorInfo& tensor = checkpoint.file().tensors()[row];
    change(name, values.emplace_back(checkpoint.take(name, tensor.shape).to_floats()));
    tensors.push_back({name, tensor.shape, tensor::DType::kF32, nullptr, nullptr});
  }
  for (std::size_t i = 0; i < tensors.size(); ++i) tensors[i].data = values[i].data();
  weights::write_safetensors(folder / "model.safetensors", tensors);
  return folder;
}

/// Queries and keys so large that their products are infinite, in one tower.
std::filesystem::path overflowing_model(const std::filesystem::path& folder, std::string_view layer) {
  return changed_model(folder, [&](const std::string& name, std::vector<float>& values) {
    if (!name.starts_with(layer)) return;
    for (std::size_t i = 0; i < values.size() * 2 / 3; ++i) values[i] *= 1e25F;
  });
}

TEST(NotFinite, AVectorThatOverflowsIsAnErrorThatNamesTheInput) {
  const test::TemporaryFolder folder;
  for (const DType dtype : supported_dtypes()) {
    const std::filesystem::path images =
        overflowing_model(folder / ("i" + std::string(name_of(dtype))),
                          "image_encoder.blocks.0.0.spatial_block.window_attn.fn.qkv.weight");
    const Embedder of_images = Embedder::open(images, in(dtype));
    const Pixels pixels = of_images.prepare_file(kImages / "gray.png");
    expect_error(Code::kUnsupported, {"image 1", "not finite"}, [&] {
      return of_images.embed_images(std::vector{pixels, pixels}).rows();
    });
    expect_error(Code::kUnsupported, {"the image", "not finite"},
                 [&] { return of_images.embed_images(std::span(&pixels, 1)).rows(); });
    const std::filesystem::path texts =
        overflowing_model(folder / ("t" + std::string(name_of(dtype))), "lang_encoder.resblocks.0.attn.in_proj_weight");
    const Embedder of_texts = Embedder::open(texts, in(dtype));
    EXPECT_EQ(of_texts.embed_images(std::span(&pixels, 1)).rows(), 1U);
    expect_error(Code::kUnsupported, {"text 1", "not finite"}, [&] {
      return of_texts.embed_texts(std::vector<std::string>{"a", "b"}).vectors.rows();
    });
    expect_error(Code::kUnsupported, {"text 1", "not finite"}, [&] { Classifier(of_texts, {"a", "b"}, {}); });
  }
}

TEST(NotFinite, AnItemOfAPipelineHasTheErrorOfItsOwn) {
  const test::TemporaryFolder folder;
  const Embedder embedder =
      Embedder::open(overflowing_model(folder / "m", "lang_encoder.resblocks.0.attn.in_proj_weight"));
  std::vector<std::string> errors;
  std::size_t vectors = 0;
  const auto next = [&, at = 0]() mutable -> std::optional<embedder::Item> {
    if (at++ == 4) return std::nullopt;
    return embedder::Item{fmt::format("row {}", at), std::nullopt, [&embedder, with_text = at == 3] {
                            embedder::Prepared prepared{embedder.prepare_file(kImages / "gray.png"), std::nullopt};
                            if (with_text) prepared.text = "a";
                            return prepared;
                          }};
  };
  embedder::embed_all(embedder, next, {}, [&](std::span<const embedder::Embedded> batch) {
    for (const embedder::Embedded& item : batch) {
      if (item.error != nullptr) errors.emplace_back(item.error->what());
      if (!item.image.empty()) ++vectors;
    }
  });
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_TRUE(errors.front().starts_with("row 3: ")) << errors.front();
  EXPECT_EQ(vectors, 3U);
}

class Pack : public testing::Test {
 protected:
  test::TemporaryFolder folder_;
};

TEST_F(Pack, GivesTheSameBytesTwice) {
  pack(kStarter, folder_ / "a", DType::kBF16);
  exporting::PackOptions one;
  one.dtype = DType::kBF16;
  one.threads = 1;
  exporting::pack_model(kStarter, folder_ / "b", one);
  EXPECT_EQ(test::read_back(folder_ / "a"), test::read_back(folder_ / "b"));
}

TEST_F(Pack, KeepsWhatInt8FoundAndWarnsOfOutliers) {
  if (!exists(kTiny / "model.safetensors")) GTEST_SKIP() << "no " << kTiny << "; scripts/make_golden.sh makes it";
  const std::filesystem::path outliers =
      changed_model(folder_ / "model", [](const std::string& name, std::vector<float>& values) {
        if (name.find(".ln_") == std::string::npos || !name.ends_with("weight")) return;
        for (const std::size_t c : {7U, 20U, 41U, 50U}) values[c] *= 10;
      });
  const exporting::PackReport report = pack(outliers, folder_ / "m.mi2", DType::kInt8);
  EXPECT_NE(report.warning.find("texts: "), std::string::npos) << report.warning;
  const Embedder folder = Embedder::open(outliers, in(DType::kInt8));
  const Embedder packed = Embedder::open(folder_ / "m.mi2");
  EXPECT_EQ(folder.warning(), report.warning);
  EXPECT_EQ(packed.warning(), report.warning);
  EXPECT_EQ(vectors_of(packed), vectors_of(folder));
  EXPECT_EQ(pack(kTiny, folder_ / "n.mi2", DType::kInt8).warning, "");
  EXPECT_EQ(Embedder::open(outliers, in(DType::kBF16)).warning(), "");
}

TEST_F(Pack, CalibratesOnImagesOfAFolder) {
  exporting::PackOptions options;
  options.dtype = DType::kInt8;
  options.calibrate = kImages;
  exporting::pack_model(model(), folder_ / "m.mi2", options);
  EXPECT_TRUE(weights::PackedFile(folder_ / "m.mi2").info().calibration.has_value());
  options.calibrate = folder_ / "nowhere";
  expect_error(Code::kNotFound, {"nowhere"}, [&] { exporting::pack_model(model(), folder_ / "n", options); });
  options.calibrate = kImages;
  options.dtype = DType::kBF16;
  expect_error(Code::kBadArgument, {"--calibrate", "int8", "bf16"},
               [&] { exporting::pack_model(model(), folder_ / "n", options); });
  EXPECT_FALSE(exists(folder_ / "n"));
}

TEST_F(Pack, RefusesABrokenTokenizerAndLeavesNothing) {
  for (const auto& entry : std::filesystem::directory_iterator(kStarter)) {
    if (!entry.is_regular_file()) continue;
    std::filesystem::create_directories(folder_ / "model");
    std::filesystem::copy(entry.path(), folder_.path() / "model" / entry.path().filename());
  }
  folder_.write("model/vocab.json", "{}");
  folder_.write("model/merges.txt", "#version: 0.2\n");
  expect_error(Code::kBadFile, {"model"}, [&] { pack(folder_ / "model", folder_ / "m.mi2", DType::kBF16); });
  EXPECT_FALSE(exists(folder_ / "m.mi2"));
}

TEST_F(Pack, RefusesToOverwriteUnlessTold) {
  folder_.write("m.mi2", "mine");
  expect_error(Code::kBadArgument, {"m.mi2", "--force"}, [&] { pack(kStarter, folder_ / "m.mi2", DType::kBF16); });
  EXPECT_EQ(test::read_back(folder_ / "m.mi2"), "mine");
  expect_error(Code::kBadArgument, {"not a regular file"}, [&] { pack(kStarter, folder_.path(), DType::kBF16); });
  exporting::PackOptions options;
  options.dtype = DType::kBF16;
  options.overwrite = true;
  EXPECT_GT(exporting::pack_model(kStarter, folder_ / "m.mi2", options).blocks, 100U);
}

TEST_F(Pack, RefusesWhatIsPackedAndWhatIsNoModel) {
  pack(kStarter, folder_ / "m.mi2", DType::kBF16);
  expect_error(Code::kBadArgument, {"is packed already"}, [&] { pack(folder_ / "m.mi2", folder_ / "n", DType::kF32); });
  expect_error(Code::kBadArgument, {"f16"}, [&] { pack(kStarter, folder_ / "n", DType::kF16); });
  expect_error(Code::kNotFound, {"nowhere"}, [&] { pack(folder_ / "nowhere", folder_ / "n", DType::kF32); });
  expect_error(Code::kBadFile, {"absent"}, [&] { pack(kStarter, folder_ / "absent/n", DType::kF32); });
  EXPECT_FALSE(exists(folder_ / "n"));
}

TEST_F(Pack, LeavesNothingBehindWhenItIsStopped) {
  for (const char* where : {"layers", "MB"}) {
    exporting::PackOptions options;
    options.dtype = DType::kBF16;
    options.on_progress = [&](const base::Progress& at) {
      if (at.stage == where && at.done > 0) throw std::runtime_error("stopped");
    };
    EXPECT_THROW(exporting::pack_model(kStarter, folder_ / "m.mi2", options), std::runtime_error);
    EXPECT_TRUE(std::filesystem::is_empty(folder_.path())) << where;
  }
}

TEST_F(Pack, ReportsEveryStepOnce) {
  std::map<std::string, std::vector<std::uint64_t>> reported;
  std::map<std::string, std::uint64_t> totals;
  exporting::PackOptions options;
  options.dtype = DType::kInt8;
  options.on_progress = [&](const base::Progress& at) {
    reported[std::string(at.stage)].push_back(at.done);
    totals[std::string(at.stage)] = at.total;
  };
  exporting::pack_model(kStarter, folder_ / "m.mi2", options);
  for (const auto& [stage, steps] : reported) {
    EXPECT_EQ(steps.back(), totals[stage]) << stage;
    EXPECT_TRUE(std::is_sorted(steps.begin(), steps.end())) << stage;
  }
  EXPECT_EQ(reported.size(), 2U);
}

TEST_F(Pack, TheFileTokenizesLikeItsFolder) {
  pack(kStarter, folder_ / "m.mi2", DType::kBF16);
  const std::vector<std::string> texts{"pleural effusion", "no finding"};
  const std::vector<TokenizedText> packed = tokenize(folder_ / "m.mi2", texts);
  const std::vector<TokenizedText> folder = tokenize(kStarter, texts);
  ASSERT_EQ(packed.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(packed[i].ids, folder[i].ids);
}

}  // namespace
}  // namespace mi2
