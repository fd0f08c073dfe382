#pragma once
// mi2 index export --what dicom: copies of an archive's objects that name nobody.

#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace mi2::cli {

struct DicomExportArguments {
  std::string to;
  std::string anonymize;
  std::string key;
  std::string burned_in = "refuse";
  std::vector<std::string> masks;
  std::string mask_file;
  bool nothing_burned_in = false;
  bool clean_descriptors = false;
  bool retain_uids = false;
  bool shift_dates = false;
};

/// Declares its options but --to. `arguments` outlives the App.
void add_dicom_export_arguments(CLI::App& command, DicomExportArguments& arguments);

/// @throws Error{kBadArgument} if one of these was given, which only --what dicom takes.
void require_none(const DicomExportArguments& arguments);

/// @param where  empty: all.  @throws Error{kBadArgument} if what it takes was not given, or for a key that can be
///               guessed; as archive::release::release().
int export_dicom(const std::string& archive, const std::string& where, const DicomExportArguments& arguments);

/// The part of a help text about it.
extern const std::string_view kDicomExportHelp;

}  // namespace mi2::cli
