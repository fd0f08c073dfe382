// mi2 index export: an archive's vectors, what it knows of them, its cards, and copies of its objects.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <mi2/error.hpp>

#include "archive/reader.hpp"
#include "archive/upkeep.hpp"
#include "archive/windows.hpp"
#include "arguments.hpp"
#include "choices.hpp"
#include "command.hpp"
#include "index_command.hpp"
#include "index_export_cards.hpp"
#include "index_export_catalog.hpp"
#include "index_export_dicom.hpp"
#include "row_output.hpp"
#include "vectors/embedding_writers.hpp"

namespace mi2::cli {
namespace {

struct ExportArguments {
  std::string archive;
  RowArguments rows;
  std::string where;
  std::string kind = "images";
  std::string what = "vectors";
  std::string cards;  ///< a folder
  DicomExportArguments dicom;
};

int export_vectors(const ExportArguments& arguments) {
  RowOutput output(arguments.rows);
  archive::Reader archive(folder_of(arguments.archive));
  std::optional<archive::filter::Expr> where;
  if (!arguments.where.empty()) where = archive::filter::parse(arguments.where);
  const bool series = arguments.kind == "series";
  const bool several = !series && !archive::several_windows(archive.format().space).empty();
  output.start(archive.format().dimensions, std::nullopt,
               several ? vectors::RowPlaces::kWindows : vectors::RowPlaces::kFrames);
  archive::each_vector(archive, where, series, [&](const archive::ItemFacts& item, std::span<const float> vector) {
    const std::string& name = series ? item.series_uid : item.locator;
    std::optional<FramePlace> place;
    if (!series)
      place = FramePlace{static_cast<std::uint64_t>(item.frame), static_cast<std::uint64_t>(item.frames), {}};
    if (place && item.tile) place->tile = item.tile->place;
    output.set_window(item.window);
    output.write(vectors::InputKind::kImage, name, place, vector, {});
  });
  archive.check();
  output.commit();
  return 0;
}

int export_kept_cards(const ExportArguments& arguments) {
  if (arguments.cards.empty() || arguments.dicom.to.empty()) {
    throw Error(Code::kBadArgument,
                "index export --what cards: expected --cards DIR, where searches have put them, and --to DIR");
  }
  if (!arguments.where.empty() || !arguments.rows.out.empty() || !arguments.rows.format.empty()) {
    throw Error(Code::kBadArgument, "index export --what cards: expected no --where, --out and --format");
  }
  require_none(arguments.dicom);
  return export_cards(arguments.archive, arguments.cards, arguments.dicom.to);
}

int export_what(ExportArguments arguments) {
  if (arguments.what == "cards") return export_kept_cards(arguments);
  if (!arguments.cards.empty()) throw Error(Code::kBadArgument, "--cards: expected --what cards with it");
  if (arguments.what == "dicom") {
    if (!arguments.rows.out.empty()) throw Error(Code::kBadArgument, "--what dicom: expected --to DIR, got --out");
    return export_dicom(arguments.archive, arguments.where, arguments.dicom);
  }
  if (!arguments.dicom.to.empty()) {
    if (!arguments.rows.out.empty()) throw Error(Code::kBadArgument, "--to, --out: expected one, got both");
    arguments.rows.out = arguments.dicom.to;
  }
  require_none(arguments.dicom);
  if (arguments.what == "catalog") {
    return export_catalog(arguments.archive, arguments.where, arguments.kind == "series", arguments.rows);
  }
  return export_vectors(arguments);
}

constexpr std::string_view kExportHelp = R"(What is written:
  --what vectors (as mi2 embed writes them) and --what catalog go to FILE, or to standard output; --what
  cards and --what dicom to a folder.

)";

constexpr std::string_view kCardsExportHelp = R"(Cards:
  --what cards copies the evidence cards and pages in the folder --cards DIR that are of this archive to --to
  DIR, which is not there yet, with their chain if they are all there are. Cards of which one was changed or
  removed are refused.
)";

}  // namespace

void add_index_export(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<ExportArguments>();
  add_archive(command, arguments->archive, Archives::kSharedToo);
  command.add_option("-o,--out", arguments->rows.out, "Write to FILE, not standard output")->type_name("FILE");
  command
      .add_option("-f,--format", arguments->rows.format,
                  "How it is written; npy: vectors alone (default: as FILE's name ends, else jsonl, of a catalog csv)")
      ->type_name("jsonl|csv|npy")
      ->transform(one_of({"jsonl", "csv", "npy"}));
  command.add_option("--kind", arguments->kind, "Images, or series and their means")
      ->type_name("images|series")
      ->transform(one_of({"images", "series"}))
      ->capture_default_str();
  add_where(command, arguments->where, "Only what this lets by");
  command.add_flag("--force", arguments->rows.force, "Replace FILE of --out or --to if it already exists");
  command
      .add_option("--what", arguments->what,
                  "Vectors, what is known of each image, evidence cards, or copies of DICOM objects that name nobody")
      ->type_name("vectors|catalog|cards|dicom")
      ->transform(one_of({"vectors", "catalog", "cards", "dicom"}))
      ->capture_default_str();
  command.add_option("--to", arguments->dicom.to, "Where it goes: FILE, as --out, or of --what dicom and cards DIR")
      ->type_name("FILE|DIR");
  command.add_option("--cards", arguments->cards, "Of --what cards: the folder that searches have put them into")
      ->type_name("DIR");
  add_dicom_export_arguments(command, arguments->dicom);
  command.footer(fmt::format("{}{}\n{}\n{}\n{}\n{}", kExportHelp, kCatalogExportHelp, kCardsExportHelp,
                             kDicomExportHelp, where_help(), exit_status_help()));
  command.callback([arguments, &session] { session.run = [arguments] { return export_what(*arguments); }; });
}

}  // namespace mi2::cli
