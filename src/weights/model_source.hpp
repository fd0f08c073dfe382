#pragma once
// A model on disk before any weight is loaded: a directory with its parts, or one packed file that holds them all.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "weights/config.hpp"
#include "weights/model_files.hpp"
#include "weights/packed_file.hpp"

namespace mi2::weights {

class ModelSource {
 public:
  /// Finds the parts and reads the configuration; of a packed file, the header.
  /// @throws what find_model(), load_config() and PackedFile do.
  explicit ModelSource(const std::filesystem::path& path);

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  [[nodiscard]] const ModelConfig& config() const noexcept { return config_; }
  /// The text of config.yaml.
  [[nodiscard]] const std::string& config_text() const noexcept { return config_text_; }
  /// Null for a directory.
  [[nodiscard]] const std::shared_ptr<const PackedFile>& packed() const noexcept { return packed_; }
  /// The weights file of a directory; the packed file itself.
  [[nodiscard]] const std::filesystem::path& weights() const noexcept { return files_.weights; }

  struct Tokenizer {
    std::string vocab;   ///< the text of vocab.json
    std::string merges;  ///< the text of merges.txt
    std::string name;    ///< what errors call the two
  };
  /// The model's own tokenizer. @returns nothing if the built-in one serves. @throws what reading files does.
  [[nodiscard]] std::optional<Tokenizer> tokenizer() const;

  /// That a packed file is still as it was opened: computing reads it. @throws as MappedFile::check().
  void check_intact() const {
    if (packed_) packed_->check();
  }

  /// Of a directory's weights file, which is read for it; of a packed file, of the weights it was made from.
  [[nodiscard]] std::string weights_sha256() const;

 private:
  std::filesystem::path path_;
  ModelFiles files_;
  std::shared_ptr<const PackedFile> packed_;
  std::string config_text_;
  ModelConfig config_;
};

}  // namespace mi2::weights
