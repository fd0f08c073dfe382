#pragma once
// Which rows of embeddings an adapter is trained, calibrated and evaluated on.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "adapter/training.hpp"
#include "progress.hpp"
#include "row_labels.hpp"
#include "vectors/vectors.hpp"

namespace mi2::cli {

/// The rows of several files, one after the other.
/// @param paths  as for read_embeddings, of one file.
/// @throws as read_embeddings(); Error{kBadArgument} for files that do not go together.
vectors::VectorTable read_all_embeddings(const std::vector<std::string>& files, const std::string& paths);

/// @param target   what labels are: one each; several with '|' between, or none; numbers; times, with their events.
/// @param classes  "A,B,C": only rows of these labels, or of findings only these; empty: all.
/// @param folds    whether the training rows name their folds.
/// @throws Error{kBadArgument} for a class, or the label of an evaluated row, that is on no training row, and for
///         tables of which one has groups and another has none; {kBadFile} for a row that counts whose group or fold is
///         empty, or that has no number, time or event where the target needs one; as
///         evaluation::check_size_of_findings().
adapter::TrainingSet training_set(const vectors::VectorTable& table, const std::vector<std::optional<RowLabel>>& rows,
                                  adapter::Target target, const std::string& classes, bool folds, Progress& progress);

/// What became of each row, as CSV: path,label,part,fold. The label is a row's findings with '|' between, its number,
/// or its time, with a + after it if it was censored. The part is train, val, test or "held out", the fold that in
/// which a training row was judged, from 1; empty without cross-validation, and where it could not be.
std::string parts_csv(const vectors::VectorTable& table, const adapter::TrainingSet& set,
                      const adapter::TrainedAdapter& trained);

}  // namespace mi2::cli
