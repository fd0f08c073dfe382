#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <optional>

#include <mi2/error.hpp>

#include "base/files.hpp"
#include "bytes.hpp"
#include "image/image.hpp"
#include "support/paths.hpp"

namespace mi2::image::testing {
namespace {

/// What becomes of a file: a refusal, or the FNV-1a hash of Pillow 13's pixels after the raw resize to 32 x 32.
struct Expectation {
  const char* file;
  std::optional<Code> refused;
  std::uint64_t hash;
};

const Expectation kExpectations[] = {
    {"broken/00r1_graya_la.jp2", Code::kUnsupported, 0},
    {"broken/bad_palette_entry.gpl", Code::kUnsupported, 0},
    {"broken/broken.png", Code::kBadFile, 0},
    {"broken/broken_data_stream.png", Code::kBadFile, 0},
    {"broken/broken_exif_dpi.jpg", std::nullopt, 0xEA5A70E74BB0E725ULL},
    {"broken/combined_larger_than_size.psd", Code::kUnsupported, 0},
    {"broken/crash-0c7e0e8e11ce787078f00b5b0ca409a167f070e0.tif", Code::kBadFile, 0},
    {"broken/crash-2020-10-test.tif", Code::kBadFile, 0},
    {"broken/crash-4fb027452e6988530aa5dabee76eecacb3b79f8a.j2k", Code::kUnsupported, 0},
    {"broken/crash-74d2a78403a5a59db1fb0a2b8735ac068a75f6e3.tif", Code::kBadFile, 0},
    {"broken/crash-d2c93af851d3ab9a19e34503626368b2ecde9c03.j2k", Code::kUnsupported, 0},
    {"broken/decompression_bomb.gif", Code::kBadFile, 0},
    {"broken/decompression_bomb.ico", Code::kUnsupported, 0},
    {"broken/flower_thumbnail.png", std::nullopt, 0x6D6EA17EBD5E4DF1ULL},
    {"broken/hopper_bad_exif.jpg", Code::kBadFile, 0},
    {"broken/invalid-exif-without-x-resolution.jpg", std::nullopt, 0x232C40C1F8ADD9C5ULL},
    {"broken/invalid-exif.jpg", std::nullopt, 0xBEA39533FB5CD70DULL},
    {"broken/junk_jpeg_header.jpg", std::nullopt, 0x97BD7ED68EEE4C0FULL},
    {"broken/l2rgb_read.bmp", Code::kBadFile, 0},
    {"broken/missing_background.gif", std::nullopt, 0x074923B983BF98B4ULL},
    {"broken/negative_size.ppm", Code::kUnsupported, 0},
    {"broken/no_palette.gif", std::nullopt, 0x7E8E0FA784351325ULL},
    {"broken/timeout-6646305047838720", Code::kBadFile, 0},
    {"broken/truncated_end_chunk.png", Code::kBadFile, 0},
    {"broken/truncated_image.png", Code::kBadFile, 0},
    {"broken/truncated_jpeg.jpg", Code::kBadFile, 0},
    {"broken/unbound_variable.jp2", Code::kBadFile, 0},
    {"valid/10ct_32bit_128.tiff", std::nullopt, 0xC7A3E7AD3BE12452ULL},
    {"valid/12bit.cropped.tif", std::nullopt, 0xA8A08CD61F921810ULL},
    {"valid/16_bit_noise.tif", std::nullopt, 0xB152EFF7A670AF79ULL},
    {"valid/16bit.MM.cropped.tif", std::nullopt, 0x192612C6787AC262ULL},
    {"valid/16bit.MM.deflate.tif", std::nullopt, 0x192612C6787AC262ULL},
    {"valid/16bit.cropped.jp2", std::nullopt, 0x192612C6787AC262ULL},
    {"valid/16bit.cropped.tif", std::nullopt, 0x192612C6787AC262ULL},
    {"valid/9bit.j2k", std::nullopt, 0xB2D91C9213207A8BULL},
    {"valid/app13-multiple.jpg", std::nullopt, 0xEA3443A9A0E591B2ULL},
    {"valid/dispose_bgnd.gif", std::nullopt, 0xF82E79FD017AAF55ULL},
    {"valid/dispose_prev_first_frame.gif", std::nullopt, 0xA06F7830C8F3F7E5ULL},
    {"valid/exif-dpi-zerodivision.jpg", std::nullopt, 0xBEA39533FB5CD70DULL},
    {"valid/exif_imagemagick_orientation.png", std::nullopt, 0x326D658F2C64FE99ULL},
    {"valid/flower.jpg", std::nullopt, 0x8DAB5156C19BA49EULL},
    {"valid/flower.webp", std::nullopt, 0x2D8102241ACBF76DULL},
    {"valid/g4_orientation_3.tif", std::nullopt, 0x8428C9C8C4044588ULL},
    {"valid/hopper.Lab.tif", Code::kUnsupported, 0},
    {"valid/hopper.bmp", std::nullopt, 0x39C36288401F1225ULL},
    {"valid/hopper.gif", std::nullopt, 0x90AAF2DAB4968F64ULL},
    {"valid/hopper.png", std::nullopt, 0x39C36288401F1225ULL},
    {"valid/hopper.ppm", Code::kUnsupported, 0},
    {"valid/hopper.tif", std::nullopt, 0x39C36288401F1225ULL},
    {"valid/hopper.webp", std::nullopt, 0x20687971A4B7B583ULL},
    {"valid/hopper_bigtiff.tif", std::nullopt, 0x39C36288401F1225ULL},
    {"valid/hopper_gray.jpg", std::nullopt, 0x764C74E7229AB1FCULL},
    {"valid/hopper_gray_4bpp.tif", std::nullopt, 0xC6C70AFA60CD271FULL},
    {"valid/hopper_idat_after_image_end.png", std::nullopt, 0x39C36288401F1225ULL},
    {"valid/hopper_jpg.tif", std::nullopt, 0x22D415E92306F58CULL},
    {"valid/hopper_lzw.tif", std::nullopt, 0x39C36288401F1225ULL},
    {"valid/hopper_orientation_2.jpg", std::nullopt, 0x30F0B001E709C966ULL},
    {"valid/hopper_orientation_3.jpg", std::nullopt, 0x0E19A04A62015056ULL},
    {"valid/hopper_orientation_3.webp", std::nullopt, 0x71E0094EFAAFE430ULL},
    {"valid/hopper_orientation_4.jpg", std::nullopt, 0xC1D86B28C467D352ULL},
    {"valid/hopper_orientation_5.jpg", std::nullopt, 0xECBFFA0C61211CEAULL},
    {"valid/hopper_orientation_6.jpg", std::nullopt, 0x25228B5F69D1665AULL},
    {"valid/hopper_orientation_6.webp", std::nullopt, 0xE945F96C6BE31905ULL},
    {"valid/hopper_orientation_7.jpg", std::nullopt, 0xAB1C8D64282FEE24ULL},
    {"valid/hopper_orientation_8.jpg", std::nullopt, 0x07A944611545E8E4ULL},
    {"valid/hopper_orientation_8.webp", std::nullopt, 0x80F12AC7CDAA26E6ULL},
    {"valid/i_trns.png", std::nullopt, 0x7E5D03057F6D2DDEULL},
    {"valid/icc_profile_big.jpg", std::nullopt, 0x73534344CAF4CB75ULL},
    {"valid/iss634.gif", std::nullopt, 0x18DE548DD1240CC0ULL},
    {"valid/l_trns.png", std::nullopt, 0x7E5D03057F6D2DDEULL},
    {"valid/multipage.tiff", std::nullopt, 0x529E5EEF67B51325ULL},
    {"valid/orientation_rectangle.jpg", std::nullopt, 0xF5132C75E6603325ULL},
    {"valid/p_trns_single.png", std::nullopt, 0x9222B47111CD783BULL},
    {"valid/pil_sample_cmyk.jpg", std::nullopt, 0xD675A2AB2E971E2CULL},
    {"valid/pil_sample_rgb.jpg", std::nullopt, 0xF0B1AC17B00BFE0DULL},
    {"valid/rgb_trns.png", std::nullopt, 0x9222B47111CD783BULL},
    {"valid/test-card-lossless.jp2", std::nullopt, 0x47872908810041EDULL},
    {"valid/tiff_16bit_RGBa.tiff", std::nullopt, 0xDEA0AFE33FF56B4BULL},
    {"valid/tiff_strip_cmyk_16l_jpeg.tif", std::nullopt, 0xDEA444E2ACA2F5A7ULL},
    {"valid/tiff_strip_cmyk_jpeg.tif", std::nullopt, 0xDEA444E2ACA2F5A7ULL},
    {"valid/transparent.png", std::nullopt, 0xB2F2BA3B024B7B89ULL},
    {"valid/transparent.webp", std::nullopt, 0xCBDEAD3B757D739EULL},
    {"valid/truncated_app14.jpg", std::nullopt, 0xF0B1AC17B00BFE0DULL},
    {"valid/uint16_1_4660.tif", std::nullopt, 0x7E8E0FA784351325ULL},
    {"valid/uncompressed_la.png", std::nullopt, 0xA0EC34BE20652C77ULL},
    {"valid/xmp_tags_orientation_exiftool.png", std::nullopt, 0x893CA745EB2B2115ULL},
};

std::filesystem::path folder() { return test::shared_data() / "odd-images"; }

TEST(OddImages, AreReadAsPillowReadsThemOrRefusedForTheirReason) {
  if (!std::filesystem::exists(folder())) GTEST_SKIP() << folder() << " is absent; set MI2_SHARED_DATA";
  for (const Expectation& expected : kExpectations) {
    const auto bytes = base::read_file(folder() / expected.file, 1U << 28);
    std::optional<Code> refused;
    std::uint64_t hash = 0;
    try {
      hash = fnv1a(preprocess(decode(bytes, {}, expected.file), {}, 32, 32).samples);
    } catch (const Error& error) {
      refused = error.code();
    }
    EXPECT_EQ(refused, expected.refused) << expected.file;
    EXPECT_EQ(hash, expected.hash) << expected.file;
  }
}

}  // namespace
}  // namespace mi2::image::testing
