#include "export/pack.hpp"

#include <memory>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/files.hpp"
#include "models/model.hpp"
#include "models/packed.hpp"
#include "models/tensor_list.hpp"
#include "ops/prepared_blocks.hpp"
#include "text/tokenizer.hpp"
#include "weights/packed_file.hpp"

#include <mi2/error.hpp>

namespace mi2::exporting {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMegabyte = 1'000'000;

/// Where to write: a link's target, so that the link stays.
fs::path checked_target(const fs::path& out, bool overwrite) {
  std::error_code ignored;
  const fs::file_status status = fs::status(out, ignored);
  if (!fs::exists(status)) return out;
  if (!fs::is_regular_file(status)) {
    throw Error(Code::kBadArgument, fmt::format("{}: is not a regular file; a packed file is mapped, so it has to be "
                                                "one",
                                                out.string()));
  }
  if (!overwrite) {
    throw Error(Code::kBadArgument, fmt::format("{}: already exists; --force replaces it", out.string()));
  }
  const fs::path target = fs::canonical(out, ignored);
  return ignored ? out : target;
}

/// Blocks a model of this configuration has: one for a weight and its bias, one for each of the five tensors without.
std::size_t count_blocks(const weights::ModelConfig& config) {
  constexpr std::size_t kWithoutBias = 5;  // two projections, two embeddings, the scale
  return (models::tensor_list(config).size() - kWithoutBias) / 2 + kWithoutBias;
}

weights::PackedInfo info_of(const weights::ModelSource& source, DType dtype) {
  weights::PackedInfo info;
  info.layout_version = ops::kLayoutVersion;
  info.dtype = name_of(dtype);
  info.config = source.config_text();
  if (auto own = source.tokenizer()) {
    const text::Tokenizer readable(own->vocab, own->merges, own->name);
    info.vocab = std::move(own->vocab);
    info.merges = std::move(own->merges);
  }
  info.weights_sha256 = source.weights_sha256();
  return info;
}

}  // namespace

PackReport pack_model(const fs::path& model, const fs::path& out, const PackOptions& options) {
  const auto report = [&](std::string_view stage, std::uint64_t done, std::uint64_t total) {
    if (options.on_progress) options.on_progress({stage, done, total});
  };
  ops::check_precision(options.dtype);
  ops::CpuOps::Options engine;
  engine.precision = options.dtype;
  engine.threads = options.threads;
  const weights::ModelSource source(model);
  if (source.packed()) {
    throw Error(Code::kBadArgument,
                fmt::format("{}: is packed already; give the folder it was made from", model.string()));
  }
  base::AtomicFile file(checked_target(out, options.overwrite));
  weights::PackedInfo info = info_of(source, options.dtype);

  const std::size_t total = count_blocks(source.config());
  const auto collected =
      std::make_shared<models::CollectedBlocks>([&](std::size_t done) { report("layers", done, total); });
  engine.prepared = collected;
  const float logit_scale = models::load_cpu_model(source, engine)->logit_scale();
  collected->add_scalar("logit_scale", logit_scale);

  std::uint64_t bytes = 0;
  for (const auto& [name, block] : collected->blocks()) bytes += block.layout.bytes;
  std::uint64_t done = 0;
  base::ThreadPool pool(options.threads);
  report("MB", 0, bytes / kMegabyte);
  weights::write_packed(file, info, collected->blocks(), pool, [&](std::uint64_t written) {
    done += written;
    report("MB", done / kMegabyte, bytes / kMegabyte);
  });
  file.commit();
  return {file.path(), fs::file_size(file.path()), collected->blocks().size()};
}

}  // namespace mi2::exporting
