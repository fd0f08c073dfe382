#include "weights/lora.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/hash.hpp"
#include "base/json.hpp"
#include "base/sha256_text.hpp"
#include "weights/names.hpp"

#include <mi2/error.hpp>

namespace mi2::weights {
namespace {

constexpr const char* kFormat = "mi2-lora-1";
constexpr std::size_t kMostTargets = 10'000;

/// A whole text as a number. @returns whether it is one.
template <typename T>
bool to_number(const std::string& text, T& value) {
  const auto [stop, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  return fault == std::errc() && stop == text.data() + text.size();
}

}  // namespace

std::map<std::string, std::string> lora_metadata(const LoraInfo& info) {
  return {{"format", kFormat},
          {"base_sha256", info.base_sha256},
          {"rank", fmt::to_string(info.rank)},
          {"alpha", fmt::to_string(info.alpha)},
          {"targets", nlohmann::json(info.targets).dump()}};
}

Lora::Lora(SafeTensors file) : file_(std::move(file)) {
  read_info();
  for (const TensorInfo& tensor : file_.tensors()) add(tensor);
  check_pairs();
  file_.check();
}

void Lora::fail(const std::string& what) const {
  throw Error(Code::kBadFile, fmt::format("{}: {}", file_.name(), what));
}

void Lora::read_info() {
  const auto text = [this](const char* key) -> const std::string& {
    const auto at = file_.metadata().find(key);
    if (at == file_.metadata().end()) {
      fail(fmt::format("expected a LoRA file of mi2 train, which has the metadata '{}'", key));
    }
    return at->second;
  };
  if (text("format") != kFormat) {
    fail(fmt::format("expected a LoRA file of mi2 train ('{}'), its format is {}", kFormat, in_quotes(text("format"))));
  }
  info_.base_sha256 = text("base_sha256");
  if (!base::is_sha256(info_.base_sha256)) {
    fail(fmt::format("base_sha256 is {}, expected {} hexadecimal digits", in_quotes(info_.base_sha256),
                     base::kSha256Digits));
  }
  if (!to_number(text("rank"), info_.rank) || info_.rank < 1 || info_.rank > kMostLoraRank) {
    fail(fmt::format("rank is {}, expected 1 to {}", in_quotes(text("rank")), kMostLoraRank));
  }
  if (!to_number(text("alpha"), info_.alpha) || !(info_.alpha > 0) || info_.alpha > kMostLoraAlpha) {
    fail(fmt::format("alpha is {}, expected a number above 0, at most {}", in_quotes(text("alpha")), kMostLoraAlpha));
  }
  const std::string place = file_.name() + ": targets";
  const nlohmann::json targets = base::parse_json(text("targets"), {.name = place, .fault = Code::kBadFile});
  if (!targets.is_array() || targets.size() > kMostTargets) fail("targets: expected a list of patterns");
  for (const nlohmann::json& target : targets) {
    if (!target.is_string()) fail("targets: expected a list of patterns");
    info_.targets.push_back(target.get<std::string>());
  }
}

void Lora::add(const TensorInfo& tensor) {
  const std::string_view name = tensor.name;
  ops::Parameter stored = file_.parameter(tensor.name);
  if (!tensor::all_finite(stored.dtype, stored.data, static_cast<std::size_t>(stored.shape.count()))) {
    fail(fmt::format("tensor {} holds a NaN or an infinity, expected finite numbers", in_quotes(name)));
  }
  if (name.ends_with(kLoraA)) {
    pairs_[std::string(name.substr(0, name.size() - kLoraA.size()))].a = std::move(stored);
  } else if (name.ends_with(kLoraB)) {
    pairs_[std::string(name.substr(0, name.size() - kLoraB.size()))].b = std::move(stored);
  } else {
    whole_.emplace(name, std::move(stored));
  }
}

void Lora::check_pairs() const {
  if (pairs_.empty() && whole_.empty()) fail("changes no weight, expected at least one");
  for (const auto& [weight, pair] : pairs_) {
    for (const auto& [half, suffix] : {std::pair{&pair.a, kLoraA}, std::pair{&pair.b, kLoraB}}) {
      if (half->data == nullptr) fail(fmt::format("tensor {} is missing", in_quotes(weight + std::string(suffix))));
    }
    if (pair.a.shape.rank() != 2 || pair.b.shape.rank() != 2 || pair.a.shape[0] != info_.rank ||
        pair.b.shape[1] != info_.rank) {
      fail(fmt::format("tensors {} and {} have shapes {} and {}, expected [{}, in] and [out, {}]",
                       in_quotes(pair.a.name), in_quotes(pair.b.name), pair.a.shape.to_string(),
                       pair.b.shape.to_string(), info_.rank, info_.rank));
    }
    if (whole_.contains(weight)) fail(fmt::format("weight {} is there whole and as a pair", in_quotes(weight)));
  }
}

std::vector<std::string> Lora::changed() const {
  std::vector<std::string> names;
  for (const auto& [name, pair] : pairs_) names.push_back(name);
  for (const auto& [name, weight] : whole_) names.push_back(name);
  return names;
}

ops::Parameter Lora::applied(const ops::Parameter& base) const {
  if (const auto whole = whole_.find(base.name); whole != whole_.end()) return whole->second;
  const auto found = pairs_.find(base.name);
  if (found == pairs_.end()) return base;
  const Pair& pair = found->second;
  if (base.shape.rank() != 2 || pair.b.shape[0] != base.shape[0] || pair.a.shape[1] != base.shape[1]) {
    fail(fmt::format("tensors {} and {} have shapes {} and {}, expected those of a weight {}", in_quotes(pair.a.name),
                     in_quotes(pair.b.name), pair.a.shape.to_string(), pair.b.shape.to_string(),
                     base.shape.to_string()));
  }
  const auto values = std::make_shared<std::vector<float>>(base.to_floats());
  const std::vector<float> a = pair.a.to_floats();
  const std::vector<float> b = pair.b.to_floats();
  const auto in = static_cast<std::size_t>(base.shape[1]);
  const auto rank = static_cast<std::size_t>(info_.rank);
  const auto scale = static_cast<float>(info_.scale());
  std::vector<float> addition(in);
  for (std::size_t row = 0; row < static_cast<std::size_t>(base.shape[0]); ++row) {
    std::fill(addition.begin(), addition.end(), 0.0F);
    for (std::size_t k = 0; k < rank; ++k) {
      const float factor = b[row * rank + k];
      for (std::size_t i = 0; i < in; ++i) addition[i] += factor * a[k * in + i];
    }
    for (std::size_t i = 0; i < in; ++i) (*values)[row * in + i] += scale * addition[i];
  }
  return {base.name, base.shape, tensor::DType::kF32, values->data(), values};
}

std::string Lora::sha256() const {
  // Of what is mapped: training may have put another file in its place meanwhile.
  std::string found = base::sha256_hex(file_.content());
  file_.check();
  return found;
}

}  // namespace mi2::weights
