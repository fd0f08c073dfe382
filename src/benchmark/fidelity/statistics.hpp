#pragma once
// The arithmetic of a fidelity report.

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <mi2/matrix.hpp>

namespace mi2::fidelity {

/// Cosines of vectors with their counterparts.
struct Cosines {
  double min = 0;
  double mean = 0;
};

/// Row by row; divides by the lengths, so that rounding of the unit length does not count.
/// @throws Error{kInternal} if the two are not of one shape, or hold no row.
Cosines cosines(const EmbeddingMatrix& found, const EmbeddingMatrix& reference);

/// The middle value, or the mean of the two in the middle. 0 of none.
double median(std::vector<double> values);

/// The label whose vector is nearest to each image's: the first of equals, as Classifier has it.
std::vector<std::size_t> top_labels(const EmbeddingMatrix& images, const EmbeddingMatrix& labels);

/// The share of images that have the same top label in both. Nothing for no image.
std::optional<double> agreement(std::span<const std::size_t> found, std::span<const std::size_t> reference);

/// The share of images of known label that have it as top label. Nothing if no label is known.
std::optional<double> accuracy(std::span<const std::size_t> found,
                               std::span<const std::optional<std::size_t>> label_of);

/// @param what  what errors call the vectors: "bf16: image".
/// @throws Error{kInternal} naming the first vector that is not of length one: figures for wrong numbers are worth
///         nothing.
void check_unit_vectors(const EmbeddingMatrix& vectors, std::string_view what);

}  // namespace mi2::fidelity
