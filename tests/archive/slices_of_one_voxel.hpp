#pragma once
// Small files of many frames.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "embedder/inputs.hpp"

namespace mi2::test {

/// A MetaImage of slices of one voxel.
inline std::vector<std::byte> slices_of_one_voxel(std::size_t count) {
  std::string file = "ObjectType = Image\nNDims = 3\nDimSize = 1 1 " + std::to_string(count) +
                     "\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n";
  file.resize(file.size() + count, '\7');
  const auto bytes = std::as_bytes(std::span(file));
  return {bytes.begin(), bytes.end()};
}

inline embedder::Input input_of(std::vector<std::byte> file, std::string name = "many.mha") {
  embedder::Input input;
  input.path = std::move(name);
  input.read = [file = std::move(file)](std::uint64_t) { return file; };
  return input;
}

}  // namespace mi2::test
