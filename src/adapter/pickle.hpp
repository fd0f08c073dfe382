#pragma once
// What a pickle says, without doing what it asks for: the few instructions that torch.save() uses for weights build
// values here, and anything else is refused. Nothing of the file is ever called.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mi2::adapter {

struct PickleValue;
using PickleItems = std::vector<PickleValue>;

/// A value on the machine's stack. Copies share what they hold.
struct PickleValue {
  enum class Kind : std::uint8_t {
    kNone,
    kNumber,   ///< `number`; booleans too
    kFloat,    ///< its value means nothing here
    kText,     ///< `text`
    kGlobal,   ///< `text`: "module name"
    kTuple,    ///< `items`; lists too
    kDict,     ///< `items`: key, value, key, value, ..
    kStorage,  ///< `items`: the tuple of a persistent id
    kCall,     ///< `items`: a global and its tuple of arguments
  };
  Kind kind = Kind::kNone;
  std::int64_t number = 0;
  std::shared_ptr<const std::string> text;
  std::shared_ptr<PickleItems> items;
  int depth = 0;  ///< of values in values
};

/// The value of a whole pickle of protocol 2 to 5.
/// @param name  what errors call it.
/// @throws Error{kUnsupported} for an instruction that weights do not need; {kBadFile} for one that makes no sense, or
/// more of anything than weights have.
PickleValue parse_pickle(std::string_view bytes, std::string_view name);

}  // namespace mi2::adapter
