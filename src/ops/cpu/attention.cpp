// The three attentions of the engine. None is ever whole in memory: scores live a few rows at a time.

#include <algorithm>
#include <cmath>

#include "ops/cpu/cpu_ops.hpp"

namespace mi2::ops {
namespace {

using cpu::OpTimer;

float* scratch(std::int64_t floats) {
  thread_local std::vector<float> memory;
  if (memory.size() < static_cast<std::size_t>(floats)) memory.resize(static_cast<std::size_t>(floats));
  return memory.data();
}

const void* row_of(const mi2::Tensor& x, std::int64_t row, std::int64_t width) {
  return x.data<std::byte>() + row * width * static_cast<std::int64_t>(size_of(x.dtype()));
}

/// One head of a list of tokens whose rows hold q, k and v of `width` channels side by side.
void attend_head(const cpu::Kernels& kernels, DType dtype, const std::vector<const void*>& queries,
                 const std::vector<const void*>& keys, const std::vector<void*>& out, std::int64_t width, int heads,
                 std::int64_t head, float last_key_logit) {
  cpu::Attend p;
  p.dtype = dtype;
  p.size = width / heads;
  p.queries = queries.data();
  p.query_count = static_cast<std::int64_t>(queries.size());
  p.keys = keys.data();
  p.key_count = static_cast<std::int64_t>(keys.size());
  p.query_at = head * p.size;
  p.key_at = width + head * p.size;
  p.value_at = 2 * width + head * p.size;
  p.scale = 1.0F / std::sqrt(static_cast<float>(p.size));
  p.last_key_logit = last_key_logit;
  p.out = out.data();
  p.scratch = scratch(cpu::attend_scratch(p.query_count, p.key_count, p.size));
  kernels.attend(p);
}

}  // namespace

mi2::Tensor CpuOps::window_attention(const Tensor& qkv, const Linear& projection, int heads, int window) {
  const std::int64_t height = qkv.shape()[1];
  const std::int64_t columns = qkv.shape()[2];
  const std::int64_t width = qkv.shape()[3] / 3;
  const std::int64_t down = (height + window - 1) / window;
  const std::int64_t across = (columns + window - 1) / window;
  const std::int64_t area = static_cast<std::int64_t>(window) * window;
  const OpTimer timer(profile_, "window_attention",
                      4.0 * static_cast<double>(qkv.shape().rows() * area) * static_cast<double>(width));

  // All filling tokens are alike: their qkv is the projection's bias. One key with weight n in the softmax, which is
  // log(n) on its score, stands for n of them.
  Tensor filling({3 * width}, qkv.dtype());
  if (qkv.dtype() == DType::kF32) {
    std::copy_n(projection.product->bias(), 3 * width, filling.data<float>());
  } else {
    kernels_.to_bf16(projection.product->bias(), 3 * width, filling.data<BFloat16>());
  }
  Tensor y(qkv.shape().with_back(width), qkv.dtype());
  pool_->run(static_cast<std::size_t>(qkv.shape()[0] * down * across * heads), [&](std::size_t task) {
    const std::int64_t head = static_cast<std::int64_t>(task) % heads;
    const std::int64_t place = static_cast<std::int64_t>(task) / heads;
    const std::int64_t image = place / (down * across);
    const std::int64_t top = place / across % down * window;
    const std::int64_t left = place % across * window;
    thread_local std::vector<const void*> tokens;
    thread_local std::vector<const void*> keys;
    thread_local std::vector<void*> out;
    tokens.clear();
    out.clear();
    for (std::int64_t row = top; row < std::min(top + window, height); ++row) {
      for (std::int64_t column = left; column < std::min(left + window, columns); ++column) {
        const std::int64_t token = (image * height + row) * columns + column;
        tokens.push_back(row_of(qkv, token, 3 * width));
        out.push_back(const_cast<void*>(row_of(y, token, width)));
      }
    }
    keys = tokens;
    const std::int64_t filled = area - static_cast<std::int64_t>(tokens.size());
    if (filled > 0) keys.push_back(filling.data<std::byte>());
    attend_head(kernels_, qkv.dtype(), tokens, keys, out, width, heads, head,
                filled > 0 ? std::log(static_cast<float>(filled)) : 0.0F);
  });
  return y;
}

mi2::Tensor CpuOps::self_attention(const Tensor& qkv, const TokenBatch& tokens, int heads) {
  const std::int64_t width = qkv.shape().back() / 3;
  const OpTimer timer(profile_, "self_attention");
  Tensor y(qkv.shape().with_back(width), qkv.dtype());
  pool_->run(static_cast<std::size_t>(tokens.texts() * heads), [&](std::size_t task) {
    const std::int64_t text = static_cast<std::int64_t>(task) / heads;
    std::vector<const void*> rows;
    std::vector<void*> out;
    for (std::int64_t row = tokens.offsets[text]; row < tokens.offsets[text + 1]; ++row) {
      rows.push_back(row_of(qkv, row, 3 * width));
      out.push_back(const_cast<void*>(row_of(y, row, width)));
    }
    attend_head(kernels_, qkv.dtype(), rows, rows, out, width, heads, static_cast<std::int64_t>(task) % heads, 0.0F);
  });
  return y;
}

namespace {

/// Tokens taken at a time by the channel attention: partial sums of this many keep f32 exact enough over 14,400.
constexpr std::int64_t kTokens = 256;

/// One group of one image: scores over all tokens, then the product with v.
class ChannelGroup {
 public:
  ChannelGroup(const cpu::Kernels& kernels, const mi2::Tensor& qkv, std::int64_t image, std::int64_t group, int groups)
      : kernels_(kernels),
        qkv_(qkv),
        tokens_(qkv.shape()[1] * qkv.shape()[2]),
        width_(qkv.shape()[3] / 3),
        size_(width_ / groups),
        columns_((size_ + cpu::kPanel - 1) / cpu::kPanel * cpu::kPanel),
        first_(image * tokens_),
        at_(group * size_) {
    scores_ = scratch(2 * size_ * columns_ + 2 * kTokens * columns_ + size_);
    panel_ = scores_ + size_ * columns_;
    left_ = panel_ + size_ * columns_;
    right_ = left_ + kTokens * columns_;
    row_ = right_ + kTokens * columns_;
  }

  void run(mi2::Tensor& y) {
    for (std::int64_t token = 0; token < tokens_; token += kTokens) add_scores(token);
    const float scale = 1.0F / std::sqrt(static_cast<float>(tokens_));
    for (std::int64_t i = 0; i < size_ * columns_; ++i) scores_[i] *= scale;
    kernels_.softmax(scores_, size_, size_, columns_);
    // out[token][i] = sum over j of v[token][j] scores[i][j]: the right side is the scores, transposed.
    std::fill_n(panel_, size_ * columns_, 0.0F);
    for (std::int64_t i = 0; i < size_; ++i) {
      for (std::int64_t j = 0; j < size_; ++j) panel_[j * columns_ + i] = scores_[i * columns_ + j];
    }
    for (std::int64_t token = 0; token < tokens_; token += kTokens) write_values(token, y);
  }

 private:
  /// q^T k of a run of tokens onto the scores.
  void add_scores(std::int64_t token) {
    const std::int64_t count = std::min(kTokens, tokens_ - token);
    std::fill_n(right_, count * columns_, 0.0F);
    for (std::int64_t t = 0; t < count; ++t) {
      read(token + t, 0, row_);
      for (std::int64_t i = 0; i < size_; ++i) left_[i * kTokens + t] = row_[i];
      read(token + t, width_, right_ + t * columns_);
    }
    cpu::Product p;
    p.m = size_;
    p.n = columns_;
    p.k = count;
    p.a = left_;
    p.lda = kTokens;
    p.b = right_;
    p.panel_stride = cpu::kPanel;
    p.row_stride = columns_;
    p.c = scores_;
    p.ldc = columns_;
    p.accumulate = token > 0;
    kernels_.multiply(p);
  }

  void write_values(std::int64_t token, mi2::Tensor& y) {
    const std::int64_t count = std::min(kTokens, tokens_ - token);
    for (std::int64_t t = 0; t < count; ++t) read(token + t, 2 * width_, left_ + t * size_);
    cpu::Product p;
    p.m = count;
    p.n = columns_;
    p.k = size_;
    p.a = left_;
    p.lda = size_;
    p.b = panel_;
    p.panel_stride = cpu::kPanel;
    p.row_stride = columns_;
    p.c = right_;
    p.ldc = columns_;
    kernels_.multiply(p);
    for (std::int64_t t = 0; t < count; ++t) {
      const std::int64_t to = (first_ + token + t) * width_ + at_;
      if (y.dtype() == DType::kF32) {
        std::copy_n(right_ + t * columns_, size_, y.data<float>() + to);
      } else {
        kernels_.to_bf16(right_ + t * columns_, size_, y.data<BFloat16>() + to);
      }
    }
  }

  void read(std::int64_t token, std::int64_t part, float* to) const {
    const std::int64_t from = (first_ + token) * 3 * width_ + part + at_;
    convert_to_f32(qkv_.dtype(), qkv_.data<std::byte>() + from * static_cast<std::int64_t>(size_of(qkv_.dtype())), to,
                   static_cast<std::size_t>(size_));
  }

  const cpu::Kernels& kernels_;
  const mi2::Tensor& qkv_;
  std::int64_t tokens_;
  std::int64_t width_;
  std::int64_t size_;     ///< channels of the group
  std::int64_t columns_;  ///< size_ filled up to whole panels
  std::int64_t first_;    ///< the image's first token
  std::int64_t at_;       ///< the group's first channel
  float* scores_;         ///< [size_, columns_]
  float* panel_;          ///< [size_, columns_]
  float* left_;           ///< [size_, kTokens] or [kTokens, size_]
  float* right_;          ///< [kTokens, columns_]
  float* row_;            ///< [size_]
};

}  // namespace

mi2::Tensor CpuOps::channel_attention(const Tensor& qkv, int groups) {
  const std::int64_t width = qkv.shape()[3] / 3;
  const std::int64_t size = width / groups;
  const OpTimer timer(profile_, "channel_attention",
                      4.0 * static_cast<double>(qkv.shape().rows() * width) * static_cast<double>(size));
  Tensor y(qkv.shape().with_back(width), qkv.dtype());
  pool_->run(static_cast<std::size_t>(qkv.shape()[0] * groups), [&](std::size_t task) {
    const auto t = static_cast<std::int64_t>(task);
    ChannelGroup(kernels_, qkv, t / groups, t % groups, groups).run(y);
  });
  return y;
}

}  // namespace mi2::ops
