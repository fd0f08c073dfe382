#include "index_add_server.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <mi2/error.hpp>

#include "archive/archive.hpp"
#include "archive/shared.hpp"
#include "base/files.hpp"
#include "base/utc.hpp"
#include "base/utf8.hpp"
#include "choices.hpp"
#include "dicom/names.hpp"
#include "dicomweb/client.hpp"
#include "dicomweb/source.hpp"
#include "dimse/pull/source.hpp"

namespace mi2::cli {
namespace {

constexpr const char* kVariable = "MI2_DICOMWEB_CREDENTIALS";

constexpr std::string_view kServerHelp = R"(Servers:
  A SOURCE may also be a server, one per run:
    dicomweb:https://HOST/dicom-web     QIDO-RS and WADO-RS; ?StudyDate=20200101-20201231 and
                                        ?ModalitiesInStudy=CT,MR choose studies
    orthanc:http://HOST:8042            Orthanc's list of changes
    dimse:AET@HOST:PORT                 a PACS, by C-FIND and C-MOVE; takes the same queries
  A study is asked for again when it has more objects than are in the archive. Of an Orthanc only
  changes since the last run are read; --restart forgets how far that came, and goes through all.
  Objects are fetched as they are stored, into ARCHIVE/spool, and are not kept. What could not be got
  is counted by its reason, and tried again by the next run. Credentials come from a file
  (--credentials) or from the variable MI2_DICOMWEB_CREDENTIALS: 'bearer TOKEN' or 'basic
  NAME:PASSWORD'. Redirects to another host are refused.

  A PACS sends by C-STORE to whom it knows: its configuration has to have our AE title (--aet) with
  this machine's address and --port. mi2 listens there (--bind) while the command runs, and takes
  the series that it has just asked for, from that AE title alone. Nothing of it is encrypted.
)";

/// What the catalog calls a server.
const std::string& url_of(const Server& server) {
  if (const auto* const web = std::get_if<dicomweb::PullOptions>(&server)) return web->source.locator;
  return std::get<dimse::PullOptions>(server).source.url;
}

/// @param what  empty: it could be read.
void keep_error(archive::Catalog& catalog, const std::string& url, const std::string& what) {
  if (what == catalog.last_error(url)) return;
  archive::Catalog::Transaction all(catalog, true);
  catalog.set_last_error(url, what);
  all.commit();
}

/// When and why a server could not be read; empty if the fault is not its.
std::string kept_text(const dicomweb::ServerFault& fault) {
  constexpr std::size_t kLongest = 200;
  if (fault.code() == Code::kInternal) return {};
  const std::string_view reason = std::string_view(fault.reason()).substr(0, kLongest);
  return fmt::format("{} {}: {}", base::utc_now(), name_of(fault.code()), base::printable(reason));
}

/// @returns false if the catalog could not: what ended the run is what is told.
bool keeps_fault(archive::Catalog& catalog, const std::string& url, const dicomweb::ServerFault& fault) {
  try {
    if (const std::string text = kept_text(fault); !text.empty()) keep_error(catalog, url, text);
    return true;
  } catch (const Error&) {
    return false;
  }
}

archive::Added pull_from(archive::Writer& archive, const Embedder& embedder, const Server& server,
                         const archive::AddOptions& options) {
  if (const auto* const web = std::get_if<dicomweb::PullOptions>(&server)) {
    return dicomweb::pull(archive, embedder, *web, options);
  }
  return dimse::pull(archive, embedder, std::get<dimse::PullOptions>(server), options);
}

}  // namespace

std::string authorization_of(const std::string& credentials) {
  constexpr std::uint64_t kMost = 65536;
  if (!credentials.empty()) {
    return dicomweb::authorization_of(base::read_text_file(credentials, kMost), credentials);
  }
  const char* const value = std::getenv(kVariable);
  return value == nullptr || *value == '\0' ? std::string() : dicomweb::authorization_of(value, kVariable);
}

void warn_of_open_credentials(const std::string& authorization, bool secure, Progress& progress) {
  if (authorization.empty() || secure) return;
  progress.warn("the credentials go over http, which anybody on the way can read");
}

void add_credentials(CLI::App& command, std::string& credentials, std::string& ca_file) {
  command
      .add_option("--credentials", credentials,
                  fmt::format("File with what a server asks for: 'bearer TOKEN' or 'basic NAME:PASSWORD' (default: "
                              "${})",
                              kVariable))
      ->type_name("FILE");
  command.add_option("--ca-file", ca_file, "Certificates of the authorities that a server is trusted by, PEM")
      ->type_name("FILE");
}

void add_server_arguments(CLI::App& command, ServerArguments& arguments) {
  add_credentials(command, arguments.credentials, arguments.ca_file);
  command.add_option("--connections", arguments.connections, "Connections to a server at a time")
      ->type_name("N")
      ->transform(whole_number_in(1, 16))
      ->capture_default_str();
  command.add_option("--rate", arguments.rate, "Requests to a server per second (default: no limit)")
      ->type_name("N")
      ->check(number_in(0.001, 100000.0));
  command
      .add_option(
          "--max-spool", arguments.max_spool,
          "Bytes of a study that are fetched before it is added; 4G also works. The rest comes with the next run")
      ->type_name("BYTES")
      ->transform(byte_count())
      ->default_str("16G");
  command.add_option("--aet", arguments.title, "Our AE title, to which a PACS sends")
      ->type_name("TITLE")
      ->capture_default_str();
  command
      .add_option("--bind", arguments.address,
                  "Address to listen on for a PACS (default: 127.0.0.1 for one on this machine, else 0.0.0.0)")
      ->type_name("ADDRESS");
  command.add_option("--port", arguments.port, "Port to listen on for a PACS")
      ->type_name("N")
      ->transform(whole_number_in(1, 65535))
      ->capture_default_str();
}

std::string server_help() { return std::string(kServerHelp); }

bool is_on_server(std::string_view source) noexcept {
  return dicomweb::is_server_source(source) || dimse::is_peer_source(source);
}

std::optional<Server> server_of(const std::vector<std::string>& sources, const ServerArguments& arguments,
                                Progress& progress) {
  if (std::none_of(sources.begin(), sources.end(), is_on_server)) return std::nullopt;
  if (sources.size() > 1) throw Error(Code::kBadArgument, "source: expected one server alone, or files, in a run");
  constexpr std::uint64_t kLeast = 65536;
  if (arguments.max_spool < kLeast) throw Error(Code::kBadArgument, "--max-spool: expected at least 64K");
  if (dimse::is_peer_source(sources.front())) {
    dimse::PullOptions options;
    options.source = dimse::parse_peer_source(sources.front());
    options.title = dicom::checked_title(arguments.title, "--aet");
    options.address = arguments.address;
    options.port = arguments.port;
    options.max_spool = arguments.max_spool;
    return options;
  }
  dicomweb::PullOptions options;
  options.source = dicomweb::parse_source(sources.front());
  options.client.authorization = authorization_of(arguments.credentials);
  options.client.ca_file = arguments.ca_file;
  options.connections = arguments.connections;
  options.rate = arguments.rate;
  options.max_spool = arguments.max_spool;
  warn_of_open_credentials(options.client.authorization, options.source.server.secure, progress);
  return options;
}

void stop_with(Server& server, std::stop_token stop) {
  if (auto* const web = std::get_if<dicomweb::PullOptions>(&server)) web->stop = std::move(stop);
}

const std::string& root_of(const Server& server) {
  if (const auto* const web = std::get_if<dicomweb::PullOptions>(&server)) return web->source.locator;
  return std::get<dimse::PullOptions>(server).source.root;
}

archive::Added pull(archive::Writer& archive, const Embedder& embedder, const Server& server,
                    const archive::AddOptions& options) {
  const std::string& url = url_of(server);
  try {
    const archive::Added added = pull_from(archive, embedder, server, options);
    keep_error(archive.catalog(), url, {});
    return added;
  } catch (const dicomweb::ServerFault& fault) {
    static_cast<void>(keeps_fault(archive.catalog(), url, fault));
    throw;
  }
}

void forget_cursor(archive::Catalog& catalog, const Server& server) {
  const std::string& url = url_of(server);
  if (catalog.cursor(url).empty()) return;
  archive::Catalog::Transaction all(catalog, true);
  catalog.set_cursor(url, {});
  all.commit();
}

int preview_server(const std::string& archive, const Server& server, const archive::AddOptions& options,
                   Progress& progress) {
  std::optional<archive::Catalog> catalog;
  if (const auto found = archive::find_archive(archive)) catalog.emplace(*found, archive::Catalog::Access::kRead);
  archive::Catalog* const known = catalog ? &*catalog : nullptr;
  const auto* const web = std::get_if<dicomweb::PullOptions>(&server);
  const dicomweb::Preview found = web != nullptr ? dicomweb::preview(known, *web, options)
                                                 : dimse::preview(known, std::get<dimse::PullOptions>(server), options);
  progress.hide();
  const bool orthanc = web != nullptr && web->source.kind == dicomweb::ServerSource::Kind::kOrthanc;
  progress.note(
      fmt::format("{} {} would be asked for, of {}{}", found.fresh, orthanc ? "objects" : "studies", found.listed,
                  options.survey.where ? "; which of them --where lets by, they say when they have come" : ""));
  return 0;
}

}  // namespace mi2::cli
