// The three attentions of the engine. None is ever whole in memory: scores live a few rows at a time.

#include <algorithm>
#include <cmath>

#include "ops/cpu/cpu_ops.hpp"
#include "ops/cpu/scratch.hpp"

namespace mi2::ops {
namespace {

using cpu::OpTimer;

void* row_of(const mi2::tensor::Tensor& x, std::int64_t row) {
  return x.data<std::byte>() + row * x.row_stride() * static_cast<std::int64_t>(size_of(x.dtype()));
}

/// The tokens that attend to each other: rows of q, k and v of `width` channels side by side, and rows for the result.
struct Tokens {
  std::vector<const void*> queries;
  std::vector<const void*> keys;
  std::vector<void*> out;
  float last_key_logit = 0;
};

/// Heads [first, last) of some tokens.
void attend_heads(const cpu::Kernels& kernels, tensor::DType dtype, const Tokens& tokens, std::int64_t width, int heads,
                  std::int64_t first, std::int64_t last) {
  cpu::Attend p;
  p.dtype = dtype;
  p.size = width / heads;
  p.queries = tokens.queries.data();
  p.query_count = static_cast<std::int64_t>(tokens.queries.size());
  p.keys = tokens.keys.data();
  p.key_count = static_cast<std::int64_t>(tokens.keys.size());
  p.scale = 1.0F / std::sqrt(static_cast<float>(p.size));
  p.last_key_logit = tokens.last_key_logit;
  p.out = tokens.out.data();
  p.scratch = cpu::thread_scratch(static_cast<std::size_t>(cpu::attend_scratch(p.query_count, p.key_count, p.size)));
  for (std::int64_t head = first; head < last; ++head) {
    p.query_at = head * p.size;
    p.key_at = width + head * p.size;
    p.value_at = 2 * width + head * p.size;
    p.another = head + 1 < last;
    kernels.attend(p);
  }
}

}  // namespace

mi2::tensor::Tensor CpuOps::window_attention(const tensor::Tensor& qkv, const Linear& projection, int heads,
                                             int window) {
  const std::int64_t height = qkv.shape()[1];
  const std::int64_t columns = qkv.shape()[2];
  const std::int64_t width = qkv.shape()[3] / 3;
  const std::int64_t down = (height + window - 1) / window;
  const std::int64_t across = (columns + window - 1) / window;
  const std::int64_t area = static_cast<std::int64_t>(window) * window;
  const OpTimer timer(profile_, "window_attention",
                      4.0 * static_cast<double>(qkv.shape().rows() * area) * static_cast<double>(width));

  // All padding tokens are alike: their qkv is the projection's bias. One key with weight n in the softmax, which is
  // log(n) on its score, stands for n of them.
  tensor::Tensor padding({3 * width}, qkv.dtype());
  if (qkv.dtype() == tensor::DType::kF32) {
    std::copy_n(projection.product->bias(), 3 * width, padding.data<float>());
  } else {
    kernels_.to_bf16(projection.product->bias(), 3 * width, padding.data<tensor::BFloat16>());
  }
  tensor::Tensor y = tensor::Tensor::spaced(qkv.shape().with_back(width), qkv.dtype());
  // Some heads after each other, since the columns of one lie beside those of the next.
  const std::int64_t together = std::min<std::int64_t>(heads, 8);
  const std::int64_t groups = (heads + together - 1) / together;
  pool_->run(static_cast<std::size_t>(qkv.shape()[0] * down * across * groups), [&](std::size_t task) {
    const std::int64_t head = static_cast<std::int64_t>(task) % groups * together;
    const std::int64_t place = static_cast<std::int64_t>(task) / groups;
    const std::int64_t image = place / (down * across);
    const std::int64_t top = place / across % down * window;
    const std::int64_t left = place % across * window;
    thread_local Tokens tokens;
    tokens.queries.clear();
    tokens.out.clear();
    for (std::int64_t row = top; row < std::min(top + window, height); ++row) {
      for (std::int64_t column = left; column < std::min(left + window, columns); ++column) {
        const std::int64_t token = (image * height + row) * columns + column;
        tokens.queries.push_back(row_of(qkv, token));
        tokens.out.push_back(row_of(y, token));
      }
    }
    tokens.keys = tokens.queries;
    const std::int64_t padded = area - static_cast<std::int64_t>(tokens.queries.size());
    if (padded > 0) tokens.keys.push_back(padding.data<std::byte>());
    tokens.last_key_logit = padded > 0 ? std::log(static_cast<float>(padded)) : 0.0F;
    attend_heads(kernels_, qkv.dtype(), tokens, width, heads, head, std::min<std::int64_t>(head + together, heads));
  });
  return y;
}

mi2::tensor::Tensor CpuOps::self_attention(const tensor::Tensor& qkv, const TokenBatch& tokens, int heads) {
  const std::int64_t width = qkv.shape().back() / 3;
  const OpTimer timer(profile_, "self_attention");
  tensor::Tensor y = tensor::Tensor::spaced(qkv.shape().with_back(width), qkv.dtype());
  pool_->run(static_cast<std::size_t>(tokens.texts() * heads), [&](std::size_t task) {
    const std::int64_t text = static_cast<std::int64_t>(task) / heads;
    Tokens own;
    for (std::int64_t row = tokens.offsets[text]; row < tokens.offsets[text + 1]; ++row) {
      own.queries.push_back(row_of(qkv, row));
      own.out.push_back(row_of(y, row));
    }
    own.keys = own.queries;
    const std::int64_t head = static_cast<std::int64_t>(task) % heads;
    attend_heads(kernels_, qkv.dtype(), own, width, heads, head, head + 1);
  });
  return y;
}

mi2::tensor::Tensor CpuOps::channel_attention(const tensor::Tensor& qkv, int groups) {
  const std::int64_t width = qkv.shape()[3] / 3;
  const std::int64_t size = width / groups;
  const OpTimer timer(profile_, "channel_attention",
                      4.0 * static_cast<double>(qkv.shape().rows() * width) * static_cast<double>(size));
  tensor::Tensor y = tensor::Tensor::spaced(qkv.shape().with_back(width), qkv.dtype());
  pool_->run(static_cast<std::size_t>(qkv.shape()[0] * groups), [&](std::size_t task) {
    const auto t = static_cast<std::int64_t>(task);
    const std::int64_t tokens = qkv.shape()[1] * qkv.shape()[2];
    const std::int64_t first = t / groups * tokens;
    cpu::AttendChannels p;
    p.dtype = qkv.dtype();
    p.first = row_of(qkv, first);
    p.tokens = tokens;
    p.row = qkv.row_stride();
    p.size = size;
    p.query_at = t % groups * size;
    p.key_at = width + p.query_at;
    p.value_at = 2 * width + p.query_at;
    p.scale = 1.0F / std::sqrt(static_cast<float>(tokens));
    p.out = row_of(y, first);
    p.out_row = y.row_stride();
    p.scratch = cpu::thread_scratch(static_cast<std::size_t>(cpu::attend_channels_scratch(size)));
    kernels_.attend_channels(p);
  });
  return y;
}

}  // namespace mi2::ops
