#include "dataset/classes.hpp"

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/table.hpp"
#include "base/utf8.hpp"

namespace mi2::dataset {

std::int64_t ClassTable::add(std::string_view name) {
  if (name.empty()) throw Error(Code::kBadArgument, "a class without a name");
  if (base::utf8_prefix(name) != name.size()) throw Error(Code::kBadArgument, "a class whose name is not UTF-8");
  const auto [entry, fresh] = ids_.try_emplace(std::string(name), size());
  if (fresh) {
    names_.emplace_back(name);
    prompts_.push_back({std::string(name)});
    own_prompts_.push_back(false);
  }
  return entry->second;
}

void ClassTable::add_prompts(const std::filesystem::path& csv) {
  const std::string path = csv.string();
  const base::Table table = base::Table::read(csv);
  const std::size_t label = table.need(base::kLabelColumn);
  const std::size_t prompt = table.need(base::kPromptColumn);
  for (const base::CsvRow& row : table.rows()) {
    if (row.fields[label].empty() || row.fields[prompt].empty()) {
      throw Error(Code::kBadFile, fmt::format("{}: line {}: a label or prompt is empty", path, row.line));
    }
    const auto id = static_cast<std::size_t>(add(row.fields[label]));
    if (!own_prompts_[id]) prompts_[id].clear();
    own_prompts_[id] = true;
    prompts_[id].push_back(row.fields[prompt]);
  }
}

}  // namespace mi2::dataset
