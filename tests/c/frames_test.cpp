// Frames, slides and volumes by the C API: the same answers as the C++ API's.

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "c_api.hpp"
#include "support/matrix.hpp"
#include "support/paths.hpp"

#include <mi2/mi2.h>
#include <mi2/mi2.hpp>

namespace {

using mi2::test::CApi;
using mi2::test::kImage;
using mi2::test::kModel;
using mi2::test::reference;
using testing::HasSubstr;

/// A little-endian TIFF of one 8 x 8 grey page per value.
std::string pages(const std::vector<char>& greys) {
  constexpr std::uint32_t kTags = 8;
  const auto little = [](std::uint32_t value, int bytes) {
    std::string out;
    for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xFFU);
    return out;
  };
  std::string file = "II*" + std::string(1, '\0') + little(8, 4);
  for (std::size_t page = 0; page < greys.size(); ++page) {
    const auto pixels = static_cast<std::uint32_t>(file.size()) + 2 + 12 * kTags + 4;
    file += little(kTags, 2);
    const std::pair<std::uint32_t, std::uint32_t> tags[kTags] = {{256, 8}, {257, 8},      {258, 8}, {259, 1},
                                                                 {262, 1}, {273, pixels}, {278, 8}, {279, 64}};
    for (const auto& [tag, value] : tags) file += little(tag, 2) + little(4, 2) + little(1, 4) + little(value, 4);
    file += little(page + 1 < greys.size() ? pixels + 64 : 0, 4) + std::string(64, greys[page]);
  }
  return file;
}

TEST_F(CApi, FramesHaveTheBitsOfImagesOfTheirOwnAndTheirNumbers) {
  const std::string file = pages({10, 60, 110, 'x'});
  const mi2_bytes image{file.data(), file.size()};
  std::vector<mi2::Pixels> alone;
  for (const char grey : {10, 110}) {
    const std::string one = pages({grey});
    alone.push_back(reference().prepare(std::as_bytes(std::span(one)), "one"));
  }
  mi2_frames* frames = nullptr;
  ASSERT_EQ(mi2_frames_open(embedder, &image, "every:2", &frames), MI2_OK) << mi2_last_error();
  EXPECT_EQ(mi2_frames_count(frames), 2U);
  std::array<std::uint64_t, 2> numbers{};
  EXPECT_EQ(
      rows_of(2, [&](float* to,
                     std::size_t size) { return mi2_embed_frames(embedder, frames, 0, 2, to, size, numbers.data()); }),
      mi2::test::rows_of(reference().embed_images(alone)));
  EXPECT_THAT(numbers, testing::ElementsAre(1, 3));
  EXPECT_EQ(rows_of(1, [&](float* to,
                           std::size_t size) { return mi2_embed_frames(embedder, frames, 1, 1, to, size, nullptr); })
                .front(),
            mi2::test::rows_of(reference().embed_images(alone)).back());
  std::vector<float> room(3 * mi2_dimensions(embedder));
  EXPECT_EQ(mi2_embed_frames(embedder, frames, 1, 2, room.data(), room.size(), nullptr), MI2_BAD_ARGUMENT);
  EXPECT_THAT(mi2_last_error(), HasSubstr("2 selected"));
  EXPECT_EQ(mi2_embed_frames(embedder, frames, UINT64_MAX, 1, room.data(), room.size(), nullptr), MI2_BAD_ARGUMENT);
  mi2_frames_close(frames);

  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / "mi2_c_pages.tif";
  std::ofstream(path, std::ios::binary) << file;
  ASSERT_EQ(mi2_frames_open_file(embedder, path.c_str(), nullptr, &frames), MI2_OK) << mi2_last_error();
  EXPECT_EQ(mi2_frames_count(frames), 4U);
  mi2_frames_close(frames);
  EXPECT_EQ(mi2_frames_open(embedder, &image, "5", &frames), MI2_BAD_ARGUMENT);
  EXPECT_EQ(frames, nullptr);
  EXPECT_EQ(mi2_frames_open(embedder, &image, "some", &frames), MI2_BAD_ARGUMENT);
  EXPECT_EQ(mi2_frames_open_file(embedder, "/nowhere.tif", nullptr, &frames), MI2_NOT_FOUND);
  EXPECT_EQ(mi2_frames_open(embedder, nullptr, nullptr, &frames), MI2_BAD_ARGUMENT);
  EXPECT_EQ(mi2_frames_count(nullptr), 0U);
}

TEST_F(CApi, TilesOfASlideHaveTheBitsAndThePlacesOfTheCppApi) {
  // A seed of the fuzzer.
  const std::string path = (mi2::test::data_of("slide") / "../../../fuzz/corpus/slide/pyramid.tif").lexically_normal();
  mi2::ImageOptions chosen = reference().options().image;
  chosen.slide = mi2::SlideOptions{.level = 0, .tiles = mi2::SlideOptions::Tiles::kAll};
  chosen.frames.kind = mi2::FrameSelection::Kind::kAll;
  const std::filesystem::path file = path;
  const mi2::EncodedImage slide = reference().open_slide({&file, 1}, path, chosen);
  std::vector<mi2::Pixels> pixels;
  for (std::uint64_t i = 0; i < slide.size(); ++i) pixels.push_back(slide.prepare(i));

  const std::array<const char*, 1> paths = {path.c_str()};
  mi2_slide_options options{};
  options.size = sizeof options;
  options.level = "0";
  options.tiles = "all";
  mi2_frames* tiles = nullptr;
  ASSERT_EQ(mi2_slide_open(embedder, paths.data(), 1, &options, &tiles), MI2_OK) << mi2_last_error();
  const auto count = static_cast<std::size_t>(mi2_frames_count(tiles));
  ASSERT_EQ(count, slide.size());
  EXPECT_EQ(
      rows_of(count, [&](float* to,
                         std::size_t size) { return mi2_embed_frames(embedder, tiles, 0, count, to, size, nullptr); }),
      mi2::test::rows_of(reference().embed_images(pixels)));
  std::vector<mi2_tile> places(count);
  ASSERT_EQ(mi2_tiles(tiles, 0, count, places.data()), MI2_OK) << mi2_last_error();
  for (std::size_t i = 0; i < count; ++i) {
    const mi2::TilePlace wanted = slide.place(i).tile.value();
    const mi2_tile& found = places[i];
    EXPECT_EQ(
        (mi2::TilePlace{static_cast<unsigned>(found.level), found.x, found.y, found.width, found.height, found.mpp}),
        wanted);
  }
  EXPECT_EQ(mi2_tiles(tiles, 1, count, places.data()), MI2_BAD_ARGUMENT);
  EXPECT_EQ(mi2_tiles(tiles, 0, 1, nullptr), MI2_BAD_ARGUMENT);
  mi2_frames_close(tiles);
}

TEST_F(CApi, WhatASlideDoesNotHaveIsRefused) {
  const std::string path = (mi2::test::data_of("slide") / "../../../fuzz/corpus/slide/pyramid.tif").lexically_normal();
  const std::array<const char*, 1> paths = {path.c_str()};
  mi2_frames* tiles = nullptr;
  const auto status = [&](const char* level, const char* mpp, const char* kind, const char* select) {
    const mi2_slide_options options{sizeof options, level, mpp, kind, select};
    return mi2_slide_open(embedder, paths.data(), 1, &options, &tiles);
  };
  EXPECT_EQ(status("7", nullptr, nullptr, nullptr), MI2_BAD_ARGUMENT);
  EXPECT_EQ(tiles, nullptr);
  EXPECT_EQ(status("0", "1", nullptr, nullptr), MI2_BAD_ARGUMENT);
  EXPECT_THAT(mi2_last_error(), HasSubstr("level or mpp"));
  EXPECT_EQ(status(nullptr, "none", nullptr, nullptr), MI2_BAD_ARGUMENT);
  EXPECT_THAT(mi2_last_error(), HasSubstr("options.mpp"));
  EXPECT_EQ(status(nullptr, nullptr, "some", nullptr), MI2_BAD_ARGUMENT);
  EXPECT_EQ(status("0", nullptr, "all", "999"), MI2_BAD_ARGUMENT);
  EXPECT_EQ(mi2_slide_open(embedder, paths.data(), 0, nullptr, &tiles), MI2_BAD_ARGUMENT);
  const std::array<const char*, 1> nowhere = {"/nowhere.svs"};
  EXPECT_EQ(mi2_slide_open(embedder, nowhere.data(), 1, nullptr, &tiles), MI2_NOT_FOUND);
  const std::array<const char*, 1> picture = {kImage.c_str()};
  EXPECT_EQ(mi2_slide_open(embedder, picture.data(), 1, nullptr, &tiles), MI2_UNSUPPORTED);
  mi2_slide_options longer{};
  longer.size = sizeof longer + 8;
  EXPECT_EQ(mi2_slide_open(embedder, paths.data(), 1, &longer, &tiles), MI2_BAD_ARGUMENT);
  EXPECT_THAT(mi2_last_error(), HasSubstr("mi2_slide_options"));

  const std::string file = pages({10, 60});
  const mi2_bytes image{file.data(), file.size()};
  ASSERT_EQ(mi2_frames_open(embedder, &image, "all", &tiles), MI2_OK) << mi2_last_error();
  mi2_tile place{};
  EXPECT_EQ(mi2_tiles(tiles, 0, 1, &place), MI2_BAD_ARGUMENT);
  EXPECT_THAT(mi2_last_error(), HasSubstr("mi2_slide_open"));
  mi2_frames_close(tiles);
}

TEST_F(CApi, AnOptionChoosesTheFrameThatAnImageIsReadAs) {
  const std::string file = pages({10, 60, 110});
  const mi2_bytes image{file.data(), file.size()};
  const std::string third = pages({110});
  const mi2::Pixels wanted = reference().prepare(std::as_bytes(std::span(third)), "third");
  mi2_options options{};
  options.size = sizeof options;
  std::vector<float> vector(mi2_dimensions(embedder));
  for (const auto& [frames, status] : {std::pair{"3", MI2_OK}, std::pair{"all", MI2_BAD_ARGUMENT}}) {
    options.frames = frames;
    mi2_embedder* choosing = nullptr;
    ASSERT_EQ(mi2_open(kModel.c_str(), &options, &choosing), MI2_OK) << mi2_last_error();
    EXPECT_EQ(mi2_embed_encoded(choosing, &image, 1, vector.data(), vector.size()), status) << frames;
    mi2_close(choosing);
    if (status == MI2_OK) {
      EXPECT_EQ(vector, mi2::test::rows_of(reference().embed_images({&wanted, 1})).front());
    }
  }
  options.frames = "0";
  mi2_embedder* refused = nullptr;
  EXPECT_EQ(mi2_open(kModel.c_str(), &options, &refused), MI2_BAD_ARGUMENT);
  EXPECT_THAT(mi2_last_error(), HasSubstr("options.frames"));
}

TEST_F(CApi, AnOptionChoosesThePlaneOfAVolume) {
  std::string volume =
      "NRRD0004\ntype: uint8\ndimension: 3\nsizes: 4 4 4\nencoding: raw\nspace: left-posterior-superior\n"
      "space directions: (1,0,0) (0,1,0) (0,0,1)\n\n";
  for (int voxel = 0; voxel < 64; ++voxel) volume += static_cast<char>(voxel * (voxel % 5) % 251);
  const mi2_bytes image{volume.data(), volume.size()};
  mi2_options options{};
  options.size = sizeof options;
  std::vector<std::vector<float>> seen;
  for (const char* plane : {"axial", "coronal", "sagittal"}) {
    options.plane = plane;
    mi2_embedder* cutting = nullptr;
    ASSERT_EQ(mi2_open(kModel.c_str(), &options, &cutting), MI2_OK) << mi2_last_error();
    std::vector<float> vector(mi2_dimensions(cutting));
    EXPECT_EQ(mi2_embed_encoded(cutting, &image, 1, vector.data(), vector.size()), MI2_OK) << mi2_last_error();
    mi2_close(cutting);
    mi2::ImageOptions wanted;
    wanted.plane = mi2::parse_plane(plane);
    const mi2::Pixels pixels = reference().prepare(std::as_bytes(std::span(volume)), "volume", wanted);
    EXPECT_EQ(vector, mi2::test::rows_of(reference().embed_images({&pixels, 1})).front()) << plane;
    EXPECT_THAT(seen, testing::Not(testing::Contains(vector))) << plane;
    seen.push_back(vector);
  }
  options.plane = "oblique";
  mi2_embedder* refused = nullptr;
  EXPECT_EQ(mi2_open(kModel.c_str(), &options, &refused), MI2_BAD_ARGUMENT);
  EXPECT_THAT(mi2_last_error(), HasSubstr("options.plane"));
}

TEST_F(CApi, StrictRefusesWhatIsReadWithAWarning) {
  std::vector<float> vector(mi2_dimensions(embedder));
  const std::string flat = pages({7});
  const mi2_bytes image{flat.data(), flat.size()};
  EXPECT_EQ(mi2_embed_encoded(embedder, &image, 1, vector.data(), vector.size()), MI2_OK) << mi2_last_error();
  mi2_options options{};
  options.size = sizeof options;
  options.strict = 1;
  mi2_embedder* strict = nullptr;
  ASSERT_EQ(mi2_open(kModel.c_str(), &options, &strict), MI2_OK) << mi2_last_error();
  EXPECT_EQ(mi2_embed_encoded(strict, &image, 1, vector.data(), vector.size()), MI2_BAD_FILE);
  mi2_close(strict);
}

}  // namespace
