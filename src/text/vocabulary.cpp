#include "text/vocabulary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <mi2/error.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "base/clip_vocabulary.hpp"
#include "base/json.hpp"
#include "text/resources.hpp"
#include "text/tokenizer.hpp"
#include "text/utf8.hpp"

namespace mi2::text {
namespace {

constexpr std::size_t kMaxBytes = 16U << 20;
constexpr std::size_t kMaxMerges = 48894;
constexpr std::string_view kWordEnd = "</w>";

using TokenIds = std::unordered_map<std::string, std::int32_t>;

// The characters that stand for bytes: printable Latin-1 for itself, the rest from U+0100 on, in two passes.
std::vector<std::pair<std::uint8_t, std::string>> byte_alphabet() {
  const auto printable = [](unsigned b) { return (b >= 33 && b <= 126) || (b >= 161 && b != 173); };
  std::vector<std::pair<std::uint8_t, std::string>> alphabet;
  for (unsigned b = 0; b < 256; ++b) {
    if (printable(b)) append_utf8(alphabet.emplace_back(b, "").second, b);
  }
  char32_t substitute = 256;
  for (unsigned b = 0; b < 256; ++b) {
    if (!printable(b)) append_utf8(alphabet.emplace_back(b, "").second, substitute++);
  }
  return alphabet;
}

// Takes a flat object of integers and nothing else, so that nested JSON costs nothing.
class VocabReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit VocabReader(std::string_view name) : name_(name) {}
  TokenIds ids;

  bool null() override { refuse(); }
  bool boolean(bool /*value*/) override { refuse(); }
  bool number_integer(number_integer_t /*value*/) override { refuse(); }
  bool number_unsigned(number_unsigned_t value) override {
    if (!open_) refuse();
    if (value >= static_cast<number_unsigned_t>(base::kClipVocabulary)) {
      throw Error(Code::kBadFile,
                  fmt::format("{}: has the id {}, the model knows 0 to {}", name_, value, base::kClipVocabulary - 1));
    }
    const auto id = static_cast<std::size_t>(value);
    if (seen_.at(id)) throw Error(Code::kBadFile, fmt::format("{}: gives the id {} to two tokens", name_, id));
    seen_.at(id) = true;
    if (!ids.emplace(key_, static_cast<std::int32_t>(id)).second) {
      throw Error(Code::kBadFile, fmt::format("{}: has the token of id {} twice", name_, id));
    }
    return true;
  }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { refuse(); }
  bool string(string_t& /*value*/) override { refuse(); }
  bool binary(binary_t& /*value*/) override { refuse(); }
  bool start_object(std::size_t /*elements*/) override {
    if (open_) refuse();
    return open_ = true;
  }
  bool key(string_t& value) override {
    key_ = value;
    return true;
  }
  bool end_object() override { return true; }
  bool start_array(std::size_t /*elements*/) override { refuse(); }
  bool end_array() override { refuse(); }
  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::json::exception& /*e*/) override {
    throw Error(Code::kBadFile, fmt::format("{}: not valid JSON at byte {}", name_, position));
  }

 private:
  [[noreturn]] void refuse() const {
    throw Error(Code::kBadFile, fmt::format("{}: holds other things than tokens with their ids", name_));
  }
  std::string name_;
  std::string key_;
  std::vector<bool> seen_ = std::vector<bool>(static_cast<std::size_t>(base::kClipVocabulary), false);
  bool open_ = false;
};

// Calls use(line number, left, right) for the pairs of a merges file.
template <typename Use>
void for_each_merge(std::string_view text, std::string_view name, Use use) {
  constexpr std::string_view kBlank = " \t\r\n";
  const auto trimmed = [&](std::string_view s) {
    const std::size_t first = s.find_first_not_of(kBlank);
    return first == std::string_view::npos ? std::string_view()
                                           : s.substr(first, s.find_last_not_of(kBlank) + 1 - first);
  };
  text = trimmed(text);
  std::size_t number = 0;
  while (!text.empty() && number <= kMaxMerges) {
    const std::size_t end = text.find('\n');
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (number++ == 0) continue;  // the version
    const std::size_t gap = line.find_first_of(kBlank);
    const std::string_view right = gap == std::string_view::npos ? std::string_view() : trimmed(line.substr(gap));
    if (right.empty() || right.find_first_of(kBlank) != std::string_view::npos) {
      throw Error(Code::kBadFile, fmt::format("{}: line {} of the merges is not a pair of tokens", name, number));
    }
    use(number, std::string(line.substr(0, gap)), std::string(right));
  }
}

constexpr const char* kOfMerge = "a token of merges line";

/// What has no id, for the error.
struct Sought {
  std::string_view name;
  const char* what;
  std::size_t where;
};

std::int32_t id_in(const TokenIds& ids, const std::string& token, const Sought& sought) {
  const auto found = ids.find(token);
  if (found != ids.end()) return found->second;
  throw Error(Code::kBadFile, fmt::format("{}: no id for {} {}", sought.name, sought.what, sought.where));
}

/// @param id_of_merged  finds the id of what a line of the merges makes, by its text and the line's number.
template <typename IdOfMerged>
Vocabulary assemble(const TokenIds& ids, std::string_view merges_text, std::string_view name, IdOfMerged id_of_merged) {
  const auto id_of = [&](const std::string& token, const char* what, std::size_t where) {
    return id_in(ids, token, {name, what, where});
  };
  if (id_of("<|startoftext|>", "special token", 1) != kStartId ||
      id_of("<|endoftext|>", "special token", 2) != kEndId) {
    throw Error(Code::kBadFile,
                fmt::format("{}: the special tokens do not have the ids {} and {}", name, kStartId, kEndId));
  }
  Vocabulary out;
  for (const auto& [byte, symbol] : byte_alphabet()) {
    out.byte_ids.at(byte) = id_of(symbol, "byte", byte);
    out.last_byte_ids.at(byte) = id_of(symbol + std::string(kWordEnd), "final byte", byte);
  }
  constexpr std::size_t kShortestLine = 4;
  out.merges.reserve(std::min(kMaxMerges, merges_text.size() / kShortestLine));
  for_each_merge(merges_text, name, [&](std::size_t line, const std::string& left, const std::string& right) {
    const std::uint64_t pair = Vocabulary::pair_key(id_of(left, kOfMerge, line), id_of(right, kOfMerge, line));
    out.merges.insert_or_assign(pair, Merge{static_cast<std::uint32_t>(line), id_of_merged(left + right, line)});
  });
  return out;
}

}  // namespace

Vocabulary builtin_vocabulary() {
  constexpr std::string_view kName = "built-in vocabulary";
  TokenIds ids;
  std::int32_t next = 0;
  ids.reserve(static_cast<std::size_t>(base::kClipVocabulary));
  const auto alphabet = byte_alphabet();
  for (const auto& row : alphabet) ids.emplace(row.second, next++);
  for (const auto& row : alphabet) ids.emplace(row.second + std::string(kWordEnd), next++);
  ids.emplace("<|startoftext|>", kStartId);
  ids.emplace("<|endoftext|>", kEndId);
  // Lines merge what lines before them have made: each gets its id on the way.
  return assemble(ids, builtin_merges(), kName, [&](std::string token, std::size_t /*line*/) {
    return ids.emplace(std::move(token), next++).first->second;
  });
}

Vocabulary read_vocabulary(std::string_view vocab_json, std::string_view merges_text, std::string_view name) {
  if (vocab_json.size() > kMaxBytes || merges_text.size() > kMaxBytes) {
    throw Error(Code::kTooLarge, fmt::format("{}: a tokenizer file of over {} bytes", name, kMaxBytes));
  }
  base::refuse_nul(vocab_json, {.name = name, .fault = Code::kBadFile});
  VocabReader reader(name);
  nlohmann::json::sax_parse(vocab_json, &reader);
  return assemble(reader.ids, merges_text, name, [&](const std::string& token, std::size_t line) {
    return id_in(reader.ids, token, {name, kOfMerge, line});
  });
}

}  // namespace mi2::text
