#include "index_export_cards.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string_view>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/cards/folder.hpp"
#include "archive/format.hpp"
#include "base/files.hpp"
#include "base/folders.hpp"
#include "index_command.hpp"
#include "interrupt.hpp"
#include "progress.hpp"
#include "shown_on.hpp"

namespace mi2::cli {
namespace {

namespace cards = archive::cards;

/// @throws Error{kBadFile} for cards of which one was changed or removed: a copy would hide it.
void require_sound(const std::string& folder, Progress& progress) {
  const cards::ChainReport report = cards::verify_chain(folder, shown_on(progress));
  progress.hide();
  if (report.problems.empty()) return;
  throw Error(Code::kBadFile,
              fmt::format("{}: cards were changed or removed: 'mi2 index verify-cards' names them", folder));
}

}  // namespace

int export_cards(const std::string& archive, const std::string& folder, const std::string& to) {
  constexpr std::uint64_t kMostChainBytes = std::uint64_t{64} << 20U;
  catch_interrupts();
  Progress progress("cards");
  const std::string id = archive::read_format(folder_of(archive)).id;
  require_sound(folder, progress);
  const std::filesystem::path chain_file = cards::chain_file(folder);
  const std::string text = base::read_text_file(chain_file, kMostChainBytes);
  const cards::Chain chain = cards::parse_chain(text, chain_file.string());
  base::AtomicFolder copy(to);
  std::size_t copied = 0;
  for (const cards::Link& link : chain.links) {
    throw_if_interrupted();
    const std::filesystem::path json = cards::json_file(folder, link.card);
    if (cards::read_card(json).archive_id != id) continue;
    const std::filesystem::path page = cards::html_file(folder, link.card);
    copy.copy(json, json.filename());
    copy.copy(page, page.filename());
    ++copied;
  }
  if (copied == 0) throw Error(Code::kNotFound, fmt::format("{}: no card of this archive", folder));
  const bool whole = copied == chain.links.size();
  // A chain names every card: without those of other archives it would be a broken one.
  if (whole) copy.write(chain_file.filename(), std::string_view(text).substr(0, chain.whole));
  copy.commit();
  progress.note(fmt::format(
      "{}: {} cards{}", to, copied,
      whole ? ", with their chain"
            : fmt::format(", without their chain, which has {} of other archives", chain.links.size() - copied)));
  return 0;
}

}  // namespace mi2::cli
