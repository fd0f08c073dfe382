// A packed model: what it refuses although every checksum is right.

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "models/model.hpp"
#include "models/packed.hpp"
#include "support/expect_error.hpp"
#include "support/temporary_folder.hpp"
#include "weights/samples.hpp"

namespace mi2::models {
namespace {

using test::expect_error;

class PackedModel : public testing::Test {
 protected:
  PackedModel() {
    options_.threads = 1;
    folder_.write("model/config.yaml", test::kSmallConfig);
    weights::write_safetensors(folder_ / "model/model.safetensors", test::small_weights());
    info_ = {ops::kLayoutVersion, "f32", test::kSmallConfig, std::string(64, '0'), std::nullopt, std::nullopt};
    const weights::ModelSource source(folder_ / "model");
    const auto collected = std::make_shared<CollectedBlocks>();
    ops::CpuOps::Options options = options_;
    options.prepared = collected;
    collected->add_scalar("logit_scale", load_cpu_model(source, options)->logit_scale());
    blocks_ = collected->blocks();
  }

  /// Writes the blocks as they are now and loads them.
  std::unique_ptr<CpuModel> load() {
    base::AtomicFile file(folder_ / "packed");
    weights::write_packed(file, info_, blocks_, pool_);
    file.commit();
    const weights::ModelSource source(folder_ / "packed");
    options_.precision = precision_of(std::nullopt, source);
    return load_cpu_model(source, options_);
  }

  weights::NamedBlock& block(const std::string& name) {
    return *std::ranges::find(blocks_, name, &weights::NamedBlock::first);
  }

  test::TemporaryFolder folder_;
  base::ThreadPool pool_{1};
  ops::CpuOps::Options options_;
  weights::PackedInfo info_;
  std::vector<weights::NamedBlock> blocks_;
};

constexpr const char* kLinear = "lang_encoder.resblocks.0.mlp.c_fc.weight";

TEST_F(PackedModel, Loads) { EXPECT_EQ(load()->logit_scale(), 0.0F); }

TEST_F(PackedModel, RefusesAnotherLayoutVersion) {
  ++info_.layout_version;
  expect_error(Code::kBadFile, {"packed: ", "layout 2", "layout 1", "run mi2 pack again"}, [&] { load(); });
}

TEST_F(PackedModel, RefusesAnotherPrecisionThanItHolds) {
  load();
  const weights::ModelSource source(folder_ / "packed");
  options_.precision = precision_of(DType::kBF16, source);
  expect_error(Code::kBadArgument, {"packed: ", "packed in f32", "bf16 was asked for"},
               [&] { load_cpu_model(source, options_); });
}

TEST_F(PackedModel, RefusesADtypeThereIsNot) {
  info_.dtype = "f64";
  expect_error(Code::kBadFile, {"packed: ", "f64"}, [&] { load(); });
}

TEST_F(PackedModel, RefusesAMissingBlock) {
  std::erase_if(blocks_, [](const auto& row) { return row.first == kLinear; });
  expect_error(Code::kBadFile, {"packed: ", kLinear, "is missing"}, [&] { load(); });
}

TEST_F(PackedModel, RefusesABlockTooMany) {
  blocks_.push_back({"more", block(kLinear).second});
  expect_error(Code::kBadFile, {"packed: ", "1 blocks the model does not have: 'more'"}, [&] { load(); });
}

TEST_F(PackedModel, RefusesABlockOfAnotherShape) {
  block(kLinear).second = block("lang_encoder.resblocks.0.mlp.c_proj.weight").second;
  expect_error(Code::kBadFile, {kLinear, "'product f32 [2, 8]'", "expected 'product f32 [8, 2]'"}, [&] { load(); });
}

TEST_F(PackedModel, RefusesAFormatThatIsNotThePrecisions) {
  info_.dtype = "int8";
  expect_error(Code::kBadFile, {"'product f32", "'product s8", "or 'product bf16"}, [&] { load(); });
}

TEST_F(PackedModel, RefusesABlockOfAnotherSize) {
  block(kLinear).second.layout.bytes -= 64;
  expect_error(Code::kBadFile, {kLinear, "bytes", "expects"}, [&] { load(); });
}

TEST_F(PackedModel, RefusesNumbersThatAreNotFiniteByName) {
  std::set<std::string> kinds;
  for (auto& [name, block] : blocks_) {
    // One block of each kind of layout, its first and its last four bytes of numbers.
    if (!kinds.insert(block.layout.text.substr(0, block.layout.text.find(' '))).second) continue;
    const ops::PreparedBlock whole = block;
    const tensor::Tensor copy({static_cast<std::int64_t>(block.layout.bytes / sizeof(float))});
    std::memcpy(copy.data<std::byte>(), block.data.get(), block.layout.bytes);
    copy.data<float>()[0] = std::numeric_limits<float>::quiet_NaN();
    block.data = copy.block();
    expect_error(Code::kBadFile, {name, "finite"}, [&] { load(); });
    block = whole;
  }
  EXPECT_EQ(kinds, (std::set<std::string>{"depthwise", "norm", "product", "rows", "scalar"}));
}

TEST_F(PackedModel, RefusesAConfigOfAnotherModel) {
  const std::string wide = "DIM_PROJECTION: 6";
  info_.config.replace(info_.config.find(wide), wide.size(), "DIM_PROJECTION: 7");
  expect_error(Code::kBadFile, {"image_projection", "[6, 8]", "[7, 8]"}, [&] { load(); });
}

TEST_F(PackedModel, RefusesDamageBeforeItComputes) {
  load();
  std::string bytes = test::read_back(folder_ / "packed");
  bytes[bytes.size() - 100] = static_cast<char>(bytes[bytes.size() - 100] ^ 1);
  const weights::ModelSource source(folder_.write("damaged", bytes));
  expect_error(Code::kBadFile, {"damaged: is damaged", "checksum"}, [&] { load_cpu_model(source, options_); });
}

}  // namespace
}  // namespace mi2::models
