#include "ops/cpu/matmul/packed_weights.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <string_view>

#include <fmt/format.h>

#include "tensor/tensor.hpp"

#include <mi2/error.hpp>

namespace mi2::ops::cpu {
namespace {

std::int64_t depth_of(WeightFormat format) {
  switch (format) {
    case WeightFormat::kF32:
      return 16;
    case WeightFormat::kBF16:
    case WeightFormat::kSplit:
      return 32;
    case WeightFormat::kS8:
      return 64;
  }
  return 0;
}

std::string_view name_of(WeightFormat format) {
  switch (format) {
    case WeightFormat::kF32:
      return "f32";
    case WeightFormat::kBF16:
      return "bf16";
    case WeightFormat::kS8:
      return "s8";
    case WeightFormat::kSplit:
      return "split";
  }
  return "?";
}

/// What the largest weight of an output becomes.
constexpr float kLargestByte = 127.0F;

float scale_of(const float* row, std::int64_t n) {
  float largest = 0;
  for (std::int64_t k = 0; k < n; ++k) largest = std::max(largest, std::abs(row[k]));
  return largest > 0 ? largest / kLargestByte : 1.0F;
}

/// `value` in steps of 1 / inverse, to the nearest: adding 1.5 * 2^23 rounds to an integer.
float rounded(float value, float inverse) {
  constexpr float kRound = 12582912.0F;
  return (value * inverse + kRound) - kRound;
}

/// Elements of one panel, as its 16 rows [16, depth of all chunks] of `T`, put into steps of 32-bit words.
/// `chunk_bytes` apart and `at` bytes into each chunk.
template <typename T>
void put_steps(const std::vector<T>& rows, std::int64_t chunks, std::int64_t chunk_bytes, std::int64_t at,
               std::byte* panel) {
  constexpr std::int64_t kChunk = 64 / static_cast<std::int64_t>(sizeof(T));
  for (std::int64_t chunk = 0; chunk < chunks; ++chunk) {
    std::byte* to = panel + chunk * chunk_bytes + at;
    for (std::int64_t n = 0; n < kPanel; ++n) {
      const auto* from = reinterpret_cast<const std::byte*>(rows.data() + (n * chunks + chunk) * kChunk);
      for (std::int64_t step = 0; step < 16; ++step) std::memcpy(to + (step * kPanel + n) * 4, from + 4 * step, 4);
    }
  }
}

tensor::Pool& memory_of_weights() {
  static tensor::Pool memory;
  return memory;
}

}  // namespace

void PackedWeights::trim() { memory_of_weights().trim(); }

PackedLayout::PackedLayout(WeightFormat format_of_weights, std::int64_t inputs, std::int64_t outputs)
    : format(format_of_weights),
      in(inputs),
      out(outputs),
      panels((outputs + kPanel - 1) / kPanel),
      depth(depth_of(format)),
      chunks((inputs + depth - 1) / depth),
      panel_bytes(chunks * (format == WeightFormat::kSplit ? 2 : 1) * kPanelChunk),
      bias_at(panels * panel_bytes),
      scale_at(bias_at + panels * kPanel * 4),
      sum_at(scale_at + (format == WeightFormat::kS8 ? panels * kPanel * 4 : 0)),
      bytes(sum_at + (format == WeightFormat::kS8 ? panels * kPanel * 4 : 0)) {}

std::string PackedLayout::text() const { return fmt::format("product {} [{}, {}]", name_of(format), out, in); }

PackedWeights::PackedWeights(const Kernels& kernels, base::ThreadPool& pool, WeightFormat format,
                             const WeightRows& weight, const std::vector<float>& bias)
    : layout_(format, weight.in, weight.out) {
  const std::shared_ptr<std::byte> block = memory_of_weights().take(static_cast<std::size_t>(layout_.bytes));
  auto* biases = reinterpret_cast<float*>(block.get() + layout_.bias_at);
  auto* scales = reinterpret_cast<float*>(block.get() + layout_.scale_at);
  auto* sums = reinterpret_cast<std::int32_t*>(block.get() + layout_.sum_at);
  std::fill(std::copy(bias.begin(), bias.end(), biases), biases + layout_.panels * kPanel, 0.0F);
  const std::int64_t width = layout_.chunks * layout_.depth;
  pool.run(static_cast<std::size_t>(layout_.panels), [&](std::size_t task) {
    const auto p = static_cast<std::int64_t>(task);
    std::byte* panel = block.get() + p * layout_.panel_bytes;
    const std::int64_t count = std::min(kPanel, layout_.out - p * kPanel);
    thread_local std::vector<float> dense;
    thread_local std::vector<float> rows;
    dense.resize(static_cast<std::size_t>(count * layout_.in));
    rows.assign(static_cast<std::size_t>(kPanel * width), 0.0F);
    weight.rows(p * kPanel, count, dense.data());
    for (std::int64_t n = 0; n < count; ++n) {
      std::copy_n(dense.data() + n * layout_.in, layout_.in, rows.data() + n * width);
    }
    const auto size = static_cast<std::int64_t>(rows.size());
    switch (format) {
      case WeightFormat::kF32:
        return put_steps(rows, layout_.chunks, kPanelChunk, 0, panel);
      case WeightFormat::kBF16: {
        std::vector<tensor::BFloat16> narrow(rows.size());
        kernels.to_bf16(rows.data(), size, narrow.data());
        return put_steps(narrow, layout_.chunks, kPanelChunk, 0, panel);
      }
      case WeightFormat::kSplit: {
        std::vector<tensor::BFloat16> large(rows.size());
        std::vector<tensor::BFloat16> small(rows.size());
        kernels.split_bf16(rows.data(), size, large.data(), small.data());
        put_steps(large, layout_.chunks, 2 * kPanelChunk, 0, panel);
        return put_steps(small, layout_.chunks, 2 * kPanelChunk, kPanelChunk, panel);
      }
      case WeightFormat::kS8: {
        std::vector<std::int8_t> bytes(rows.size());
        for (std::int64_t n = 0; n < kPanel; ++n) {
          const float* row = rows.data() + n * width;
          const float scale = scale_of(row, width);
          const float inverse = 1.0F / scale;
          std::int32_t sum = 0;
          for (std::int64_t k = 0; k < width; ++k) {
            const auto byte = static_cast<std::int8_t>(rounded(row[k], inverse));
            bytes[static_cast<std::size_t>(n * width + k)] = byte;
            sum += byte;
          }
          scales[p * kPanel + n] = scale;
          sums[p * kPanel + n] = sum;
        }
        return put_steps(bytes, layout_.chunks, kPanelChunk, 0, panel);
      }
    }
  });
  block_ = block;
}

PackedWeights::PackedWeights(WeightFormat format, std::int64_t in, std::int64_t out,
                             std::shared_ptr<const std::byte> block, std::size_t bytes)
    : layout_(format, in, out), block_(std::move(block)) {
  if (bytes != static_cast<std::size_t>(layout_.bytes)) {
    throw Error(Code::kBadFile, fmt::format("packed weights [{}, {}] have {} bytes, the layout needs {}", out, in,
                                            bytes, layout_.bytes));
  }
}

bool PackedWeights::all_finite(base::ThreadPool& pool) const {
  const tensor::DType dtype = layout_.format == WeightFormat::kF32 ? tensor::DType::kF32 : tensor::DType::kBF16;
  const auto count = static_cast<std::size_t>(layout_.panel_bytes) / size_of(dtype);
  std::atomic<bool> finite = true;
  if (layout_.format != WeightFormat::kS8) {
    pool.run(static_cast<std::size_t>(layout_.panels), [&](std::size_t p) {
      if (!tensor::all_finite(dtype, panel(static_cast<std::int64_t>(p)), count)) finite = false;
    });
  }
  const auto floats = static_cast<std::size_t>(layout_.sum_at - layout_.bias_at) / sizeof(float);
  return finite && tensor::all_finite(tensor::DType::kF32, bias(), floats);
}

double quantization_error(const WeightRows& weight) {
  std::vector<float> row(static_cast<std::size_t>(weight.in));
  double squares = 0;
  double lost = 0;
  for (std::int64_t n = 0; n < weight.out; ++n) {
    weight.rows(n, 1, row.data());
    const float scale = scale_of(row.data(), weight.in);
    const float inverse = 1.0F / scale;
    float row_squares = 0;
    float row_lost = 0;
    for (const float value : row) {
      const float error = value - scale * rounded(value, inverse);
      row_squares += value * value;
      row_lost += error * error;
    }
    squares += row_squares;
    lost += row_lost;
  }
  return squares > 0 ? std::sqrt(lost / squares) : 0.0;
}

}  // namespace mi2::ops::cpu
