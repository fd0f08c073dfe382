#pragma once
// Workbooks of our own, part by part, as bytes.

#include <zip.h>

#include <cstddef>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "support/temporary_folder.hpp"

namespace mi2::recipe::testing {

using Parts = std::map<std::string, std::string>;

inline std::vector<std::byte> zipped(const Parts& parts) {
  const test::TemporaryFolder folder;
  const std::filesystem::path path = folder / "parts.zip";
  int code = 0;
  zip_t* zip = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code);
  for (const auto& [name, content] : parts) {
    zip_source_t* source = zip_source_buffer(zip, content.data(), content.size(), 0);
    zip_file_add(zip, name.c_str(), source, ZIP_FL_ENC_UTF_8);
  }
  zip_close(zip);
  const std::string bytes = test::read_back(path);
  const auto* first = reinterpret_cast<const std::byte*>(bytes.data());
  return {first, first + bytes.size()};
}

inline std::string relation(const std::string& id, const std::string& type, const std::string& target) {
  return "<Relationship Id=\"" + id + "\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/" +
         type + "\" Target=\"" + target + "\"/>";
}

inline std::string relations(const std::string& all) {
  return R"(<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/)"
         R"(relationships">)" +
         all + "</Relationships>";
}

/// A workbook of one sheet with these rows, and with these shared strings.
inline Parts workbook(const std::string& rows, const std::string& shared = "") {
  constexpr const char* kMain = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
  const std::string in_main = std::string(" xmlns=\"") + kMain + "\">";
  return {{"[Content_Types].xml", "<Types/>"},
          {"_rels/.rels", relations(relation("rId1", "officeDocument", "xl/workbook.xml"))},
          {"xl/workbook.xml", "<workbook xmlns:r=\"urn:r\"" + in_main +
                                  R"(<sheets><sheet name="A" sheetId="1" r:id="rId7"/></sheets></workbook>)"},
          {"xl/_rels/workbook.xml.rels", relations(relation("rId2", "sharedStrings", "sharedStrings.xml") +
                                                   relation("rId7", "worksheet", "worksheets/sheet1.xml"))},
          {"xl/sharedStrings.xml", "<sst" + in_main + shared + "</sst>"},
          {"xl/worksheets/sheet1.xml", "<worksheet" + in_main + "<sheetData>" + rows + "</sheetData></worksheet>"}};
}

}  // namespace mi2::recipe::testing
