#include "ops/torch/text_layout.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace mi2::ops::torch_ops {
namespace {

at::Tensor mask_of(const std::vector<std::int64_t>& lengths, std::int64_t longest) {
  const auto texts = static_cast<std::int64_t>(lengths.size());
  at::Tensor mask = at::zeros({texts, 1, 1, longest}, at::kFloat);
  auto* value = mask.mutable_data_ptr<float>();
  for (std::int64_t t = 0; t < texts; ++t) {
    for (std::int64_t i = lengths[static_cast<std::size_t>(t)]; i < longest; ++i) {
      value[t * longest + i] = -std::numeric_limits<float>::infinity();
    }
  }
  return mask;
}

at::Tensor integers(const std::vector<std::int64_t>& values, at::Device device) {
  return at::tensor(at::ArrayRef<std::int64_t>(values), at::kLong).to(device);
}

}  // namespace

TextLayout lay_out(const TokenBatch& tokens, at::Device device) {
  TextLayout layout;
  layout.offsets = tokens.offsets;
  const auto length_of = [&](std::size_t t) { return tokens.offsets[t + 1] - tokens.offsets[t]; };
  std::vector<std::size_t> order(static_cast<std::size_t>(tokens.texts()));
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, length_of);
  std::vector<std::int64_t> rows;
  std::vector<std::int64_t> places(tokens.ids.size());
  for (std::size_t first = 0; first < order.size();) {
    std::size_t end = first;
    while (end < order.size() && length_of(order[end]) <= 2 * length_of(order[first])) ++end;
    TextLayout::Group group{static_cast<std::int64_t>(end - first), length_of(order[end - 1]), {}};
    std::vector<std::int64_t> lengths;
    for (std::size_t i = first; i < end; ++i) {
      const std::int64_t begin = tokens.offsets[order[i]];
      lengths.push_back(length_of(order[i]));
      // Rows past a text's end repeat its first, and are masked as keys.
      for (std::int64_t k = 0; k < group.longest; ++k) {
        if (k < lengths.back()) places[static_cast<std::size_t>(begin + k)] = static_cast<std::int64_t>(rows.size());
        rows.push_back(k < lengths.back() ? begin + k : begin);
      }
    }
    if (lengths.front() < group.longest) group.mask = mask_of(lengths, group.longest).to(device);
    layout.groups.push_back(std::move(group));
    first = end;
  }
  if (layout.groups.size() > 1 || (!layout.groups.empty() && layout.groups.front().mask.defined())) {
    layout.rows = integers(rows, device);
    layout.places = integers(places, device);
  }
  return layout;
}

}  // namespace mi2::ops::torch_ops
