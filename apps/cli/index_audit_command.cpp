// mi2 index verify-audit: whether a server's audit list is whole.

#include <memory>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <mi2/error.hpp>

#include "arguments.hpp"
#include "audit/verify.hpp"
#include "exit_status.hpp"
#include "index_audit.hpp"
#include "interrupt.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "shown_on.hpp"

namespace mi2::cli {
namespace {

constexpr std::string_view kHelp = R"(What is checked:
  Each line of DIR, the folder of mi2 serve --audit, has the number after the one before and its
  SHA-256. A line that was changed, removed or put in between is named. The last line's SHA-256
  is printed: keep it elsewhere, since whoever removes the last lines leaves a shorter list that
  is sound. Oldest files that were put elsewhere are not missed; the first number is printed.

A server may write to it meanwhile. Exit status 0 means sound, 3 that something is wrong.

Examples:
  mi2 index verify-audit /var/lib/mi2/audit
)";

int index_verify_audit(const std::string& folder) {
  catch_interrupts();
  Progress progress("files");
  const audit::Report report = audit::verify(folder, shown_on(progress));
  progress.hide();
  for (const std::string& problem : report.problems) progress.warn(problem);
  if (report.torn) progress.note("the last line has no end: it is being written, or the server was killed");
  if (!report.problems.empty()) return exit_status_of(Code::kBadFile);
  const auto output = open_output("-");
  output->write(report.lines == 0 ? std::string("sound: no lines\n")
                                  : fmt::format("sound: {} lines, {} to {}, the last {}\n", report.lines, report.first,
                                                report.last, report.digest));
  output->commit();
  return 0;
}

}  // namespace

void add_index_verify_audit(CLI::App& command, Session& session) {
  const auto folder = std::make_shared<std::string>();
  command.add_option("DIR", *folder, "A folder of mi2 serve --audit")->type_name("")->required();
  command.footer(fmt::format("{}\n{}", kHelp, exit_status_help()));
  command.callback([folder, &session] { session.run = [folder] { return index_verify_audit(*folder); }; });
}

}  // namespace mi2::cli
