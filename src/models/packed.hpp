#pragma once
// A model on the CPU engine to and from a packed file.

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ops/parameter.hpp"
#include "ops/prepared_blocks.hpp"
#include "weights/packed_file.hpp"

namespace mi2::models {

/// Keeps what an engine prepares while it loads a model.
class CollectedBlocks final : public ops::PreparedBlocks {
 public:
  /// @param added  called with the number of blocks so far, after each.
  explicit CollectedBlocks(std::function<void(std::size_t)> added = {}) : added_(std::move(added)) {}

  std::optional<ops::PreparedBlock> take(const std::string& name, std::span<const ops::BlockLayout> wanted) override;
  void add(const std::string& name, ops::PreparedBlock block) override;
  /// As the block a packed model's scalar parameter is read from.
  void add_scalar(const std::string& name, float value);

  [[nodiscard]] const std::vector<weights::NamedBlock>& blocks() const noexcept { return blocks_; }

 private:
  std::function<void(std::size_t)> added_;
  std::vector<weights::NamedBlock> blocks_;
};

/// Parameters of a model whose engine has its blocks from a packed file: names and shapes without data, but for
/// scalars, which no engine prepares.
class PackedParameters {
 public:
  explicit PackedParameters(ops::PreparedBlocks& blocks) : blocks_(blocks) {}
  /// @throws Error{kBadFile} for a scalar the file does not hold.
  ops::Parameter take(const std::string& name, const tensor::Shape& shape);
  ops::Parameter take_positions(const std::string& name, const tensor::Shape& shape) { return take(name, shape); }

 private:
  ops::PreparedBlocks& blocks_;
};

}  // namespace mi2::models
