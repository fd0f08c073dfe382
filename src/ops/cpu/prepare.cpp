// The engine's set-up and the preparation of weights.

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "ops/cpu/cpu_ops.hpp"

#include <mi2/error.hpp>

namespace mi2::ops {

using cpu::Isa;

namespace {

/// Weights whose rounding to bytes changes them by more than this stay bf16: rows of normal numbers change by 0.9 %,
/// rows with a few large outliers by more (docs/numerics.md, int8).
constexpr double kMostByteError = 0.02;

}  // namespace

CpuOps::CpuOps(const Options& options)
    : options_(options),
      isa_(options.isa ? *options.isa : cpu::choose_isa()),
      kernels_(cpu::kernels_for(isa_)),
      activations_(DType::kF32),
      pool_(std::make_unique<ThreadPool>(options.threads)) {
  const bool narrow = options.precision == Precision::kBF16 || options.precision == Precision::kInt8;
  if (narrow && kernels_.bf16.left == cpu::Operand::kBF16) activations_ = DType::kBF16;
  if (options.force_activations) activations_ = options.activations;
  if (options.precision == Precision::kBF16x3 && kernels_.split.multiply == nullptr) {
    throw Error(Code::kUnsupported,
                fmt::format("dtype bf16x3 needs a processor that multiplies bfloat16 (AVX-512 BF16 or AMX), this one "
                            "has {}; f32 gives the same numbers",
                            name_of(isa_)));
  }
}

bool CpuOps::supports(Precision precision) {
  return precision != Precision::kBF16x3 || cpu::kernels_for(cpu::choose_isa()).split.multiply != nullptr;
}

bool CpuOps::uses_onednn() const noexcept {
  const bool offered = options_.precision == Precision::kF32 || options_.precision == Precision::kBF16;
  return offered && options_.matmul == MatMulEngine::kOneDnn;
}

std::string CpuOps::engine() const { return fmt::format("{} {}", uses_onednn() ? "onednn" : "native", name_of(isa_)); }

cpu::WeightFormat CpuOps::format_of(const cpu::WeightRows& weight, bool sensitive) const {
  switch (options_.precision) {
    case Precision::kF32:
      return cpu::WeightFormat::kF32;
    case Precision::kBF16:
      return cpu::WeightFormat::kBF16;
    case Precision::kInt8:
      return sensitive || cpu::quantization_error(weight) > kMostByteError ? cpu::WeightFormat::kBF16
                                                                           : cpu::WeightFormat::kS8;
    case Precision::kBF16x3:
      break;
  }
  return cpu::WeightFormat::kSplit;
}

std::shared_ptr<const cpu::MatMul> CpuOps::make_product(const cpu::WeightRows& weight, const std::vector<float>& bias,
                                                        bool sensitive) {
  if (uses_onednn()) {
    const DType dtype = options_.precision == Precision::kF32 ? DType::kF32 : DType::kBF16;
    if (auto product = cpu::make_onednn_matmul(kernels_, dtype, weight, bias)) return product;
  }
  return cpu::make_native_matmul(kernels_,
                                 cpu::PackedWeights(kernels_, *pool_, format_of(weight, sensitive), weight, bias));
}

CpuOps::Linear CpuOps::make_linear(const Parameter& weight, const std::optional<Parameter>& bias, Layout layout) {
  const bool out_first = layout == Layout::kOutIn;
  cpu::WeightRows rows{weight.shape[out_first ? 1 : 0], weight.shape[out_first ? 0 : 1], {}};
  const auto* bytes = static_cast<const std::byte*>(weight.data);
  const std::size_t size = size_of(weight.dtype);
  if (out_first) {
    rows.rows = [&](std::int64_t first, std::int64_t count, float* to) {
      convert_to_f32(weight.dtype, bytes + first * rows.in * size, to, static_cast<std::size_t>(count * rows.in));
    };
  } else {
    rows.rows = [&](std::int64_t first, std::int64_t count, float* to) {
      for (std::int64_t k = 0; k < rows.in; ++k) {
        for (std::int64_t n = 0; n < count; ++n) {
          convert_to_f32(weight.dtype, bytes + (k * rows.out + first + n) * size, to + n * rows.in + k, 1);
        }
      }
    };
  }
  // The projections into the common space end the towers: nothing after them evens out an error.
  return {make_product(rows, bias ? bias->to_floats() : std::vector<float>(), !out_first)};
}

CpuOps::Norm CpuOps::make_norm(const Parameter& weight, const Parameter& bias, float epsilon) {
  return {weight.to_floats(), bias.to_floats(), epsilon};
}

CpuOps::Conv CpuOps::make_conv(const Parameter& weight, const Parameter& bias, ConvGeometry geometry) {
  const std::int64_t channels = weight.shape[1];
  const std::int64_t taps = static_cast<std::int64_t>(geometry.kernel) * geometry.kernel;
  const std::vector<float> stored = weight.to_floats();
  const cpu::WeightRows rows{taps * channels, weight.shape[0], [&](std::int64_t first, std::int64_t count, float* to) {
                               for (std::int64_t n = first; n < first + count; ++n) {
                                 for (std::int64_t tap = 0; tap < taps; ++tap) {
                                   for (std::int64_t c = 0; c < channels; ++c) {
                                     *to++ = stored[static_cast<std::size_t>((n * channels + c) * taps + tap)];
                                   }
                                 }
                               }
                             }};
  // The first convolution sees the pixels, and every error of it passes through the whole tower.
  constexpr std::int64_t kColours = 3;
  return {geometry, make_product(rows, bias.to_floats(), channels == kColours)};
}

CpuOps::DepthwiseConv CpuOps::make_depthwise_conv(const Parameter& weight, const Parameter& bias) {
  const std::int64_t channels = weight.shape[0];
  const std::vector<float> stored = weight.to_floats();
  DepthwiseConv p{std::vector<float>(stored.size()), bias.to_floats()};
  for (std::int64_t c = 0; c < channels; ++c) {
    for (std::int64_t tap = 0; tap < 9; ++tap) p.weight[tap * channels + c] = stored[c * 9 + tap];
  }
  return p;
}

CpuOps::Embedding CpuOps::make_embedding(const Parameter& rows) {
  const bool wide = options_.precision == Precision::kF32 || options_.precision == Precision::kBF16x3;
  Embedding p{Tensor(rows.shape, wide ? DType::kF32 : DType::kBF16)};
  const std::int64_t width = rows.shape.back();
  std::vector<float> row(static_cast<std::size_t>(width));
  for (std::int64_t i = 0; i < rows.shape.rows(); ++i) {
    convert_to_f32(rows.dtype, static_cast<const std::byte*>(rows.data) + i * width * size_of(rows.dtype), row.data(),
                   row.size());
    if (wide) {
      std::copy(row.begin(), row.end(), p.rows.data<float>() + i * width);
    } else {
      kernels_.to_bf16(row.data(), width, p.rows.data<BFloat16>() + i * width);
    }
  }
  return p;
}

}  // namespace mi2::ops
