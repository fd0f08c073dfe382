// What is looked at of a file before it is added.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "archive/object_facts.hpp"
#include "support/expect_error.hpp"

namespace mi2::archive {
namespace {

/// A MetaImage of slices of one voxel.
std::vector<std::byte> slices_of_one_voxel(std::size_t count) {
  std::string file = "ObjectType = Image\nNDims = 3\nDimSize = 1 1 " + std::to_string(count) +
                     "\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n";
  file.resize(file.size() + count, '\7');
  const auto bytes = std::as_bytes(std::span(file));
  return {bytes.begin(), bytes.end()};
}

embedder::Input input_of(std::vector<std::byte> file) {
  embedder::Input input;
  input.path = "many.mha";
  input.read = [file = std::move(file)](std::uint64_t) { return file; };
  return input;
}

TEST(LookAt, CountsTheFramesOfAFile) {
  const Look look = look_at(input_of(slices_of_one_voxel(1000)), {}, "", false);
  EXPECT_EQ(look.frames.size(), 1000U);
}

TEST(LookAt, RefusesMoreFramesThanItCouldKeepInMemory) {
  const embedder::Input input = input_of(slices_of_one_voxel((1U << 20U) + 1));
  test::expect_error(Code::kTooLarge, {"many.mha", "1048577 frames"},
                     [&] { static_cast<void>(look_at(input, {}, "", false)); });
}

}  // namespace
}  // namespace mi2::archive
