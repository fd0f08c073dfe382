#pragma once
// The part of mi2 index add about servers: DICOMweb, Orthanc, and a PACS of DICOM's own network.

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "archive/catalog.hpp"
#include "dicomweb/pull.hpp"
#include "dimse/pull/pull.hpp"
#include "progress.hpp"

namespace CLI {
class App;
}  // namespace CLI

namespace mi2::cli {

struct ServerArguments {
  std::string credentials;  ///< a file
  std::string ca_file;
  unsigned connections = dicomweb::PullOptions{}.connections;
  double rate = 0;
  std::uint64_t max_spool = dicomweb::PullOptions{}.max_spool;
  std::string title = dimse::PullOptions{}.title;
  std::string address;
  std::uint16_t port = dimse::PullOptions{}.port;
};

using Server = std::variant<dicomweb::PullOptions, dimse::PullOptions>;

/// Whether a source is on a server, as far as its first letters say.
bool is_on_server(std::string_view source) noexcept;

/// Declares --credentials and --ca-file, of a command that asks a DICOMweb server.
void add_credentials(CLI::App& command, std::string& credentials, std::string& ca_file);
/// What goes into a request's Authorization: from the file of --credentials, or else from MI2_DICOMWEB_CREDENTIALS;
/// empty: none. @throws what reading them throws. No message holds a secret.
std::string authorization_of(const std::string& credentials);
/// Warns of credentials that go over http.
void warn_of_open_credentials(const std::string& authorization, bool secure, Progress& progress);

/// Declares --credentials, --ca-file, --connections, --rate, --max-spool, --aet, --bind and --port. `arguments`
/// outlives the App.
void add_server_arguments(CLI::App& command, ServerArguments& arguments);

/// The part of a help text about servers.
std::string server_help();

/// The server among sources, which is then the only one; nothing if they are files.
/// @throws Error{kBadArgument}; what reading the credentials throws. No message holds a URL or a secret.
std::optional<Server> server_of(const std::vector<std::string>& sources, const ServerArguments& arguments,
                                Progress& progress);

/// What ends waiting for a server; a PACS is left by what on_progress throws.
void stop_with(Server& server, std::stop_token stop);

/// What the locators of its objects begin with.
const std::string& root_of(const Server& server);

/// Forgets how far a server was read: the next pull() goes through all of it. Of one without a cursor each does.
void forget_cursor(archive::Catalog& catalog, const Server& server);

/// Adds what is new. Of a source that the archive has, a dicomweb::ServerFault becomes its SourceFacts::last_error.
/// @throws as dicomweb::pull() and dimse::pull().
archive::Added pull(archive::Writer& archive, const Embedder& embedder, const Server& server,
                    const archive::AddOptions& options);

/// Says what would be asked for. @returns the exit status.
int preview_server(const std::string& archive, const Server& server, const archive::AddOptions& options,
                   Progress& progress);

}  // namespace mi2::cli
