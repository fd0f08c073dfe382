#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include <ATen/core/grad_mode.h>

#include "ops/torch/torch_ops.hpp"

namespace mi2::ops {
namespace {

/// How a grid of tokens falls into windows; those at right and bottom may stick out.
struct Windows {
  Windows(const at::Tensor& image, int side_length)
      : side(side_length),
        height(image.size(1)),
        width(image.size(2)),
        down((height + side - 1) / side),
        across((width + side - 1) / side) {}

  [[nodiscard]] bool fit() const { return height == down * side && width == across * side; }

  std::int64_t side;
  std::int64_t height;
  std::int64_t width;
  std::int64_t down;
  std::int64_t across;
};

/// `rows` and `columns` more tokens below and at the right of qkv [B, H, W, 3 C], each `token` [3 C].
at::Tensor fill_up(at::Tensor qkv, const at::Tensor& token, std::int64_t rows, std::int64_t columns) {
  if (columns > 0) qkv = at::cat({qkv, token.expand({qkv.size(0), qkv.size(1), columns, qkv.size(3)})}, 2);
  if (rows > 0) qkv = at::cat({qkv, token.expand({qkv.size(0), rows, qkv.size(2), qkv.size(3)})}, 1);
  return qkv;
}

/// Calls visit(part of the image, the same part of the windows) for the up to four parts whose windows are of one size,
/// as views [B, down, rows, across, columns, C] of image [B, H, W, C] and windows [B, down, across, side, side, C].
template <typename Visit>
void for_each_part(const at::Tensor& image, const at::Tensor& windows, const Windows& w, Visit&& visit) {
  struct Span {
    std::int64_t first, windows, tokens;  ///< the first window, how many, and tokens of each
  };
  const auto spans = [&](std::int64_t length) {
    std::vector<Span> found;
    if (length >= w.side) found.push_back({0, length / w.side, w.side});
    if (length % w.side > 0) found.push_back({length / w.side, 1, length % w.side});
    return found;
  };
  for (const Span& y : spans(w.height)) {
    for (const Span& x : spans(w.width)) {
      const at::Tensor from = image.narrow(1, y.first * w.side, y.windows * y.tokens)
                                  .narrow(2, x.first * w.side, x.windows * x.tokens)
                                  .unflatten(2, {x.windows, x.tokens})
                                  .unflatten(1, {y.windows, y.tokens});
      const at::Tensor to = windows.narrow(1, y.first, y.windows)
                                .narrow(2, x.first, x.windows)
                                .narrow(3, 0, y.tokens)
                                .narrow(4, 0, x.tokens)
                                .permute({0, 1, 3, 2, 4, 5});
      visit(from, to);
    }
  }
}

/// x [B, H, W, C] of whole windows -> [B, down, across, side, side, C]
at::Tensor cut(const at::Tensor& x, const Windows& w) {
  return x.view({x.size(0), w.down, w.side, w.across, w.side, x.size(3)}).permute({0, 1, 3, 2, 4, 5}).contiguous();
}

/// qkv [B, H, W, 3 C] -> [B, down, across, side, side, 3 C], what sticks out being `bias` [3 C]: what the projection
/// makes of a zero token. The bias receives its gradient.
at::Tensor to_windows(const at::Tensor& qkv, const at::Tensor& bias, const Windows& w) {
  const at::Tensor token = bias.to(qkv.scalar_type());
  if (at::GradMode::is_enabled()) {
    return cut(fill_up(qkv, token, w.down * w.side - w.height, w.across * w.side - w.width), w);
  }
  const at::Tensor windows = at::empty({qkv.size(0), w.down, w.across, w.side, w.side, qkv.size(3)}, qkv.options());
  const std::int64_t rows = w.height % w.side;
  const std::int64_t columns = w.width % w.side;
  if (rows > 0) windows.select(1, w.down - 1).narrow(2, rows, w.side - rows).copy_(token);
  if (columns > 0) windows.select(2, w.across - 1).narrow(3, columns, w.side - columns).copy_(token);
  for_each_part(qkv, windows, w, [](const at::Tensor& image, const at::Tensor& part) { part.copy_(image); });
  return windows;
}

/// [B, down, across, side, side, C] -> [B, H, W, C], without what sticks out.
at::Tensor from_windows(const at::Tensor& windows, const Windows& w) {
  const std::int64_t channels = windows.size(5);
  if (w.fit() || at::GradMode::is_enabled()) {
    return windows.permute({0, 1, 3, 2, 4, 5})
        .reshape({windows.size(0), w.down * w.side, w.across * w.side, channels})
        .narrow(1, 0, w.height)
        .narrow(2, 0, w.width);
  }
  const at::Tensor image = at::empty({windows.size(0), w.height, w.width, channels}, windows.options());
  for_each_part(image, windows, w, [](const at::Tensor& to, const at::Tensor& part) { to.copy_(part); });
  return image;
}

/// qkv [n, tokens, 3 C] -> [n, tokens, C]: heads are views, with which the fused kernels do not mind.
at::Tensor attend(const at::Tensor& qkv, int heads, const std::optional<at::Tensor>& mask) {
  const std::int64_t channels = qkv.size(2) / 3;
  const at::Tensor parts = qkv.view({qkv.size(0), qkv.size(1), 3, heads, channels / heads}).permute({2, 0, 3, 1, 4});
  return at::scaled_dot_product_attention(parts[0], parts[1], parts[2], mask)
      .transpose(1, 2)
      .reshape({qkv.size(0), qkv.size(1), channels});
}

/// q, k [n, tokens, c] -> [n, c, c]: softmax(q^T k / sqrt(tokens)), transposed.
at::Tensor channel_weights(const at::Tensor& q, const at::Tensor& k) {
  // Of a CPU's narrow types, long sums of short rows are several times slower than those of f32.
  const at::ScalarType type = q.is_cpu() && !at::GradMode::is_enabled() ? at::kFloat : q.scalar_type();
  const double scale = 1 / std::sqrt(static_cast<double>(q.size(1)));
  const at::Tensor none = at::empty({1, 1, 1}, q.options().dtype(type));  // times 0
  const at::Tensor scores = at::baddbmm(none, q.transpose(1, 2).to(type), k.to(type), 0, scale);
  return at::softmax(scores, -1).to(q.scalar_type()).transpose(1, 2);
}

}  // namespace

at::Tensor TorchOps::norm_window_attention(const Tensor& x, const Norm& norm, const Linear& projection, int heads,
                                           int window, std::string_view) const {
  const Windows w(x, window);
  at::Tensor y = layer_norm(x, norm);
  // What is cut before the product is a third of its result; but padding would be multiplied with the rest.
  y = w.fit() ? product(cut(y, w), projection) : to_windows(product(y, projection), projection.bias, w);
  y = attend(y.view({-1, w.side * w.side, y.size(-1)}), heads, std::nullopt);
  return from_windows(y.view({x.size(0), w.down, w.across, w.side, w.side, x.size(3)}), w);
}

at::Tensor TorchOps::channel_attention(const Tensor& qkv, int groups) const {
  const std::int64_t batch = qkv.size(0);
  const std::int64_t tokens = qkv.size(1) * qkv.size(2);
  const std::int64_t channels = qkv.size(3) / 3;
  const std::int64_t width = channels / groups;
  // [3, B, groups, tokens, width], views
  const at::Tensor parts = qkv.view({batch, tokens, 3, groups, width}).permute({2, 0, 3, 1, 4});
  if (options_.frozen && (batch == 1 || qkv.is_cpu())) {
    // An image's groups lie at equal distances, so products read and write them where they are.
    const at::Tensor result = at::empty({batch, tokens, groups, width}, qkv.options());
    for (std::int64_t b = 0; b < batch; ++b) {
      at::Tensor out = result[b].transpose(0, 1);
      at::bmm_out(out, parts[2][b], channel_weights(parts[0][b], parts[1][b]));
    }
    return result.view({batch, qkv.size(1), qkv.size(2), channels});
  }
  const auto flat = [&](std::int64_t part) { return parts[part].reshape({batch * groups, tokens, width}); };
  return at::bmm(flat(2), channel_weights(flat(0), flat(1)))
      .view({batch, groups, tokens, width})
      .transpose(1, 2)
      .reshape({batch, qkv.size(1), qkv.size(2), channels});
}

at::Tensor TorchOps::self_attention(const Tensor& qkv, const TokenBatch& tokens, int heads) const {
  const auto layout = layout_of(tokens);
  const at::Tensor grid = layout->rows.defined() ? qkv.index_select(0, layout->rows) : qkv;
  std::vector<at::Tensor> attended;
  std::int64_t row = 0;
  for (const torch_ops::TextLayout::Group& group : layout->groups) {
    const std::int64_t rows = group.texts * group.longest;
    std::optional<at::Tensor> mask;
    if (group.mask.defined()) mask = group.mask.to(qkv.scalar_type());
    const at::Tensor texts = grid.narrow(0, row, rows).view({group.texts, group.longest, qkv.size(1)});
    attended.push_back(attend(texts, heads, mask).view({rows, qkv.size(1) / 3}));
    row += rows;
  }
  const at::Tensor joined = attended.size() == 1 ? attended.front() : at::cat(attended);
  return layout->places.defined() ? joined.index_select(0, layout->places) : joined;
}

}  // namespace mi2::ops
