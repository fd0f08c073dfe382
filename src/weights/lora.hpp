#pragma once
// What fine-tuning has changed of a model, as a small file beside it: low-rank additions to weights, and weights that
// were trained whole. Source: Hu et al., LoRA: Low-Rank Adaptation of Large Language Models, ICLR 2022.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ops/parameter.hpp"
#include "weights/safetensors.hpp"

namespace mi2::weights {

inline constexpr std::int64_t kMostLoraRank = 1024;
inline constexpr double kMostLoraAlpha = 1e6;

/// "WEIGHT.lora_A" [rank, in] and "WEIGHT.lora_B" [out, rank] belong to the weight WEIGHT [out, in].
inline constexpr std::string_view kLoraA = ".lora_A";
inline constexpr std::string_view kLoraB = ".lora_B";

/// What the additions were trained with.
struct LoraInfo {
  std::string base_sha256;  ///< of the weights file that they are added to
  std::int64_t rank = 0;
  double alpha = 0;
  std::vector<std::string> targets;  ///< patterns that chose the weights

  /// What a product B A is multiplied by.
  [[nodiscard]] double scale() const noexcept { return alpha / static_cast<double>(rank); }
};

/// @returns the metadata of such a file, without what is not the format's own.
std::map<std::string, std::string> lora_metadata(const LoraInfo& info);

class Lora {
 public:
  /// Maps the file and checks all of it that can be checked without the model.
  /// @throws what SafeTensors does; Error{kBadFile} naming what is at fault: no such file of mi2 train, half of a pair,
  ///         a wrong shape, a number that is not finite.
  explicit Lora(const std::filesystem::path& path) : Lora(SafeTensors(path)) {}
  explicit Lora(SafeTensors file);

  [[nodiscard]] const LoraInfo& info() const noexcept { return info_; }
  [[nodiscard]] const std::string& name() const noexcept { return file_.name(); }
  /// The weights that are changed, by their current names.
  [[nodiscard]] std::vector<std::string> changed() const;
  [[nodiscard]] bool changes(std::string_view weight) const {
    return pairs_.contains(weight) || whole_.contains(weight);
  }

  /// `base` with its addition, W + alpha / rank * B A in f32; what was trained whole in its place; else `base` itself.
  /// @throws Error{kBadFile} naming the tensor if it does not fit `base`.
  [[nodiscard]] ops::Parameter applied(const ops::Parameter& base) const;

  /// SHA-256 of the file, which is read for it.
  [[nodiscard]] std::string sha256() const;

 private:
  struct Pair {
    ops::Parameter a;  ///< [rank, in]
    ops::Parameter b;  ///< [out, rank]
  };
  void read_info();
  void add(const TensorInfo& tensor);
  void check_pairs() const;
  [[noreturn]] void fail(const std::string& what) const;

  SafeTensors file_;
  LoraInfo info_;
  std::map<std::string, Pair, std::less<>> pairs_;
  std::map<std::string, ops::Parameter, std::less<>> whole_;
};

/// A weights file, and what is to be changed of it.
struct StoredWeights {
  StoredWeights() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): a file alone is the usual case
  StoredWeights(std::filesystem::path weights, std::shared_ptr<const Lora> changes = nullptr)
      : file(std::move(weights)), lora(std::move(changes)) {}

  std::filesystem::path file;
  std::shared_ptr<const Lora> lora;  ///< null: nothing
};

}  // namespace mi2::weights
