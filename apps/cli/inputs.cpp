#include "inputs.hpp"

#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/blanks.hpp"
#include "base/comma_list.hpp"
#include "base/files.hpp"
#include "base/table.hpp"
#include "base/utf8.hpp"
#include "embedder/inputs.hpp"
#include "texts_json.hpp"

namespace mi2::cli {
namespace {

constexpr std::string_view kBlanks = " \t\r\n\f\v";

/// A list as JSON or Python has it, and not labels of which the first is in brackets.
bool is_json_list(std::string_view text) {
  if (!text.starts_with('[')) return false;
  const std::string_view inside = base::without_blanks(text.substr(1), kBlanks);
  return inside.empty() || inside.starts_with('"') || inside.starts_with('\'') || inside.starts_with(']');
}

std::vector<std::string> json_labels(std::string_view json, const std::string& name) {
  std::vector<std::string> labels = parse_texts_json(json, name);
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (!base::without_blanks(labels[i], kBlanks).empty()) continue;
    throw Error(Code::kBadFile, fmt::format("{}: element {} of the array is empty; expected a label", name, i + 1));
  }
  return labels;
}

}  // namespace

std::vector<std::string> gather_texts(std::vector<std::string> texts, const std::string& texts_json) {
  base::require_utf8(texts, "text");
  if (texts_json.empty()) return texts;
  std::string json;
  if (texts_json == "-") {
    const std::vector<std::byte> bytes = embedder::read_standard_input(kMaxTextsJsonBytes);
    json.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  } else {
    json = base::read_text_file(texts_json, kMaxTextsJsonBytes);
  }
  std::vector<std::string> more = parse_texts_json(json, texts_json);
  texts.insert(texts.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  return texts;
}

std::vector<std::string> split_labels(std::string_view text) {
  std::vector<std::string> labels;
  for (const std::string_view part : base::comma_parts(text)) {
    const std::string_view label = base::without_blanks(part, kBlanks);
    if (!label.empty()) labels.emplace_back(label);
  }
  return labels;
}

std::vector<std::string> listed_labels(std::string_view text, const std::string& option) {
  const std::string_view list = base::without_blanks(text, kBlanks);
  if (is_json_list(list)) {
    try {
      return json_labels(list, option);
    } catch (const Error& error) {
      throw Error(error.code() == Code::kBadFile ? Code::kBadArgument : error.code(), error.what());
    }
  }
  std::vector<std::string> labels = split_labels(text);
  base::require_utf8(labels, "label");
  return labels;
}

std::vector<std::string> read_labels(const std::string& path) {
  const std::string ending = base::lower_ascii(std::filesystem::path(path).extension().string());
  if (ending == ".json") return json_labels(base::read_text_file(path, kMaxTextsJsonBytes), path);
  std::vector<std::string> labels;
  if (ending == ".csv") {
    const base::Table table = base::Table::read(path);
    const std::size_t column = table.need(base::kLabelColumn);
    for (const base::CsvRow& row : table.rows()) {
      const std::string_view label = base::without_blanks(row.fields[column], kBlanks);
      if (!label.empty()) labels.emplace_back(label);
    }
    if (labels.empty()) throw Error(Code::kBadFile, fmt::format("{}: has no label", path));
    return labels;
  }
  for (base::ListEntry& entry : base::read_list(path)) labels.push_back(std::move(entry.text));
  if (is_json_list(labels.front())) return json_labels(base::read_text_file(path, kMaxTextsJsonBytes), path);
  return labels;
}

}  // namespace mi2::cli
