#include <array>
#include <charconv>
#include <optional>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/table.hpp"
#include "base/utf8.hpp"
#include "recipe/stages.hpp"
#include "recipe/steps.hpp"
#include "recipe/steps/mimic_reports.hpp"
#include "recipe/steps/named_files.hpp"
#include "recipe/steps/report_sections.hpp"

namespace mi2::recipe {
namespace {

template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || fault != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Of "21800506", and of "21800506.0" from a program that makes numbers of everything.
std::optional<int> year_of(std::string_view date) {
  constexpr std::size_t kDigits = 4;
  return date.size() < kDigits ? std::nullopt : parse_number<int>(date.substr(0, kDigits));
}

/// Findings and impression of one study, each in one line, or why there is neither.
struct StudyTexts {
  std::string findings;
  std::string impression;
  std::string why_none;
};

/// Where texts come from, and what is counted of them.
class Texts {
 public:
  explicit Texts(Job& job)
      : job_(job),
        official_(job.setting("sections") == "mimic-official"),
        one_(job.setting("texts") == "one"),
        without_gaps_(job.setting("gaps") == "drop") {
    if (job.setting("sections") == "table") {
      read_table();
    } else {
      reports_.emplace(job.files);
      if (!reports_->empty()) return;
      throw Error(Code::kNotFound, fmt::format("{}: no report; expected files such as p10000032/s50414267.txt, or "
                                               "mimic-cxr-reports.zip, below it",
                                               job.files.root().string()));
    }
  }

  const StudyTexts& of(const std::string& study) {
    const auto [found, is_new] = known_.try_emplace(study);
    if (is_new) {
      found->second = make(study);
      count(found->second);
    }
    return found->second;
  }

 private:
  using ReportOf = std::unordered_map<std::uint64_t, ReportTexts>;

  /// What the makers' own program wrote.
  void read_table() {
    static const std::array<std::string, 1> kName{"mimic_cxr_sectioned.csv"};
    const auto path = job_.files.find(kName);
    if (!path || path->ends_with(".gz")) {
      throw Error(Code::kNotFound, fmt::format("{}: no file '{}', which the setting sections=table reads",
                                               job_.files.root().string(), kName.front()));
    }
    base::Table table = base::Table::read(job_.files.whole(*path));
    const auto column = [&table](std::string_view name) { return table.need(std::span(&name, 1)); };
    const std::size_t study = column("study");
    const std::size_t impression = column("impression");
    const std::size_t findings = column("findings");
    const std::size_t last = column("last_paragraph");
    const std::size_t comparison = column("comparison");
    for (base::CsvRow& row : table.take_rows()) {
      const auto number = study_number(row.fields[study]);
      if (!number) {
        throw Error(Code::kBadFile, fmt::format("{}: line {}: expected a study such as s50414267", *path, row.line));
      }
      table_[*number] = {std::move(row.fields[impression]), std::move(row.fields[findings]),
                         std::move(row.fields[last]), std::move(row.fields[comparison])};
    }
  }

  std::optional<ReportTexts> find(std::uint64_t study) {
    if (!reports_) {
      const auto found = table_.find(study);
      return found == table_.end() ? std::nullopt : std::optional(found->second);
    }
    const auto bytes = reports_->read(study);
    if (!bytes) return std::nullopt;
    const std::string report = base::replace_invalid_utf8(*bytes);
    if (has_addendum(report)) ++job_.notes.counts["reports behind an addendum or a wet read"];
    return texts_of(official_ ? official_sections(report) : found_sections(report));
  }

  StudyTexts make(const std::string& study) {
    const auto number = study_number(study);
    const auto report = number ? find(*number) : std::nullopt;
    if (!report) return {{}, {}, "without a report"};
    const auto line = [this](const std::string& text) { return in_one_line(text, without_gaps_); };
    StudyTexts texts{line(report->findings), line(report->impression), {}};
    if (texts.findings.empty() && texts.impression.empty()) {
      texts.findings = line(report->last_paragraph);
      if (!texts.findings.empty()) ++job_.notes.counts["reports whose last paragraph is taken for the findings"];
    }
    if (one_ && !texts.impression.empty()) texts.findings.clear();
    if (one_ && texts.impression.empty() && texts.findings.empty()) texts.findings = line(report->comparison);
    if (texts.findings.empty() && texts.impression.empty())
      texts.why_none = "of a report with neither findings nor impression";
    return texts;
  }

  void count(const StudyTexts& texts) {
    auto& counts = job_.notes.counts;
    if (!texts.findings.empty() && !texts.impression.empty()) {
      ++counts["reports with findings and impression"];
    } else if (!texts.findings.empty()) {
      ++counts["reports with findings alone"];
    } else if (!texts.impression.empty()) {
      ++counts["reports with an impression alone"];
    } else {
      ++counts["studies without a text"];
    }
  }

  Job& job_;
  bool official_;
  bool one_;
  bool without_gaps_;
  std::optional<MimicReports> reports_;
  ReportOf table_;
  std::unordered_map<std::string, StudyTexts> known_;
};

/// @returns why a row is not used; empty: it is.
std::string judge_view(std::string& view, std::string_view words, Notes& notes) {
  if (view == "AP" || view == "PA") {
    ++notes.counts["frontal images by ViewPosition"];
    return "";
  }
  if (!view.empty()) {
    if (view == "LATERAL" || view == "LL") return "of a lateral view";
    return "of a view that is neither AP nor PA";
  }
  const std::string lower = base::lower_ascii(words);
  if (lower == "antero-posterior" || lower == "postero-anterior") {
    view = lower == "antero-posterior" ? "AP" : "PA";
    ++notes.counts["frontal images by ViewCodeSequence"];
    return "";
  }
  return lower.empty() ? "of no named view" : "of a view that is neither AP nor PA";
}

}  // namespace

void mimic_views(Job& job, Rows& rows) {
  const std::size_t view = rows.need("view");
  const std::size_t words = rows.need("view_words");
  exclude_rows(rows, job.notes, [&](Row& row) { return judge_view(row.fields[view], row.fields[words], job.notes); });
  // Of a folder with both, the pictures that the user wants.
  const std::size_t id = rows.need("id");
  const std::size_t file = rows.column("file");
  const std::string ending = "." + job.setting("images");
  const NamedFiles files(
      job.files, [&](std::string_view path) { return path.ends_with(ending); },
      [](std::string_view name) { return std::string(file_stem(name)); });
  for (Row& row : rows.all()) {
    if (const auto path = files.find(row.fields[id])) row.fields[file] = job.files.whole(*path).string();
  }
}

void mimic_age(Job& job, Rows& rows) {
  const std::size_t anchor_age = rows.need("anchor_age");
  const std::size_t anchor_year = rows.need("anchor_year");
  const std::size_t date = rows.need("date");
  const std::size_t age = rows.column("age");
  for (Row& row : rows.all()) {
    const auto then = parse_number<int>(row.fields[anchor_age]);
    const auto year = parse_number<int>(row.fields[anchor_year]);
    const auto now = year_of(row.fields[date]);
    constexpr int kOldest = 150;
    const int years = then && year && now ? *then + (*now - *year) : -1;
    if (years < 0 || years > kOldest) {
      ++job.notes.counts["images without an age"];
    } else {
      row.fields[age] = std::to_string(years);
    }
  }
}

void mimic_sections(Job& job, Rows& rows) {
  constexpr std::size_t kReportEach = 1024;
  const std::size_t study = rows.need("study");
  const std::size_t findings = rows.column("findings");
  const std::size_t impression = rows.column("impression");
  Texts texts(job);
  std::size_t done = 0;
  const std::size_t total = rows.all().size();
  exclude_rows(rows, job.notes, [&](Row& row) {
    if (job.progress && done++ % kReportEach == 0) job.progress({"reading reports", done, total});
    const StudyTexts& found = texts.of(row.fields[study]);
    row.fields[findings] = found.findings;
    row.fields[impression] = found.impression;
    return found.why_none;
  });
}

}  // namespace mi2::recipe
