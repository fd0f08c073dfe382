#pragma once
// Datasets in DICOM JSON (PS3.18 F), as servers write it. Shows nlohmann's JSON: for this room and those inside it.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace mi2::dicomweb {

/// The values of a tag, "0020000D"; null where there is none.
const nlohmann::json* values_of(const nlohmann::json& dataset, std::string_view tag);
/// A value as row_text(); empty for what is no text.
std::string text_of(const nlohmann::json& value);
std::string first_text(const nlohmann::json& dataset, std::string_view tag);
/// Some servers write counts as numbers, some as text.
std::optional<std::uint64_t> count_of(const nlohmann::json& dataset, std::string_view tag);

}  // namespace mi2::dicomweb
