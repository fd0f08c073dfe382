#include "archive/cards/folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <optional>
#include <span>
#include <system_error>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/file_at.hpp"
#include "base/files.hpp"
#include "base/hash.hpp"
#include "base/waiting_lock.hpp"

namespace mi2::archive::cards {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kIdDigits = 64;
constexpr std::uint64_t kMaxChainBytes = 24U << 20;
/// A program that was killed leaves one card without a line; so many are no program's.
constexpr std::size_t kMostLeft = 64;

/// Takes `prefix` off the front of `text`. @returns whether it was there.
bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::optional<std::string> take_id(std::string_view& text) {
  const std::string_view id = text.substr(0, kIdDigits);
  if (!is_id(id)) return std::nullopt;
  text.remove_prefix(kIdDigits);
  return std::string(id);
}

/// The one form of a line, without its end.
std::optional<Link> parse_link(std::string_view line) {
  Link link;
  if (!take(line, R"({"card":")")) return std::nullopt;
  const std::optional<std::string> card = take_id(line);
  if (!card || !take(line, R"(","html":")")) return std::nullopt;
  const std::optional<std::string> html = take_id(line);
  if (!html || !take(line, R"(","previous":")")) return std::nullopt;
  if (!line.starts_with('"')) {
    const std::optional<std::string> previous = take_id(line);
    if (!previous) return std::nullopt;
    link.previous = *previous;
  }
  if (line != R"("})") return std::nullopt;
  link.card = *card;
  link.html_sha256 = *html;
  return link;
}

[[noreturn]] void fail(const fs::path& path, std::string_view what) {
  throw Error(Code::kBadFile, fmt::format("{}: {}: {}", path.string(), what, std::generic_category().message(errno)));
}

/// chain.jsonl, locked against those who write while it is open.
class OpenChain {
 public:
  enum class Use : std::uint8_t { kRead, kAppend };

  /// @throws Error{kNotFound} if it is not there, to be read; as parse_chain().
  OpenChain(const fs::path& folder, Use use)
      : path_(chain_file(folder)),
        descriptor_(::open(path_.c_str(), (use == Use::kAppend ? O_RDWR | O_CREAT : O_RDONLY) | O_CLOEXEC, 0666)) {
    if (descriptor_ < 0 && errno == ENOENT && use == Use::kRead) {
      throw Error(Code::kNotFound, fmt::format("{}: no cards: it has no chain.jsonl", folder.string()));
    }
    if (descriptor_ < 0) fail(path_, "cannot be opened");
    try {
      lock_and_read(use);
    } catch (...) {
      ::close(descriptor_);
      throw;
    }
  }
  OpenChain(const OpenChain&) = delete;
  OpenChain& operator=(const OpenChain&) = delete;
  ~OpenChain() { ::close(descriptor_); }

  [[nodiscard]] const std::vector<Link>& links() const noexcept { return chain_.links; }
  [[nodiscard]] bool torn() const noexcept { return torn_; }
  [[nodiscard]] std::string last() const { return chain_.links.empty() ? std::string() : chain_.links.back().card; }

  /// On the disk when it returns. @throws Error{kBadFile}: then nothing of it is there.
  void append(Link link) {
    const std::string line = to_line(link);
    const bool written = base::write_at(descriptor_, std::as_bytes(std::span(line)), chain_.whole);
    if (!written || !base::sync_data(descriptor_)) {
      const int reason = errno;
      static_cast<void>(cut());
      errno = reason;
      fail(path_, "cannot be written");
    }
    chain_.whole += line.size();
    chain_.links.push_back(std::move(link));
  }

 private:
  void lock_and_read(Use use) {
    if (!base::wait_for_lock(descriptor_, use == Use::kAppend ? LOCK_EX : LOCK_SH)) fail(path_, "cannot be locked");
    struct stat found {};
    if (::fstat(descriptor_, &found) != 0) fail(path_, "cannot be looked at");
    if (!S_ISREG(found.st_mode)) throw Error(Code::kBadFile, fmt::format("{}: expected a file", path_.string()));
    const auto size = static_cast<std::uint64_t>(found.st_size);
    if (size > kMaxChainBytes) {
      throw Error(Code::kTooLarge,
                  fmt::format("{}: expected at most {} bytes, got {}", path_.string(), kMaxChainBytes, size));
    }
    std::string text(static_cast<std::size_t>(size), '\0');
    if (!base::read_at(descriptor_, std::as_writable_bytes(std::span(text)), 0)) fail(path_, "cannot be read");
    chain_ = parse_chain(text, path_.string());
    torn_ = chain_.whole < text.size();
    if (torn_ && use == Use::kAppend && !cut()) fail(path_, "cannot be written");
  }

  /// Takes off what is behind the last whole line.
  [[nodiscard]] bool cut() const noexcept { return ::ftruncate(descriptor_, static_cast<off_t>(chain_.whole)) == 0; }

  fs::path path_;
  int descriptor_;
  Chain chain_;
  bool torn_ = false;
};

/// Cards of a folder that a chain does not name.
std::vector<std::string> unlisted(const fs::path& folder, const std::vector<Link>& links) {
  std::unordered_set<std::string_view> known;
  for (const Link& link : links) known.insert(link.card);
  std::vector<std::string> found;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string id = it->path().stem().string();
    if (it->path().extension() == ".json" && is_id(id) && !known.contains(id)) found.push_back(id);
  }
  if (error) {
    throw Error(Code::kBadFile, fmt::format("{}: cannot be read: {}", folder.string(), error.message()));
  }
  return found;
}

/// The one of these cards that continues a chain: a killed program wrote it, and not its line.
std::optional<Link> continuing(const fs::path& folder, const std::vector<std::string>& ids, const std::string& last) {
  if (ids.size() > kMostLeft) return std::nullopt;
  for (const std::string& id : ids) {
    try {
      const Card card = read_card(json_file(folder, id));
      if (card.id == id && card.previous == last) return Link{id, base::sha256_hex(html_file(folder, id)), last};
    } catch (const Error&) {
      continue;  // verify_chain() reports it
    }
  }
  return std::nullopt;
}

std::string write_page(const fs::path& file, const std::string& text) {
  base::AtomicFile page(file);
  page.write(std::string_view(text));
  page.commit();
  return base::sha256_hex(std::as_bytes(std::span(text)));
}

/// Gathers what is wrong with a chain.
class Checking {
 public:
  Checking(const fs::path& folder, ChainReport& report) : folder_(folder), report_(report) {}

  void check(const Link& link, const std::string& previous) {
    ++line_;
    if (link.previous != previous) {
      problem("follows another card than that of the line before: a line was removed, added or changed");
    }
    check_card(link);
    try {
      if (base::sha256_hex(html_file(folder_, link.card)) != link.html_sha256) {
        problem(fmt::format("the page of card {} was changed", link.card));
      }
    } catch (const Error& error) {
      problem(error.code() == Code::kNotFound ? fmt::format("the page of card {} is not there", link.card)
                                              : error.what());
    }
  }

  void finish() {
    if (found_ > kMostChainProblems) {
      report_.problems.push_back(fmt::format("and {} more", found_ - kMostChainProblems));
    }
  }

  void problem_of(std::string text) {
    if (++found_ <= kMostChainProblems) report_.problems.push_back(std::move(text));
  }

 private:
  void check_card(const Link& link) {
    try {
      const Card card = read_card(json_file(folder_, link.card));
      if (card.id != link.card) return problem(fmt::format("{}.json is another card", link.card));
      if (card.previous != link.previous)
        problem(fmt::format("card {} follows another one than its line says", card.id));
    } catch (const Error& error) {
      problem(error.code() == Code::kNotFound ? fmt::format("card {} is not there", link.card) : error.what());
    }
  }

  void problem(const std::string& text) { problem_of(fmt::format("chain.jsonl line {}: {}", line_, text)); }

  const fs::path& folder_;
  ChainReport& report_;
  std::size_t line_ = 0;
  std::size_t found_ = 0;
};

}  // namespace

std::string to_line(const Link& link) {
  return fmt::format("{{\"card\":\"{}\",\"html\":\"{}\",\"previous\":\"{}\"}}\n", link.card, link.html_sha256,
                     link.previous);
}

Chain parse_chain(std::string_view text, std::string_view name) {
  Chain chain;
  while (true) {
    const std::size_t end = text.find('\n', chain.whole);
    if (end == std::string_view::npos) return chain;
    std::optional<Link> link = parse_link(text.substr(chain.whole, end - chain.whole));
    if (!link) {
      throw Error(Code::kBadFile, fmt::format("{}: line {}: expected a card, its page and the card before it", name,
                                              chain.links.size() + 1));
    }
    if (chain.links.size() == kMostCards) {
      throw Error(Code::kTooLarge, fmt::format("{}: expected at most {} cards", name, kMostCards));
    }
    chain.links.push_back(std::move(*link));
    chain.whole = end + 1;
  }
}

bool is_id(std::string_view text) noexcept {
  return text.size() == kIdDigits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

fs::path chain_file(const fs::path& folder) { return folder / "chain.jsonl"; }
fs::path json_file(const fs::path& folder, std::string_view id) { return folder / fmt::format("{}.json", id); }
fs::path html_file(const fs::path& folder, std::string_view id) { return folder / fmt::format("{}.html", id); }

Card read_card(const fs::path& file) { return from_json(base::read_text_file(file, kMaxCardBytes + 1), file.string()); }

void add_card(const fs::path& folder, Card& card, const std::function<std::string(const Card&)>& html) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw Error(Code::kBadFile, fmt::format("{}: cannot be made: {}", folder.string(), error.message()));
  OpenChain chain(folder, OpenChain::Use::kAppend);
  base::remove_dead_in(folder);  // each card has a name of its own, so that no later one replaces what a kill left
  if (std::optional<Link> left = continuing(folder, unlisted(folder, chain.links()), chain.last())) {
    chain.append(std::move(*left));
  }
  if (chain.links().size() >= kMostCards) {
    throw Error(Code::kTooLarge,
                fmt::format("{}: expected fewer than {} cards; take another folder", folder.string(), kMostCards));
  }
  card.previous = chain.last();
  card.id = id_of(card);
  const std::string text = to_json(card) + '\n';
  if (text.size() > kMaxCardBytes) {
    throw Error(Code::kTooLarge, fmt::format("card: expected at most {} bytes, got {}", kMaxCardBytes, text.size()));
  }
  const std::string page_hash = write_page(html_file(folder, card.id), html(card));
  base::AtomicFile file(json_file(folder, card.id));
  file.write(std::string_view(text));
  file.commit();
  chain.append({card.id, page_hash, card.previous});
  base::sync_folder(folder);
}

ChainReport verify_chain(const fs::path& folder, const base::OnProgress& on_progress) {
  const OpenChain chain(folder, OpenChain::Use::kRead);
  ChainReport report;
  report.cards = chain.links().size();
  report.last = chain.last();
  Checking checking(folder, report);
  std::string previous;
  for (std::size_t i = 0; i < chain.links().size(); ++i) {
    checking.check(chain.links()[i], previous);
    previous = chain.links()[i].card;
    if (on_progress) on_progress({"cards", i + 1, report.cards});
  }
  if (chain.torn()) report.notes.emplace_back("chain.jsonl ends in the middle of a line: a program was killed");
  const std::vector<std::string> left = unlisted(folder, chain.links());
  const std::optional<Link> next = continuing(folder, left, report.last);
  for (const std::string& id : left) {
    if (next && next->card == id) {
      report.notes.push_back(fmt::format("card {} has no line yet: a program was killed; the next card adds it", id));
    } else {
      checking.problem_of(fmt::format("card {} is not in chain.jsonl", id));
    }
  }
  checking.finish();
  return report;
}

}  // namespace mi2::archive::cards
