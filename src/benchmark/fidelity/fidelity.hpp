#pragma once
// What an element type costs and what it saves: the vectors of each compared with f32's, time and memory.

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <mi2/dtype.hpp>
#include <mi2/embedder.hpp>
#include <mi2/image.hpp>

#include "base/progress.hpp"

namespace mi2::fidelity {

struct FidelityOptions {
  std::optional<std::filesystem::path> model;   ///< a model directory; without one, made-up weights of the full model
  std::vector<DType> dtypes;                    ///< of the device, each once; f32 is measured first, listed or not
  bool every_dtype = false;                     ///< in place of `dtypes`, all that the device has
  EmbedderOptions embedder;                     ///< its dtype is not used
  std::size_t batch = 4;                        ///< images, and texts, of one forward pass
  std::vector<std::string> labels;              ///< for zero-shot classification; none: built-in texts are embedded
  std::vector<std::string> templates = {"{}"};  ///< as ClassifierOptions::templates
};

/// The images that are embedded, and what is known of them.
struct FidelityInput {
  std::vector<Pixels> images;  ///< of the model's size: see ImagePreparer
  /// The index in FidelityOptions::labels of each image's label, where it is known; empty: nothing is known.
  std::vector<std::optional<std::size_t>> label_of;
};

/// Vectors of one kind against f32's, and how long one takes.
struct FidelityPart {
  double cosine_min = 0;
  double cosine_mean = 0;
  double seconds = 0;  ///< an image or a text, the median over the forward passes
};

struct FidelityRow {
  std::string dtype;
  FidelityPart image;
  FidelityPart text;
  std::optional<double> agreement;  ///< share of images whose top label is f32's; with labels only
  std::optional<double> accuracy;   ///< share of images of known label whose top label it is
  double load_seconds = 0;
  double resident_bytes = 0;  ///< that loading added
  double peak_bytes = 0;      ///< that loading and all passes added, at most
};

struct FidelityReport {
  std::string cpu;
  std::string isa;  ///< or the device that is not the CPU
  std::string model;
  std::string profile;
  unsigned threads = 0;
  std::size_t batch = 0;
  std::size_t images = 0;
  std::size_t texts = 0;
  std::size_t truncated_texts = 0;  ///< longer than the model's context, and cut
  std::size_t labels = 0;
  std::size_t known = 0;  ///< images whose label is known
  std::vector<FidelityRow> rows;
};

/// The dtypes in the order they are measured: f32, then the others as listed.
/// @throws Error{kBadArgument} for one that the device does not compute in, or a duplicate.
std::vector<DType> measured_dtypes(const std::vector<DType>& dtypes, const Device& device = {});

/// What can be checked before images are read.
/// @throws Error{kBadArgument} for labels, templates, dtypes or a batch that make no sense, or a model that is a packed
///         file, which has one dtype; {kNotFound}, {kBadFile} for a model directory without its parts.
void check(const FidelityOptions& options);

/// Each dtype is measured in a child process of its own, one after the other: only one model is in memory at a time,
/// and what one frees, or keeps in caches, cannot hide in the next one's numbers. Because it forks, the calling process
/// must have no other thread.
/// @param on_progress  called with the images embedded in all dtypes together, and about twice a second in any case.
/// @throws as check() and Embedder::open; Error{kBadArgument} for no image, or labels that do not fit the images;
///         {kTooLarge} if memory runs out; {kInternal} if a vector is not of length one or the child process dies.
FidelityReport measure_fidelity(const FidelityOptions& options, const FidelityInput& input,
                                const base::OnProgress& on_progress);

/// The report for machines, for people, and for documentation.
std::string to_json(const FidelityReport& report);
std::string to_text(const FidelityReport& report);
std::string to_markdown(const FidelityReport& report);

}  // namespace mi2::fidelity
