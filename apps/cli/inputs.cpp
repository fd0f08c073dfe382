#include "inputs.hpp"

#include <algorithm>
#include <utility>

#include "base/files.hpp"
#include "base/table.hpp"
#include "base/utf8.hpp"
#include "embedder/inputs.hpp"
#include "texts_json.hpp"

namespace mi2::cli {
namespace {

constexpr std::string_view kBlanks = " \t\r\n\f\v";

std::string_view trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(separator), text.size());
    const std::string_view part = trim(text.substr(0, end));
    if (!part.empty()) parts.emplace_back(part);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
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

std::vector<std::string> split_labels(std::string_view text) { return split(text, ','); }

std::vector<std::string> read_labels(const std::string& path) {
  std::vector<std::string> labels;
  for (base::ListEntry& entry : base::read_list(path)) labels.push_back(std::move(entry.text));
  return labels;
}

}  // namespace mi2::cli
