#include "serve_archives.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "arguments.hpp"
#include "choices.hpp"

namespace mi2::cli {
namespace {

/// NAME=WHAT of an option. @param what  "DIR", "FILE" or "EXPR".
std::pair<std::string, std::string> named_path(std::string_view option, std::string_view what,
                                               const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) {
    throw Error(Code::kBadArgument, fmt::format("{}: expected NAME={}, got '{}'", option, what, text));
  }
  if (equals + 1 == text.size()) throw Error(Code::kBadArgument, fmt::format("{}: no {} in '{}'", option, what, text));
  return {text.substr(0, equals), text.substr(equals + 1)};
}

/// @param what    that each archive has one of, and what it is called.
/// @param member  of a spec: what NAME=WHAT of the option are for.
template <typename Value>
void add_each(std::string_view option, std::pair<std::string_view, std::string_view> what,
              const std::vector<std::string>& texts, Value protocols::ArchiveSpec::*member,
              std::vector<protocols::ArchiveSpec>& specs) {
  for (const std::string& text : texts) {
    const std::pair<std::string, std::string> given = named_path(option, what.first, text);
    const std::string& name = given.first;
    const auto spec = std::find_if(specs.begin(), specs.end(), [&](const auto& one) { return one.name == name; });
    if (spec == specs.end()) {
      throw Error(Code::kBadArgument, fmt::format("{}: expected the NAME of an --archive, got '{}'", option, name));
    }
    if (!((*spec).*member).empty()) {
      throw Error(Code::kBadArgument, fmt::format("{}: two {} for the archive '{}'", option, what.second, name));
    }
    (*spec).*member = given.second;
  }
}

std::vector<protocols::ArchiveSpec> archive_specs(const ArchiveArguments& arguments, const server::Options& options) {
  std::vector<protocols::ArchiveSpec> specs;
  std::set<std::string> names;
  for (const std::string& text : values_of(arguments.archives)) {
    // What it is called comes first. Not repeated: there may be a password in it.
    if (text.starts_with("postgres") && text.find("://") < text.find('=')) {
      throw Error(Code::kBadArgument, "--archive: expected NAME=URL, got a URL");
    }
    const auto [name, folder] = named_path("--archive", "DIR", text);
    specs.push_back({name, folder});
    specs.back().drift_every = std::chrono::seconds(arguments.drift_every);
    check_served_name("archive name", specs.back().name);
    if (!names.insert(specs.back().name).second) {
      throw Error(Code::kBadArgument, fmt::format("two archives are called '{}'", specs.back().name));
    }
  }
  constexpr std::pair<std::string_view, std::string_view> kFolder("DIR", "folders");
  add_each("--archive-cards", kFolder, values_of(arguments.cards), &protocols::ArchiveSpec::cards, specs);
  add_each("--archive-heads", kFolder, values_of(arguments.heads), &protocols::ArchiveSpec::heads, specs);
  add_each("--archive-drift", {"EXPR", "filters"}, values_of(arguments.drift), &protocols::ArchiveSpec::drift, specs);
  if (specs.empty() && !options.archive_rights.empty()) {
    throw Error(Code::kBadArgument, "--archive-rights: expected --archive NAME=DIR with it");
  }
  if (specs.empty() && !options.audit.empty()) {
    throw Error(Code::kBadArgument, "--audit: expected --archive NAME=DIR with it");
  }
  return specs;
}

std::vector<server::PushSpec> push_specs(const ArchiveArguments& arguments) {
  std::vector<server::PushSpec> specs;
  const auto find = [&](const std::string& name) {
    return std::find_if(specs.begin(), specs.end(), [&](const auto& one) { return one.name == name; });
  };
  for (const std::string& text : values_of(arguments.push_to)) {
    const std::size_t equals = text.find('=');  // the rest may have a password, which no message repeats
    if (equals == std::string::npos) throw Error(Code::kBadArgument, "--push-to: expected NAME=WHERE, got no '='");
    const std::string name = text.substr(0, equals);
    check_served_name("--push-to", name);
    if (find(name) != specs.end()) throw Error(Code::kBadArgument, fmt::format("--push-to: two are called '{}'", name));
    specs.push_back({name, text.substr(equals + 1)});
  }
  for (const std::string& text : values_of(arguments.push_credentials)) {
    const auto [name, file] = named_path("--push-credentials", "FILE", text);
    const auto spec = find(name);
    if (spec == specs.end()) {
      throw Error(Code::kBadArgument,
                  fmt::format("--push-credentials: expected the NAME of a --push-to, got '{}'", name));
    }
    if (!spec->credentials.empty()) {
      throw Error(Code::kBadArgument, fmt::format("--push-credentials: two files for '{}'", name));
    }
    spec->credentials = file;
  }
  if (!specs.empty() && values_of(arguments.archives).empty()) {
    throw Error(Code::kBadArgument, "--push-to: expected --archive NAME=DIR with it");
  }
  return specs;
}

}  // namespace

void check_served_name(std::string_view what, const std::string& name) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  if (name.empty() || name.size() > 64 || name.find_first_not_of(kAllowed) != std::string::npos) {
    throw Error(Code::kBadArgument,
                fmt::format("{}: expected 1 to 64 letters, digits, '.', '_' and '-', got '{}'", what, name));
  }
}

void add_archive_arguments(CLI::App& command, ArchiveArguments& arguments, server::Options& options) {
  arguments.archives =
      add_repeatable(command, "--archive", "An archive of mi2 index and what it is called; repeatable");
  arguments.archives->type_name("NAME=DIR|URL");
  arguments.cards = add_repeatable(command, "--archive-cards",
                                   "Keep the evidence cards of an archive's searches in a folder, with their "
                                   "chain; repeatable (default: none is kept)");
  arguments.cards->type_name("NAME=DIR");
  arguments.heads = add_repeatable(command, "--archive-heads",
                                   "Train small classifiers on labelled images of an archive, as the page's Classify "
                                   "does, and keep them in a folder; needs libtorch; repeatable (default: none is "
                                   "trained)");
  arguments.heads->type_name("NAME=DIR");
  arguments.drift = add_repeatable(command, "--archive-drift",
                                   "Compare an archive's images, station by station, with those that EXPR lets by, in "
                                   "the background after changes: gauges of /metrics; repeatable (default: none are)");
  arguments.drift->type_name("NAME=EXPR");
  command.add_option("--archive-drift-every", arguments.drift_every, "At most as often, in seconds")
      ->type_name("S")
      ->transform(whole_number_in(1, 604'800))
      ->capture_default_str()
      ->needs(arguments.drift);
  command
      .add_option("--archive-rights", options.archive_rights,
                  "Which key, user or group may do what with which archive (default: whoever may ask may search all)")
      ->type_name("FILE");
  command
      .add_option("--audit", options.audit,
                  "Folder of the audit list: who did what with which archive, line by line; without room for a line, "
                  "nothing is done (default: none is kept)")
      ->type_name("DIR");
  arguments.push_to = add_repeatable(command, "--push-to",
                                     "Where callers with the right to push may send results: dimse:AET@HOST:PORT or "
                                     "stow:URL, and what it is called; repeatable (default: nowhere)");
  arguments.push_to->type_name("NAME=WHERE");
  arguments.push_credentials = add_repeatable(command, "--push-credentials",
                                              "File with what the STOW-RS server NAME of --push-to asks for: 'bearer "
                                              "TOKEN' or 'basic NAME:PASSWORD'; repeatable");
  arguments.push_credentials->type_name("NAME=FILE");
  command
      .add_option("--push-ca-file", options.push.ca_file,
                  "Certificates of the authorities that STOW-RS servers are trusted by, PEM")
      ->type_name("FILE");
  command.add_option("--push-aet", options.push.own_aet, "This server's own application entity title for C-STORE")
      ->type_name("AET")
      ->capture_default_str();
  command
      .add_option("--viewer-url", options.viewer_url,
                  "Address of a viewer of studies, such as OHIF, with {study} where the StudyInstanceUID belongs; the "
                  "page links to it where an archive keeps identifiers")
      ->type_name("URL");
  protocols::ArchiveAdding& adding = options.archive_adding;
  command
      .add_option("--archive-identifiers", adding.identifiers,
                  "Of what clients add: patient IDs and accession numbers as hash, keep (them too) or none")
      ->type_name("hash|keep|none")
      ->transform(one_of({"hash", "keep", "none"}))
      ->capture_default_str();
  command
      .add_option("--archive-thumbnails", adding.thumbnail,
                  "Of what clients add: longer side of the thumbnail that is kept, in pixels; 0: none")
      ->type_name("PIXELS")
      ->transform(whole_number_in(0, 1024))
      ->capture_default_str();
}

void read_archives(const ArchiveArguments& arguments, server::Options& options) {
  options.archives = archive_specs(arguments, options);
  options.push.targets = push_specs(arguments);
}

}  // namespace mi2::cli
