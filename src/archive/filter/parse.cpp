#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/filter/build.hpp"
#include "archive/filter/filter.hpp"
#include "base/table.hpp"
#include "base/utf8.hpp"

namespace mi2::archive::filter {
namespace {

enum class TokenKind : std::uint8_t { kWord, kQuoted, kOperator, kOpen, kClose, kComma, kEnd };

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string text;    ///< of a word or an operator as it stands; of a quoted one what it means
  std::size_t at = 0;  ///< byte, from 0
};

std::string byte_at(std::size_t at) { return fmt::format("byte {}", at + 1); }

[[noreturn]] void expected(std::size_t at, std::string_view what) {
  throw Error(Code::kBadArgument, fmt::format("filter: {}: expected {}", byte_at(at), what));
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) { advance(); }

  [[nodiscard]] const Token& now() const noexcept { return now_; }
  Token take() {
    Token token = std::move(now_);
    advance();
    return token;
  }
  [[nodiscard]] bool is(TokenKind kind) const noexcept { return now_.kind == kind; }
  /// Whether it is this word, in any case.
  [[nodiscard]] bool is_word(std::string_view word) const {
    return now_.kind == TokenKind::kWord && base::lower_ascii(now_.text) == word;
  }

 private:
  void advance() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) ++at_;
    now_ = {};
    now_.at = at_;
    if (at_ == text_.size()) return;
    const char c = text_[at_];
    if (c == '"' || c == '\'') return quoted(c);
    if (is_bare(c)) return word();
    symbol();
  }

  void word() {
    now_.kind = TokenKind::kWord;
    while (at_ < text_.size() && is_bare(text_[at_])) now_.text += text_[at_++];
  }

  void quoted(char quote) {
    now_.kind = TokenKind::kQuoted;
    for (++at_; at_ < text_.size(); ++at_) {
      char c = text_[at_];
      if (c == quote) {
        ++at_;
        return;
      }
      if (c == '\\') {
        if (++at_ == text_.size()) break;
        c = text_[at_];
        if (c != '\\' && c != '"' && c != '\'') expected(at_, "a quote or a backslash after a backslash");
      }
      now_.text += c;
    }
    expected(now_.at, "a quote to be closed");
  }

  void symbol() {
    constexpr std::array<std::pair<std::string_view, TokenKind>, 10> kSymbols{{{"!=", TokenKind::kOperator},
                                                                               {"<=", TokenKind::kOperator},
                                                                               {">=", TokenKind::kOperator},
                                                                               {"=", TokenKind::kOperator},
                                                                               {"<", TokenKind::kOperator},
                                                                               {">", TokenKind::kOperator},
                                                                               {"~", TokenKind::kOperator},
                                                                               {"(", TokenKind::kOpen},
                                                                               {")", TokenKind::kClose},
                                                                               {",", TokenKind::kComma}}};
    for (const auto& [text, kind] : kSymbols) {
      if (!text_.substr(at_).starts_with(text)) continue;
      now_.kind = kind;
      now_.text.append(text);
      at_ += text.size();
      return;
    }
    expected(at_, "a word, a value in quotes or an operator");
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Token now_;
};

class Parser {
 public:
  explicit Parser(std::string_view text) : lexer_(text) {}

  Expr whole() {
    Expr expr = any_of(0);
    if (!lexer_.is(TokenKind::kEnd)) expected(lexer_.now().at, "and, or or the end");
    return Builder::finish(std::move(expr));
  }

 private:
  Expr any_of(std::size_t depth) {
    std::vector<Expr> parts;
    parts.push_back(all_of(depth));
    while (lexer_.is_word("or")) {
      lexer_.take();
      parts.push_back(all_of(depth));
    }
    return builder_.group(Kind::kOr, std::move(parts));
  }

  Expr all_of(std::size_t depth) {
    std::vector<Expr> parts;
    parts.push_back(one(depth));
    while (lexer_.is_word("and")) {
      lexer_.take();
      parts.push_back(one(depth));
    }
    return builder_.group(Kind::kAnd, std::move(parts));
  }

  Expr one(std::size_t depth) {
    check_depth(depth);
    if (lexer_.is_word("not")) {
      lexer_.take();
      return builder_.negation(one(depth + 1));
    }
    if (!lexer_.is(TokenKind::kOpen)) return comparison();
    lexer_.take();
    Expr expr = any_of(depth + 1);
    if (!lexer_.is(TokenKind::kClose)) expected(lexer_.now().at, "and, or or )");
    lexer_.take();
    return expr;
  }

  Expr comparison() {
    if (!lexer_.is(TokenKind::kWord)) expected(lexer_.now().at, "a field, not or (");
    const Token field = lexer_.take();
    const Name name = read_name(field.text, byte_at(field.at));
    const bool negated = lexer_.is_word("not");
    if (negated) lexer_.take();
    if (lexer_.is_word("in")) {
      const Token in = lexer_.take();
      return builder_.compare(name, negated ? Op::kNotIn : Op::kIn, list(), byte_at(in.at));
    }
    if (negated) expected(lexer_.now().at, "in");
    if (!lexer_.is(TokenKind::kOperator)) expected(lexer_.now().at, "= != < <= > >= ~ or in");
    const Token op = lexer_.take();
    const std::size_t at = lexer_.now().at;
    std::vector<std::string> values;
    values.push_back(value());
    return builder_.compare(name, operator_of(op.text), std::move(values), byte_at(at));
  }

  std::vector<std::string> list() {
    if (!lexer_.is(TokenKind::kOpen)) expected(lexer_.now().at, "(");
    std::vector<std::string> values;
    do {
      lexer_.take();
      values.push_back(value());
    } while (lexer_.is(TokenKind::kComma));
    if (!lexer_.is(TokenKind::kClose)) expected(lexer_.now().at, ", or )");
    lexer_.take();
    return values;
  }

  std::string value() {
    if (!lexer_.is(TokenKind::kWord) && !lexer_.is(TokenKind::kQuoted)) expected(lexer_.now().at, "a value");
    return lexer_.take().text;
  }

  static Op operator_of(std::string_view text) {
    constexpr std::array kOps{Op::kEqual,   Op::kNotEqual,     Op::kLess,    Op::kLessEqual,
                              Op::kGreater, Op::kGreaterEqual, Op::kContains};
    for (const Op op : kOps) {
      if (text_of(op) == text) return op;
    }
    throw Error(Code::kInternal, "filter: an operator that nobody knows");
  }

  Lexer lexer_;
  Builder builder_;
};

}  // namespace

Expr parse(std::string_view text) {
  if (text.size() > kMaxText) {
    throw Error(Code::kTooLarge, fmt::format("filter: over {} bytes", kMaxText));
  }
  const std::size_t good = base::utf8_prefix(text);
  if (good != text.size()) expected(good, "UTF-8");
  return Parser(text).whole();
}

}  // namespace mi2::archive::filter
