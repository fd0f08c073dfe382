#include "weights/safetensors.hpp"

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "support/expect_error.hpp"
#include "support/temporary_folder.hpp"
#include "weights/samples.hpp"

namespace mi2::weights {
namespace {

using test::expect_error;
using test::good_safetensors;
using test::safetensors_file;

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

/// A file with one header and `data` bytes of data must be refused with these words.
void refuses(std::string_view header, std::size_t data, std::vector<std::string> words) {
  words.emplace_back("bad.safetensors");
  const std::string file = safetensors_file(header, std::string(data, '\0'));
  expect_error(Code::kBadFile, words, [&] { SafeTensors::parse(bytes_of(file), "bad.safetensors"); });
}

/// As refuses, for the one tensor 't' with these fields.
void refuses_tensor(const std::string& fields, std::size_t data, std::vector<std::string> words) {
  words.emplace_back("'t'");
  refuses(R"({"t":{)" + fields + "}}", data, std::move(words));
}

TEST(SafeTensors, ReadsTensorsInTheOrderOfTheirData) {
  const std::string file = good_safetensors();
  const SafeTensors found = SafeTensors::parse(bytes_of(file), "good");
  ASSERT_EQ(found.tensors().size(), 2U);
  EXPECT_EQ(found.tensors()[0].name, "a");
  EXPECT_EQ(found.tensors()[1].name, "b");
  EXPECT_EQ(found.tensors()[1].shape, (tensor::Shape{2, 3}));
  EXPECT_EQ(found.metadata().at("k"), "v");
  EXPECT_EQ(found.parameter("a").to_floats(), (std::vector<float>{1, -2}));
  EXPECT_EQ(found.parameter("b").to_floats(), (std::vector<float>{0, 1, 2, 3, 4, -5.5F}));
  EXPECT_EQ(found.parameter("b").dtype, tensor::DType::kF32);
  EXPECT_EQ(found.find("c"), nullptr);
}

TEST(SafeTensors, KeepsTheMappingForItsParametersAndReadsReleasedPagesAgain) {
  const test::TemporaryFolder folder;
  const std::size_t count = 100'000;
  std::string data(4 * count, '\0');
  for (std::size_t i = 0; i < count; ++i) {
    const auto value = static_cast<float>(i);
    std::memcpy(data.data() + 4 * i, &value, 4);
  }
  const auto path = folder.write(
      "w.safetensors", safetensors_file(R"({"t":{"dtype":"F32","shape":[100000],"data_offsets":[0,400000]}})", data));
  ops::Parameter outlives;
  {
    const SafeTensors file(path);
    EXPECT_EQ(file.parameter("t").to_floats()[99'999], 99'999.0F);
    outlives = file.parameter("t");
  }
  EXPECT_EQ(outlives.to_floats()[12'345], 12'345.0F);
}

TEST(SafeTensors, TakesAFileWithoutTensors) {
  const std::string file = safetensors_file("{}", "");
  EXPECT_TRUE(SafeTensors::parse(bytes_of(file), "none").tensors().empty());
}

TEST(SafeTensors, TakesEmptyTensorsAndScalars) {
  const std::string file = safetensors_file(
      R"({"e":{"dtype":"F32","shape":[0,5],"data_offsets":[0,0]},"s":{"dtype":"F16","shape":[],"data_offsets":[0,2]}})",
      std::string("\x00\x3c", 2));
  const SafeTensors found = SafeTensors::parse(bytes_of(file), "scalars");
  EXPECT_EQ(found.parameter("s").to_floats(), std::vector<float>{1.0F});
  EXPECT_TRUE(found.parameter("e").to_floats().empty());
}

TEST(SafeTensors, ShowsBytesOfOtherTypesButNoParameter) {
  const std::string file = safetensors_file(R"({"i":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}})", "12345678");
  const SafeTensors found = SafeTensors::parse(bytes_of(file), "ints");
  EXPECT_EQ(found.bytes(found.tensors()[0]).size(), 8U);
  expect_error(Code::kBadFile, {"ints", "'i'", "I64", "F32"}, [&] { (void)found.parameter("i"); });
  expect_error(Code::kBadFile, {"ints", "'x'", "missing"}, [&] { (void)found.parameter("x"); });
}

TEST(SafeTensors, RefusesEveryTruncationAndEveryExtension) {
  const std::string file = good_safetensors();
  for (std::size_t size = 0; size < file.size(); ++size) {
    expect_error(Code::kBadFile, {"cut"}, [&] { SafeTensors::parse(bytes_of(file.substr(0, size)), "cut"); });
  }
  expect_error(Code::kBadFile, {"long", "28", "29"}, [&] { SafeTensors::parse(bytes_of(file + "x"), "long"); });
}

TEST(SafeTensors, SurvivesEveryFlippedBit) {
  const std::string file = good_safetensors();
  for (std::size_t bit = 0; bit < 8 * file.size(); ++bit) {
    std::string damaged = file;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    try {
      const SafeTensors found = SafeTensors::parse(bytes_of(damaged), "damaged");
      for (const TensorInfo& tensor : found.tensors()) EXPECT_GE(tensor.end, tensor.begin);
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), ::testing::StartsWith("damaged: "));
    }
  }
}

TEST(SafeTensors, RefusesLyingHeaderLengths) {
  std::string file = good_safetensors();
  for (const std::uint64_t length : {std::uint64_t{1} << 40U, ~std::uint64_t{0}, ~std::uint64_t{0} - 7}) {
    std::memcpy(file.data(), &length, 8);
    expect_error(Code::kBadFile, {"limit is 100000000"}, [&] { SafeTensors::parse(bytes_of(file), "lying"); });
  }
  const std::uint64_t length = file.size();
  std::memcpy(file.data(), &length, 8);
  expect_error(Code::kBadFile, {"announced", "the file holds"}, [&] { SafeTensors::parse(bytes_of(file), "lying"); });
}

TEST(SafeTensors, RefusesHeadersThatAreNoJsonObject) {
  refuses("", 0, {"does not start"});
  refuses(" {}", 0, {"does not start"});
  refuses("\xEF\xBB\xBF{}", 0, {"does not start"});
  refuses("[]", 0, {"does not start"});
  refuses("{", 0, {"not JSON"});
  refuses("{}{}", 0, {"not JSON"});
  refuses("{},", 0, {"not JSON"});
  refuses("{/* comment */}", 0, {"not JSON"});
  refuses(std::string("{}\0\0", 4), 0, {"not JSON", "byte 2"});
  refuses("{\"t\xff\":1}", 0, {"not JSON", "UTF-8"});
  refuses("{\"t\xc0\x80\":1}", 0, {"not JSON", "UTF-8"});
  refuses(R"({"\ud800":1})", 0, {"not JSON"});
  refuses(std::string(1000, '[').replace(0, 1, "{"), 0, {"not JSON"});
}

TEST(SafeTensors, RefusesDeepNestingWithoutDescending) {
  refuses(std::string(R"({"t":)").append(1'000'000, '['), 0, {"'t'", "an array"});
  refuses(std::string(R"({"t":{"shape":)").append(1'000'000, '['), 0, {"'t'", "an array"});
}

TEST(SafeTensors, RefusesKeysGivenTwice) {
  const std::string row = R"({"dtype":"U8","shape":[1],"data_offsets":[0,1]})";
  refuses(R"({"t":)" + row + R"(,"t":)" + row + "}", 1, {"'t'", "twice"});
  refuses(R"({"t":)" + row + R"(,"\u0074":)" + row + "}", 1, {"'t'", "twice"});
  refuses(R"({"__metadata__":{"a":"b","a":"c"}})", 0, {"__metadata__", "'a'", "twice"});
  refuses(R"({"__metadata__":{},"__metadata__":{}})", 0, {"__metadata__", "twice"});
  refuses_tensor(R"("dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1])", 1, {"'dtype'", "twice"});
}

TEST(SafeTensors, RefusesRowsWithOtherFields) {
  refuses(R"({"t":1})", 0, {"'t'", "a number"});
  refuses(R"({"t":null})", 0, {"'t'", "null"});
  refuses(R"({"t":"x"})", 0, {"'t'", "a string"});
  refuses_tensor("", 0, {"no dtype"});
  refuses_tensor(R"("dtype":"U8","data_offsets":[0,1])", 1, {"no shape"});
  refuses_tensor(R"("dtype":"U8","shape":[1])", 1, {"no data_offsets"});
  refuses_tensor(R"("dtype":"U8","shape":[1],"data_offsets":[0,1],"stride":[1])", 1, {"'stride'"});
  refuses_tensor(R"("dtype":8,"shape":[1],"data_offsets":[0,1])", 1, {"a number", "dtype"});
  refuses_tensor(R"("dtype":["U8"],"shape":[1],"data_offsets":[0,1])", 1, {"an array", "dtype"});
  refuses_tensor(R"("dtype":"U8","shape":"1","data_offsets":[0,1])", 1, {"a string", "shape"});
  refuses_tensor(R"("dtype":"U8","shape":1,"data_offsets":[0,1])", 1, {"a number", "shape"});
  refuses_tensor(R"("dtype":"U8","shape":[1],"data_offsets":{})", 1, {"an object", "data_offsets"});
  refuses(R"({"__metadata__":{"n":1}})", 0, {"__metadata__", "a number"});
  refuses(R"({"__metadata__":[]})", 0, {"__metadata__", "an array"});
  refuses(R"({"__metadata__":{"o":{}}})", 0, {"__metadata__", "an object"});
}

TEST(SafeTensors, RefusesShapesThatAreNone) {
  refuses_tensor(R"("dtype":"U8","shape":[-1],"data_offsets":[0,1])", 1, {"negative", "shape"});
  refuses_tensor(R"("dtype":"U8","shape":[1.5],"data_offsets":[0,1])", 1, {"no 64-bit integer", "shape"});
  refuses_tensor(R"("dtype":"U8","shape":[1e2],"data_offsets":[0,100])", 100, {"no 64-bit integer"});
  refuses_tensor(R"("dtype":"U8","shape":[true],"data_offsets":[0,1])", 1, {"a boolean"});
  refuses_tensor(R"("dtype":"U8","shape":[[1]],"data_offsets":[0,1])", 1, {"an array"});
  refuses_tensor(R"("dtype":"U8","shape":[18446744073709551616],"data_offsets":[0,1])", 1, {"no 64-bit integer"});
  refuses_tensor(R"("dtype":"U8","shape":[18446744073709551615],"data_offsets":[0,1])", 1, {"overflows"});
  refuses_tensor(R"("dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0])", 0, {"overflows"});
  refuses_tensor(R"("dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,0])", 0, {"overflows"});
  refuses_tensor(R"("dtype":"U8","shape":[1,1,1,1,1],"data_offsets":[0,1])", 1, {"shape", "more than 4"});
}

TEST(SafeTensors, RefusesUnknownTypes) {
  refuses_tensor(R"("dtype":"F128","shape":[1],"data_offsets":[0,16])", 16, {"'F128'"});
  refuses_tensor(R"("dtype":"f32","shape":[1],"data_offsets":[0,4])", 4, {"'f32'"});
}

TEST(SafeTensors, RefusesOffsetsThatDoNotFit) {
  refuses_tensor(R"("dtype":"U8","shape":[1],"data_offsets":[0])", 1, {"1 data_offsets"});
  refuses_tensor(R"("dtype":"U8","shape":[1],"data_offsets":[])", 1, {"0 data_offsets"});
  refuses_tensor(R"("dtype":"U8","shape":[1],"data_offsets":[0,1,2])", 1, {"data_offsets", "more than 2"});
  refuses_tensor(R"("dtype":"U8","shape":[1],"data_offsets":[-1,0])", 1, {"negative", "data_offsets"});
  refuses_tensor(R"("dtype":"U8","shape":[1],"data_offsets":[1,0])", 1, {"[1, 0]"});
  refuses_tensor(R"("dtype":"U8","shape":[2],"data_offsets":[0,2])", 1, {"[0, 2]", "[0, 1]"});
  refuses_tensor(R"("dtype":"U8","shape":[1],"data_offsets":[18446744073709551614,18446744073709551615])", 1,
                 {"[0, 1]"});
  refuses_tensor(R"("dtype":"F32","shape":[3],"data_offsets":[0,8])", 8, {"8 bytes", "F32 [3]", "takes 12"});
}

TEST(SafeTensors, RefusesOverlapsHolesAndBytesNobodyOwns) {
  const auto two = [](const char* first, const char* second) {
    return std::string(R"({"p":{"dtype":"U8","shape":[2],"data_offsets":)") + first +
           R"(},"q":{"dtype":"U8","shape":[2],"data_offsets":)" + second + "}}";
  };
  refuses(two("[0,2]", "[1,3]"), 3, {"'q'", "inside tensor 'p'"});
  refuses(two("[0,2]", "[0,2]"), 2, {"inside tensor"});
  refuses(two("[0,2]", "[3,5]"), 5, {"'q'", "hole from 2"});
  refuses(two("[1,3]", "[3,5]"), 5, {"'p'", "hole from 0"});
  refuses(two("[0,2]", "[2,4]"), 6, {"end at byte 4", "holds 6"});
  refuses("{}", 3, {"end at byte 0", "holds 3"});
}

TEST(SafeTensors, RefusesAPickleWithAdvice) {
  const test::TemporaryFolder folder;
  const auto zip = folder.write("model.pt", std::string("PK\x03\x04").append(100, 'z'));
  const auto legacy = folder.write("old.pt", std::string("\x80\x02\x8a\x0al\xfc\x9c").append(100, 'z'));
  expect_error(Code::kUnsupported, {"model.pt", "pickle", "safetensors"}, [&] { SafeTensors{zip}; });
  expect_error(Code::kUnsupported, {"old.pt", "pickle"}, [&] { SafeTensors{legacy}; });
}

TEST(SafeTensors, NamesAMissingFile) {
  expect_error(Code::kNotFound, {"/absent.safetensors"}, [] { SafeTensors{"/absent.safetensors"}; });
}

TEST(SafeTensors, ShowsHostileNamesHarmlessly) {
  refuses(std::string("{\"\\u001b[2J").append(1000, 'n').append("\":1}"), 0, {"'?[2Jnnn", "nn...'"});
}

}  // namespace
}  // namespace mi2::weights
