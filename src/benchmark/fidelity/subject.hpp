#pragma once
// What a fidelity report measures: a model directory through the public API, or the made-up full model.

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <mi2/embedder.hpp>
#include <mi2/image.hpp>
#include <mi2/matrix.hpp>

namespace mi2::fidelity {

class Subject {
 public:
  virtual ~Subject() = default;
  /// What computes: "cpu", "cuda:0".
  [[nodiscard]] virtual std::string device() const = 0;
  /// As Embedder::embed_images and Embedder::embed_texts.
  [[nodiscard]] virtual EmbeddingMatrix embed_images(std::span<const Pixels> images) = 0;
  [[nodiscard]] virtual TextEmbeddings embed_texts(std::span<const std::string> texts) = 0;
};

/// Loads a model directory, or without one makes up the full model's weights.
/// @throws as Embedder::open.
std::unique_ptr<Subject> open_subject(const std::optional<std::filesystem::path>& model,
                                      const EmbedderOptions& options);

}  // namespace mi2::fidelity
