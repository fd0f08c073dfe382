#include "weights/packed_file.hpp"

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "support/expect_error.hpp"
#include "support/temporary_folder.hpp"
#include "tensor/tensor.hpp"
#include "weights/packed_checksum.hpp"
#include "weights/samples.hpp"

namespace mi2::weights {
namespace {

using test::expect_error;

/// A block whose bytes count up from `first`.
ops::PreparedBlock block(const std::string& layout, std::size_t bytes, int first) {
  const tensor::Tensor memory({static_cast<std::int64_t>(bytes / sizeof(float))});
  auto* to = memory.data<unsigned char>();
  for (std::size_t i = 0; i < bytes; ++i) to[i] = static_cast<unsigned char>(first + static_cast<int>(i));
  return {{layout, bytes}, memory.block()};
}

PackedInfo info() { return {1, "bf16", test::kSmallConfig, std::string(64, 'a'), std::nullopt, std::nullopt}; }

class PackedFileTest : public ::testing::Test {
 protected:
  /// Large enough for several pieces of a checksum.
  static constexpr std::size_t kLarge = (9U << 20U) + 64;

  std::filesystem::path write(const PackedInfo& what, const std::vector<NamedBlock>& blocks) {
    base::AtomicFile file(folder_ / "p");
    write_packed(file, what, blocks, pool_);
    file.commit();
    return file.path();
  }
  std::filesystem::path write() {
    return write(info(), {{"small", block("norm [3]", 64, 1)}, {"large \xC3\xA9", block("rows", kLarge, 7)}});
  }

  /// The file's bytes after `change`.
  template <typename Change>
  std::filesystem::path changed(Change&& change) {
    std::string bytes = test::read_back(write());
    change(bytes);
    return folder_.write("changed", bytes);
  }

  /// A file whose header is `header`, filled up so that the data starts where it should.
  static std::string with_header(std::string header, const std::string& data) {
    header.resize((8 + header.size() + 63) / 64 * 64 - 8, ' ');
    return test::safetensors_file(header, data);
  }

  test::TemporaryFolder folder_;
  base::ThreadPool pool_{3};
};

TEST_F(PackedFileTest, HoldsWhatWasWritten) {
  PackedInfo wanted = info();
  wanted.vocab = "{\"a\": 1}";
  wanted.merges = "#version\na b\n\xC3\xA9 c\n";
  const NamedBlock small{"small", block("norm [3]", 64, 1)};
  const NamedBlock large{"large", block("rows", kLarge, 7)};
  const PackedFile file(write(wanted, {small, large}));
  EXPECT_EQ(file.info().layout_version, 1);
  EXPECT_EQ(file.info().dtype, "bf16");
  EXPECT_EQ(file.info().config, test::kSmallConfig);
  EXPECT_EQ(file.info().weights_sha256, wanted.weights_sha256);
  EXPECT_EQ(file.info().vocab, wanted.vocab);
  EXPECT_EQ(file.info().merges, wanted.merges);
  EXPECT_EQ(file.names(), (std::vector<std::string>{"small", "large"}));
  file.verify(pool_);
  for (const auto& [name, put] : {small, large}) {
    const auto found = file.find(name);
    ASSERT_TRUE(found) << name;
    EXPECT_EQ(found->layout.text, put.layout.text);
    ASSERT_EQ(found->layout.bytes, put.layout.bytes);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(found->data.get()) % 64, 0U);
    EXPECT_EQ(std::memcmp(found->data.get(), put.data.get(), put.layout.bytes), 0);
  }
  EXPECT_FALSE(file.find("smal"));
}

TEST_F(PackedFileTest, BlocksOutliveTheFile) {
  auto file = std::make_shared<const PackedFile>(write());
  const auto found = file->find("small");
  file.reset();
  EXPECT_EQ(static_cast<int>(found->data.get()[5]), 6);
}

TEST_F(PackedFileTest, IsTheSameOnAnyNumberOfThreads) {
  const std::string many = test::read_back(write());
  base::ThreadPool one(1);
  base::AtomicFile file(folder_ / "q");
  write_packed(
      file, info(),
      std::vector<NamedBlock>{{"small", block("norm [3]", 64, 1)}, {"large \xC3\xA9", block("rows", kLarge, 7)}}, one);
  file.commit();
  EXPECT_EQ(test::read_back(folder_ / "q"), many);
}

TEST_F(PackedFileTest, RefusesATruncatedFile) {
  const std::string whole = test::read_back(write());
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{7}, std::size_t{100}, whole.size() / 2, whole.size() - 1}) {
    const auto path = folder_.write("cut", whole.substr(0, size));
    expect_error(Code::kBadFile, {"cut: "}, [&] { PackedFile{path}; });
  }
}

TEST_F(PackedFileTest, NamesTheBlockWithAFlippedByte) {
  const auto last = changed([](std::string& bytes) { bytes.back() = static_cast<char>(bytes.back() ^ 1); });
  expect_error(Code::kBadFile, {"changed: is damaged", "checksum", "block 'large"},
               [&] { PackedFile(last).verify(pool_); });
  const auto first = changed([&](std::string& bytes) {
    bytes[bytes.size() - kLarge - 64] = static_cast<char>(bytes[bytes.size() - kLarge - 64] ^ 0x80);
  });
  expect_error(Code::kBadFile, {"block 'small'"}, [&] { PackedFile(first).verify(pool_); });
}

// Any one byte: the JSON breaks, a key is missing, or the header's checksum says so. Spaces behind it mean nothing.
TEST_F(PackedFileTest, RefusesAFlippedByteAnywhereInTheHeader) {
  const std::string whole = test::read_back(write());
  std::uint64_t length = 0;
  std::memcpy(&length, whole.data(), 8);
  const std::size_t end = whole.find_last_of('}', 8 + static_cast<std::size_t>(length));
  for (std::size_t at = 8; at <= end; at += 3) {
    std::string bytes = whole.substr(0, 8 + length);
    bytes[at] = static_cast<char>(bytes[at] ^ 1);
    bytes += whole.substr(8 + length);
    EXPECT_THROW(PackedFile(SafeTensors::parse(std::as_bytes(std::span(bytes)), "flipped")), Error) << at;
  }
}

TEST_F(PackedFileTest, RefusesWhatPackDidNotWrite) {
  const auto path = folder_.write("plain", test::good_safetensors());
  expect_error(Code::kBadFile, {"plain", "not written by mi2 pack"}, [&] { PackedFile{path}; });
}

TEST_F(PackedFileTest, RefusesAnotherFormatBeforeAnythingElse) {
  const auto path = folder_.write("next", with_header(R"({"__metadata__":{"mi2.pack":"2"}})", ""));
  expect_error(Code::kBadFile, {"next", "format '2'", "reads 1", "run mi2 pack again"}, [&] { PackedFile{path}; });
}

TEST_F(PackedFileTest, RefusesAnotherLayoutThanTheEnginesButNotToReadAboutIt) {
  PackedInfo next = info();
  ++next.layout_version;
  const PackedFile file(write(next, {}));
  EXPECT_EQ(file.info().dtype, "bf16");
  expect_error(Code::kBadFile, {"layout 2", "layout 1", "run mi2 pack again"}, [&] { file.verify(pool_); });
}

TEST_F(PackedFileTest, RefusesInfoThatMakesNoSense) {
  PackedInfo wrong = info();
  wrong.weights_sha256 = "abc";
  expect_error(Code::kBadFile, {"mi2.weights_sha256", "64"}, [&] { PackedFile{write(wrong, {})}; });
  wrong = info();
  wrong.merges = "a b";
  expect_error(Code::kBadFile, {"only one of"}, [&] { PackedFile{write(wrong, {})}; });
  wrong = info();
  wrong.layout_version = -1;
  expect_error(Code::kBadFile, {"mi2.layout", "number"}, [&] { PackedFile{write(wrong, {})}; });
}

/// A header that lies, with the checksum it would need.
class LyingHeader : public PackedFileTest {
 protected:
  void expect_refused(const std::vector<std::string>& words, const std::string& rows, const std::string& metadata,
                      std::size_t data_bytes, bool shifted = false) {
    const std::string text = R"({"__metadata__":{"mi2.pack":"1","mi2.layout":"1","mi2.dtype":"f32","mi2.config":"",)"
                             R"("mi2.weights_sha256":")" +
                             std::string(64, '0') + R"(",)" + metadata + R"("mi2.header":"0123456789abcdef"})" + rows +
                             "}";
    std::string bytes = with_header(text, std::string(data_bytes, '\1'));
    if (shifted) bytes = test::safetensors_file(text, std::string(data_bytes, '\1'));
    const std::string sum = header_checksum(SafeTensors::parse(std::as_bytes(std::span(bytes)), "lying"));
    bytes.replace(bytes.find("0123456789abcdef"), sum.size(), sum);
    expect_error(Code::kBadFile, words,
                 [&] { PackedFile(SafeTensors::parse(std::as_bytes(std::span(bytes)), "lying")); });
  }

  const std::string row_ = R"(,"a":{"dtype":"U8","shape":[64],"data_offsets":[0,64]})";
  const std::string entry_ = R"("block.a":"0000000000000000 norm [3]",)";
};

TEST_F(LyingHeader, AboutWhereBlocksLie) {
  expect_refused({"block 'a'", "[0, 63)"}, R"(,"a":{"dtype":"U8","shape":[63],"data_offsets":[0,63]})", entry_, 63);
  expect_refused({"data starts at byte"}, row_, entry_, 64, true);
}

TEST_F(LyingHeader, AboutWhichBlocksThereAre) {
  expect_refused({"no block.a in its metadata"}, row_, "", 64);
  expect_refused({"metadata of 2 blocks, but 1"}, row_, entry_ + R"("block.b":"0000000000000000 x",)", 64);
}

TEST_F(LyingHeader, AboutChecksumsAndLayouts) {
  for (const char* value : {"", "0123", "fedcba9876543210", "fedcba9876543210 ", "fedcba987654321g x",
                            "-edcba9876543210 x", "fedcba9876543210_x"}) {
    expect_refused({"block 'a'", "expected a checksum and a layout"}, row_,
                   std::string(R"("block.a":")") + value + R"(",)", 64);
  }
}

class BlocksOfFileTest : public PackedFileTest {
 protected:
  std::shared_ptr<const PackedFile> file_ = std::make_shared<const PackedFile>(write());
};

TEST_F(BlocksOfFileTest, HandsEachOutOnceAndMissesNone) {
  BlocksOfFile blocks(file_);
  const std::vector<ops::BlockLayout> wanted{{"other", 64}, {"norm [3]", 64}};
  EXPECT_EQ(blocks.take("small", wanted)->layout.text, "norm [3]");
  expect_error(Code::kBadFile, {"block 'small' is asked for twice"}, [&] { blocks.take("small", wanted); });
  expect_error(Code::kBadFile, {"block 'none' is missing"}, [&] { blocks.take("none", wanted); });
  expect_error(Code::kBadFile, {"1 blocks the model does not have", "large"}, [&] { blocks.finish(); });
  const ops::BlockLayout rows{"rows", kLarge};
  blocks.take("large \xC3\xA9", {&rows, 1});
  blocks.finish();
}

TEST_F(BlocksOfFileTest, RefusesAnotherLayoutOrSize) {
  const std::vector<ops::BlockLayout> other{{"norm [4]", 64}, {"norm [5]", 128}};
  expect_error(Code::kBadFile, {"block 'small' is 'norm [3]'", "'norm [4]' or 'norm [5]'"},
               [&] { BlocksOfFile(file_).take("small", other); });
  const ops::BlockLayout longer{"norm [3]", 128};
  expect_error(Code::kBadFile, {"block 'small' has 64 bytes", "128"}, [&] {
    BlocksOfFile(file_).take("small", {&longer, 1});
  });
}

}  // namespace
}  // namespace mi2::weights
