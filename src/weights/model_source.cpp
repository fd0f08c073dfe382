#include "weights/model_source.hpp"

#include <fmt/format.h>

#include <mi2/error.hpp>
#include "base/files.hpp"
#include "base/hash.hpp"

namespace mi2::weights {
namespace {

constexpr std::uint64_t kMaxTokenizerBytes = 16ULL << 20;

}  // namespace

ModelSource::ModelSource(const std::filesystem::path& path) : path_(path), files_(find_model(path)) {
  if (files_.packed) {
    packed_ = std::make_shared<const PackedFile>(path);
    config_text_ = packed_->info().config;
    config_ = parse_config(config_text_, fmt::format("{}: its config.yaml", path.string()));
  } else {
    config_text_ = base::read_text_file(files_.config, kMaxConfigBytes);
    config_ = parse_config(config_text_, files_.config.string());
  }
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
  return packed_ ? packed_->info().weights_sha256 : base::sha256_hex(files_.weights);
}

}  // namespace mi2::weights
