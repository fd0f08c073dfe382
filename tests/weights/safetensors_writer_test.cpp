#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "support/expect_error.hpp"
#include "support/temporary_folder.hpp"
#include "weights/safetensors.hpp"
#include "weights/samples.hpp"

namespace mi2::weights {
namespace {

using test::make_parameter;

std::vector<ops::Parameter> one_of_each() {
  return {make_parameter("half", {3}, {1, -0.5F, 2}, tensor::DType::kF16), make_parameter("scalar", {}, {4.5F}),
          make_parameter("brain", {2, 1, 2}, {1, 2, 3, -4}, tensor::DType::kBF16), make_parameter("none", {0, 4}, {}),
          make_parameter("last \"quoted\" \xC3\xA9", {1}, {7})};
}

TEST(WriteSafetensors, RoundTripsEveryTypeInOrder) {
  const test::TemporaryFolder folder;
  const std::vector<ops::Parameter> written = one_of_each();
  write_safetensors(folder / "w.safetensors", written, {{"format", "pt"}});
  const SafeTensors file(folder / "w.safetensors");
  EXPECT_EQ(file.metadata(), (std::map<std::string, std::string>{{"format", "pt"}}));
  ASSERT_EQ(file.tensors().size(), written.size());
  for (const ops::Parameter& tensor : written) {
    const ops::Parameter found = file.parameter(tensor.name);
    EXPECT_EQ(found.shape, tensor.shape) << tensor.name;
    EXPECT_EQ(found.dtype, tensor.dtype) << tensor.name;
    EXPECT_EQ(found.to_floats(), tensor.to_floats()) << tensor.name;
  }
}

TEST(WriteSafetensors, StartsTheDataAtACacheLine) {
  const test::TemporaryFolder folder;
  for (const std::size_t length : {1, 2, 8, 31, 63, 64}) {
    const std::vector<ops::Parameter> tensors{make_parameter(std::string(length, 'n'), {1}, {1})};
    write_safetensors(folder / "w", tensors);
    std::uint64_t header = 0;
    std::memcpy(&header, test::read_back(folder / "w").data(), 8);
    EXPECT_EQ((8 + header) % 64, 0U);
  }
}

TEST(WriteSafetensors, WritesAFileWithoutTensors) {
  const test::TemporaryFolder folder;
  write_safetensors(folder / "w", {});
  EXPECT_TRUE(SafeTensors(folder / "w").tensors().empty());
}

TEST(WriteSafetensors, RefusesNamesThatCannotBeReadBack) {
  const test::TemporaryFolder folder;
  const auto refuses = [&](const std::vector<ops::Parameter>& tensors, const std::string& word) {
    test::expect_error(Code::kBadArgument, {word}, [&] { write_safetensors(folder / "w", tensors); });
    EXPECT_FALSE(std::filesystem::exists(folder / "w"));
  };
  refuses({make_parameter("a", {1}, {1}), make_parameter("a", {1}, {1})}, "'a'");
  refuses({make_parameter("__metadata__", {1}, {1})}, "__metadata__");
  refuses({make_parameter("\xff", {1}, {1})}, "UTF-8");
}

TEST(WriteSafetensors, RefusesNumbersThatAreNotFinite) {
  const test::TemporaryFolder folder;
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  folder.write("w", "old");
  for (const float bad : {nan, -nan, infinity, -infinity}) {
    for (const tensor::DType dtype : {tensor::DType::kF32, tensor::DType::kBF16}) {
      const std::vector tensors{make_parameter("good", {1}, {1}), make_parameter("bad", {3}, {1, 2, bad}, dtype)};
      test::expect_error(Code::kBadArgument, {"'bad'", "finite"}, [&] { write_safetensors(folder / "w", tensors); });
    }
  }
  const std::vector<double> numbers{1, std::numeric_limits<double>::quiet_NaN()};
  const std::vector<StoredTensor> stored{{"bad", "F64", {2}, std::as_bytes(std::span(numbers))}};
  base::AtomicFile file(folder / "w");
  test::expect_error(Code::kBadArgument, {"'bad'", "finite"}, [&] { write_safetensors(file, stored, {}); });
  EXPECT_EQ(test::read_back(folder / "w"), "old");
}

TEST(WriteSafetensors, KeepsTheOldFileWhenItFails) {
  const test::TemporaryFolder folder;
  folder.write("w", "old");
  test::expect_error(Code::kBadFile, {"absent"}, [&] { write_safetensors(folder / "absent/w", one_of_each()); });
  EXPECT_THROW(write_safetensors(folder / "w", std::vector{make_parameter("\xff", {1}, {1})}), Error);
  EXPECT_EQ(test::read_back(folder / "w"), "old");
}

}  // namespace
}  // namespace mi2::weights
