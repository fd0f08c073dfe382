// The C API: the same answers as the C++ API's, and a status for every mistake.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "c_api.hpp"
#include "support/matrix.hpp"

#include <mi2/mi2.h>
#include <mi2/mi2.hpp>

namespace {

using mi2::test::CApi;
using mi2::test::expected_images;
using mi2::test::kImage;
using mi2::test::kModel;
using mi2::test::kOther;
using mi2::test::reference;
using testing::HasSubstr;

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
