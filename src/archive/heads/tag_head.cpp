#include "archive/heads/tag_head.hpp"

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::archive::heads {

void use_head(std::string_view name, std::shared_ptr<const adapter::Adapter> adapter, const Format& format,
              TagOptions& options) {
  const adapter::AdapterDescription& description = adapter->description();
  if (!adapter::is_one_label(description.target)) {
    throw Error(Code::kBadArgument, fmt::format("{}: expected an adapter that answers with one label, its target is {}",
                                                name, adapter::name_of(description.target)));
  }
  if (description.in_channels != static_cast<std::int64_t>(format.dimensions)) {
    throw Error(Code::kBadArgument, fmt::format("{}: takes vectors of {} numbers, the archive has {}", name,
                                                description.in_channels, format.dimensions));
  }
  if (description.embeddings && description.embeddings->weights_sha256 != format.space.weights_sha256) {
    throw Error(Code::kBadArgument,
                fmt::format("{}: was trained on vectors of weights {:.12}.., the archive has those of {:.12}..", name,
                            description.embeddings->weights_sha256, format.space.weights_sha256));
  }
  options.head_name = adapter->data_sha256();
  options.head = [adapter = std::move(adapter)](std::span<const float> vector) {
    const LabelScore best = adapter->classify(vector).front();
    // Scores of a pipeline may be any.
    return TagVote{best.label, std::clamp(static_cast<double>(best.score), 0.0, 1.0)};
  };
}

}  // namespace mi2::archive::heads
