// The C API: the same answers as the C++ API's, and a status for every mistake.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/matrix.hpp"
#include "support/paths.hpp"

#include <mi2/mi2.h>
#include <mi2/mi2.hpp>

namespace {

using testing::HasSubstr;

const std::string kModel = mi2::test::starter_model().string();
const std::string kImage = (mi2::test::golden_data() / "images" / "tiny_upscaled.png").string();
const std::string kOther = (mi2::test::golden_data() / "images" / "grey.jpg").string();

const mi2::Embedder& reference() {
  static const mi2::Embedder embedder = mi2::Embedder::open(kModel);
  return embedder;
}

class CApi : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_EQ(mi2_open(kModel.c_str(), nullptr, &embedder), MI2_OK) << mi2_last_error(); }
  static void TearDownTestSuite() { mi2_close(embedder); }

  /// Runs one of the embed functions for `count` inputs, which must succeed.
  template <typename Call>
  static std::vector<mi2::test::Embedding> rows_of(std::size_t count, const Call& call) {
    const std::size_t dimensions = mi2_dimensions(embedder);
    std::vector<float> vectors(count * dimensions);
    EXPECT_EQ(call(vectors.data(), vectors.size()), MI2_OK) << mi2_last_error();
    std::vector<mi2::test::Embedding> rows;
    for (std::size_t i = 0; i < count; ++i) {
      const float* row = vectors.data() + i * dimensions;
      rows.emplace_back(row, row + dimensions);
    }
    return rows;
  }

  static inline mi2_embedder* embedder = nullptr;
};

std::vector<mi2::test::Embedding> expected_images() {
  const std::vector<mi2::Pixels> pixels{reference().prepare_file(kImage), reference().prepare_file(kOther)};
  return mi2::test::rows_of(reference().embed_images(pixels));
}

TEST_F(CApi, SaysWhatTheModelIs) {
  EXPECT_EQ(mi2_dimensions(embedder), static_cast<std::size_t>(reference().dimensions()));
  EXPECT_EQ(mi2_logit_scale(embedder), reference().logit_scale());
  EXPECT_EQ(std::string(mi2_version()), mi2::version());
}

TEST_F(CApi, FilesHaveTheBitsOfTheCppApi) {
  const std::array paths{kImage.c_str(), kOther.c_str()};
  EXPECT_EQ(
      rows_of(2, [&](float* to, std::size_t size) { return mi2_embed_files(embedder, paths.data(), 2, to, size); }),
      expected_images());
}

TEST_F(CApi, EncodedBytesHaveTheBitsOfTheirFiles) {
  std::vector<std::string> files;
  std::vector<mi2_bytes> images;
  for (const std::string& path : {kImage, kOther}) {
    std::ifstream file(path, std::ios::binary);
    files.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  for (const std::string& file : files) images.push_back({file.data(), file.size()});
  EXPECT_EQ(
      rows_of(2, [&](float* to, std::size_t size) { return mi2_embed_encoded(embedder, images.data(), 2, to, size); }),
      expected_images());
}

TEST_F(CApi, DecodedPixelsHaveTheBitsOfTheCppApi) {
  const std::vector<std::uint8_t> palette{0, 0, 0, 200, 30, 60};
  std::vector<std::uint8_t> rgb(5 * 4 * 3);
  for (std::size_t i = 0; i < rgb.size(); ++i) rgb[i] = static_cast<std::uint8_t>(i * 37);
  std::vector<std::uint8_t> indices(6 * 2);
  for (std::size_t i = 0; i < indices.size(); ++i) indices[i] = i % 2;
  const std::array images{mi2_image{"RGB", 5, 4, rgb.data(), rgb.size(), nullptr, 0},
                          mi2_image{"P", 6, 2, indices.data(), indices.size(), palette.data(), palette.size()}};
  std::vector<mi2::Pixels> pixels;
  for (const mi2_image& image : images) {
    const mi2::ImageView view{image.mode,
                              image.width,
                              image.height,
                              {static_cast<const std::byte*>(image.samples), image.size},
                              {image.palette, image.palette_size}};
    pixels.push_back(reference().prepare(view, "image"));
  }
  EXPECT_EQ(
      rows_of(2, [&](float* to, std::size_t size) { return mi2_embed_pixels(embedder, images.data(), 2, to, size); }),
      mi2::test::rows_of(reference().embed_images(pixels)));
}

TEST_F(CApi, TextsHaveTheBitsOfTheCppApiAndSayWhichWereCut) {
  std::string words;
  for (int i = 0; i < 200; ++i) words += "lung ";
  const std::vector<std::string> texts{"chest x-ray", words};
  const std::array pointers{texts[0].c_str(), texts[1].c_str()};
  std::array<std::uint8_t, 2> truncated{7, 7};
  EXPECT_EQ(rows_of(2,
                    [&](float* to, std::size_t size) {
                      return mi2_embed_texts(embedder, pointers.data(), 2, to, size, truncated.data());
                    }),
            mi2::test::rows_of(reference().embed_texts(texts).vectors));
  EXPECT_THAT(truncated, testing::ElementsAre(0, 1));
}

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

TEST_F(CApi, AnOptionNamesALoraFile) {
  mi2_options options{};
  options.size = sizeof options;
  mi2_embedder* refused = nullptr;
  options.lora = "no-such-file.safetensors";
  EXPECT_EQ(mi2_open(kModel.c_str(), &options, &refused), MI2_NOT_FOUND);
  EXPECT_THAT(mi2_last_error(), HasSubstr("no-such-file.safetensors"));
  const std::string weights = kModel + "/model.safetensors";
  options.lora = weights.c_str();
  EXPECT_EQ(mi2_open(kModel.c_str(), &options, &refused), MI2_BAD_FILE);
  EXPECT_THAT(mi2_last_error(), HasSubstr("LoRA"));
  options.lora = nullptr;
  options.size = offsetof(mi2_options, lora);  // of a header without it
  mi2_embedder* opened = nullptr;
  EXPECT_EQ(mi2_open(kModel.c_str(), &options, &opened), MI2_OK) << mi2_last_error();
  mi2_close(opened);
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

TEST_F(CApi, ScoresAreInTheOrderOfTheLabels) {
  const std::vector<std::string> names{"chest x-ray", "skin lesion", "brain MRI"};
  const std::array labels{names[0].c_str(), names[1].c_str(), names[2].c_str()};
  const std::array templates{"{}", "an image of {}"};
  const mi2::test::Embedding image = expected_images().front();
  for (const bool multilabel : {false, true}) {
    mi2_classifier* classifier = nullptr;
    ASSERT_EQ(mi2_classifier_open(embedder, labels.data(), 3, templates.data(), 2, multilabel ? 1 : 0, &classifier),
              MI2_OK);
    std::array<double, 3> scores{};
    ASSERT_EQ(mi2_classify(classifier, image.data(), image.size(), scores.data()), MI2_OK);
    const mi2::Classifier wanted(reference(), names, {{"{}", "an image of {}"}, multilabel});
    for (const mi2::LabelScore& item : wanted.classify(image)) {
      const auto place = std::find(names.begin(), names.end(), item.label) - names.begin();
      EXPECT_EQ(scores[static_cast<std::size_t>(place)], item.score) << item.label;
    }
    EXPECT_EQ(mi2_classify(classifier, image.data(), image.size() - 1, scores.data()), MI2_BAD_ARGUMENT);
    mi2_classifier_close(classifier);
  }
}

TEST_F(CApi, OptionsReachTheEmbedder) {
  mi2_options options{};
  options.size = sizeof options;
  options.profile = "azure";
  options.azure_size = 64;
  mi2_embedder* azure = nullptr;
  ASSERT_EQ(mi2_open(kModel.c_str(), &options, &azure), MI2_OK) << mi2_last_error();
  const char* path = kImage.c_str();
  std::vector<float> vector(mi2_dimensions(azure));
  EXPECT_EQ(mi2_embed_files(azure, &path, 1, vector.data(), vector.size()), MI2_OK);
  mi2_close(azure);
  mi2::EmbedderOptions wanted;
  wanted.image.profile = mi2::Profile::kAzure;
  wanted.image.azure_size = 64;
  const mi2::Embedder expected = mi2::Embedder::open(kModel, wanted);
  const mi2::Pixels pixels = expected.prepare_file(kImage);
  EXPECT_EQ(vector, mi2::test::rows_of(expected.embed_images({&pixels, 1})).front());
}

TEST_F(CApi, EveryMistakeHasItsStatusAndAMessage) {
  mi2_embedder* opened = embedder;
  EXPECT_EQ(mi2_open("/nowhere", nullptr, &opened), MI2_NOT_FOUND);
  EXPECT_EQ(opened, nullptr);
  EXPECT_THAT(mi2_last_error(), HasSubstr("/nowhere"));
  EXPECT_EQ(mi2_open(nullptr, nullptr, &opened), MI2_BAD_ARGUMENT);
  EXPECT_EQ(mi2_open(kModel.c_str(), nullptr, nullptr), MI2_BAD_ARGUMENT);

  mi2_options options{};
  EXPECT_EQ(mi2_open(kModel.c_str(), &options, &opened), MI2_BAD_ARGUMENT);
  EXPECT_THAT(mi2_last_error(), HasSubstr("options.size"));
  options.size = sizeof options + 1;
  EXPECT_EQ(mi2_open(kModel.c_str(), &options, &opened), MI2_BAD_ARGUMENT);
  options.size = sizeof options;
  options.dtype = "f99";
  EXPECT_EQ(mi2_open(kModel.c_str(), &options, &opened), MI2_BAD_ARGUMENT);
  EXPECT_THAT(mi2_last_error(), HasSubstr("f99"));

  std::vector<float> vector(mi2_dimensions(embedder));
  const char* path = kImage.c_str();
  EXPECT_EQ(mi2_embed_files(nullptr, &path, 1, vector.data(), vector.size()), MI2_BAD_ARGUMENT);
  EXPECT_EQ(mi2_embed_files(embedder, nullptr, 1, vector.data(), vector.size()), MI2_BAD_ARGUMENT);
  EXPECT_EQ(mi2_embed_files(embedder, &path, 1, nullptr, vector.size()), MI2_BAD_ARGUMENT);
  EXPECT_EQ(mi2_embed_files(embedder, &path, 1, vector.data(), vector.size() - 1), MI2_BAD_ARGUMENT);
  EXPECT_THAT(mi2_last_error(), HasSubstr("capacity"));
  path = "/nowhere.png";
  EXPECT_EQ(mi2_embed_files(embedder, &path, 1, vector.data(), vector.size()), MI2_NOT_FOUND);

  const mi2_bytes junk{"junk", 4};
  EXPECT_NE(mi2_embed_encoded(embedder, &junk, 1, vector.data(), vector.size()), MI2_OK);
  EXPECT_THAT(mi2_last_error(), HasSubstr("image 1"));
  const mi2_image unread{"XYZ", 1, 1, "abc", 3, nullptr, 0};
  EXPECT_EQ(mi2_embed_pixels(embedder, &unread, 1, vector.data(), vector.size()), MI2_UNSUPPORTED);
  const mi2_image too_short{"RGB", 2, 2, "abc", 3, nullptr, 0};
  EXPECT_EQ(mi2_embed_pixels(embedder, &too_short, 1, vector.data(), vector.size()), MI2_BAD_ARGUMENT);
  const char* text = "\xff";
  EXPECT_EQ(mi2_embed_texts(embedder, &text, 1, vector.data(), vector.size(), nullptr), MI2_BAD_ARGUMENT);
  text = nullptr;
  EXPECT_EQ(mi2_embed_texts(embedder, &text, 1, vector.data(), vector.size(), nullptr), MI2_BAD_ARGUMENT);

  mi2_classifier* classifier = nullptr;
  EXPECT_EQ(mi2_classifier_open(embedder, nullptr, 0, nullptr, 0, 0, &classifier), MI2_BAD_ARGUMENT);
  EXPECT_EQ(classifier, nullptr);
  EXPECT_EQ(mi2_classify(nullptr, vector.data(), vector.size(), nullptr), MI2_BAD_ARGUMENT);
}

TEST_F(CApi, OptionsOfAnOlderHeaderAreShorter) {
  mi2_options options{};
  options.size = offsetof(mi2_options, device);
  std::memset(reinterpret_cast<char*>(&options) + options.size, 0xFF, sizeof options - options.size);
  mi2_embedder* opened = nullptr;
  EXPECT_EQ(mi2_open(kModel.c_str(), &options, &opened), MI2_OK) << mi2_last_error();
  mi2_close(opened);
}

TEST_F(CApi, NothingIsNeededForNoInput) {
  EXPECT_EQ(mi2_embed_files(embedder, nullptr, 0, nullptr, 0), MI2_OK);
  EXPECT_EQ(mi2_embed_encoded(embedder, nullptr, 0, nullptr, 0), MI2_OK);
  EXPECT_EQ(mi2_embed_pixels(embedder, nullptr, 0, nullptr, 0), MI2_OK);
  EXPECT_EQ(mi2_embed_texts(embedder, nullptr, 0, nullptr, 0, nullptr), MI2_OK);
  mi2_close(nullptr);
  mi2_classifier_close(nullptr);
  EXPECT_EQ(mi2_dimensions(nullptr), 0U);
  EXPECT_EQ(mi2_logit_scale(nullptr), 0.0F);
  EXPECT_STREQ(mi2_device(nullptr), "");
}

TEST_F(CApi, AMessageBelongsToItsThread) {
  mi2_embedder* opened = nullptr;
  EXPECT_EQ(mi2_open("/nowhere", nullptr, &opened), MI2_NOT_FOUND);
  std::string other = "unset";
  std::thread([&] { other = mi2_last_error(); }).join();
  EXPECT_EQ(other, "");
  EXPECT_THAT(mi2_last_error(), HasSubstr("/nowhere"));
}

TEST(CStatus, HasTheNamesOfTheCodes) {
  EXPECT_STREQ(mi2_status_name(MI2_OK), "ok");
  EXPECT_STREQ(mi2_status_name(MI2_BAD_ARGUMENT), "bad_argument");
  EXPECT_STREQ(mi2_status_name(MI2_BAD_FILE), "bad_file");
  EXPECT_STREQ(mi2_status_name(MI2_UNSUPPORTED), "unsupported");
  EXPECT_STREQ(mi2_status_name(MI2_TOO_LARGE), "too_large");
  EXPECT_STREQ(mi2_status_name(MI2_OVERLOADED), "overloaded");
  EXPECT_STREQ(mi2_status_name(MI2_NOT_FOUND), "not_found");
  EXPECT_STREQ(mi2_status_name(MI2_INTERNAL), "internal");
}

}  // namespace
