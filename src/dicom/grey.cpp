#include <algorithm>
#include <cmath>

#include "dicom/display.hpp"
#include "dicom/levels.hpp"
#include "dicom/window.hpp"
#include "image/intensity.hpp"

namespace mi2::dicom {
namespace {

/// Everything between a stored value and a shade.
struct Transform {
  std::optional<LookupTable> modality;
  double slope = 1;
  double intercept = 0;
  std::optional<AppliedWindow> window;
  std::optional<LookupTable> voi;

  [[nodiscard]] double modality_value(double stored) const noexcept {
    return modality ? static_cast<double>(modality->at(stored)) : stored * slope + intercept;
  }
};

void read_modality(DcmItem& data, const Frame& frame, Transform& out) {
  if (DcmItem* item = sequence_item(data, DCM_ModalityLUTSequence, 0)) {
    out.modality = read_table(*item, DCM_LUTDescriptor, DCM_LUTData, frame.layout.is_signed);
    if (out.modality) return;
  }
  DcmItem* group = functional_group(data, frame.index, DCM_PixelValueTransformationSequence);
  DcmItem& source = group != nullptr ? *group : data;
  out.slope = number(source, DCM_RescaleSlope).value_or(1);
  out.intercept = number(source, DCM_RescaleIntercept).value_or(0);
}

void read_voi(DcmItem& data, const Frame& frame, const Options& options, Transform& out) {
  if (options.window) {
    out.window = AppliedWindow{*options.window};
    return;
  }
  DcmItem* group = functional_group(data, frame.index, DCM_FrameVOILUTSequence);
  if (group != nullptr) out.window = read_window(*group);
  if (!out.window) out.window = read_window(data);
  if (out.window) return;
  DcmItem* item = sequence_item(data, DCM_VOILUTSequence, 0);
  if (item == nullptr) return;
  const bool is_signed = !out.modality && (frame.layout.is_signed || out.intercept < 0);
  out.voi = read_table(*item, DCM_LUTDescriptor, DCM_LUTData, is_signed);
}

std::uint8_t shade(double y) noexcept {
  if (!(y > 0)) return 0;
  return static_cast<std::uint8_t>(std::floor(std::min(y, 1.0) * 255 + 0.5));
}

/// Shades of values that `transform` says how to show.
class Shader {
 public:
  explicit Shader(const Transform& transform)
      : transform_(transform), highest_(transform.voi ? static_cast<double>((1U << transform.voi->bits) - 1) : 1) {}

  std::uint8_t operator()(double stored) const noexcept {
    const double x = transform_.modality_value(stored);
    return shade(transform_.window ? (*transform_.window)(x) : static_cast<double>(transform_.voi->at(x)) / highest_);
  }

 private:
  const Transform& transform_;
  double highest_;
};

std::vector<std::uint8_t> shades_of(const Levels& levels, const Transform& transform, const Intensity& fallback) {
  if (!transform.window && !transform.voi) {
    std::vector<float> values(levels.count());
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = static_cast<float>(transform.modality_value(levels.value(i)));
    }
    return image::to_8bit(values, levels.occurrences(), fallback);
  }
  std::vector<std::uint8_t> shades(levels.count());
  const Shader shader(transform);
  for (std::size_t i = 0; i < shades.size(); ++i) shades[i] = shader(levels.value(i));
  return shades;
}

std::vector<std::uint8_t> apply(const Frame& frame, const Transform& transform, const Intensity& fallback) {
  if (const std::optional<Levels> levels = Levels::of(frame)) {
    return levels->shaded(shades_of(*levels, transform, fallback));
  }
  const std::size_t count = frame.layout.pixels();
  if (!transform.window && !transform.voi) {
    std::vector<float> values(count);
    for (std::size_t i = 0; i < count; ++i) {
      values[i] = static_cast<float>(transform.modality_value(frame.value(i)));
    }
    return image::to_8bit(values, fallback);
  }
  std::vector<std::uint8_t> out(count);
  const Shader shader(transform);
  for (std::size_t i = 0; i < count; ++i) out[i] = shader(frame.value(i));
  return out;
}

}  // namespace

std::uint16_t LookupTable::at(double value) const noexcept {
  const double index = std::floor(value + 0.5) - first;
  if (!(index > 0)) return entries.front();
  return entries[static_cast<std::size_t>(std::min(index, static_cast<double>(entries.size() - 1)))];
}

std::optional<LookupTable> read_table(DcmItem& item, const DcmTagKey& descriptor, const DcmTagKey& data,
                                      bool first_is_signed) {
  const std::vector<std::uint16_t> head = words(item, descriptor);
  std::vector<std::uint16_t> body = words(item, data);
  if (head.size() < 3 || head[2] < 1 || head[2] > 16 || body.empty()) return std::nullopt;
  LookupTable table;
  const std::size_t count = head[0] == 0 ? 65536 : head[0];
  table.first = first_is_signed ? static_cast<std::int16_t>(head[1]) : static_cast<std::int32_t>(head[1]);
  table.bits = head[2];
  if (body.size() >= count) {
    body.resize(count);
    table.entries = std::move(body);
    return table;
  }
  if (body.size() < (count + 1) / 2) return std::nullopt;
  // Two 8-bit entries a word, the first in its low byte (PS3.3 C.11.1.1).
  table.bits = std::min(table.bits, 8U);
  table.entries.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    table.entries[i] = static_cast<std::uint16_t>(body[i / 2] >> (8 * (i % 2)) & 0xFFU);
  }
  return table;
}

std::vector<std::uint8_t> render_grey(Object& object, const Frame& frame, const Options& options) {
  Transform transform;
  read_modality(*object.data, frame, transform);
  read_voi(*object.data, frame, options, transform);
  std::vector<std::uint8_t> out = apply(frame, transform, options.fallback);
  if (frame.layout.photometric == "MONOCHROME1") {
    for (std::uint8_t& y : out) y = static_cast<std::uint8_t>(255 - y);
  }
  return out;
}

}  // namespace mi2::dicom
