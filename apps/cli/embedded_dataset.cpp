#include "embedded_dataset.hpp"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "embed_inputs.hpp"
#include "embedder/inputs.hpp"
#include "kept_work.hpp"
#include "progress.hpp"
#include "report.hpp"
#include "vectors/vector_cache.hpp"

namespace mi2::cli {
namespace {

std::string space_of(const Embedder& embedder) {
  const Provenance made = embedder.provenance();
  return fmt::format("{}\n{}\n{}\n{}\n{}\n{}", made.version, made.weights_sha256, made.profile, made.dtype,
                     made.instructions, describe_images(embedder.options().image));
}

}  // namespace

Embedding embed_dataset(const recipe::Prepared& prepared, const ModelArguments& model, const Embedder& embedder,
                        const std::filesystem::path& cache_folder, bool with_train) {
  const auto& rows = prepared.rows.all();
  const std::size_t file = prepared.rows.need("file");
  const std::size_t split = prepared.rows.need("split");
  vectors::VectorCache cache(cache_folder, space_of(embedder), static_cast<std::size_t>(embedder.dimensions()));
  std::map<std::string, std::string> identities;
  std::vector<embedder::Input> inputs;
  Embedding made{
      {prepared, {}, std::vector<std::optional<std::size_t>>(rows.size()), model.options.threads, prepared.seed}};
  for (const recipe::Row& row : rows) {
    const std::string& path = row.fields[file];
    if (!with_train && row.fields[split] == "train") continue;
    const auto [known, is_new] = identities.try_emplace(path);
    if (!is_new) continue;
    known->second = vectors::identity_of_file(path);
    if (cache.find(known->second).empty()) {
      inputs.push_back({path});
    } else {
      ++made.cached;
    }
  }
  Progress progress(inputs.size(), "images");
  Report report(progress);
  const EmbedRun run{embedder, batch_of(model, embedder), progress, report, [] {}};
  const auto prepare = [&](std::span<const std::byte> encoded, std::string_view name) {
    return embedder.prepare(encoded, name);
  };
  embed_items(run, embedder::items_of(inputs, embedder.options().image.max_file_bytes, prepare),
              [&](const embedder::Embedded& item) {
                cache.add(identities.at(std::string(item.name)), item.image);
                ++made.computed;
              });
  report.summarize();
  progress.note(fmt::format("{} images embedded now, {} before", made.computed, made.cached));
  made.status = report.exit_status();
  std::map<std::string, std::size_t> place;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto identity = identities.find(rows[i].fields[file]);
    if (identity == identities.end()) continue;
    const std::span<const float> vector = cache.find(identity->second);
    if (vector.empty()) continue;
    const auto [known, is_new] = place.emplace(identity->first, made.data.vectors.rows());
    if (is_new) made.data.vectors.append(vector);
    made.data.row_of[i] = known->second;
  }
  return made;
}

}  // namespace mi2::cli
