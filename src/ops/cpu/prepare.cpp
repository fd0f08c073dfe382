// The engine's set-up and the preparation of weights.

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "ops/cpu/cpu_ops.hpp"

#include <mi2/error.hpp>

namespace mi2::ops {

namespace {

/// Weights whose rounding to bytes changes them by more than this stay bf16: rows of normal numbers change by 0.9 %,
/// rows with a few large outliers by more (docs/numerics.md, int8).
constexpr double kMostByteError = 0.02;

constexpr std::size_t kAlignment = 64;

std::size_t round_up(std::size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

/// The formats that layers of a model in `precision` may have.
std::vector<cpu::WeightFormat> formats_in(Precision precision) {
  switch (precision) {
    case Precision::kF32:
      return {cpu::WeightFormat::kF32};
    case Precision::kBF16:
      return {cpu::WeightFormat::kBF16};
    case Precision::kInt8:
      return {cpu::WeightFormat::kS8, cpu::WeightFormat::kBF16};
    case Precision::kBF16x3:
    case Precision::kF16:  // these are refused by the constructor
    case Precision::kAuto:
      break;
  }
  return {cpu::WeightFormat::kSplit};
}

/// What a packed file of others may hold; weights from a folder are checked where they are read.
[[noreturn]] void refuse_block(const std::string& name) {
  throw Error(Code::kBadFile,
              fmt::format("packed block '{}' holds a NaN or an infinity, expected finite numbers", name));
}

/// Two lists of floats, each from a multiple of 64 bytes: the block `name` if it is prepared, else what `make` fills.
template <typename Make>
void prepare_floats(PreparedBlocks* prepared, const std::string& name, const std::string& layout_text,
                    std::vector<float>& first, std::vector<float>& second, const Make& make) {
  const std::size_t second_at = round_up(first.size() * sizeof(float));
  const BlockLayout layout{layout_text, second_at + round_up(second.size() * sizeof(float))};
  if (prepared != nullptr) {
    if (const auto block = prepared->take(name, {&layout, 1})) {
      std::memcpy(first.data(), block->data.get(), first.size() * sizeof(float));
      std::memcpy(second.data(), block->data.get() + second_at, second.size() * sizeof(float));
      if (!tensor::all_finite(tensor::DType::kF32, first.data(), first.size()) ||
          !tensor::all_finite(tensor::DType::kF32, second.data(), second.size())) {
        refuse_block(name);
      }
      return;
    }
  }
  make();
  if (prepared == nullptr) return;
  const tensor::Tensor block({static_cast<std::int64_t>(layout.bytes / sizeof(float))});
  std::memset(block.data<std::byte>(), 0, layout.bytes);
  const std::size_t second_index = second_at / sizeof(float);
  std::copy(first.begin(), first.end(), block.data<float>());
  std::copy(second.begin(), second.end(), block.data<float>() + second_index);
  prepared->add(name, {layout, block.block()});
}

}  // namespace

CpuOps::CpuOps(const Options& options)
    : options_(options),
      isa_(options.isa ? *options.isa : cpu::choose_isa()),
      kernels_(cpu::kernels_for(isa_)),
      activations_(tensor::DType::kF32),
      pool_(std::make_unique<base::ThreadPool>(options.threads)) {
  check_precision(options.precision);
  const bool narrow = options.precision == Precision::kBF16 || options.precision == Precision::kInt8;
  if (narrow && kernels_.bf16.left == cpu::Operand::kBF16) activations_ = tensor::DType::kBF16;
  if (options.force_activations) activations_ = options.activations;
  if (options.precision == Precision::kBF16x3 && kernels_.split.multiply == nullptr) {
    throw Error(Code::kUnsupported,
                fmt::format("dtype bf16x3 needs a processor that multiplies bfloat16 (AVX-512 BF16 or AMX), this one "
                            "has {}; f32 gives the same numbers",
                            name_of(isa_)));
  }
}

bool CpuOps::supports(Precision precision) {
  if (precision == Precision::kBF16x3) return cpu::kernels_for(cpu::choose_isa()).split.multiply != nullptr;
  return precision != Precision::kF16 && precision != Precision::kAuto;
}

Precision CpuOps::automatic() {
  // With AVX-512 BF16 alone, bf16x3 takes longer than f32 (docs/engine.md).
  return cpu::choose_isa() == cpu::Isa::kAmx ? Precision::kBF16x3 : Precision::kF32;
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
    case Precision::kF16:  // these are refused by the constructor
    case Precision::kAuto:
      break;
  }
  return cpu::WeightFormat::kSplit;
}

std::optional<cpu::PackedWeights> CpuOps::take_packed(const std::string& name, std::int64_t in,
                                                      std::int64_t out) const {
  if (!options_.prepared) return std::nullopt;
  const std::vector<cpu::WeightFormat> formats = formats_in(options_.precision);
  std::vector<BlockLayout> wanted;
  for (const cpu::WeightFormat format : formats) {
    const cpu::PackedLayout layout(format, in, out);
    wanted.push_back({layout.text(), static_cast<std::size_t>(layout.bytes)});
  }
  const std::optional<PreparedBlock> block = options_.prepared->take(name, wanted);
  if (!block) return std::nullopt;
  std::size_t row = 0;
  while (wanted[row].text != block->layout.text) ++row;
  cpu::PackedWeights packed(formats[row], in, out, block->data, block->layout.bytes);
  if (!packed.all_finite(*pool_)) refuse_block(name);
  return packed;
}

std::shared_ptr<const cpu::MatMul> CpuOps::make_product(const std::string& name, const cpu::WeightRows& weight,
                                                        const std::optional<Parameter>& bias, bool sensitive) {
  std::optional<cpu::PackedWeights> packed = take_packed(name, weight.in, weight.out);
  if (!packed) {
    const std::vector<float> biases = bias ? bias->to_floats() : std::vector<float>();
    if (uses_onednn() && !options_.prepared) {
      const tensor::DType dtype = options_.precision == Precision::kF32 ? tensor::DType::kF32 : tensor::DType::kBF16;
      if (auto product = cpu::make_onednn_matmul(kernels_, dtype, weight, biases)) return product;
    }
    packed.emplace(kernels_, *pool_, format_of(weight, sensitive), weight, biases);
    if (options_.prepared) {
      const cpu::PackedLayout& layout = packed->layout();
      options_.prepared->add(name, {{layout.text(), static_cast<std::size_t>(layout.bytes)}, packed->block()});
    }
  }
  return cpu::make_native_matmul(kernels_, std::move(*packed));
}

CpuOps::Linear CpuOps::make_linear(const Parameter& weight, const std::optional<Parameter>& bias, Layout layout) {
  const bool out_first = layout == Layout::kOutIn;
  cpu::WeightRows rows{weight.shape[out_first ? 1 : 0], weight.shape[out_first ? 0 : 1], {}};
  const auto* bytes = static_cast<const std::byte*>(weight.data);
  const std::size_t size = size_of(weight.dtype);
  if (out_first) {
    rows.rows = [&](std::int64_t first, std::int64_t count, float* to) {
      tensor::convert_to_f32(weight.dtype, bytes + first * rows.in * size, to,
                             static_cast<std::size_t>(count * rows.in));
    };
  } else {
    rows.rows = [&](std::int64_t first, std::int64_t count, float* to) {
      for (std::int64_t k = 0; k < rows.in; ++k) {
        for (std::int64_t n = 0; n < count; ++n) {
          tensor::convert_to_f32(weight.dtype, bytes + (k * rows.out + first + n) * size, to + n * rows.in + k, 1);
        }
      }
    };
  }
  // The projections into the common space end the towers: nothing after them evens out an error.
  return {make_product(weight.name, rows, bias, !out_first)};
}

CpuOps::Norm CpuOps::make_norm(const Parameter& weight, const Parameter& bias, float epsilon) {
  const auto width = static_cast<std::size_t>(weight.shape.count());
  Norm p{std::vector<float>(width), std::vector<float>(width), epsilon};
  prepare_floats(options_.prepared.get(), weight.name, fmt::format("norm [{}]", width), p.weight, p.bias, [&] {
    p.weight = weight.to_floats();
    p.bias = bias.to_floats();
  });
  return p;
}

CpuOps::Conv CpuOps::make_conv(const Parameter& weight, const Parameter& bias, ConvGeometry geometry) {
  const std::int64_t channels = weight.shape[1];
  const std::int64_t taps = static_cast<std::int64_t>(geometry.kernel) * geometry.kernel;
  const std::vector<float> stored = weight.data == nullptr ? std::vector<float>() : weight.to_floats();
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
  return {geometry, make_product(weight.name, rows, bias, channels == kColours)};
}

CpuOps::DepthwiseConv CpuOps::make_depthwise_conv(const Parameter& weight, const Parameter& bias) {
  const std::int64_t channels = weight.shape[0];
  const auto width = static_cast<std::size_t>(channels);
  DepthwiseConv p{std::vector<float>(9 * width), std::vector<float>(width)};
  prepare_floats(options_.prepared.get(), weight.name, fmt::format("depthwise [9, {}]", channels), p.weight, p.bias,
                 [&] {
                   const std::vector<float> stored = weight.to_floats();
                   for (std::int64_t c = 0; c < channels; ++c) {
                     for (std::int64_t tap = 0; tap < 9; ++tap) p.weight[tap * channels + c] = stored[c * 9 + tap];
                   }
                   p.bias = bias.to_floats();
                 });
  return p;
}

CpuOps::Embedding CpuOps::make_embedding(const Parameter& rows) {
  const bool wide = options_.precision == Precision::kF32 || options_.precision == Precision::kBF16x3;
  const tensor::DType dtype = wide ? tensor::DType::kF32 : tensor::DType::kBF16;
  const std::size_t size = static_cast<std::size_t>(rows.shape.count()) * size_of(dtype);
  const BlockLayout layout{fmt::format("rows {} {}", name_of(dtype), rows.shape.to_string()), round_up(size)};
  if (options_.prepared) {
    if (const auto block = options_.prepared->take(rows.name, {&layout, 1})) {
      if (!tensor::all_finite(dtype, block->data.get(), static_cast<std::size_t>(rows.shape.count()))) {
        refuse_block(rows.name);
      }
      return {tensor::Tensor(rows.shape, dtype, block->data)};
    }
  }
  Embedding p{tensor::Tensor(rows.shape, dtype)};
  const std::int64_t width = rows.shape.back();
  std::vector<float> row(static_cast<std::size_t>(width));
  for (std::int64_t i = 0; i < rows.shape.rows(); ++i) {
    tensor::convert_to_f32(rows.dtype, static_cast<const std::byte*>(rows.data) + i * width * size_of(rows.dtype),
                           row.data(), row.size());
    if (wide) {
      std::copy(row.begin(), row.end(), p.rows.data<float>() + i * width);
    } else {
      kernels_.to_bf16(row.data(), width, p.rows.data<tensor::BFloat16>() + i * width);
    }
  }
  std::memset(p.rows.data<std::byte>() + size, 0, layout.bytes - size);  // pool blocks are whole multiples of 64
  if (options_.prepared) options_.prepared->add(rows.name, {layout, p.rows.block()});
  return p;
}

}  // namespace mi2::ops
