// mi2 index replay and verify-cards: whether evidence cards still say what the archive says.

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <mi2/embedder.hpp>
#include <mi2/error.hpp>

#include "archive/cards/folder.hpp"
#include "archive/cards/replay.hpp"
#include "archive/format.hpp"
#include "archive/reader.hpp"
#include "archive/shared.hpp"
#include "archive/windows.hpp"
#include "arguments.hpp"
#include "choices.hpp"
#include "command.hpp"
#include "devices.hpp"
#include "embed_inputs.hpp"
#include "exit_status.hpp"
#include "index_command.hpp"
#include "interrupt.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "shown_on.hpp"

namespace mi2::cli {
namespace {

namespace cards = archive::cards;

struct ReplayArguments {
  ModelArguments model;
  std::string archive;
  std::string card;
  std::string format = "text";
  bool embed = false;
};

constexpr std::string_view kReplayHelp = R"(What is compared:
  The card's own hash first. Then the archive is searched again with the vectors that the card
  holds, as of the card's snapshot: images that were added since do not count, those that were
  deleted since do. Ranks, scores to the last bit, what the results are of, and the numbers of
  rows that were searched and left out are compared. Percentiles and verdicts are compared only
  if the archive's background is still the same. What was erased cannot be searched again: such
  results are named. No model is needed; with --embed the texts are embedded again too, and the
  vectors compared, which takes the same device and instructions to be the same to the last bit.

Exit status 0 means the same, 9 that something differs; 3 is a card that was changed, 2 a card of
another archive.

Examples:
  mi2 index replay archive/ evidence/0a1b2c.json
  mi2 index replay --model DIR --embed archive/ evidence/0a1b2c.json --format json
)";

constexpr std::string_view kVerifyCardsHelp = R"(What is checked:
  Each card of DIR, JSON and page, against its hash and against chain.jsonl, which names them in
  order. A card that was changed, removed or put in between is named. The last card is printed:
  keep its name elsewhere, since whoever removes the last cards together with their lines leaves
  a shorter chain that is sound.

Exit status 0 means sound, 3 that something is wrong.

Examples:
  mi2 index verify-cards evidence/
)";

/// Differences that are shown to people; JSON has all.
constexpr std::size_t kMostShown = 100;

void write_text(const cards::Card& card, const cards::Replay& replay, Output& output, Progress& progress) {
  if (replay.same()) {
    output.write(fmt::format("the same: {} results of {} rows, to the last bit, as of snapshot {}\n",
                             card.results.size(), card.searched, card.snapshot));
  }
  const std::size_t shown = std::min(replay.differences.size(), kMostShown);
  for (std::size_t i = 0; i < shown; ++i) output.write(replay.differences[i].text + '\n');
  if (shown < replay.differences.size()) {
    output.write(fmt::format("and {} more differences\n", replay.differences.size() - shown));
  }
  output.commit();
  for (const std::string& note : replay.notes) progress.note(note);
}

/// The model that is to embed the card's texts again.
std::optional<Embedder> model_of(const ReplayArguments& arguments, const cards::Card& card, Progress& progress) {
  if (!arguments.embed) return std::nullopt;
  if (arguments.model.model.empty()) {
    throw Error(Code::kBadArgument, "--model: expected the archive's model, for --embed; or set MI2_MODEL");
  }
  std::optional<Embedder> embedder = open_embedder(arguments.model, progress);
  archive::require_asking(card.space, *embedder, false, arguments.archive);
  return embedder;
}

void embed_again(const Embedder& embedder, const cards::Card& card, cards::Replay& replay) {
  std::size_t count = 0;
  for (const bool away : {false, true}) {
    const std::vector<std::string> texts = cards::texts_of(card, away);
    count += texts.size();
    if (texts.empty()) continue;
    cards::compare_texts(card, away, embedder.embed_texts(texts).vectors, embedder.provenance(), replay);
  }
  if (count == 0) replay.notes.emplace_back("the card's query has no texts: nothing was embedded again");
}

int index_replay(const ReplayArguments& arguments) {
  const cards::Card card = cards::read_card(arguments.card);
  Progress progress("rows");
  const base::OnProgress show = [&](const base::Progress& at) { progress.show(at); };
  archive::Reader archive(archive::local_folder(arguments.archive, show));
  const std::optional<Embedder> embedder = model_of(arguments, card, progress);
  cards::ReplayOptions options;
  options.on_progress = show;
  base::ThreadPool pool(arguments.model.options.threads);
  cards::Replay replay = cards::replay(archive, card, options, pool);
  if (embedder) embed_again(*embedder, card, replay);
  progress.hide();
  const auto output = open_output("-");
  if (arguments.format == "json") {
    output->write(cards::to_json(card, replay) + '\n');
    output->commit();
  } else {
    write_text(card, replay, *output, progress);
  }
  return replay.same() ? 0 : kExitDiffers;
}

int index_verify_cards(const std::string& folder) {
  catch_interrupts();
  Progress progress("cards");
  const cards::ChainReport report = cards::verify_chain(folder, shown_on(progress));
  progress.hide();
  for (const std::string& problem : report.problems) progress.warn(problem);
  for (const std::string& note : report.notes) progress.note(note);
  if (!report.problems.empty()) return exit_status_of(Code::kBadFile);
  const auto output = open_output("-");
  output->write(report.cards == 0 ? std::string("sound: no cards\n")
                                  : fmt::format("sound: {} cards, the last {}\n", report.cards, report.last));
  output->commit();
  return 0;
}

}  // namespace

void add_index_replay(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<ReplayArguments>();
  add_archive(command, arguments->archive, Archives::kSharedToo);
  command.add_option("CARD", arguments->card, "A card's JSON file")->type_name("")->required();
  add_model_arguments(command, arguments->model);
  command.get_option("--model")->required(false);
  command.add_flag("--embed", arguments->embed, "Embed the query's texts again with --model, and compare");
  command.add_option("-f,--format", arguments->format, "How the result is written")
      ->type_name("text|json")
      ->transform(one_of({"text", "json"}))
      ->capture_default_str();
  command.footer(fmt::format("{}\n{}", kReplayHelp, exit_status_help()));
  command.callback([arguments, &session] {
    session.needs_torch = arguments->embed && needs_torch(arguments->model.options.device);
    session.run = [arguments] { return index_replay(*arguments); };
  });
}

void add_index_verify_cards(CLI::App& command, Session& session) {
  const auto folder = std::make_shared<std::string>();
  command.add_option("DIR", *folder, "A folder of mi2 index search --cards")->type_name("")->required();
  command.footer(fmt::format("{}\n{}", kVerifyCardsHelp, exit_status_help()));
  command.callback([folder, &session] { session.run = [folder] { return index_verify_cards(*folder); }; });
}

}  // namespace mi2::cli
