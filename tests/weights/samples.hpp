#pragma once
// Small files made in the test: safetensors by hand, and a model small enough to write often.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ops/parameter.hpp"
#include "weights/config.hpp"

namespace mi2::test {

/// A safetensors file of any header and data, right or wrong.
std::string safetensors_file(std::string_view header, std::string_view data);

/// Two tensors, F32 [2, 3] and BF16 [2], whose data is not aligned to their size.
std::string good_safetensors();

/// config.yaml of a model of two stages and one text layer.
extern const char* const kSmallConfig;

/// A parameter that owns its f32 elements, encoded as `dtype`.
ops::Parameter make_parameter(const std::string& name, const tensor::Shape& shape, const std::vector<float>& values,
                              tensor::DType dtype = tensor::DType::kF32);

/// Every tensor of kSmallConfig's model, named by `rename` of its current name. The vocabulary is full size.
std::vector<ops::Parameter> small_weights(const std::function<std::string(const std::string&)>& rename);
std::vector<ops::Parameter> small_weights();

/// A file of tensors as write_safetensors() makes it, also of numbers that it refuses: NaN and infinity.
void write_any(const std::filesystem::path& path, const std::vector<ops::Parameter>& tensors,
               const std::map<std::string, std::string>& metadata = {});

/// The older name of a tensor, by the replacements of the reference's loader.
std::string older_name(std::string name);

}  // namespace mi2::test
