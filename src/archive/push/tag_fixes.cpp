#include "archive/push/tag_fixes.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <system_error>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>
#include <mi2/version.hpp>

#include "archive/column.hpp"
#include "archive/tag_values.hpp"
#include "archive/tags.hpp"
#include "base/csv.hpp"
#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/json_text.hpp"
#include "base/numbers.hpp"
#include "base/table.hpp"
#include "base/utf8.hpp"
#include "dicom/results/tag_report.hpp"

namespace mi2::archive::push {
namespace {

namespace results = dicom::results;

/// Of a value: as long as an archive keeps any (dicom::kMaxDescription).
constexpr std::size_t kMostValue = 256;
constexpr std::uint64_t kMostNeighbours = 1000;

template <typename Number>
std::optional<Number> whole(std::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Which attribute of a header a field is.
std::string_view attribute_of(std::string_view field) {
  constexpr auto kAttributes = std::to_array<std::pair<std::string_view, std::string_view>>({
      {"modality", "Modality (0008,0060)"},
      {"body_part", "Body Part Examined (0018,0015)"},
      {"laterality", "Laterality (0020,0060) or Image Laterality (0020,0062)"},
      {"plane", "Image Orientation (Patient) (0020,0037): the plane"},
      {"contrast", "Contrast/Bolus Agent (0018,0010): whether one is named"},
      {"sequence", "Series Description (0008,103E) or Protocol Name (0018,1030): the MR sequence"},
      {"protocol", "Protocol Name (0018,1030)"},
  });
  static_assert(kAttributes.size() == kTagFields.size());
  for (const auto& [name, attribute] : kAttributes) {
    if (name == field) return attribute;
  }
  throw Error(Code::kInternal, "tags: a field without an attribute");
}

/// For people.
std::string told_method(const TagFix& fix) {
  const TagMethod method = parse_tag_method(fix.method);
  if (method.neighbours == 0) return fmt::format("an adapter of SHA-256 {}", method.adapter);
  return fmt::format("the nearest series of each of the {} nearest other patients", method.neighbours);
}

/// A field's values in an archive, read when they are first asked for.
class Values {
 public:
  explicit Values(Reader& archive) : archive_(archive) {}

  const Column& column(const std::string& field) { return of(field).column; }

  /// In whatever case.
  bool has(const std::string& field, std::string_view value) {
    return of(field).words.contains(base::lower_ascii(value));
  }

 private:
  struct Field {
    Column column;
    std::unordered_set<std::string> words;
  };

  Field& of(const std::string& field) {
    const auto found = fields_.find(field);
    if (found != fields_.end()) return found->second;
    Field read{tag_column(archive_.catalog(), field, archive_.segments().rows()), {}};
    for (const std::string& word : read.column.words()) read.words.insert(base::lower_ascii(word));
    return fields_.emplace(field, std::move(read)).first->second;
  }

  Reader& archive_;
  std::map<std::string, Field, std::less<>> fields_;
};

/// When the archive became what was judged: the same whenever a report is made.
using Times = std::map<std::int64_t, std::string>;

Times times_of(Reader& archive, std::span<const TagFix> fixes) {
  Times times;
  for (const TagFix& fix : fixes) times.try_emplace(fix.snapshot);
  for (auto& [at, snapshot] : archive.catalog().counts("change_times")) {
    if (const auto wanted = times.find(snapshot); wanted != times.end()) wanted->second = std::move(at);
  }
  return times;
}

Error stale(std::string_view why) {
  return {Code::kBadArgument, fmt::format("{}; mi2 index tags judges the archive as it is now", why)};
}

/// What the fix is of, if it still says of the archive what is so.
ItemFacts checked_item(Reader& archive, Values& values, const Times& times, const TagFix& fix) {
  check_fix(fix);
  std::optional<ItemFacts> item;
  if (fix.row < archive.segments().rows()) item = archive.catalog().item(fix.row, false);
  if (!item || item->study_uid != fix.study_uid || item->series_uid != fix.series_uid) {
    throw stale("the archive has no such series under this number");
  }
  if (times.at(fix.snapshot).empty()) throw stale("the archive has no snapshot of this number");
  if (values.column(fix.field).of(fix.row) != fix.tag) throw stale("the archive has another value of it");
  if (parse_tag_method(fix.method).neighbours > 0 && !values.has(fix.field, fix.suggested)) {
    throw stale("the suggested value is none that the archive has");
  }
  return *std::move(item);
}

results::TagFinding finding_of(Reader& archive, const TagFix& fix, const ItemFacts& item) {
  results::TagFinding finding;
  finding.series_uid = item.series_uid;
  finding.attribute = attribute_of(fix.field);
  finding.value = told(fix.tag);
  finding.suggested = told(fix.suggested);
  finding.agreement = fix.agreement;
  finding.method = told_method(fix);
  if (item.kind == "series") return finding;
  finding.sop_uid = item.sop_uid;
  if (const auto source = archive.catalog().source_of(item.row)) finding.sop_class_uid = source->sop_class;
  finding.frame = item.frames > 1 && !item.tile ? item.frame : 0;
  return finding;
}

/// The fixes of one study that stand, and what they are of.
struct StudyFixes {
  std::string uid;
  std::vector<const TagFix*> fixes;
  std::vector<ItemFacts> items;
};

std::vector<StudyFixes> by_study(Reader& archive, std::span<const TagFix> fixes, const Times& times, const Uses& uses) {
  Values values(archive);
  std::vector<StudyFixes> studies;
  std::map<std::string, std::size_t, std::less<>> places;
  for (const TagFix& fix : fixes) {
    if (fix.study_uid.empty()) continue;
    try {
      ItemFacts item = checked_item(archive, values, times, fix);
      const auto [place, fresh] = places.try_emplace(fix.study_uid, studies.size());
      if (fresh) studies.push_back({fix.study_uid, {}, {}});
      studies[place->second].fixes.push_back(&fix);
      studies[place->second].items.push_back(std::move(item));
    } catch (const Error& error) {
      if (error.code() != Code::kBadArgument) throw;
      uses.left_out(fmt::format("{} of series {}", fix.field, base::printable(fix.series_uid)), error);
    }
  }
  return studies;
}

results::TagReport report_of(Reader& archive, const StudyFixes& study, const Times& times) {
  results::TagReport report;
  std::string names = fmt::format("{} {}", archive.format().id, version());
  std::int64_t snapshot = 0;
  for (std::size_t i = 0; i < study.fixes.size(); ++i) {
    const TagFix& fix = *study.fixes[i];
    snapshot = std::max(snapshot, fix.snapshot);
    report.tags.push_back(finding_of(archive, fix, study.items[i]));
    std::string agreement;
    base::append_number(agreement, fix.agreement);
    for (const std::string_view part :
         {std::string_view(fix.field), std::string_view(fix.tag), std::string_view(fix.suggested),
          std::string_view(agreement), std::string_view(fix.method), std::string_view(fix.series_uid)}) {
      names += fmt::format("\n{}", base::json_string(part));
    }
    names += fmt::format("\n{} {}", fix.row, fix.snapshot);
  }
  const Space& space = archive.format().space;
  results::Report& about = report.about;
  about.id = base::sha256_hex(std::as_bytes(std::span(names)));
  about.made_at = times.at(snapshot);
  about.version = version();
  about.facts = {{"archive", archive.format().id},
                 {"snapshot", fmt::format("{}", snapshot)},
                 {"weights", told(space.weights_sha256)},
                 {"profile", told(space.profile)}};
  return report;
}

/// Columns of `mi2 index tags --format csv`.
struct Columns {
  std::size_t field, tag, suggested, agreement, item, study, series, method, snapshot;
};

Columns columns_of(const base::Table& table) {
  const auto need = [&](std::string_view name) { return table.need(std::span(&name, 1)); };
  return {need("field"), need("tag"),    need("suggested"), need("agreement"), need("item"),
          need("study"), need("series"), need("method"),    need("snapshot")};
}

/// Without the apostrophe that keeps a spreadsheet from taking a text for a formula.
std::string plain(std::string text) {
  constexpr std::string_view kFormula = "=+-@\t\r";
  if (text.size() > 1 && text.front() == '\'' && kFormula.find(text[1]) != std::string_view::npos) text.erase(0, 1);
  return text;
}

TagFix fix_of(std::vector<std::string>& fields, const Columns& at) {
  const auto number = [&](std::size_t column, std::string_view name) {
    const auto value = whole<std::int64_t>(fields[column]);
    if (!value || *value < 0) throw Error(Code::kBadArgument, fmt::format("{}: expected a whole number", name));
    return *value;
  };
  const std::optional<double> agreement = base::parse_finite(fields[at.agreement]);
  if (!agreement) throw Error(Code::kBadArgument, "agreement: expected a number from 0 to 1");
  TagFix fix{.field = std::move(fields[at.field]),
             .tag = plain(std::move(fields[at.tag])),
             .suggested = plain(std::move(fields[at.suggested])),
             .agreement = *agreement,
             .method = std::move(fields[at.method]),
             .snapshot = number(at.snapshot, "snapshot"),
             .row = static_cast<std::uint64_t>(number(at.item, "item")),
             .study_uid = std::move(fields[at.study]),
             .series_uid = std::move(fields[at.series])};
  check_fix(fix);
  return fix;
}

}  // namespace

TagMethod parse_tag_method(std::string_view text) {
  constexpr std::string_view kNeighbours = "neighbours:";
  constexpr std::string_view kAdapter = "adapter:";
  constexpr std::size_t kDigits = 64;
  if (text.starts_with(kNeighbours)) {
    const auto k = whole<std::uint64_t>(text.substr(kNeighbours.size()));
    if (k && *k >= 1 && *k <= kMostNeighbours) return {static_cast<std::size_t>(*k), {}};
  }
  if (text.starts_with(kAdapter)) {
    const std::string_view digits = text.substr(kAdapter.size());
    const bool hash =
        digits.size() == kDigits && digits.find_first_not_of("0123456789abcdef") == std::string_view::npos;
    if (hash) return {0, std::string(digits)};
  }
  throw Error(Code::kBadArgument, "method: expected neighbours:K or adapter:SHA-256");
}

void check_fix(const TagFix& fix) {
  if (std::find(kTagFields.begin(), kTagFields.end(), fix.field) == kTagFields.end()) {
    throw Error(Code::kBadArgument, fmt::format("field: expected one of {}", fmt::join(kTagFields, ", ")));
  }
  if (fix.suggested.empty() || fix.suggested.size() > kMostValue) {
    throw Error(Code::kBadArgument, fmt::format("suggested: expected a text of 1 to {} bytes", kMostValue));
  }
  if (fix.tag.size() > kMostValue) {
    throw Error(Code::kBadArgument, fmt::format("tag: expected a text of at most {} bytes", kMostValue));
  }
  if (!(fix.agreement >= 0 && fix.agreement <= 1)) {
    throw Error(Code::kBadArgument, "agreement: expected a number from 0 to 1");
  }
  if (fix.snapshot < 1) throw Error(Code::kBadArgument, "snapshot: expected the number of a snapshot");
  static_cast<void>(parse_tag_method(fix.method));
}

std::vector<TagFix> parse_tag_fixes(std::string_view text, std::string_view name) {
  base::CsvLimits limits;
  limits.rows = kMostFixes;
  base::Table table = base::Table::parse(text, name, limits);
  const Columns at = columns_of(table);
  std::vector<TagFix> fixes;
  std::set<std::pair<std::uint64_t, std::string>> seen;
  for (base::CsvRow& row : table.take_rows()) {
    try {
      TagFix fix = fix_of(row.fields, at);
      if (!seen.emplace(fix.row, fix.field).second) {
        throw Error(Code::kBadArgument, "a field of an item that an earlier line has");
      }
      fixes.push_back(std::move(fix));
    } catch (const Error& error) {
      throw Error(Code::kBadFile, fmt::format("{}: line {}: {}", name, row.line, error.what()));
    }
  }
  return fixes;
}

std::vector<TagFix> read_tag_fixes(const std::string& file) {
  return parse_tag_fixes(base::read_text_file(file, base::kMaxCsvBytes), file);
}

std::size_t make_tag_objects(Reader& archive, std::span<const TagFix> fixes, const Uses& uses) {
  const Times times = times_of(archive, fixes);
  LastZip zips;
  for (const StudyFixes& study : by_study(archive, fixes, times, uses)) {
    results::ResultObject object;
    try {
      const results::TagReport report = report_of(archive, study, times);
      std::vector<NamedRow> rows;
      for (const ItemFacts& item : study.items) {
        rows.push_back({item.row, item.study_uid, item.series_uid, item.sop_uid});
      }
      object = results::make_tag_report(report, header_of(archive, rows, study.uid, uses.fetch, zips));
    } catch (const Error& error) {
      uses.left_out(fmt::format("SR of study {}", base::printable(study.uid)), error);
      continue;
    }
    uses.made(object);
  }
  return static_cast<std::size_t>(
      std::count_if(fixes.begin(), fixes.end(), [](const TagFix& fix) { return fix.study_uid.empty(); }));
}

}  // namespace mi2::archive::push
