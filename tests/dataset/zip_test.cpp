#include "zip/zip_file.hpp"

#include <tuple>

#include <gtest/gtest.h>

#include "samples.hpp"
#include "support/expect_error.hpp"
#include "support/zips.hpp"

namespace mi2::dataset::testing {
namespace {

using test::announce;
using test::expect_error;
using test::kCentralEntry;
using test::kLocalEntry;
using test::patch_zip;
using test::TemporaryFolder;

std::filesystem::path make_zip(const TemporaryFolder& folder, const std::vector<test::ZipEntry>& entries,
                               bool deflate = true) {
  std::filesystem::path path = folder / "images.zip";
  test::write_zip(path, entries, deflate);
  return path;
}

DataSource source_of(const std::filesystem::path& zip, const std::filesystem::path& labels) {
  DataSource source;
  source.format = DataFormat::kZip;
  source.path = zip;
  source.labels = labels;
  return source;
}

TEST(Zip, IsReadWithPlainLabelsAndWithATable) {
  const TemporaryFolder folder;
  const auto path = make_zip(folder, {{"a.jpg", jpeg(1)}, {"dir/b.jpg", jpeg(2)}, {"unlabelled.jpg", jpeg(3)}});
  const auto plain =
      dataset_of({source_of(path, folder.write("l.tsv", "dir/b.jpg\tdog\na.jpg\tcat\ngone.jpg\tcat\n"))});
  ASSERT_EQ(plain->size(), 2U);
  EXPECT_EQ(plain->read(0), jpeg(2));
  EXPECT_EQ(plain->text(0, 0), "dog");
  ASSERT_EQ(plain->broken().size(), 1U);
  EXPECT_THAT(plain->broken()[0].name, ::testing::HasSubstr("row 3"));

  const auto table =
      dataset_of({source_of(path, folder.write("l.csv", "file,label,caption\na.jpg,cat,one cat\ngone.jpg,cat,\n"))});
  ASSERT_EQ(table->size(), 1U);
  EXPECT_EQ(table->text(0, 0), "one cat");
  EXPECT_EQ(table->broken().size(), 1U);
}

TEST(Zip, NamesThatClimbOutOfItAreOnlyNames) {
  const TemporaryFolder folder;
  folder.write("outside.jpg", "outside");
  const auto path = make_zip(folder, {{"../outside.jpg", jpeg(1)}, {"/etc/passwd", jpeg(2)}});
  const auto data =
      dataset_of({source_of(path, folder.write("l.txt", "../outside.jpg\tx\n/etc/passwd\tx\n/etc/hostname\tx\n"))});
  ASSERT_EQ(data->size(), 2U);
  EXPECT_EQ(data->read(0), jpeg(1));
  EXPECT_EQ(data->read(1), jpeg(2));
  EXPECT_EQ(data->broken().size(), 1U);
  EXPECT_EQ(test::read_back(folder / "outside.jpg"), "outside");
}

TEST(Zip, RefusesToUnpackMoreThanTheLimit) {
  const TemporaryFolder folder;
  const zip::ZipFile zip(make_zip(folder, {{"bomb", std::string(5'000'000, '\0')}}));
  expect_error(Code::kTooLarge, {"bomb", "5000000", "1000"}, [&] { return zip.read(0, 1000); });
  EXPECT_EQ(zip.read(0, 5'000'000).size(), 5'000'000U);
}

TEST(Zip, HeadIsTheStartOfAnEntryHoweverLargeItIs) {
  const TemporaryFolder folder;
  const zip::ZipFile zip(make_zip(folder, {{"large", std::string(5'000'000, 'x')}, {"small", "ab"}}));
  EXPECT_EQ(zip.head(0, 4), "xxxx");
  EXPECT_EQ(zip.head(1, 4), "ab");
}

TEST(Zip, RefusesSizesThatLie) {
  const TemporaryFolder folder;
  // Small announced, large in truth: reading stops one byte past what was announced.
  auto path = make_zip(folder, {{"bomb", std::string(5'000'000, '\0')}});
  announce(path, 100);
  expect_error(Code::kBadFile, {"bomb"}, [&] { return zip::ZipFile(path).read(0, 1000); });
  // Large announced, too little to unpack: refused before memory is taken for it.
  path = make_zip(folder, {{"hollow", "a few bytes"}});
  announce(path, 1U << 30);
  expect_error(Code::kBadFile, {"hollow", "cannot hold"}, [&] { return zip::ZipFile(path).read(0, 2'000'000'000); });
  path = make_zip(folder, {{"short", std::string(100, 'x')}});
  announce(path, 5000);
  expect_error(Code::kBadFile, {"short"}, [&] { return zip::ZipFile(path).read(0, 1'000'000); });
}

TEST(Zip, BelievesNoEntryThatIsLargerThanTheFile) {
  const TemporaryFolder folder;
  // Both sizes lie, so that one fits the other: 1 GiB is refused before it is taken.
  const auto path = make_zip(folder, {{"liar", "a few bytes"}});
  for (const auto& [signature, packed, unpacked] :
       {std::tuple{kLocalEntry, 18, 22}, std::tuple{kCentralEntry, 20, 24}}) {
    patch_zip(path, signature, static_cast<std::size_t>(packed), 1U << 30);
    patch_zip(path, signature, static_cast<std::size_t>(unpacked), 1U << 30);
  }
  // The library itself may refuse the whole file; what is not allowed is to believe it.
  const Error error = test::error_of([&] {
    const zip::ZipFile zip(path);
    EXPECT_EQ(test::error_of([&] { return zip.head(0, 4); }).code(), Code::kBadFile);
    return zip.read(0, 2'000'000'000);
  });
  EXPECT_EQ(error.code(), Code::kBadFile) << error.what();
}

TEST(Zip, HeadRefusesWhatReadingRefuses) {
  const TemporaryFolder folder;
  auto path = make_zip(folder, {{"hollow", "a few bytes"}});
  announce(path, 1U << 30);
  expect_error(Code::kBadFile, {"hollow", "cannot hold"}, [&] { return zip::ZipFile(path).head(0, 4); });
  path = make_zip(folder, {{"packed", std::string(300, 'x')}});
  std::string bytes = test::read_back(path);
  bytes[bytes.find(kCentralEntry) + 10] = 12;  // bzip2
  bytes[bytes.find(kLocalEntry) + 8] = 12;
  std::ofstream(path, std::ios::binary) << bytes;
  expect_error(Code::kUnsupported, {"packed", "method 12"}, [&] { return zip::ZipFile(path).head(0, 4); });
}

TEST(Zip, SaysWhatAnEntryUnpacksTo) {
  const TemporaryFolder folder;
  EXPECT_EQ(zip::ZipFile(make_zip(folder, {{"a", std::string(300, 'x')}})).size(0), 300U);
}

TEST(Zip, RefusesDamagedEntriesAndGivesTheOthers) {
  const TemporaryFolder folder;
  const auto path = make_zip(folder, {{"a", std::string(300, 'a')}, {"b", std::string(300, 'b')}}, false);
  std::string bytes = test::read_back(path);
  bytes[bytes.find("aaaa") + 100] = 'X';
  std::ofstream(path, std::ios::binary) << bytes;
  const zip::ZipFile zip(path);
  expect_error(Code::kBadFile, {"a: "}, [&] { return zip.read(0, 1000); });
  EXPECT_EQ(zip.read(1, 1000), std::string(300, 'b'));
}

TEST(Zip, RefusesEncryptedEntries) {
  const TemporaryFolder folder;
  const std::filesystem::path path = folder / "locked.zip";
  zip_t* zip = zip_open(path.c_str(), ZIP_CREATE, nullptr);
  zip_file_add(zip, "a", zip_source_buffer(zip, "abc", 3, 0), 0);
  ASSERT_EQ(zip_file_set_encryption(zip, 0, ZIP_EM_AES_256, "key"), 0);
  ASSERT_EQ(zip_close(zip), 0);
  expect_error(Code::kUnsupported, {"a: "}, [&] { return zip::ZipFile(path).read(0, 1000); });
}

TEST(Zip, RefusesTwoEntriesOfOneName) {
  const TemporaryFolder folder;
  const auto path = make_zip(folder, {{"aaaa.jpg", jpeg(1)}, {"bbbb.jpg", jpeg(2)}});
  std::string bytes = test::read_back(path);
  for (std::size_t at = bytes.find("bbbb.jpg"); at != std::string::npos; at = bytes.find("bbbb.jpg")) {
    bytes.replace(at, 4, "aaaa");
  }
  std::ofstream(path, std::ios::binary) << bytes;
  expect_error(Code::kBadFile, {"entry 2"}, [&] { zip::ZipFile{path}; });
}

TEST(Zip, RefusesWhatIsNoZip) {
  const TemporaryFolder folder;
  expect_error(Code::kNotFound, {"gone.zip"}, [&] { zip::ZipFile(folder / "gone.zip"); });
  expect_error(Code::kBadFile, {"no.zip"}, [&] { zip::ZipFile(folder.write("no.zip", "not a zip")); });
  expect_error(Code::kBadFile, {"empty.zip"}, [&] { zip::ZipFile(folder.write("empty.zip", "")); });
  std::string bytes = test::read_back(make_zip(folder, {{"a", std::string(1000, 'a')}}));
  bytes.resize(bytes.size() - 30);
  expect_error(Code::kBadFile, {"cut.zip"}, [&] { zip::ZipFile(folder.write("cut.zip", bytes)); });
}

}  // namespace
}  // namespace mi2::dataset::testing
