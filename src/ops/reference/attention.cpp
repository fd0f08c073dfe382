// The three attentions of the oracle, each as its formula stands in the paper.

#include <algorithm>
#include <cmath>

#include "ops/reference/reference_ops.hpp"

namespace mi2::ops {
namespace {

void softmax(std::vector<double>& row) {
  const double top = *std::max_element(row.begin(), row.end());
  double sum = 0;
  for (double& value : row) sum += value = std::exp(value - top);
  for (double& value : row) value /= sum;
}

/// softmax(q k^T * scale) v over a list of tokens. Each entry of `qkv` is a row of 3 * width numbers. out[i] is
/// where token i's result goes, null if nobody asks for it.
void attend(const std::vector<const float*>& qkv, const std::vector<float*>& out, std::int64_t width, int heads) {
  const std::int64_t size = width / heads;
  const double scale = 1.0 / std::sqrt(static_cast<double>(size));
  std::vector<double> scores(qkv.size());
  for (int head = 0; head < heads; ++head) {
    const std::int64_t at = head * size;
    for (std::size_t i = 0; i < qkv.size(); ++i) {
      if (out[i] == nullptr) continue;
      for (std::size_t j = 0; j < qkv.size(); ++j) {
        double dot = 0;
        for (std::int64_t c = 0; c < size; ++c) {
          dot += static_cast<double>(qkv[i][at + c]) * qkv[j][width + at + c];
        }
        scores[j] = dot * scale;
      }
      softmax(scores);
      for (std::int64_t c = 0; c < size; ++c) {
        double sum = 0;
        for (std::size_t j = 0; j < qkv.size(); ++j) sum += scores[j] * qkv[j][2 * width + at + c];
        out[i][at + c] = static_cast<float>(sum);
      }
    }
  }
}

}  // namespace

mi2::tensor::Tensor ReferenceOps::window_attention(const tensor::Tensor& qkv, const Linear& projection, int heads,
                                                   int window) {
  const std::int64_t height = qkv.shape()[1];
  const std::int64_t columns = qkv.shape()[2];
  const std::int64_t width = qkv.shape()[3] / 3;
  tensor::Tensor y(qkv.shape().with_back(width));
  for (std::int64_t b = 0; b < qkv.shape()[0]; ++b) {
    for (std::int64_t top = 0; top < height; top += window) {
      for (std::int64_t left = 0; left < columns; left += window) {
        std::vector<const float*> tokens;
        std::vector<float*> out;
        for (std::int64_t row = top; row < top + window; ++row) {
          for (std::int64_t column = left; column < left + window; ++column) {
            const bool padding = row >= height || column >= columns;
            const std::int64_t token = (b * height + row) * columns + column;
            tokens.push_back(padding ? projection.bias.data() : qkv.data<float>() + token * 3 * width);
            out.push_back(padding ? nullptr : y.data<float>() + token * width);
          }
        }
        attend(tokens, out, width, heads);
      }
    }
  }
  return y;
}

mi2::tensor::Tensor ReferenceOps::self_attention(const tensor::Tensor& qkv, const TokenBatch& tokens, int heads) {
  const std::int64_t width = qkv.shape().back() / 3;
  tensor::Tensor y(qkv.shape().with_back(width));
  for (std::int64_t t = 0; t < tokens.texts(); ++t) {
    std::vector<const float*> rows;
    std::vector<float*> out;
    for (std::int64_t row = tokens.offsets[t]; row < tokens.offsets[t + 1]; ++row) {
      rows.push_back(qkv.data<float>() + row * 3 * width);
      out.push_back(y.data<float>() + row * width);
    }
    attend(rows, out, width, heads);
  }
  return y;
}

mi2::tensor::Tensor ReferenceOps::channel_attention(const tensor::Tensor& qkv, int groups) {
  const std::int64_t tokens = qkv.shape()[1] * qkv.shape()[2];
  const std::int64_t width = qkv.shape()[3] / 3;
  const std::int64_t size = width / groups;
  const double scale = 1.0 / std::sqrt(static_cast<double>(tokens));
  tensor::Tensor y(qkv.shape().with_back(width));
  std::vector<double> scores(static_cast<std::size_t>(size));
  for (std::int64_t b = 0; b < qkv.shape()[0]; ++b) {
    const float* rows = qkv.data<float>() + b * tokens * 3 * width;
    for (int group = 0; group < groups; ++group) {
      for (std::int64_t i = group * size; i < (group + 1) * size; ++i) {
        for (std::int64_t j = 0; j < size; ++j) {
          double dot = 0;
          for (std::int64_t t = 0; t < tokens; ++t) {
            const float* row = rows + t * 3 * width;
            dot += static_cast<double>(row[i]) * row[width + group * size + j];
          }
          scores[j] = dot * scale;
        }
        softmax(scores);
        for (std::int64_t t = 0; t < tokens; ++t) {
          const float* value = rows + t * 3 * width + 2 * width + group * size;
          double sum = 0;
          for (std::int64_t j = 0; j < size; ++j) sum += scores[j] * value[j];
          y.data<float>()[(b * tokens + t) * width + i] = static_cast<float>(sum);
        }
      }
    }
  }
  return y;
}

}  // namespace mi2::ops
