#pragma once
// A model on disk before any weight is loaded: a directory with its parts, or one packed file that holds them all.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "weights/config.hpp"
#include "weights/lora.hpp"
#include "weights/model_files.hpp"
#include "weights/packed_file.hpp"

namespace mi2::weights {

class ModelSource {
 public:
  /// Finds the parts and reads the configuration; of a packed file, the header.
  /// @param lora  a LoRA file that changes the weights; empty: none. The folder's weights file is hashed for it.
  /// @throws what find_model(), load_config(), PackedFile and Lora do; Error{kBadFile} for a LoRA file of another
  /// model,
  ///         {kBadArgument} for one beside a packed file.
  explicit ModelSource(const std::filesystem::path& path, const std::filesystem::path& lora = {});

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  [[nodiscard]] const ModelConfig& config() const noexcept { return config_; }
  /// The text of config.yaml.
  [[nodiscard]] const std::string& config_text() const noexcept { return config_text_; }
  /// Null for a directory.
  [[nodiscard]] const std::shared_ptr<const PackedFile>& packed() const noexcept { return packed_; }
  /// The weights file of a directory, with what changes it; the packed file itself.
  [[nodiscard]] const StoredWeights& weights() const noexcept { return weights_; }

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

  /// Of a directory's weights file, which is read for it; of a packed file, of the weights it was made from. With a
  /// LoRA file, of both hashes: the vectors are others than the model's alone.
  [[nodiscard]] std::string weights_sha256() const;

 private:
  void open_lora(const std::filesystem::path& lora);

  std::filesystem::path path_;
  ModelFiles files_;
  std::shared_ptr<const PackedFile> packed_;
  std::string config_text_;
  ModelConfig config_;
  StoredWeights weights_;
};

}  // namespace mi2::weights
