// Training an adapter: what it makes of rows, folds and metrics, where it needs no libtorch.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapter/adapter.hpp"
#include "adapter/fit.hpp"
#include "adapter/training.hpp"
#include "support/expect_error.hpp"
#include "support/matrix.hpp"

namespace mi2::adapter {
namespace {

using test::expect_error;

Samples samples(std::size_t dimensions, const std::vector<float>& values, const std::vector<std::size_t>& classes) {
  Samples made{EmbeddingMatrix(values, dimensions), classes, {}};
  for (std::size_t r = 0; r < classes.size(); ++r) made.ids.push_back(r);
  return made;
}

TEST(Training, WhatCannotBeTrainedIsRefused) {
  TrainingSet set;
  set.labels = {"a", "b"};
  set.train = samples(1, {1, 2}, {0, 0});
  expect_error(Code::kBadArgument, {"label 2 of 2 has no training row"}, [&] { train_adapter(set, {}, {}); });
  set.test = samples(2, {1, 2}, {0});
  expect_error(Code::kBadArgument, {"of 1 and of 2 dimensions"}, [&] { train_adapter(set, {}, {}); });
  set.labels = {"a"};
  expect_error(Code::kBadArgument, {"two or more"}, [&] { train_adapter(set, {}, {}); });
}

TEST(Training, WithoutLibtorchSaysSo) {
  fitter().provide(nullptr);
  TrainingSet set;
  set.labels = {"a", "b"};
  set.train = samples(1, {1, 2, 3, 4}, {0, 1, 0, 1});
  expect_error(Code::kUnsupported, {"libtorch"}, [&] { train_adapter(set, {}, {}); });
}

/// A fitter that answers with the class means as weights: its logits grow towards the mean of a class, and it tells
/// which rows it saw by them.
Fitted fit_means(const AdapterDescription& shape, const Samples& train, const Samples& /*validation*/,
                 const FitOptions& /*options*/, const base::OnProgress& /*on_progress*/) {
  const std::size_t classes = shape.labels.size();
  std::vector<float> weight(classes * train.vectors.dimensions());
  std::vector<float> rows(classes);
  for (std::size_t r = 0; r < train.rows(); ++r) {
    ++rows[train.classes[r]];
    for (std::size_t d = 0; d < train.vectors.dimensions(); ++d) {
      weight[train.classes[r] * train.vectors.dimensions() + d] += train.vectors.row(r)[d];
    }
  }
  for (std::size_t i = 0; i < weight.size(); ++i) weight[i] /= std::max(rows[i / train.vectors.dimensions()], 1.0F);
  const auto count = static_cast<std::int64_t>(classes);
  return {{{"weight", {count, shape.in_channels}, weight}, {"bias", {count}, std::vector<float>(classes)}}, {}};
}

TrainingSet two_groups() {
  TrainingSet set;
  set.labels = {"low", "high"};
  set.train = samples(2, {-1, 5, -2, 5, -3, 5, 1, 5, 2, 5, 3, 5}, {0, 0, 0, 1, 1, 1});
  return set;
}

TEST(Training, CrossValidatesWhereNoRowsAreSetAside) {
  fitter().provide(fit_means);
  const TrainedAdapter trained = train_adapter(two_groups(), {}, {});
  EXPECT_EQ(trained.held_out.rows, "train, cross-validated");
  EXPECT_EQ(trained.held_out.classes.size(), 6U);
  EXPECT_EQ(trained.trained_rows, 6U);
  // The mean of the other two rows, not of all three: the adapter that evaluated a row has not seen it.
  EXPECT_NEAR(trained.held_out.logits.row(0)[0], -1 * -2.5 + 25, 1e-5);
  EXPECT_EQ(trained.adapter.description().metrics.at("accuracy"), 1.0);
  EXPECT_EQ(trained.adapter.description().operating_points.size(), 2U);
  fitter().provide(nullptr);
}

TEST(Training, ReportsEveryFitToTheLast) {
  fitter().provide(fit_means);
  std::vector<std::uint64_t> done;
  TrainOptions options;
  options.folds = 3;
  train_adapter(two_groups(), options, [&](const base::Progress& at) {
    EXPECT_EQ(at.stage, "fits");
    EXPECT_EQ(at.total, 4U);
    done.push_back(at.done);
  });
  EXPECT_EQ(done, (std::vector<std::uint64_t>{1, 2, 3, 4}));
  fitter().provide(nullptr);
}

TEST(Training, ValidationAndTestRowsAreUsedForWhatTheyAre) {
  fitter().provide(fit_means);
  TrainingSet set = two_groups();
  set.validation = samples(2, {-4, 5, 4, 5}, {0, 1});
  set.test = samples(2, {4, 5}, {0});
  const TrainedAdapter trained = train_adapter(set, {}, {});
  EXPECT_EQ(trained.held_out.rows, "val");
  EXPECT_EQ(trained.evaluation.rows, "test");
  EXPECT_EQ(trained.adapter.description().metrics.at("accuracy"), 0.0);
  fitter().provide(nullptr);
}

TEST(Training, AnMlpHoldsRowsOfEveryClassOut) {
  static std::size_t seen = 0;
  static std::vector<std::size_t> held;
  fitter().provide([](const AdapterDescription& shape, const Samples& train, const Samples& validation,
                      const FitOptions&, const base::OnProgress&) {
    seen = train.rows();
    held = validation.classes;
    Fitted fitted;
    fitted.tensors = layout_of(shape);
    for (AdapterTensor& tensor : fitted.tensors) {
      std::size_t count = 1;
      for (const std::int64_t extent : tensor.shape) count *= static_cast<std::size_t>(extent);
      tensor.values.assign(count, 0.0F);
    }
    return fitted;
  });
  TrainOptions options;
  options.kind = AdapterKind::kMlp;
  options.hidden_dim = 2;
  const TrainedAdapter trained = train_adapter(two_groups(), options, {});
  EXPECT_EQ(seen, 4U);
  EXPECT_THAT(held, ::testing::UnorderedElementsAre(0U, 1U));
  EXPECT_EQ(trained.held_out.rows, "held out of train");
  fitter().provide(nullptr);
}

TEST(Training, StandardisingIsFoldedIntoTheWeights) {
  fitter().provide(fit_means);
  TrainOptions options;
  options.standardize = true;
  const TrainedAdapter trained = train_adapter(two_groups(), options, {});
  // Over the training rows dimension 0 has mean 0 and deviation sqrt(28 / 6), dimension 1 never changes. Class means
  // are then -+2 / deviation, and the logit of an embedding x is (x / deviation) * mean.
  const double deviation = std::sqrt(28.0 / 6);
  EXPECT_NEAR(trained.adapter.logits(test::Embedding{3, 5})[1], 3 / deviation * 2 / deviation, 1e-5);
  EXPECT_NEAR(trained.adapter.logits(test::Embedding{3, 5})[0], -3 / deviation * 2 / deviation, 1e-5);
  fitter().provide(nullptr);
}

TEST(Training, StandardisingGivesADimensionThatNeverChangesNoWeight) {
  fitter().provide(fit_means);
  TrainingSet set;
  set.labels = {"low", "high"};
  // A tenth of 1, ten times, is not 1: by its mean summed so, the second dimension would vary by 1e-16.
  set.train =
      samples(2, {-1, 1, -2, 1, -3, 1, -4, 1, -5, 1, 1, 1, 2, 1, 3, 1, 4, 1, 5, 1}, {0, 0, 0, 0, 0, 1, 1, 1, 1, 1});
  TrainOptions options;
  options.standardize = true;
  const Adapter adapter = train_adapter(set, options, {}).adapter;
  EXPECT_EQ(adapter.logits(test::Embedding{1, 1}), adapter.logits(test::Embedding{1, 1.5F}));
  fitter().provide(nullptr);
}

TEST(Training, ErrorsOfTheFitOfANumberAreInTheNumbersUnit) {
  fitter().provide(
      [](const AdapterDescription& shape, const Samples&, const Samples&, const FitOptions&, const base::OnProgress&) {
        Fitted fitted{layout_of(shape), {{"loss", 0.5}, {"validation_absolute_error", 0.75}, {"gradient", 0.25}}};
        fitted.tensors[0].values = {0.0F, 0.0F};
        fitted.tensors[1].values = {0.0F};
        return fitted;
      });
  TrainingSet set;
  set.target = Target::kNumber;
  set.labels = {"months"};
  set.train = samples(2, {1, 5, 2, 5, 3, 5, 4, 5, 5, 5, 6, 5}, {0, 0, 0, 0, 0, 0});
  set.train.numbers = {90, 110, 90, 110, 90, 110};  // of deviation 10
  const TrainedAdapter trained = train_adapter(set, {}, {});
  const auto& training = trained.adapter.description().training;
  EXPECT_NEAR(training.at("loss"), 5, 1e-9);
  EXPECT_NEAR(training.at("validation_absolute_error"), 7.5, 1e-9);
  EXPECT_EQ(training.at("gradient"), 0.25);
  fitter().provide(nullptr);
}

}  // namespace
}  // namespace mi2::adapter
