#pragma once
// Models on other devices than our own CPU engine. libtorch, which drives them, is linked only into the program
// mi2-torch; it registers itself here, so that nothing above needs to know.

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/linked.hpp"
#include "models/model.hpp"
#include "weights/model_source.hpp"

#include <mi2/device.hpp>
#include <mi2/dtype.hpp>

namespace mi2::models {

struct DeviceOptions {
  Device device;              ///< kCuda or kTorch
  DType dtype = DType::kF32;  ///< kF32, kBF16 or kF16
  unsigned threads = 0;       ///< of the CPU; 0: one per available core
};

using DeviceLoader = std::unique_ptr<Model> (*)(const weights::ModelSource& source, const DeviceOptions& options);

/// Provided by a program that links such an engine, before any model is loaded.
base::Linked<DeviceLoader>& device_loader() noexcept;

/// @throws Error{kUnsupported} unless the driver shows a GPU of this number.
void require_card(const Device& device);

/// @throws Error{kUnsupported} if no engine for devices is linked, there is no such device, or the model is a packed
/// file;
///         {kBadArgument} for a dtype the device does not have; what loading a checkpoint throws.
std::unique_ptr<Model> load_device_model(const weights::ModelSource& source, const DeviceOptions& options);

/// What kAuto tries.
inline constexpr Device kFirstCard{Device::Kind::kCuda, 0};

/// What the device kAuto is to a model.
struct FirstCard {
  std::unique_ptr<Model> model;  ///< on the first GPU; null: it is the CPU's
  DType dtype = DType::kF32;
  std::string why_cpu;  ///< if it is
};

/// @param dtype  as EmbedderOptions::dtype.   @throws what loading a checkpoint throws.
FirstCard try_first_card(const weights::ModelSource& source, std::optional<DType> dtype);

/// The dtype of a GPU, or of libtorch, for EmbedderOptions::dtype: it does not choose one by itself.
DType device_dtype(std::optional<DType> dtype) noexcept;

/// "cuda:0,cuda:1", "cuda:all", or what parse_device() takes. Of several, all are of one kind and no GPU comes twice.
/// @throws Error{kBadArgument}; {kUnsupported} for "cuda:all" where there is no GPU.
std::vector<Device> parse_devices(std::string_view names);
/// "cuda:0,cuda:1"; a repeated name is there once.
std::string to_string(std::span<const Device> devices);

}  // namespace mi2::models
