#include <algorithm>
#include <cmath>

#include "ops/torch/torch_ops.hpp"

namespace mi2::ops {
namespace {

/// `rows` and `columns` more tokens below and at the right of qkv [B, H, W, 3 C], each the bias [3 C]: what the
/// projection makes of a zero token. The bias receives its gradient.
at::Tensor fill_up(at::Tensor qkv, const at::Tensor& bias, std::int64_t rows, std::int64_t columns) {
  const at::Tensor token = bias.to(qkv.scalar_type());
  if (columns > 0) qkv = at::cat({qkv, token.expand({qkv.size(0), qkv.size(1), columns, qkv.size(3)})}, 2);
  if (rows > 0) qkv = at::cat({qkv, token.expand({qkv.size(0), rows, qkv.size(2), qkv.size(3)})}, 1);
  return qkv;
}

}  // namespace

at::Tensor TorchOps::window_attention(const Tensor& qkv, const Linear& projection, int heads, int window) const {
  const std::int64_t batch = qkv.size(0);
  const std::int64_t height = qkv.size(1);
  const std::int64_t width = qkv.size(2);
  const std::int64_t channels = qkv.size(3) / 3;
  const std::int64_t down = (height + window - 1) / window;
  const std::int64_t across = (width + window - 1) / window;
  const at::Tensor filled = fill_up(qkv, projection.bias, down * window - height, across * window - width);
  // [3, B * windows, heads, tokens of a window, C / heads]
  const at::Tensor parts = filled.view({batch, down, window, across, window, 3, heads, channels / heads})
                               .permute({5, 0, 1, 3, 6, 2, 4, 7})
                               .reshape({3, batch * down * across, heads, window * window, channels / heads});
  const at::Tensor attended = at::scaled_dot_product_attention(parts[0], parts[1], parts[2]);
  return attended.view({batch, down, across, heads, window, window, channels / heads})
      .permute({0, 1, 4, 2, 5, 3, 6})
      .reshape({batch, down * window, across * window, channels})
      .narrow(1, 0, height)
      .narrow(2, 0, width);
}

at::Tensor TorchOps::channel_attention(const Tensor& qkv, int groups) const {
  const std::int64_t batch = qkv.size(0);
  const std::int64_t tokens = qkv.size(1) * qkv.size(2);
  const std::int64_t channels = qkv.size(3) / 3;
  // [3, B, groups, tokens, C / groups]
  const at::Tensor parts = qkv.reshape({batch, tokens, 3, groups, channels / groups}).permute({2, 0, 3, 1, 4});
  const at::Tensor scores = at::matmul((parts[0] / std::sqrt(static_cast<double>(tokens))).transpose(-1, -2), parts[1]);
  const at::Tensor attended = at::matmul(at::softmax(scores, -1), parts[2].transpose(-1, -2));
  return attended.permute({0, 3, 1, 2}).reshape({batch, qkv.size(1), qkv.size(2), channels});
}

at::Tensor TorchOps::self_attention(const Tensor& qkv, const TokenBatch& tokens, int heads) const {
  const std::int64_t texts = tokens.texts();
  const std::int64_t channels = qkv.size(1) / 3;
  std::int64_t longest = 0;
  for (std::size_t t = 0; t + 1 < tokens.offsets.size(); ++t) {
    longest = std::max(longest, tokens.offsets[t + 1] - tokens.offsets[t]);
  }
  // Texts of unlike lengths side by side: rows past a text's end repeat its first row, and are masked as keys.
  std::vector<std::int64_t> rows;    // of qkv, [texts, longest]
  std::vector<std::int64_t> places;  // of each row of qkv, in that grid
  at::Tensor mask = at::zeros({texts, 1, 1, longest}, at::kBool);
  for (std::int64_t t = 0; t < texts; ++t) {
    const std::int64_t begin = tokens.offsets[static_cast<std::size_t>(t)];
    const std::int64_t length = tokens.offsets[static_cast<std::size_t>(t) + 1] - begin;
    for (std::int64_t i = 0; i < longest; ++i) rows.push_back(i < length ? begin + i : begin);
    for (std::int64_t i = 0; i < length; ++i) places.push_back(t * longest + i);
    mask[t][0][0].narrow(0, 0, length).fill_(true);
  }
  const bool ragged = rows.size() != places.size();
  const at::Tensor grid = ragged ? qkv.index_select(0, indices(rows)) : qkv;
  const at::Tensor parts = grid.view({texts, longest, 3, heads, channels / heads}).permute({2, 0, 3, 1, 4});
  std::optional<at::Tensor> keys;
  if (ragged) keys = mask.to(qkv.device());
  const at::Tensor attended = at::scaled_dot_product_attention(parts[0], parts[1], parts[2], keys);
  const at::Tensor flat = attended.permute({0, 2, 1, 3}).reshape({texts * longest, channels});
  return ragged ? flat.index_select(0, indices(places)) : flat;
}

}  // namespace mi2::ops
