// What is there more than once, and who has the same pictures.

#include "archive/dups.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <random>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "archive/archive.hpp"
#include "archive/dup_pictures.hpp"
#include "archive/linked.hpp"
#include "archive/near_hashes.hpp"
#include "base/hash.hpp"
#include "support/expect_error.hpp"
#include "support/temporary_folder.hpp"

namespace mi2::archive {
namespace {

constexpr std::size_t kDimensions = 4;

using NearPairs = std::set<std::tuple<std::size_t, std::size_t, int>>;

NearPairs found_pairs(const std::vector<std::uint64_t>& hashes) {
  NearPairs found;
  each_near_pair(hashes, [&](std::size_t a, std::size_t b, int bits) {
    EXPECT_TRUE(found.emplace(std::min(a, b), std::max(a, b), bits).second) << "twice: " << a << ", " << b;
  });
  return found;
}

NearPairs all_pairs(const std::vector<std::uint64_t>& hashes) {
  NearPairs found;
  for (std::size_t a = 0; a < hashes.size(); ++a) {
    for (std::size_t b = a + 1; b < hashes.size(); ++b) {
      const int bits = std::popcount(hashes[a] ^ hashes[b]);
      if (bits <= kNearBits) found.emplace(a, b, bits);
    }
  }
  return found;
}

TEST(NearHashes, AreAllThatEveryPairCompared) {
  std::mt19937_64 random(1);
  for (const std::uint64_t mask : {~std::uint64_t{0}, std::uint64_t{0xFFF}, std::uint64_t{0xF00F00F00F}}) {
    std::set<std::uint64_t> hashes;
    while (hashes.size() < 600) {
      std::uint64_t hash = random() & mask;
      hashes.insert(hash);
      for (std::uint64_t flips = random() % 7; flips > 0; --flips) {
        hash ^= std::uint64_t{1} << random() % 64;
        hashes.insert(hash);
      }
    }
    std::vector<std::uint64_t> shuffled(hashes.begin(), hashes.end());
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    const NearPairs wanted = all_pairs(shuffled);
    EXPECT_GT(wanted.size(), 100U);
    EXPECT_EQ(found_pairs(shuffled), wanted);
  }
}

TEST(NearHashes, OfNoneAndOfOneAreNone) {
  EXPECT_TRUE(found_pairs({}).empty());
  EXPECT_TRUE(found_pairs({7}).empty());
}

TEST(NearHashes, StopWhenTheTickThrows) {
  EXPECT_THROW(each_near_pair(
                   std::vector<std::uint64_t>{1, 2}, [](std::size_t, std::size_t, int) {},
                   [](std::uint64_t) { throw Error(Code::kInternal, "stopped"); }),
               Error);
}

/// A picture to add.
struct Picture {
  std::string patient, study;
  int pixels = 0;                        ///< those of equal numbers are equal
  std::optional<std::uint64_t> dhash{};  ///< nothing: made of `pixels`
  float angle = 0;                       ///< of its vector
  std::optional<double> position{};
  bool blank = false;
  bool hashed = true;
  std::string reference{};
};

/// A pseudonym, as PatientFacts has it.
std::string key_of(const std::string& patient) { return base::sha256_hex(std::as_bytes(std::span(patient))); }

/// An archive of pictures, a row each.
class Filled {
 public:
  explicit Filled(const std::vector<Picture>& pictures) {
    Writer writer = Writer::create(folder_.path() / "a", kDimensions, space_of("abc", "raw"));
    Catalog& catalog = writer.catalog();
    Catalog::Transaction all(catalog, true);
    const Id space = catalog.space(Provenance{});
    for (const Picture& picture : pictures) {
      PatientFacts patient;
      if (!picture.patient.empty()) patient.key = key_of(picture.patient);
      StudyFacts study;
      study.uid = picture.study;
      SeriesFacts series;
      series.uid = picture.study + ".1";
      series.frame_of_reference = picture.reference;
      const Id of = catalog.series(series, catalog.study(study, catalog.patient(patient)));
      FrameFacts frame;
      frame.row = writer.segments().next();
      InstanceFacts instance;
      instance.sop_uid = fmt::format("{}.1.{}", picture.study, frame.row);
      instance.locator = fmt::format("{}.dcm", frame.row);
      frame.instance = catalog.instance(instance, of, std::nullopt);
      frame.series = of;
      frame.position = picture.position;
      if (picture.hashed) frame.pixels = hashes_of(picture);
      const std::vector<float> row{std::cos(picture.angle), std::sin(picture.angle), 0, 0};
      frame.crc = base::crc32c(std::as_bytes(std::span(row)));
      writer.segments().append(row);
      catalog.add_frame(frame, space, catalog.add_change("add", 1));
    }
    writer.segments().sync();
    all.commit();
  }

  [[nodiscard]] Reader open() const { return Reader(folder_.path() / "a"); }

  [[nodiscard]] Id patient(const std::string& key) const { return open().catalog().patient_of(key_of(key)).value(); }

  /// The keys of those a patient is linked with.
  [[nodiscard]] std::set<Id> linked(const std::string& key, const scan::Bitmap* visible = nullptr) const {
    Reader archive = open();
    return linked_patients(archive, archive.catalog().patient_of(key_of(key)).value(), visible);
  }

  [[nodiscard]] std::set<Id> patients(const std::vector<std::string>& keys) const {
    std::set<Id> ids;
    for (const std::string& key : keys) ids.insert(patient(key));
    return ids;
  }

  [[nodiscard]] DupAnswer dups(DupLevel level) const {
    Reader archive = open();
    DupOptions options;
    options.level = level;
    return find_dups(archive, options);
  }

 private:
  static Fingerprint hashes_of(const Picture& picture) {
    const std::string text = fmt::format("{}", picture.pixels);
    Fingerprint hashes;
    hashes.pixels_sha256 = base::sha256_hex(std::as_bytes(std::span(text)));
    hashes.blank = picture.blank;
    // Far from each other: every number has bits of its own.
    hashes.dhash =
        picture.dhash.value_or(std::uint64_t{0x9E3779B97F4A7C15} * static_cast<std::uint64_t>(picture.pixels + 1));
    return hashes;
  }

  test::TemporaryFolder folder_;
};

std::vector<std::vector<std::uint64_t>> rows_of(const DupAnswer& answer) {
  std::vector<std::vector<std::uint64_t>> rows;
  for (const DupGroup& group : answer.groups) {
    std::vector<std::uint64_t>& members = rows.emplace_back();
    for (const DupMember& member : group.members) members.push_back(member.row.value());
  }
  return rows;
}

using Rows = std::vector<std::vector<std::uint64_t>>;

TEST(Dups, OfEqualPixelsAreGroupedAndTheirPatientsCounted) {
  const Filled archive({{"A", "1", 1}, {"B", "2", 2}, {"B", "2", 1}, {"C", "3", 3}, {"C", "4", 2}, {"", "5", 2}});
  const DupAnswer answer = archive.dups(DupLevel::kPixels);
  EXPECT_EQ(rows_of(answer), (Rows{{0, 2}, {1, 4, 5}}));
  EXPECT_EQ(answer.groups[0].patients, 2U);
  EXPECT_EQ(answer.groups[1].patients, 2U);  // who is not known is nobody
  EXPECT_EQ(answer.compared, 6U);
}

TEST(Dups, BlankAndUnhashedImagesAreCounted) {
  const Filled archive({{.patient = "A", .study = "1", .pixels = 1, .blank = true},
                        {.patient = "B", .study = "2", .pixels = 1, .blank = true},
                        {.patient = "C", .study = "3", .pixels = 2},
                        {.patient = "D", .study = "4", .pixels = 2, .hashed = false}});
  for (const DupLevel level : {DupLevel::kPixels, DupLevel::kReencoded}) {
    const DupAnswer answer = archive.dups(level);
    EXPECT_TRUE(answer.groups.empty());
    EXPECT_EQ(answer.compared, 1U);
    EXPECT_EQ(answer.blank, 2U);
    EXPECT_EQ(answer.unhashed, 1U);
  }
  EXPECT_EQ(archive.open().catalog().unhashed(), 1);
}

/// Angles whose cosines are above 0.999.
constexpr float kNear = 0.01F;

TEST(Dups, ReencodedTakesBothHashAndCosine) {
  const std::uint64_t hash = 0x0123456789ABCDEF;
  const Filled archive({{.patient = "A", .study = "1", .pixels = 1, .dhash = hash},
                        {.patient = "B", .study = "2", .pixels = 2, .dhash = hash ^ 0x8001800100000000, .angle = kNear},
                        {.patient = "C", .study = "3", .pixels = 3, .dhash = hash ^ 0x800180010000000F, .angle = kNear},
                        {.patient = "D", .study = "4", .pixels = 4, .dhash = hash, .angle = 0.5F}});
  const DupAnswer answer = archive.dups(DupLevel::kReencoded);
  // The third is near the second, and through it in the cluster: it has 8 other bits than the first.
  EXPECT_EQ(rows_of(answer), (Rows{{0, 1, 2}}));
  EXPECT_EQ(answer.groups[0].members[1].bits, 4);
  EXPECT_EQ(answer.groups[0].members[2].bits, 8);
  EXPECT_EQ(answer.groups[0].members[2].why, "reencoded");
  EXPECT_NEAR(answer.groups[0].members[1].cosine.value(), std::cos(kNear), 1e-6);
}

TEST(Dups, ReencodedNeverHasTwoPlacesOfAStudyNotEvenThroughAThirdPicture) {
  const std::uint64_t hash = 5;
  const auto slice = [&](const std::string& study, int number, const std::string& reference) {
    return Picture{.patient = "A",
                   .study = study,
                   .pixels = number,
                   .dhash = hash,
                   .angle = kNear * static_cast<float>(number),
                   .position = 5.0 * number,
                   .reference = reference};
  };
  const Filled one_study({slice("1", 0, ""),
                          slice("1", 1, ""),
                          slice("1", 2, ""),
                          {.patient = "B", .study = "2", .pixels = 9, .dhash = hash, .angle = 1.2F * kNear}});
  EXPECT_EQ(rows_of(one_study.dups(DupLevel::kReencoded)), (Rows{{1, 3}}));
  const Filled one_reference({slice("1", 0, "r"), slice("2", 1, "r"), slice("3", 2, "other")});
  // The third is near both, and nearer to the second.
  EXPECT_EQ(rows_of(one_reference.dups(DupLevel::kReencoded)), (Rows{{1, 2}}));
  // In the same place there may be several.
  Picture again = slice("1", 1, "");
  again.pixels = 7;
  EXPECT_EQ(rows_of(Filled({slice("1", 1, ""), again}).dups(DupLevel::kReencoded)), (Rows{{0, 1}}));
}

TEST(Dups, AClusterThatGrowsFromItsEndKeepsThePlacesOfAll) {
  // The last two are the nearest, and each before them is a little further away.
  const std::vector<float> angles{0.015F, 0.010F, 0.006F, 0.003F, 0.001F, 0.0F, 0.03F};
  std::vector<Picture> pictures;
  for (std::size_t i = 0; i < angles.size(); ++i) {
    pictures.push_back({.patient = fmt::format("P{}", i),
                        .study = fmt::format("{}", i),
                        .pixels = static_cast<int>(i),
                        .dhash = 5,
                        .angle = angles[i],
                        .position = 0});
  }
  // Another place of the study that was the first in the cluster.
  pictures.back().patient = "P5";
  pictures.back().study = "5";
  pictures.back().position = 5;
  const DupAnswer answer = Filled(pictures).dups(DupLevel::kReencoded);
  EXPECT_EQ(rows_of(answer), (Rows{{0, 1, 2, 3, 4, 5}}));
  EXPECT_EQ(answer.groups.front().patients, 6U);
}

TEST(Dups, StopWhenAsked) {
  const Filled archive({{"A", "1", 1}, {"B", "2", 2}});
  Reader reader = archive.open();
  std::stop_source stop;
  stop.request_stop();
  DupOptions options;
  options.level = DupLevel::kReencoded;
  options.stop = stop.get_token();
  test::expect_error(Code::kInternal, {"stopped"}, [&] { static_cast<void>(find_dups(reader, options)); });
}

TEST(Dups, StopAmongPicturesOfOneHash) {
  std::vector<Picture> pictures;
  for (int i = 0; i < 60; ++i) {
    pictures.push_back(
        {.patient = "A", .study = fmt::format("{}", i), .pixels = i, .dhash = 5, .angle = static_cast<float>(i)});
  }
  const Filled archive(pictures);
  Reader reader = archive.open();
  std::stop_source stop;
  int reports = 0;
  DupOptions options;
  options.level = DupLevel::kReencoded;
  options.stop = stop.get_token();
  options.on_progress = [&](const base::Progress& at) {
    // The second one while the only hash is looked at.
    if (at.stage == "comparing" && at.total == 1 && ++reports == 2) stop.request_stop();
  };
  test::expect_error(Code::kInternal, {"stopped"}, [&] { static_cast<void>(find_dups(reader, options)); });
  EXPECT_EQ(reports, 2);
}

TEST(Dups, OfMoreImagesThanMayBeComparedAreRefused) {
  const Filled archive({{"A", "1", 1}, {"B", "2", 1}, {"C", "3", 2}});
  Reader reader = archive.open();
  for (const DupLevel level : {DupLevel::kPixels, DupLevel::kReencoded}) {
    DupOptions options;
    options.level = level;
    options.most = 3;
    EXPECT_EQ(find_dups(reader, options).compared, 3U);
    options.most = 2;
    test::expect_error(Code::kTooLarge, {"dups", "at most 2"}, [&] { static_cast<void>(find_dups(reader, options)); });
    options.where = filter::parse("study in (1,2)");
    EXPECT_EQ(find_dups(reader, options).compared, 2U);
  }
}

TEST(Dups, LevelsHaveNames) {
  for (const DupLevel level : {DupLevel::kObject, DupLevel::kPixels, DupLevel::kReencoded}) {
    EXPECT_EQ(parse_dup_level(name_of(level)), level);
  }
  test::expect_error(Code::kBadArgument, {"object", "near"}, [] { static_cast<void>(parse_dup_level("near")); });
}

TEST(LinkedPatients, AreFoundThroughOthers) {
  const Filled archive({{"A", "1", 1}, {"B", "2", 1}, {"B", "2", 2}, {"C", "3", 2}, {"D", "4", 3}});
  EXPECT_EQ(archive.linked("A"), archive.patients({"B", "C"}));
  EXPECT_EQ(archive.linked("C"), archive.patients({"A", "B"}));
  EXPECT_TRUE(archive.linked("D").empty());
}

TEST(LinkedPatients, AreNotMadeByBlankPicturesOrTestPatterns) {
  const Filled archive({{.patient = "A", .study = "1", .pixels = 1, .blank = true},
                        {.patient = "B", .study = "2", .pixels = 1, .blank = true},
                        {"A", "1", 2},
                        {"B", "2", 2},
                        {"C", "3", 2},
                        {"D", "4", 2},
                        {"D", "4", 3},
                        {"E", "5", 3},
                        {"F", "6", 3}});
  EXPECT_TRUE(archive.linked("A").empty());  // its picture is of four
  EXPECT_EQ(archive.linked("D"), archive.patients({"E", "F"}));
}

TEST(LinkedPatients, AreNoneIfThereWouldBeTooMany) {
  const auto chain = [](std::size_t patients) {
    std::vector<Picture> pictures;
    for (std::size_t p = 0; p < patients; ++p) {
      const int own = static_cast<int>(p);
      for (const int pixels : {own, own + 1}) pictures.push_back({fmt::format("P{}", p), fmt::format("{}", p), pixels});
    }
    return pictures;
  };
  EXPECT_EQ(Filled(chain(kMostLinked + 1)).linked("P3").size(), kMostLinked);
  EXPECT_TRUE(Filled(chain(kMostLinked + 2)).linked("P3").empty());
}

TEST(LinkedPatients, AreLinkedByVisiblePicturesOnly) {
  const Filled archive({{"A", "1", 1}, {"B", "2", 1}, {"A", "1", 2}, {"C", "3", 2}});
  scan::Bitmap visible(4);
  for (const std::size_t row : {0U, 1U, 3U}) visible.set(row);
  EXPECT_EQ(archive.linked("A", &visible), archive.patients({"B"}));
}

}  // namespace
}  // namespace mi2::archive
