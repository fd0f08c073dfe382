#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cstring>

#include <mi2/error.hpp>

#include "builder.hpp"
#include "dicom/describe.hpp"
#include "dicom/dicom.hpp"
#include "support/deflated.hpp"

namespace mi2::dicom::testing {
namespace {

using ::testing::ElementsAre;

constexpr std::uint32_t kFloatPixels = 0x7FE00008;
constexpr std::uint32_t kDoublePixels = 0x7FE00009;

Dataset window(const char* center, const char* width) {
  return Dataset().text(0x00281050, "DS", center).text(0x00281051, "DS", width);
}

template <typename Real>
std::string raw(const std::vector<Real>& values) {
  std::string out(values.size() * sizeof(Real), '\0');
  std::memcpy(out.data(), values.data(), out.size());
  return out;
}

TEST(DicomFloat, SinglePrecisionPixelsAreWindowed) {
  Dataset dataset = picture("MONOCHROME2", 1, 4, 32).remove(0x00280101).remove(0x00280102).remove(0x00280103);
  dataset.text(0x00281050, "DS", "0.5").text(0x00281051, "DS", "1").text(0x00281056, "CS", "LINEAR_EXACT");
  dataset.put(kFloatPixels, "OF", raw<float>({-1, 0.25F, 0.5F, 2}));
  EXPECT_THAT(pixels(dataset), ElementsAre(0, 64, 128, 255));
}

TEST(DicomFloat, DoublePrecisionPixelsTakeTheFallback) {
  Dataset dataset = picture("MONOCHROME2", 1, 3, 64).remove(0x00280101).remove(0x00280102).remove(0x00280103);
  dataset.put(kDoublePixels, "OD", raw<double>({-1e3, 0, 1e3}));
  Options options;
  options.fallback = parse_intensity("minmax");
  EXPECT_THAT(pixels(dataset, options), ElementsAre(0, 128, 255));
}

TEST(DicomFloat, NanIsBlack) {
  Dataset dataset = picture("MONOCHROME2", 1, 3, 32);
  dataset.put(kFloatPixels, "OF", raw<float>({std::bit_cast<float>(0x7FC00000U), 0, 1}));
  Options options;
  options.fallback = parse_intensity("minmax");
  EXPECT_THAT(pixels(dataset, options), ElementsAre(0, 0, 255));
}

/// Three frames of 1 x 2; the middle one is shown.
Dataset enhanced(const Dataset& shared, const Dataset& middle) {
  Dataset out = picture("MONOCHROME2", 1, 2, 16).text(0x00280008, "IS", "3");
  out.words(kPixels, {9, 9, 0, 3, 9, 9});
  return out.sequence(0x52009229, {shared}).sequence(0x52009230, {Dataset(), middle, Dataset()});
}

TEST(DicomFunctionalGroups, AFramesOwnWindowGoesBeforeTheSharedOne) {
  const Dataset own = Dataset().sequence(0x00289132, {window("2", "4")});
  const Dataset shared = Dataset().sequence(0x00289132, {window("1000", "2")});
  EXPECT_THAT(pixels(enhanced(shared, own)), ElementsAre(0, 255));
  EXPECT_THAT(pixels(enhanced(own, Dataset())), ElementsAre(0, 255));
  EXPECT_THAT(pixels(enhanced(shared, Dataset())), ElementsAre(0, 0));
}

TEST(DicomFunctionalGroups, PixelValueTransformationIsTheFramesOwn) {
  const Dataset rescale = Dataset().text(0x00281052, "DS", "1").text(0x00281053, "DS", "1");
  Dataset own = Dataset().sequence(0x00289145, {rescale});
  own.sequence(0x00289132, {window("2", "4")});
  EXPECT_THAT(pixels(enhanced(Dataset(), own)), ElementsAre(85, 255));
}

TEST(DicomModality, TableReplacesRescale) {
  const Dataset item = Dataset().us(0x00283002, {4, 0, 16}).words(0x00283006, {3, 2, 1, 0});
  Dataset dataset = ramp().text(0x00281052, "DS", "1000").sequence(0x00283000, {item});
  EXPECT_THAT(pixels(dataset), ElementsAre(255, 170, 85, 0));
}

TEST(DicomModality, ValuesOutsideATableTakeItsEnds) {
  const Dataset item = Dataset().us(0x00283002, {2, 1, 16}).words(0x00283006, {1, 2});
  EXPECT_THAT(pixels(ramp().sequence(0x00283000, {item})), ElementsAre(85, 85, 170, 170));
}

TEST(DicomWindow, OverrideGoesBeforeWindowsOfTheFrameAndVoiTables) {
  Options options;
  options.window = Window{2, 4};
  const Dataset shared = Dataset().sequence(0x00289132, {window("1000", "2")});
  EXPECT_THAT(pixels(enhanced(shared, Dataset()), options), ElementsAre(0, 255));
  const Dataset item = Dataset().us(0x00283002, {4, 0, 8}).words(0x00283006, {7, 7, 7, 7});
  const Dataset table = ramp().remove(0x00281050).remove(0x00281051).sequence(0x00283010, {item});
  EXPECT_THAT(pixels(table, options), ElementsAre(0, 85, 170, 255));
}

TEST(DicomWindow, NamesAreForCtAlone) {
  Options options;
  options.window = parse_window("brain");
  EXPECT_THAT(pixels(ramp().text(0x00080060, "CS", "CT"), options), ElementsAre(0, 3, 6, 10));
  const std::vector<std::byte> other = ramp().text(0x00080060, "CS", "MR").file();
  const image::Image image = decode(other, options, "test");
  EXPECT_THAT(image.samples, ElementsAre(0, 85, 170, 255)) << "the object's own window";
  EXPECT_THAT(image.warnings, ElementsAre(::testing::StartsWith("not_ct: ")));
}

/// The dataset after the meta information as a raw deflate stream.
std::vector<std::byte> deflated(const Dataset& dataset) {
  constexpr std::string_view kUid = "1.2.840.10008.1.2.1.99";
  std::vector<std::byte> file = Dataset().file(kUid);
  for (const char c : test::deflated(dataset.body(), test::kRawDeflate)) file.push_back(static_cast<std::byte>(c));
  return file;
}

TEST(DicomDeflated, IsInflated) {
  EXPECT_THAT(decode(deflated(ramp()), {}, "test").samples, ElementsAre(0, 85, 170, 255));
}

TEST(DicomDeflated, PixelsAreClaimedBeforeTheyAreInflated) {
  struct Full {};
  constexpr std::uint16_t kSide = 1024;  // twice what is inflated to find the attributes
  Dataset large = picture("MONOCHROME2", kSide, kSide, 16);
  std::vector<std::byte> file = deflated(large.words(kPixels, std::vector<std::uint16_t>(std::size_t{kSide} * kSide)));
  file.resize(file.size() - 9);  // would be noticed first
  Options options;
  options.claim = [](std::uint64_t pixels) {
    EXPECT_EQ(pixels, std::uint64_t{kSide} * kSide);
    throw Full{};
  };
  EXPECT_THROW(decode(file, options, "test"), Full);
}

TEST(DicomDeflated, CutOrOversizedStreamsAreRefused) {
  std::vector<std::byte> file = deflated(ramp());
  file.resize(file.size() - 9);
  try {
    decode(file, {}, "test");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kBadFile) << error.what();
  }
  const std::string zeros(80U << 20U, '\0');
  Options options;
  options.max_pixels = 16;
  try {
    decode(deflated(ramp().put(0x00420011, "OB", zeros)), options, "test");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kTooLarge) << error.what();
  }
}

TEST(DicomDeflated, ItsDescriptionTakesNoPixels) {
  constexpr std::uint16_t kSide = 1024;  // twice what is inflated to find the attributes
  Dataset large = picture("MONOCHROME2", kSide, kSide, 16);
  large.text(0x00100020, "LO", "P1").text(0x00280008, "IS", "2000000000");
  std::vector<std::byte> file = deflated(large.words(kPixels, std::vector<std::uint16_t>(std::size_t{kSide} * kSide)));
  file.resize(file.size() - 9);
  EXPECT_EQ(describe(file, "test").identity.patient_id, "P1");
  const std::string zeros(80U << 20U, '\0');
  try {
    static_cast<void>(describe(deflated(ramp().put(0x00080001, "OB", zeros)), "test"));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kTooLarge) << error.what();
  }
}

TEST(DicomDescription, HoldsNoPartOfANameInEitherCase) {
  const Dataset latin1 = ramp()
                             .text(0x00080005, "CS", "ISO_IR 100")
                             .text(0x00100010, "PN", "M\xDCLLER-SCH\xD6NTAL^HANS")
                             .text(0x0008103E, "LO", "Knie M\xFCller, Frau Sch\xF6ntal");
  EXPECT_EQ(describe(latin1.file(), "test").series_description, "Knie ***, Frau ***");
  const Dataset utf8 = ramp()
                           .text(0x00080005, "CS", "ISO_IR 192")
                           .text(0x00100010, "PN", "M\xC3\x9CLLER^HANS")
                           .text(0x0008103E, "LO", "Knie M\xC3\xBCller");
  EXPECT_EQ(describe(utf8.file(), "test").series_description, "Knie ***");
}

}  // namespace
}  // namespace mi2::dicom::testing
