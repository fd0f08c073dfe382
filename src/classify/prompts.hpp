#pragma once
// From labels and templates to prompts, and from these to one vector per label.

#include <cstddef>
#include <string>
#include <vector>

#include <mi2/matrix.hpp>

namespace mi2::classify {

/// Every label in every template's "{}": the first label's texts, then the second's.
/// @throws Error{kBadArgument} for no label, an empty one, a label twice, no template, or one without "{}".
std::vector<std::string> prompts_of(const std::vector<std::string>& labels, const std::vector<std::string>& templates);

/// The vectors of prompts_of() to one unit vector per label: the direction of the mean over its `templates` texts.
/// Source: Radford et al., ICML 2021, section 3.1 (prompt ensembling in embedding space).
EmbeddingMatrix label_directions(const EmbeddingMatrix& vectors, std::size_t templates);

}  // namespace mi2::classify
