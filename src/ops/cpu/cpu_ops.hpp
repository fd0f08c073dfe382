#pragma once
// The fast engine, in one of the precisions of precision.hpp. The residual stream is f32 in all of them.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/thread_pool.hpp"
#include "ops/cpu/isa.hpp"
#include "ops/cpu/matmul/matmul.hpp"
#include "ops/cpu/op_profile.hpp"
#include "ops/cpu/precision.hpp"
#include "ops/op_set.hpp"
#include "ops/prepared_blocks.hpp"

namespace mi2::ops {

/// Which matrix product to use.
enum class MatMulEngine : std::uint8_t {
  kNative,  ///< our own
  kOneDnn,  ///< oneDNN for f32 and bf16, wherever it has the product: to compare with
};

class CpuOps {
 public:
  struct Options {
    Precision precision = Precision::kF32;
    unsigned threads = 0;  ///< 0: one per available core
    MatMulEngine matmul = MatMulEngine::kNative;
    std::optional<cpu::Isa> isa;                      ///< default: choose_isa()
    tensor::DType activations = tensor::DType::kF32;  ///< between products, when `force_activations`
    bool force_activations = false;            ///< for tests of the bf16 paths on machines that would not take them
    std::shared_ptr<PreparedBlocks> prepared;  ///< where the make_ functions find and leave what they prepare
  };

  using Tensor = mi2::tensor::Tensor;
  struct Linear {
    std::shared_ptr<const cpu::MatMul> product;
  };
  struct Norm {
    std::vector<float> weight;
    std::vector<float> bias;
    float epsilon = 0;
  };
  struct Conv {
    ConvGeometry geometry;
    std::shared_ptr<const cpu::MatMul> product;  ///< columns (ky, kx, c)
  };
  struct DepthwiseConv {
    std::vector<float> weight;  ///< [9, C]
    std::vector<float> bias;
  };
  struct Embedding {
    mi2::tensor::Tensor rows;  ///< f32 or bf16
  };

  /// @throws Error{kUnsupported} for a precision this machine does not compute.
  explicit CpuOps(const Options& options);
  /// Whether this machine computes it: bf16x3 needs products of bfloat16.
  static bool supports(Precision precision);
  /// The fastest here whose vectors are within f32's tolerance of the reference.
  static Precision automatic();

  Linear make_linear(const Parameter& weight, const std::optional<Parameter>& bias, Layout layout);
  Norm make_norm(const Parameter& weight, const Parameter& bias, float epsilon);
  Conv make_conv(const Parameter& weight, const Parameter& bias, ConvGeometry geometry);
  DepthwiseConv make_depthwise_conv(const Parameter& weight, const Parameter& bias);
  Embedding make_embedding(const Parameter& rows);

  tensor::Tensor from_host(const mi2::tensor::Tensor& x) { return x; }
  mi2::tensor::Tensor to_host(const tensor::Tensor& x);

  tensor::Tensor linear(const tensor::Tensor& x, const Linear& p, Activation activation);
  tensor::Tensor norm_linear(const tensor::Tensor& x, const Norm& norm, const Linear& p, Activation activation,
                             std::string_view name = {});
  tensor::Tensor add_linear(tensor::Tensor residual, const tensor::Tensor& x, const Linear& p, float drop_rate,
                            std::string_view name = {});
  tensor::Tensor add_mlp(tensor::Tensor x, const Norm& norm, const Linear& first, const Linear& second,
                         Activation activation, float drop_rate);
  tensor::Tensor layer_norm(tensor::Tensor x, const Norm& p);
  tensor::Tensor l2_normalize(const tensor::Tensor& x);
  tensor::Tensor conv(const tensor::Tensor& x, const Conv& p);
  tensor::Tensor add_depthwise_conv3x3(const tensor::Tensor& x, const DepthwiseConv& p);
  tensor::Tensor norm_window_attention(const tensor::Tensor& x, const Norm& norm, const Linear& projection, int heads,
                                       int window, std::string_view name) {
    return window_attention(norm_linear(x, norm, projection, Activation::kNone, name), projection, heads, window);
  }
  /// qkv [B, H, W, 3 C] -> [B, H, W, C]
  tensor::Tensor window_attention(const tensor::Tensor& qkv, const Linear& projection, int heads, int window);
  tensor::Tensor channel_attention(const tensor::Tensor& qkv, int groups);
  tensor::Tensor mean_tokens(const tensor::Tensor& x);
  tensor::Tensor embed_tokens(const TokenBatch& tokens, const Embedding& table, const Embedding& positions);
  tensor::Tensor self_attention(const tensor::Tensor& qkv, const TokenBatch& tokens, int heads);
  tensor::Tensor take_ends(const tensor::Tensor& x, const TokenBatch& tokens);

  template <typename Body>
  tensor::Tensor segment(std::string_view name, tensor::Tensor x, Body&& body) {
    if (profile_ == nullptr) return body(std::move(x));
    const std::string outer = std::exchange(profile_->segment, std::string(name));
    const auto start = std::chrono::steady_clock::now();
    tensor::Tensor y = body(std::move(x));
    cpu::ProfileEntry& entry = profile_->segments[std::string(name)];
    entry.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    ++entry.calls;
    profile_->segment = outer;
    return y;
  }

  template <typename Body>
  tensor::Tensor block(tensor::Tensor x, Body&& body) {
    return body(std::move(x));
  }

  /// Times every op into `profile` until called with null.
  void set_profile(cpu::Profile* profile) noexcept { profile_ = profile; }
  [[nodiscard]] const Options& options() const noexcept { return options_; }
  [[nodiscard]] cpu::Isa isa() const noexcept { return isa_; }
  [[nodiscard]] unsigned threads() const noexcept { return pool_->size(); }
  /// "native avx512_bf16", "onednn amx": what computes the matrix products.
  [[nodiscard]] std::string engine() const;

 private:
  [[nodiscard]] bool uses_onednn() const noexcept;
  [[nodiscard]] cpu::WeightFormat format_of(const cpu::WeightRows& weight, bool sensitive) const;
  [[nodiscard]] std::optional<cpu::PackedWeights> take_packed(const std::string& name, std::int64_t in,
                                                              std::int64_t out) const;
  std::shared_ptr<const cpu::MatMul> make_product(const std::string& name, const cpu::WeightRows& weight,
                                                  const std::optional<Parameter>& bias, bool sensitive);
  /// @param y  what is filled and returned
  tensor::Tensor multiply(const cpu::RowSource& rows, const cpu::MatMul& product, tensor::Tensor y,
                          Activation activation);

  Options options_;
  cpu::Isa isa_;
  const cpu::Kernels& kernels_;
  tensor::DType activations_;  ///< element type between the products of a branch
  std::unique_ptr<base::ThreadPool> pool_;
  cpu::Profile* profile_ = nullptr;
};

static_assert(OpSet<CpuOps>);

}  // namespace mi2::ops
