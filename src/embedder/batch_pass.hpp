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

#include "embedder/pipeline.hpp"

namespace mi2::embedder {

class BatchPass {
 public:
  explicit BatchPass(std::span<Ready> batch);

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
  /// The vectors of some inputs; of one without, its error.
  struct Vectors {
    TextEmbeddings rows;  ///< of images, only the vectors
    std::vector<std::optional<Error>> errors;
  };
  template <typename Input, typename Embed>
  static Vectors vectors_of(std::span<const Input> inputs, std::size_t dimensions, const Embed& embed);

  std::vector<Item> items_;
  std::vector<Pixels> images_;
  std::vector<std::string> texts_;
  Vectors of_images_;
  Vectors of_texts_;
};

}  // namespace mi2::embedder
