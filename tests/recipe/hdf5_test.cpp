#include "recipe/hdf5.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "support/expect_error.hpp"

namespace mi2::recipe::testing {
namespace {

using test::expect_error;

/// The smallest file with an array: a superblock, a root with one name, and a contiguous array of bytes.
class Builder {
 public:
  std::string type{'\x10', '\0', '\0', '\0', '\1', '\0', '\0', '\0'};  ///< an unsigned byte
  std::vector<std::uint64_t> shape{2, 3};
  std::string data = "abcdef";
  std::string name = "x";

  [[nodiscard]] std::string build() const {
    constexpr std::uint64_t kRoot = 96, kTree = 160, kHeap = 240, kNames = 280, kNode = 312, kArray = 400, kData = 600;
    std::string file(kData, '\0');
    put(file, 0, "\x89HDF\r\n\x1A\n");
    file[13] = file[14] = '\x08';
    put_number(file, 64, kRoot);
    header(file, kRoot, {{0x11, number(kTree) + number(kHeap)}});
    put(file, kTree, std::string("TREE\0\0\1\0", 8));
    put_number(file, kTree + 32, kNode);
    put(file, kHeap, "HEAP");
    put_number(file, kHeap + 24, kNames);
    put(file, kNames + 8, name);
    put(file, kNode, std::string("SNOD\1\0\1\0", 8));
    put_number(file, kNode + 8, 8);
    put_number(file, kNode + 16, kArray);
    std::string space{'\1', static_cast<char>(shape.size()), '\0', '\0', '\0', '\0', '\0', '\0'};
    for (const std::uint64_t size : shape) space += number(size);
    header(file, kArray,
           {{0x1, space}, {0x3, type}, {0x8, std::string("\3\1", 2) + number(kData) + number(data.size())}});
    return file + data;
  }

 private:
  static std::string number(std::uint64_t value) {
    std::string text;
    for (int i = 0; i < 8; ++i) text += static_cast<char>(value >> (8 * i));
    return text;
  }
  static void put(std::string& file, std::size_t at, const std::string& text) {
    std::ranges::copy(text, file.begin() + static_cast<std::ptrdiff_t>(at));
  }
  static void put_number(std::string& file, std::size_t at, std::uint64_t value) { put(file, at, number(value)); }

  static void header(std::string& file, std::size_t at, const std::vector<std::pair<int, std::string>>& messages) {
    std::string body;
    for (const auto& [type, content] : messages) {
      const std::size_t size = (content.size() + 7) / 8 * 8;
      body +=
          number(static_cast<std::uint64_t>(type) | size << 16) + content + std::string(size - content.size(), '\0');
    }
    put(file, at, std::string("\1\0", 2));
    put_number(file, at + 8, body.size());
    put(file, at + 16, body);
  }
};

std::string rows_of(const std::string& file, const std::string& dataset = "x") {
  const Hdf5Bytes array(std::as_bytes(std::span(file)), dataset, "a.h5");
  std::string all;
  array.each_band([&](std::uint64_t, std::span<const std::uint8_t> rows) {
    all.append(rows.begin(), rows.end());
    return true;
  });
  return all;
}

void expect_refused(const std::string& file, Code code, const std::string& word) {
  expect_error(code, {"a.h5", word}, [&] { rows_of(file); });
}

TEST(Hdf5, ReadsAnArrayOfBytes) {
  const std::string file = Builder().build();
  const Hdf5Bytes array(std::as_bytes(std::span(file)), "x", "a.h5");
  EXPECT_EQ(array.shape(), (std::vector<std::uint64_t>{2, 3}));
  EXPECT_EQ(array.row_bytes(), 3U);
  EXPECT_EQ(rows_of(file), "abcdef");
}

TEST(Hdf5, RefusesOtherFilesArraysAndTypesByWords) {
  expect_refused("", Code::kBadFile, "no HDF5 file");
  expect_refused("PK\x03\x04 and a zip's rest", Code::kBadFile, "no HDF5 file");
  std::string newer = Builder().build();
  newer[8] = '\2';
  expect_refused(newer, Code::kUnsupported, "newer format");
  expect_error(Code::kBadFile, {"no array 'y'"}, [] { rows_of(Builder().build(), "y"); });
  Builder longer;
  longer.name = "xx";
  expect_refused(longer.build(), Code::kBadFile, "no array 'x'");
  Builder is_signed;
  is_signed.type[1] = '\x08';
  expect_refused(is_signed.build(), Code::kUnsupported, "unsigned bytes");
  Builder wide;
  wide.type[4] = '\4';
  expect_refused(wide.build(), Code::kUnsupported, "unsigned bytes");
}

TEST(Hdf5, RefusesSizesThatTheFileCannotHold) {
  Builder builder;
  builder.shape = {2, 4};
  expect_refused(builder.build(), Code::kBadFile, "stores 6 bytes of an array of 8");
  builder.shape = {1ULL << 40, 3};
  expect_refused(builder.build(), Code::kBadFile, "more than the file can hold");
  builder.shape = {1ULL << 40, 1ULL << 40};
  expect_error(Code::kTooLarge, {"HDF5 array"}, [&] { rows_of(builder.build()); });
  builder.shape = {0, 3};
  expect_refused(builder.build(), Code::kBadFile, "without entries");
}

TEST(Hdf5, RefusesAFileThatEndsAnywhereBefore) {
  const std::string file = Builder().build();
  for (std::size_t size = 0; size < file.size(); ++size) {
    EXPECT_THROW(rows_of(file.substr(0, size)), Error) << size;
  }
}

TEST(Hdf5, SurvivesEveryChangedByte) {
  const std::string file = Builder().build();
  for (std::size_t at = 0; at < file.size(); ++at) {
    for (const char value : {'\0', '\1', '\x7F', '\xFF'}) {
      std::string changed = file;
      changed[at] = value;
      try {
        rows_of(changed);
      } catch (const Error&) {
        continue;
      }
    }
  }
}

}  // namespace
}  // namespace mi2::recipe::testing
