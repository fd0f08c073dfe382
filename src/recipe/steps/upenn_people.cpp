// UPENN-GBM: sex and age from the collection's clinical table, where the DICOM files do not say.

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/blanks.hpp"
#include "base/table.hpp"
#include "recipe/steps.hpp"

namespace mi2::recipe {
namespace {

struct Person {
  std::string sex;
  std::string age;
};

/// Of several versions the latest.
std::optional<std::string> clinical_table(const Listing& files) {
  std::optional<std::string> best;
  std::string best_name;
  for (const Listing::File& file : files.files()) {
    std::string name = file.path.substr(file.path.rfind('/') + 1);
    if (!name.starts_with("UPENN-GBM_clinical_info_v") || (!name.ends_with(".csv") && !name.ends_with(".csv.gz")))
      continue;
    name.resize(name.find(".csv"));
    if (best && name <= best_name) continue;
    best = file.path;
    best_name = std::move(name);
  }
  return best;
}

/// "UPENN-GBM-00001" of "UPENN-GBM-00001_11", a session of it.
std::string patient_of(std::string_view id) {
  id = base::without_blanks(id);
  const std::size_t mark = id.rfind('_');
  const bool is_session = mark != std::string_view::npos && mark + 1 < id.size() &&
                          id.find_first_not_of("0123456789", mark + 1) == std::string_view::npos;
  return std::string(id.substr(0, is_session ? mark : id.size()));
}

std::string sex_of(std::string_view text) {
  const std::string word = base::lower_ascii(base::without_blanks(text));
  if (word == "m" || word == "male") return "male";
  return word == "f" || word == "female" ? "female" : "";
}

/// What sessions of one patient say differently is not known of an image.
void agree(std::string& known, const std::string& other, bool& differs) {
  if (known == other) return;
  differs = true;
  known.clear();
}

std::map<std::string, Person> read_people(Job& job, const std::string& path) {
  const base::Table table = base::Table::parse(job.files.text(path, base::kMaxCsvBytes), path);
  const std::size_t id = table.need(std::array<std::string_view, 3>{"ID", "Subject ID", "Patient ID"});
  const std::size_t sex = table.need(std::array<std::string_view, 1>{"Gender"});
  const std::size_t age = table.need(std::array<std::string_view, 1>{"Age_at_scan_years"});
  std::map<std::string, Person> people;
  std::map<std::string, bool> differing;
  for (const base::CsvRow& row : table.rows()) {
    const std::string patient = patient_of(row.fields[id]);
    const Person said{sex_of(row.fields[sex]), std::string(base::without_blanks(row.fields[age]))};
    const auto [known, is_new] = people.emplace(patient, said);
    if (is_new) continue;
    agree(known->second.sex, said.sex, differing[patient]);
    agree(known->second.age, said.age, differing[patient]);
  }
  const auto count = std::ranges::count_if(differing, [](const auto& one) { return one.second; });
  if (count > 0)
    job.notes.counts["patients of whom sessions say different things, left as DICOM has them"] +=
        static_cast<std::uint64_t>(count);
  return people;
}

}  // namespace

void upenn_people(Job& job, Rows& rows) {
  const auto path = clinical_table(job.files);
  if (!path) {
    job.notes.warnings.emplace_back(
        "no table UPENN-GBM_clinical_info_v*.csv: sex and age are those of the DICOM files");
    return;
  }
  const std::map<std::string, Person> people = read_people(job, *path);
  const std::size_t patient = rows.need("patient");
  const std::size_t sex = rows.need("sex");
  const std::size_t age = rows.need("age");
  for (Row& row : rows.all()) {
    const auto person = people.find(row.fields[patient]);
    if (person == people.end()) {
      ++job.notes.counts["images of patients who are not in the clinical table"];
      continue;
    }
    if (row.fields[sex].empty()) row.fields[sex] = person->second.sex;
    if (row.fields[age].empty()) row.fields[age] = person->second.age;
  }
}

}  // namespace mi2::recipe
