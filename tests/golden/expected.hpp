#pragma once
// What the reference implementation makes of the golden cases.

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "support/distance.hpp"
#include "support/paths.hpp"
#include "weights/safetensors.hpp"

namespace mi2::golden {

/// The "images" (file names) or "texts" of a model, "tiny" or "full".
inline std::vector<std::string> cases(const std::string& model, const char* kind) {
  return nlohmann::json::parse(std::ifstream(test::golden_data() / model / "cases.json")).at(kind);
}

/// A tensor of FOLDER/expected.safetensors, row by row in one.
inline std::vector<float> expected(const std::string& folder, const std::string& name) {
  return weights::SafeTensors(test::golden_data() / folder / "expected.safetensors").parameter(name).to_floats();
}

/// The rows of one that is a matrix.
inline test::Vectors expected_rows(const std::string& folder, const std::string& name) {
  const weights::SafeTensors file(test::golden_data() / folder / "expected.safetensors");
  const std::int64_t width = file.parameter(name).shape[1];
  const std::vector<float> values = file.parameter(name).to_floats();
  test::Vectors rows;
  for (auto at = values.begin(); at != values.end(); at += width) rows.emplace_back(at, at + width);
  return rows;
}

}  // namespace mi2::golden
