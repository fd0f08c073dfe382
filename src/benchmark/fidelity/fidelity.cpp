#include "benchmark/fidelity/fidelity.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/thread_pool.hpp"
#include "benchmark/fidelity/isolate.hpp"
#include "benchmark/fidelity/measure.hpp"
#include "benchmark/fidelity/statistics.hpp"
#include "classify/prompts.hpp"
#include "ops/cpu/isa.hpp"
#include "ops/cpu/precision.hpp"
#include "weights/model_files.hpp"

namespace mi2::fidelity {
namespace {

constexpr std::size_t kMaxBatch = 1024;

/// What is embedded where no labels are given: short and long, over several kinds of image.
const std::vector<std::string>& built_in_texts() {
  static const std::vector<std::string> texts{
      "x-ray chest anteroposterior no finding",
      "x-ray chest pleural effusion on the left, cardiomegaly",
      "x-ray hand posteroanterior",
      "x-ray knee lateral osteoarthritis",
      "computed tomography head axial without contrast, acute subdural hematoma",
      "computed tomography chest axial lung window, ground-glass opacities",
      "computed tomography abdomen axial",
      "magnetic resonance imaging brain axial T2 glioma",
      "magnetic resonance imaging lumbar spine sagittal T1 disc herniation",
      "ultrasound breast benign lesion",
      "ultrasound abdomen liver steatosis",
      "mammography craniocaudal view, clustered microcalcifications in the upper outer quadrant",
      "dermoscopy skin melanoma malignant",
      "fundus photograph retina diabetic retinopathy",
      "histopathology stained tissue section, adenocarcinoma",
      "optical coherence tomography retina macular edema",
  };
  return texts;
}

std::vector<std::string> texts_of(const FidelityOptions& options) {
  return options.labels.empty() ? built_in_texts() : classify::prompts_of(options.labels, options.templates);
}

void check(const FidelityOptions& options, const FidelityInput& input) {
  check(options);
  if (input.images.empty()) throw Error(Code::kBadArgument, "fidelity: expected at least one image");
  if (input.label_of.empty()) return;
  if (input.label_of.size() != input.images.size()) {
    throw Error(Code::kBadArgument,
                fmt::format("fidelity: {} known labels for {} images", input.label_of.size(), input.images.size()));
  }
  for (const std::optional<std::size_t>& label : input.label_of) {
    if (label && *label >= options.labels.size()) {
      throw Error(Code::kBadArgument,
                  fmt::format("fidelity: known label {} of {} labels", *label, options.labels.size()));
    }
  }
}

FidelityPart part_of(const EmbeddingMatrix& found, const EmbeddingMatrix& reference,
                     const std::vector<double>& seconds) {
  const Cosines against = cosines(found, reference);
  return {against.min, against.mean, median(seconds)};
}

FidelityRow row_of(DType dtype, const Measurement& found, const Measurement& f32, const FidelityOptions& options,
                   const FidelityInput& input) {
  FidelityRow row;
  row.dtype = name_of(dtype);
  row.image = part_of(found.images, f32.images, found.image_seconds);
  row.text = part_of(found.texts, f32.texts, found.text_seconds);
  row.load_seconds = found.load_seconds;
  row.resident_bytes = found.resident_bytes;
  row.peak_bytes = found.peak_bytes;
  if (options.labels.empty()) return row;
  const auto tops = [&](const Measurement& m) {
    return top_labels(m.images, classify::label_directions(m.texts, options.templates.size()));
  };
  const std::vector<std::size_t> mine = tops(found);
  row.agreement = agreement(mine, tops(f32));
  row.accuracy = accuracy(mine, input.label_of);
  return row;
}

/// What libtorch computes in.
constexpr std::array kDeviceDtypes{DType::kF32, DType::kBF16, DType::kF16};

/// Of kAuto nothing is known yet.
void check_dtype(DType dtype, const Device& device) {
  if (device.kind == Device::Kind::kAuto) return;
  if (device.kind == Device::Kind::kCpu) return ops::check_precision(dtype);
  if (std::ranges::count(kDeviceDtypes, dtype) > 0) return;
  throw Error(Code::kBadArgument, fmt::format("device '{}': dtype '{}' is not there; f32, bf16 and f16 are",
                                              to_string(device), name_of(dtype)));
}

std::vector<DType> dtypes_on(const Device& device, const FidelityOptions& options) {
  if (!options.every_dtype) return measured_dtypes(options.dtypes, device);
  if (device.kind == Device::Kind::kCpu) return measured_dtypes(supported_dtypes());
  return measured_dtypes({kDeviceDtypes.begin(), kDeviceDtypes.end()}, device);
}

}  // namespace

std::vector<DType> measured_dtypes(const std::vector<DType>& dtypes, const Device& device) {
  std::vector<DType> order{DType::kF32};
  std::set<DType> seen;
  for (const DType dtype : dtypes) {
    check_dtype(dtype, device);
    if (!seen.insert(dtype).second) {
      throw Error(Code::kBadArgument, fmt::format("dtype {} is a duplicate", name_of(dtype)));
    }
    if (dtype != order.front()) order.push_back(dtype);
  }
  return order;
}

void check(const FidelityOptions& options) {
  measured_dtypes(options.dtypes, options.embedder.device);
  texts_of(options);
  if (options.batch < 1 || options.batch > kMaxBatch) {
    throw Error(Code::kBadArgument, fmt::format("batch: expected 1 to {1}, got {0}", options.batch, kMaxBatch));
  }
  if (options.model && weights::find_model(*options.model).packed) {
    throw Error(Code::kBadArgument,
                fmt::format("{}: is a packed file, which holds one dtype; fidelity compares dtypes, and needs the "
                            "model's folder",
                            options.model->string()));
  }
}

FidelityReport measure_fidelity(const FidelityOptions& options, const FidelityInput& input,
                                const base::OnProgress& on_progress) {
  check(options, input);
  const std::vector<std::string> texts = texts_of(options);
  FidelityReport report;
  report.cpu = ops::cpu::cpu_model();
  report.isa = ops::cpu::name_of(ops::cpu::choose_isa());
  report.model = options.model ? options.model->string() : "synthetic full";
  report.profile = name_of(options.embedder.image.profile);
  report.threads = options.embedder.threads != 0 ? options.embedder.threads : base::available_cores();
  report.batch = options.batch;
  report.images = input.images.size();
  report.texts = texts.size();
  report.labels = options.labels.size();
  report.known = input.label_of.size() -
                 static_cast<std::size_t>(std::count(input.label_of.begin(), input.label_of.end(), std::nullopt));
  Measurement f32;
  FidelityOptions on_device = options;
  std::vector<DType> dtypes = dtypes_on(options.embedder.device, options);  // until it is known what auto is
  for (std::size_t next = 0; next < dtypes.size(); ++next) {
    const DType dtype = dtypes[next];
    const base::OnProgress on_images = [&](const base::Progress& at) {
      const std::uint64_t before = report.rows.size() * report.images;
      if (on_progress) on_progress({"images", before + at.done, dtypes.size() * report.images});
    };
    const std::string bytes = run_isolated(
        name_of(dtype),
        [&](const base::OnProgress& report_to) {
          return pack(measure(on_device, dtype, input.images, texts, report_to));
        },
        on_images);
    Measurement found = unpack(bytes);
    if (report.rows.empty()) {
      // A child has the device: one that has forked since it saw a GPU could not use it.
      on_device.embedder.device = parse_device(found.device);
      dtypes = dtypes_on(on_device.embedder.device, options);
      if (on_device.embedder.device.kind != Device::Kind::kCpu) report.isa = found.device;
      f32 = found;
    }
    report.truncated_texts = static_cast<std::size_t>(found.truncated_texts);
    report.rows.push_back(row_of(dtype, found, f32, options, input));
  }
  return report;
}

}  // namespace mi2::fidelity
