// mi2 listen: images of DICOM's network into an archive.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <mi2/error.hpp>

#include "archive/archive.hpp"
#include "archive/shared.hpp"
#include "archive/sources.hpp"
#include "archive/windows.hpp"
#include "arguments.hpp"
#include "base/comma_list.hpp"
#include "choices.hpp"
#include "command.hpp"
#include "devices.hpp"
#include "dicom/names.hpp"
#include "dimse/ingest.hpp"
#include "dimse/listener.hpp"
#include "dimse/spool.hpp"
#include "embed_inputs.hpp"
#include "energy_arguments.hpp"
#include "index_adding.hpp"
#include "index_command.hpp"
#include "interrupt.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "server/log.hpp"
#include "shown_on.hpp"

namespace mi2::cli {
namespace {

struct ListenArguments {
  ModelArguments model;
  std::string archive;
  dimse::ListenerOptions listener;
  const CLI::Option* peers = nullptr;
  std::uint64_t idle = 60;
  std::uint64_t quiet = 60;
  std::string spool;  ///< empty: the archive's own
  std::uint64_t most_bytes = std::uint64_t{10} << 30U;
  std::string keep;
  AddingArguments adding;
  EnergyArguments energy;
};

constexpr std::string_view kListenHelp =
    R"(A storage provider of DICOM's network (C-STORE, and C-ECHO): point a modality's or a PACS's
destination at it, and what it sends is found by 'mi2 index search'.

Receiving:
  An object is in the spool, on disk, before its sender hears that it is stored. When a study
  was quiet for --quiet-after seconds its objects are embedded, as by 'mi2 index add'; late slices
  are added to it. A kill loses nothing: the next start embeds what is left. What cannot be embedded
  (a report, a damaged image, an object of more than 100,000 frames, of several windows through each
  one) is counted by its reason, as 'mi2 index stats' shows. Objects come in the first transfer syntax
  that their sender names and mi2 reads.

  The spool is ARCHIVE/spool, or --spool DIR. Of an archive in a database it must be named: it is on this
  machine, and no part of the replica, which may be deleted. While the database does not answer, objects
  wait there.

  An object with pixels that is refused for its content is moved to refused/ of the spool. The newest
  stay there, at most a quarter of --max-spool; that older ones are deleted is said. What cannot
  be read or kept for now, or finds no memory, stays in the spool and is tried again each minute.

  A full spool (--max-spool), a full disk and an object over --max-file-size are answered with A700,
  an object that is none with C000, one that is not what was announced with A900.

  Without --keep an object is deleted once its vectors are in the archive, or it was counted as one
  without pixels. The archive keeps from whom it came (dimse:AET/UID) and no place. With --keep DIR each
  object, refused ones too, becomes DIR/STUDY/SERIES/OBJECT.dcm. Of two objects with one SOP instance
  UID the first is kept, and the other is a conflict.

Who may send:
  By default only programs on this machine reach it. --bind 0.0.0.0 lets others in; --accept-from
  names their AE titles. DICOM's network has no passwords and is not encrypted: a title is a name,
  not a proof. Let a firewall or a tunnel decide who reaches the port.

Signals:
  TERM, INT  take no more associations, receive for five seconds more and to the end of an object
             that is on its way, exit with 0; what is in the spool stays there. Again: end at once

Standard output has one line, "listening on AET@ADDRESS:PORT". Standard error has a line per
association and per study, without identifiers; lines that nobody reads are lost.

Examples:
  mi2 listen --model DIR archive/
  mi2 listen --model DIR --aet AI --bind 0.0.0.0 --accept-from CT1,PACS --keep /data archive/
  mi2 listen --model DIR --spool /var/spool/mi2 postgres://mi2@db.example/hospital
  storescu -aet CT1 -aec AI localhost 11112 slice.dcm
)";

dimse::ListenerOptions listener_options(const ListenArguments& arguments) {
  dimse::ListenerOptions options = arguments.listener;
  options.title = dicom::checked_title(options.title, "--aet");
  for (const std::string& value : values_of(arguments.peers)) {
    for (const std::string_view title : base::comma_parts(value)) {
      options.peers.push_back(dicom::checked_title(title, "--accept-from"));
    }
  }
  options.idle = std::chrono::seconds(arguments.idle);
  options.max_object_bytes = arguments.model.options.image.max_file_bytes;
  return options;
}

dimse::IngestOptions ingest_options(const ListenArguments& arguments, const Embedder& embedder) {
  dimse::IngestOptions options;
  options.archive = arguments.archive;
  options.title = dicom::checked_title(arguments.listener.title, "--aet");
  options.patience.quiet = std::chrono::seconds(arguments.quiet);
  options.keep = arguments.keep;
  options.add = adding_options(arguments.adding, arguments.model.options.image);
  options.windows = windows_of(arguments.adding);
  options.add.batch = batch_of(arguments.model, embedder);
  options.energy = meter_options(arguments.energy);
  return options;
}

void note_association(const dimse::AssociationRecord& record, Progress& progress) {
  std::string line = fmt::format("association {}", record.number);
  if (!record.peer.empty()) line += fmt::format(" of {}", record.peer);
  line += fmt::format(": {} in {:.1f} s, {} objects stored", record.outcome, record.seconds, record.stored);
  if (record.stored > 0) line += fmt::format(" ({:.1f} MB)", static_cast<double>(record.bytes) / 1e6);
  if (record.refused > 0) line += fmt::format(", {} refused", record.refused);
  if (record.echoes > 0) line += fmt::format(", {} echoes", record.echoes);
  progress.note(line);
}

void note_pass(const dimse::Pass& pass, Progress& progress) {
  archive::Added added = pass.added;
  added.telling_paths = 0;  // they are made of UIDs
  note_added(added, pass.seconds, progress);
  if (!pass.skipped.empty()) progress.note(fmt::format("nothing to embed in {}", pass.skipped));
  std::string reasons;
  for (const auto& [reason, count] : pass.reasons) {
    reasons += fmt::format("{}{} {}", reasons.empty() ? "" : ", ", count, reason);
  }
  if (!reasons.empty()) progress.warn(fmt::format("not embedded: {}", reasons));
  if (pass.set_aside > 0) progress.note(fmt::format("{} of them are kept in spool/refused", pass.set_aside));
  if (pass.dropped > 0) {
    progress.warn(fmt::format("{} objects refused before are deleted: spool/refused may take a quarter of --max-spool",
                              pass.dropped));
  }
  if (pass.held > 0) {
    // Names in the spool are made of titles and UIDs: no path is known by less than all of it.
    progress.warn(fmt::format("{} objects stay in the spool and are tried again after {} s: {}", pass.held,
                              dimse::Spool::kLater.count(), server::without_paths(pass.held_why, {})));
  }
  if (pass.energy) progress.note(fmt::format("energy: {}", energy::summary(*pass.energy)));
}

/// Makes the archive if it is not there; nobody need wait for who writes to one that is.
void require_archive(const ListenArguments& arguments, const Embedder& embedder) {
  const std::optional<std::filesystem::path> found = archive::find_archive(arguments.archive);
  if (!found) {
    static_cast<void>(archive::open_for(arguments.archive, embedder, windows_of(arguments.adding)));
    return;
  }
  archive::require_local(*found);
  archive::require_adding(archive::read_format(*found).space, embedder, windows_of(arguments.adding),
                          arguments.archive);
}

/// Where objects wait. A replica is no place for what is nowhere else: it may be deleted.
std::filesystem::path spool_folder(const ListenArguments& arguments) {
  const bool shared = archive::is_shared(arguments.archive);
  std::filesystem::path own = shared ? "" : archive::whole_path(arguments.archive) + "/spool";
  if (!arguments.spool.empty()) {
    std::filesystem::path named = archive::whole_path(arguments.spool);
    // The archive's own has what is fetched, too.
    std::error_code none;
    if (shared || !std::filesystem::equivalent(named, own, none)) dimse::require_spool(named);
    return named;
  }
  if (!shared) return own;
  throw Error(Code::kBadArgument, "--spool: expected a folder of this machine for objects that wait for the database");
}

bool is_loopback(std::string_view address) {
  return address.starts_with("127.") || address == "::1" || address == "localhost";
}

void announce(const dimse::ListenerOptions& options, std::uint16_t port) {
  const bool v6 = options.address.find(':') != std::string::npos;
  const auto output = open_output("-");
  output->write(fmt::format("listening on {}@{}:{}\n", options.title,
                            v6 ? fmt::format("[{}]", options.address) : options.address, port));
  output->commit();
}

int listen(const ListenArguments& arguments) {
  archive::require_lasting(arguments.model.options.image);
  const dimse::ListenerOptions options = listener_options(arguments);
  const std::filesystem::path waiting = spool_folder(arguments);
  static_cast<void>(meter_options(arguments.energy));
  catch_interrupts();
  Progress progress("objects");
  // Before the model is loaded: what cannot be written is known at once.
  if (const auto archive = archive::find_archive(arguments.archive, shown_on(progress))) {
    static_cast<void>(archive::read_format(*archive));
  }
  const Embedder embedder = open_embedder(arguments.model, progress);
  progress.hide();
  require_archive(arguments, embedder);
  const Still still;  // its notes say what it does
  const PatientNotes notes;
  dimse::Spool spool(waiting, arguments.most_bytes);
  dimse::IngestEvents events;
  events.on_pass = [&progress](const dimse::Pass& pass) { note_pass(pass, progress); };
  events.on_trouble = [&](const Error& error, std::chrono::seconds pause) {
    progress.warn(fmt::format("nothing can be added to the archive for now: {}; tried again after {} s",
                              server::without_paths(error.what(), {}), pause.count()));
  };
  dimse::Ingest ingest(spool, embedder, ingest_options(arguments, embedder), std::move(events));
  dimse::Listener listener(options, spool,
                           [&progress](const dimse::AssociationRecord& record) { note_association(record, progress); });
  if (options.peers.empty() && !is_loopback(options.address)) {
    progress.warn(
        fmt::format("anybody who reaches {} may send; --accept-from names the AE titles that may", options.address));
  }
  announce(options, listener.port());
  if (const std::size_t left = spool.size(); left > 0) {
    progress.note(fmt::format("{} objects are left in the spool; they are embedded now", left));
  }

  // By a signal, or because embedding cannot go on.
  std::stop_source ending;
  const InterruptStop interrupt;
  const std::stop_callback on_signal(interrupt.token(), [&ending] { ending.request_stop(); });
  std::exception_ptr failure;
  {
    const std::jthread embedding([&] {
      try {
        ingest.run(ending.get_token());
      } catch (...) {
        failure = std::current_exception();
        ending.request_stop();
      }
    });
    try {
      listener.run(ending.get_token());
    } catch (...) {
      ending.request_stop();  // or the other one would be waited for for ever
      throw;
    }
  }
  if (failure) std::rethrow_exception(failure);
  progress.note("stopped; what is in the spool is embedded at the next start");
  return 0;
}

}  // namespace

void add_listen(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<ListenArguments>();
  add_archive(command, arguments->archive, Archives::kSharedToo);
  add_model_arguments(command, arguments->model);
  command.add_option("--aet", arguments->listener.title, "Our AE title; associations that call another are refused")
      ->type_name("TITLE")
      ->capture_default_str();
  command.add_option("--port", arguments->listener.port, "Port; 0: any that is free")
      ->type_name("N")
      ->transform(whole_number_in(0, 65535))
      ->capture_default_str();
  command
      .add_option("--bind", arguments->listener.address,
                  "Address to listen on; 0.0.0.0 or :: for all of this machine's")
      ->type_name("ADDRESS")
      ->capture_default_str();
  CLI::Option* const peers =
      add_repeatable(command, "--accept-from", "AE titles of who may send, with commas; repeatable (default: all)");
  peers->type_name("TITLE,..");
  arguments->peers = peers;
  command.add_option("--keep", arguments->keep, "Keep received objects in this folder, by study and series")
      ->type_name("DIR");
  command.add_option("--quiet-after", arguments->quiet, "Embed a study when nothing of it came for so many seconds")
      ->type_name("S")
      ->transform(whole_number_in(1, 86'400))
      ->capture_default_str();
  command
      .add_option("--spool", arguments->spool,
                  "Where objects wait to be embedded (default: ARCHIVE/spool; an archive in a database needs one)")
      ->type_name("DIR");
  command.add_option("--max-spool", arguments->most_bytes, "Most bytes that wait to be embedded; more: A700")
      ->type_name("BYTES")
      ->transform(byte_count())
      ->default_str("10G");
  command
      .add_option("--max-associations", arguments->listener.associations,
                  "Most associations at once; more are refused for the time being")
      ->type_name("N")
      ->transform(whole_number_in(1, 1024))
      ->capture_default_str();
  command.add_option("--idle-timeout", arguments->idle, "Seconds for which nothing may come on an association")
      ->type_name("S")
      ->transform(whole_number_in(1, 86'400))
      ->capture_default_str();
  add_adding_arguments(command, arguments->adding);
  add_energy_arguments(command, arguments->energy);
  command.footer(fmt::format("{}\n{}", kListenHelp, exit_status_help()));
  command.callback([arguments, &session] {
    session.needs_torch = needs_torch(arguments->model.options.device);
    session.run = [arguments] {
      settle_window(arguments->adding, arguments->model.options.image);
      return listen(*arguments);
    };
  });
}

}  // namespace mi2::cli
