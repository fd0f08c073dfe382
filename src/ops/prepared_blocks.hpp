#pragma once
// What an engine makes of a model's weights before it can compute: blocks of memory by the weights' names. Kept in a
// file, they need not be made again. The seam knows neither files nor layouts.

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace mi2::ops {

/// The version of what blocks hold: PackedLayout in cpu/matmul/packed_weights.hpp, and what cpu/prepare.cpp makes of
/// norms, depthwise convolutions and embeddings. Blocks of another version have to be made again.
inline constexpr int kLayoutVersion = 1;

/// How a block lies in memory, in the engine's words ("product bf16 [768, 256]"), and its size.
struct BlockLayout {
  std::string text;
  std::size_t bytes = 0;  ///< a multiple of 64
};

struct PreparedBlock {
  BlockLayout layout;
  std::shared_ptr<const std::byte> data;  ///< aligned to 64 bytes; kept alive by the handle
};

class PreparedBlocks {
 public:
  virtual ~PreparedBlocks() = default;

  /// The block `name`, in one of the layouts in `wanted`. @returns nothing if the engine is to make it from the
  /// parameters, and then to add() it.
  /// @throws Error{kBadFile} if the block is missing, taken twice, or in none of those layouts.
  virtual std::optional<PreparedBlock> take(const std::string& name, std::span<const BlockLayout> wanted) = 0;

  virtual void add(const std::string& name, PreparedBlock block) = 0;
};

}  // namespace mi2::ops
