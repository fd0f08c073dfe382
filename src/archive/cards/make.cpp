#include "archive/cards/make.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>
#include <mi2/version.hpp>

#include "archive/relevance.hpp"
#include "base/utf8.hpp"

namespace mi2::archive::cards {
namespace {

/// What tags the two forms of a part have in common.
constexpr std::array kTags{std::pair(&Tags::modality, &ItemFacts::modality),
                           std::pair(&Tags::body_part, &ItemFacts::body_part), std::pair(&Tags::site, &ItemFacts::site),
                           std::pair(&Tags::station, &ItemFacts::station)};

/// Tags that were copied into a result.
constexpr std::array kCopied{std::pair(&Result::kind, &ItemFacts::kind),
                             std::pair(&Result::sop_uid, &ItemFacts::sop_uid),
                             std::pair(&Result::window, &ItemFacts::window),
                             std::pair(&Result::series_uid, &ItemFacts::series_uid),
                             std::pair(&Result::study_uid, &ItemFacts::study_uid),
                             std::pair(&Result::modality, &ItemFacts::modality),
                             std::pair(&Result::body_part, &ItemFacts::body_part),
                             std::pair(&Result::date, &ItemFacts::study_date),
                             std::pair(&Result::study_description, &ItemFacts::study_description),
                             std::pair(&Result::series_description, &ItemFacts::series_description),
                             std::pair(&Result::site, &ItemFacts::site),
                             std::pair(&Result::station, &ItemFacts::station)};

void require_at_most(std::string_view what, std::size_t count, std::size_t most) {
  if (count <= most) return;
  throw Error(Code::kTooLarge, fmt::format("card: expected at most {} {}, got {}", most, what, count));
}

Result result_of(Reader& archive, const Found& found, bool path) {
  const ItemFacts& item = found.item;
  Result result;
  result.score = found.score;
  if (found.judgement) {
    result.percentile = found.judgement->percentile;
    result.verdict = name_of(found.judgement->verdict);
  }
  result.item = item.row;
  for (const auto& [to, from] : kCopied) result.*to = base::replace_invalid_utf8(item.*from);
  result.frame = item.frame;
  if (item.tile) result.tile = item.tile->place;
  result.frames = item.frames;
  result.position = item.position;
  if (path) result.path = base::replace_invalid_utf8(item.locator);
  result.agrees.assign(found.agrees.begin(), found.agrees.end());
  result.differs.assign(found.differs.begin(), found.differs.end());
  if (const std::optional<RowSource> source = archive.catalog().source_of(item.row)) {
    result.sop_class_uid = base::replace_invalid_utf8(source->sop_class);
    result.file_sha256 = source->file_sha256;
    result.provenance = source->provenance;
  }
  return result;
}

}  // namespace

Part part_of(const QueryPart& part) {
  Part made;
  made.origin = part.origin;
  made.weight = part.weight;
  made.vector = part.vector;
  // Of a study each series has its subject: mostly the same.
  for (const Subject& who : part.subjects) {
    const bool known = std::any_of(made.subjects.begin(), made.subjects.end(), [&](const Subject& other) {
      return other.patient == who.patient && other.study == who.study && other.instance == who.instance;
    });
    if (!known) made.subjects.push_back(who);
  }
  require_at_most("patients of one part of the query", made.subjects.size(), kMostSubjects);
  if (part.facts) {
    made.tags.emplace();
    for (const auto& [to, from] : kTags) *made.tags.*to = base::replace_invalid_utf8(*part.facts.*from);
  }
  return made;
}

QueryPart query_part(const Part& part) {
  QueryPart query;
  query.vector = part.vector;
  query.weight = part.weight;
  query.subjects = part.subjects;
  query.origin = part.origin;
  const bool vector = part.origin.asked == Asked::kVector;
  query.nature = part.origin.asked == Asked::kText ? Nature::kText : vector ? Nature::kOther : Nature::kImage;
  if (part.tags) {
    query.facts.emplace();
    for (const auto& [from, to] : kTags) *query.facts.*to = *part.tags.*from;
  }
  return query;
}

std::vector<Result> results_of(Reader& archive, const SearchAnswer& answer, bool paths) {
  std::vector<Result> results;
  for (const Found& found : answer.found) {
    results.push_back(result_of(archive, found, paths));
    results.back().rank = results.size();
  }
  return results;
}

Card make_card(Reader& archive, std::span<const QueryPart> parts, const SearchOptions& options,
               const SearchAnswer& answer, const Making& making) {
  if (options.visible) {
    throw Error(Code::kUnsupported, "card: expected a search of all rows, got one of those that somebody may see");
  }
  require_at_most("parts of a query", parts.size(), kMostParts);
  require_at_most("results", answer.found.size(), kMostResults);
  const Format& format = archive.format();
  Card card;
  card.made_at = now_text();
  card.version = version();
  for (const QueryPart& part : parts) card.parts.push_back(part_of(part));
  if (options.where) card.where = filter::to_text(*options.where);
  card.k = options.k;
  card.by = options.by;
  card.same_patient = options.same_patient;
  card.match = options.match;
  if (answer.min_score) {
    card.min_score = answer.min_score->score;
    card.min_score_auto = answer.min_score->automatic;
  }
  card.model = making.model;
  card.archive_id = format.id;
  card.archive_created = format.created;
  card.dimensions = format.dimensions;
  card.space = format.space;
  card.snapshot = answer.snapshot;
  card.exact = answer.exact;
  card.searched = answer.searched;
  card.excluded = answer.excluded;
  require_at_most("linked patients", answer.linked.size(), kMostLinkedPatients);
  card.linked_patients = answer.linked;
  card.crowded_patient = answer.crowded_patient;
  card.background_sha256 = Background(archive.catalog()).sha256();
  card.results = results_of(archive, answer, making.paths);
  return card;
}

void annotate(Card& card, const Notes& notes) {
  require_at_most("bytes in its note", notes.text.size(), kMostNote);
  card.note = notes.text;
  for (std::size_t i = 0; i < notes.results.size(); ++i) {
    const Notes::OfResult& note = notes.results[i];
    require_at_most("bytes in the note of a result", note.text.size(), kMostNote);
    const auto found = std::find_if(card.results.begin(), card.results.end(),
                                    [&](const Result& result) { return result.item == note.item; });
    if (found == card.results.end()) {
      throw Error(Code::kBadArgument, fmt::format("notes: result {}: expected an item that the search finds", i + 1));
    }
    if (found->pinned) throw Error(Code::kBadArgument, fmt::format("notes: result {}: its item has a note", i + 1));
    found->pinned = true;
    found->note = note.text;
  }
}

std::vector<std::string> thumbnails_of(Reader& archive, const Card& card) {
  std::vector<std::string> thumbnails;
  for (const Result& result : card.results) {
    std::string& file = thumbnails.emplace_back();
    const std::optional<std::vector<std::byte>> bytes = archive.thumbnail(result.item);
    if (!bytes) continue;
    for (const std::byte byte : *bytes) file += std::to_integer<char>(byte);
  }
  return thumbnails;
}

}  // namespace mi2::archive::cards
