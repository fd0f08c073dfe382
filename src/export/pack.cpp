#include "export/pack.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/files.hpp"
#include "embedder/inputs.hpp"
#include "embedder/normaliser.hpp"
#include "embedder/preparer.hpp"
#include "models/calibration.hpp"
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

/// The built-in inputs and images of `options.calibrate`.
models::CalibrationInputs calibration_inputs(const weights::ModelConfig& config, const PackOptions& options) {
  models::CalibrationInputs inputs = models::built_in_inputs(config);
  if (options.calibrate.empty()) return inputs;
  const embedder::Preparer preparer{ImageOptions{}};
  const embedder::Normaliser normalised(config);
  const std::array places{options.calibrate.string()};
  const embedder::ExpandedPaths paths = embedder::expand_paths(places);
  for (const embedder::Input& input :
       std::span(paths.inputs).first(std::min(paths.inputs.size(), kMostCalibrationImages))) {
    if (input.error) throw Error(*input.error);
    const std::vector<std::byte> bytes = embedder::read_image(input.path, ImageOptions{}.max_file_bytes);
    const Pixels pixels = preparer.prepare(bytes, input.path, config.image.width, config.image.height);
    inputs.images.push_back(normalised(std::span(&pixels, 1)));
  }
  return inputs;
}

/// Loads the model, which leaves its blocks in engine.prepared.
models::FittedModel load(const weights::ModelSource& source, const ops::CpuOps::Options& engine,
                         const PackOptions& options) {
  if (engine.precision != ops::Precision::kInt8) return {models::load_cpu_model(source, engine), {}};
  return models::load_int8_model(source.weights(), source.config(), engine,
                                 calibration_inputs(source.config(), options));
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
  if (!options.calibrate.empty() && options.dtype != DType::kInt8) {
    throw Error(Code::kBadArgument, fmt::format("--calibrate: expected dtype int8, got {}", name_of(options.dtype)));
  }
  const weights::ModelSource source(model, options.lora);
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
  const models::FittedModel loaded = load(source, engine, options);
  collected->add_scalar("logit_scale", loaded.model->logit_scale());
  if (options.dtype == DType::kInt8) info.calibration = to_text(loaded.fit);

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
  return {file.path(), fs::file_size(file.path()), collected->blocks().size(), warning_of(loaded.fit)};
}

}  // namespace mi2::exporting
