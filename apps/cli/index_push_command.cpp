// mi2 index push: results of searches as DICOM objects, to files and to a PACS.

#include <filesystem>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <mi2/error.hpp>

#include "archive/cards/folder.hpp"
#include "archive/push/push.hpp"
#include "archive/push/tag_fixes.hpp"
#include "archive/reader.hpp"
#include "arguments.hpp"
#include "base/files.hpp"
#include "base/table.hpp"
#include "base/utf8.hpp"
#include "choices.hpp"
#include "command.hpp"
#include "dicom/names.hpp"
#include "dicom/results/peer.hpp"
#include "dicom/results/receiver.hpp"
#include "dicomweb/stow/object_reader.hpp"
#include "dicomweb/stow/stow.hpp"
#include "index_add_server.hpp"
#include "index_command.hpp"
#include "interrupt.hpp"
#include "output.hpp"
#include "parsed_option.hpp"
#include "progress.hpp"
#include "report.hpp"

namespace mi2::cli {
namespace {

namespace results = dicom::results;

struct PushArguments {
  std::string archive;
  const CLI::Option* cards = nullptr;
  std::string to;
  std::string out;
  std::string aet = "MI2";
  std::string credentials;  ///< a file
  std::string ca_file;
  archive::push::As as = archive::push::As::kBoth;
  bool send = false;
  bool dry_run = false;  ///< as without `send`
};

constexpr std::string_view kPushHelp =
    R"(CARD.json is an evidence card of 'mi2 index search --cards DIR', FIXES.csv a table of 'mi2 index
tags --format csv' without the lines that you do not accept.

What is made:
  Each study that a card has results in gets an object of each kind, in a series of its own:
    sr  a structured report (TID 1500) that names each image that was found, with its rank, score,
        percentile and verdict; what was asked; the weights, the archive and its snapshot
    sc  a picture (Secondary Capture) of the results' thumbnails with ranks, scores and words
  Both say that they are for research use, and neither is verified. An object holds results of its
  own study only. Who its patient is, is copied from a file of the study, or from an object of the
  server that --to names, if that is where the archive has it: a study without either is left out.
  The same card makes the same objects, by the same UIDs: what is sent again is there already.
  Of tags each study gets one structured report, with what the header has, what is suggested, by
  what and with which agreement. A tag that is not what the archive has now is left out.

Sending:
  Nothing is sent without --send (--dry-run says the same): what would be is printed, and --out writes
  it. --to is one of:
    dimse:AET@HOST:PORT    C-STORE, which is not encrypted
    stow:URL               STOW-RS; https://HOST/dicom-web has a server's /studies below it
  What a STOW-RS server asks for comes from a file (--credentials) or from the variable
  MI2_DICOMWEB_CREDENTIALS: 'bearer TOKEN' or 'basic NAME:PASSWORD'. One object is sent at a time,
  and its own answer decides; a warning of the receiver is passed on. The status is 0 if everything
  was made and, with --send, taken or there already, and 8 if a part was left out or refused.

Examples:
  mi2 index search --model DIR archive/ --text "pneumothorax" --cards cards/
  mi2 index push archive/ cards/*.json --to dimse:PACS@10.0.0.5:104
  mi2 index push archive/ cards/*.json --to dimse:PACS@10.0.0.5:104 --as sr --send
  mi2 index push archive/ cards/*.json --to stow:https://pacs.example/dicom-web --send
  mi2 index push archive/ cards/3f9a.json --out objects/
  mi2 index tags archive/ --field body_part --format csv --out fixes.csv
  mi2 index push archive/ fixes.csv --to dimse:PACS@10.0.0.5:104
)";

using Peer = std::variant<std::monostate, results::Peer, dicomweb::stow::Server>;

/// What --to names. @throws Error{kBadArgument}, which does not hold a URL: it may have a password.
Peer parse_destination(const PushArguments& arguments) {
  constexpr std::string_view kDimse = "dimse:";
  constexpr std::string_view kStow = "stow:";
  const std::string_view to = arguments.to;
  try {
    if (to.starts_with(kDimse)) return results::parse_peer(to.substr(kDimse.size()));
    if (to.starts_with(kStow)) return dicomweb::stow::parse_server(to.substr(kStow.size()));
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("--to: {}", error.what()));
  }
  if (!to.empty()) throw Error(Code::kBadArgument, "--to: expected dimse:AET@HOST:PORT or stow:URL");
  if (arguments.send) throw Error(Code::kBadArgument, "--send: expected --to, which says where");
  return {};
}

/// @throws what reading the credentials throws.
dicomweb::ClientOptions client_options(const PushArguments& arguments, const dicomweb::stow::Server& server,
                                       Progress& progress) {
  dicomweb::ClientOptions options;
  options.authorization = authorization_of(arguments.credentials);
  options.ca_file = arguments.ca_file;
  warn_of_open_credentials(options.authorization, server.target.secure, progress);
  return options;
}

/// Of tags, in place of a card.
bool is_table(const std::string& file) {
  return base::lower_ascii(std::filesystem::path(file).extension().string()) == ".csv";
}

/// Writes and sends objects, and says what became of them.
class Pusher {
 public:
  Pusher(const PushArguments& arguments, const Peer& peer)
      : arguments_(arguments), progress_("objects"), report_(progress_), output_(open_output("-")) {
    if (!arguments.out.empty()) folder_ = make_report_folder(arguments.out);
    if (const auto* application = std::get_if<results::Peer>(&peer); application != nullptr && arguments.send) {
      const Waiting waiting("connecting");
      results::StoreOptions options;
      options.own_aet = arguments.aet;
      receiver_ = results::open_peer(*application, options);
    }
    if (const auto* server = std::get_if<dicomweb::stow::Server>(&peer)) {
      const dicomweb::ClientOptions options = client_options(arguments, *server, progress_);
      reader_ = std::make_unique<dicomweb::stow::ObjectReader>(*server, options, stop_.token());
      if (arguments.send) receiver_ = dicomweb::stow::open_server(*server, options, stop_.token());
    }
  }

  void push(archive::Reader& archive, const std::string& file) {
    const archive::push::Uses uses{
        [this](const results::ResultObject& object) { use(object); },
        [this](const std::string& what, const Error& error) { report_.bad(what, error); },
        [this](const std::string& locator) { return reader_ ? reader_->read(locator) : std::nullopt; }};
    try {
      const std::size_t elsewhere = make(archive, file, uses);
      if (elsewhere > 0) progress_.note(fmt::format("{}: {} results are of no study", file, elsewhere));
    } catch (const Error& error) {
      report_.bad(file, error);
    } catch (const dicomweb::Stopped&) {
      throw_if_interrupted();
      throw Error(Code::kOverloaded, "stopped");
    }
  }

  int finish() {
    progress_.hide();
    output_->commit();
    const std::string_view what = arguments_.send ? "sent, or there already" : "not sent, without --send";
    progress_.note(fmt::format("{} objects {}{}", good_, what,
                               report_.bad_count() > 0 ? fmt::format("; {} failed", report_.bad_count()) : ""));
    return report_.exit_status();
  }

 private:
  /// @returns how many results are of no study.
  std::size_t make(archive::Reader& archive, const std::string& file, const archive::push::Uses& uses) {
    if (!is_table(file)) {
      return archive::push::make_objects(archive, archive::cards::read_card(file), arguments_.as, uses);
    }
    if (arguments_.as == archive::push::As::kSc) {
      throw Error(Code::kBadArgument, fmt::format("{}: tags make structured reports; expected --as sr", file));
    }
    return archive::push::make_tag_objects(archive, archive::push::read_tag_fixes(file), uses);
  }

  void use(const results::ResultObject& object) {
    throw_if_interrupted();
    const std::string name = fmt::format("{} of study {}", object.kind, base::printable(object.study_uid));
    std::string_view outcome = "failed";
    try {
      write_file(object);
      const results::Taken taken = receiver_ ? receiver_->store(object) : results::Taken{};
      if (!taken.warning.empty()) progress_.warn(fmt::format("warning: {}: {}", name, taken.warning));
      outcome = !receiver_ ? "not sent" : taken.already ? "was there" : "sent";
      report_.good();
      ++good_;
    } catch (const Error& error) {
      report_.bad(name, error);
    }
    if (object.left_out > 0) {
      progress_.warn(fmt::format("warning: {}: {} results are no images that it can name, and are not in it", name,
                                 object.left_out));
    }
    write_row(object, outcome);
    progress_.advance(1);
  }

  void write_file(const results::ResultObject& object) const {
    if (folder_.empty()) return;
    base::AtomicFile file(folder_ / (object.sop_uid + ".dcm"));
    file.write(object.file);
    file.commit();
  }

  void write_row(const results::ResultObject& object, std::string_view outcome) {
    if (!headed_) {
      output_->write(
          fmt::format("{:<4}  {:>7}  {:>9}  {:<9}  {:<44}  {}\n", "kind", "results", "bytes", "", "object", "study"));
      headed_ = true;
    }
    output_->write(fmt::format("{:<4}  {:>7}  {:>9}  {:<9}  {:<44}  {}\n", object.kind, object.findings,
                               object.file.size(), outcome, object.sop_uid, base::printable(object.study_uid)));
    if (!receiver_) return;
    // What was sent is said even if the program is ended.
    progress_.hide();
    output_->flush();
  }

  const PushArguments& arguments_;
  InterruptStop stop_;
  Progress progress_;
  Report report_;
  std::unique_ptr<Output> output_;
  std::filesystem::path folder_;
  std::unique_ptr<dicomweb::stow::ObjectReader> reader_;
  std::unique_ptr<results::Receiver> receiver_;
  bool headed_ = false;
  std::size_t good_ = 0;
};

int index_push(PushArguments arguments) {
  arguments.aet = dicom::checked_title(arguments.aet, "--aet");
  const Peer peer = parse_destination(arguments);
  catch_interrupts();
  archive::Reader archive(folder_of(arguments.archive));
  Pusher pusher(arguments, peer);
  for (const std::string& card : values_of(arguments.cards)) pusher.push(archive, card);
  return pusher.finish();
}

}  // namespace

void add_index_push(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<PushArguments>();
  add_archive(command, arguments->archive, Archives::kSharedToo);
  arguments->cards =
      add_positionals(command, "CARD", "Evidence cards of searches of this archive, or tables of tags (.csv)")
          ->required();
  command.add_option("--to", arguments->to, "Where objects are sent: dimse:AET@HOST:PORT or stow:URL")
      ->type_name("WHERE");
  add_parsed(command, "--as", arguments->as, archive::push::parse_as, "What is made")
      ->type_name("sr|sc|both")
      ->transform(one_of({"sr", "sc", "both"}))
      ->default_str("both");
  CLI::Option* const send = command.add_flag("--send", arguments->send, "Send the objects; without it nothing is sent");
  command.add_flag("-n,--dry-run", arguments->dry_run, "Send nothing, as without --send")->excludes(send);
  command.add_option("-o,--out", arguments->out, "Write the objects to DIR as UID.dcm, with or without --send")
      ->type_name("DIR");
  command.add_option("--aet", arguments->aet, "This program's own application entity title")
      ->type_name("AET")
      ->capture_default_str();
  add_credentials(command, arguments->credentials, arguments->ca_file);
  command.footer(fmt::format("{}\n{}", kPushHelp, exit_status_help()));
  command.callback([arguments, &session] { session.run = [arguments] { return index_push(*arguments); }; });
}

}  // namespace mi2::cli
