#include "archive/push/push.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <mi2/image.hpp>

#include "archive/filter/filter.hpp"
#include "archive/push/whose.hpp"
#include "archive/thumbs.hpp"
#include "archive/zipped.hpp"
#include "base/utf8.hpp"
#include "dicom/results/secondary_capture.hpp"
#include "dicom/results/structured_report.hpp"
#include "dicom/results/study_header.hpp"
#include "image/convert.hpp"
#include "image/image.hpp"
#include "image/webp.hpp"

namespace mi2::archive::push {
namespace {

namespace results = dicom::results;
using cards::Asked;
using cards::Card;
using cards::Result;

/// Of the archive's own thumbnails; more is damage.
constexpr std::uint64_t kMostThumbPixels = 4096ULL * 4096;

/// The results of one study, in the order of their ranks.
struct StudyResults {
  std::string uid;
  std::vector<const Result*> results;
};

std::vector<StudyResults> by_study(const Card& card) {
  std::vector<StudyResults> studies;
  for (const Result& result : card.results) {
    if (result.study_uid.empty()) continue;
    auto found = std::find_if(studies.begin(), studies.end(),
                              [&](const StudyResults& study) { return study.uid == result.study_uid; });
    if (found == studies.end()) found = studies.insert(studies.end(), {result.study_uid, {}});
    found->results.push_back(&result);
  }
  return studies;
}

/// Other studies may be other patients': they are not named.
std::string told_part(const cards::Part& part, const StudyResults& study) {
  const cards::Origin& origin = part.origin;
  const bool same_series = std::any_of(study.results.begin(), study.results.end(),
                                       [&](const Result* result) { return result->series_uid == origin.uid; });
  switch (origin.asked) {
    case Asked::kText:
      return fmt::format("text: {}", told(origin.text));
    case Asked::kImage:
      if (origin.sha256.empty()) return "an image that was no file";
      return fmt::format("{}an image, SHA-256 {}", origin.region.empty() ? "" : "a region of ", told(origin.sha256));
    case Asked::kVector:
      if (origin.sha256.empty()) return "a vector";
      return fmt::format("a vector of a file, SHA-256 {}", told(origin.sha256));
    case Asked::kItem:
      return fmt::format("image {} of the archive", origin.item);
    case Asked::kSeries:
      return same_series ? fmt::format("series {}", told(origin.uid)) : std::string("a series of the archive");
    case Asked::kStudy:
      return origin.uid == study.uid ? "this study" : "another study";
  }
  return {};
}

std::string told_filter(const std::string& where) {
  if (where.empty()) return {};
  constexpr std::array<std::string_view, 4> kNaming{"study", "series", "image", "path"};
  const filter::Expr expr = filter::parse(where);
  const bool names =
      std::any_of(kNaming.begin(), kNaming.end(), [&](std::string_view field) { return filter::uses(expr, field); });
  return names ? std::string("one that names studies or files: as the card has it") : told(where);
}

std::string words_of(const Result& result) {
  std::string words;
  for (const std::string* word : {&result.modality, &result.body_part, &result.date, &result.window}) {
    if (word->empty()) continue;
    if (!words.empty()) words += ' ';
    words += told(*word);
  }
  if (result.tile) {
    const TilePlace& tile = *result.tile;
    words += fmt::format("{}tile {},{},{},{}", words.empty() ? "" : " ", tile.x, tile.y, tile.width, tile.height);
  }
  return words;
}

NamedRow named(const Result& result) { return {result.item, result.study_uid, result.series_uid, result.sop_uid}; }

/// @throws Error{kBadFile} for a thumbnail that is damaged.
std::optional<image::Raster> picture_of(Reader& archive, const Result& result) {
  if (!item_of(archive, named(result))) return std::nullopt;
  const std::optional<Thumb> thumb = archive.catalog().thumb(result.item);
  if (!thumb) return std::nullopt;
  const std::vector<std::byte> file = Pack(archive.folder(), archive.format(), thumb->row).read(*thumb);
  const std::string name = pack_of(archive.folder(), thumb->row).string();
  image::DecodeOptions options;
  options.max_pixels = kMostThumbPixels;
  const image::Image decoded = image::decode_webp(file, options, name);
  const image::RasterView view(decoded.width, decoded.height, image::channels(decoded.mode), decoded.samples);
  return image::to_rgb(decoded.mode, view, decoded.palette);
}

results::Finding finding_of(const Result& result) {
  results::Finding finding;
  finding.rank = result.rank;
  finding.score = result.score;
  finding.percentile = result.percentile;
  finding.verdict = result.verdict;
  finding.series_uid = result.series_uid;
  finding.words = words_of(result);
  if (result.kind == "series") return finding;
  finding.sop_class_uid = result.sop_class_uid;
  finding.sop_uid = result.sop_uid;
  // Tiles are not numbered as frames of the object are.
  finding.frame = result.frames > 1 && !result.tile ? result.frame : 0;
  return finding;
}

results::Report report_of(const Card& card, const StudyResults& study) {
  results::Report report;
  report.id = card.id;
  report.made_at = card.made_at;
  report.version = card.version;
  for (const cards::Part& part : card.parts) {
    const std::string what = told_part(part, study);
    report.asked.push_back(part.weight < 0 ? fmt::format("not {}", what) : what);
  }
  report.facts = {{"filter", told_filter(card.where)},
                  {"exact", card.exact ? "yes" : "no"},
                  {"searched", fmt::format("{}", card.searched)},
                  {"archive", told(card.archive_id)},
                  {"snapshot", fmt::format("{}", card.snapshot)},
                  {"weights", told(card.space.weights_sha256)},
                  {"profile", told(card.space.profile)},
                  {"card", told(card.id)}};
  report.results = card.results.size();
  for (const Result* result : study.results) report.findings.push_back(finding_of(*result));
  return report;
}

void add_pictures(Reader& archive, const StudyResults& study, results::Report& report) {
  const std::size_t shown = std::min(report.findings.size(), results::kMostShown);
  for (std::size_t i = 0; i < shown; ++i) report.findings[i].picture = picture_of(archive, *study.results[i]);
}

/// The objects of one study. An error of one leaves the other.
class Maker {
 public:
  Maker(Reader& archive, const Card& card, const StudyResults& study, const Uses& uses, LastZip& zips)
      : archive_(archive), study_(study), uses_(uses), zips_(zips), report_(report_of(card, study)) {}

  void make(As as) {
    std::optional<results::StudyHeader> header;
    const bool known = guarded("study " + study_.uid, [&] {
      std::vector<NamedRow> rows;
      for (const Result* result : study_.results) rows.push_back(named(*result));
      header = header_of(archive_, rows, study_.uid, uses_.fetch, zips_);
    });
    if (!known) return;
    if (as != As::kSc) use("SR", [&] { return results::make_structured_report(report_, *header); });
    if (as == As::kSr) return;
    use("SC", [&] {
      add_pictures(archive_, study_, report_);
      return results::make_secondary_capture(report_, *header);
    });
  }

 private:
  template <typename Work>
  bool guarded(const std::string& what, const Work& work) {
    try {
      work();
      return true;
    } catch (const Error& error) {
      uses_.left_out(base::printable(what), error);
      return false;
    }
  }

  template <typename Make>
  void use(const std::string& kind, const Make& make_object) {
    results::ResultObject object;
    if (guarded(fmt::format("{} of study {}", kind, study_.uid), [&] { object = make_object(); })) uses_.made(object);
  }

  Reader& archive_;
  const StudyResults& study_;
  const Uses& uses_;
  LastZip& zips_;
  results::Report report_;
};

/// What an object of fixed fields takes of a card's texts.
void require_fields(const Card& card) {
  constexpr std::string_view kTime = "0000-00-00T00:00:00Z";
  constexpr std::size_t kMostVersion = 64;
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  bool time = card.made_at.size() == kTime.size();
  for (std::size_t i = 0; time && i < kTime.size(); ++i) {
    time = digit(kTime[i]) ? digit(card.made_at[i]) : kTime[i] == card.made_at[i];
  }
  if (!time) throw Error(Code::kBadFile, "made_at: expected a time as YYYY-MM-DDThh:mm:ssZ");
  const bool version =
      !card.version.empty() && card.version.size() <= kMostVersion &&
      std::all_of(card.version.begin(), card.version.end(), [](char c) { return c > ' ' && c <= '~' && c != '\\'; });
  if (!version) throw Error(Code::kBadFile, "mi2_version: expected 1 to 64 printable characters without blanks");
}

}  // namespace

As parse_as(std::string_view name) {
  if (name == "sr") return As::kSr;
  if (name == "sc") return As::kSc;
  if (name == "both") return As::kBoth;
  throw Error(Code::kBadArgument, fmt::format("as: expected sr, sc or both, got '{}'", base::printable(name)));
}

std::size_t make_objects(Reader& archive, const Card& card, As as, const Uses& uses) {
  if (card.archive_id != archive.format().id) {
    throw Error(Code::kBadArgument, fmt::format("expected a card of archive {}, got one of {}", archive.format().id,
                                                base::printable(card.archive_id)));
  }
  require_fields(card);
  std::size_t of_studies = 0;
  LastZip zips;
  for (const StudyResults& study : by_study(card)) {
    of_studies += study.results.size();
    Maker(archive, card, study, uses, zips).make(as);
  }
  return card.results.size() - of_studies;
}

}  // namespace mi2::archive::push
