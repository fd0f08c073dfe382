// What the engine keeps of a model's weights: the same on every processor, and the same as in files written before.

#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "base/hash.hpp"
#include "ops/cpu/cpu_ops.hpp"
#include "ops/support.hpp"

namespace mi2::ops {
namespace {

class Kept : public PreparedBlocks {
 public:
  std::optional<PreparedBlock> take(const std::string& name, std::span<const BlockLayout> wanted) override {
    if (!giving) return std::nullopt;
    const PreparedBlock& block = blocks.at(name);
    for (const BlockLayout& layout : wanted) {
      if (layout.text == block.layout.text && layout.bytes == block.layout.bytes) return block;
    }
    throw std::runtime_error("no such layout: " + block.layout.text);
  }
  void add(const std::string& name, PreparedBlock block) override { blocks[name] = std::move(block); }

  bool giving = false;
  std::map<std::string, PreparedBlock> blocks;
};

/// Values that depend on nothing but their place: 3 n mod 64 over 32, less 1.
Parameter ramp(const std::string& name, const tensor::Shape& shape) {
  const auto values = std::make_shared<std::vector<float>>(static_cast<std::size_t>(shape.count()));
  int n = 0;
  for (float& value : *values) value = static_cast<float>(3 * n++ % 64) / 32.0F - 1.0F + 1e-3F;
  return {name, shape, tensor::DType::kF32, values->data(), values};
}

Parameter without_data(Parameter parameter) {
  parameter.data = nullptr;
  parameter.keep = nullptr;
  return parameter;
}

struct Layers {
  CpuOps::Linear linear;
  CpuOps::Linear projection;
  CpuOps::Conv conv;
  CpuOps::Norm norm;
  CpuOps::DepthwiseConv depthwise;
  CpuOps::Embedding embedding;
};

/// One layer of each kind, of sizes that fill no panel and no chunk.
template <typename Change>
Layers make_layers(CpuOps& ops, const Change& change) {
  const auto p = [&](const char* name, const tensor::Shape& shape) { return change(ramp(name, shape)); };
  return {ops.make_linear(p("linear", {19, 70}), p("b", {19}), Layout::kOutIn),
          ops.make_linear(p("projection", {33, 5}), std::nullopt, Layout::kInOut),
          ops.make_conv(p("conv", {17, 3, 3, 3}), p("b", {17}), {3, 2, 1}),
          ops.make_norm(p("norm", {21}), p("b", {21}), 1e-5F),
          ops.make_depthwise_conv(p("depthwise", {7, 1, 3, 3}), p("b", {7})),
          ops.make_embedding(p("embedding", {5, 9}))};
}

CpuOps::Options options_of(Precision precision, std::shared_ptr<PreparedBlocks> prepared) {
  CpuOps::Options options;
  options.precision = precision;
  options.threads = 2;
  options.prepared = std::move(prepared);
  return options;
}

std::string fingerprint(const Kept& kept) {
  std::string text;
  for (const auto& [name, block] : kept.blocks) {
    text += name + ": " + block.layout.text + ", ";
    text += std::to_string(base::xxh3({block.data.get(), block.layout.bytes})) + "\n";
  }
  return text;
}

/// All precisions this machine computes in.
std::vector<Precision> precisions() {
  std::vector<Precision> result{Precision::kF32, Precision::kBF16, Precision::kInt8};
  if (cpu::kernels_for(cpu::choose_isa()).split.multiply != nullptr) result.push_back(Precision::kBF16x3);
  return result;
}

// If this fails, blocks in files that others have packed mean something else now: raise kLayoutVersion in
// ops/prepared_blocks.hpp, then these numbers.
TEST(PreparedBlocks, AreWhatTheLayoutVersionSays) {
  const std::map<Precision, std::uint64_t> wanted{{Precision::kF32, 15473798460485072502U},
                                                  {Precision::kBF16, 3868196825855853447U},
                                                  {Precision::kInt8, 11214100868237319412U},
                                                  {Precision::kBF16x3, 10650659234868121837U}};
  ASSERT_EQ(kLayoutVersion, 1);
  for (const Precision precision : precisions()) {
    const auto kept = std::make_shared<Kept>();
    CpuOps ops(options_of(precision, kept));
    make_layers(ops, [](Parameter p) { return p; });
    ASSERT_EQ(kept->blocks.size(), 6U);
    for (const auto& [name, block] : kept->blocks) {
      EXPECT_EQ(block.layout.bytes % 64, 0U) << name;
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block.data.get()) % 64, 0U) << name;
    }
    const std::string text = fingerprint(*kept);
    EXPECT_EQ(base::xxh3(std::as_bytes(std::span(text))), wanted.at(precision)) << name_of(precision) << "\n" << text;
  }
}

TEST(PreparedBlocks, AreTheSameOnEveryProcessor) {
  for (const Precision precision : precisions()) {
    if (precision == Precision::kBF16x3) continue;  // lesser processors do not compute in it
    const auto best = std::make_shared<Kept>();
    CpuOps ops(options_of(precision, best));
    make_layers(ops, [](Parameter p) { return p; });
    for (int isa = 0; isa < static_cast<int>(cpu::choose_isa()); ++isa) {
      const auto lesser = std::make_shared<Kept>();
      CpuOps::Options options = options_of(precision, lesser);
      options.isa = static_cast<cpu::Isa>(isa);
      CpuOps other(options);
      make_layers(other, [](Parameter p) { return p; });
      EXPECT_EQ(fingerprint(*lesser), fingerprint(*best)) << name_of(precision) << " " << isa;
    }
  }
}

TEST(PreparedBlocks, StandInForParametersWithoutData) {
  for (const Precision precision : precisions()) {
    const auto kept = std::make_shared<Kept>();
    CpuOps ops(options_of(precision, kept));
    const Layers made = make_layers(ops, [](Parameter p) { return p; });
    kept->giving = true;
    const Layers taken = make_layers(ops, without_data);
    test::Random random;
    const tensor::Tensor x = random.tensor({4, 70});
    EXPECT_EQ(test::values_of(ops.linear(x, made.linear, Activation::kGelu)),
              test::values_of(ops.linear(x, taken.linear, Activation::kGelu)));
    const tensor::Tensor picture = random.tensor({1, 6, 6, 3});
    EXPECT_EQ(test::values_of(ops.conv(picture, made.conv)), test::values_of(ops.conv(picture, taken.conv)));
    EXPECT_EQ(made.norm.weight, taken.norm.weight);
    EXPECT_EQ(made.norm.bias, taken.norm.bias);
    EXPECT_EQ(made.depthwise.weight, taken.depthwise.weight);
    EXPECT_EQ(made.depthwise.bias, taken.depthwise.bias);
    EXPECT_EQ(test::values_of(made.embedding.rows), test::values_of(taken.embedding.rows));
    EXPECT_EQ(taken.embedding.rows.data<std::byte>(), kept->blocks.at("embedding").data.get()) << "copied";
    EXPECT_FALSE(taken.embedding.rows.unique());
  }
}

}  // namespace
}  // namespace mi2::ops
