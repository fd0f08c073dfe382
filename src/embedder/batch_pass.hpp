#pragma once
// One batch of the pipeline through one model.

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <mi2/embedder.hpp>
#include <mi2/error.hpp>
#include <mi2/matrix.hpp>

#include "embedder/pipeline.hpp"

namespace mi2::embedder {

class BatchPass {
 public:
  /// @param tokens  as PipelineOptions has it.
  BatchPass(std::span<Ready> batch, bool tokens);

  /// Once it has succeeded it is done; after it has thrown, it may be done again, by another engine.
  /// @throws what is no input's fault: Error{kInternal}, {kBadFile} of a damaged model, whatever is no Error.
  void run(const Embedder& embedder);

  /// Calls `on_batch` with what run() found.
  void hand_over(const std::function<void(std::span<const Embedded>)>& on_batch) const;
  [[nodiscard]] std::size_t items() const noexcept { return items_.size(); }

 private:
  struct Item {
    std::string name;
    std::optional<FramePlace> frame;
    std::vector<std::string> warnings;
    std::optional<Error> error;
    bool has_image = false;
    bool has_text = false;
  };
  /// What the model has for some inputs; of one without, its error.
  struct Rows {
    EmbeddingMatrix vectors;
    std::vector<bool> truncated;  ///< of texts
    EmbeddingMatrix tokens;       ///< of images, if they are wanted
    std::vector<std::optional<Error>> errors;
  };
  template <typename Input, typename Embed>
  static Rows rows_of(std::span<const Input> inputs, const Embed& embed);

  std::vector<Item> items_;
  std::vector<Pixels> images_;
  std::vector<std::string> texts_;
  bool tokens_;
  Rows of_images_;
  Rows of_texts_;
};

}  // namespace mi2::embedder
