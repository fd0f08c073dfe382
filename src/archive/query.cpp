#include "archive/query.hpp"

#include <algorithm>
#include <utility>

namespace mi2::archive {
namespace {

QueryPart made_part(std::span<const float> vector, double weight, Nature nature) {
  QueryPart part;
  part.vector.assign(vector.begin(), vector.end());
  part.weight = weight;
  part.nature = nature;
  return part;
}

/// Whether a filter lets a live row of an object by.
bool is_seen(Reader& archive, Id instance, const filter::Expr& visible) {
  const auto allowed = archive.allowed(visible);
  return std::any_of(archive.rows().begin(), archive.rows().end(), [&](const RowFacts& row) {
    return row.instance == instance && !row.deleted && allowed->test(static_cast<std::size_t>(row.row));
  });
}

}  // namespace

std::size_t add_texts(const Embedder& embedder, std::span<const std::string> texts, double weight,
                      std::vector<MadePart>& made) {
  if (texts.empty()) return 0;
  const TextEmbeddings found = embedder.embed_texts(texts);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    made.push_back({made_part(found.vectors.row(i), weight, Nature::kText), {}});
    made.back().part.origin.asked = Asked::kText;
    made.back().part.origin.text = texts[i];
  }
  return static_cast<std::size_t>(std::count(found.truncated.begin(), found.truncated.end(), true));
}

MadePart part_of_image(const Embedder& embedder, const Pixels& pixels) {
  const EmbeddingMatrix found = embedder.embed_images(std::span(&pixels, 1));
  MadePart made{made_part(found.row(0), 1, Nature::kImage), {}};
  made.part.origin.asked = Asked::kImage;
  return made;
}

std::vector<Subject> known_subjects(Reader& archive, const ObjectNames& names, const filter::Expr* visible) {
  std::vector<Subject> subjects;
  Catalog& catalog = archive.catalog();
  if (!names.patient_key.empty()) {
    if (const auto patient = catalog.patient_of(names.patient_key)) subjects.push_back({*patient, 0, 0});
  }
  if (!names.sop_uid.empty()) {
    const auto subject = catalog.subject_of(names.sop_uid);
    if (subject && (visible == nullptr || is_seen(archive, subject->instance, *visible))) {
      subjects.push_back({subject->patient, subject->study, subject->instance});
    }
  }
  return subjects;
}

std::vector<QueryPart> stored_parts(Reader& archive, const StoredQuery& query) {
  std::vector<QueryPart> parts;
  for (const std::uint64_t item : query.items) parts.push_back(part_of_item(archive, item));
  for (const std::string& uid : query.studies) parts.push_back(part_of_study(archive, uid));
  for (const std::string& uid : query.series) parts.push_back(part_of_series(archive, uid));
  return parts;
}

void add_made(Reader& archive, std::vector<MadePart> made, std::vector<QueryPart>& parts) {
  for (MadePart& one : made) {
    one.part.subjects = known_subjects(archive, one.names);
    parts.push_back(std::move(one.part));
  }
}

}  // namespace mi2::archive
