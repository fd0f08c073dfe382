// The fidelity report: its arithmetic, its child processes, and the starter model end to end.

#include <unistd.h>

#include <cmath>
#include <csignal>
#include <filesystem>
#include <limits>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <mi2/embedder.hpp>
#include <mi2/error.hpp>
#include <mi2/image.hpp>
#include <mi2/matrix.hpp>

#include "benchmark/fidelity/fidelity.hpp"
#include "benchmark/fidelity/images.hpp"
#include "benchmark/fidelity/isolate.hpp"
#include "benchmark/fidelity/measure.hpp"
#include "benchmark/fidelity/statistics.hpp"
#include "support/expect_error.hpp"
#include "support/matrix.hpp"
#include "support/paths.hpp"

namespace mi2::fidelity {
namespace {

using test::error_of;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

const std::filesystem::path kModel = test::starter_model();
const std::filesystem::path kImages = test::golden_data() / "images";
const base::OnProgress kIgnore;

TEST(Cosines, LeastAndMean) {
  const EmbeddingMatrix a = test::matrix_of({{1, 0}, {0, 1}, {0.6F, 0.8F}});
  const EmbeddingMatrix b = test::matrix_of({{1, 0}, {1, 0}, {0.8F, 0.6F}});
  const Cosines c = cosines(a, b);
  EXPECT_DOUBLE_EQ(c.min, 0);
  EXPECT_NEAR(c.mean, (1 + 0 + 0.96) / 3, 1e-7);  // 0.6 and 0.8 are not exact in f32
}

TEST(Cosines, OfAVectorWithItselfIsOneWhateverItsLength) {
  const EmbeddingMatrix a = test::matrix_of({{0.3F, 0.1F, 0.7F}, {1e-3F, 2e-3F, 3e-3F}});
  EXPECT_DOUBLE_EQ(cosines(a, a).min, 1);
  EXPECT_DOUBLE_EQ(cosines(a, a).mean, 1);
}

TEST(Cosines, MeanIsNotOutsideTheRangeByRounding) {
  const test::Embedding a{0.6F, 0.8F};
  for (const test::Embedding& b : {test::Embedding{0.6F, 0.8F}, test::Embedding{0.1F, 0.9F}}) {
    for (std::size_t count = 1; count < 40; ++count) {
      const Cosines c = cosines(test::matrix_of(std::vector(count, a)), test::matrix_of(std::vector(count, b)));
      EXPECT_LE(c.min, c.mean);
      EXPECT_LE(c.mean, 1);
    }
  }
}

TEST(Cosines, NeedCounterparts) {
  EXPECT_EQ(error_of([] { return cosines({}, {}); }).code(), Code::kInternal);
  const EmbeddingMatrix two = test::matrix_of({{1, 0}, {0, 1}});
  const EmbeddingMatrix longer = test::matrix_of({{1, 0, 0}, {0, 1, 0}});
  EXPECT_EQ(error_of([&] { return cosines(two, test::matrix_of({{1, 0}})); }).code(), Code::kInternal);
  EXPECT_THAT(error_of([&] { return cosines(two, longer); }).what(), HasSubstr("have 2 numbers, their counterparts 3"));
}

TEST(Median, OfOddEvenAndNoCount) {
  EXPECT_EQ(median({3, 1, 2}), 2);
  EXPECT_EQ(median({4, 1, 2, 3}), 2.5);
  EXPECT_EQ(median({}), 0);
}

TEST(TopLabels, NearestWinsAndTheFirstOfEquals) {
  const EmbeddingMatrix labels = test::matrix_of({{1, 0}, {0, 1}, {0, 1}});
  const EmbeddingMatrix images = test::matrix_of({{0.8F, 0.6F}, {0.6F, 0.8F}});
  EXPECT_THAT(top_labels(images, labels), ElementsAre(0, 1));
}

TEST(Shares, AgreementCountsAllAndAccuracyTheKnown) {
  const std::vector<std::size_t> f32{0, 1, 2, 3};
  const std::vector<std::size_t> found{0, 1, 2, 0};
  EXPECT_EQ(agreement(found, f32), 0.75);
  EXPECT_EQ(accuracy(found, std::vector<std::optional<std::size_t>>{0, std::nullopt, 1, std::nullopt}), 0.5);
  EXPECT_EQ(accuracy(found, std::vector<std::optional<std::size_t>>(4)), std::nullopt);
  EXPECT_EQ(accuracy(found, {}), std::nullopt);
  EXPECT_EQ(agreement({}, {}), std::nullopt);
}

TEST(UnitVectors, AreRequired) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  check_unit_vectors(test::matrix_of({{1, 0}, {0.6F, 0.8F}}), "x");
  for (const test::Embedding& bad : {test::Embedding{0.5F, 0.5F}, test::Embedding{nan, 0}, test::Embedding{0, 0}}) {
    const EmbeddingMatrix vectors = test::matrix_of({{1, 0}, bad});
    const auto check_them = [&] {
      check_unit_vectors(vectors, "bf16: image");
      return 0;
    };
    EXPECT_THAT(error_of(check_them).what(), StartsWith("bf16: image 2: its vector has length"));
  }
}

TEST(Dtypes, F32IsFirstListedOrNot) {
  EXPECT_THAT(measured_dtypes({DType::kBF16}), ElementsAre(DType::kF32, DType::kBF16));
  EXPECT_THAT(measured_dtypes({DType::kBF16, DType::kF32}), ElementsAre(DType::kF32, DType::kBF16));
  EXPECT_THAT(measured_dtypes({}), ElementsAre(DType::kF32));
  EXPECT_THAT(error_of([] { return measured_dtypes({DType::kF16}); }).what(),
              StartsWith("dtype 'f16' is none of f32, bf16"));
  EXPECT_EQ(error_of([] { return measured_dtypes({DType::kBF16, DType::kBF16}); }).code(), Code::kBadArgument);
}

TEST(Pack, SurvivesTheTripAndRefusesLess) {
  Measurement m;
  m.load_seconds = 1.5;
  m.resident_bytes = 7e9;
  m.image_seconds = {0.25, 0.5};
  m.images = test::matrix_of({{1, 0}, {0.1F, 0.3F}});
  m.texts = test::matrix_of({{0.5F}});
  const std::string bytes = pack(m);
  const Measurement back = unpack(bytes);
  EXPECT_EQ(back.load_seconds, m.load_seconds);
  EXPECT_EQ(back.resident_bytes, m.resident_bytes);
  EXPECT_EQ(back.image_seconds, m.image_seconds);
  EXPECT_EQ(back.text_seconds, m.text_seconds);
  EXPECT_EQ(back.images, m.images);
  EXPECT_EQ(back.texts, m.texts);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(error_of([&] { return unpack(std::string_view(bytes).substr(0, size)); }).code(), Code::kInternal);
  }
  EXPECT_EQ(error_of([&] { return unpack(bytes + "x"); }).code(), Code::kInternal);
}

TEST(Isolated, ReturnsWhatTheChildReturnsAndReportsItsProgress) {
  std::uint64_t done = 0;
  const std::string large(300'000, 'x');  // more than a pipe holds
  const std::string answer = run_isolated(
      "w",
      [&](const base::OnProgress& on_progress) {
        for (std::uint64_t i = 1; i <= 5; ++i) on_progress({"", 2 * i, 11});
        return large + std::to_string(::getpid());
      },
      [&](const base::Progress& at) {
        EXPECT_EQ(at.stage, "w");
        EXPECT_GE(at.done, done);
        EXPECT_TRUE(at.total == 11 || at.done == 0);
        done = at.done;
      });
  EXPECT_EQ(done, 10U);
  EXPECT_THAT(answer, StartsWith(large));
  EXPECT_NE(answer.substr(large.size()), std::to_string(::getpid()));
}

TEST(Isolated, ErrorsComeBackAsTheyWere) {
  const Error bad = error_of([] {
    return run_isolated(
        "w", [](const base::OnProgress&) -> std::string { throw Error(Code::kBadFile, "x.bin: broken"); }, kIgnore);
  });
  EXPECT_EQ(bad.code(), Code::kBadFile);
  EXPECT_STREQ(bad.what(), "x.bin: broken");
  const Error memory = error_of([] {
    return run_isolated(
        "w", [](const base::OnProgress&) -> std::string { throw std::bad_alloc(); }, kIgnore);
  });
  EXPECT_EQ(memory.code(), Code::kTooLarge);
  const Error other = error_of([] {
    return run_isolated(
        "w", [](const base::OnProgress&) -> std::string { throw std::logic_error("odd"); }, kIgnore);
  });
  EXPECT_EQ(other.code(), Code::kInternal);
}

TEST(Isolated, ADeadChildIsReported) {
  const auto dying = [](int signal) {
    return error_of([signal] {
      return run_isolated(
          "bf16",
          [signal](const base::OnProgress&) -> std::string {
            ::kill(::getpid(), signal);
            ::pause();
            return {};
          },
          kIgnore);
    });
  };
  EXPECT_EQ(dying(SIGKILL).code(), Code::kTooLarge);
  EXPECT_EQ(dying(SIGTERM).code(), Code::kInternal);
  EXPECT_THAT(dying(SIGTERM).what(), HasSubstr("bf16: its process ended by signal 15"));
}

TEST(Isolated, TheCallersExceptionEndsTheChild) {
  pid_t child = 0;
  const auto stop = [&child](const base::Progress& at) {
    if (at.done > 0) child = static_cast<pid_t>(at.done);
    throw std::runtime_error("stop");
  };
  EXPECT_THROW(run_isolated(
                   "w",
                   [](const base::OnProgress& on_progress) -> std::string {
                     on_progress({"", static_cast<std::uint64_t>(::getpid()), 0});
                     ::pause();
                     return {};
                   },
                   stop),
               std::runtime_error);
  if (child != 0) {
    EXPECT_NE(::kill(child, 0), 0);
  }
}

TEST(Images, FilesAreWhatTheEmbedderMakesOfThem) {
  for (const Profile profile : {Profile::kRaw, Profile::kAzure}) {
    EmbedderOptions options;
    options.image.profile = profile;
    options.threads = 1;
    const Embedder embedder = Embedder::open(kModel, options);
    const ImagePreparer preparer(kModel, options);
    for (const auto& file : std::filesystem::directory_iterator(kImages)) {
      EXPECT_EQ(preparer.prepare_file(file).samples, embedder.prepare_file(file).samples) << file << name_of(profile);
    }
  }
}

TEST(Images, RefusalsAreTheEmbedders) {
  EmbedderOptions options;
  options.image.max_file_bytes = 10;
  EXPECT_EQ(error_of([&] { return ImagePreparer(kModel, options).prepare_file(kImages / "gray.png"); }).code(),
            Code::kTooLarge);
  EXPECT_EQ(error_of([&] { return ImagePreparer(kModel / "nowhere", options).generated(1); }).code(), Code::kNotFound);
}

TEST(Images, PatternsAreTheModelsSizeAllDifferentAndTheSameEveryTime) {
  const ImagePreparer preparer(kModel, {});
  const std::vector<Pixels> images = preparer.generated(kGeneratedImages);
  const std::vector<Pixels> again = preparer.generated(kGeneratedImages);
  ASSERT_EQ(images.size(), kGeneratedImages);
  for (std::size_t i = 0; i < images.size(); ++i) {
    EXPECT_EQ(images[i].samples.size(), 128U * 128U * 3U);
    EXPECT_EQ(images[i].samples, again[i].samples);
    for (std::size_t j = 0; j < i; ++j) EXPECT_NE(images[i].samples, images[j].samples);
  }
  EXPECT_EQ(ImagePreparer(std::nullopt, {}).generated(1).front().width, 480);
}

class Starter : public testing::Test {
 protected:
  Starter() {
    options_.model = kModel;
    options_.dtypes = {DType::kF32, DType::kBF16};
    options_.embedder.threads = 1;
    input_.images = ImagePreparer(kModel, {}).generated(5);
  }
  FidelityOptions options_;
  FidelityInput input_;
};

TEST_F(Starter, IsMeasured) {
  options_.labels = {"x-ray chest", "dermoscopy skin"};
  options_.templates = {"{}", "an image of {}"};
  input_.label_of = {0, std::nullopt, 1, std::nullopt, 0};
  std::uint64_t done = 0;
  const FidelityReport report = measure_fidelity(options_, input_, [&](const base::Progress& at) {
    EXPECT_EQ(at.total, 10U);
    EXPECT_GE(at.done, done);
    done = at.done;
  });
  EXPECT_EQ(done, 10U);
  EXPECT_EQ(report.images, 5U);
  EXPECT_EQ(report.texts, 4U);
  EXPECT_EQ(report.known, 3U);
  ASSERT_EQ(report.rows.size(), 2U);
  const FidelityRow& f32 = report.rows[0];
  EXPECT_EQ(f32.image.cosine_min, 1);
  EXPECT_EQ(f32.text.cosine_mean, 1);
  EXPECT_EQ(f32.agreement, 1);
  const FidelityRow& bf16 = report.rows[1];
  EXPECT_EQ(bf16.dtype, "bf16");
  EXPECT_LT(bf16.image.cosine_min, 1);
  EXPECT_GE(bf16.image.cosine_min, 0.998);  // docs/numerics.md
  EXPECT_GE(bf16.image.cosine_mean, bf16.image.cosine_min);
  for (const FidelityRow& row : report.rows) {
    EXPECT_TRUE(row.accuracy) << row.dtype;
    EXPECT_GT(row.image.seconds, 0);
    EXPECT_GT(row.text.seconds, 0);
    EXPECT_GT(row.resident_bytes, 4e6) << "8.4 million parameters of " << row.dtype;
    EXPECT_GE(row.peak_bytes, row.resident_bytes);
  }
}

TEST_F(Starter, WithoutLabelsThereIsNoAgreement) {
  const FidelityReport report = measure_fidelity(options_, input_, kIgnore);
  EXPECT_EQ(report.texts, 16U);
  EXPECT_EQ(report.rows[1].agreement, std::nullopt);
  const auto json = nlohmann::json::parse(to_json(report));
  EXPECT_TRUE(json["dtypes"][1]["agreement"].is_null());
  EXPECT_THAT(to_markdown(report), HasSubstr("| bf16 |"));
}

TEST_F(Starter, BadRequestsAreRefused) {
  const auto refused = [&] { return error_of([&] { return measure_fidelity(options_, input_, kIgnore); }).code(); };
  options_.batch = 0;
  EXPECT_EQ(refused(), Code::kBadArgument);
  options_.batch = 4;
  input_.label_of = {std::nullopt};
  EXPECT_EQ(refused(), Code::kBadArgument);
  input_.label_of = {std::nullopt, std::nullopt, std::nullopt, std::nullopt, 0};
  EXPECT_EQ(refused(), Code::kBadArgument) << "there is no label 0";
  input_ = {};
  EXPECT_EQ(refused(), Code::kBadArgument);
  input_.images = {{2, 1, {0, 0, 0, 0, 0, 0}}};
  EXPECT_EQ(refused(), Code::kBadArgument) << "not the model's size";
}

}  // namespace
}  // namespace mi2::fidelity
