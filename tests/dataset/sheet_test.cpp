#include "dataset/sheet.hpp"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <span>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataset/letters.hpp"
#include "image/png.hpp"
#include "samples.hpp"

namespace mi2::dataset::testing {
namespace {

std::size_t black(const image::Raster& sheet) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < sheet.samples.size(); i += 3) {
    if (std::all_of(sheet.samples.begin() + static_cast<std::ptrdiff_t>(i),
                    sheet.samples.begin() + static_cast<std::ptrdiff_t>(i + 3), [](auto s) { return s == 0; })) {
      ++count;
    }
  }
  return count;
}

/// A batch of one grey each, 8 x 8.
Batch grey(std::size_t images, const std::string& text) {
  Batch batch;
  batch.pixels = tensor::Tensor({static_cast<std::int64_t>(images), 8, 8, 3});
  std::ranges::fill(batch.pixels.floats(), 0.0F);  // the mean: 0.5
  batch.texts.assign(images, text);
  batch.classes.assign(images, 0);
  for (std::size_t i = 0; i < images; ++i) batch.records.push_back(i);
  return batch;
}

const InputFormat kFormat = training(1).format;

TEST(Sheet, ShowsImagesInTheirOwnShadesAndTheirTexts) {
  const image::Raster sheet = draw_sheet(grey(3, "I"), kFormat);
  EXPECT_EQ(sheet.samples.size(), static_cast<std::size_t>(sheet.width) * static_cast<std::size_t>(sheet.height) * 3);
  EXPECT_EQ(std::ranges::count(sheet.samples, 128), 3 * 8 * 8 * 3);
  EXPECT_EQ(black(sheet), 3U * 11U);  // the dots of an I
}

TEST(Sheet, IsBoundedWhateverTheBatch) {
  const image::Raster many = draw_sheet(grey(500, std::string(100'000, 'W')), kFormat);
  EXPECT_LE(many.width, 1700);
  EXPECT_EQ(std::ranges::count(many.samples, 128), static_cast<std::ptrdiff_t>(kSheetImages * 8 * 8 * 3));
  EXPECT_GT(draw_sheet(grey(1, ""), kFormat).width, 0);
}

TEST(Sheet, HasABoxForEachCharacterWithoutALetter) {
  constexpr std::size_t kBox = 20;
  EXPECT_EQ(black(draw_sheet(grey(1, "\xC3\xA4\xE2\x82\xAC\x01"), kFormat)), 3 * kBox);
}

TEST(Sheet, NotFiniteNumbersAreDark) {
  Batch batch = grey(1, "");
  std::ranges::fill(batch.pixels.floats(), std::numeric_limits<float>::quiet_NaN());
  EXPECT_EQ(black(draw_sheet(batch, kFormat)), 64U);
}

TEST(Sheet, IsWrittenAsAPngThatIsReadBackAndATableOfAllTexts) {
  const test::TemporaryFolder folder;
  const auto data = dataset_of({manifest(folder, 30)});
  const Batch batch = grey(30, "a \"quoted\", text");
  write_sheet(folder / "s.png", batch, *data, kFormat);
  const std::string png = test::read_back(folder / "s.png");
  const image::Image read = image::decode_png(std::as_bytes(std::span(png)), {}, "s.png");
  const image::Raster drawn = draw_sheet(batch, kFormat);
  EXPECT_EQ(read.width, drawn.width);
  EXPECT_EQ(read.samples, drawn.samples);
  const std::string table = test::read_back(folder / "s.csv");
  EXPECT_EQ(std::ranges::count(table, '\n'), 31);
  EXPECT_THAT(table, ::testing::HasSubstr("30,p29.jpg,c0,\"a \"\"quoted\"\", text\"\n"));
}

TEST(PngWriter, WritesGreyToo) {
  const image::Raster grey_image{3, 2, 1, {0, 1, 2, 253, 254, 255}};
  const image::Image read = image::decode_png(image::encode_png(grey_image), {}, "g.png");
  EXPECT_EQ(read.mode, image::Mode::kGrey);
  EXPECT_EQ(read.samples, grey_image.samples);
}

// --- What data is.

std::string identity(const DataSource& source) { return dataset_of({source})->identity().text(); }

TEST(Identity, IsThatOfNamesSizesLabelsAndOrderAndNotOfThePlace) {
  const test::TemporaryFolder folder;
  const test::TemporaryFolder other;
  const DataSource source = manifest(folder, 6);
  const std::string same = identity(source);
  EXPECT_THAT(same, ::testing::StartsWith("6 records, sha256 "));
  EXPECT_EQ(identity(manifest(other, 6)), same);
  EXPECT_NE(identity(manifest(other, 7)), same);

  const std::string table = test::read_back(source.path);
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string text = table;
    text.replace(text.find(from), from.size(), to);
    folder.write("manifest.csv", text);
    const std::string found = identity(source);
    folder.write("manifest.csv", table);
    return found;
  };
  EXPECT_NE(changed("p0.jpg,train,c0,image 0\np1.jpg,train,c1,image 1\n",
                    "p1.jpg,train,c1,image 1\np0.jpg,train,c0,image 0\n"),
            same);
  EXPECT_NE(changed("c1", "c2"), same);
  EXPECT_NE(changed("image 1", "image one"), same);
  EXPECT_EQ(changed("image 0", "image 0"), same);

  folder.write("p3.jpg", jpeg(3, 20, 20));
  EXPECT_NE(identity(source), same);
  std::filesystem::remove(folder / "p3.jpg");
  const Dataset::Identity missing = dataset_of({source})->identity();
  EXPECT_EQ(missing.missing, 1U);
  EXPECT_NE(missing.text(), same);
}

TEST(Identity, OfTsvFilesIsReadWithoutTheImages) {
  const test::TemporaryFolder folder;
  const auto source = [&](const std::string& images, const std::string& labels) {
    DataSource made;
    made.format = DataFormat::kTsv;
    made.path = folder.write("i.tsv", images);
    made.labels = folder.write("l.tsv", labels);
    return made;
  };
  const std::string same = identity(source("a\tAAAA\nb\tBBBB\n", "a\tx\nb\ty\n"));
  EXPECT_NE(identity(source("a\tAAAA\nb\tBBBBBBBB\n", "a\tx\nb\ty\n")), same);
  EXPECT_NE(identity(source("b\tBBBB\na\tAAAA\n", "b\ty\na\tx\n")), same);
}

}  // namespace
}  // namespace mi2::dataset::testing
