#pragma once
// An archive of a test's own, to which studies are added one by one.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "archive/archive.hpp"
#include "archive/search.hpp"
#include "archive/series_rows.hpp"
#include "base/hash.hpp"
#include "support/temporary_folder.hpp"

namespace mi2::archive {

inline constexpr std::size_t kWidth = 16;
inline constexpr std::size_t kSlices = 3;

inline Provenance provenance() {
  using std::string_literals::operator""s;  // of these g++ 12 does not warn (-Wrestrict) without a cause
  Provenance made_by;
  made_by.weights_sha256 = "abc"s;
  made_by.profile = "raw"s;
  made_by.dtype = "f32"s;
  made_by.version = "0"s;
  made_by.instructions = "none"s;
  return made_by;
}

class Growing {
 public:
  explicit Growing(std::size_t studies = 40) : all_(studies, kSlices, kWidth, 7) {
    writer_.emplace(Writer::create(folder_.path() / "a", kWidth, space_of("abc", "raw")));
  }

  /// Commits a study, of modality CT or MR in turns. @param of  the patient; null: one of its own.
  void add_study(std::optional<std::size_t> of = std::nullopt) {
    Catalog& catalog = writer_->catalog();
    Catalog::Transaction all(catalog, true);
    const std::int64_t seq = catalog.add_change("add", kSlices);
    const Id space = catalog.space(provenance());
    const Id source = catalog.source("folder", "here");
    PatientFacts patient;
    patient.key = fmt::format("{:064}", of.value_or(next_));
    StudyFacts study;
    study.uid = uid(next_);
    SeriesFacts series;
    series.uid = study.uid + ".1";
    series.modality = next_ % 2 == 0 ? "CT" : "MR";
    const Id in = catalog.series(series, catalog.study(study, catalog.patient(patient)));
    for (std::size_t s = 0; s < kSlices; ++s) {
      const std::span<const float> row = all_.row(next_ * kSlices + s);
      InstanceFacts instance;
      instance.sop_uid = fmt::format("{}.{}", series.uid, s);
      instance.locator = fmt::format("{}-{}.dcm", next_, s);
      FrameFacts frame;
      frame.row = writer_->segments().next();
      frame.instance = catalog.instance(instance, in, source);
      frame.series = in;
      frame.crc = base::crc32c(std::as_bytes(row));
      writer_->segments().append(row);
      catalog.add_frame(frame, space, seq);
    }
    writer_->pool(in, space, seq);
    writer_->segments().sync();
    all.commit();
    ++next_;
  }

  /// The first slice is found in another file, as after a rename.
  void move_first(std::string_view locator) {
    Catalog::Transaction all(writer_->catalog(), true);
    writer_->catalog().move_instance(1, locator);
    all.commit();
  }

  /// Nobody writes any more.
  void close() { writer_.reset(); }

  static std::string uid(std::size_t study) { return fmt::format("1.2.{}", study + 1); }
  [[nodiscard]] Writer& writer() { return *writer_; }
  [[nodiscard]] std::filesystem::path folder() const { return folder_.path() / "a"; }
  [[nodiscard]] const test::SeriesRows& rows() const { return all_; }

  /// The best score of each of the first studies, by its identifier.
  [[nodiscard]] std::map<std::string, double> scores(std::span<const float> query, std::size_t studies) const {
    std::map<std::string, double> best;
    for (std::size_t r = 0; r < studies * kSlices; ++r) {
      const double score = scan::inner_product(query, all_.row(r));
      const auto [found, fresh] = best.emplace(uid(r / kSlices), score);
      if (!fresh) found->second = std::max(found->second, score);
    }
    return best;
  }

 private:
  test::TemporaryFolder folder_;
  test::SeriesRows all_;
  std::optional<Writer> writer_;
  std::size_t next_ = 0;
};

inline QueryPart part_near(std::span<const float> row) { return {{row.begin(), row.end()}, 1, Nature::kOther, {}}; }

}  // namespace mi2::archive
