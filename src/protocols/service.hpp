#pragma once
// What a server serves: its models and the operator's choices. A snapshot: whoever reloads a model makes another one.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <mi2/embedder.hpp>
#include <mi2/image.hpp>
#include <mi2/matrix.hpp>

#include "embedder/pipeline.hpp"

namespace mi2::protocols {

enum class ModelKind {
  kEmbedding,  ///< answers with vectors
  kZeroShot,   ///< answers with scores of labels, whose vectors are those of texts
  kAdapter,    ///< answers with scores of labels, by a trained adapter
};

/// One logit a label for the vector of an image. @throws Error{kBadArgument} for a vector of another length.
using AdapterLogits = std::function<std::vector<float>(std::span<const float> image)>;

/// A loaded model for what embeds by itself, beside the requests that share its batches.
struct SharedModel {
  std::shared_ptr<const Embedder> embedder;  ///< null: none is lent
  embedder::InTurn in_turn;                  ///< for each of its forward passes
};

/// What the protocols need to know of a loaded model.
struct ServedModel {
  std::string name;
  ModelKind kind = ModelKind::kEmbedding;
  int dimensions = 0;
  float logit_scale = 0;            ///< the logarithm, as Embedder::logit_scale()
  Provenance provenance;            ///< its profile is the embedder's; each answer names the one it used
  std::vector<std::string> labels;  ///< of a classifier
  EmbeddingMatrix label_vectors;    ///< of a zero-shot classifier: a unit vector per label
  AdapterLogits adapter;            ///< of an adapter classifier
  std::int64_t created = 0;         ///< of its files, seconds since 1970
  std::function<std::size_t(std::string_view text)> count_tokens;  ///< that the model reads of a text; may be empty
  std::function<bool(std::string_view text)> is_cut{};  ///< whether it reads only the start of a text; may be empty
  bool ready = true;                                    ///< a real forward pass succeeded
  SharedModel shared;
};

/// Finds what a loaded model is: a classifier if its directory says so, else an embedding model. A zero-shot classifier
/// has `config.json` {"labels": [..]} (each label's text is the label and "."); an adapter classifier has
/// `adapter_model/config.json` {"in_channels", "hidden_dim", "labels"} and weights ([docs/adapters.md]). Computes
/// the labels' vectors and hashes the weights (seconds for a full model). `ready` is true: the text tower has run or
/// the caller's first pass will show it.
/// @param model  the path the embedder was opened from; a packed file is always an embedding model.
/// @throws Error{kBadFile} naming file and key.
ServedModel describe_model(std::string name, const Embedder& embedder, const std::filesystem::path& model);

enum class ResponseShape {
  kStandard,  ///< of POST /score: one object per row
  kLegacy,    ///< three objects, each with one key for all rows
};

/// Limits of one request. What is over them is Error{kTooLarge} before anything is computed.
struct Limits {
  std::size_t rows = 1024;               ///< images or texts of a request
  std::size_t labels = 4096;             ///< of a classification request
  std::size_t text_bytes = 64 * 1024;    ///< of one text
  std::size_t answer_bytes = 64U << 20;  ///< of an answer with the scores of labels, which a request multiplies
};

class ArchiveRoutes;

struct Service {
  std::map<std::string, std::shared_ptr<const ServedModel>, std::less<>> models;
  std::string default_model;  ///< what a request without a model's name means
  ResponseShape response_shape = ResponseShape::kStandard;
  Profile score_profile = Profile::kAzure;  ///< of POST /score and MLflow; everything else uses images.profile
  ImageOptions images;                      ///< of every image, unless a request says otherwise
  Limits limits;
  std::vector<std::string> allowed_url_hosts;  ///< lower case; empty: URLs are refused
  /// Of a viewer of studies, with {study} where the identifier belongs; empty: there is none.
  std::string viewer_url;
  std::uint64_t max_body_bytes = 100ULL << 20;    ///< for GET /info: the transport enforces it
  std::shared_ptr<const ArchiveRoutes> archives;  ///< null: none are served

  /// The model of this name, the default one for an empty name.
  /// @throws Error{kNotFound}; {kOverloaded} while it is not ready.
  [[nodiscard]] std::shared_ptr<const ServedModel> model(std::string_view name = {}) const;
  /// Whether every model is ready (and there is one).
  [[nodiscard]] bool ready() const noexcept;
};

}  // namespace mi2::protocols
