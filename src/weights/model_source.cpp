#include "weights/model_source.hpp"

#include <span>

#include <fmt/format.h>

#include <mi2/error.hpp>
#include "base/files.hpp"
#include "base/hash.hpp"

namespace mi2::weights {
namespace {

constexpr std::uint64_t kMaxTokenizerBytes = 16ULL << 20;

}  // namespace

ModelSource::ModelSource(const std::filesystem::path& path, const std::filesystem::path& lora)
    : path_(path), files_(find_model(path)), weights_(files_.weights) {
  if (files_.packed) {
    packed_ = std::make_shared<const PackedFile>(path);
    config_text_ = packed_->info().config;
    config_ = parse_config(config_text_, fmt::format("{}: its config.yaml", path.string()));
  } else {
    config_text_ = base::read_text_file(files_.config, kMaxConfigBytes);
    config_ = parse_config(config_text_, files_.config.string());
  }
  if (!lora.empty()) open_lora(lora);
}

void ModelSource::open_lora(const std::filesystem::path& lora) {
  if (packed_) {
    throw Error(
        Code::kBadArgument,
        fmt::format("{}: a packed file's weights are laid out already, and {} cannot be added to them; expected "
                    "the model's folder, or a file that mi2 pack --lora has made of both",
                    path_.string(), lora.string()));
  }
  weights_.lora = std::make_shared<const Lora>(lora);
  const std::string found = base::sha256_hex(files_.weights);
  if (found == weights_.lora->info().base_sha256) return;
  throw Error(Code::kBadFile, fmt::format("{}: was trained beside weights with the SHA-256 {}; those of {} have {}",
                                          lora.string(), weights_.lora->info().base_sha256, path_.string(), found));
}

std::optional<ModelSource::Tokenizer> ModelSource::tokenizer() const {
  if (packed_) {
    const PackedInfo& info = packed_->info();
    if (!info.vocab || !info.merges) return std::nullopt;
    for (const std::string* text : {&*info.vocab, &*info.merges}) {
      if (text->size() <= kMaxTokenizerBytes) continue;
      throw Error(Code::kTooLarge, fmt::format("{}: {} bytes of tokenizer, the limit is {}", path_.string(),
                                               text->size(), kMaxTokenizerBytes));
    }
    return Tokenizer{*info.vocab, *info.merges, fmt::format("{}: its tokenizer", path_.string())};
  }
  if (!files_.vocab || !files_.merges) return std::nullopt;
  return Tokenizer{base::read_text_file(*files_.vocab, kMaxTokenizerBytes),
                   base::read_text_file(*files_.merges, kMaxTokenizerBytes), files_.vocab->parent_path().string()};
}

std::string ModelSource::weights_sha256() const {
  if (packed_) return packed_->info().weights_sha256;
  if (!weights_.lora) return base::sha256_hex(files_.weights);
  const std::string both = weights_.lora->info().base_sha256 + ' ' + weights_.lora->sha256();
  return base::sha256_hex(std::as_bytes(std::span(both)));
}

}  // namespace mi2::weights
