// Thumbnails in their packs.

#include "archive/thumbs.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "archive/archive.hpp"
#include "base/files.hpp"
#include "image/thumbnail.hpp"
#include "support/expect_error.hpp"
#include "support/temporary_folder.hpp"

namespace mi2::archive {
namespace {

constexpr std::size_t kDimensions = 4;

std::vector<std::byte> bytes_of(const std::string& text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

/// An archive with a committed row and thumbnail for each text.
class Packed {
 public:
  explicit Packed(const std::vector<std::string>& texts) {
    Writer writer = Writer::create(folder(), kDimensions, space_of("abc", "raw"));
    Catalog::Transaction all(writer.catalog(), true);
    const Id instance = writer.catalog().instance({}, std::nullopt, std::nullopt);
    Provenance made_by;
    const Id space = writer.catalog().space(made_by);
    for (const std::string& text : texts) {
      FrameFacts frame;
      frame.row = writer.segments().next();
      frame.instance = instance;
      frame.frame = static_cast<std::int64_t>(frame.row);
      frame.thumb = writer.thumbs().append(frame.row, bytes_of(text));
      writer.segments().append(erased_row(kDimensions));
      writer.catalog().add_frame(frame, space, writer.catalog().add_change("add", 1));
    }
    writer.segments().sync();
    writer.thumbs().sync();
    all.commit();
  }

  [[nodiscard]] std::filesystem::path folder() const { return folder_.path() / "a"; }
  [[nodiscard]] std::filesystem::path pack() const { return pack_of(folder(), 0); }

  [[nodiscard]] std::string read(std::uint64_t row) const {
    Catalog catalog(folder(), Catalog::Access::kRead);
    const std::vector<std::byte> file = Pack(folder(), read_format(folder()), row).read(catalog.thumb(row).value());
    return {reinterpret_cast<const char*>(file.data()), file.size()};
  }

 private:
  test::TemporaryFolder folder_;
};

TEST(Thumbs, AreReadAsTheyWereWritten) {
  const Packed archive({"one", "", "three"});
  EXPECT_EQ(archive.read(0), "one");
  EXPECT_EQ(archive.read(1), "");
  EXPECT_EQ(archive.read(2), "three");
}

TEST(Thumbs, HeaderSaysOfWhichArchiveItIs) {
  const Packed archive({"one"});
  const Format format = read_format(archive.folder());
  const std::string header = pack_header(format, 1);
  const auto check = [](const std::string& bytes, const Format& of, std::uint64_t number) {
    check_pack_header(std::as_bytes(std::span(bytes)), of, number, "p");
  };
  check(header, format, 1);
  test::expect_error(Code::kBadFile, {"p: expected thumbnails 2", "got thumbnails 1"},
                     [&] { check(header, format, 2); });
  Format other = format;
  other.id[3] = other.id[3] == '0' ? '1' : '0';
  test::expect_error(Code::kBadFile, {"another archive"}, [&] { check(header, other, 1); });
  for (std::size_t i = 0; i < header.size(); ++i) {
    std::string damaged = header;
    damaged[i] = static_cast<char>(damaged[i] ^ 4);
    test::expect_error(Code::kBadFile, {"p: "}, [&] { check(damaged, format, 1); });
  }
  test::expect_error(Code::kBadFile, {"63 bytes"}, [&] { check(header.substr(0, 63), format, 1); });
}

TEST(Thumbs, PlacesThatNoneHasAreRefusedBeforeMemoryIsTaken) {
  const Packed archive({"one", "two"});
  const Pack pack(archive.folder(), read_format(archive.folder()), 0);
  const auto refused = [&](const Thumb& thumb) {
    test::expect_error(Code::kBadFile, {"the thumbnail of row 0"}, [&] { static_cast<void>(pack.read(thumb)); });
  };
  refused({0, kPackHeader, ~std::uint64_t{0}, 0});
  refused({0, ~std::uint64_t{0}, 3, 0});
  refused({0, ~std::uint64_t{0} - 2, 3, 0});
  refused({0, 0, 3, 0});
  refused({0, kPackHeader, 7, 0});
  refused({0, kPackHeader, 3, 12345});
}

TEST(Thumbs, ErasedOnesAreZerosAndOthersStay) {
  const Packed archive({std::string(9000, 'a'), std::string(9000, 'b'), std::string(9000, 'c')});
  {
    Writer writer(archive.folder());
    Catalog::Transaction all(writer.catalog(), true);
    writer.catalog().drop_row(1, writer.catalog().add_change("rm", -1));
    writer.catalog().mark_erasing();
    all.commit();
    writer.erase();
  }
  const std::vector<std::byte> content = base::read_file(archive.pack(), 1 << 20);
  EXPECT_EQ(content.size(), kPackHeader + 27000);
  EXPECT_EQ(std::count(content.begin() + std::ptrdiff_t{kPackHeader}, content.end(), std::byte{'b'}), 0);
  EXPECT_EQ(archive.read(0), std::string(9000, 'a'));
  EXPECT_EQ(archive.read(2), std::string(9000, 'c'));
  Catalog catalog(archive.folder(), Catalog::Access::kRead);
  EXPECT_FALSE(catalog.thumb(1).has_value());
  EXPECT_EQ(catalog.thumbs(), 2);
}

TEST(Thumbs, WhatAKilledWriterLeftGoesWithTheNextOne) {
  const Packed archive({"one"});
  {
    Writer killed(archive.folder());
    static_cast<void>(killed.thumbs().append(1, bytes_of("never committed")));
    killed.thumbs().sync();
  }
  EXPECT_EQ(std::filesystem::file_size(archive.pack()), kPackHeader + 18);
  const Writer next(archive.folder());
  EXPECT_EQ(std::filesystem::file_size(archive.pack()), kPackHeader + 3);
  EXPECT_EQ(archive.read(0), "one");
}

TEST(Thumbs, ACutOrDamagedPackIsNotWrittenTo) {
  const Packed archive({"one"});
  std::filesystem::resize_file(archive.pack(), kPackHeader + 2);
  test::expect_error(Code::kBadFile, {"000001.pack", "expected at least 67 bytes"}, [&] { Writer(archive.folder()); });
  std::filesystem::resize_file(archive.pack(), 20);
  test::expect_error(Code::kBadFile, {"000001.pack"}, [&] { Writer(archive.folder()); });
}

TEST(Thumbnail, KeepsProportionsAndHasNothingButPixels) {
  const std::vector<std::byte> grey(300 * 100, std::byte{200});
  const std::vector<std::byte> file = image::thumbnail({"L", 300, 100, grey, {}}, 60);
  const std::string text(reinterpret_cast<const char*>(file.data()), file.size());
  EXPECT_EQ(text.substr(0, 4), "RIFF");
  EXPECT_EQ(text.substr(8, 8), "WEBPVP8 ");
  const auto side = [&](std::size_t at) {
    return static_cast<unsigned char>(text.at(at)) + 256 * (static_cast<unsigned char>(text.at(at + 1)) & 0x3F);
  };
  EXPECT_EQ(side(26), 60);
  EXPECT_EQ(side(28), 20);
}

TEST(Thumbnail, OfGreyIsTheSameInThreeChannels) {
  for (const auto& [width, height] : {std::pair(300U, 100U), std::pair(65U, 63U), std::pair(1U, 5U)}) {
    std::vector<std::byte> grey;
    std::vector<std::byte> rgb;
    for (unsigned i = 0; i < width * height; ++i) {
      grey.push_back(static_cast<std::byte>(i * 31U % 257U));
      rgb.insert(rgb.end(), 3, grey.back());
    }
    EXPECT_EQ(image::thumbnail({"L", width, height, grey, {}}, 192),
              image::thumbnail({"RGB", width, height, rgb, {}}, 192));
  }
}

TEST(Thumbnail, OfASmallImageOrALineIsNotEmpty) {
  const std::vector<std::byte> line(3000, std::byte{9});
  for (const auto& [width, height] : {std::pair(1U, 1000U), std::pair(1000U, 1U), std::pair(2U, 3U)}) {
    const std::span<const std::byte> samples = std::span(line).first(3U * width * height);
    EXPECT_GT(image::thumbnail({"RGB", width, height, samples, {}}, 192).size(), 20U);
  }
  test::expect_error(Code::kBadArgument, {"thumbnail"}, [&] { image::thumbnail({"I;16", 1, 1, line, {}}, 192); });
  test::expect_error(Code::kBadArgument, {"thumbnail"}, [&] { image::thumbnail({"L", 1, 1, line, {}}, 0); });
}

}  // namespace
}  // namespace mi2::archive
