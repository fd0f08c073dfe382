// A card as canonical JSON, both ways: each of its members is named once.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "archive/cards/card.hpp"
#include "archive/cards/members.hpp"
#include "archive/filter/filter.hpp"
#include "archive/scan/codes.hpp"
#include "base/hash.hpp"
#include "base/json.hpp"

namespace mi2::archive::cards {
namespace {

/// In the order of their enumerations.
constexpr std::array<std::string_view, 6> kAsked{"text", "image", "item", "series", "study", "vector"};
constexpr std::array<std::string_view, 5> kBy{"study", "series", "patient", "image", "tile"};
constexpr std::array<std::string_view, 3> kSamePatient{"exclude", "include", "only"};

constexpr std::size_t kMostValues = 1U << 18;
constexpr std::uint64_t kMostRows = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint64_t kMostHits = 100'000;
constexpr std::uint64_t kMostLevels = 1U << 16U;

// Each member once. `Io` is a MemberWriter and the value a constant, or Members and one that is filled.

template <typename Io, typename Value>
void visit_provenance(Io& io, Value& made) {
  io.text("mi2_version", made.version);
  io.text("weights_sha256", made.weights_sha256);
  io.text("profile", made.profile);
  io.text("dtype", made.dtype);
  io.text("instructions", made.instructions);
}

template <typename Io, typename Value>
void visit_space(Io& io, Value& space) {
  io.text("weights_sha256", space.weights_sha256);
  io.text("profile", space.profile);
  io.text("normalisation", space.normalisation);
  io.text("windows", space.windows);
  io.text("intensity", space.intensity);
  io.text("plane", space.plane);
}

template <typename Io, typename Value>
void visit_tags(Io& io, Value& tags) {
  io.text("modality", tags.modality);
  io.text("body_part", tags.body_part);
  io.text("site", tags.site);
  io.text("station", tags.station);
}

template <typename Io, typename Value>
void visit_part(Io& io, Value& part, std::size_t dimensions) {
  io.word("as", part.origin.asked, kAsked);
  io.text("text", part.origin.text);
  io.text("sha256", part.origin.sha256);
  io.text("region", part.origin.region);
  io.whole("item", part.origin.item, 0, kMostRows);
  io.text("uid", part.origin.uid);
  io.whole("place", part.origin.place, 0, kMostRows);
  io.number("weight", part.weight);
  io.floats("vector", part.vector, dimensions);
  io.subjects("subjects", part.subjects);
  io.maybe("tags", part.tags, [](auto& inner, auto& tags) { visit_tags(inner, tags); });
}

template <typename Io, typename Value>
void visit_tile(Io& io, Value& tile) {
  io.whole("level", tile.level, 0, kMostLevels);
  io.whole("x", tile.x, 0, kMostIds);
  io.whole("y", tile.y, 0, kMostIds);
  io.whole("width", tile.width, 0, kMostIds);
  io.whole("height", tile.height, 0, kMostIds);
  io.number("mpp", tile.mpp);
}

template <typename Io, typename Value>
void visit_result(Io& io, Value& result) {
  io.whole("rank", result.rank, 1, kMostResults);
  io.number("score", result.score);
  io.number("percentile", result.percentile);
  io.text("verdict", result.verdict);
  io.whole("item", result.item, 0, kMostRows);
  io.text("kind", result.kind);
  io.text("sop_class", result.sop_class_uid);
  io.text("image", result.sop_uid);
  io.text("series", result.series_uid);
  io.text("study", result.study_uid);
  io.whole("frame", result.frame, 0, kMostIds);
  io.whole("frames", result.frames, 0, kMostIds);
  io.maybe("tile", result.tile, [](auto& inner, auto& tile) { visit_tile(inner, tile); });
  io.text("window", result.window);
  io.number("position", result.position);
  io.text("file_sha256", result.file_sha256);
  io.text("path", result.path);
  io.text("modality", result.modality);
  io.text("body_part", result.body_part);
  io.text("date", result.date);
  io.text("study_description", result.study_description);
  io.text("series_description", result.series_description);
  io.text("site", result.site);
  io.text("station", result.station);
  io.texts("agrees", result.agrees);
  io.texts("differs", result.differs);
  io.object("provenance", [&](auto& inner) { visit_provenance(inner, result.provenance); });
  io.flag("pinned", result.pinned);
  io.text("note", result.note);
}

template <typename Io, typename Value>
void visit_match(Io& io, Value& card) {
  bool mean = card.match == Match::kMean;
  bool maxsim = card.match == Match::kMaxSim;
  io.flag("mean", mean);
  io.flag("maxsim", maxsim);
  if constexpr (!std::is_const_v<Value>) card.match = maxsim ? Match::kMaxSim : mean ? Match::kMean : Match::kBest;
}

template <typename Io, typename Value>
void visit_asked(Io& io, Value& card) {
  io.list("parts", card.parts, kMostParts, [&](auto& inner, auto& part) { visit_part(inner, part, card.dimensions); });
  io.text("where", card.where);
  io.whole("k", card.k, 1, kMostHits);
  io.word("by", card.by, kBy);
  io.word("same_patient", card.same_patient, kSamePatient);
  visit_match(io, card);
  io.number("min_score", card.min_score);
  io.flag("min_score_auto", card.min_score_auto);
  io.maybe("model", card.model, [](auto& inner, auto& model) { visit_provenance(inner, model); });
}

template <typename Io, typename Value>
void visit_searched(Io& io, Value& card) {
  io.whole("snapshot", card.snapshot, 0, kMostIds);
  io.flag("exact", card.exact);
  io.whole("rows", card.searched, 0, kMostRows);
  io.object("excluded", [&](auto& inner) {
    inner.whole("same_patient", card.excluded.same_patient, 0, kMostRows);
    inner.whole("linked_patients", card.excluded.linked_patients, 0, kMostRows);
    inner.whole("other_patients", card.excluded.other_patients, 0, kMostRows);
    inner.whole("filter", card.excluded.filter, 0, kMostRows);
    inner.whole("deleted", card.excluded.deleted, 0, kMostRows);
    inner.whole("erased", card.excluded.erased, 0, kMostRows);
    if (card.min_score) inner.whole("score", card.excluded.score, 0, kMostHits);
  });
  io.ids("linked", card.linked_patients, kMostLinkedPatients);
  io.flag("crowded_patient", card.crowded_patient);
  io.text("background_sha256", card.background_sha256);
}

/// All but the id. The archive comes first: it has the number of dimensions.
template <typename Io, typename Value>
void visit_card(Io& io, Value& card) {
  io.object("archive", [&](auto& inner) {
    inner.hash("id", card.archive_id, 32);
    inner.text("created", card.archive_created);
    inner.whole("dimensions", card.dimensions, 1, scan::kMaxDimensions);
    inner.object("space", [&](auto& space) { visit_space(space, card.space); });
  });
  io.hash("previous", card.previous, 64);
  io.text("made_at", card.made_at);
  io.text("mi2_version", card.version);
  io.object("asked", [&](auto& inner) { visit_asked(inner, card); });
  io.object("searched", [&](auto& inner) { visit_searched(inner, card); });
  io.list("results", card.results, kMostResults, [](auto& inner, auto& result) { visit_result(inner, result); });
  io.text("note", card.note);
}

int format_of(const Card& card) {
  const bool seen =
      std::any_of(card.results.begin(), card.results.end(), [](const auto& one) { return !one.window.empty(); });
  if (seen) return 6;
  if (card.min_score) return 5;
  const bool tiled =
      std::any_of(card.results.begin(), card.results.end(), [](const auto& one) { return one.tile.has_value(); });
  if (tiled || card.by == By::kTile) return 4;
  if (card.match == Match::kMaxSim) return 3;
  const bool noted = !card.note.empty() || std::any_of(card.results.begin(), card.results.end(),
                                                       [](const auto& one) { return one.pinned || !one.note.empty(); });
  return noted ? 2 : 1;
}

std::string written(const Card& card, const std::string& id) {
  MemberWriter writer;
  writer.whole("card", format_of(card), 0, 0);
  writer.text("id", id);
  visit_card(writer, card);
  return writer.dump();
}

/// @throws Error{kBadFile} for what no card has: the comparison with canonical text does not find it.
void check_sense(const Card& card, const Members& top) {
  if (card.id.empty()) top.refuse("id", "64 hexadecimal digits");
  if (card.archive_id.empty()) top.refuse("archive.id", "32 hexadecimal digits");
  if (card.dimensions == 0) top.refuse("archive.dimensions", "a number");
  if (card.parts.empty()) top.refuse("asked.parts", "at least one");
  if (card.results.size() > card.k) top.refuse("results", "no more than asked.k");
  if (card.min_score && !(*card.min_score >= -1 && *card.min_score <= 1)) {
    top.refuse("asked.min_score", "a number from -1 to 1");
  }
  if (card.min_score_auto && !card.min_score) top.refuse("asked.min_score_auto", "asked.min_score beside it");
  for (std::size_t i = 0; i < card.results.size(); ++i) {
    if (card.results[i].rank != i + 1) top.refuse("results", "ranks from 1 on");
    if (card.results[i].note.size() > kMostNote)
      top.refuse("results", fmt::format("notes of up to {} bytes", kMostNote));
  }
  if (card.note.size() > kMostNote) top.refuse("note", fmt::format("up to {} bytes", kMostNote));
  if (card.where.empty()) return;
  bool same = false;
  try {
    same = filter::to_text(filter::parse(card.where)) == card.where;
  } catch (const Error&) {
    same = false;
  }
  if (!same) top.refuse("asked.where", "a filter of this version, as it is printed");
}

}  // namespace

std::string_view name_of(Asked asked) noexcept { return kAsked[static_cast<std::size_t>(asked)]; }
std::string_view name_of(By by) noexcept { return kBy[static_cast<std::size_t>(by)]; }
std::string_view name_of(SamePatient rule) noexcept { return kSamePatient[static_cast<std::size_t>(rule)]; }

std::string to_json(const Card& card) { return written(card, card.id); }

std::string id_of(const Card& card) {
  const std::string text = written(card, {});
  return base::sha256_hex(std::as_bytes(std::span(text)));
}

Card from_json(std::string_view text, std::string_view name) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.size() > kMaxCardBytes) {
    throw Error(Code::kTooLarge,
                fmt::format("{}: expected at most {} bytes, got {}", name, kMaxCardBytes, text.size()));
  }
  const Json json =
      base::parse_json(text, {.name = name, .fault = Code::kBadFile, .max_values = kMostValues, .max_depth = 8});
  const Members top(json, name, "");
  std::uint64_t format = 0;
  top.whole("card", format, 0, kMostIds);
  if (format == 0) throw Error(Code::kBadFile, fmt::format("{}: expected a card of mi2 index search --cards", name));
  if (format > static_cast<std::uint64_t>(kCardFormat)) {
    throw Error(Code::kUnsupported,
                fmt::format("{}: expected format 1 to {}, got {}: written by another version of mi2", name, kCardFormat,
                            format));
  }
  Card card;
  top.hash("id", card.id, 64);
  visit_card(top, card);
  check_sense(card, top);
  if (to_json(card) != text) {
    throw Error(Code::kBadFile, fmt::format("{}: expected a card as mi2 writes it, got other text", name));
  }
  if (id_of(card) != card.id) {
    throw Error(Code::kBadFile, fmt::format("{}: changed since it was written: its id is not of its content", name));
  }
  return card;
}

}  // namespace mi2::archive::cards
