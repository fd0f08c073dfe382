#include "archive/cards/replay.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/cards/make.hpp"
#include "archive/filter/filter.hpp"
#include "archive/relevance.hpp"
#include "archive/scan/scan.hpp"
#include "base/json_text.hpp"

namespace mi2::archive::cards {
namespace {

/// What a result is of. Its path is not in it: a file may be moved.
constexpr std::array<std::pair<std::string_view, std::string Result::*>, 14> kObject{
    {{"kind", &Result::kind},
     {"SOP class", &Result::sop_class_uid},
     {"image", &Result::sop_uid},
     {"window", &Result::window},
     {"series", &Result::series_uid},
     {"study", &Result::study_uid},
     {"file", &Result::file_sha256},
     {"modality", &Result::modality},
     {"body part", &Result::body_part},
     {"date", &Result::date},
     {"study description", &Result::study_description},
     {"series description", &Result::series_description},
     {"site", &Result::site},
     {"station", &Result::station}}};

constexpr std::array<std::pair<std::string_view, std::string Provenance::*>, 5> kProvenance{
    {{"mi2 version", &Provenance::version},
     {"weights", &Provenance::weights_sha256},
     {"profile", &Provenance::profile},
     {"dtype", &Provenance::dtype},
     {"instructions", &Provenance::instructions}}};

/// Fields of filters whose values change without a change of their own.
constexpr std::array<std::string_view, 3> kFieldsOfNow{"slices", "path", "label"};

bool same_bits(double a, double b) { return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b); }

bool same_bits(std::span<const float> a, std::span<const float> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](float x, float y) {
    return std::bit_cast<std::uint32_t>(x) == std::bit_cast<std::uint32_t>(y);
  });
}

void require_same_archive(const archive::Reader& archive, const Card& card, const std::string& name) {
  const Format& format = archive.format();
  if (format.id != card.archive_id) {
    throw Error(Code::kBadArgument, fmt::format("{}: expected the card's archive, {}, got another one, {}", name,
                                                card.archive_id, format.id));
  }
  require_same(format.space, card.space, name, "the card");
  if (format.dimensions != card.dimensions) {
    throw Error(Code::kBadArgument, fmt::format("{}: expected vectors of {} dimensions, as the card has, got {}", name,
                                                card.dimensions, format.dimensions));
  }
  if (card.snapshot > archive.sequence()) {
    throw Error(Code::kBadArgument,
                fmt::format("{}: expected snapshot {}, which the card's search saw, or a later one, got {}: an older "
                            "copy of the archive",
                            name, card.snapshot, archive.sequence()));
  }
}

SearchOptions options_of(const Card& card, const ReplayOptions& how) {
  SearchOptions options;
  options.k = card.k;
  options.by = card.by;
  options.same_patient = card.same_patient;
  options.match = card.match;
  // As it was then, also of what came of the background.
  if (card.min_score) options.min_score = MinScore{*card.min_score, false};
  if (!card.where.empty()) options.where = filter::parse(card.where);
  options.at = card.snapshot;
  options.deleted_since = true;
  options.linked = card.linked_patients;
  options.on_progress = how.on_progress;
  options.stop = how.stop;
  return options;
}

SearchAnswer searched_again(archive::Reader& archive, const Card& card, const ReplayOptions& how,
                            base::ThreadPool& pool) {
  SearchAnswer answer;
  answer.exact = true;
  if (card.snapshot == 0) return answer;  // nothing was there yet
  std::vector<QueryPart> parts;
  for (const Part& part : card.parts) parts.push_back(query_part(part));
  return search(archive, parts, options_of(card, how), pool);
}

/// The names of what differs, joined; empty: nothing does.
std::string differing(const Result& then, const Result& now) {
  std::vector<std::string_view> names;
  for (const auto& [name, member] : kObject) {
    if (then.*member != now.*member) names.push_back(name);
  }
  for (const auto& [name, member] : kProvenance) {
    if (then.provenance.*member != now.provenance.*member) names.push_back(name);
  }
  if (then.frame != now.frame || then.frames != now.frames) names.emplace_back("frame");
  if (then.tile != now.tile) names.emplace_back("tile");
  if (then.position != now.position) names.emplace_back("position");
  if (then.agrees != now.agrees || then.differs != now.differs) names.emplace_back("agreeing and differing tags");
  return fmt::format("{}", fmt::join(names, ", "));
}

/// Compares one card with the archive as it is now.
class Comparison {
 public:
  Comparison(archive::Reader& archive, const Card& card, const SearchAnswer& answer, Replay& replay)
      : archive_(archive), card_(card), answer_(answer), replay_(replay), now_(results_of(archive, answer, false)) {}

  void run() {
    same_background_ = Background(archive_.catalog()).sha256() == card_.background_sha256;
    if (!same_background_) {
      note("what percentiles and verdicts rest on has changed since: they were not compared");
    }
    for (const Result& then : card_.results) compare(then);
    for (const Result& found : now_) {
      if (on(card_.results, found.item) != nullptr) continue;
      differ("new", found.rank,
             fmt::format("item {} is result {} now, and on the card it is none", found.item, found.rank));
    }
    compare_counts();
    note_deleted();
    note_filter();
  }

 private:
  void differ(std::string_view what, std::size_t rank, std::string text) {
    replay_.differences.push_back({what, rank, std::move(text)});
  }
  void note(std::string text) { replay_.notes.push_back(std::move(text)); }

  static const Result* on(const std::vector<Result>& results, std::uint64_t item) {
    const auto found = std::find_if(results.begin(), results.end(), [&](const Result& r) { return r.item == item; });
    return found == results.end() ? nullptr : &*found;
  }

  /// What the catalog has of a row; null: nothing.
  const RowFacts* row_of(std::uint64_t item) {
    const std::vector<RowFacts>& rows = archive_.rows();
    const auto found = std::lower_bound(rows.begin(), rows.end(), item,
                                        [](const RowFacts& row, std::uint64_t number) { return row.row < number; });
    return found == rows.end() || found->row != item ? nullptr : &*found;
  }

  void compare(const Result& then) {
    const Result* const now = on(now_, then.item);
    if (now == nullptr) return compare_missing(then);
    if (now->rank != then.rank) {
      differ("rank", then.rank, fmt::format("result {} (item {}) is result {} now", then.rank, then.item, now->rank));
    }
    if (!same_bits(then.score, now->score)) {
      differ("score", then.rank,
             fmt::format("result {} (item {}): score {} on the card, {} now", then.rank, then.item, then.score,
                         now->score));
    }
    if (const std::string names = differing(then, *now); !names.empty()) {
      differ("object", then.rank,
             fmt::format("result {} (item {}): the archive has another {} of it now", then.rank, then.item, names));
    }
    if (same_background_ && (then.percentile != now->percentile || then.verdict != now->verdict)) {
      differ("verdict", then.rank,
             fmt::format("result {} (item {}): another percentile or verdict by the same background", then.rank,
                         then.item));
    }
    if (answer_.found[now->rank - 1].item.deleted) {
      note(fmt::format("result {} (item {}) has been deleted since; its vector is still there", then.rank, then.item));
    }
  }

  void compare_missing(const Result& then) {
    const RowFacts* const row = row_of(then.item);
    if (row == nullptr) {
      differ("missing", then.rank,
             fmt::format("result {} (item {}): the archive has no such row", then.rank, then.item));
    } else if (row->kind == RowFacts::Kind::kGone) {
      differ(
          "erased", then.rank,
          fmt::format("result {} (item {}) has been erased since: nothing is left to compare", then.rank, then.item));
    } else {
      differ("missing", then.rank, fmt::format("result {} (item {}) is not found any more", then.rank, then.item));
    }
  }

  void compare_counts() {
    if (card_.exact && !answer_.exact) differ("searched", 0, "the search was exact, and is not proven to be now");
    // Of an erased row nothing says what it was, so numbers cannot be expected to add up.
    if (answer_.excluded.erased > card_.excluded.erased) {
      note(fmt::format("{} rows of the snapshot have been erased since, and could not be searched again",
                       answer_.excluded.erased - card_.excluded.erased));
      return;
    }
    const Excluded& then = card_.excluded;
    const Excluded& now = answer_.excluded;
    compare_count("searched", card_.searched, answer_.searched);
    compare_count("of the same patient", then.same_patient, now.same_patient);
    compare_count("of linked patients", then.linked_patients, now.linked_patients);
    compare_count("of other patients", then.other_patients, now.other_patients);
    compare_count("left out by the filter", then.filter, now.filter);
    compare_count("deleted at the time", then.deleted, now.deleted);
    compare_count("erased", then.erased, now.erased);
    if (then.score != now.score) {
      differ("searched", 0,
             fmt::format("results left out by their scores: {} on the card, {} now", then.score, now.score));
    }
  }

  void compare_count(std::string_view what, std::size_t then, std::size_t now) {
    if (then != now) differ("searched", 0, fmt::format("rows {}: {} on the card, {} now", what, then, now));
  }

  void note_deleted() {
    const RowFacts::Kind wanted = card_.match == Match::kMean ? RowFacts::Kind::kSeries : RowFacts::Kind::kFrame;
    const auto deleted = std::count_if(archive_.rows().begin(), archive_.rows().end(), [&](const RowFacts& row) {
      return row.kind == wanted && row.added <= card_.snapshot && row.removed > card_.snapshot;
    });
    if (deleted == 0) return;
    note(fmt::format(
        "{} rows of the snapshot have been deleted or replaced since; their vectors are still there, and were searched",
        deleted));
  }

  void note_filter() {
    if (card_.where.empty()) return;
    const filter::Expr where = filter::parse(card_.where);
    for (const std::string_view field : kFieldsOfNow) {
      if (filter::uses(where, field))
        note(fmt::format("the filter's {} are as they are now, not as of the snapshot", field));
    }
  }

  archive::Reader& archive_;
  const Card& card_;
  const SearchAnswer& answer_;
  Replay& replay_;
  std::vector<Result> now_;
  bool same_background_ = false;
};

}  // namespace

Replay replay(archive::Reader& archive, const Card& card, const ReplayOptions& options, base::ThreadPool& pool) {
  require_same_archive(archive, card, options.name.empty() ? archive.folder().string() : options.name);
  const SearchAnswer answer = searched_again(archive, card, options, pool);
  Replay replay;
  Comparison(archive, card, answer, replay).run();
  return replay;
}

std::vector<std::string> texts_of(const Card& card, bool away) {
  std::vector<std::string> texts;
  for (const Part& part : card.parts) {
    if (part.origin.asked == Asked::kText && (part.weight < 0) == away) texts.push_back(part.origin.text);
  }
  return texts;
}

void compare_texts(const Card& card, bool away, const EmbeddingMatrix& vectors, const Provenance& by, Replay& replay) {
  std::size_t next = 0;
  bool others = false;
  for (std::size_t i = 0; i < card.parts.size(); ++i) {
    const Part& part = card.parts[i];
    if (part.origin.asked != Asked::kText || (part.weight < 0) != away) continue;
    if (next >= vectors.rows()) throw Error(Code::kInternal, "card: fewer vectors than texts");
    const std::span<const float> made = vectors.row(next++);
    if (same_bits(made, part.vector)) continue;
    others = true;
    const scan::Part then{part.vector, 1.0};
    const scan::Part now{made, 1.0};
    const double cosine = scan::inner_product(scan::combine(std::span(&then, 1)), scan::combine(std::span(&now, 1)));
    replay.differences.push_back({"query", 0,
                                  fmt::format("part {} of the query: the model makes another vector of its text now, "
                                              "with cosine {:.9f} to the card's",
                                              i + 1, cosine)});
  }
  if (!others || !card.model) return;
  for (const auto& [name, member] : kProvenance) {
    if ((*card.model).*member == by.*member) continue;
    replay.notes.push_back(fmt::format("the query's vectors were made with {} {:.64}, and now with {:.64}", name,
                                       (*card.model).*member, by.*member));
  }
}

std::string to_json(const Card& card, const Replay& replay) {
  std::string text =
      fmt::format(R"({{"card": {}, "same": {}, "differences": [)", base::json_string(card.id), replay.same());
  for (const Difference& difference : replay.differences) {
    if (!text.ends_with('[')) text += ", ";
    text += fmt::format(R"({{"what": "{}", )", difference.what);
    if (difference.rank > 0) text += fmt::format(R"("rank": {}, )", difference.rank);
    text += fmt::format(R"("text": {}}})", base::json_string(difference.text));
  }
  return text + fmt::format(R"(], "notes": {}}})", base::json_strings(replay.notes));
}

}  // namespace mi2::archive::cards
