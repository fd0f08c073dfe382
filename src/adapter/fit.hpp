#pragma once
// The seam between what an adapter is trained on and what computes it: libtorch, which only the program mi2-torch
// links. It registers itself here, so that nothing above needs to know.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <mi2/matrix.hpp>

#include "adapter/adapter.hpp"
#include "base/linked.hpp"
#include "base/progress.hpp"

namespace mi2::adapter {

struct FitOptions {
  bool breslow = false;   ///< Target::kSurvival: how events of one time are counted; else Efron's way
  bool balanced = false;  ///< rows weigh inversely to how frequent their class is
  unsigned threads = 0;   ///< 0: one per available core
  std::uint64_t seed = 0;
  // kLinear: C * (sum of the rows' losses; of Target::kSurvival of the events') + |weight|^2 / 2 is minimised, as
  // scikit-learn's LogisticRegression does.
  double c = 1.0;
  // kMlp: AdamW on the mean loss of batches; the epoch of the best validation is kept.
  double learning_rate = 3e-4;
  double weight_decay = 0.01;
  std::size_t batch = 32;
  std::size_t epochs = 60;
  std::size_t patience = 15;  ///< epochs without a better validation before it ends
};

/// What is true of one row, as Samples has it of all.
struct RowTruth {
  std::size_t of_class = 0;
  std::optional<double> number{};
  std::span<const std::uint8_t> findings{};
};

/// Embeddings with what is true of each.
struct Samples {
  EmbeddingMatrix vectors;
  /// [rows]: the label; of Target::kSurvival 1 for an event, 0 for a row that was censored. Of the others only what
  /// rows are spread by over folds.
  std::vector<std::size_t> classes;
  std::vector<std::size_t> ids;  ///< [rows]: which rows these are to the caller
  /// [rows], in the order of their names: what is never both trained on and judged, a patient. Empty: not known.
  std::vector<std::size_t> groups{};
  std::vector<std::size_t> folds{};      ///< [rows], from 0, of the caller's own cross-validation; empty: none
  std::vector<double> numbers{};         ///< [rows]: Target::kNumber, kOrdinal: the number; kSurvival: the time
  std::vector<std::uint8_t> findings{};  ///< Target::kFindings: [rows, labels], 0, 1 or evaluation::kUnknown

  [[nodiscard]] std::size_t rows() const noexcept { return classes.size(); }
  void add(std::span<const float> embedding, std::size_t of_class, std::size_t id) {
    vectors.append(embedding);
    classes.push_back(of_class);
    ids.push_back(id);
  }
  void add(std::span<const float> embedding, const RowTruth& truth, std::size_t id);
};

struct Fitted {
  std::vector<AdapterTensor> tensors;     ///< as layout_of()
  std::map<std::string, double> details;  ///< "epochs", "loss", ..
};

/// The stage in which linear adapters report; kMlp reports "epochs".
inline constexpr std::string_view kFits = "fits";

/// The most memory that a fit takes, roughly, in bytes.
/// @param shape  as of Fitter. @param rows  that are trained on.
double memory_of_fit(const AdapterDescription& shape, std::size_t rows, const FitOptions& options);

/// Longest squares of numbers, over dimensions or rows, whichever are fewer, that Newton's method solves at each step.
inline constexpr std::size_t kMostSquared = 8192;

/// Before anything is allocated: that a fit has room, and is not for ever.
/// @param available  bytes; nothing: not known.
/// @throws Error{kTooLarge} saying what it would need.
void check_size_of_fit(const AdapterDescription& shape, std::size_t rows, const FitOptions& options,
                       std::optional<std::uint64_t> available);

/// @param shape       kind, target, in_channels, hidden_dim and labels.
/// @param validation  kMlp needs rows; kLinear does not look at them.
/// @throws Error{kBadArgument} if the numbers lead nowhere (a loss that is not finite).
using Fitter = Fitted (*)(const AdapterDescription& shape, const Samples& train, const Samples& validation,
                          const FitOptions& options, const base::OnProgress& on_progress);

/// Provided by a program that links libtorch.
base::Linked<Fitter>& fitter() noexcept;

/// @throws Error{kUnsupported} if no fitter was provided; as Fitter.
Fitted fit(const AdapterDescription& shape, const Samples& train, const Samples& validation, const FitOptions& options,
           const base::OnProgress& on_progress);

}  // namespace mi2::adapter
