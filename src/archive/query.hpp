#pragma once
// What is searched for, made vectors of: texts and images by a model, the rest by the archive itself.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <mi2/embedder.hpp>
#include <mi2/image.hpp>

#include "archive/catalog.hpp"
#include "archive/reader.hpp"
#include "archive/search.hpp"
#include "archive/survey.hpp"

namespace mi2::archive {

/// What of an archive is searched for.
struct StoredQuery {
  std::vector<std::uint64_t> items;
  std::vector<std::string> studies;  ///< StudyInstanceUID
  std::vector<std::string> series;   ///< SeriesInstanceUID
};

/// What was made without asking the archive: it may have changed when the part is used.
struct MadePart {
  QueryPart part{};
  ObjectNames names{};  ///< of an image's object: by these the archive knows whose it is
};

/// Adds a part for each text. @param weight  negative: to look away from.
/// @returns how many texts were longer than the model's context and were cut.
/// @throws as Embedder::embed_texts().
std::size_t add_texts(const Embedder& embedder, std::span<const std::string> texts, double weight,
                      std::vector<MadePart>& made);

/// @returns the part of an image, without names and without the hash of its file. @throws as Embedder::embed_images().
MadePart part_of_image(const Embedder& embedder, const Pixels& pixels);

/// Of whom an object is, as far as the archive knows.
/// @param visible  null: every row; else what is known of an object without a row that it lets by does not count.
std::vector<Subject> known_subjects(Reader& archive, const ObjectNames& names, const filter::Expr* visible = nullptr);

/// Items, studies and series, in this order: sums of directions are then the same to the last bit, whoever asks.
/// @throws Error{kNotFound} for one that is not there.
std::vector<QueryPart> stored_parts(Reader& archive, const StoredQuery& query);
/// Adds what was made, with of whom it is.
void add_made(Reader& archive, std::vector<MadePart> made, std::vector<QueryPart>& parts);

}  // namespace mi2::archive
