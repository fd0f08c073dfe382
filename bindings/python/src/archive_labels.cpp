// What is said of images, series and studies of an archive.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include <nanobind/nanobind.h>
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "archive/archive.hpp"
#include "archive/given/label_rows.hpp"
#include "archive/labels.hpp"
#include "base/json.hpp"
#include "base/table.hpp"
#include "bindings.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace mi2::python {
namespace {

/// @param rows  a list of objects as JSON.  @param table  the text of a CSV.  @param file  a file; one of the three.
archive::given::LabelRows label_rows(const std::optional<std::string>& rows, const std::optional<std::string>& table,
                                     const std::optional<std::filesystem::path>& file) {
  if (file) return archive::given::read_labels(*file);
  archive::given::LabelRows found("labels", Code::kBadArgument);
  if (table) {
    found.add(base::Table::parse(*table, "labels"));
    return found;
  }
  const nlohmann::json list = base::parse_json(rows.value_or("[]"), {.name = "labels"});
  std::size_t line = 0;
  for (const nlohmann::json& row : list) found.add(row, ++line);
  if (line == 0) throw Error(Code::kBadArgument, "labels: has no row");
  return found;
}

std::string add_labels(const std::filesystem::path& folder, const std::optional<std::string>& rows,
                       const std::optional<std::string>& table, const std::optional<std::filesystem::path>& file,
                       const std::string& by, bool replace) {
  archive::LabelOptions options;
  options.by = by;
  options.replace = replace;
  const archive::given::LabelRows given = label_rows(rows, table, file);
  options.find_paths = archive::given::paths_from(file ? file->parent_path() : std::filesystem::path(), "labels");
  archive::Writer writer{folder};
  return archive::to_json(archive::add_labels(writer, given.given(), options));
}

std::uint64_t remove_labels(const std::filesystem::path& folder, const std::string& key,
                            const std::optional<std::string>& by, const std::optional<std::string>& where) {
  archive::LabelChoice choice;
  choice.key = key;
  choice.by = by.value_or(std::string());
  if (where) choice.where = archive::filter::parse(*where);
  archive::Writer writer{folder};
  return archive::remove_labels(writer, choice);
}

}  // namespace

void bind_archive_labels(nb::module_& module) {
  using Unlocked = nb::call_guard<nb::gil_scoped_release>;
  module.def("archive_add_labels", &add_labels, "folder"_a, nb::kw_only(), "rows"_a.none(), "table"_a.none(),
             "file"_a.none(), "by"_a, "replace"_a, Unlocked(), "An object of counts.");
  module.def("archive_remove_labels", &remove_labels, "folder"_a, nb::kw_only(), "key"_a, "by"_a.none(),
             "where"_a.none(), Unlocked(), "How many.");
}

}  // namespace mi2::python
