#pragma once
// Where the tokens of a batch of texts lie when texts attend side by side.

#include <cstdint>
#include <vector>

#include <ATen/ATen.h>

#include "ops/parameter.hpp"

namespace mi2::ops::torch_ops {

/// Texts are packed by length: those of one group are at most twice as long as its shortest, and are padded to its
/// longest. Everything else in the model sees the tokens without padding.
struct TextLayout {
  struct Group {
    std::int64_t texts = 0;
    std::int64_t longest = 0;
    at::Tensor mask;  ///< f32 [texts, 1, 1, longest]: 0, or minus infinity where a text has no token
  };

  std::vector<std::int64_t> offsets;  ///< the batch's own
  std::vector<Group> groups;
  at::Tensor rows;    ///< the batch's row at each place of the groups one after the other; undefined: the same order
  at::Tensor places;  ///< of each of the batch's rows among those
};

TextLayout lay_out(const TokenBatch& tokens, at::Device device);

}  // namespace mi2::ops::torch_ops
