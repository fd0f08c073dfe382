#include "inputs.hpp"

#include <utility>

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

std::vector<std::string> read_labels(const std::string& path) {
  std::vector<std::string> labels;
  for (base::ListEntry& entry : base::read_list(path)) labels.push_back(std::move(entry.text));
  return labels;
}

}  // namespace mi2::cli
