// What is judged of an archive: over which rows, and of how many.

#include <cstddef>
#include <optional>
#include <stop_token>
#include <string_view>

#include <gtest/gtest.h>

#include "archive/cases.hpp"
#include "archive/drift.hpp"
#include "archive/growing.hpp"
#include "archive/outliers.hpp"
#include "archive/owners.hpp"
#include "archive/reader.hpp"
#include "archive/served.hpp"
#include "archive/tags.hpp"
#include "support/expect_error.hpp"

namespace mi2::archive {
namespace {

TEST(Judgements, LeaveOutWhatMayNotBeSeenAndRefuseMoreThanMayBeCompared) {
  Growing archive;
  for (int i = 0; i < 12; ++i) archive.add_study();
  archive.close();
  Served served(archive.folder(), 1);
  const filter::Expr visible = filter::parse("modality=CT");
  served.judge([&](Reader& reader, base::ThreadPool& pool) {
    OutlierOptions outliers;
    outliers.reference = filter::parse("study in (1.2.1,1.2.2,1.2.3,1.2.4,1.2.5,1.2.6,1.2.7,1.2.8)");
    outliers.visible = visible;
    for (const Pooling pooling : {Pooling::kImage, Pooling::kMean, Pooling::kStats7, Pooling::kCenter20}) {
      outliers.pooling = pooling;
      const OutlierAnswer answer = find_outliers(reader, outliers, pool);
      const std::size_t of_study = pooling == Pooling::kImage ? kSlices : 1;
      EXPECT_EQ(answer.reference, 4 * of_study);
      EXPECT_EQ(answer.judged.size(), 2 * of_study);
      for (const Judged& judged : answer.judged) {
        EXPECT_EQ(reader.item(judged.row).modality, "CT");
        EXPECT_EQ(reader.item(judged.nearest).modality, "CT");
      }
    }
    outliers.most = 6;
    EXPECT_NO_THROW(static_cast<void>(find_outliers(reader, outliers, pool)));
    outliers.most = 5;
    test::expect_error(Code::kTooLarge, {"at most 5"},
                       [&] { static_cast<void>(find_outliers(reader, outliers, pool)); });
    outliers.most = 0;
    outliers.most_bytes = 6 * kWidth * sizeof(float) - 1;
    test::expect_error(Code::kTooLarge, {"at most 5"},
                       [&] { static_cast<void>(find_outliers(reader, outliers, pool)); });
    DriftOptions drift;
    drift.reference = outliers.reference;
    drift.by = {"modality"};
    drift.permutations = 9;
    EXPECT_EQ(find_drift(reader, drift, pool).groups.size(), 2U);
    drift.visible = visible;
    const DriftAnswer seen = find_drift(reader, drift, pool);
    EXPECT_EQ(seen.reference, 4 * kSlices);
    ASSERT_EQ(seen.groups.size(), 1U);
    EXPECT_EQ(seen.groups.front().values.front(), "CT");
    drift.visible.reset();
    drift.most = 1;
    test::expect_error(Code::kTooLarge, {"more than 1 groups"},
                       [&] { static_cast<void>(find_drift(reader, drift, pool)); });
    TagOptions tags;
    tags.field = "modality";
    tags.k = 2;
    tags.visible = visible;
    const TagAnswer told = check_tags(reader, tags, pool);
    EXPECT_EQ(told.judged, 6U);
    EXPECT_EQ(told.agreed, 6U);
    tags.most = 5;
    test::expect_error(Code::kTooLarge, {"at most 5"}, [&] { static_cast<void>(check_tags(reader, tags, pool)); });
  });
}

DriftOptions drift_beside(std::string_view reference) {
  DriftOptions drift;
  drift.reference = filter::parse(reference);
  drift.by = {"modality"};
  drift.permutations = 9;
  drift.moved = 0;
  return drift;
}

TEST(Judgements, OfDriftLetStudiesBeErasedCompletelyWhileTheyCompare) {
  Growing archive;
  for (int i = 0; i < 6; ++i) archive.add_study();
  archive.close();
  Served served(archive.folder(), 1);
  DriftOptions drift = drift_beside("modality=CT");
  drift.release = true;
  RemovedStudy removed;
  drift.on_progress = [&](const base::Progress& now) {
    if (now.stage != "comparing" || removed.images != 0) return;
    removed = served.remove_study(Growing::uid(1), std::nullopt, true);
  };
  DriftAnswer answer;
  served.watch([&](Reader& reader, base::ThreadPool& pool) { answer = find_drift(reader, drift, pool); });
  EXPECT_EQ(removed.images, kSlices);
  EXPECT_TRUE(removed.clean);
  ASSERT_EQ(answer.groups.size(), 1U);
  EXPECT_EQ(answer.groups.front().images, 2 * kSlices) << "without the one that was erased";
}

TEST(Judgements, OfDriftStopWhileTheyReadWhatThereIs) {
  Growing archive;
  for (int i = 0; i < 2; ++i) archive.add_study();
  archive.close();
  Reader reader(archive.folder());
  base::ThreadPool pool(1);
  DriftOptions drift = drift_beside("modality=US");  // of nobody, which is found later
  test::expect_error(Code::kBadArgument, {"two patients"}, [&] { static_cast<void>(find_drift(reader, drift, pool)); });
  std::stop_source stop;
  drift.stop = stop.get_token();
  drift.on_progress = [&](const base::Progress&) { stop.request_stop(); };
  test::expect_error(Code::kInternal, {"stopped"}, [&] { static_cast<void>(find_drift(reader, drift, pool)); });
}

TEST(Judgements, GatherNoMoreThanMayBeCompared) {
  Growing archive;
  for (int i = 0; i < 3; ++i) archive.add_study();
  archive.close();
  Reader reader(archive.folder());
  std::size_t asked = 0;
  const auto gather = [&](std::size_t most) {
    Numbers owners;
    asked = 0;
    const auto is_chosen = [&](const RowFacts&) { return ++asked > 0; };
    return cases_of(reader, Pooling::kImage, owners, is_chosen, {"outliers", most}).all.size();
  };
  EXPECT_EQ(gather(0), 3 * kSlices);
  EXPECT_EQ(gather(3 * kSlices), 3 * kSlices);
  test::expect_error(Code::kTooLarge, {"outliers", "at most 2"}, [&] { static_cast<void>(gather(2)); });
  EXPECT_EQ(asked, 3U);
}

}  // namespace
}  // namespace mi2::archive
