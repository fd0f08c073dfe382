// NRRD: its fields, its axes, and what is refused.

#include <cstdint>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/deflated.hpp"
#include "support/expect_error.hpp"
#include "volume/builder.hpp"

namespace mi2::volume {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A header with `more` lines, of a volume of 3 x 2 x 1 voxels of 8 bits, unless those say otherwise.
std::string header(const std::string& more, const std::string& sizes = "3 2 1", const std::string& type = "uchar",
                   const std::string& encoding = "raw") {
  return "NRRD0004\n# comment\ntype: " + type + "\ndimension: " + std::to_string((sizes.size() + 1) / 2) +
         "\nsizes: " + sizes + "\nencoding: " + encoding + "\n" + more + "\n";
}

const std::string kLps = "space: left-posterior-superior\nspace directions: (1,0,0) (0,1,0) (0,0,2)\n";

TEST(Nrrd, LiesAsItsSpaceSays) {
  const std::string voxels = "\1\2\3\4\5\6";
  EXPECT_THAT(slices_of(header(kLps) + voxels), ElementsAre(Shades{1, 2, 3, 4, 5, 6}));
  const std::string ras = "space: RAS\nspace directions: (1,0,0) (0,1,0) (0,0,2)\nspace origin: (1,2,3)\n";
  EXPECT_THAT(slices_of(header(ras) + voxels), ElementsAre(Shades{6, 5, 4, 3, 2, 1}));
  const std::string las =
      "space: left-anterior-superior\nspace directions: (1,0,0) (0,1,0) (0,0,2)\nspace origin: (1,2,3)\n";
  EXPECT_THAT(slices_of(header(las) + voxels), ElementsAre(Shades{4, 5, 6, 1, 2, 3}));
  const std::string file = header(las) + voxels;
  EXPECT_THAT(*open_text(file)->info(0).position, ElementsAre(1, -3, 3));
  EXPECT_THAT(open_text(file)->read(0).warnings, IsEmpty());
}

TEST(Nrrd, WithoutAPatientsSpaceIsReadAsStoredWithAWarning) {
  for (const std::string& more : {std::string("spacings: 1 1 2\n"), std::string("space: scanner-xyz\nspace directions: "
                                                                                "(1,0,0) (0,1,0) (0,0,2)\n")}) {
    const std::string file = header(more) + "\1\2\3\4\5\6";
    const image::Image slice = open_text(file, as_values())->read(0);
    EXPECT_THAT(slice.samples, ElementsAre(1, 2, 3, 4, 5, 6));
    EXPECT_THAT(slice.warnings, ElementsAre(HasSubstr("no_orientation: ")));
  }
}

TEST(Nrrd, ReadsTypesAndByteOrders) {
  const std::vector<std::int16_t> values{-5, 7, 300};
  for (const bool big : {false, true}) {
    const std::string more = kLps + (big ? "endian: big\n" : "endian: little\n");
    for (const char* type : {"short", "signed short int", "int16_t", "INT16"}) {
      EXPECT_THAT(slices_of(header(more, "3 1 1", type) + bytes_of(values, big)), ElementsAre(Shades{0, 7, 255}));
    }
    const std::vector<double> doubles{-1, 7, 1e9};
    EXPECT_THAT(slices_of(header(more, "3 1 1", "double") + bytes_of(doubles, big)), ElementsAre(Shades{0, 7, 255}));
  }
  test::expect_error(Code::kBadFile, {"endian"}, [&] { open_text(header(kLps, "3 1 1", "short") + "......"); });
  test::expect_error(Code::kUnsupported, {"block"}, [&] { open_text(header(kLps, "3 1 1", "block") + "..."); });
}

TEST(Nrrd, ReadsGzipAndRefusesOtherEncodingsByName) {
  const std::string packed = test::deflated("\1\2\3\4\5\6", test::kGzip);
  EXPECT_THAT(slices_of(header(kLps, "3 2 1", "uchar", "gzip") + packed), ElementsAre(Shades{1, 2, 3, 4, 5, 6}));
  for (const char* encoding : {"bzip2", "ascii", "hex"}) {
    test::expect_error(Code::kUnsupported, {encoding},
                       [&] { open_text(header(kLps, "3 2 1", "uchar", encoding) + packed); });
  }
}

TEST(Nrrd, ColoursAndSeriesAreToldByTheirAxes) {
  const std::string directions = "space: LPS\nspace directions: none (1,0,0) (0,1,0) (0,0,1)\n";
  const std::string colours = header(directions + "kinds: RGB-color domain domain domain\n", "3 2 1 1") + "abcdef";
  EXPECT_EQ(open_text(colours)->read(0).samples, (Shades{'a', 'b', 'c', 'd', 'e', 'f'}));
  const std::string series = header(directions + "kinds: list domain domain domain\n", "3 2 1 1") + "\1\2\3\4\5\6";
  EXPECT_THAT(slices_of(series), ElementsAre(Shades{1, 4}, Shades{2, 5}, Shades{3, 6}));
  const std::string later =
      header("space: LPS\nspace directions: (1,0,0) (0,1,0) (0,0,1) none\n", "2 1 1 3") + "\1\2\3\4\5\6";
  EXPECT_THAT(slices_of(later), ElementsAre(Shades{1, 2}, Shades{3, 4}, Shades{5, 6}));
  for (const char* kind : {"complex", "3-vector", "covariant-vector", "3D-symmetric-matrix"}) {
    const std::string other = header(directions + "kinds: " + kind + " domain domain domain\n", "2 2 1 1") + "....";
    test::expect_error(Code::kUnsupported, {kind}, [&] { open_text(other); });
  }
}

TEST(Nrrd, SkippedBytesAreSkipped) {
  EXPECT_THAT(slices_of(header(kLps + "byte skip: 2\n") + "xx\1\2\3\4\5\6"), ElementsAre(Shades{1, 2, 3, 4, 5, 6}));
  EXPECT_THAT(slices_of(header(kLps + "byteskip: -1\n") + "any\1\2\3\4\5\6"), ElementsAre(Shades{1, 2, 3, 4, 5, 6}));
  test::expect_error(Code::kUnsupported, {"lineskip"},
                     [&] { open_text(header(kLps + "line skip: 1\n") + "a\n......"); });
}

TEST(Nrrd, BrokenHeadersAreRefused) {
  test::expect_error(Code::kBadFile, {"truncated"}, [&] { open_text(header(kLps) + "\1\2"); });
  test::expect_error(Code::kBadFile, {"truncated"}, [&] { open_text(header(kLps, "9 9 9") + "\1\2"); });
  test::expect_error(Code::kBadFile, {"sizes"}, [&] { open_text(header(kLps, "3 x 1") + "......"); });
  test::expect_error(Code::kBadFile, {"size 0"}, [&] { open_text(header(kLps, "3 0 1") + "......"); });
  test::expect_error(Code::kBadFile, {"directions"},
                     [&] { open_text(header("space: LPS\nspace directions: (1,0,0) (0,1,0)\n") + "......"); });
  test::expect_error(Code::kBadFile, {"does not end"}, [&] { open_text("NRRD0004\ntype: uchar\n"); });
  const std::string huge =
      "NRRD0004\ntype: uchar\ndimension: 3\nsizes: 4000000000 4000000000 4000000000\nencoding: raw\n\n.";
  test::expect_error(Code::kTooLarge, {}, [&] { open_text(huge); });
}

TEST(Nrrd, DetachedDataAreTakenFromBesideTheHeaderAlone) {
  const auto file_of = [](const std::string& name) {
    const std::string text = header(kLps + "data file: " + name + "\n");
    return data_file(std::as_bytes(std::span(text)), "folder/a.nhdr");
  };
  EXPECT_EQ(file_of("a.raw"), std::filesystem::path("folder/a.raw"));
  EXPECT_EQ(file_of("./a.raw"), std::filesystem::path("folder/a.raw"));
  for (const char* elsewhere : {"../a.raw", "/etc/passwd", "b/a.raw", ".."}) {
    test::expect_error(Code::kUnsupported, {"another folder"}, [&] { file_of(elsewhere); });
  }
  for (const char* several : {"LIST", "a%03d.raw 1 9 1"}) {
    test::expect_error(Code::kUnsupported, {"several files"}, [&] { file_of(several); });
  }
  const std::string text = header(kLps + "data file: a.raw\n");
  test::expect_error(Code::kUnsupported, {"another file"}, [&] { open_text(text); });
  const std::vector<std::byte> voxels{std::byte{1}, std::byte{2}, std::byte{3},
                                      std::byte{4}, std::byte{5}, std::byte{6}};
  const auto one = joined(std::as_bytes(std::span(text)), voxels, 1000, "test");
  EXPECT_THAT(slices_of({reinterpret_cast<const char*>(one.data()), one.size()}),
              ElementsAre(Shades{1, 2, 3, 4, 5, 6}));
}

}  // namespace
}  // namespace mi2::volume
