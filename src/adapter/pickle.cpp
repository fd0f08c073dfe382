// Source: Lib/pickletools.py of CPython, which documents every instruction.

#include "adapter/pickle.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <unordered_map>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::adapter {
namespace {

static_assert(std::endian::native == std::endian::little, "a pickle's numbers are little-endian");

using Kind = PickleValue::Kind;

constexpr std::size_t kMaxValues = 200'000;
constexpr int kMaxDepth = 16;

class Machine {
 public:
  Machine(std::string_view bytes, std::string_view name) : rest_(bytes), name_(name) {}

  PickleValue run() {
    for (;;) {
      const auto code = static_cast<unsigned char>(take(1).front());
      if (code == '.') return pop();
      if (!scalar(code) && !container(code) && !memory(code)) {
        throw Error(Code::kUnsupported,
                    fmt::format("{}: has the pickle instruction 0x{:02x}, which weights do not need", name_, code));
      }
    }
  }

 private:
  [[noreturn]] void bad(std::string_view what) const {
    throw Error(Code::kBadFile, fmt::format("{}: {}", name_, what));
  }

  std::string_view take(std::size_t size) {
    if (size > rest_.size()) bad("its pickle ends early");
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  template <typename Number>
  Number number() {
    Number value{};
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }

  std::string_view line() {
    const std::size_t end = rest_.find('\n');
    if (end == std::string_view::npos) bad("its pickle ends early");
    const std::string_view text = take(end);
    take(1);
    return text;
  }

  void push(PickleValue value) {
    if (++made_ > kMaxValues) bad(fmt::format("its pickle has more than {} values", kMaxValues));
    if (value.depth > kMaxDepth) bad("its pickle is nested too deeply");
    stack_.push_back(std::move(value));
  }
  void push_number(std::int64_t value) { push({Kind::kNumber, value, nullptr, nullptr, 0}); }
  void push_text(Kind kind, std::string_view text) {
    push({kind, 0, std::make_shared<const std::string>(text), nullptr, 0});
  }
  static int depth_over(const PickleItems& items) {
    int depth = 0;
    for (const PickleValue& item : items) depth = std::max(depth, item.depth);
    return depth + 1;
  }
  void push_items(Kind kind, PickleItems items) {
    const int depth = depth_over(items);
    push({kind, 0, nullptr, std::make_shared<PickleItems>(std::move(items)), depth});
  }

  PickleValue pop() {
    if (stack_.empty() || (!marks_.empty() && stack_.size() <= marks_.back()))
      bad("its pickle takes what is not there");
    PickleValue value = std::move(stack_.back());
    stack_.pop_back();
    return value;
  }
  PickleItems pop(std::size_t count) {
    PickleItems items(count);
    for (std::size_t i = count; i-- > 0;) items[i] = pop();
    return items;
  }
  PickleItems pop_to_mark() {
    if (marks_.empty()) bad("its pickle takes what is not there");
    const auto from = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    PickleItems items(std::make_move_iterator(from), std::make_move_iterator(stack_.end()));
    stack_.erase(from, stack_.end());
    marks_.pop_back();
    return items;
  }

  /// Adds to the container on top. What it is in does not learn of its depth: it is not in anything yet.
  void add(Kind kind, PickleItems items) {
    PickleValue container = pop();
    if (container.kind != kind || !container.items) bad("its pickle fills what is no container");
    for (PickleItems::value_type& item : items) {
      container.depth = std::max(container.depth, item.depth + 1);
      container.items->push_back(std::move(item));
    }
    push(std::move(container));
  }

  bool scalar(unsigned char code) {
    switch (code) {
      case 0x80:  // PROTO
        take(1);
        return true;
      case 0x95:  // FRAME
        take(8);
        return true;
      case 'N':
        push({});
        return true;
      case 0x88:  // NEWTRUE
      case 0x89:  // NEWFALSE
        push_number(code == 0x88 ? 1 : 0);
        return true;
      case 'K':
        push_number(number<std::uint8_t>());
        return true;
      case 'M':
        push_number(number<std::uint16_t>());
        return true;
      case 'J':
        push_number(number<std::int32_t>());
        return true;
      case 0x8A:  // LONG1
        push_long(take(number<std::uint8_t>()));
        return true;
      case 'G':
        take(8);
        push({Kind::kFloat, 0, nullptr, nullptr, 0});
        return true;
      case 'X':
        push_text(Kind::kText, take(number<std::uint32_t>()));
        return true;
      case 0x8C:  // SHORT_BINUNICODE
        push_text(Kind::kText, take(number<std::uint8_t>()));
        return true;
      case 'c': {
        const std::string_view module = line();
        push_text(Kind::kGlobal, fmt::format("{} {}", module, line()));
        return true;
      }
      default:
        return false;
    }
  }

  /// Two's complement of any length; more than a number holds makes no sense here.
  void push_long(std::string_view bytes) {
    if (bytes.size() > sizeof(std::int64_t)) bad("its pickle has a number that is too large");
    std::uint64_t value = 0;
    for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8U | static_cast<unsigned char>(bytes[i]);
    const bool negative = !bytes.empty() && (static_cast<unsigned char>(bytes.back()) & 0x80U) != 0;
    if (negative && bytes.size() < sizeof value) value |= ~std::uint64_t{0} << (8 * bytes.size());
    push_number(static_cast<std::int64_t>(value));
  }

  bool container(unsigned char code) {
    switch (code) {
      case '(':
        if (marks_.size() > kMaxDepth) bad("its pickle is nested too deeply");
        marks_.push_back(stack_.size());
        return true;
      case ')':
      case ']':
        push_items(Kind::kTuple, {});
        return true;
      case '}':
        push_items(Kind::kDict, {});
        return true;
      case 't':
        push_items(Kind::kTuple, pop_to_mark());
        return true;
      case 0x85:  // TUPLE1 to TUPLE3
      case 0x86:
      case 0x87:
        push_items(Kind::kTuple, pop(code - 0x84U));
        return true;
      case 'a':
        add(Kind::kTuple, pop(1));
        return true;
      case 'e':
        add(Kind::kTuple, pop_to_mark());
        return true;
      case 's':
        add(Kind::kDict, pop(2));
        return true;
      case 'u': {
        PickleItems items = pop_to_mark();
        if (items.size() % 2 != 0) bad("its pickle has a key without a value");
        add(Kind::kDict, std::move(items));
        return true;
      }
      case 'Q':
        push_storage(pop());
        return true;
      case 0x93: {  // STACK_GLOBAL
        const PickleItems names = pop(2);
        if (names[0].kind != Kind::kText || names[1].kind != Kind::kText) bad("its pickle names nothing");
        push_text(Kind::kGlobal, fmt::format("{} {}", *names[0].text, *names[1].text));
        return true;
      }
      case 'R':
        call(pop(2));
        return true;
      case 'b':
        // The state of a dict, such as state_dict's _metadata, holds no weights.
        pop();
        if (stack_.empty() || stack_.back().kind != Kind::kDict) bad("its pickle sets the state of what has none");
        return true;
      default:
        return false;
    }
  }

  void push_storage(PickleValue id) {
    if (id.kind != Kind::kTuple) bad("its pickle has a storage without a description");
    push_items(Kind::kStorage, *id.items);
  }

  void call(PickleItems parts) {
    if (parts[0].kind != Kind::kGlobal || parts[1].kind != Kind::kTuple) bad("its pickle calls what is no function");
    if (*parts[0].text == "collections OrderedDict") {
      if (!parts[1].items->empty()) bad("its pickle fills a dict in a way that is not known");
      push_items(Kind::kDict, {});
      return;
    }
    push_items(Kind::kCall, std::move(parts));
  }

  bool memory(unsigned char code) {
    switch (code) {
      case 'q':
        store(number<std::uint8_t>());
        return true;
      case 'r':
        store(number<std::uint32_t>());
        return true;
      case 0x94:  // MEMOIZE
        store(static_cast<std::uint32_t>(memo_.size()));
        return true;
      case 'h':
        recall(number<std::uint8_t>());
        return true;
      case 'j':
        recall(number<std::uint32_t>());
        return true;
      default:
        return false;
    }
  }

  void store(std::uint32_t place) {
    if (stack_.empty()) bad("its pickle keeps what is not there");
    if (memo_.size() >= kMaxValues) bad(fmt::format("its pickle has more than {} values", kMaxValues));
    memo_[place] = stack_.back();
  }

  /// A container that is recalled while it is open could hold itself; one that holds weights is not.
  void recall(std::uint32_t place) {
    const auto found = memo_.find(place);
    if (found == memo_.end()) bad("its pickle recalls what it has not kept");
    PickleValue value = found->second;
    if (value.items && value.kind != Kind::kTuple && value.kind != Kind::kStorage) {
      throw Error(Code::kUnsupported,
                  fmt::format("{}: its pickle shares a container, which weights do not need", name_));
    }
    if (value.items) {
      value.items = std::make_shared<PickleItems>(*value.items);
      value.depth = depth_over(*value.items);
    }
    copied_ += value.items ? value.items->size() : 0;
    if (copied_ > kMaxValues) bad(fmt::format("its pickle has more than {} values", kMaxValues));
    push(std::move(value));
  }

  std::string_view rest_;
  std::string_view name_;
  std::vector<PickleValue> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint32_t, PickleValue> memo_;
  std::size_t made_ = 0;
  std::size_t copied_ = 0;
};

}  // namespace

PickleValue parse_pickle(std::string_view bytes, std::string_view name) { return Machine(bytes, name).run(); }

}  // namespace mi2::adapter
