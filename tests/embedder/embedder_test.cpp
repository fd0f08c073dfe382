// The public API: pictures and texts in, vectors out, and what it says when it cannot.

#include <cmath>
#include <filesystem>
#include <span>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dicom/builder.hpp"
#include "ops/cpu/cpu_ops.hpp"
#include "support/distance.hpp"
#include "support/expect_error.hpp"
#include "support/matrix.hpp"
#include "support/paths.hpp"

#include <mi2/classifier.hpp>
#include <mi2/embedder.hpp>
#include <mi2/error.hpp>
#include <mi2/image.hpp>
#include <mi2/matrix.hpp>
#include <mi2/version.hpp>

namespace mi2 {
namespace {

using test::error_of;
using testing::HasSubstr;

const std::filesystem::path kModel = test::starter_model();
const std::filesystem::path kImages = test::golden_data() / "images";

const Embedder& starter() {
  static const Embedder embedder = Embedder::open(kModel);
  return embedder;
}

/// Grey of 8 bits, pixel i holding i % 251.
std::vector<std::byte> small_dicom(std::uint16_t rows, std::uint16_t columns) {
  std::string pixels;
  for (int i = 0; i < rows * columns; ++i) pixels += static_cast<char>(i % 251);
  return dicom::testing::picture("MONOCHROME2", rows, columns, 8).put(dicom::testing::kPixels, "OW", pixels).file();
}

TEST(Embedder, PicturesAndDicomBecomeUnitVectors) {
  std::vector<Pixels> pictures{starter().prepare_file(kImages / "colour_a.jpg"),
                               starter().prepare(small_dicom(40, 50), "object")};
  for (const test::Embedding& vector : test::rows_of(starter().embed_images(pictures))) {
    ASSERT_EQ(vector.size(), static_cast<std::size_t>(starter().dimensions()));
    double squares = 0;
    for (const float value : vector) squares += static_cast<double>(value) * value;
    EXPECT_NEAR(squares, 1.0, 1e-5);
  }
}

TEST(Embedder, NothingInNothingOut) {
  EXPECT_TRUE(starter().embed_images({}).empty());
  EXPECT_TRUE(starter().embed_texts({}).vectors.empty());
}

TEST(Embedder, TextsAloneAndInManyPassesAgree) {
  std::vector<std::string> texts;
  for (int i = 0; i < 150; ++i) texts.push_back("finding number " + std::to_string(i) + std::string(i % 40, 'x'));
  const std::vector<test::Embedding> together = test::rows_of(starter().embed_texts(texts).vectors);
  ASSERT_EQ(together.size(), texts.size());
  for (const std::size_t i : {0U, 77U, 149U}) {
    const test::Embedding alone = test::rows_of(starter().embed_texts(std::span(texts).subspan(i, 1)).vectors).front();
    EXPECT_LE(test::worst_difference(alone, together[i]), 1e-6) << i;
  }
}

TEST(Embedder, SaysWhichTextsWereCut) {
  const std::vector<std::string> texts{"short", std::string(1000, 'a') + " b c " + std::string(1000, '.'), ""};
  const TextEmbeddings found = starter().embed_texts(texts);
  EXPECT_EQ(found.vectors.rows(), 3U);
  EXPECT_EQ(found.truncated, (std::vector<bool>{false, true, false}));
}

TEST(Embedder, SameBitsFromSeveralThreadsAtOnce) {
  const std::vector<Pixels> pictures{starter().prepare_file(kImages / "wide.jpg")};
  const EmbeddingMatrix want = starter().embed_images(pictures);
  std::vector<std::thread> callers;
  std::vector<EmbeddingMatrix> got(3);
  for (EmbeddingMatrix& slot : got) {
    callers.emplace_back([&slot] {
      const std::vector<Pixels> own{starter().prepare_file(kImages / "wide.jpg")};
      slot = starter().embed_images(own);
    });
  }
  for (std::thread& caller : callers) caller.join();
  for (const EmbeddingMatrix& vectors : got) EXPECT_EQ(vectors, want);
}

TEST(Embedder, ProfilesGiveDifferentPixels) {
  EmbedderOptions options;
  options.image.profile = Profile::kAzure;
  const Embedder azure = Embedder::open(kModel, options);
  const auto name = kImages / "colour_a.jpg";
  EXPECT_NE(azure.prepare_file(name).samples, starter().prepare_file(name).samples);
  EXPECT_EQ(azure.provenance().profile, "azure");
}

TEST(Embedder, ProvenanceNamesTheWeights) {
  const Provenance p = starter().provenance();
  EXPECT_EQ(p.weights_sha256.size(), 64U);
  EXPECT_EQ(p.dtype, "f32");
  EXPECT_EQ(p.version, version());
  EXPECT_EQ(p.instructions, name_of(ops::cpu::choose_isa()));
}

TEST(Embedder, OptionsAreWrittenWhereTheyAreUsed) {
  const Embedder embedder =
      Embedder::open(kModel, {.dtype = DType::kBF16, .threads = 1, .image = {.profile = Profile::kAzure}});
  EXPECT_EQ(embedder.provenance().dtype, "bf16");
  EXPECT_EQ(embedder.provenance().profile, "azure");
  EXPECT_EQ(embedder.options().threads, 1U);
  EXPECT_EQ(starter().options().dtype, DType::kF32) << "the one in use";
}

TEST(Embedder, AutoIsADtypeWithTheNumbersOfF32) {
  const Embedder embedder = Embedder::open(kModel, {.dtype = DType::kAuto});
  EXPECT_EQ(embedder.options().dtype, ops::CpuOps::automatic());
  EXPECT_EQ(embedder.provenance().dtype, name_of(ops::CpuOps::automatic()));
  const std::vector<Pixels> pixels{starter().prepare_file(kImages / "colour_a.jpg")};
  EXPECT_LE(test::worst_difference(embedder.embed_images(pixels).row(0), starter().embed_images(pixels).row(0)), 2e-5);
}

TEST(Embedder, RefusesOptionsThatMakeNoSense) {
  const auto refused = [](auto change) {
    EmbedderOptions options;
    change(options);
    return error_of([&] { return Embedder::open(kModel, options); }).code();
  };
  const auto nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(refused([](auto& o) { o.dtype = DType::kF16; }), Code::kBadArgument);
  EXPECT_EQ(refused([](auto& o) { o.image.intensity = {.low = 99, .high = 1}; }), Code::kBadArgument);
  EXPECT_EQ(refused([&](auto& o) { o.image.intensity.high = nan; }), Code::kBadArgument);
  EXPECT_EQ(refused([](auto& o) {
              o.image.intensity = {.kind = Intensity::Kind::kWindow, .window = {40, 0}};
            }),
            Code::kBadArgument);
  EXPECT_EQ(refused([](auto& o) { o.image.window = {40, 0.5}; }), Code::kBadArgument);
  EXPECT_EQ(refused([&](auto& o) { o.image.window = {nan, 40}; }), Code::kBadArgument);
  EXPECT_EQ(refused([](auto& o) { o.image.azure_size = 0; }), Code::kBadArgument);
  EXPECT_EQ(refused([](auto& o) { o.image.azure_quality = 101; }), Code::kBadArgument);
}

TEST(Embedder, ACpuThatHasNoF16SaysWhatItHas) {
  const Error error = error_of([] { return Embedder::open(kModel, {.dtype = DType::kF16}); });
  EXPECT_STREQ(error.what(), "dtype 'f16' is none of f32, bf16, int8, bf16x3");
}

TEST(Embedder, NamesTheFileAndTheReason) {
  const Error missing = error_of([] { return starter().prepare_file("no/such/file.png"); });
  EXPECT_EQ(missing.code(), Code::kNotFound);
  EXPECT_THAT(missing.what(), HasSubstr("no/such/file.png"));
  const std::string text = "this is no picture";
  const Error foreign = error_of([&] { return starter().prepare(std::as_bytes(std::span(text)), "row 3"); });
  EXPECT_EQ(foreign.code(), Code::kUnsupported);
  EXPECT_THAT(foreign.what(), HasSubstr("row 3"));
  EXPECT_EQ(error_of([] { return Embedder::open("no/such/model"); }).code(), Code::kNotFound);
}

TEST(Embedder, LimitsBytesAndPixels) {
  EmbedderOptions options;
  options.image.max_file_bytes = 100;
  options.image.max_pixels = 1000;
  const Embedder strict = Embedder::open(kModel, options);
  EXPECT_EQ(error_of([&] { return strict.prepare_file(kImages / "colour_a.jpg"); }).code(), Code::kTooLarge);
  options.image.max_file_bytes = 1 << 30;
  const Embedder few = Embedder::open(kModel, options);
  EXPECT_EQ(error_of([&] { return few.prepare_file(kImages / "colour_a.jpg"); }).code(), Code::kTooLarge);
  EXPECT_EQ(error_of([&] { return few.prepare(small_dicom(40, 50), "object"); }).code(), Code::kTooLarge);
}

TEST(Embedder, TextThatIsNotUtf8IsNamedByItsNumberOnly) {
  const std::vector<std::string> texts{"fine", "secret \xFF"};
  const Error error = error_of([&] { return starter().embed_texts(texts); });
  EXPECT_EQ(error.code(), Code::kBadArgument);
  EXPECT_THAT(error.what(), HasSubstr("text 2"));
  EXPECT_THAT(error.what(), testing::Not(HasSubstr("secret")));
}

TEST(Classifier, ScoresAreASoftmaxBestFirst) {
  const Classifier classifier(starter(), {"a fundus photograph", "a chest x-ray", "a blood smear"});
  const std::vector<Pixels> pictures{starter().prepare_file(kImages / "grey.jpg")};
  const std::vector<LabelScore> scores = classifier.classify(starter().embed_images(pictures).row(0));
  ASSERT_EQ(scores.size(), 3U);
  double sum = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    sum += scores[i].score;
    EXPECT_GE(scores[i == 0 ? 0 : i - 1].score, scores[i].score);
  }
  EXPECT_NEAR(sum, 1.0, 1e-12);
}

TEST(Classifier, MultilabelScoresStandAlone) {
  const std::vector<Pixels> pictures{starter().prepare_file(kImages / "grey.jpg")};
  const test::Embedding image = test::rows_of(starter().embed_images(pictures)).front();
  const ClassifierOptions options{{"{}"}, true};
  const double alone = Classifier(starter(), {"a chest x-ray"}, options).classify(image).front().score;
  for (const LabelScore& row : Classifier(starter(), {"a blood smear", "a chest x-ray"}, options).classify(image)) {
    if (row.label == "a chest x-ray") {
      EXPECT_NEAR(row.score, alone, 1e-6);
    }
  }
}

TEST(Classifier, AveragesTemplatesAsEmbeddings) {
  const std::vector<Pixels> pictures{starter().prepare_file(kImages / "grey.jpg")};
  const test::Embedding image = test::rows_of(starter().embed_images(pictures)).front();
  const std::vector<std::string> texts{"an x-ray of hand", "hand, x-ray"};
  const std::vector<test::Embedding> vectors = test::rows_of(starter().embed_texts(texts).vectors);
  double dot = 0;
  double squares = 0;
  for (std::size_t d = 0; d < image.size(); ++d) {
    const double mean = static_cast<double>(vectors[0][d]) + vectors[1][d];
    dot += mean * image[d];
    squares += mean * mean;
  }
  const double want = 1 / (1 + std::exp(-std::exp(starter().logit_scale()) * dot / std::sqrt(squares)));
  const ClassifierOptions options{{"an x-ray of {}", "{}, x-ray"}, true};
  EXPECT_NEAR(Classifier(starter(), {"hand"}, options).classify(image).front().score, want, 1e-5);
}

TEST(Classifier, RefusesLabelsItCannotTellApart) {
  const auto refused = [](std::vector<std::string> labels, ClassifierOptions options) {
    return error_of([&] { return Classifier(starter(), std::move(labels), options); }).code();
  };
  EXPECT_EQ(refused({}, {}), Code::kBadArgument);
  EXPECT_EQ(refused({"a", "b", "a"}, {}), Code::kBadArgument);
  EXPECT_EQ(refused({"a", ""}, {}), Code::kBadArgument);
  EXPECT_EQ(refused({"a"}, {{"no slot"}, false}), Code::kBadArgument);
  EXPECT_EQ(refused({"a"}, {{}, false}), Code::kBadArgument);
}

}  // namespace
}  // namespace mi2
