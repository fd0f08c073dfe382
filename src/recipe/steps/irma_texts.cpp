#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/blanks.hpp"
#include "base/table.hpp"
#include "recipe/stages.hpp"
#include "recipe/steps.hpp"
#include "recipe/steps/irma_codes.hpp"
#include "recipe/steps/named_files.hpp"

namespace mi2::recipe {
namespace {

constexpr std::string_view kMissing = "\\N";
constexpr std::string_view kTestFolder = "imageclefmed2009_test";
constexpr std::string_view kTrainFolder = "imageclefmed2009_train";

/// "00001880" and "1880.png" are 1880. @returns nothing for what is no number.
std::string image_number(std::string_view text) {
  text = file_stem(text);
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) return {};
  const std::size_t first = text.find_first_not_of('0');
  return std::string(first == std::string_view::npos ? "0" : text.substr(first));
}

/// Rows of a copy that has a list of "NUMBER,CODE" without a header instead of the tables of the challenge.
void read_image_codes(Job& job, Rows& rows) {
  static const std::array<std::string, 3> kNames{"image_codes.csv", "image_codes.txt", "codes.csv"};
  const auto path = job.files.find(kNames);
  if (!path) {
    throw Error(Code::kNotFound, fmt::format("{}: no codes of images; expected 'ImageCLEFmed2009_train_codes.02.csv', "
                                             "'ImageCLEFmed2009_test_codes.03.csv' or '{}'",
                                             job.files.root().string(), kNames.front()));
  }
  const std::size_t number = rows.column("number");
  const std::size_t code = rows.column("code");
  const std::size_t split = rows.column("split");
  const std::uint32_t source = rows.source(*path);
  const std::string text = job.files.text(*path, kMostIrmaTableBytes);
  std::string_view rest = text;
  std::size_t line_number = 0;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = base::without_blanks(rest.substr(0, end), " \t\r");
    rest.remove_prefix(std::min(end + 1, rest.size()));
    ++line_number;
    const std::size_t comma = line.find_first_of(",; \t");
    const std::string image = image_number(base::without_blanks(line.substr(0, comma), " \t\""));
    if (line.empty() || (image.empty() && line_number == 1)) continue;
    if (image.empty() || comma == std::string_view::npos) {
      throw Error(Code::kBadFile, fmt::format("{}: line {}: expected 'NUMBER,CODE'", *path, line_number));
    }
    Row& row = rows.add(source, line_number);
    row.fields[number] = image;
    row.fields[code] = base::without_blanks(line.substr(comma), " \t\",;");
    row.fields[split] = "test";
  }
  job.notes.warnings.push_back(fmt::format("{} says nothing of splits: all its images are taken for test", *path));
}

/// The code that a year's challenge gave an image; the empty one if it has none or is not of that year.
class YearCode {
 public:
  YearCode(const std::string& year, const Rows& rows) : code_(rows.need("code")) {
    if (year == "all") return;
    // The classes of the first two years were numbers.
    const bool by_class = year == "2005" || year == "2006";
    member_ = rows.need((by_class ? "class_" : "code_") + year);
    if (!by_class) code_ = *member_;
  }
  [[nodiscard]] std::string of(const Row& row) const {
    if (member_ && (row.fields[*member_] == kMissing || row.fields[*member_].empty())) return {};
    const std::string& code = row.fields[code_];
    return code == kMissing ? std::string() : base::lower_ascii(code);
  }

 private:
  std::size_t code_;
  std::optional<std::size_t> member_;
};

/// Whether one of a path's folders begins so.
bool is_in(std::string_view path, std::string_view folder) {
  for (std::size_t at = path.find(folder); at != std::string_view::npos; at = path.find(folder, at + 1)) {
    if (at == 0 || path[at - 1] == '/') return true;
  }
  return false;
}

/// IrmaImages by number, from the folder of their split where there is one.
class IrmaImages {
 public:
  explicit IrmaImages(const Listing& files)
      : train_(files, of(kTrainFolder), image_number),
        test_(files, of(kTestFolder), image_number),
        elsewhere_(files, of({}), image_number) {}

  /// @param split  empty: any.
  [[nodiscard]] std::optional<std::string> find(const std::string& number, std::string_view split) const {
    if (const auto found = split == "test" ? std::nullopt : train_.find(number)) return found;
    if (const auto found = split == "train" ? std::nullopt : test_.find(number)) return found;
    return elsewhere_.find(number);
  }

 private:
  /// IrmaImages in a folder, or in neither of the two.
  static std::function<bool(std::string_view)> of(std::string_view folder) {
    return [folder](std::string_view path) {
      const std::string lower = base::lower_ascii(path);
      if (!lower.ends_with(".png") && !lower.ends_with(".jpg")) return false;
      return folder.empty() ? !is_in(lower, kTrainFolder) && !is_in(lower, kTestFolder) : is_in(lower, folder);
    };
  }

  NamedFiles train_;
  NamedFiles test_;
  NamedFiles elsewhere_;
};

/// The same number in both splits: two images.
void name_rows(Rows& rows) {
  const std::size_t number = rows.need("number");
  const std::size_t split = rows.need("split");
  const std::size_t name = rows.column("name");
  std::unordered_map<std::string, std::string> split_of;
  bool twice = false;
  for (const Row& row : rows.all()) {
    const auto [other, is_new] = split_of.emplace(row.fields[number], row.fields[split]);
    twice = twice || other->second != row.fields[split];
  }
  for (Row& row : rows.all()) {
    row.fields[name] = twice ? fmt::format("{}-{}", row.fields[split], row.fields[number]) : row.fields[number];
  }
}

}  // namespace

void irma_texts(Job& job, Rows& rows) {
  const bool has_splits = !rows.all().empty();
  if (!has_splits) read_image_codes(job, rows);
  const IrmaTable table = find_irma_table(job.files);
  const YearCode year(job.setting("year"), rows);
  const IrmaImages images(job.files);
  const std::size_t number = rows.need("number");
  const std::size_t split = rows.need("split");
  const std::size_t file = rows.column("file");
  const std::size_t label = rows.column("label");
  const std::size_t irma_code = rows.column("irma_code");
  exclude_rows(rows, job.notes, [&](Row& row) -> std::string {
    row.fields[number] = image_number(row.fields[number]);
    std::string code = year.of(row);
    if (code.empty()) return "without a code";
    if (code.find('*') != std::string::npos) return "with a code that leaves a place open";
    if (!is_irma_code(code)) return "with a code that is none";
    auto text = irma_text(table, code);
    if (!text) return "with a code that the table does not have";
    const auto found = images.find(row.fields[number], has_splits ? row.fields[split] : "");
    if (!found) return "no file of that name";
    row.fields[file] = job.files.whole(*found).string();
    row.fields[label] = std::move(*text);
    row.fields[irma_code] = std::move(code);
    return "";
  });
  name_rows(rows);
}

}  // namespace mi2::recipe
