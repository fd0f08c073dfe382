#pragma once
// Where the time of forward passes goes: by part of the model and by op.

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace mi2::ops::cpu {

struct ProfileEntry {
  double seconds = 0;
  double flop = 0;  ///< useful arithmetic of matrix products, attentions and convolutions; 0 for the rest
  long calls = 0;
};

/// Filled by an engine while it is given one. Not for several threads at once.
struct Profile {
  std::map<std::string, ProfileEntry, std::less<>> segments;                     ///< "stage2"
  std::map<std::pair<std::string, std::string>, ProfileEntry, std::less<>> ops;  ///< ("stage2", "norm_linear qkv")
  std::string segment = "head";                                                  ///< the one under way
};

/// Adds the time from its construction to its end to one op of the profile, if there is one. `use`: the caller's name
/// for its use of the op, or empty.
class OpTimer {
 public:
  OpTimer(Profile* profile, std::string_view op, double flop = 0, std::string_view use = {})
      : profile_(profile), op_(op), use_(use), flop_(flop) {
    if (profile_ != nullptr) start_ = std::chrono::steady_clock::now();
  }
  OpTimer(const OpTimer&) = delete;
  OpTimer& operator=(const OpTimer&) = delete;
  ~OpTimer() {
    if (profile_ == nullptr) return;
    std::string name(op_);
    if (!use_.empty()) name.append(" ").append(use_);
    ProfileEntry& entry = profile_->ops[{profile_->segment, std::move(name)}];
    entry.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    entry.flop += flop_;
    ++entry.calls;
  }

 private:
  Profile* profile_;
  std::string_view op_;
  std::string_view use_;
  double flop_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace mi2::ops::cpu
