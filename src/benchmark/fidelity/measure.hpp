#pragma once
// One dtype's turn of a fidelity report.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <mi2/matrix.hpp>

#include "base/progress.hpp"
#include "benchmark/fidelity/fidelity.hpp"

namespace mi2::fidelity {

/// What the child process of one dtype sends back.
struct Measurement {
  std::string device;  ///< in use: "cpu", "cuda:0"
  double load_seconds = 0;
  double resident_bytes = 0;  ///< that loading added
  double peak_bytes = 0;      ///< that loading and passes added, at most
  double truncated_texts = 0;
  std::vector<double> image_seconds;  ///< of each forward pass, an image
  std::vector<double> text_seconds;
  EmbeddingMatrix images;
  EmbeddingMatrix texts;
};

/// Loads the model and embeds everything, in this process.
/// @param on_progress  called after each pass over images.
/// @throws as measure_fidelity.
Measurement measure(const FidelityOptions& options, DType dtype, const std::vector<Pixels>& images,
                    const std::vector<std::string>& texts, const base::OnProgress& on_progress);

/// A measurement as bytes for this machine, and back. @throws Error{kInternal} for bytes pack() did not write.
std::string pack(const Measurement& measurement);
Measurement unpack(std::string_view bytes);

}  // namespace mi2::fidelity
