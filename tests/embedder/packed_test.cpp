// A packed model through the public API: the same bits as its folder.

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "export/pack.hpp"
#include "support/expect_error.hpp"
#include "support/matrix.hpp"
#include "support/paths.hpp"
#include "support/temporary_folder.hpp"

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
